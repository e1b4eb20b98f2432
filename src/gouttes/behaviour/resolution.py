"""How matters were solved: at the first contact or later, asked again, repaired badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.behaviour.contacts import CONTACT_KINDS, contact_events, is_contact
from gouttes.behaviour.justice import justice
from gouttes.behaviour.rows import LABELS, act_rows, instant, known_by, micros, severity_of
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import unix_micros
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

SOLVED, REOPENED, REPAIRED = "ticket.solved", "ticket.reopened", "incident.repaired"


def resolution(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Acts ``contact.resolved_first``, ``contact.resolved_later``, ``contact.repeated``, ``incident.repaired_badly``.

    Each is described where it is derived: :func:`resolved`, :func:`repeated`, :func:`repaired_badly`.
    """
    steps = (resolved, repeated, repaired_badly)
    return ibis.union(*(step(events, as_of=as_of, window=window) for step in steps))


def resolved(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Threads solved, one act each, at their first ``ticket.solved``.

    Solved at first contact: exactly one contact in the thread up to then and no reopening in the ``reopen_days``
    after; known once these have passed. Otherwise later: known with the solving where there were several contacts,
    with the reopening where there was one. A thread without any contact (opened by us, or before the log began)
    says nothing and gives no act.
    """
    solvings = first_solvings(events, as_of=as_of, window=window)
    first = (solvings.contacts == 1) & solvings.reopened_known.isnull()
    ripe_at = solvings.solved + microseconds(window.reopen_days)
    known_at = ibis.cases(
        (first, ibis.greatest(solvings.known_at, instant(ripe_at))),
        (solvings.contacts == 1, ibis.greatest(solvings.known_at, solvings.reopened_known)),
        else_=solvings.known_at,
    )
    name = first.ifelse(Act.RESOLVED_FIRST.value, Act.RESOLVED_LATER.value)
    done = solvings.mutate(act=name, known_at=known_at).filter(~first | (ripe_at <= micros(as_of)))
    return act_rows(done, done.act)


def first_solvings(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """The first ``ticket.solved`` of each person and thread that had a contact.

    Columns: person, event_id, occurred_at, known_at, incident, thread, topic, the labels; ``solved``
    (microseconds), ``contacts``, the instants of contact up to then, and ``reopened_known``, when the first
    reopening in the ``reopen_days`` after was known (null: none).
    """
    known = known_by(events, as_of)
    firsts = _firsts(known.filter(known.kind == SOLVED, known.thread.notnull()))
    around = _around(known).join(firsts.select("person", "thread", "solved"), ["person", "thread"])
    until = around.solved + microseconds(window.reopen_days)
    contact = around.contact & (around.moment <= around.solved)
    back = ~around.contact & (around.moment > around.solved) & (around.moment <= until)
    told = around.group_by(["person", "thread"]).aggregate(
        contacts=around.moment.nunique(where=contact), reopened_known=around.known_at.min(where=back)
    )
    joined = firsts.join(told, ["person", "thread"])
    return joined.filter(joined.contacts >= 1)


def _firsts(solvings: ir.Table) -> ir.Table:
    rows = solvings.select(
        *("person", "event_id", "occurred_at", "known_at", "incident", "thread", "topic", *LABELS),
        solved=unix_micros(solvings.occurred_at),
    )
    in_thread = ibis.window(group_by=["person", "thread"], order_by=["solved", "event_id"])
    ranked = rows.mutate(rank=ibis.row_number().over(in_thread))
    return ranked.filter(ranked["rank"] == 0).select(*rows.columns)


def _around(known: ir.Table) -> ir.Table:
    """Contacts and reopenings in threads: person, thread, known_at, ``moment``, ``contact``."""
    read = known.filter(known.kind.isin((*CONTACT_KINDS, REOPENED)), known.thread.notnull())
    chosen = read.filter(is_contact(read) | (read.kind == REOPENED))
    return chosen.select(
        *("person", "thread", "known_at"), moment=unix_micros(chosen.occurred_at), contact=chosen.kind != REOPENED
    )


def repeated(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Contacts on a thread or topic that had been called solved in the ``topic_days`` before: one per instant."""
    came = contact_events(events, as_of=as_of, window=window)
    again = came.filter(came.again)
    at_once = ibis.window(group_by=["person", "moment"], order_by="event_id")
    ranked = again.mutate(rank=ibis.row_number().over(at_once))
    each = ranked.filter(ranked["rank"] == 0)
    return act_rows(each, Act.CONTACT_REPEATED, size=severity_of(each))


def repaired_badly(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Repairs of an incident whose justice is known and below ``bad_repair``."""
    known = known_by(events, as_of)
    repairs = known.filter(known.kind == REPAIRED)
    bad = repairs.filter(justice(repairs) < window.bad_repair)
    return act_rows(bad, Act.REPAIRED_BADLY)
