"""Import of a CSV export against DuckDB's own ``COPY`` of the same file to Parquet.

The export has an order a line in fifteen columns, as a shop gives it; one event each, by a mapping of one's own.
Ours goes the whole way: the file read as text, each cell understood and checked, events given their ids, known ones
left out, the log written and acknowledged. The two take turns, and the median of the ratios is given.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from gouttes import intake
from gouttes.settings import Settings
from gouttes.sources.declared import parse
from gouttes.workspace import Workspace

MAPPING = """
[mapping]
source = "bench"
title = "Bench"
describe = "One order a line."

[[file]]
name = "orders"
required = ["order_id", "customer", "ordered_at"]
[file.columns]
order_id = ["order_id"]
customer = ["customer"]
ordered_at = ["ordered_at"]
amount = ["amount"]
currency = ["currency"]
channel = ["channel"]
product = ["product"]

[[event]]
from = "orders"
kind = "order.placed"
key = "order_id"
subject = "'bench:customer:' || customer"
occurred_at = "moment(ordered_at)"
thread = "'bench:order:' || order_id"
amount = "number(amount)"
channel = "channel"
product = "product"
"""
EXPORT = """
copy (
  select 'C' || (10000 + i) as order_id, strftime(placed, '%Y-%m-%dT%H:%M:%SZ') as ordered_at, i % 200000 as customer,
         'Camille Martin ' || i % 200000 as name, 'camille.martin' || i % 200000 || '@example.org' as email,
         '06 39 98 ' || lpad((i % 100)::varchar, 2, '0') || ' 12' as phone, 75001 + i % 20 as postcode, 'Paris' as city,
         'tableware ' || i % 97 as product, (i % 100000) / 100 as amount, 'EUR' as currency, 'web' as channel,
         strftime(placed + interval 3 day, '%Y-%m-%d') as promised_on,
         strftime(placed + interval (24 + i % 72) hour, '%Y-%m-%dT%H:%M:%SZ') as delivered_at, 'delivered' as status
  from (select i, timestamp '2024-01-01' + interval (i * 30) second as placed from range({rows}) r(i))
) to '{path}' (header)
"""


def ours(export: Path, folder: Path) -> float:
    """Seconds of a whole import into a new workspace."""
    workspace = Workspace.create(folder, Settings(name="Bench", simulated=True))
    mapping = parse(MAPPING, where="bench")
    started = time.perf_counter()
    taken = intake.take(workspace, [export], mapping=mapping, now=datetime(2026, 1, 1, tzinfo=UTC))
    seconds = time.perf_counter() - started
    if taken.events.added < 1:
        raise RuntimeError("nothing was imported")
    return seconds


def rival(export: Path, target: Path) -> float:
    """Seconds of DuckDB's own copy."""
    connection = duckdb.connect()
    started = time.perf_counter()
    connection.execute(f"copy (from read_csv('{export}')) to '{target}'")
    return time.perf_counter() - started


def measure(rows: int, turns: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export = folder / "orders.csv"
        duckdb.connect().execute(EXPORT.format(rows=rows, path=export))
        pairs = []
        for turn in range(turns + 1):  # the first pair warms up both
            copied = rival(export, folder / f"{turn}.parquet")
            pairs.append((ours(export, folder / f"ws{turn}"), copied))
        ratio = statistics.median(mine / theirs for mine, theirs in pairs[1:])
        more = {"rows": rows, "pairs": turns, "seconds": round(statistics.median(mine for mine, _ in pairs[1:]), 2)}
        print(json.dumps({"figure": "import of a CSV / DuckDB COPY", "value": ratio, "target": "<= 3", **more}))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"figure": "import, peak memory in GiB", "value": peak, "target": "<= 4"}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    measure(given.rows, given.turns)
