"""Who came to whom: contacts of a person with us, touches and rewards of us to the person.

Contact events of one person at one instant are one contact: a ticket and its first message often carry the same
time. The contact goes on with an open matter, or is due by contract, if any of its events does; a source's own
``unprompted`` wins, and ``false`` wins over ``true``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.behaviour.rows import LABELS, flag, known_by
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import UTC_TIMESTAMP, unix_micros
from gouttes.eventlog.kinds import Role, names_with

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

CONTACT_KINDS, TOUCH_KINDS, REWARD_KINDS = (names_with(role) for role in (Role.CONTACT, Role.TOUCH, Role.REWARD))
CALLED_SOLVED = ("ticket.solved", "ticket.closed")
OPENS_A_MATTER = ("incident.touched",)
"""Our own failures: whoever comes about one goes on with it, and was not drawn back by trust."""
DUE_BY_CONTRACT = "contract"
TOUCH_RANK = 64


def is_contact(events: ir.Table) -> ir.BooleanValue:
    """A customer came to us: a contact kind, unless it is marked as going out."""
    return events.kind.isin(CONTACT_KINDS) & (events.direction.fill_null("none") != "out")


def is_touch(events: ir.Table) -> ir.BooleanValue:
    """We went to the customer: a touch not marked as coming in, or a contact kind marked as going out."""
    direction = events.direction.fill_null("none")
    return (events.kind.isin(TOUCH_KINDS) & (direction != "in")) | (
        events.kind.isin(CONTACT_KINDS) & (direction == "out")
    )


def is_reward(events: ir.Table) -> ir.BooleanValue:
    """We gave the customer something for coming or for inviting."""
    return events.kind.isin(REWARD_KINDS)


def contact_events(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """The contact events known at ``as_of``, and whether each goes on with an earlier matter.

    Columns: person, event_id, occurred_at, known_at, incident, thread, topic, severity, the labels; ``moment``
    (microseconds), ``contractual``, ``declared`` (the source's own answer, 0, 1 or null), ``continued`` (a contact
    on the same thread, topic or incident in the ``topic_days`` before, or an incident that touched the person) and
    ``again`` (the thread or topic had been called solved in that time). Where several events share an instant, only
    one of them is sure to say ``continued``.
    """
    rows = _contacts_and_solvings(known_by(events, as_of))
    reach = microseconds(window.topic_days)
    by_key = [(rows[key], *_last_on(rows, key)) for key in ("thread", "topic", "incident")]
    continued = [key.notnull() & (at < rows.moment) & (at >= rows.moment - reach) for key, at, _ in by_key]
    again = [key.notnull() & (solved >= rows.moment - reach) for key, _, solved in by_key[:2]]
    told = rows.mutate(
        continued=ibis.or_(*(flag(each) for each in continued)),
        again=ibis.or_(*(flag(each) for each in again)),
    )
    # Not `drop`: Ibis shares a table read twice only where it is a `select`.
    return told.filter(told.contact).select(*(name for name in told.columns if name not in {"contact", "solves"}))


def _contacts_and_solvings(known: ir.Table) -> ir.Table:
    others = (*CALLED_SOLVED, *OPENS_A_MATTER)
    read = known.filter(known.kind.isin((*CONTACT_KINDS, *others)))
    chosen = read.filter(is_contact(read) | read.kind.isin(others))
    return chosen.select(
        *("person", "event_id", "occurred_at", "known_at", "incident", "thread", "topic", "severity", *LABELS),
        contact=~chosen.kind.isin(others),
        solves=chosen.kind.isin(CALLED_SOLVED),
        moment=unix_micros(chosen.occurred_at),
        contractual=flag(chosen.moment == DUE_BY_CONTRACT),
        declared=chosen.unprompted.cast("int8"),
    )


def _last_on(rows: ir.Table, key: str) -> tuple[ir.IntegerValue, ir.IntegerValue]:
    """The last contact or incident, and the last solving, of the person on the same key before each contact."""
    # At one instant contacts come first: what happens to a person, or is solved, at t was not so before t.
    order = [rows.moment, rows.contact.desc()]
    earlier = ibis.rows_window(preceding=(None, 1), group_by=["person", key], order_by=order)
    nothing = ibis.null(dt.int64)
    contact = rows.solves.ifelse(nothing, rows.moment).max().over(earlier)
    solving = rows.solves.ifelse(rows.moment, nothing).max().over(earlier)
    return contact, solving


def moments(events: ir.Table, *, as_of: datetime, window: Windows, touches: bool = True) -> ir.Table:
    """One row per contact of a person known at ``as_of``.

    Columns: person, event_id, occurred_at, known_at, incident, thread, topic, the labels; ``moment`` (microseconds),
    ``continued``, ``contractual``, ``declared``; ``touched`` (the last touch or reward strictly before) and
    ``previous`` (the contact before), both in microseconds or null.

    Args:
        events: events with a ``person``.
        as_of: nothing later, or known later, is read.
        window: lengths of time.
        touches: read them; without them ``touched`` is null, and the table is made faster.
    """
    came = contact_events(events, as_of=as_of, window=window)
    # What decides for all the events of one instant comes first, then the event id, so that the order of the input
    # never matters; touches come last, since a touch at t is not "before t".
    decided = came.declared.fill_null(2)
    rank = ((1 - came.continued.cast("int8")) * 8 + (1 - came.contractual.cast("int8")) * 4 + decided).cast("int8")
    contacts = came.mutate(rank=rank).select(*_COLUMNS)
    return _one_per_instant(ibis.union(contacts, _touch_rows(known_by(events, as_of))) if touches else contacts)


_COLUMNS = {
    "person": dt.string,
    "moment": dt.int64,
    "rank": dt.int8,
    "event_id": dt.string,
    "occurred_at": UTC_TIMESTAMP,
    "known_at": UTC_TIMESTAMP,
    "incident": dt.string,
    "thread": dt.string,
    "topic": dt.string,
    "continued": dt.boolean,
    "contractual": dt.boolean,
    "declared": dt.int8,
    **dict.fromkeys(LABELS, dt.string),
}


def _touch_rows(known: ir.Table) -> ir.Table:
    """Touches and rewards in the columns of contacts: only the person and the time matter."""
    read = known.filter(known.kind.isin((*CONTACT_KINDS, *TOUCH_KINDS, *REWARD_KINDS)))
    chosen = read.filter(is_touch(read) | is_reward(read))
    columns = {name: ibis.null(kind) for name, kind in _COLUMNS.items()}
    columns["person"], columns["moment"] = chosen.person, unix_micros(chosen.occurred_at)
    columns["rank"] = ibis.literal(TOUCH_RANK, dt.int8)
    return chosen.select(**columns)


def _one_per_instant(both: ir.Table) -> ir.Table:
    """The contacts, one per person and instant, each with the last touch and the last contact strictly before."""
    touch, nothing = both["rank"] == TOUCH_RANK, ibis.null(dt.int64)
    order = ["moment", "rank", "event_id"]
    upto = ibis.rows_window(preceding=(None, 1), group_by="person", order_by=order)
    seen = both.mutate(
        touched=touch.ifelse(both.moment, nothing).max().over(upto),
        previous=touch.ifelse(nothing, both.moment).max().over(upto),
    )
    first = seen.previous.isnull() | (seen.previous < seen.moment)
    return seen.filter(seen["rank"] != TOUCH_RANK, first).select(*(name for name in seen.columns if name != "rank"))
