"""The same orders, in every format, encoding and packing, are the same events."""

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.core.sources.brought import ORDERS, as_csv, bring, write

from gouttes.errors import BadInputError

ROWS = [("A1", "2024-03-01 10:00:00", "Zoé", "12.5", "naïve\n« oui »"), ("A2", "2024-03-02 11:00:00", "Bob", "", "")]
HEADINGS = ("id", "day", "customer", "amount", "note")
TABLE = as_csv([HEADINGS, *ROWS])
RECORDS = [dict(zip(HEADINGS, row, strict=True)) | {"amount": float(row[3]) if row[3] else None} for row in ROWS]


def as_xlsx(rows: Sequence[Sequence[Any]], *, sheet: str = "Orders") -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(out)
    return out.getvalue()


def as_parquet() -> bytes:
    out = io.BytesIO()
    columns: dict[str, list[Any]] = {name: [record[name] for record in RECORDS] for name in HEADINGS}
    columns["day"] = [datetime.fromisoformat(str(day)) for day in columns["day"]]
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._junk", b"junk")
        archive.writestr(name, content)
    return out.getvalue()


FILES: dict[str, bytes] = {
    "commas.csv": TABLE.encode(),
    "semicolons.csv": as_csv([HEADINGS, *ROWS], ";").encode(),
    "tabs.tsv": as_csv([HEADINGS, *ROWS], "\t").encode(),
    "pipes.txt": as_csv([HEADINGS, *ROWS], "|").encode(),
    "excel.csv": b"sep=;\r\n" + as_csv([HEADINGS, *ROWS], ";").replace("\n", "\r\n").encode(),
    "bom.csv": TABLE.encode("utf-8-sig"),
    "utf16.csv": TABLE.encode("utf-16"),
    "utf16-no-mark.csv": TABLE.encode("utf-16-le"),
    "windows.csv": TABLE.encode("cp1252"),
    "returns.csv": TABLE.replace("\n", "\r").encode(),
    "array.json": json.dumps(RECORDS).encode(),
    "wrapped.json": json.dumps({"orders": RECORDS, "next": None}).encode(),
    "pretty.json": json.dumps({"orders": RECORDS}, indent=2).encode(),
    "lines.jsonl": "\n".join(json.dumps(record) for record in RECORDS).encode(),
    "one-after-the-other.json": "".join(json.dumps(record, indent=1) for record in RECORDS).encode(),
    "not-a-number.json": json.dumps([RECORDS[0], RECORDS[1] | {"amount": float("nan")}]).encode(),
    "orders.parquet": as_parquet(),
    "orders.xlsx": as_xlsx([HEADINGS, *(tuple(record.values()) for record in RECORDS)]),
    "titled.xlsx": as_xlsx([(None, None), HEADINGS, *(tuple(record.values()) for record in RECORDS)]),
    "orders.csv.gz": gzip.compress(TABLE.encode()),
    "orders.zip": zipped("deep/orders.csv", TABLE.encode()),
    "lines.zip": zipped("orders.jsonl", "\n".join(json.dumps(record) for record in RECORDS).encode()),
    "says-csv.csv": json.dumps(RECORDS).encode(),
    "says-json.json": TABLE.encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_shape_of_a_file_gives_the_same_events(tmp_path: Path, name: str) -> None:
    found = bring(write(tmp_path, name, FILES[name]))
    plain = [(row["subject"], row["amount"], row["currency"], row["occurred_at"].hour) for row in found.events]
    assert plain == [("test:Zoé", 12.5, "EUR", 9), ("test:Bob", None, None, 10)]
    assert [row["text"].replace("\r\n", "\n") for row in found.texts] == ["naïve\n« oui »"]
    assert found.rejects == []


def test_a_file_that_is_not_what_its_name_says_is_read_as_what_it_is_and_told(tmp_path: Path) -> None:
    for name, what in {"says-csv.csv": "JSON", "says-json.json": "delimited text"}.items():
        (report,) = bring(write(tmp_path, name, FILES[name])).files
        assert (report.what, len(report.notices)) == (what, 1)
        assert f"it is {what}" in report.notices[0]


def test_headings_are_compared_without_case_accents_and_punctuation(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "x.csv", "n° de COMMANDE;date;CLIENT;Remarqué\nA1;01/03/2024;Zoé;\n"))
    assert found.events[0]["subject"] == "test:Zoé"
    assert found.files[0].unknown_columns == ()


def test_a_decimal_comma_is_read_in_a_file_cut_by_semicolons(tmp_path: Path) -> None:
    table = as_csv(
        [HEADINGS, ("A1", "01/03/2024", "Zoé", "1 234,5", ""), ("A2", "01/03/2024", "Zoé", "1,125", "")], ";"
    )
    assert [row["amount"] for row in bring(write(tmp_path, "x.csv", table)).events] == [1234.5, 1.125]


def test_columns_aligned_with_blanks_are_an_option(tmp_path: Path) -> None:
    using = ORDERS.replace('name = "orders"', 'name = "orders"\ndelimiter = " "', 1)
    found = bring(
        write(tmp_path, "x.txt", " id   day  customer \r\n 01  20240301   9  \r\n 02  20240302  10\r\n"), using=using
    )
    assert [row["subject"] for row in found.events] == ["test:9", "test:10"]


def test_unknown_columns_are_listed_and_no_fault(tmp_path: Path) -> None:
    record = {"id": "A1", "day": "2024-03-01", "customer": "Zoé", "extra": {"deep": {"er": 1}, "er": 2}}
    (report,) = bring(write(tmp_path, "x.json", json.dumps([record]))).files
    assert report.unknown_columns == ("extra.deep.er", "extra.er")


def test_every_sheet_and_member_that_is_recognised_is_read(tmp_path: Path) -> None:
    content = as_xlsx([HEADINGS, *ROWS], sheet="Mars")
    book = openpyxl.load_workbook(io.BytesIO(content))
    book.create_sheet("Avril").append(HEADINGS)
    book["Avril"].append(("A3", "2024-04-01", "Eve", "", ""))
    book.create_sheet("Notes").append(("nothing", "of use"))
    book.save(tmp_path / "year.xlsx")
    found = bring(tmp_path / "year.xlsx")
    assert [(report.name, report.rows) for report in found.files] == [
        ("year.xlsx/Mars", 2),
        ("year.xlsx/Avril", 1),
        ("year.xlsx/Notes", 0),
    ]
    assert found.files[2].refusal is not None


def test_a_sheet_may_be_named(tmp_path: Path) -> None:
    using = ORDERS.replace('name = "orders"', 'name = "orders"\nsheet = "Mars"', 1)
    assert len(bring(write(tmp_path, "x.xlsx", as_xlsx([HEADINGS, *ROWS], sheet="mars")), using=using).events) == 2
    with pytest.raises(BadInputError, match="answers to no known file"):
        bring(write(tmp_path, "y.xlsx", as_xlsx([HEADINGS, *ROWS], sheet="Avril")), using=using)


def test_each_gives_one_row_per_element(tmp_path: Path) -> None:
    using = ORDERS.replace('name = "orders"', 'name = "orders"\neach = "lines"', 1).replace(
        '["id", "N° de commande"]', '["each.sku"]'
    )
    record = {"day": "2024-03-01", "customer": "Zoé", "lines": [{"sku": "S1"}, {"sku": "S2"}]}
    found = bring(write(tmp_path, "x.json", json.dumps([record, record | {"lines": []}])), using=using)
    assert [row["line"] if "line" in row else row["subject"] for row in found.events] == ["test:Zoé"] * 2
    assert found.files[0].rows == 2


def test_keys_with_a_dot_and_paths_into_arrays_are_found(tmp_path: Path) -> None:
    using = ORDERS.replace('["id", "N° de commande"]', '["meta.id"]').replace(
        '["note", "Remarque"]', '["tags[1].label"]'
    )
    record = {"meta.id": "A1", "day": "2024-03-01", "customer": "Zoé", "tags": [{"label": "a"}, {"label": "b"}]}
    found = bring(write(tmp_path, "x.json", json.dumps([record])), using=using)
    assert [row["text"] for row in found.texts] == ["b"]


def test_excel_dates_and_whole_numbers_are_read_as_people_see_them(tmp_path: Path) -> None:
    rows = [HEADINGS, (17.0, datetime(2024, 3, 1, 10), 4.0, 2.5, True)]  # noqa: DTZ001 -- a sheet knows no zone
    found = bring(write(tmp_path, "x.xlsx", as_xlsx(rows)))
    assert (found.events[0]["subject"], found.events[0]["occurred_at"].hour) == ("test:4", 9)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_lines_are_those_of_the_file_past_line_feeds_in_cells_and_blank_lines(tmp_path: Path, delimiter: str) -> None:
    rows = [HEADINGS, ("A1", "2024-03-01", "Zoé", "", "one\n\ntwo"), ("A2", "never", "Zoé", "", "")]
    text = as_csv(rows, delimiter).replace("A2", "\nA2")  # a blank line
    assert bring(write(tmp_path, "x.csv", text)).reasons == [(6, "occurred_at", "time_not_understood")]
