"""Erasing people from the log.

A Delta ``DELETE`` writes its condition into the transaction log, so the erased key would stay there. Instead the
months concerned are written again without the rows, and the files they replace are removed at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from gouttes import engines
from gouttes.eventlog import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.eventlog.tables import EventLog


def forget_subjects(log: EventLog, subjects: Sequence[str]) -> dict[str, int]:
    """Erase every event, text and identifier of these subjects, and vacuum.

    Texts go first and events last: an erasure that was interrupted can be run again and still finds what is left.

    Returns:
        Rows erased, by table.
    """
    connection = engines.connect()
    gone = ibis.memtable(pa.table({"subject": pa.array(subjects, pa.string())}))
    with log.workspace.lock():
        counts = {
            "texts": _forget_texts(log, connection, gone),
            "identifiers": _forget_identifiers(log, connection, gone),
            "events": _forget_events(log, connection, gone),
        }
        for table in (log.texts, log.identifiers, log.events):
            table.vacuum()
    return counts


def _forget_texts(log: EventLog, connection: SQLBackend, gone: ir.Table) -> int:
    theirs = read.events(log, connection).semi_join(gone, "subject").select("event_id").cache()
    texts = read.texts(log, connection)
    found = int(texts.semi_join(theirs, "event_id").count().execute())
    if found:
        log.texts.rewrite(texts.anti_join(theirs, "event_id").to_pyarrow().cast(log.texts.schema))
    return found


def _forget_identifiers(log: EventLog, connection: SQLBackend, gone: ir.Table) -> int:
    """Their own identifiers, and the links by which other subjects were declared to be the same person."""
    identifiers = read.identifiers(log, connection)
    links = identifiers.filter(identifiers.field == "same_as").semi_join(gone, [("value", "subject")])
    theirs = identifiers.semi_join(gone, "subject")
    keys = ["subject", "field", "value"]
    erased = theirs.select(keys).union(links.select(keys), distinct=True).cache()
    found = int(erased.count().execute())
    if found:
        kept = identifiers.anti_join(erased, keys)
        log.identifiers.rewrite(kept.to_pyarrow().cast(log.identifiers.schema))
    return found


def _forget_events(log: EventLog, connection: SQLBackend, gone: ir.Table) -> int:
    events = read.events(log, connection)
    events = events.mutate(month=events.occurred_at.strftime("%Y-%m"))
    months = events.semi_join(gone, "subject").group_by("month").agg(rows=lambda t: t.count()).to_pyarrow().to_pylist()
    for month in months:
        kept = events.filter(events.month == month["month"]).anti_join(gone, "subject")
        rows = kept.to_pyarrow().cast(log.events.stored_schema)
        log.events.rewrite(rows, month=month["month"])
    return sum(month["rows"] for month in months)
