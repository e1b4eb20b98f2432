"""What a change of agent does to a customer's trust, against like customers who kept theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from gouttes import engines
from gouttes.brand.figures import LEAST
from gouttes.proportion import Figure, Z

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

AFTER_DAYS = 90
"""Days after the meeting at which trust is read again (prior: the half-life of a promise kept)."""
BINS, MOST_MEETINGS = 20, 5
"""Strata: twentieths of trust before, and the number of the meeting up to five (priors)."""


@dataclass(frozen=True)
class Handover:
    """The study of changes of agent.

    Attributes:
        reason: empty, or ``few``: fewer than 8 matched customers on a side.
        effect: change of trust with a new agent less that with the same, as a difference of shares; n = customers.
        before, after: mean trust of those with a new agent.
        before_kept, after_kept: mean trust of the matched who kept theirs, weighted alike.
        unmatched: customers with a new agent to whom nobody was alike.
        days: how long after.
    """

    reason: str
    effect: Figure | None = None
    before: Figure | None = None
    after: Figure | None = None
    before_kept: Figure | None = None
    after_kept: Figure | None = None
    unmatched: int = 0
    days: int = AFTER_DAYS


def meetings(served: ir.Table, *, as_of: datetime) -> ir.Table:
    """One meeting of each customer who met someone twice, after which ``AFTER_DAYS`` are known.

    Columns: ``person``; ``handed``, whether it was with another agent than the one before; ``number`` of the meeting
    in the customer's life, capped; ``at``, in days since 1970. Of who changed, the first change; of who never did, one
    of their meetings after the first, which their own ids choose.
    """
    met = served.filter(served.kind != "return").mutate(at=engines.days(served.occurred_at))
    order = ibis.window(group_by="person", order_by=["at", "event_id"])
    told = met.mutate(before=met.agent.lag().over(order), number=ibis.row_number().over(order) + 1)
    later = told.filter(told.before.notnull()).mutate(handed=told.before != told.agent)
    changed = later.handed.cast("int64").max().over(ibis.window(group_by="person"))
    either = later.mutate(changed=changed == 1)
    own = either.filter(either.handed == either.changed)
    # Of who changed the first meeting, of who did not any: the digest of an id is as good as a lot drawn.
    key = own.changed.ifelse(own.number.cast("string").lpad(12, "0"), own.event_id.hexdigest("md5"))
    ranked = own.mutate(key=key)
    chosen = ranked.mutate(rank=ibis.row_number().over(ibis.window(group_by="person", order_by=["key", "event_id"])))
    end = engines.days(ibis.literal(as_of - timedelta(days=AFTER_DAYS), engines.UTC_TIMESTAMP))
    one = chosen.filter(chosen["rank"] == 0, chosen["at"] <= end)
    return one.select("person", "handed", "at", number=ibis.least(one.number, MOST_MEETINGS))


def study(dated: ir.Table) -> Handover:
    """The effect of a change, within strata of the trust before and of the number of the meeting.

    Args:
        dated: ``person, handed, number, before, after``: trust right before the meeting, and ``AFTER_DAYS`` after it.
    """
    bins = ibis.least((dated.before * BINS).floor(), BINS - 1.0).cast("int64")
    named = dated.mutate(bin=bins, change=dated.after - dated.before)
    cells = named.group_by("bin", "number", "handed").agg(
        n=named.count(),
        change=named.change.sum(),
        squares=(named.change * named.change).sum(),
        before=named.before.sum(),
        before2=(named.before * named.before).sum(),
        after=named.after.sum(),
        after2=(named.after * named.after).sum(),
    )
    rows = cells.to_pyarrow().to_pylist()
    sides: dict[bool, dict[tuple[int, int], Any]] = {True: {}, False: {}}
    for row in rows:
        sides[bool(row["handed"])][row["bin"], row["number"]] = row
    both = sorted(sides[True].keys() & sides[False].keys())
    unmatched = sum(row["n"] for key, row in sides[True].items() if key not in both)
    new, old = ([sides[side][key] for key in both] for side in (True, False))
    if min(sum(row["n"] for row in new), sum(row["n"] for row in old)) < LEAST:
        return Handover("few", unmatched=unmatched)
    return _compared(new, old, unmatched)


def _compared(new: list[Any], old: list[Any], unmatched: int) -> Handover:
    n, m = (np.array([row["n"] for row in side], dtype="f8") for side in (new, old))
    weight = n / n.sum()
    means = {
        name: (float(weight @ (_of(new, name) / n)), float(weight @ (_of(old, name) / m)))
        for name in ("change", "before", "after")
    }
    spread = [_within(side, count) for side, count in ((new, n), (old, m))]
    error = float(np.sqrt(spread[0] / n.sum() + spread[1] * (weight * weight / m).sum()))
    value = means["change"][0] - means["change"][1]
    size = int(n.sum())
    effect = Figure(value, value - Z * error, value + Z * error, size)
    before, after = (
        [
            _mean(value, side, name, float((share * share / count).sum()))
            for value, side, share, count in zip(means[name], (new, old), (weight, weight), (n, m), strict=True)
        ]
        for name in ("before", "after")
    )
    return Handover("", effect, before[0], after[0], before[1], after[1], unmatched)


def _mean(value: float, side: list[Any], name: str, inverse: float) -> Figure:
    """A weighted mean with its interval, from the spread of all customers of its side."""
    n = int(_of(side, "n").sum())
    total = float(_of(side, name).sum())
    variance = max(float(_of(side, f"{name}2").sum()) - total * total / n, 0.0) / (n - 1)
    half = Z * float(np.sqrt(variance * inverse))
    return Figure(value, value - half, value + half, n)


def _of(side: list[Any], name: str) -> Any:  # noqa: ANN401 -- an array
    return np.array([row[name] for row in side], dtype="f8")


def _within(side: list[Any], n: Any) -> float:  # noqa: ANN401 -- an array
    """The variance of the change within strata."""
    squares = float((_of(side, "squares") - _of(side, "change") ** 2 / n).sum())
    return max(squares, 0.0) / max(float(n.sum()) - len(n), 1.0)
