"""The log of a large simulated company, written as it is made, for benchmarks."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gouttes.eventlog.schema import EVENTS
from gouttes.simulate.arrow import compact, moments, plain
from gouttes.simulate.company import CHUNK, plans
from gouttes.simulate.people_sql import load_records
from gouttes.simulate.records import enrol
from gouttes.simulate.truth import finish

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from gouttes.simulate.company import Company
    from gouttes.simulate.records import Records
    from gouttes.simulate.world import World

BATCH_ROWS = 131_072
THREADS = 2
"""Chunks made at the same time: more takes more memory, about 600 MiB each."""


def batches(company: Company, *, chunk: int = CHUNK) -> Iterator[pa.RecordBatch]:
    """Every event of a company, as batches of ``EVENTS``: in order of time within each chunk of people."""
    for table in _tables(company, enrol(company), chunk):
        yield from plain(table).to_batches(max_chunksize=BATCH_ROWS)


def write_log(company: Company, folder: str | os.PathLike[str], *, chunk: int = CHUNK) -> list[Path]:
    """Write every event of a company as Parquet, and who its customers are; return the paths.

    ``folder`` gets ``events/month=YYYY-MM/part-0.parquet`` (columns of ``EVENTS``; a row group per chunk of people,
    in order of time inside it) and ``identifiers.parquet`` (columns of ``IDENTIFIERS``).
    """
    root = Path(folder)
    records = enrol(company)
    writers: dict[np.datetime64, pq.ParquetWriter] = {}
    with ExitStack() as open_files:
        for table in _tables(company, records, chunk):
            for month, rows in _by_month(table):
                if month not in writers:
                    path = root / "events" / f"month={month}" / "part-0.parquet"
                    writers[month] = open_files.enter_context(_writer(path, rows.schema))
                writers[month].write_table(rows)
    paths = [root / "events" / f"month={month}" / "part-0.parquet" for month in sorted(writers)]
    return [*paths, _write_identifiers(company, records, root / "identifiers.parquet")]


def _tables(company: Company, records: Records, chunk: int) -> Iterator[pa.Table]:
    """One compact table per chunk, in order, a few made at the same time."""
    waiting = deque(plans(company, chunk=chunk, keep=False))
    with ThreadPoolExecutor(THREADS) as pool:
        running: deque[Future[pa.Table]] = deque()
        while waiting or running:
            while waiting and len(running) < THREADS:
                running.append(pool.submit(_table, company, records, waiting.popleft()))
            yield running.popleft().result()


def _table(company: Company, records: Records, plan: Callable[[], World]) -> pa.Table:
    world = plan()
    events = finish(world)
    return compact(company, world.crew, records, {**events, "who": events["who"] + world.part.first})


def _by_month(table: pa.Table) -> Iterator[tuple[np.datetime64, pa.Table]]:
    """Slices of a table in order of time: copies nothing."""
    months = table["occurred_at"].to_numpy().astype("M8[M]")
    starts = np.flatnonzero(np.r_[True, months[1:] != months[:-1]])
    for start, stop in zip(starts, [*starts[1:], len(months)], strict=True):
        yield months[start], table.slice(start, stop - start)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    repeated = [name for name in EVENTS.names if name != "event_id"]
    # Without the stored schema, readers see plain strings where we write dictionaries.
    return pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=repeated, store_schema=False)


def _write_identifiers(company: Company, records: Records, path: Path) -> Path:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 2; set memory_limit = '1GB'")
        connection.execute("set preserve_insertion_order = false")
        load_records(connection, records, kept=False)
        connection.register("began", pa.table({"known_at": moments(np.array([company.start_day]))}))
        connection.sql(IDENTIFIERS_SQL).write_parquet(str(path))
    return path


IDENTIFIERS_SQL = """
select prefix || key as subject, field, value, known_at, source
from (select prefix, source, key, unnest([{'field': 'email', 'value': email}, {'field': 'phone', 'value': phone}],
                                         recursive := true)
      from records join systems on systems.number = records.system)
cross join began
where value is not null
"""
