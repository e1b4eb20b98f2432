"""What the tables say, before any word: the figures that the page and the terminal both show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import pandas as pd

from gouttes.proportion import Z, wilson
from gouttes.report.data import Change, Counts, Estimate, Identity, Prior, ReportData, rows

SURE = 0.95  # a 90 % interval leaves 5 % on either side
SEEN = 0.0005  # a change that is written 0.0 points is no news, however sure
SHOWN = 6  # rows of a list that one glance takes in
HALF = 0.5  # of the loss must come after an incident opened for the headline to be dated by it
WEEK = timedelta(days=7)
LATELY, BEFORE = 4, 12  # weeks compared by `rhythms`
FEWEST = 20  # events a rule needs lately before its rhythm is worth a line
EVEN = 0.5  # trust as likely as not


class Verdict(StrEnum):
    """Is trust being won or lost?"""

    WON = "won"
    LOST = "lost"
    STEADY = "steady"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Incident:
    """A failure that touched several people."""

    key: str
    day: date
    label: str
    people: int


@dataclass(frozen=True)
class Mover:
    """A rule or an incident and what it did to the company's trust (``contribution``: share, negative costs)."""

    rule: str
    label: str | None
    events: int
    people: int
    contribution: float
    low: float
    high: float


@dataclass(frozen=True)
class Rhythm:
    """How often a rule fires lately, as a multiple of how often it did before, with a 90 % interval."""

    rule: str
    ratio: float
    low: float
    high: float
    events: int
    bucket: bool


@dataclass(frozen=True)
class Reason:
    """A rule that weighs in somebody's fall."""

    rule: str
    events: int
    contribution: float


@dataclass(frozen=True)
class Faller:
    """One person whose trust fell: before, after with its interval, events known, and why."""

    person: str
    name: str | None
    before: float
    after: Estimate
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Findings:
    """What the report says, in the order in which it says it."""

    company: str
    verdict: Verdict
    change: Change | None
    onset: date | None
    cause: Incident | None
    today: Estimate | None
    ignorance: float | None
    prior: Prior | None
    counts: Counts
    facets: tuple[Estimate, ...]
    returns: tuple[Estimate, ...]
    behaviours: tuple[Estimate, ...]
    costs: tuple[Mover, ...]
    earns: tuple[Mover, ...]
    rhythms: tuple[Rhythm, ...]
    fallers: tuple[Faller, ...]
    incidents: tuple[Incident, ...]
    below_even: Estimate | None
    learned: int
    priors: int
    identity: Identity | None

    def measure(self, name: str) -> Estimate | None:
        """One behaviour by its name, or None where it was never seen."""
        return next((found for found in self.behaviours if found.name == name), None)


def findings(data: ReportData) -> Findings:
    """Everything the report says, computed from its tables."""
    movers = [_mover(row) for row in rows(data.movers)]
    incidents = _incidents(data.incidents)
    verdict = verdict_of(data.change)
    onset = _onset(data, verdict)
    figures = [_figure(row) for row in rows(data.figures) if int(row["trials"]) > 0]
    returns = [found for found in figures if found.name == "unprompted_return"]
    learned = int((data.rules["status"] == "learned").sum())
    return Findings(
        company=data.company,
        verdict=verdict,
        change=data.change,
        onset=onset,
        cause=_cause(data, incidents) if verdict is Verdict.LOST else None,
        today=data.today,
        ignorance=data.ignorance,
        prior=data.prior,
        counts=data.counts,
        facets=tuple(_estimate(row, "facet", "value") for row in rows(data.facets)),
        returns=tuple(sorted(returns, key=lambda found: found.window or 0)),
        behaviours=_behaviours(figures, data.window_days),
        costs=tuple(sorted((m for m in movers if m.contribution < 0), key=lambda m: m.contribution)[:SHOWN]),
        earns=tuple(sorted((m for m in movers if m.contribution > 0), key=lambda m: -m.contribution)[:SHOWN]),
        rhythms=rhythms(data.rule_weeks, as_of=data.as_of.date()),
        fallers=_fallers(data),
        incidents=incidents,
        below_even=_below_even(data.distribution),
        learned=learned,
        priors=len(data.rules) - learned,
        identity=data.identity,
    )


def verdict_of(change: Change | None) -> Verdict:
    """Won or lost where the chance reaches 95 %, that is where the 90 % interval leaves zero out, and it shows."""
    if change is None or not math.isfinite(change.value):
        return Verdict.UNKNOWN
    if abs(change.value) < SEEN:
        return Verdict.STEADY
    if change.p_loss >= SURE:
        return Verdict.LOST
    return Verdict.WON if change.p_loss <= 1 - SURE else Verdict.STEADY


def rhythms(rule_weeks: pd.DataFrame, *, as_of: date) -> tuple[Rhythm, ...]:
    """Rules whose pace over the last four whole weeks left that of the twelve before, furthest first.

    The ratio of two Poisson rates, with a 90 % interval on its logarithm (Rothman 2012, ch. 9).
    """
    if rule_weeks.empty:
        return ()
    monday = pd.Timestamp(as_of - timedelta(days=as_of.weekday()))
    weeks = _naive(rule_weeks["week"])
    lately = _events(rule_weeks, weeks.ge(monday - pd.Timedelta(weeks=LATELY)) & weeks.lt(monday))
    start = monday - pd.Timedelta(weeks=LATELY + BEFORE)
    before = _events(rule_weeks, weeks.ge(start) & weeks.lt(monday - pd.Timedelta(weeks=LATELY)))
    both = pd.concat({"lately": lately, "before": before}, axis=1).fillna(0)
    both = both[(both["lately"] >= FEWEST) & (both["before"] >= FEWEST)]
    sums = rule_weeks.groupby("rule")[["drops", "buckets"]].sum()
    both["bucket"] = (sums["buckets"] > sums["drops"]).reindex(both.index)
    found = [
        _rhythm(row["rule"], int(row["lately"]), int(row["before"]), bucket=bool(row["bucket"]))
        for row in rows(both.reset_index())
    ]
    moved = [one for one in found if one.low > 1 or one.high < 1]
    return tuple(sorted(moved, key=lambda one: -abs(math.log(one.ratio)))[:SHOWN])


def _events(rule_weeks: pd.DataFrame, kept: pd.Series[bool]) -> pd.Series[Any]:
    return rule_weeks[kept].groupby("rule")["events"].sum()


def _rhythm(rule: str, lately: int, before: int, *, bucket: bool) -> Rhythm:
    ratio = (lately / LATELY) / (before / BEFORE)
    spread = math.exp(Z * math.sqrt(1 / lately + 1 / before))
    return Rhythm(rule, ratio, ratio / spread, ratio * spread, lately, bucket)


def _naive(times: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(times, utc=True).dt.tz_localize(None)


def _text(value: object) -> str | None:
    return None if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 -- NaN differs from itself


def _float(row: dict[str, Any], name: str) -> float:
    value = row.get(name)
    return math.nan if value is None else float(value)


def _estimate(row: dict[str, Any], name: str, value: str) -> Estimate:
    n = _float(row, "n")
    known = 0 if math.isnan(n) else int(n)
    return Estimate(_float(row, value), _float(row, "low"), _float(row, "high"), known, str(row[name]))


def _figure(row: dict[str, Any]) -> Estimate:
    window = _float(row, "window")
    length = None if math.isnan(window) else int(window)
    rate, low, high = (_float(row, name) for name in ("rate", "low", "high"))
    return Estimate(rate, low, high, int(row["trials"]), str(row["measure"]), length)


def _behaviours(figures: list[Estimate], window: int) -> tuple[Estimate, ...]:
    """One row per measure: at the window in use where it has several."""
    chosen = [found for found in figures if found.name != "unprompted_return" or found.window in {None, window}]
    return tuple({found.name: found for found in chosen}.values())


def _mover(row: dict[str, Any]) -> Mover:
    return Mover(
        rule=str(row["rule"]),
        label=_text(row["label"]),
        events=int(row["events"]),
        people=int(row["people"]),
        contribution=float(row["contribution"]),
        low=_float(row, "low"),
        high=_float(row, "high"),
    )


def _incidents(table: pd.DataFrame) -> tuple[Incident, ...]:
    found = [
        Incident(str(row["key"]), row["opened_at"].date(), _text(row["label"]) or str(row["key"]), int(row["people"]))
        for row in rows(table)
    ]
    return tuple(sorted(found, key=lambda incident: incident.day))


def _onset(data: ReportData, verdict: Verdict) -> date | None:
    """The week from which trust moved without turning back: its last high before a loss, its last low before a gain."""
    change = data.change
    if change is None or verdict not in {Verdict.WON, Verdict.LOST}:
        return None
    weeks = _naive(data.weeks["week"])
    inside = data.weeks[weeks.ge(pd.Timestamp(change.since) - pd.Timedelta(weeks=1)).to_numpy()]
    trust = inside["trust"].astype("float64").dropna()
    if trust.empty:
        return change.since
    turn = trust.argmax() if verdict is Verdict.LOST else trust.argmin()
    return max(weeks[trust.index].iloc[int(turn)].date(), change.since)


def _cause(data: ReportData, incidents: tuple[Incident, ...]) -> Incident | None:
    """The incident that touched most people, where most of the loss came after it.

    Its name dates the change and does not explain it.
    """
    if data.change is None or data.weeks.empty:
        return None
    trust = pd.Series(data.weeks["trust"].astype("float64").to_numpy(), index=_naive(data.weeks["week"])).sort_index()
    since = data.change.since
    for incident in sorted(incidents, key=lambda one: (-one.people, one.day)):
        before = trust[trust.index <= pd.Timestamp(incident.day - WEEK)]
        if since <= incident.day <= data.as_of.date() and len(before):
            return incident if trust.iloc[-1] - before.iloc[-1] <= HALF * data.change.value else None
    return None


def _fallers(data: ReportData) -> tuple[Faller, ...]:
    reasons: dict[str, list[Reason]] = {}
    for row in rows(data.reasons):
        reason = Reason(str(row["rule"]), int(row["events"]), float(row["contribution"]))
        reasons.setdefault(str(row["person"]), []).append(reason)
    found = [_faller(row, reasons.get(str(row["person"]), [])) for row in rows(data.fallers)]
    return tuple(sorted(found, key=lambda faller: faller.after.value - faller.before))


def _faller(row: dict[str, Any], reasons: list[Reason]) -> Faller:
    after = Estimate(float(row["after"]), float(row["low"]), float(row["high"]), int(row["events"]))
    worst = tuple(sorted(reasons, key=lambda reason: reason.contribution)[:3])
    return Faller(str(row["person"]), _text(row.get("name")), float(row["before"]), after, worst)


def _below_even(distribution: pd.DataFrame) -> Estimate | None:
    """The share of people who trust less than they distrust."""
    people = int(distribution["people"].sum()) if len(distribution) else 0
    if people == 0:
        return None
    below = int(distribution.loc[distribution["high"].astype("float64") <= EVEN + 1e-9, "people"].sum())
    return Estimate(below / people, *wilson(below, people), people)
