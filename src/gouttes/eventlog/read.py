"""Reading the log as Ibis tables, on any engine."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.eventlog.kinds import DECISION
from gouttes.eventlog.schema import EVENTS_IBIS, IDENTIFIERS_IBIS, TEXTS_IBIS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.eventlog.tables import EventLog


def events(
    log: EventLog, connection: SQLBackend, *, known_by: datetime | None = None, names: Sequence[str] | None = None
) -> ir.Table:
    """The events, with the columns of ``schema.EVENTS``.

    Args:
        log: the log.
        connection: where the expression will run.
        known_by: only what had happened and could be known at that instant.
        names: read these files of the log only, as ``LogTable.names`` gives them.
    """
    table = engines.read_parquet(connection, log.events.files(names), EVENTS_IBIS)
    if known_by is None:
        return table
    moment = ibis.literal(known_by, type="timestamp('UTC')")
    return table.filter((table.occurred_at <= moment) & (table.known_at <= moment))


def last_known(log: EventLog, connection: SQLBackend) -> datetime | None:
    """The last instant that the log knows of customers, in UTC; None where there is none.

    What was decided here is no news of them, and does not move the date of the readings.
    """
    first = log.events.latest("known_at")
    found = _last(log, connection, first) or _last(log, connection, log.events.names())
    if found is None:
        return None
    others = sorted(set(log.events.after(found, "known_at")) - set(first))
    later = _last(log, connection, others)
    return max(found, later) if later else found


def _last(log: EventLog, connection: SQLBackend, names: Sequence[str]) -> datetime | None:
    table = events(log, connection, names=names)
    (last,) = table.filter(table.kind != DECISION).agg(last=table.known_at.max()).to_pyarrow()["last"].to_pylist()
    return last.astimezone(UTC) if last else None


def identifiers(log: EventLog, connection: SQLBackend, *, names: Sequence[str] | None = None) -> ir.Table:
    """What sources know of who a subject is, with the columns of ``schema.IDENTIFIERS``."""
    return engines.read_parquet(connection, log.identifiers.files(names), IDENTIFIERS_IBIS)


def texts(log: EventLog, connection: SQLBackend) -> ir.Table:
    """The words people wrote, with the columns of ``schema.TEXTS``."""
    return engines.read_parquet(connection, log.texts.files(), TEXTS_IBIS)
