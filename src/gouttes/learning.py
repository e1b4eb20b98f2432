"""Learning from a workspace: what customers did after several dates, by the evidence that was known at each.

Acts and evidence are computed anew as they stood at each date, so that nothing that happened later, or became known
later, is learned from. Who is who is taken as it is known now.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
from gouttes.pipeline import UNREAD, held, read_by_steps
from gouttes.published import Shelf
from gouttes.trust.learning.chances import calibrated
from gouttes.trust.learning.design import Classes, Design, Known, pairs, summing
from gouttes.trust.learning.learn import Learned, Refused, learn
from gouttes.trust.learning.likelihood import Likelihood
from gouttes.trust.learning.parameters import ParameterSet
from gouttes.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy.typing as npt
    from ibis.backends.sql import SQLBackend

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.trust.learning.chances import Chance
    from gouttes.trust.learning.design import Array
    from gouttes.trust.learning.fit import Fitted
    from gouttes.workspace import Workspace

HORIZON = 90.0
"""Days after a date in which outcomes are counted (prior): a season, long enough for most rhythms to come round."""
DATES = 4
"""Dates that are learned from, where the log is long enough (prior; three are needed)."""
LEARNED_FROM = (Outcome.RETURN, Outcome.RENEWAL)
"""Outcomes that have opportunities of their own, taken or not. The other two only occur, and are calibrated after."""
STEPS = ("events", "dates", "fit", "chances")


@dataclass(frozen=True)
class Sample:
    """What people did after several dates, and what was known before.

    Attributes:
        design: rows of people and dates, with what is learned from.
        persons: shape (rows,), the person of each row.
        counts: by outcome, successes and trials of each row.
        origins: the dates.
        horizon: days after each.
    """

    design: Design
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
    def of(cls, workspace: Workspace, connection: SQLBackend, as_of: datetime) -> History:
        """The history of a workspace up to the date of its last run."""
        shelf, rules = Shelf(workspace), load_rules(workspace.settings.rules)
        links = shelf.read(connection, "links").select("subject", "person")
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
        counted = engines.kept(self.connection, _counted(ibis.union(*windows)))
        order = ibis.window(order_by=["person", "origin"])
        rows = engines.kept(self.connection, counted.mutate(row=ibis.row_number().over(order)))
        told = rows.order_by("row").to_pyarrow()
        if not told.num_rows:
            return None
        known = self.known
        parts = [self._pairs(rows, origin, known) for origin in origins]
        found = engines.kept(self.connection, ibis.union(*parts))
        counts = {
            outcome: (_numbers(told, f"{outcome}_successes"), _numbers(told, f"{outcome}_trials"))
            for outcome in Outcome
        }
        persons = told["person"].to_numpy()
        design = Design(
            successes=np.sum([counts[each][0] for each in outcomes], axis=0),
            trials=np.sum([counts[each][1] for each in outcomes], axis=0),
            person=np.cumsum(np.concatenate([[0], persons[1:] != persons[:-1]])).astype(np.int64),
            origin=_numbers(told, "origin"),
            rules=known,
            classes=Classes.of(known),
            summed=summing(found, told.num_rows, len(known)),
        )
        return Sample(design, persons, counts, tuple(origins), horizon)

    def _pairs(self, rows: ir.Table, origin: datetime, known: Sequence[Known]) -> ir.Table:
        day = engines.days(ibis.literal(origin, engines.UTC_TIMESTAMP))
        theirs = rows.filter(rows.origin == day)
        evidence = self.evidence(origin, theirs.select("person"))
        return engines.kept(self.connection, pairs(theirs, evidence, known))


def _counted(windows: ir.Table) -> ir.Table:
    """One row per person and date: of each outcome, successes and trials."""
    columns = {
        f"{outcome}_{what}": windows[what].sum(where=windows.outcome == outcome.value).fill_null(0)
        for outcome in Outcome
        for what in ("successes", "trials")
    }
    return windows.group_by("person", "origin").agg(**columns)


def _numbers(told: object, name: str) -> Array:
    found: Array = told[name].to_numpy().astype(np.float64)  # type: ignore[index]  # a PyArrow table
    return found


def learn_from(
    workspace: Workspace,
    connection: SQLBackend,
    *,
    as_of: datetime,
    now: datetime,
    horizon: float = HORIZON,
    dates: int = DATES,
    progress: Callable[[str], None] = lambda _: None,
) -> ParameterSet | Refused:
    """Learn the parameters from what customers did, and keep them as a proposal under a version of their own.

    Args:
        workspace: one that was run.
        connection: its engine.
        as_of: the date of the run.
        now: when this is learned.
        horizon: days after each date in which outcomes are counted.
        dates: how many dates.
        progress: called with the name of each step as it begins.

    Raises:
        BadInputError: a horizon of no days, or no date.
    """
    if horizon <= 0 or dates < 1:
        raise BadInputError(
            f"Learning needs a horizon above 0 days and at least 1 date, found {horizon:g} and {dates}."
        )
    progress("events")
    history = History.of(workspace, connection, as_of)
    origins = history.origins(horizon, dates)
    sample = history.sample(origins, horizon, progress=progress)
    if sample is None:
        return Refused("no_outcome")
    progress("fit")
    prior = first_prior(workspace, history.acts)
    design = with_outcome(sample.design)
    learned = learn(design, strength=prior.strength, mean=prior.mean)
    if isinstance(learned, Refused):
        return learned
    progress("chances")
    found = _set_of(
        learned, sample, design, now=now, version=ParameterShelf(workspace).next_version(f"{as_of:%Y-%m-%d}")
    )
    ParameterShelf(workspace).propose(found)
    return found


def _set_of(learned: Learned, sample: Sample, design: Design, *, now: datetime, version: str) -> ParameterSet:
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


def with_outcome(design: Design) -> Design:
    """The rows that can be learned from."""
    rows = np.flatnonzero(design.trials > 0)
    _, person = np.unique(design.person[rows], return_inverse=True)
    return Design(
        design.successes[rows],
        design.trials[rows],
        person.astype(np.int64),
        design.origin[rows],
        design.rules,
        design.classes,
        lambda half_lives: design.summed(half_lives).at(rows),
    )


def _chances(sample: Sample, learned: Learned) -> dict[Outcome, Chance]:
    """How trust becomes the chance of each outcome; trust of each half of the people as the other half taught it."""
    design = sample.design
    half = np.arange(design.people) % 2 == 0
    trust = np.empty(design.trials.size)
    for chosen in (half, ~half):
        rows = chosen[design.person]
        trust[rows] = trusted(design, learned.again(with_outcome(design.of_people(~chosen))))[rows]
    return {
        outcome: calibrated(good[at], all_[at], design.person[at], trust[at])
        for outcome, (good, all_) in sample.counts.items()
        for at in [all_ > 0]
    }


def trusted(design: Design, fitted: Fitted) -> Array:
    """The mean of trust of every row, by these parameters."""
    at = fitted.theta[2 + len(design.rules) :]
    likelihood = Likelihood(design, design.summed(np.exp(at)[design.classes.of_rule]), at)
    a, b = likelihood.shapes(fitted.theta)
    return a / (a + b)
