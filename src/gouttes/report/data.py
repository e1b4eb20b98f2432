"""What the report is made from: small tables that the engines have already reduced.

Nothing here is as long as the log or as the list of customers: the longest table has one row per week and rule.
Columns that a table must have are in ``COLUMNS``; more columns are allowed and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from gouttes.errors import MissingColumnsError
from gouttes.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from gouttes.report.brand_data import Brand
    from gouttes.report.learned_data import Learned
    from gouttes.report.relation_data import Relation
    from gouttes.report.validation_data import Validated

COLUMNS = MappingProxyType(
    {
        "weeks": ("week", "trust", "low", "high", "people", "drops", "buckets"),
        "facets": ("facet", "value", "low", "high"),
        "figures": ("measure", "window", "successes", "trials", "rate", "low", "high"),
        "distribution": ("low", "high", "people"),
        "rule_weeks": ("week", "rule", "drops", "buckets", "events", "people"),
        "movers": ("rule", "label", "events", "people", "contribution"),
        "fallers": ("person", "before", "after", "low", "high", "events"),
        "reasons": ("person", "rule", "events", "contribution"),
        "incidents": ("key", "opened_at", "label", "people"),
        "rules": ("rule", "polarity", "weight", "half_life", "credibility", "integrity", "benevolence", "status"),
    }
)


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a short table as plain values."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _table(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS[name]))


@dataclass(frozen=True)
class Estimate:
    """A figure, its 90 % interval and the number it rests on.

    Attributes:
        value, low, high: shares, 0 to 1.
        n: people, trials or events, as the figure says.
        name: the facet or measure it is of.
        window: days, for a figure that depends on a window.
    """

    value: float
    low: float
    high: float
    n: int
    name: str = ""
    window: int | None = None


@dataclass(frozen=True)
class Change:
    """By how much the company's trust moved.

    Attributes:
        value, low, high: difference of two shares (now minus then) and its 90 % interval; -0.021 is 2.1 points lost.
        p_loss: chance that it is below zero.
        since: the day compared with.
        days: how long ago that is.
    """

    value: float
    low: float
    high: float
    p_loss: float
    since: date
    days: int


@dataclass(frozen=True)
class Counts:
    """What is in the workspace: people, events, first and last day of the events."""

    people: int = 0
    events: int = 0
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Prior:
    """Where a reading starts: mean (a share), strength (pseudo-events), and ``pooled``, ``set`` or ``prior``."""

    mean: float
    strength: float
    source: str = "prior"


@dataclass(frozen=True)
class Identity:
    """Who is who, in counts of everyone: names of rules, sources and reasons, and nothing of anybody's.

    Attributes:
        records, people: how many records make how many people.
        consolidation: share of the records that another of the same person makes superfluous, 0 to 1.
        sizes: by number of records, how many people are made of so many; 10 is ten and more.
        largest: the most records of one person.
        alarm: a person made of more records than this is looked at.
        alarming: how many people are.
        by_rule: by rule, the records it brought to a person who was there.
        by_source: by source, its records.
        waiting: by reason, the pairs of records that wait for an answer.
        set_aside: contact details that join nobody because too many share them.
        decisions: people's decisions in force.
    """

    records: int = 0
    people: int = 0
    consolidation: float = 0.0
    sizes: Mapping[int, int] = field(default_factory=dict)
    largest: int = 0
    alarm: int = 50
    alarming: int = 0
    by_rule: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    set_aside: int = 0
    decisions: int = 0


@dataclass(frozen=True)
class ReportData:
    """Everything the report shows.

    Attributes:
        company: the company's name.
        as_of: the moment of the reading, in the company's timezone.
        counts: people and events.
        today: mean trust of the people with a reading, n = people.
        change: trust now against then; None where there is nothing to compare with.
        prior: where every reading starts.
        ignorance: mean share of a reading that still rests on the prior, 0 to 1.
        days: length of "lately", for movers and fallers.
        window_days: the default window L of unprompted return.
        currency: of the company.
        simulated: the data are invented; the page says so.
        version: of Gouttes, this one by default.
        identity: who is who; None where the last run left no such tables.
        brand: from a person to the brand; None where it was not computed.
        weeks: WEEKS; one row per week, oldest first or not. ``week`` is its Monday.
        facets: facet, value, low, high; optional n.
        figures: FIGURES (90 % intervals); n is ``trials``.
        distribution: bins of trust; low and high are shares, people a count.
        rule_weeks: week, rule, drops, buckets, events, people.
        movers: what cost and earned most in the last ``days``; ``contribution`` in points of the company's trust as
            a share (negative costs), optional low and high; ``label`` names an incident and is null for a rule.
        fallers: the people whose trust fell most: before, after, interval of after, events; optional ``name``.
        reasons: for each faller the rules that weighed most; contribution in log-odds.
        incidents: key, opened_at, label (may be null), people touched.
        rules: RULES with ``status`` (prior or learned); optional ``source``.
        validation: what validation last found; None where it never ran.
        relation: stages, levels, lock-ins and repairs; None where the last run published no acts.
        learned: what customers taught, and the last look at drift; None where it was not looked up.

    Raises:
        MissingColumnsError: a table lacks a column.
    """

    company: str
    as_of: datetime
    counts: Counts = field(default_factory=Counts)
    today: Estimate | None = None
    change: Change | None = None
    prior: Prior | None = None
    ignorance: float | None = None
    days: int = 30
    window_days: int = 14
    currency: str = "EUR"
    simulated: bool = False
    version: str = VERSION
    identity: Identity | None = None
    brand: Brand | None = None
    weeks: pd.DataFrame = field(default_factory=lambda: _table("weeks"))
    facets: pd.DataFrame = field(default_factory=lambda: _table("facets"))
    figures: pd.DataFrame = field(default_factory=lambda: _table("figures"))
    distribution: pd.DataFrame = field(default_factory=lambda: _table("distribution"))
    rule_weeks: pd.DataFrame = field(default_factory=lambda: _table("rule_weeks"))
    movers: pd.DataFrame = field(default_factory=lambda: _table("movers"))
    fallers: pd.DataFrame = field(default_factory=lambda: _table("fallers"))
    reasons: pd.DataFrame = field(default_factory=lambda: _table("reasons"))
    incidents: pd.DataFrame = field(default_factory=lambda: _table("incidents"))
    rules: pd.DataFrame = field(default_factory=lambda: _table("rules"))
    validation: Validated | None = None
    relation: Relation | None = None
    learned: Learned | None = None

    def __post_init__(self) -> None:
        for name, needed in COLUMNS.items():
            found = list(getattr(self, name).columns)
            missing = [column for column in needed if column not in found]
            if missing:
                raise MissingColumnsError(f"ReportData.{name}", missing, found, "See `gouttes.report.data.COLUMNS`.")
