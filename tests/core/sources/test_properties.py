"""Whatever a cell holds, nothing fails and no row is lost."""

import csv
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.core.sources.brought import ORDERS, Brought, bring

HEADINGS = ("id", "day", "customer", "amount", "note")
USING = (
    ORDERS
    + """
[[event]]
from = "orders"
kind = "order.returned"
when = "amount < '5'"
key = "id"
subject = "customer"
occurred_at = "moment(day)"
due_at = "moment(note)"
amount = "number(amount)"
severity = "number(note)"
properties = { note = "note" }
"""
)

CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "A1",
            "2024-03-01",
            "31/02/2024",
            "12,5",
            "1e999",
            "\0",
            '"',
            "\r",
            "\n",
            "'",
            ";",
            "{}",
            "\ufeff",
            "\x1f\x08",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12),
    st.datetimes().map(str),
    st.floats().map(str),
)
ROWS = st.lists(st.tuples(*[CELLS] * len(HEADINGS)), max_size=8)


def every_row_is_accounted_for(found: Brought, rows: int) -> None:
    (report,) = found.files
    assert report.rows == rows
    for entry in report.entries:
        assert entry.rows == entry.made + entry.duplicates + entry.rejected + entry.skipped == rows
    assert len(found.events) == sum(report.events.values()) == len({row["event_id"] for row in found.events})
    assert len(found.texts) == report.texts
    assert len(found.rejects) == sum(report.rejects.values()) == sum(entry.rejected for entry in report.entries)


@settings(max_examples=25)
@given(rows=ROWS)
@example(rows=[("\0", "\0", "\0", "\0", "\0")])
@example(rows=[("\r", "\n", "\r\n", "", "")])
def test_no_cell_of_a_csv_file_is_too_odd(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([HEADINGS, *rows])
        found, again = bring(path, using=USING), bring(path, using=USING)
    every_row_is_accounted_for(found, len(rows))
    assert found.events == again.events


@settings(max_examples=15)
@given(rows=ROWS)
def test_no_cell_of_a_parquet_file_is_too_odd(rows: list[tuple[str, ...]]) -> None:
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(HEADINGS)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        pq.write_table(pa.table(columns), path)
        every_row_is_accounted_for(bring(path, using=USING), len(rows))
