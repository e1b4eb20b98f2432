"""Renewals: frictionless, strained, locked in, and contracts lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.behaviour.contacts import is_touch
from gouttes.behaviour.rows import LABELS, act_rows, flag, known_by
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import json_text, unix_micros
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

RENEWED, ENDED, ESCALATED = "subscription.renewed", "subscription.ended", "ticket.escalated"
REMINDER, RETENTION = "reminder", "retention"
REMINDERS_ALLOWED = 1
NO_DISCOUNT = ("", "0", "false", "null", "none")


def renewal(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Acts ``renewal.frictionless``, ``renewal.strained``, ``renewal.locked`` and ``renewal.lost``.

    Locked: the event's properties say ``locked``; it proves the constraint and counts nowhere. Frictionless: on or
    before the due date, without discount, and in the ``strain_days`` before at most one reminder, no retention
    call and no escalation. Strained: any other renewal. Lost: the contract ended.
    """
    known = known_by(events, as_of)
    renewed = _renewals(known, window)
    ended = known.filter(known.kind == ENDED)
    name = ibis.cases(
        (renewed.locked, Act.RENEWAL_LOCKED.value),
        (renewed.smooth, Act.RENEWAL_FRICTIONLESS.value),
        else_=Act.RENEWAL_STRAINED.value,
    )
    return ibis.union(act_rows(renewed, name), act_rows(ended, Act.RENEWAL_LOST))


def _renewals(known: ir.Table, window: Windows) -> ir.Table:
    rows = _rows(known)
    before = ibis.range_window(preceding=(microseconds(window.strain_days), 1), group_by="person", order_by="moment")
    counted = rows.mutate(
        reminders=rows.reminder.sum().over(before).fill_null(0),
        obstacles=rows.obstacle.sum().over(before).fill_null(0),
    )
    smooth = counted.willing & (counted.reminders <= REMINDERS_ALLOWED) & (counted.obstacles == 0)
    return counted.filter(counted.renewed).mutate(smooth=smooth)


def _rows(known: ir.Table) -> ir.Table:
    """Renewals, and what can strain them, in one table: the strain is counted in a window over both."""
    read = known.filter(known.kind.isin((RENEWED, ESCALATED)) | known.topic.isin((REMINDER, RETENTION)))
    touch = is_touch(read) & read.topic.isin((REMINDER, RETENTION))
    chosen = read.filter(read.kind.isin((RENEWED, ESCALATED)) | touch)
    renewed = chosen.kind == RENEWED
    prompt = is_touch(chosen)
    obstacle = (chosen.kind == ESCALATED) | (prompt & (chosen.topic == RETENTION))
    punctual = chosen.occurred_at <= chosen.due_at
    return chosen.select(
        *("person", "event_id", "occurred_at", "known_at", "incident", "thread", "topic", *LABELS),
        moment=unix_micros(chosen.occurred_at),
        renewed=renewed,
        locked=flag(json_text(chosen.properties, "locked") == "true"),
        willing=flag(punctual) & ~_discounted(chosen),
        reminder=flag(prompt & (chosen.topic == REMINDER)).cast("int64"),
        obstacle=flag(obstacle).cast("int64"),
    )


def _discounted(events: ir.Table) -> ir.BooleanValue:
    text = json_text(events.properties, "discount").strip().lower()
    nothing = text.isnull() | text.isin(NO_DISCOUNT) | (text.try_cast(dt.float64) == 0.0)
    return ~flag(nothing)
