"""Reading the log as Ibis tables, on any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.eventlog.schema import EVENTS_IBIS, IDENTIFIERS_IBIS, TEXTS_IBIS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.eventlog.tables import EventLog


def events(
    log: EventLog, connection: SQLBackend, *, known_by: datetime | None = None, files: Sequence[str] | None = None
) -> ir.Table:
    """The events, with the columns of ``schema.EVENTS``.

    Args:
        log: the log.
        connection: where the expression will run.
        known_by: only what had happened and could be known at that instant.
        files: read these files of the log only.
    """
    table = engines.read_parquet(connection, log.events.files() if files is None else files, EVENTS_IBIS)
    return table if known_by is None else as_known(table, known_by)


def as_known(table: ir.Table, instant: datetime) -> ir.Table:
    """The rows that had happened and could be known at an instant."""
    moment = ibis.literal(instant, type="timestamp('UTC')")
    return table.filter((table.occurred_at <= moment) & (table.known_at <= moment))


def identifiers(log: EventLog, connection: SQLBackend, *, files: Sequence[str] | None = None) -> ir.Table:
    """What sources know of who a subject is, with the columns of ``schema.IDENTIFIERS``."""
    return engines.read_parquet(connection, log.identifiers.files() if files is None else files, IDENTIFIERS_IBIS)


def texts(log: EventLog, connection: SQLBackend) -> ir.Table:
    """The words people wrote, with the columns of ``schema.TEXTS``."""
    return engines.read_parquet(connection, log.texts.files(), TEXTS_IBIS)
