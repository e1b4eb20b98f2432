"""Promises kept month by month, the conditions of recommendation, and whether trust is local or collective yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gouttes.brand.figures import LEAST, share
from gouttes.proportion import Figure, difference
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.brand.lies import Lies

SIGMAS = 3.0
"""Limits of a control chart: three standard deviations (Shewhart 1931; Montgomery 2012, ch. 7)."""
KEPT, MET = 3, 2
"""Promises kept and agents met from which experience is repeated and its bearer not one person."""
RECOMMENDED = (Act.RECOMMENDED.value, Act.RECOMMENDED_REWARDED.value)
HALF, STEADY = 0.5, 0.9
"""The criterion: more than half is shared or inherited; at most a tenth of variance is between months (priors)."""


@dataclass(frozen=True)
class Month:
    """A month on the control chart: share kept, the limits for its number of promises, and whether it is outside."""

    month: str
    kept: Figure
    lower: float
    upper: float

    @property
    def outside(self) -> bool:
        """Beyond three standard deviations of the whole."""
        return not self.lower <= self.kept.value <= self.upper


@dataclass(frozen=True)
class Chart:
    """The control chart: the whole share (the centre line) and the months with 8 promises or more."""

    centre: Figure | None
    months: tuple[Month, ...]


@dataclass(frozen=True)
class Conditions:
    """By condition (``kept``, ``met``, ``both``), the share of those who recommended and of those who did not.

    ``difference`` has Newcombe's interval (1998, *Statistics in Medicine* 17, 873-890, method 10).
    """

    reason: str
    recommenders: dict[str, Figure] | None = None
    others: dict[str, Figure] | None = None
    difference: dict[str, Figure] | None = None


@dataclass(frozen=True)
class Phase:
    """Local, collective, or not known; and what keeps it from being collective.

    Attributes:
        answer: the answer.
        unmet: of ``transfer``, ``dependence``, ``consistency``, those whose interval does not meet the criterion.
    """

    answer: Literal["local", "collective", "unknown"]
    unmet: tuple[str, ...]


def chart(acts: ir.Table) -> Chart:
    """Promises kept by month (UTC), with limits ``p ± 3√(p(1-p)/n)``."""
    told = acts.filter(acts.act.isin((Act.PROMISE_KEPT.value, Act.PROMISE_BROKEN.value)))
    named = told.mutate(
        month=told.occurred_at.strftime("%Y-%m"), kept=(told.act == Act.PROMISE_KEPT.value).cast("int64")
    )
    rows = (
        named.group_by("month").agg(n=named.count(), kept=named.kept.sum()).order_by("month").to_pyarrow().to_pylist()
    )
    n, kept = sum(row["n"] for row in rows), sum(row["kept"] for row in rows)
    centre = share(kept, n)
    if centre is None:
        return Chart(None, ())
    months = []
    for row in rows:
        found = share(row["kept"], row["n"])
        if found is not None:
            reach = SIGMAS * float(np.sqrt(centre.value * (1 - centre.value) / row["n"]))
            months.append(Month(row["month"], found, max(0.0, centre.value - reach), min(1.0, centre.value + reach)))
    return Chart(centre, tuple(months))


def conditions(acts: ir.Table, served: ir.Table, people: ir.Table) -> Conditions:
    """Who recommends has lived what, against who does not; all as known today.

    Args:
        acts: ACTS.
        served: SERVED, for the agents met.
        people: table with ``person``: everyone who did anything.
    """
    kept = acts.filter(acts.act == Act.PROMISE_KEPT.value)
    met = served.filter(served.kind != "return")
    told = (
        people.select("person")
        .distinct()
        .left_join(kept.group_by("person").agg(kept=kept.count()), "person")
        .select("person", "kept")
        .left_join(met.group_by("person").agg(met=met.agent.nunique()), "person")
        .select("person", "kept", "met")
        .left_join(acts.filter(acts.act.isin(RECOMMENDED)).select("person").distinct().mutate(recommended=1), "person")
        .select("person", "kept", "met", "recommended")
    )
    marked = told.select(
        recommended=told.recommended.fill_null(0),
        kept=told.kept.fill_null(0) >= KEPT,
        met=told.met.fill_null(0) >= MET,
    ).mutate(both=lambda t: t.kept & t.met)
    sums = {name: marked[name].cast("int64").sum() for name in ("kept", "met", "both")}
    rows = marked.group_by("recommended").agg(n=marked.count(), **sums).to_pyarrow().to_pylist()
    sides = {row["recommended"]: row for row in rows}
    if any(sides.get(side, {"n": 0})["n"] < LEAST for side in (0, 1)):
        return Conditions("few" if 1 in sides else "none")
    figures = [{name: share(sides[side][name], sides[side]["n"]) for name in sums} for side in (1, 0)]
    ours, others = ({name: each for name, each in side.items() if each} for side in figures)
    return Conditions("", ours, others, {name: difference(ours[name], others[name]) for name in sums})


def phase(found: Lies) -> Phase:
    """Is trust still local, or has it become collective?

    Collective: with 90 % intervals, more than half of a customer's trust goes over to a new colleague (low end of TR
    above ½), less than half hangs on who served (high end of PDI below ½), and at most a tenth of all variance lies
    between months (low end of consistency at .9 or above). Local: more than half hangs on who served (low end of PDI
    above ½), or less than half goes over (high end of TR below ½). Not known: anything else.
    """
    if found.transfer is None or found.dependence is None:
        return Phase("unknown", ())
    steady = found.consistency is not None and found.consistency.low >= STEADY
    met = {"transfer": found.transfer.low > HALF, "dependence": found.dependence.high < HALF, "consistency": steady}
    unmet = tuple(name for name, reached in met.items() if not reached)
    if not unmet:
        return Phase("collective", ())
    local = found.dependence.low > HALF or found.transfer.high < HALF
    return Phase("local" if local else "unknown", unmet)
