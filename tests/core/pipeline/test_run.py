import shutil
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from tests.core.pipeline.tables import assert_same, published

import gouttes
from gouttes import pipeline
from gouttes.digest import report_data
from gouttes.errors import BadInputError
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.compact import compact
from gouttes.eventlog.tables import EventLog
from gouttes.published import Shelf
from gouttes.settings import Settings, settings_text
from gouttes.workspace import Workspace, replace_file

NAMES = ("people", "acts", "evidence", "trust")


def parts(table: pa.Table, *shares: float) -> list[pa.Table]:
    """The table cut in consecutive parts."""
    cuts = [0, *(int(len(table) * share) for share in shares), len(table)]
    return [table.slice(start, stop - start) for start, stop in pairwise(cuts)]


def test_incremental_runs_equal_the_full_run(
    fresh: Workspace, company: dict[str, pa.Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MOST_TOUCHED", 1.0)  # in so small a company any patch concerns many
    log = EventLog(fresh)
    identifiers = parts(company["identifiers"], 0.97)
    modes = []
    for number, events in enumerate(parts(company["events"], 0.98, 0.99)):
        append_events(log, events)
        if number < len(identifiers):
            append_identifiers(log, identifiers[number])
        modes.append(pipeline.run(fresh).mode)
    again = Workspace.open(shutil.copytree(fresh.root, tmp_path / "again"))
    assert pipeline.run(again, full=True).mode == "full"
    assert modes == ["full", "incremental", "incremental"]
    for name in ("links", *NAMES):
        assert_same(fresh, again, name)


def test_time_alone_changes_what_a_run_says_as_the_full_run_would(
    full: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MOST_TOUCHED", 1.0)
    first = pipeline.run(full)
    other = Workspace.open(shutil.copytree(full.root, tmp_path / "other"))
    later = first.as_of + timedelta(days=2)
    assert pipeline.run(full, as_of=later).mode == "incremental"
    pipeline.run(other, as_of=later, full=True)
    for name in NAMES:
        assert_same(full, other, name)


def test_a_run_with_nothing_new_changes_nothing(full: Workspace) -> None:
    pipeline.run(full)
    before = published(full, "trust")
    assert pipeline.run(full).mode == "unchanged"
    pd.testing.assert_frame_equal(published(full, "trust"), before, rtol=0, atol=1e-9)


def test_compaction_between_two_runs_changes_no_reading(full: Workspace) -> None:
    pipeline.run(full)
    before = published(full, "trust")
    compact(EventLog(full))
    assert pipeline.run(full).mode == "full"
    after = published(full, "trust")
    assert after["person"].tolist() == before["person"].tolist()
    assert after["trust"].tolist() == pytest.approx(before["trust"].tolist(), abs=1e-12)


def test_other_settings_are_computed_anew(full: Workspace) -> None:
    pipeline.run(full)
    changed = Settings(name="Maison Lenoir", rules={"unprompted return": {"weight": 0.1}})
    rules = '\n[evidence.rules."unprompted return"]\nweight = 0.1\n'
    replace_file(full.root / "gouttes.toml", settings_text(full.settings) + rules)
    reopened = Workspace.open(full.root)
    assert reopened.settings == changed
    assert pipeline.run(reopened).mode == "full"


def test_an_empty_log_is_said(fresh: Workspace) -> None:
    with pytest.raises(BadInputError, match="The log is empty: import something first"):
        pipeline.run(fresh)


def test_a_date_without_zone_is_refused(full: Workspace) -> None:
    with pytest.raises(BadInputError, match="needs a time zone"):
        pipeline.run(full, as_of=datetime(2026, 1, 1))  # noqa: DTZ001 -- the fault under test


def test_readings_of_a_past_date_use_what_was_known_then(full: Workspace) -> None:
    ran = pipeline.run(full)
    opened = gouttes.open(full.root)
    past = ran.as_of - timedelta(days=60)
    then = opened.trust(as_of=past).to_pandas()
    assert 0 < len(then) <= ran.people
    with pytest.raises(BadInputError, match="for a later date"):
        opened.trust(as_of=ran.as_of + timedelta(days=1))


def test_events_of_the_future_wait_for_their_day(full: Workspace, company: dict[str, pa.Table]) -> None:
    ran = pipeline.run(full, as_of=datetime(2026, 6, 1, tzinfo=UTC))
    known = [time for time in company["events"]["known_at"].to_pylist() if time <= ran.as_of]
    assert int(published(full, "people")["events"].sum()) == len(known)


def test_someone_of_whom_only_the_future_is_told_appears_on_that_day(
    full: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gouttes.pipeline.MOST_TOUCHED", 1.0)
    first = pipeline.run(full, as_of=datetime(2026, 6, 1, tzinfo=UTC))
    day = datetime(2026, 6, 20, 9, tzinfo=UTC)
    row = {
        "event_id": "e1",
        "kind": "order.placed",
        "occurred_at": day,
        "known_at": day,
        "source": "t",
        "subject": "t:9",
    }
    append_events(EventLog(full), pa.Table.from_pylist([row]))
    for as_of, seen in ((first.as_of + timedelta(days=1), 0), (day, 1)):
        assert pipeline.run(full, as_of=as_of).mode == "incremental"
        links = published(full, "links")
        assert int((links["subject"] == "t:9").sum()) == seen
        people = published(full, "people")
        assert int(people["person"].isin(links.loc[links["subject"] == "t:9", "person"]).sum()) == seen


def test_a_workspace_may_be_moved_between_two_runs(full: Workspace) -> None:
    pipeline.run(full)
    moved = Workspace.open(shutil.move(full.root, full.root.with_name("moved")))
    assert pipeline.run(moved).mode == "unchanged"


def test_layers_are_joined_before_they_slow_the_reader(full: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gouttes.published.MOST_LAYERS", 2)
    first = pipeline.run(full, as_of=datetime(2026, 6, 1, tzinfo=UTC))
    for hour in range(1, 4):
        pipeline.run(full, as_of=first.as_of + timedelta(hours=12 * hour))
    layers = Shelf(full).manifest().tables
    assert max(len(each) for each in layers.values()) <= 2


def test_who_only_grew_older_is_not_said_to_have_fallen(full: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.run(full)
    monkeypatch.setattr("gouttes.digest.FALLERS", 1000)
    shown = report_data(gouttes.open(full.root)).fallers
    falls = shown["before"] - shown["after"]
    assert len(falls) > 0
    assert falls.min() >= 0.005
    monkeypatch.setattr("gouttes.digest.LEAST_FALL", 0.0)
    everyone = report_data(gouttes.open(full.root)).fallers
    assert (everyone["before"] - everyone["after"]).min() < 0.005
