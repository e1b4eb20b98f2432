"""Returns: unprompted, prompted, and missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.behaviour.contacts import moments
from gouttes.behaviour.rhythm import missed
from gouttes.behaviour.rows import act_rows
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import MICROSECONDS_A_DAY
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir


def unprompted(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Acts ``return.unprompted``, ``return.prompted`` and ``return.missed`` known at ``as_of``.

    A return is a contact that is not the person's first, does not go on with an open matter and is not due by
    contract. It is unprompted where no touch and no reward reached the person in [t - L, t).

    Args:
        events: events with a ``person``.
        as_of: nothing later, or known later, is read.
        window: L and the other lengths of time.
    """
    contacts = moments(events, as_of=as_of, window=window)
    return ibis.union(_returns(contacts, window), missed(contacts, as_of=as_of, window=window))


def _returns(contacts: ir.Table, window: Windows) -> ir.Table:
    back = contacts.filter(contacts.previous.notnull(), ~contacts.continued, ~contacts.contractual)
    since = back.moment - back.touched
    free = since.isnull() | (since > microseconds(window.window_days))
    answer = ibis.cases((back.declared == 1, True), (back.declared == 0, False), else_=free)
    days = ibis.cases(
        (back.declared == 1, ibis.null(dt.float64)), (back.declared == 0, 0.0), else_=since / MICROSECONDS_A_DAY
    )
    name = answer.ifelse(Act.RETURN_UNPROMPTED.value, Act.RETURN_PROMPTED.value)
    return act_rows(back, name, touch_days=days)
