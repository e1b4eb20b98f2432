"""Personal data is planted with markers that no other byte of the workspace could hold; then the bytes are searched."""

from pathlib import Path

import pyarrow as pa
import pytest
from tests.core.eventlog.planted import event, identifiers, rows

from gouttes import engines
from gouttes.eventlog import erased, read
from gouttes.eventlog.append import append_events, append_identifiers, append_texts
from gouttes.eventlog.compact import compact
from gouttes.eventlog.forget import forget_subjects
from gouttes.eventlog.tables import EventLog

MARKERS = ("zxqSUBJECTqxz", "zxqMAILqxz@example.org", "zxqWORDSqxz", "zxqEVENTqxz")
SUBJECT, MAIL, WORDS, EVENT = MARKERS


@pytest.fixture
def planted(log: EventLog) -> EventLog:
    theirs = [{**event(n, SUBJECT, day=40 * n), "event_id": f"{EVENT}{n}"} for n in range(4)]
    others = [event(n, "shop:customer:2", day=40 * n) for n in range(4)]
    append_events(log, rows(*theirs, *others))
    append_identifiers(log, identifiers((SUBJECT, "email", MAIL), ("shop:customer:2", "same_as", SUBJECT)))
    append_identifiers(log, identifiers(("shop:customer:2", "email", "stays@example.org")))
    append_texts(log, pa.table({"event_id": [f"{EVENT}0", "e0"], "text": [WORDS, "stays"], "language": ["fr", "fr"]}))
    return log


def found(folder: Path) -> dict[str, list[str]]:
    """Which markers stand in which files, looked for in the bytes."""
    hits: dict[str, list[str]] = {marker: [] for marker in MARKERS}
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for marker in MARKERS:
            if marker.encode() in content or marker in str(path):
                hits[marker].append(str(path.relative_to(folder)))
    return hits


def test_markers_stand_only_where_personal_data_may(planted: EventLog) -> None:
    hits = found(planted.workspace.root)
    places = {marker: {path.rsplit("/", 1)[0].split("/month")[0] for path in paths} for marker, paths in hits.items()}
    assert places == {
        SUBJECT: {"log/events", "people/identifiers"},
        MAIL: {"people/identifiers"},
        WORDS: {"log/texts"},
        EVENT: {"log/events", "log/texts"},
    }


@pytest.mark.parametrize("compacted", [False, True])
def test_no_byte_of_a_person_remains(planted: EventLog, *, compacted: bool) -> None:
    if compacted:
        compact(planted)
    counts = forget_subjects(planted, [SUBJECT])
    assert counts == {"texts": 1, "identifiers": 2, "events": 4}
    assert found(planted.workspace.root) == {marker: [] for marker in MARKERS}


def test_the_others_stay_whole(planted: EventLog) -> None:
    forget_subjects(planted, [SUBJECT])
    connection = engines.connect()
    assert sorted(read.events(planted, connection).event_id.to_pyarrow().to_pylist()) == ["e0", "e1", "e2", "e3"]
    assert read.texts(planted, connection).text.to_pyarrow().to_pylist() == ["stays"]
    assert read.identifiers(planted, connection).value.to_pyarrow().to_pylist() == ["stays@example.org"]


def test_forgetting_again_finds_nothing_and_harms_nothing(planted: EventLog) -> None:
    forget_subjects(planted, [SUBJECT])
    assert forget_subjects(planted, [SUBJECT]) == {"texts": 0, "identifiers": 0, "events": 0}


def test_a_later_import_does_not_bring_an_erased_person_back(planted: EventLog) -> None:
    forget_subjects(planted, [SUBJECT])
    erased.record(planted, {"receipt": "r1", "subject_digests": erased.digests(planted, [SUBJECT])})
    appended = append_events(planted, rows(event(7, SUBJECT), event(8, "shop:customer:2")))
    assert (appended.added, appended.erased) == (1, 1)
    assert append_identifiers(planted, identifiers((SUBJECT, "email", MAIL))).erased == 1
    assert found(planted.workspace.root) == {marker: [] for marker in MARKERS}


def test_a_register_line_cut_short_by_a_crash_is_left_out(planted: EventLog) -> None:
    erased.record(planted, {"receipt": "r1", "subject_digests": []})
    with (planted.workspace.people / "erased.jsonl").open("a") as handle:
        handle.write('{"receipt": "r2", "subject_dig')
    assert [receipt["receipt"] for receipt in erased.receipts(planted)] == ["r1"]
