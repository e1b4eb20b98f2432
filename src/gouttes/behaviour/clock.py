"""When the acts of a person change although nothing happens: silences lengthen, tickets ripen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.behaviour.contacts import moments
from gouttes.behaviour.resolution import first_solvings
from gouttes.behaviour.rhythm import silences
from gouttes.behaviour.rows import instant, micros
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import UTC_TIMESTAMP

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir


def next_due(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """The next instant after ``as_of`` at which a person's acts change by time alone: person, ``next_due``.

    It is the earliest of: the next missed opportunity of an open silence, the day a ticket solved at first contact
    ripens, and the moment an event already in ``events`` happens or becomes known. People whose acts no longer
    change are absent. At any ``as_of`` before ``next_due``, and without new events, the acts are the same.
    """
    steps = (_next_missed, _next_ripe, _next_known)
    turns = ibis.union(*(step(events, as_of=as_of, window=window) for step in steps))
    return turns.group_by("person").aggregate(next_due=turns.due.min())


def _next_missed(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    contacts = moments(events, as_of=as_of, window=window, touches=False)
    silent = silences(contacts, as_of=as_of, window=window)
    # The first rhythm is grace, so the opportunity numbered j is missed at the end of rhythm j + 1.
    number = ibis.greatest(silent.rhythms_passed, 1)
    waiting = silent.mutate(number=number).filter(silent.open, number <= window.missed_cap)
    return waiting.select("person", due=instant(waiting.began + (waiting.number + 1) * waiting.rhythm))


def _next_ripe(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    solvings = first_solvings(events, as_of=as_of, window=window)
    span = microseconds(window.reopen_days)
    first = (solvings.contacts == 1) & solvings.reopened_known.isnull()
    unripe = solvings.filter(first, solvings.solved + span > micros(as_of))
    return unripe.select("person", due=instant(unripe.solved + span))


def _next_known(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:  # noqa: ARG001 -- one signature for all
    visible = ibis.greatest(events.occurred_at, events.known_at)
    hidden = events.filter(visible > ibis.literal(as_of, UTC_TIMESTAMP))
    return hidden.select(
        person=hidden.person.cast("string"), due=ibis.greatest(hidden.occurred_at, hidden.known_at).cast(UTC_TIMESTAMP)
    )
