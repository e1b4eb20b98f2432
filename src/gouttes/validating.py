"""Validation: does the reading of trust say more of what customers do next than plainer predictions do, and where?

People are split by a digest of their id: those who train, those who test, and a permanent hold-out that is never asked
unless somebody says so, which is written down. Everything is learned on training people at earlier dates and asked of
test people at later ones, from what was known then.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from gouttes import engines
from gouttes.assembling import LEARNED, Gathered, fed_by_purchases, gather, of_rules, sided
from gouttes.behaviour.rows import known_by
from gouttes.errors import BadInputError
from gouttes.eventlog import read
from gouttes.eventlog.tables import EventLog
from gouttes.identity.decisions import lived
from gouttes.inforce import first_prior
from gouttes.learning import History
from gouttes.lots import sampled
from gouttes.published import Shelf
from gouttes.taught import Taught, taught
from gouttes.trust.validation.baselines import BASELINES, Absent, Answer, Why, scored
from gouttes.trust.validation.cases import EDGE, Predicted
from gouttes.trust.validation.comparing import FEWEST_OUTCOMES, Comparison, Verdict, compare, gains
from gouttes.validated import Finding, Standing, keep, standing, written
from gouttes.value import bgnbd
from gouttes.value.purchases import ORDER, purchases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.assembling import Mask
    from gouttes.proportion import Figure
    from gouttes.trust.reading import Prior
    from gouttes.trust.validation.cases import Array, Cases
    from gouttes.workspace import Workspace

HORIZON = 90.0
"""Days after a date in which outcomes are counted (prior)."""
SIDES = {"hold-out": 0.10, "test": 0.30, "train": 0.60}
"""Shares of people. The hold-out keeps at least 5 % (rule E17), with room for chance among few people."""
ASKED_ORIGINS, MOST_ORIGINS = 4, 6
WARM_UP = 0.5
"""Prior: horizons of history there must be before the first date."""
FEWEST_PEOPLE = 30
"""Prior: fewer people who test, or who train, say nothing."""
MOST_PEOPLE = 60_000
"""People beyond whom a sample of them is validated, and said to be one: 18,000 test."""
STEPS = ("events", "dates", "compare")


@dataclass(frozen=True)
class Plan:
    """The dates: ``train`` before ``test``; the same single date for both where there is no room for more."""

    train: tuple[datetime, ...]
    test: tuple[datetime, ...]

    @property
    def origins(self) -> tuple[datetime, ...]:
        """All dates, oldest first."""
        return tuple(sorted({*self.train, *self.test}))

    @property
    def same_date(self) -> bool:
        """Learned and tested at one date, on different people."""
        return self.train == self.test


@dataclass(frozen=True)
class Refused:
    """Why something cannot be validated: a word, and the figures it speaks of."""

    reason: str
    needed: float = 0.0
    found: float = 0.0


@dataclass(frozen=True)
class Examined:
    """One outcome.

    Attributes:
        refused: why nothing can be said; None where something can.
        comparison: the reading against every baseline.
        without_purchases: ΔLL against each baseline of a reading that knows of no purchase, renewal or return.
        unlearned: why the weights in force were used rather than learned on the training people; empty where learned.
    """

    refused: Refused | None = None
    comparison: Comparison | None = None
    without_purchases: Mapping[str, Figure] = field(default_factory=dict)
    unlearned: str = ""

    @property
    def verdict(self) -> Verdict:
        """What is said of this outcome."""
        return self.comparison.verdict if self.comparison else Verdict.UNKNOWN


@dataclass(frozen=True)
class Validation:
    """What validation found.

    Attributes:
        as_of: the date of the run.
        horizon: days after each date in which outcomes were counted.
        trained_at, tested_at: the dates.
        asked_origins: how many dates the protocol asks for.
        people: people in the workspace.
        sampled: people of the sample that was validated; None where all were.
        hold_out: whether the permanent hold-out was asked.
        outcomes: by outcome.
        refused: why nothing at all can be said.
    """

    as_of: datetime
    horizon: float
    trained_at: tuple[datetime, ...] = ()
    tested_at: tuple[datetime, ...] = ()
    asked_origins: int = ASKED_ORIGINS
    people: int = 0
    sampled: int | None = None
    hold_out: bool = False
    outcomes: Mapping[str, Examined] = field(default_factory=dict)
    refused: Refused | None = None


def validate(
    workspace: Workspace,
    connection: SQLBackend,
    *,
    as_of: datetime,
    now: datetime,
    horizon: float = HORIZON,
    hold_out: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Standing:
    """Validate the reading of a workspace, and keep what was found in it.

    Args:
        workspace: one that was run.
        connection: its engine.
        as_of: the date of the run.
        now: when this is done.
        horizon: days after each date in which outcomes are counted.
        hold_out: ask the permanent hold-out, once everybody else has trained; this use is written down.
        progress: called with the name of each step as it begins.

    Raises:
        BadInputError: a horizon of no days.
    """
    if horizon <= 0:
        raise BadInputError(f"--horizon takes a number of days above 0, found {horizon:g}.")
    found = _validated(workspace, connection, as_of, horizon, hold_out=hold_out, progress=progress)
    before = standing(workspace)
    used = before.hold_out_used if before else ()
    kept = Standing(
        validated_at=now.isoformat(),
        as_of=as_of.isoformat(),
        digest=Shelf(workspace).manifest().digest,
        horizon=horizon,
        findings={name: _finding(tested) for name, tested in found.outcomes.items()},
        reason=found.refused.reason if found.refused else "",
        hold_out_used=(*used, now.isoformat()) if hold_out and found.outcomes else used,
        figures=written(asdict(found)),
    )
    keep(workspace, kept)
    return kept


def _finding(tested: Examined) -> Finding:
    if tested.comparison is None:
        return Finding(Verdict.UNKNOWN, reason=tested.refused.reason if tested.refused else "")
    return Finding(tested.verdict, over=tested.comparison.best)


def planned(first: datetime, as_of: datetime, horizon: float) -> Plan | Refused:
    """The dates, a horizon apart, whose windows end at ``as_of`` at the latest; training windows end before the tests.

    Args:
        first: of the first event.
        as_of: the end of what is known.
        horizon: days.
    """
    days = (as_of - first) / timedelta(days=1)
    room = int(days / horizon - WARM_UP)
    if room < 1:
        return Refused("short_history", (1 + WARM_UP) * horizon, days)
    number = min(room, MOST_ORIGINS)
    origins = tuple(as_of - timedelta(days=horizon * step) for step in range(number, 0, -1))
    if number == 1:
        return Plan(origins, origins)
    tests = 2 if number > ASKED_ORIGINS else 1
    return Plan(origins[:-tests], origins[-tests:])


def _validated(
    workspace: Workspace,
    connection: SQLBackend,
    as_of: datetime,
    horizon: float,
    *,
    hold_out: bool,
    progress: Callable[[str], None],
) -> Validation:
    progress("events")
    links = Shelf(workspace).read(connection, "links").select("subject", "person")
    log = lived(read.events(EventLog(workspace), connection, known_by=as_of)).inner_join(links, "subject")
    people = log.select("person").distinct()
    sides = engines.kept(connection, sided(sampled(people, MOST_PEOPLE, lot="sample|"), SIDES))
    events = engines.kept(connection, log.semi_join(sides, "person").select(*READ))
    total, some = int(people.count().execute()), int(sides.count().execute())
    empty = Validation(as_of, horizon, people=total, sampled=some if some < total else None, hold_out=hold_out)
    first = events.occurred_at.min().to_pyarrow().as_py()
    plan = planned(first, as_of, horizon) if first else Refused("no_event")
    if isinstance(plan, Refused):
        return replace(empty, refused=plan)
    fewest = min(int(sides.filter(sides.side == side).count().execute()) for side in ("train", "test"))
    if fewest < FEWEST_PEOPLE:
        return replace(empty, refused=Refused("few_people", FEWEST_PEOPLE, fewest))
    found = replace(empty, trained_at=plan.train, tested_at=plan.test)
    history = History.of(workspace, connection, as_of, people=sides)
    gathered = gather(history, events, plan.origins, horizon, sides, progress)
    if gathered is None:
        return replace(found, refused=Refused("no_outcome"))
    progress("compare")
    others = events.filter(~reduce(or_, [events.kind.startswith(each) for each in PURCHASE_KINDS]))
    only = not int(others.limit(1).count().execute())
    buyers = _buyers(events, sides, plan.test[0])
    trial = Trial(history, gathered, plan, horizon, buyers, purchases_only=only, hold_out=hold_out)
    return replace(found, outcomes={name: trial.of(name) for name in trial.outcomes})


PURCHASE_KINDS = ("order.", "payment.", "invoice.")
"""Where the log has nothing but these, a return is a purchase, and is validated as one."""

READ = ("person", "kind", "occurred_at", "known_at", "product", "team", "channel", "amount", "score", "scale_max")
"""Columns of the log that are looked at beside behaviour and evidence."""


def _buyers(events: ir.Table, sides: ir.Table, origin: datetime) -> dict[str, Array]:
    """The purchases, known at a date, of the people who train: what BG/NBD learns from."""
    training = sides.filter(sides.side == "train")
    told = purchases(events.semi_join(training, "person"), as_of=origin).filter(lambda t: t.age > 0).to_pandas()
    return {name: told[name].to_numpy(dtype=float) for name in ("frequency", "span", "age")}


@dataclass(frozen=True)
class Trial:
    """One split of people and dates, in which every outcome is tried."""

    history: History
    gathered: Gathered
    plan: Plan
    horizon: float
    buyers: Mapping[str, Array]
    purchases_only: bool = False
    hold_out: bool = False

    @property
    def outcomes(self) -> Sequence[str]:
        """The outcomes that anybody had an opportunity for; a part of trust that is all of it goes by its name."""
        counts = self.gathered.counts
        whole = counts[LEARNED][1].sum()
        return [
            name
            for name, (_, trials) in counts.items()
            if trials.sum() and (name == LEARNED or name not in PARTS or trials.sum() < whole)
        ]

    def rows(self, outcome: str) -> tuple[Mask, Mask]:
        """Which rows train, and which test."""
        test, train = ("hold-out", ["train", "test"]) if self.hold_out else ("test", ["train"])
        origin, able = self.gathered.design.origin, self.gathered.counts[outcome][1] > 0
        dated = [np.isin(origin, [days(each) for each in dates]) for dates in (self.plan.train, self.plan.test)]
        return np.isin(self.gathered.side, train) & dated[0] & able, (self.gathered.side == test) & dated[1] & able

    def of(self, outcome: str) -> Examined:
        """The reading against every baseline, for one outcome."""
        train, test = self.rows(outcome)
        if self.purchases_only and outcome in {LEARNED, *PARTS}:
            return Examined(Refused("purchases_only"))
        if refused := self._too_little(outcome, train, test):
            return Examined(refused)
        known, asked = (self.gathered.cases_of(outcome, rows) for rows in (train, test))
        answers: dict[str, Answer] = {name: baseline(known, asked) for name, baseline in BASELINES.items()}
        answers["bgnbd"] = self._bgnbd(known, asked)
        base = float(known.successes.sum() / known.trials.sum())
        learned, blind = self._taught(outcome), self._taught(outcome, blind=True)
        return Examined(
            comparison=compare(asked, self._read(outcome, learned), answers, base=base),
            without_purchases=gains(asked, self._read(outcome, blind), answers) if blind else {},
            unlearned=learned.why,
        )

    def _too_little(self, outcome: str, train: Mask, test: Mask) -> Refused | None:
        successes, trials = self.gathered.counts[outcome]
        person = self.gathered.design.person
        fewest = min(len(np.unique(person[rows])) for rows in (train, test))
        if fewest < FEWEST_PEOPLE:
            return Refused("few_people", FEWEST_PEOPLE, fewest)
        rarer = [min(successes[rows].sum(), (trials - successes)[rows].sum()) for rows in (train, test)]
        if min(rarer) == 0:
            return Refused("one_class", found=float(trials[test].sum()))
        return Refused("few_outcomes", FEWEST_OUTCOMES, float(min(rarer))) if min(rarer) < FEWEST_OUTCOMES else None

    def _taught(self, outcome: str, *, blind: bool = False) -> Taught:
        """The reading as the training people taught it: by returns and renewals, as `gouttes learn` does.

        Purchases, which the product says no chance of, are learned from themselves: so is all where returns and
        renewals are too few. ``blind``: without the rules that purchases feed.
        """
        own = outcome == ORDER or self._too_little(LEARNED, *self.rows(LEARNED)) is not None
        target = outcome if own else LEARNED
        if (target, blind) not in self._readings:
            self._readings[target, blind] = self._learn(target, blind=blind)
        return self._readings[target, blind]

    def _learn(self, target: str, *, blind: bool) -> Taught:
        successes, trials = self.gathered.counts[target]
        train, _ = self.rows(target)
        design = replace(self.gathered.design, successes=successes, trials=trials)
        if blind:
            others = set(range(len(self.history.rules))) - set(fed_by_purchases(self.history))
            design = of_rules(design, sorted(others))
        prior = self._prior
        return taught(design, train, target, strength=prior.strength, mean=prior.mean)

    @cached_property
    def _readings(self) -> dict[tuple[str, bool], Taught]:
        return {}

    @cached_property
    def _prior(self) -> Prior:
        return first_prior(self.history.workspace, known_by(self.history.acts, self.plan.test[0]))

    def _read(self, outcome: str, reading: Taught) -> Predicted:
        """What the reading says of the test rows.

        Of what it was learned from it says Beta(a, b); of any other outcome a calibrated chance, whose
        line is drawn on the training people.
        """
        train, test = self.rows(outcome)
        if reading.target == outcome and not reading.why:
            return reading.said.where(test)
        known, asked = (self.gathered.cases_of(outcome, rows) for rows in (train, test))
        chances = [logit(reading.said.mean[rows]) for rows in (train, test)]
        found = scored(known, asked, *chances)
        if isinstance(found, Absent):  # pragma: no cover -- both classes were counted before
            raise TypeError(found.reason)
        return found

    @cached_property
    def _model(self) -> bgnbd.BgNbd | Absent:
        """BG/NBD, learned from the purchases of training people up to the first test."""
        frequency, span, age = (self.buyers[name] for name in ("frequency", "span", "age"))
        if not frequency.size:
            return Absent(Why.NO_PURCHASES)
        found = bgnbd.fit(frequency, span, age)
        return Absent(Why(found.reason.value)) if isinstance(found, bgnbd.Unfitted) else found

    def _bgnbd(self, train: Cases, test: Cases) -> Answer:
        """BG/NBD's expectation made a chance."""
        model = self._model
        if isinstance(model, Absent):
            return model
        return scored(train, test, *(self._expected(model, each) for each in (train, test)))

    def _expected(self, model: bgnbd.BgNbd, cases: Cases) -> Array:
        """Log of the purchases to expect of each row in the horizon; NaN for who never bought."""
        frequency, span, age, _ = cases.purchases.T
        found = np.full(frequency.size, np.nan)
        known = np.isfinite(age) & (age > 0)
        more = model.more_purchases(self.horizon, frequency[known], span[known], age[known])
        found[known] = np.log(np.maximum(more, EDGE))
        return found


PARTS = ("return", "renewal")


def days(moment: datetime) -> float:
    """A date as the engine writes it: float days since 1970."""
    return moment.timestamp() / 86_400
