import multiprocessing
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.core.eventlog.planted import DAY, event, identifiers, rows

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog import read
from gouttes.eventlog.append import Appended, append_events, append_identifiers, append_texts
from gouttes.eventlog.compact import compact, worth_compacting
from gouttes.eventlog.schema import EVENTS
from gouttes.eventlog.tables import EventLog
from gouttes.workspace import Workspace


def stored_ids(log: EventLog) -> list[str]:
    return sorted(read.events(log, engines.connect()).event_id.to_pyarrow().to_pylist())


def test_an_event_counts_once_whatever_the_number_of_imports(log: EventLog) -> None:
    assert append_events(log, rows(event(1), event(2))) == Appended(added=2)
    assert append_events(log, rows(event(2), event(3))) == Appended(added=1, known=1)
    assert stored_ids(log) == ["e1", "e2", "e3"]


def test_an_event_twice_in_one_batch_counts_once(log: EventLog) -> None:
    assert append_events(log, rows(event(1), event(1), event(1))) == Appended(added=1, known=2)


def test_two_hundred_thousand_rows_of_one_event_leave_one(log: EventLog) -> None:
    batch = rows(event(1))
    assert append_events(log, pa.concat_tables([batch] * 200_000).combine_chunks()) == Appended(added=1, known=199_999)


def test_the_first_version_of_an_event_stays_even_when_another_month_is_told(log: EventLog) -> None:
    append_events(log, rows(event(1, amount=10.0)))
    assert append_events(log, rows(event(1, day=60, amount=99.0))).known == 1
    assert read.events(log, engines.connect()).amount.to_pyarrow().to_pylist() == [10.0]


def test_every_column_is_read_back_as_written(log: EventLog) -> None:
    full = event(1, channel="email", direction="in", agent="a", team="t", site="s", product="p", moment="m")
    full |= {"topic": "o", "thread": "h", "incident": "i", "amount": 1.5, "currency": "EUR", "quantity": 2.0}
    full |= {"score": 9.0, "scale_max": 10.0, "due_at": DAY, "severity": 0.25, "unprompted": True, "properties": "{}"}
    append_events(log, rows(full))
    assert read.events(log, engines.connect()).to_pyarrow().cast(EVENTS).to_pylist() == [full]


def test_the_log_reads_as_known_at_a_date(log: EventLog) -> None:
    append_events(log, rows(event(1), event(2, day=3), event(3, known_at=DAY + timedelta(days=5))))
    known = read.events(log, engines.connect(), known_by=DAY + timedelta(days=3))
    assert sorted(known.event_id.to_pyarrow().to_pylist()) == ["e1", "e2"]


def test_the_last_instant_known_is_found_in_the_few_files_that_can_hold_it(log: EventLog) -> None:
    assert read.last_known(log, engines.connect()) is None
    last = DAY + timedelta(days=40, microseconds=1_234_567)  # finer than Delta's statistics, which cut at milliseconds
    append_events(log, rows(event(1), event(2, known_at=last)))
    append_events(log, rows(event(3, day=20), event(4, day=40)))
    assert read.last_known(log, engines.connect()) == last
    held = {name: set(pq.read_table(log.events.path / name)["event_id"].to_pylist()) for name in log.events.names()}
    assert [held[name] for name in log.events.latest("known_at")] == [{"e1", "e2"}]
    just_before = last - timedelta(microseconds=1)
    assert [held[name] for name in log.events.after(just_before, "occurred_at", "known_at")] == [{"e1", "e2"}]
    assert log.events.after(last + timedelta(seconds=1), "occurred_at", "known_at") == []


def test_a_missing_column_is_named(log: EventLog) -> None:
    with pytest.raises(MissingColumnsError, match=r"needs column\(s\) \['subject'\]"):
        append_events(log, rows(event(1)).drop_columns(["subject"]))


def test_a_null_in_a_required_column_is_refused(log: EventLog) -> None:
    with pytest.raises(BadInputError, match="`source` of events is null in 1 row"):
        append_events(log, rows(event(1), {**event(2), "source": None}))


def test_a_kind_outside_the_registry_is_refused_and_nothing_is_written(log: EventLog) -> None:
    with pytest.raises(BadInputError, match=r"\['soul.weighed'\]"):
        append_events(log, rows(event(1), event(2, kind="soul.weighed")))
    assert stored_ids(log) == []


def test_identifiers_are_kept_once_as_first_known(log: EventLog) -> None:
    assert append_identifiers(log, identifiers(("a", "email", "x@example.org"))).added == 1
    again = identifiers(("a", "email", "x@example.org"), ("a", "email", "y@example.org"))
    assert append_identifiers(log, again) == Appended(added=1, known=1)


def test_a_text_without_its_event_is_left_out_since_nobody_could_erase_it(log: EventLog) -> None:
    append_events(log, rows(event(1)))
    texts = pa.table({"event_id": ["e1", "e9"], "text": ["bonjour", "orphan"], "language": ["fr", None]})
    append_texts(log, texts)
    assert read.texts(log, engines.connect()).text.to_pyarrow().to_pylist() == ["bonjour"]


def _append_slowly(root: str, start: int) -> None:
    log = EventLog(Workspace.open(root))
    for number in range(start, start + 5):
        append_events(log, rows(event(number), event(1000)))


def test_many_processes_append_without_losing_or_doubling(log: EventLog) -> None:
    context = multiprocessing.get_context("spawn")
    root = str(log.workspace.root)
    workers = [context.Process(target=_append_slowly, args=(root, 10 * n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    expected = [f"e{10 * n + k}" for n in range(3) for k in range(5)] + ["e1000"]
    assert stored_ids(log) == sorted(expected)


def test_compaction_joins_files_and_changes_no_row(log: EventLog) -> None:
    for number in range(6):
        append_events(log, rows(event(number)))
    before = read.events(log, engines.connect()).order_by("event_id").to_pyarrow()
    counted = compact(log)
    assert (counted["files_before"], counted["files_after"]) == (6, 1)
    assert read.events(log, engines.connect()).order_by("event_id").to_pyarrow().equals(before)
    assert not worth_compacting(log)
