"""Appending to the log: what is there already is left out, what is not lawful is refused.

Appends of one workspace follow one another (a file lock), because Delta lets two writers add the same event at the
same instant. Each append is one commit: killed before it, nothing is there; killed after, everything is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog import erased, read
from gouttes.eventlog.kinds import KINDS
from gouttes.eventlog.schema import EVENTS, IDENTIFIERS, REQUIRED, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

    from gouttes.eventlog.tables import EventLog

SCHEMAS = {"identifiers": IDENTIFIERS, "texts": TEXTS}
PART = 1_000_000
"""Rows of one commit of a stream: about 300 MB in memory."""


@dataclass(frozen=True)
class Appended:
    """What became of the rows given: ``added``, ``known`` already, or about a person since ``erased``."""

    added: int = 0
    known: int = 0
    erased: int = 0

    def __add__(self, other: Appended) -> Appended:
        return Appended(self.added + other.added, self.known + other.known, self.erased + other.erased)


def append_events(log: EventLog, events: pa.Table | pa.RecordBatchReader) -> Appended:
    """Add events, each once whatever the number of calls and of processes.

    Args:
        log: the log.
        events: columns of ``schema.EVENTS``; absent optional columns are null. A long stream is appended in several
            commits: interrupted, it can be given again from the start.

    Returns:
        How many were added, known already, or refused because their person was erased.

    Raises:
        MissingColumnsError: a required column is absent.
        BadInputError: a required value is null, or a kind is not in the registry.
    """
    return _in_parts(log, "events", events, ["event_id"])


def append_identifiers(log: EventLog, identifiers: pa.Table | pa.RecordBatchReader) -> Appended:
    """Add identifiers; the same subject, field and value is kept once, as first known."""
    return _in_parts(log, "identifiers", identifiers, IDENTIFIERS.names[:3])


def append_texts(log: EventLog, texts: pa.Table | pa.RecordBatchReader) -> Appended:
    """Add texts; an event has one text. A text whose event is not in the log is left out: nobody could erase it."""
    return _in_parts(log, "texts", texts, ["event_id"])


def _in_parts(log: EventLog, name: str, rows: pa.Table | pa.RecordBatchReader, key: list[str]) -> Appended:
    """Append a table at once, a stream in parts that fit in memory."""
    parts = [rows] if isinstance(rows, pa.Table) else _parts(rows)
    total = Appended()
    for part in parts:
        checked = _checked(part) if name == "events" else part.select(SCHEMAS[name].names).cast(SCHEMAS[name])
        with log.workspace.lock():
            total += _append(log, name, checked, key)
    return total


def _parts(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    batches: list[pa.RecordBatch] = []
    for batch in reader:
        batches.append(batch)
        if sum(len(each) for each in batches) >= PART:
            yield pa.Table.from_batches(batches)
            batches = []
    if batches:
        yield pa.Table.from_batches(batches)


def _checked(events: pa.Table) -> pa.Table:
    missing = set(REQUIRED) - set(events.column_names)
    if missing:
        raise MissingColumnsError("The event log", missing, events.column_names, "Add them to the mapping.")
    for field in EVENTS:
        if field.name not in events.column_names:
            events = events.append_column(field, pa.nulls(len(events), field.type))
    rows = events.select(EVENTS.names)
    for name in REQUIRED:
        if rows[name].null_count:
            raise BadInputError(f"Column `{name}` of events is null in {rows[name].null_count} row(s): it is required.")
    unknown = sorted(set(pc.unique(rows["kind"]).to_pylist()) - set(KINDS))
    if unknown:
        raise BadInputError(f"Event kind(s) {unknown} are not in the registry: see docs/reference/event-kinds.md.")
    return rows.cast(EVENTS)


def _append(log: EventLog, name: str, rows: pa.Table, key: list[str]) -> Appended:
    if not len(rows):
        return Appended()
    connection = engines.connect()
    given = connection.create_table("given", ibis.memtable(rows), temp=True)
    lawful = given if name == "texts" else erased.without_erased(log, given)
    if name == "texts":
        lawful = lawful.semi_join(read.events(log, connection), "event_id")
    kept = int(lawful.count().execute())
    fresh = _fresh(log, name, lawful, key)
    if name == "events":
        fresh = fresh.mutate(month=fresh.occurred_at.strftime("%Y-%m"))
    table = fresh.to_pyarrow().cast(getattr(log, name).stored_schema)
    if len(table):
        getattr(log, name).append(table)
    return Appended(added=len(table), known=kept - len(table), erased=len(rows) - kept)


def _fresh(log: EventLog, name: str, given: ir.Table, key: list[str]) -> ir.Table:
    """The rows whose key is neither in the log nor earlier in the batch."""
    files = getattr(log, name).files()
    if files:
        reader = {"events": read.events, "identifiers": read.identifiers}.get(name)
        stored = reader(log, given.get_backend(), files=files) if reader else read.texts(log, given.get_backend())
        # The stored side is the large one: it is streamed past the batch, not loaded.
        known = stored.select(key).semi_join(given.select(key), key).distinct().cache()
        given = given.anti_join(known, key)
    distinct = given.select(key).distinct().count().execute()
    if distinct == given.count().execute():
        return given
    first = ibis.row_number().over(ibis.window(group_by=key, order_by=sorted(given.columns)))
    return given.mutate(rank=first).filter(lambda t: t["rank"] == 0).drop("rank")
