"""What customers bought, as models of purchases read it, and whether they bought again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.schemas import OPPORTUNITIES

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

ORDER = "order"
"""The outcome "bought again": once for each customer and window, whatever prompted it."""

PURCHASES = ibis.schema(
    {"person": "string", "frequency": "float64", "span": "float64", "age": "float64", "amount": "float64"}
)
"""One row per person who had ordered: ``frequency``, days with an order after the first such day; ``span``, days from
the first order to the last; ``age``, days from the first order to the date; ``amount``, the mean of the amounts known,
in their own currency (null where none is)."""


def purchases(events: ir.Table, *, as_of: datetime) -> ir.Table:
    """PURCHASES known at ``as_of``.

    Orders of one day count once, as Fader, Hardie & Lee (2005) count them.

    Args:
        events: ``kind, occurred_at, known_at, amount`` and ``person``.
        as_of: nothing later, or known later, is read.
    """
    now = ibis.literal(as_of, engines.UTC_TIMESTAMP)
    orders = _orders(events).filter(lambda t: (t.occurred_at <= now) & (t.known_at <= now))
    dated = orders.mutate(t=engines.days(orders.occurred_at))
    each = dated.group_by("person").agg(
        days=dated.t.floor().nunique(), first=dated.t.min(), last=dated.t.max(), amount=dated.amount.mean()
    )
    counted = each.mutate(
        frequency=each["days"] - 1,
        span=(each["days"] > 1).ifelse(each["last"] - each["first"], 0.0),
        age=engines.days(now) - each["first"],
    )
    return counted.select(*PURCHASES.names).cast(PURCHASES)


def bought(events: ir.Table, *, origin: datetime, days: float) -> ir.Table:
    """Of who had ordered by ``origin``, who ordered again in the ``days`` after it, in the columns of OPPORTUNITIES."""
    start, end = (ibis.literal(each, engines.UTC_TIMESTAMP) for each in (origin, origin + timedelta(days=days)))
    orders = _orders(events)
    customers = orders.filter(orders.occurred_at <= start, orders.known_at <= start).select("person").distinct()
    later = orders.filter(orders.occurred_at > start, orders.occurred_at <= end).select(again="person").distinct()
    joined = customers.left_join(later, [("person", "again")])
    rows = joined.select(
        "person",
        origin=engines.days(start),
        outcome=ibis.literal(ORDER),
        successes=joined.again.notnull().cast("int64"),
        trials=ibis.literal(1, "int64"),
    )
    return rows.select(*OPPORTUNITIES.names).cast(OPPORTUNITIES)


def _orders(events: ir.Table) -> ir.Table:
    return events.filter(events.kind == "order.placed")
