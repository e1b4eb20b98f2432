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
from gouttes.eventlog.tables import MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gouttes.eventlog.tables import EventLog, LogTable

READERS = {"events": read.events, "identifiers": read.identifiers}
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


def append_events(log: EventLog, events: pa.Table | pa.RecordBatchReader, *, distinct: bool = False) -> Appended:
    """Add events, each once whatever the number of calls and of processes.

    Args:
        log: the log.
        events: columns of ``schema.EVENTS``; absent optional columns are null. A long stream is appended in several
            commits: interrupted, it can be given again from the start.
        distinct: the caller vouches that no ``event_id`` is given twice; looking costs a third of an append.

    Returns:
        How many were added, known already, or refused because their person was erased.

    Raises:
        MissingColumnsError: a required column is absent.
        BadInputError: a required value is null, or a kind is not in the registry.
    """
    return _in_parts(log, "events", events, ["event_id"], distinct=distinct)


def append_identifiers(log: EventLog, identifiers: pa.Table | pa.RecordBatchReader) -> Appended:
    """Add identifiers; the same subject, field and value is kept once, as first known."""
    return _in_parts(log, "identifiers", identifiers, IDENTIFIERS.names[:3])


def append_texts(log: EventLog, texts: pa.Table | pa.RecordBatchReader) -> Appended:
    """Add texts; an event has one text. A text whose event is not in the log is left out: nobody could erase it."""
    return _in_parts(log, "texts", texts, ["event_id"])


def _in_parts(
    log: EventLog, name: str, rows: pa.Table | pa.RecordBatchReader, key: list[str], *, distinct: bool = False
) -> Appended:
    """Append a table at once, a stream in parts that fit in memory."""
    parts = [rows] if isinstance(rows, pa.Table) else _parts(rows)
    total = Appended()
    for part in parts:
        checked = _checked(part) if name == "events" else part.select(SCHEMAS[name].names).cast(SCHEMAS[name])
        with log.workspace.lock():
            total += _append(log, name, checked, key, distinct=distinct)
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


def _append(log: EventLog, name: str, rows: pa.Table, key: list[str], *, distinct: bool) -> Appended:
    lawful = rows if name == "texts" else erased.without_erased(log, rows)
    if name == "texts":
        lawful = _with_event(log, lawful)
    fresh = _unknown(log, name, lawful, key)
    fresh = fresh if distinct else _once(fresh, key)
    if len(fresh):
        table: LogTable = getattr(log, name)
        table.append(_with_month(fresh) if table.partition else fresh)
    return Appended(added=len(fresh), known=len(lawful) - len(fresh), erased=len(rows) - len(lawful))


def _with_event(log: EventLog, texts: pa.Table) -> pa.Table:
    connection = engines.connect()
    given = ibis.memtable(texts)
    return connection.to_pyarrow(given.semi_join(read.events(log, connection), "event_id")).cast(texts.schema)


def _unknown(log: EventLog, name: str, rows: pa.Table, key: list[str]) -> pa.Table:
    """The rows whose key the log does not hold."""
    names = getattr(log, name).names()
    if not names or not len(rows):
        return rows
    connection = engines.connect()
    stored = read.texts(log, connection) if name == "texts" else READERS[name](log, connection, names=names)
    # The stored side is the large one: it is streamed past the batch, not loaded.
    known = connection.to_pyarrow(stored.select(key).semi_join(ibis.memtable(rows.select(key)), key).distinct())
    if not len(known):
        return rows
    return connection.to_pyarrow(ibis.memtable(rows).anti_join(ibis.memtable(known), key)).cast(rows.schema)


def _once(rows: pa.Table, key: list[str]) -> pa.Table:
    """One row for each key; among several, the same whatever their order."""
    one = len(key) == 1  # counting a column is three times faster than grouping by it
    different = pc.count_distinct(rows[key[0]]).as_py() if one else rows.group_by(key).aggregate([]).num_rows
    if different == len(rows):
        return rows
    given = ibis.memtable(rows)
    rank = ibis.row_number().over(ibis.window(group_by=key, order_by=sorted(rows.column_names)))
    first = given.mutate(rank=rank).filter(lambda t: t["rank"] == 0).drop("rank")
    return engines.connect().to_pyarrow(first).cast(rows.schema)


def _with_month(rows: pa.Table) -> pa.Table:
    """The rows with their partition; each month is written out once, not once per row."""
    months = pc.floor_temporal(rows["occurred_at"], unit="month").combine_chunks().dictionary_encode()
    if isinstance(months, pa.ChunkedArray):
        months = months.combine_chunks()
    names = pc.strftime(months.dictionary, "%Y-%m")
    return rows.append_column(MONTH, names.take(months.indices))
