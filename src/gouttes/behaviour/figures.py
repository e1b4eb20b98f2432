"""The behaviours as figures of the company, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
from scipy.special import ndtri

from gouttes.behaviour.recommendation import REFERRALS, REVIEW
from gouttes.behaviour.rows import flag, known_by
from gouttes.eventlog.kinds import all_names
from gouttes.proportion import LEVEL
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir

LENGTHS = (7, 14, 30)
FIGURES = ibis.schema(
    {
        "measure": dt.string,
        "window": dt.int64,
        "successes": dt.int64,
        "trials": dt.int64,
        "rate": dt.float64,
        "low": dt.float64,
        "high": dt.float64,
        "n": dt.int64,
    }
)
"""One row per measure, and per L for ``unprompted_return`` (``window``, days; null elsewhere). ``n`` is ``trials``.
Without trials ``rate`` is null and the interval is from 0 to 1: nothing is known."""

RETURNS = (Act.RETURN_UNPROMPTED, Act.RETURN_PROMPTED)
SUBSCRIPTIONS = tuple(kind for kind in all_names() if kind.startswith("subscription."))
RATES = {
    "promises_kept": ((Act.PROMISE_KEPT,), (Act.PROMISE_BROKEN,)),
    "first_contact_resolution": ((Act.RESOLVED_FIRST,), (Act.RESOLVED_LATER,)),
    "frictionless_renewal": ((Act.RENEWAL_FRICTIONLESS,), (Act.RENEWAL_STRAINED, Act.RENEWAL_LOST)),
    "repeat_contact": ((Act.CONTACT_REPEATED,), (Act.RESOLVED_FIRST, Act.RESOLVED_LATER)),
}
"""Acts that are successes, and acts that are the other trials."""
POOLED = ("promises_kept", "first_contact_resolution", "frictionless_renewal")


def figures(
    acts: ir.Table, events: ir.Table, *, as_of: datetime, lengths: Sequence[int] = LENGTHS, level: float = LEVEL
) -> ir.Table:
    """Company figures known at ``as_of``, in the columns of :data:`FIGURES`.

    - ``unprompted_return``: unprompted / (unprompted + prompted + missed), at each L of ``lengths``.
    - ``promises_kept``: kept / (kept + broken).
    - ``first_contact_resolution``: threads solved at first contact / threads solved.
    - ``frictionless_renewal``: frictionless / (frictionless + strained + lost); locked-in renewals are not counted.
    - ``repeat_contact``: repeats / (repeats + threads solved). Lower is better.
    - ``expansion``: people with an unproposed expansion / people with a subscription or an order of a known product.
    - ``recommendation``: people with a traced, unrewarded recommendation / people, where the log records any: what
      no source tells is not known, and is not nought.

    Args:
        acts: what :func:`gouttes.behaviour.acts.acts` gives.
        events: the events they come from, for the numbers of people.
        as_of: nothing later, or known later, is read.
        lengths: the L of ``unprompted_return``, in days.
        level: of the Wilson intervals.
    """
    counts = _counts(known_by(acts, as_of), lengths).cross_join(_people(known_by(events, as_of)))
    measures: list[tuple[str, str, int | None]] = [
        *((f"unprompted_return_{days}", "unprompted_return", days) for days in lengths),
        *((name, name, None) for name in (*RATES, "expansion", "recommendation")),
    ]
    rows = ibis.memtable(
        {
            "column": [row[0] for row in measures],
            "measure": [row[1] for row in measures],
            "window": [row[2] for row in measures],
        },
        schema={"column": dt.string, "measure": dt.string, "window": dt.int64},
    ).cross_join(counts)
    picked = rows.select(
        "measure",
        "window",
        successes=ibis.cases(*((rows.column == name, rows[f"{name}_yes"]) for name, _, _ in measures)).cast(dt.int64),
        trials=ibis.cases(*((rows.column == name, rows[f"{name}_all"]) for name, _, _ in measures)).cast(dt.int64),
    )
    return _with_interval(picked, level)


def outcomes(acts: ir.Table) -> ir.Table:
    """One row, ``successes`` and ``trials``: the outcomes that went well, of all that could go either way.

    Returns (unprompted; or prompted, missed), promises (kept; broken), threads solved (at first contact; later) and
    renewals (frictionless; strained, lost) are pooled: the rate is where the trust of someone unknown starts. Returns
    alone would not do: where people rarely buy twice, a company that keeps its word would start near nothing.
    """
    return acts.aggregate(**_well(acts))


def outcomes_by_person(acts: ir.Table) -> ir.Table:
    """``person, successes, trials``: the same of each person."""
    return acts.group_by("person").aggregate(**_well(acts))


def _well(acts: ir.Table) -> dict[str, ir.IntegerScalar]:
    good = [act for name in POOLED for act in RATES[name][0]] + [Act.RETURN_UNPROMPTED]
    poor = [act for name in POOLED for act in RATES[name][1]] + [Act.RETURN_PROMPTED, Act.RETURN_MISSED]
    well = acts.act.isin(good)
    return {"successes": well.sum(), "trials": (well | acts.act.isin(poor)).sum()}


def _counts(acts: ir.Table, lengths: Sequence[int]) -> ir.Table:
    came_back = acts.act.isin(RETURNS)
    columns = {}
    for days in lengths:
        free = came_back & (acts.touch_days.isnull() | (acts.touch_days > days))
        columns[f"unprompted_return_{days}_yes"] = free.sum()
        columns[f"unprompted_return_{days}_all"] = (came_back | (acts.act == Act.RETURN_MISSED.value)).sum()
    for name, (good, others) in RATES.items():
        columns[f"{name}_yes"] = acts.act.isin(good).sum()
        columns[f"{name}_all"] = acts.act.isin((*good, *others)).sum()
    for name, act in {"expansion": Act.EXPANSION_UNPROPOSED, "recommendation": Act.RECOMMENDED}.items():
        columns[f"{name}_yes"] = acts.person.nunique(where=acts.act == act.value)
    return acts.aggregate(**{name: column.fill_null(0) for name, column in columns.items()})


def _people(events: ir.Table) -> ir.Table:
    customer = events.kind.isin(SUBSCRIPTIONS) | ((events.kind == "order.placed") & events["product"].notnull())
    recorded = flag(events.kind.isin((*REFERRALS, REVIEW)).any())
    return events.aggregate(
        expansion_all=events.person.nunique(where=customer),
        recommendation_all=recorded.ifelse(events.person.nunique(), 0),
    )


def _with_interval(counts: ir.Table, level: float) -> ir.Table:
    """Wilson's interval in the engine; :func:`gouttes.proportion.wilson` is its twin, and a test compares them."""
    squared = float(ndtri((1 + level) / 2)) ** 2
    trials = counts.trials.nullif(0).cast(dt.float64)
    share, inverse = counts.successes / trials, squared / trials
    centre = share + inverse / 2.0
    half = (inverse * share * (1.0 - share) + inverse * inverse / 4.0).sqrt()
    return counts.select(
        *("measure", "window", "successes", "trials"),
        rate=share,
        low=ibis.greatest(ibis.least(share, (centre - half) / (1.0 + inverse)), 0.0).fill_null(0.0),
        high=ibis.least(ibis.greatest(share, (centre + half) / (1.0 + inverse)), 1.0).fill_null(1.0),
        n=counts.trials,
    )
