"""From a workspace's history to the rows of validation: what was known at each date, and what people did after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import numpy.typing as npt

from gouttes import engines
from gouttes.behaviour.opportunities import opportunities
from gouttes.learning import numbered
from gouttes.lots import drawn
from gouttes.trust.learning.design import Classes, Design, Sums
from gouttes.trust.validation.cases import Cases
from gouttes.value.purchases import bought, purchases
from gouttes.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir

    from gouttes.learning import History
    from gouttes.trust.learning.design import Array

    Mask = npt.NDArray[np.bool_]

HALF_LIVES = (30.0, 90.0, 180.0, 365.0)
"""Days: half-lives that the symmetric Beta chooses from (prior)."""
LABELS = ("team", "channel")
FEW_ORDERS = 2
"""Orders up to which a customer explores (definition)."""
PURCHASE_ACTS = ("return.", "renewal.", "expansion.", "order.", "payment.", "subscription.", "invoice.")
"""Beginnings of the acts and kinds that purchases make."""


@dataclass(frozen=True)
class Gathered:
    """People at several dates: what was known of them then, and what they did after.

    Attributes:
        design: one row per person and date, with their decayed sums; its counts are those of no outcome.
        side: which side of the split each row's person is on.
        counts: by outcome, successes and trials of each row.
        purchases, opinion, labels: as in ``Cases``.
    """

    design: Design
    side: npt.NDArray[np.str_]
    counts: Mapping[str, tuple[Array, Array]]
    purchases: Array
    opinion: Array
    labels: Mapping[str, npt.NDArray[np.str_]]

    def design_of(self, outcome: str, rows: Mask) -> Design:
        """What is learned from: some rows, with the counts of an outcome."""
        successes, trials = self.counts[outcome]
        return replace(self.design, successes=successes, trials=trials).at(rows)

    def cases_of(self, outcome: str, rows: Mask) -> Cases:
        """Some rows as validation reads them; sums at the half-lives of the rules as they stand."""
        successes, trials = self.counts[outcome]
        given = np.array([rule.half_life for rule in self.design.rules])
        return Cases(
            person=self.design.person[rows],
            successes=successes[rows],
            trials=trials[rows],
            sums=np.asarray(self.design.summed(given).value[rows].todense()),
            sides=self._sides(rows),
            purchases=self.purchases[rows],
            opinion=self.opinion[rows],
            labels={name: values[rows] for name, values in self.labels.items()},
        )

    def _sides(self, rows: Mask) -> Array:
        """Rows by half-lives by two: drops and buckets of equal weight."""
        drops = np.array([rule.polarity > 0 for rule in self.design.rules])
        found = []
        for days in HALF_LIVES:
            value = self.design.summed(np.full(drops.size, days)).value[rows]
            found.append(np.column_stack([value @ drops.astype(float), value @ (~drops).astype(float)]))
        return np.stack(found, axis=1)


def of_rules(design: Design, kept: Sequence[int]) -> Design:
    """A design that knows of some rules only, by their place."""
    rules, places = tuple(design.rules[place] for place in kept), list(kept)
    given = np.array([rule.half_life for rule in design.rules])

    def summed(half_lives: Array) -> Sums:
        every = given.copy()
        every[places] = half_lives
        found = design.summed(every)
        return Sums(found.value[:, places], found.slope[:, places], found.bend[:, places])

    return replace(design, rules=rules, classes=Classes.of(rules), summed=summed)


def fed_by_purchases(history: History) -> list[int]:
    """Places of the rules that read orders, renewals or returns."""
    return [
        place
        for place, rule in enumerate(history.rules)
        if any(match.event.startswith(PURCHASE_ACTS) for match in rule.matches)
    ]


def sided(people: ir.Table, sides: Mapping[str, float]) -> ir.Table:
    """``person, side``: the side is drawn by a digest of the person, so that it is the same today and next year.

    Args:
        people: a column ``person``.
        sides: the sides and their shares, which sum to 1, in their order.
    """
    ends = np.cumsum(list(sides.values()))[:-1].tolist()
    bounds = [(drawn(people.person, end, lot="side|"), name) for end, name in zip(ends, sides, strict=False)]
    return people.select("person", side=ibis.cases(*bounds, else_=list(sides)[-1]))


def gather(
    history: History,
    events: ir.Table,
    origins: Sequence[datetime],
    horizon: float,
    sides: ir.Table,
    progress: Callable[[str], None] = lambda _: None,
) -> Gathered | None:
    """What people did after each date, and what was known before; None where nobody could do anything.

    Args:
        history: of the workspace.
        events: every column of the log, with ``person``; of the people of ``sides``.
        origins: the dates.
        horizon: days after each.
        sides: ``person, side``.
        progress: called with the name of each step as it begins.
    """
    connection = history.connection
    progress("dates")
    acts = history.acts.semi_join(sides, "person")
    windows = [opportunities(acts, events, origin=each, days=horizon) for each in origins]
    windows += [bought(events, origin=each, days=horizon) for each in origins]
    united = engines.kept(connection, ibis.union(*windows))
    outcomes = sorted(united.select("outcome").distinct().to_pyarrow()["outcome"].to_pylist())
    rows = numbered(connection, united, outcomes, among=sides)
    described = [_described(rows, events, each) for each in origins]
    told = ibis.union(*described).order_by("row").to_pandas()
    if not len(told):
        return None
    persons = told["person"].to_numpy().astype(str)
    design, _ = history.frozen(rows, persons, told["origin"].to_numpy(dtype=float), origins)
    design = replace(design, summed=_remembered(design.summed))
    return Gathered(
        design=design,
        side=told["side"].to_numpy().astype(str),
        counts=_counts(told, outcomes),
        purchases=told[["frequency", "span", "age", "amount"]].to_numpy(dtype=float),
        opinion=told["opinion"].to_numpy(dtype=float),
        labels={name: told[name].fillna("").to_numpy().astype(str) for name in (*LABELS, "stage")},
    )


def _remembered(summed: Any) -> Any:  # noqa: ANN401 -- a Summing
    """The same sums, those of the half-lives asked before not computed again: baselines ask for the same few."""
    known: dict[tuple[float, ...], Sums] = {}

    def again(half_lives: Array) -> Sums:
        key = tuple(float(each) for each in half_lives)
        if key not in known:
            if len(known) > len(HALF_LIVES) + 1:
                known.pop(next(reversed(known)))
            known[key] = summed(half_lives)
        return known[key]

    return again


LEARNED = "trust"
"""What trust is learned from, and named so: returns and renewals together."""


def _counts(told: Any, outcomes: Sequence[str]) -> dict[str, tuple[Array, Array]]:  # noqa: ANN401 -- a data frame
    counts = {
        outcome: tuple(told[f"{outcome}_{what}"].to_numpy(dtype=float) for what in ("successes", "trials"))
        for outcome in outcomes
    }
    both = [counts[each.value] for each in (Outcome.RETURN, Outcome.RENEWAL) if each.value in counts]
    nothing = np.zeros(len(told))
    trust = (sum((good for good, _ in both), nothing), sum((all_ for _, all_ in both), nothing))
    return {LEARNED: trust, **counts}


def _described(rows: ir.Table, events: ir.Table, origin: datetime) -> ir.Table:
    """The rows of one date with purchases, last opinion, and labels, as they were known then."""
    now = ibis.literal(origin, engines.UTC_TIMESTAMP)
    theirs = rows.filter(rows.origin == engines.days(now))
    seen = events.filter(events.occurred_at <= now, events.known_at <= now)
    orders = purchases(events, as_of=origin).rename(buyer="person")
    latest = seen.group_by(labelled="person").agg(
        opinion=(seen.score / seen.scale_max).argmax(
            seen.occurred_at, where=(seen.kind == "survey.answered") & seen.score.notnull() & (seen.scale_max > 0)
        ),
        **{name: seen[name].argmax(seen.occurred_at, where=seen[name].notnull()) for name in LABELS},
    )
    joined = theirs.left_join(orders, [("person", "buyer")]).left_join(latest, [("person", "labelled")])
    return joined.mutate(stage=_stage(joined)).drop("buyer", "labelled")


def _stage(rows: ir.Table) -> ir.StringValue:
    """By orders alone: none, up to two, more."""
    orders = rows.frequency + 1
    return ibis.cases(
        (orders.isnull(), "awareness"),
        (orders <= FEW_ORDERS, "exploration"),
        else_="later",
    )
