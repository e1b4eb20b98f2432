"""The log written for benchmarks is the same company, chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from gouttes.eventlog.schema import EVENTS, IDENTIFIERS
from gouttes.simulate import Company, batches, write_log

if TYPE_CHECKING:
    from pathlib import Path

LARGE = Company.large(600)


def test_batches_have_the_columns_of_the_log_and_the_wanted_number_of_rows() -> None:
    found = list(batches(LARGE, chunk=250))
    assert all(batch.schema == EVENTS for batch in found)
    table = pa.Table.from_batches(found)
    assert table.num_rows == 12_000
    assert len(table["event_id"].unique()) == 12_000


def test_files_hold_the_batches_month_by_month(tmp_path: Path) -> None:
    paths = write_log(LARGE, tmp_path, chunk=250)
    events = [path for path in paths if path.parent.name.startswith("month=")]
    parts = [pq.ParquetFile(path).read() for path in events]
    for path, part in zip(events, parts, strict=True):
        assert set(part["occurred_at"].to_numpy().astype("M8[M]").astype(str)) == {path.parent.name[6:]}
    written = pa.concat_tables(parts).cast(EVENTS).sort_by("event_id")
    assert written.equals(pa.Table.from_batches(batches(LARGE, chunk=250)).sort_by("event_id"))


def test_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    first, again = (write_log(LARGE, tmp_path / name, chunk=250)[:-1] for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_identifiers_name_every_subject(tmp_path: Path) -> None:
    *events, identifiers = write_log(LARGE, tmp_path, chunk=250)
    table = pq.ParquetFile(identifiers).read()
    assert table.schema.names == IDENTIFIERS.names
    known = set(table["subject"].to_pylist())
    for path in events:
        assert set(pq.ParquetFile(path).read(["subject"])["subject"].to_pylist()) <= known
