"""What stages hold, as Arrow batches with exactly the columns of the log."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gouttes.eventlog.schema import EVENTS
from gouttes.sources.evaluate import KEPT
from gouttes.sources.macros import named, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gouttes.sources.evaluate import Stage
    from gouttes.sources.sandbox import Sandbox

BATCH = 122_880  # rows of a batch: one row group of DuckDB
DIGEST = 40  # hexadecimal digits of a SHA-1
# UUID version 5 (RFC 9562, section 5.5): the first 32 digits of the SHA-1 with hyphens; at the 13th stands the version,
# at the 17th one of 8, 9, a, b, by its last two bits.
_PLACES = [*range(8), -1, *range(8, 12), -1, *range(12, 16), -1, *range(16, 20), -1, *range(20, 32)]
_HYPHENS = [place for place, digit in enumerate(_PLACES) if digit < 0]
_VERSION, _VARIANT = 14, 19
_VARIANTS = np.zeros(128, dtype=np.uint8)
_VARIANTS[list(b"0123456789abcdef")] = list(b"89ab" * 4)


def event_ids(digests: pa.Array) -> pa.Array:
    """UUIDs, as text, of SHA-1 digests in hexadecimal."""
    count = len(digests)
    if not count:
        return digests.cast(pa.string())
    letters = np.frombuffer(digests.cast(pa.binary()).cast(pa.binary(DIGEST)).buffers()[1], np.uint8)
    written = letters[: count * DIGEST].reshape(count, DIGEST)[:, _PLACES]
    written[:, _HYPHENS] = ord("-")
    written[:, _VERSION] = ord("5")
    written[:, _VARIANT] = _VARIANTS[written[:, _VARIANT]]
    starts = np.arange(count + 1, dtype=np.int32) * len(_PLACES)
    return pa.StringArray.from_buffers(count, pa.py_buffer(starts), pa.py_buffer(np.ascontiguousarray(written)))


def events_of(sandbox: Sandbox, stages: Sequence[Stage]) -> Iterator[pa.RecordBatch]:
    """The events of stages, one stage after the other."""
    for found in stages:
        stored = [name for name in EVENTS.names if name in found.columns]
        select = f"select {', '.join(map(named, stored))} from {found.table} where {KEPT}"
        for batch in sandbox.batches(select, BATCH):
            yield _completed(found, stored, batch)


def first_events(sandbox: Sandbox, found: Stage, most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The first events of a stage, each with its line, without their empty columns; times in UTC."""
    stored = [name for name in EVENTS.names if name in found.columns]
    select = f"select {', '.join(['line', *map(named, stored)])} from {found.table} where {KEPT} order by line"
    for batch in sandbox.batches(f"{select} limit {most}", most):
        lines = batch.column(0).to_pylist()
        rows = _completed(found, stored, batch.select(range(1, batch.num_columns))).to_pylist()
        for line, row in zip(lines, rows, strict=True):
            yield line, {name: _shown(cell) for name, cell in row.items() if cell is not None}


def _shown(cell: Any) -> Any:  # noqa: ANN401 -- a cell of any type
    return cell.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(cell, dt.datetime) else cell


def _completed(found: Stage, stored: list[str], batch: pa.RecordBatch) -> pa.RecordBatch:
    """Columns that are the same for all rows are written here, once; DuckDB gives times in the sandbox's zone."""
    cells = dict(zip(stored, batch.columns, strict=True))
    cells["event_id"] = event_ids(cells["event_id"])
    cells.setdefault("known_at", cells["occurred_at"])
    columns = []
    for field in EVENTS:
        if field.name in cells:
            columns.append(cells[field.name].cast(field.type))
        else:
            columns.append(pa.repeat(pa.scalar(found.fixed.get(field.name), field.type), batch.num_rows))
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)


def texts_of(sandbox: Sandbox, stages: Sequence[Stage], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The texts of stages."""
    for found in stages:
        for batch in sandbox.batches(f"select event_id, text, language from {found.table} where {KEPT}", BATCH):
            yield pa.RecordBatch.from_arrays([event_ids(batch.column(0)), *batch.columns[1:]], schema=schema)


def cast(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches of a query in the types of ``schema``."""
    for batch in reader:
        columns = [batch.column(place).cast(field.type) for place, field in enumerate(schema)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def identifiers_sql(stages: Sequence[Stage]) -> str:
    """The select of each identifier once, at the earliest moment it was known; empty where there is no stage."""
    union = " union all ".join(
        f"select subject, {quoted(found.fixed['field']) if 'field' in found.fixed else 'field'} as field, value, "
        f"known_at, {quoted(found.source)} as source from {found.table} where {KEPT}"
        for found in stages
    )
    once = "select subject, field, value, min(known_at) as known_at, source"
    return f"{once} from ({union}) group by all" if union else ""
