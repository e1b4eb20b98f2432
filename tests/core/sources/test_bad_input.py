"""What goes wrong is said in words, the row is set aside with its line, and the rest is imported."""

import gzip
import io
import json
import logging
import os
import zipfile
from pathlib import Path

import pytest
from tests.core.sources import brought
from tests.core.sources.brought import ORDERS, as_csv, bring, mapping, write

from gouttes.errors import BadInputError
from gouttes.sources import plan, recognise

HEADINGS = ("id", "day", "customer", "amount", "note")
GOOD = ("A1", "2024-03-01", "Zoé", "10", "")


def table(*rows: tuple[str, ...]) -> str:
    return as_csv([HEADINGS, *rows])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: there is nothing to import"),
        (b"\n  \n", "is empty: there is nothing to import"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF document, not a table"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG picture"),
        (b"<!DOCTYPE html><html>login</html>", "web page or XML.*expired session"),
        (b"\x00\x01\x02\x03\x04\x05" * 50, "is not text, and no format that Gouttes knows"),
        (b"SQLite format 3\x00", "SQLite database"),
        (b"\x1f\x8b\x08\x00broken", "cannot be read"),
        (b"PK\x03\x04broken", "cannot be read"),
        (b"PAR1broken", "Parquet file that cannot be read"),
        (b'{"id": 1, "day"', "starts like JSON and is not"),
        (b'[{"id": 1}, {"id": ', "starts like JSON and is not"),
        (b"\xd0\xcf\x11\xe0broken", "workbook that cannot be read"),
    ],
)
def test_a_file_that_is_empty_broken_or_no_table_is_refused_in_words(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(BadInputError, match=rf"orders.csv.*{says}"):
        bring(write(tmp_path, "orders.csv", content))


def test_a_path_that_is_no_file_to_read_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, says in {
        tmp_path / "absent.csv": r"There is no file \S+/absent\.csv\. Check its name",
        tmp_path / "no" / "folder.csv": r"There is no file \S+/no/folder\.csv\.",
        tmp_path: r"\S+ is a folder\. Name the files in it",
        tmp_path / "pipe": r"\S+/pipe is no file but a pipe or a device",
        tmp_path / ("x" * 300): r"\S+xxx cannot be read: File name too long",
        tmp_path / "a\0b.csv": r"(?s).+ cannot be read: embedded null",
    }.items():
        with pytest.raises(BadInputError, match=says):
            bring(path)
    with pytest.raises(BadInputError, match="No file to import"):
        plan([], mapping(), brought.CONTEXT)


def test_a_file_that_may_not_be_read_is_named_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, plain_open = write(tmp_path, "locked.csv", table(GOOD)), Path.open

    def guarded(self: Path, *rest: object, **more: object) -> object:
        if self == locked:  # a test that runs as root may read everything
            raise PermissionError(13, "Permission denied")
        return plain_open(self, *rest, **more)  # type: ignore[call-overload]  # as it came

    monkeypatch.setattr(Path, "open", guarded)
    found = bring(locked, write(tmp_path, "orders.csv", table(GOOD)))
    assert found.files[0].refusal == f"You may not read {locked}. Ask its owner, or copy it where you may."
    assert len(found.events) == 1


def test_headings_without_rows_are_told(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "orders.csv", table()))
    assert (found.events, found.files[0].rows, found.files[0].notices) == ([], 0, ("It has headings but no rows.",))


def test_no_record_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "none.json", '{"orders": []}'), write(tmp_path, "orders.csv", table(GOOD)))
    assert [len(found.events), *(report.notices for report in found.files)] == [
        1,
        ("none.json holds no record: there is nothing to import.",),
        (),
    ]


def test_a_missing_column_is_named_with_the_headings_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        BadInputError, match=r"It has: id, customer. Nearest: test \(orders\) needs day \(heading day, Date\)"
    ):
        bring(write(tmp_path, "orders.csv", "id,customer\nA1,Zoé\n"))


def test_one_bad_file_among_others_is_reported_and_the_rest_is_imported(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "a.csv", b"%PDF-1.4"), write(tmp_path, "b.csv", table(GOOD)))
    assert len(found.events) == 1
    assert "PDF" in str(found.files[0].refusal)
    assert found.files[1].refusal is None


@pytest.mark.parametrize("headings", ["id,day,Day,customer", "id,Date,date !,customer"])
def test_two_headings_of_one_column_are_refused(tmp_path: Path, headings: str) -> None:
    with pytest.raises(BadInputError, match="column 'day' could be read from 2 headings"):
        bring(write(tmp_path, "orders.csv", f"{headings}\nA1,2024-03-01,2024-03-02,Zoé\n"))


def test_of_two_different_aliases_the_first_of_the_mapping_is_read_and_the_other_listed(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "orders.csv", "id,Date,day,customer\nA1,2024-03-02,2024-03-01,Zoé\n"))
    assert (found.events[0]["occurred_at"].day, found.files[0].unknown_columns) == (29, ("Date",))


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (("", "2024-03-01", "Zoé", "", ""), "key", "missing"),
        (("A2", "2024-03-01", "", "", ""), "subject", "missing"),
        (("A2", "", "Zoé", "", ""), "occurred_at", "missing"),
        (("A2", "30/02/2024", "Zoé", "", ""), "occurred_at", "time_not_understood"),
        (("A2", "soon", "Zoé", "", ""), "occurred_at", "time_not_understood"),
        (("A2", "1969-12-31", "Zoé", "", ""), "occurred_at", "before_1970"),
        (("A2", "2025-01-03", "Zoé", "", ""), "occurred_at", "in_the_future"),
        (("A2", "9999-12-31", "Zoé", "", ""), "occurred_at", "in_the_future"),
        (("A2", "2024-03-01", "Zoé", "-1", ""), "amount", "negative"),
        (("A2", "2024-03-01", "Zoé", "1000000000001", ""), "amount", "number_too_large"),
        (("A2", "2024-03-01", "Zoé", "9" * 400, ""), "amount", "number_too_large"),
        (("A2", "2024-03-01", "Zoé", "infinity", ""), "amount", "number_too_large"),
        (("A2", "2024-03-01", "Zoé", "ten", ""), "amount", "number_not_understood"),
        (("A2", "2024-03-01", "Zoé"), None, "ragged_row"),
        (("A2", "2024-03-01", "Zoé", "", "", "x"), None, "ragged_row"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_its_line_and_reason(
    tmp_path: Path, row: tuple[str, ...], column: str | None, reason: str
) -> None:
    found = bring(write(tmp_path, "orders.csv", table(GOOD, row, ("A3", *GOOD[1:]))))
    assert found.reasons == [(3, column, reason)]
    assert len(found.events) == 2
    assert found.files[0].rows == 3


def test_a_clock_that_is_a_few_hours_ahead_is_no_fault(tmp_path: Path) -> None:
    assert len(bring(write(tmp_path, "orders.csv", table(("A1", "2025-01-01 23:00", "Zoé", "", "")))).events) == 1


@pytest.mark.parametrize("blank", ["", "-", "N/A", "null", " "])
def test_what_stands_for_nothing_is_no_bad_number(tmp_path: Path, blank: str) -> None:
    found = bring(write(tmp_path, "orders.csv", table(("A1", "2024-03-01", "Zoé", blank, ""))))
    assert (found.rejects, found.events[0]["amount"]) == ([], None)


def test_mixed_currencies_are_kept_apart_and_told(tmp_path: Path) -> None:
    using = ORDERS.replace('note = ["note", "Remarque"]', 'note = ["note"]\ncurrency = ["currency"]')
    rows = [
        (*HEADINGS, "currency"),
        (*GOOD, "usd"),
        ("A2", *GOOD[1:], "€"),
        ("A3", *GOOD[1:], ""),
        ("A4", *GOOD[1:], "dollars"),
    ]
    found = bring(write(tmp_path, "orders.csv", as_csv(rows)), using=using)
    assert [row["currency"] for row in found.events] == ["USD", "EUR", "EUR"]
    assert found.files[0].currencies == {"EUR": 2, "USD": 1}
    assert found.files[0].notices == ("Amounts in EUR and USD: kept as they are, never converted.",)
    assert found.reasons == [(5, "currency", "currency_unknown")]


@pytest.mark.parametrize(("size", "kept"), [(3_000_000, 2), (9_900_000, 2), (10_100_000, 1), (15_000_000, 1)])
@pytest.mark.parametrize("name", ["orders.csv", "orders.json"])
def test_a_cell_of_up_to_10_mb_is_read_and_a_larger_one_is_set_aside(
    tmp_path: Path, size: int, kept: int, name: str
) -> None:
    rows = [("A1", "2024-03-01", "Zoé", "", "x" * size), GOOD]
    records = json.dumps([dict(zip(HEADINGS, row, strict=True)) for row in rows])
    found = bring(write(tmp_path, name, table(*rows) if name.endswith("csv") else records))
    assert len({row["subject"] for row in found.events}) == 1
    assert len(found.rejects) == 2 - kept
    assert {row["reason"] for row in found.rejects} <= {"cell_over_10_mb"}


def test_nul_bytes_are_removed_and_told(tmp_path: Path) -> None:
    csv = table(("A\0" + "1", "2024-03-01", "Zo\0é", "", "\0")).encode()
    found = bring(write(tmp_path, "orders.csv", csv))
    assert (found.events[0]["subject"], found.texts) == ("test:Zoé", [])
    assert "NUL" in found.files[0].notices[0]
    record = dict(zip(HEADINGS, ("A1", "2024-03-01", "Zo\0é", "", "a\0b"), strict=True))
    found = bring(write(tmp_path, "orders.json", json.dumps([record])))
    assert (found.events[0]["subject"], found.texts[0]["text"]) == ("test:Zoé", "ab")


def test_200_000_rows_of_one_id_are_one_event_the_first(tmp_path: Path) -> None:
    body = "".join(f"A1,2024-03-01,{number},,\n" for number in range(200_000))
    found = bring(write(tmp_path, "orders.csv", ",".join(HEADINGS) + "\n" + body))
    assert [row["subject"] for row in found.events] == ["test:0"]
    assert found.files[0].entries[0].duplicates == 199_999


def test_lines_that_are_no_json_or_no_object_are_set_aside_with_their_line(tmp_path: Path) -> None:
    good = json.dumps(dict(zip(HEADINGS, GOOD, strict=True)))
    found = bring(write(tmp_path, "orders.jsonl", f"{good}\n{{broken\n\n[1, 2]\n{good.replace('A1', 'A2')}\n"))
    assert found.reasons == [(2, None, "not_json"), (4, None, "not_a_json_object")]
    assert len(found.events) == 2


def test_a_quotation_mark_that_is_not_closed_is_set_aside(tmp_path: Path) -> None:
    found = bring(write(tmp_path, "orders.csv", table(GOOD) + 'A2,2024-03-01,"Zoé,,\n'))
    assert found.reasons == [(3, None, "quotation_mark_not_closed")]


def test_neither_rejects_nor_logs_hold_what_a_cell_held(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    rows = [
        ("SECRET", "SECRET", "SECRET", "SECRET", "SECRET"),
        ("SECRET",),
        ("", "2024-03-01", "SECRET", "SECRET", "SECRET"),
    ]
    found = bring(write(tmp_path, "orders.csv", table(*rows)))
    assert found.rejects
    assert "SECRET" not in json.dumps(found.rejects)
    assert "SECRET" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "expression", ["read_text('/etc/passwd')", "(select content from read_text('/etc/passwd'))", "(from '/etc/passwd')"]
)
def test_an_expression_that_tries_to_read_a_file_is_refused_with_its_place(expression: str) -> None:
    with pytest.raises(BadInputError, match=r"a mapping \[\[event\]\] 1 \(order.placed\), subject"):
        mapping(ORDERS.replace("\"'test:' || customer\"", f'"{expression}"', 1))


def test_an_expression_that_duckdb_cannot_type_is_named(tmp_path: Path) -> None:
    using = ORDERS.replace('amount = "number(amount)"', 'amount = "number(amount) + moment(day)"')
    with pytest.raises(BadInputError, match=r"\[\[event\]\] 1 \(order.placed\), amount: Binder Error"):
        bring(write(tmp_path, "orders.csv", table(GOOD)), using=using)


def test_an_expression_that_fails_on_one_row_is_null_there(tmp_path: Path) -> None:
    using = ORDERS.replace('amount = "number(amount)"', 'amount = "cast(amount as integer) * 2"')
    found = bring(write(tmp_path, "orders.csv", table(GOOD, ("A2", "2024-03-01", "Zoé", "ten", ""))), using=using)
    assert [row["amount"] for row in found.events] == [20.0, None]


def test_a_zip_bomb_a_locked_zip_and_an_archive_in_an_archive_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "MOST_UNPACKED", 1000)
    monkeypatch.setattr(recognise, "MOST_GROWTH", 10)
    with pytest.raises(BadInputError, match="refused as a zip bomb"):
        bring(write(tmp_path, "bomb.csv.gz", gzip.compress(b"0" * 1_000_000)))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("orders.csv", table(GOOD))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    with pytest.raises(BadInputError, match="archive inside an archive"):
        bring(write(tmp_path, "outer.zip", outer.getvalue()))
    locked = inner.getvalue()
    at = locked.index(b"PK\x01\x02") + 8
    locked = locked[:6] + b"\x01" + locked[7:at] + b"\x01" + locked[at + 1 :]
    with pytest.raises(BadInputError, match="locked with a password"):
        bring(write(tmp_path, "locked.zip", locked))


def test_temporary_files_go_when_the_import_is_closed(tmp_path: Path) -> None:
    with plan(
        [write(tmp_path, "o.csv.gz", gzip.compress(table(GOOD).encode()))], mapping(), brought.CONTEXT
    ) as imported:
        folder = imported._sandbox.folder
        assert list(folder.iterdir())
    assert not folder.exists()
