"""Learning from a workspace: what customers did after several dates, by the evidence that was known at each.

Acts and evidence are computed anew as they stood at each date, so that nothing that happened later, or became known
later, is learned from. Who is who is taken as it is known now.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from gouttes import engines
from gouttes.behaviour.acts import acts as acts_of
from gouttes.behaviour.opportunities import opportunities
from gouttes.behaviour.windows import Windows
from gouttes.errors import BadInputError
from gouttes.eventlog import read
from gouttes.eventlog.tables import EventLog
from gouttes.evidence.collect import collect
from gouttes.evidence.rule import load as load_rules
from gouttes.identity.decisions import lived
from gouttes.inforce import PRIOR, first_prior
from gouttes.learned import ParameterShelf
from gouttes.lots import sampled
from gouttes.pipeline import UNREAD, held, read_by_steps
from gouttes.published import Shelf
from gouttes.trust.learning.chances import calibrated
from gouttes.trust.learning.design import Classes, Design, Known, pairs, summing
from gouttes.trust.learning.learn import Learned, Refused, learn
from gouttes.trust.learning.likelihood import shapes
from gouttes.trust.learning.parameters import ParameterSet
from gouttes.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy.typing as npt
    import pyarrow as pa
    from ibis.backends.sql import SQLBackend

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.trust.learning.chances import Chance
    from gouttes.trust.learning.design import Array
    from gouttes.workspace import Workspace

HORIZON = 90.0
"""Days after a date in which outcomes are counted (prior): a season, long enough for most rhythms to come round."""
DATES = 4
"""Dates that are learned from, where the log is long enough (prior; three are needed)."""
LEARNED_FROM = (Outcome.RETURN, Outcome.RENEWAL)
"""Outcomes that have opportunities of their own, taken or not. The other two only occur, and are calibrated after."""
MOST_PEOPLE = 150_000
"""People that are learned from, where there are more (prior): the errors of the weights are then about a hundredth.
They are drawn by a digest of their id, the same at every date and in every run."""
LONGEST = 3_653
"""Days of the longest horizon: ten years."""
STEPS = ("events", "dates", "fit", "chances")


@dataclass(frozen=True)
class Asked:
    """What to learn from.

    Attributes:
        horizon: days after each date in which outcomes are counted.
        dates: how many dates, a horizon apart.
        people: about how many people, where there are more; 0 for everyone.

    Raises:
        BadInputError: a horizon of no days, no date, or fewer people than none.
    """

    horizon: float = HORIZON
    dates: int = DATES
    people: int = MOST_PEOPLE

    def __post_init__(self) -> None:
        if not 0 < self.horizon < LONGEST or self.dates < 1 or self.people < 0:
            raise BadInputError(
                f"Learning needs a horizon above 0 and below {LONGEST:,} days, 1 date or more, and 0 people (everyone) "
                f"or more; found {self.horizon:g}, {self.dates} and {self.people}."
            )


USUAL = Asked()


@dataclass(frozen=True)
class Sample:
    """What people did after several dates, and what was known before.

    Attributes:
        design: rows of people and dates; some have no opportunity of what is learned from.
        taught: those that have one.
        persons: shape (rows,), the person of each row.
        counts: by outcome, successes and trials of each row.
        origins: the dates.
        horizon: days after each.
    """

    design: Design
    taught: Design
    persons: npt.NDArray[np.object_]
    counts: Mapping[Outcome, tuple[Array, Array]]
    origins: tuple[datetime, ...]
    horizon: float


@dataclass(frozen=True)
class History:
    """What a run left behind, ready to be looked at as it stood at earlier dates.

    Attributes:
        workspace: whose.
        connection: the engine.
        as_of: the date of the run.
        theirs: the events that steps read, with their ``person``.
        acts: ACTS as known at ``as_of``.
        rules: those of the settings: learning starts from the priors, whatever is in force.
    """

    workspace: Workspace
    connection: SQLBackend
    as_of: datetime
    theirs: ir.Table
    acts: ir.Table
    rules: tuple[EvidenceRule, ...]

    @classmethod
    def of(
        cls, workspace: Workspace, connection: SQLBackend, as_of: datetime, *, people: int | ir.Table = MOST_PEOPLE
    ) -> History:
        """The history of a workspace up to the date of its last run.

        Args:
            workspace: one that was run.
            connection: its engine.
            as_of: the date of the run.
            people: of whom: those of a table with ``person``, or about so many, drawn, where there are more; 0 for all.
        """
        shelf, rules = Shelf(workspace), load_rules(workspace.settings.rules)
        links = shelf.read(connection, "links").select("subject", "person")
        links = sampled(links, people) if isinstance(people, int) else links.semi_join(people, "person")
        events = lived(read.events(EventLog(workspace), connection, known_by=as_of))
        theirs = read_by_steps(events, rules).inner_join(links, "subject")
        unread = held(connection, theirs, "subject", *UNREAD)
        return cls(workspace, connection, as_of, unread, shelf.read(connection, "acts"), rules)

    @property
    def known(self) -> tuple[Known, ...]:
        """The rules, as learning sees them."""
        return tuple(
            Known(rule.name, int(rule.polarity), rule.weight, rule.half_life, fixed=rule.status != PRIOR)
            for rule in self.rules
        )

    def origins(self, horizon: float, dates: int = DATES) -> tuple[datetime, ...]:
        """Dates a horizon apart, the last a horizon before the end, none before the first event; the oldest first."""
        first = self.theirs.occurred_at.min().to_pyarrow().as_py()
        back = [self.as_of - timedelta(days=horizon * step) for step in range(1, dates + 1)]
        return tuple(reversed([date for date in back if first is not None and date > first]))

    def evidence(self, origin: datetime, people: ir.Table) -> ir.Table:
        """EVIDENCE of some people as it was known at a date, and ``origin`` in days."""
        theirs = self.theirs.semi_join(people, "person")
        window = Windows(**asdict(self.workspace.settings.behaviour))
        acts = engines.kept(self.connection, acts_of(theirs, as_of=origin, window=window))
        found = collect(theirs, acts, self.rules, as_of=origin)
        return found.mutate(origin=engines.days(ibis.literal(origin, engines.UTC_TIMESTAMP)))

    def sample(
        self,
        origins: Sequence[datetime],
        horizon: float,
        *,
        outcomes: Sequence[Outcome] = LEARNED_FROM,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Sample | None:
        """What people did in the ``horizon`` days after each date; None where nobody could do anything."""
        progress("dates")
        windows = [opportunities(self.acts, self.theirs, origin=each, days=horizon) for each in origins]
        if not windows:
            return None
        rows = numbered(self.connection, ibis.union(*windows), Outcome)
        told = rows.order_by("row").to_pyarrow()
        if not told.num_rows:
            return None
        counts = _counts(told)
        persons = told["person"].to_numpy()
        design, found = self.frozen(rows, persons, _numbers(told, "origin"), origins)
        design = replace(
            design,
            successes=np.sum([counts[each][0] for each in outcomes], axis=0),
            trials=np.sum([counts[each][1] for each in outcomes], axis=0),
        )
        chosen = sum((rows[f"{each}_trials"] for each in outcomes), ibis.literal(0)) > 0
        shorter = engines.kept(self.connection, _renumbered(found, rows.filter(chosen)))
        some = design.trials > 0
        taught = design.at(some, summing(shorter, int(some.sum()), len(design.rules)))
        return Sample(design, taught, persons, counts, tuple(origins), horizon)

    def frozen(
        self, rows: ir.Table, persons: npt.NDArray[np.object_], origin: Array, origins: Sequence[datetime]
    ) -> tuple[Design, ir.Table]:
        """A design without counts, with what was known of each row at its date, and its PAIRS.

        Args:
            rows: ``row, person, origin`` (days), as :func:`numbered` gives them.
            persons: the person of each row, in that order.
            origin: likewise.
            origins: the same dates.
        """
        found = engines.kept(self.connection, ibis.union(*(self._pairs(rows, each) for each in origins)))
        known, nothing = self.known, np.zeros(persons.size)
        person = np.cumsum(np.concatenate([[0], persons[1:] != persons[:-1]])).astype(np.int64)
        summed = summing(found, persons.size, len(known))
        return Design(nothing, nothing, person, origin, known, Classes.of(known), summed), found

    def _pairs(self, rows: ir.Table, origin: datetime) -> ir.Table:
        day = engines.days(ibis.literal(origin, engines.UTC_TIMESTAMP))
        theirs = rows.filter(rows.origin == day)
        evidence = self.evidence(origin, theirs.select("person"))
        return engines.kept(self.connection, pairs(theirs, evidence, self.known))


def _renumbered(found: ir.Table, rows: ir.Table) -> ir.Table:
    """PAIRS of some rows, which are numbered anew in their order."""
    again = rows.select(of="row", number=ibis.row_number().over(ibis.window(order_by="row")))
    return found.inner_join(again, [("row", "of")]).select("rule", "age", "size", row="number")


def numbered(
    connection: SQLBackend, windows: ir.Table, outcomes: Iterable[str], *, among: ir.Table | None = None
) -> ir.Table:
    """One row per person and date, numbered by ``row`` in that order: of each outcome, successes and trials.

    Args:
        connection: holds the rows, so that their numbers stay.
        windows: OPPORTUNITIES of several dates.
        outcomes: those that get columns, ``OUTCOME_successes`` and ``OUTCOME_trials``.
        among: ``person`` and whatever else is told of people: no others are kept.
    """
    columns = {
        f"{outcome}_{what}": windows[what].sum(where=windows.outcome == str(outcome)).fill_null(0)
        for outcome in outcomes
        for what in ("successes", "trials")
    }
    counted = windows.group_by("person", "origin").agg(**columns)
    counted = engines.kept(connection, counted if among is None else counted.inner_join(among, "person"))
    order = ibis.window(order_by=["person", "origin"])
    return engines.kept(connection, counted.mutate(row=ibis.row_number().over(order)))


def _numbers(told: pa.Table, name: str) -> Array:
    found: Array = told[name].to_numpy().astype(np.float64)
    return found


def _counts(told: pa.Table) -> dict[Outcome, tuple[Array, Array]]:
    """By outcome, successes and trials of each row."""
    return {each: (_numbers(told, f"{each}_successes"), _numbers(told, f"{each}_trials")) for each in Outcome}


def learn_from(
    workspace: Workspace,
    connection: SQLBackend,
    asked: Asked = USUAL,
    *,
    as_of: datetime,
    now: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> ParameterSet | Refused:
    """Learn the parameters from what customers did, and keep them as a proposal under a version of their own.

    Args:
        workspace: one that was run.
        connection: its engine.
        asked: what to learn from.
        as_of: the date of the run.
        now: when this is learned.
        progress: called with the name of each step as it begins.
    """
    progress("events")
    history = History.of(workspace, connection, as_of, people=asked.people)
    sample = history.sample(history.origins(asked.horizon, asked.dates), asked.horizon, progress=progress)
    if sample is None:
        return Refused("no_outcome")
    progress("fit")
    prior = first_prior(workspace, history.acts)
    learned = learn(sample.taught, strength=prior.strength, mean=prior.mean)
    if isinstance(learned, Refused):
        return learned
    progress("chances")
    shelf = ParameterShelf(workspace)
    found = _set_of(learned, sample, now=now, version=shelf.next_version(f"{as_of:%Y-%m-%d}"))
    shelf.propose(found)
    return found


def _set_of(learned: Learned, sample: Sample, *, now: datetime, version: str) -> ParameterSet:
    design = sample.taught
    return ParameterSet.of(
        learned,
        tuple(rule.name for rule in design.rules),
        version=version,
        learned_at=now.isoformat(),
        origins=tuple(each.isoformat() for each in sample.origins),
        horizon=sample.horizon,
        outcomes=tuple(each.value for each in LEARNED_FROM),
        people=design.people,
        successes=int(design.successes.sum()),
        trials=int(design.trials.sum()),
        chances={each.value: chance for each, chance in _chances(sample, learned).items()},
    )


def _chances(sample: Sample, learned: Learned) -> dict[Outcome, Chance]:
    """How trust becomes the chance of each outcome; trust of each half of the people as the other half taught it."""
    design = sample.design
    trust = np.empty(design.trials.size)
    for rows, others in halves(sample):
        a, b = shapes(design, learned.again(others).theta)
        trust[rows] = (a / (a + b))[rows]
    return {
        outcome: calibrated(good[at], all_[at], design.person[at], trust[at])
        for outcome, (good, all_) in sample.counts.items()
        for at in [all_ > 0]
    }


def halves(sample: Sample) -> Iterator[tuple[npt.NDArray[np.bool_], Design]]:
    """For each half of the people: its rows, and what the other half teaches."""
    design = sample.design
    taught = np.unique(design.person[design.trials > 0])
    for half in (0, 1):
        yield design.person % 2 == half, sample.taught.of_people(taught % 2 != half)
