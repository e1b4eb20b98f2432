"""What stages hold, as Arrow batches with exactly the columns of the log."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import datetime as dt
from functools import lru_cache
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
# UUID version 5 (RFC 9562, section 5.5): the first 32 digits of the SHA-1 in five groups; at the 13th stands the
# version, at the 17th one of 8, 9, a, b, by its last two bits.
GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
LENGTH, VERSION, VARIANT = 36, 14, 19
VARIANTS = np.zeros(128, dtype=np.uint8)
VARIANTS[list(b"0123456789abcdef")] = list(b"89ab" * 4)


def event_ids(digests: pa.Array) -> pa.Array:
    """UUIDs, as text, of SHA-1 digests in hexadecimal, none of them null."""
    count = len(digests)
    if not count:
        return digests
    letters = np.frombuffer(digests.buffers()[2], np.uint8)[DIGEST * digests.offset :]
    found = letters[: DIGEST * count].reshape(count, DIGEST)
    written = np.full((count, LENGTH), ord("-"), dtype=np.uint8)
    for rank, (start, stop) in enumerate(GROUPS):
        written[:, start + rank : stop + rank] = found[:, start:stop]
    written[:, VERSION] = ord("5")
    written[:, VARIANT] = VARIANTS[written[:, VARIANT]]
    starts = np.arange(count + 1, dtype=np.int32) * LENGTH
    return pa.StringArray.from_buffers(count, pa.py_buffer(starts), pa.py_buffer(written))


def events_of(sandbox: Sandbox, stages: Sequence[Stage]) -> Iterator[pa.RecordBatch]:
    """The events of stages, one stage after the other."""
    for found in stages:
        stored = _stored(found)
        cells = ", ".join([f"{found.digest} as event_id", *map(named, stored)])
        for batch in sandbox.batches(f"select {cells} from {found.table} where {KEPT}", BATCH):
            yield _completed(found, ["event_id", *stored], batch)


def first_events(sandbox: Sandbox, found: Stage, most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The first events of a stage, each with its line, without their empty columns; times in UTC."""
    stored = _stored(found)
    cells = ", ".join(["line", f"{found.digest} as event_id", *map(named, stored)])
    select = f"select {cells} from (from {found.table} where {KEPT} order by line limit {most})"
    for batch in sandbox.batches(select, most):
        lines = batch.column(0).to_pylist()
        rows = _completed(found, ["event_id", *stored], batch.select(range(1, batch.num_columns))).to_pylist()
        for line, row in zip(lines, rows, strict=True):
            yield line, {name: _shown(cell) for name, cell in row.items() if cell is not None}


def _stored(found: Stage) -> list[str]:
    return [name for name in EVENTS.names if name in found.columns]


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
            columns.append(_repeated(found.fixed.get(field.name), field.type, batch.num_rows))
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)


@lru_cache(maxsize=64)
def _repeated(value: str | None, kind: pa.DataType, rows: int) -> pa.Array:
    """One value in every row; most batches have the same length, and Arrow's arrays can be shared."""
    return pa.repeat(pa.scalar(value, kind), rows)


def texts_of(sandbox: Sandbox, stages: Sequence[Stage], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The texts of stages."""
    for found in stages:
        select = f"select {found.digest} as event_id, text, language from {found.table} where {KEPT}"
        for batch in sandbox.batches(select, BATCH):
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
