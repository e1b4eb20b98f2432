"""Expansion: a customer takes more than before, asked or unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.behaviour.contacts import CONTACT_KINDS, TOUCH_KINDS, is_touch
from gouttes.behaviour.rows import LABELS, act_rows, flag, known_by
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import unix_micros
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

ACQUIRED, UPGRADED = ("order.placed", "subscription.started"), "subscription.upgraded"


def expansion(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Acts ``expansion.unproposed`` and ``expansion.proposed``.

    An expansion is an upgrade, or the first order or subscription of a product by a person who already had another
    one before. It is proposed where a touch in [t - L, t) carries the same product. Orders whose product is unknown
    are not read.
    """
    known = known_by(events, as_of)
    more = _taken(known, window)
    name = more.proposed.ifelse(Act.EXPANSION_PROPOSED.value, Act.EXPANSION_UNPROPOSED.value)
    return act_rows(more, name)


def _taken(known: ir.Table, window: Windows) -> ir.Table:
    rows = _rows(known)
    touch, nothing = rows.role == "touch", ibis.null(dt.int64)
    # At one instant a touch comes last: it is not before t.
    order = [rows.moment, touch, rows.event_id]
    earlier = ibis.rows_window(preceding=(None, 1), group_by=["person", "product"], order_by=order)
    told = rows.mutate(
        proposed_at=touch.ifelse(rows.moment, nothing).max().over(earlier),
        had_it=(rows.role == "acquired").cast("int64").sum().over(earlier).fill_null(0) > 0,
    )
    known_product = told["product"].notnull()
    recently = flag(known_product & (told.proposed_at >= told.moment - microseconds(window.window_days)))
    new = told.mutate(proposed=recently).filter((told.role == "upgrade") | ((told.role == "acquired") & ~told.had_it))
    acquired = (new.role == "acquired").ifelse(new.moment, nothing)
    new = new.mutate(first=acquired.min().over(ibis.window(group_by="person")))
    return new.filter((new.role == "upgrade") | (new.moment > new["first"]))


def _rows(known: ir.Table) -> ir.Table:
    read = known.filter(known.kind.isin((UPGRADED, *ACQUIRED, *TOUCH_KINDS, *CONTACT_KINDS)))
    taking = read.kind.isin(ACQUIRED) | is_touch(read)
    chosen = read.filter((read.kind == UPGRADED) | (taking & read["product"].notnull()))
    role = ibis.cases((chosen.kind == UPGRADED, "upgrade"), (is_touch(chosen), "touch"), else_="acquired")
    return chosen.select(
        *("person", "event_id", "occurred_at", "known_at", "incident", "thread", "topic", *LABELS),
        moment=unix_micros(chosen.occurred_at),
        role=role,
    )
