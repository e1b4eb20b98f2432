import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.core.pipeline.tables import published

import gouttes
from gouttes import erasure, pipeline
from gouttes.errors import UnknownPersonError
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.workspace import Workspace

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def someone(workspace: Workspace) -> tuple[str, list[str], list[str]]:
    """The person with the most subjects: their id, subject keys, and contact details of their own."""
    opened = gouttes.open(workspace.root)
    links = opened.links().to_pandas()
    person = links["person"].value_counts().index[0]
    subjects = sorted(links[links["person"] == person]["subject"])
    known = opened.identifiers().to_pandas()
    values = known[known["subject"].isin(subjects) & known["field"].isin(["email", "phone"])]["value"]
    others = set(known[~known["subject"].isin(subjects)]["value"])
    return person, subjects, sorted(set(values) - others)


def standing(root: Path, values: list[str]) -> set[str]:
    """The values that stand in a file's bytes, or in a cell of a Parquet file, whose compression hides its bytes."""
    cells = {
        str(cell)
        for path in root.rglob("*.parquet")
        for row in pq.read_table(path).to_pylist()
        for cell in row.values()
    }
    contents = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    return {value for value in values if value in cells or any(value.encode() in content for content in contents)}


def test_no_byte_of_a_person_remains_in_the_workspace(full: Workspace) -> None:
    pipeline.run(full)
    person, subjects, values = someone(full)
    assert standing(full.root, [person, *values]) == {person, *values}
    receipt = gouttes.open(full.root).forget(person)
    assert standing(full.root, [person, *values]) == set()
    assert receipt.traces == ()
    assert receipt.erased["events"] > 0
    assert receipt.erased["links"] == len(subjects)
    assert set(receipt.sources) == {subject.split(":")[0] for subject in subjects}


def test_the_readings_of_others_are_as_if_the_person_had_never_been(full: Workspace) -> None:
    pipeline.run(full)
    person, _, _ = someone(full)
    before = published(full, "evidence")
    gouttes.open(full.root).forget(person)
    after = published(full, "evidence")
    assert after.equals(before[before["person"] != person].reset_index(drop=True))
    assert pipeline.run(full).mode == "unchanged"


def test_an_interrupted_erasure_is_finished_by_whoever_opens_next(
    full: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run(full)
    person, _, values = someone(full)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_forget_published", die)
        with pytest.raises(KeyboardInterrupt):
            erasure.forget(full, person, at=NOW)
    gouttes.open(full.root)
    assert standing(full.root, [person, *values]) == set()
    assert not (full.people / erasure.NOTE).exists()


def test_the_same_import_does_not_bring_them_back(full: Workspace, company: dict[str, pa.Table]) -> None:
    pipeline.run(full)
    person, subjects, values = someone(full)
    gouttes.open(full.root).forget(person)
    appended = append_events(EventLog(full), company["events"])
    assert (appended.added, appended.erased > 0) == (0, True)
    assert append_identifiers(EventLog(full), company["identifiers"]).erased > 0
    pipeline.run(full)
    assert standing(full.root, [person, *subjects[:1], *values]) == set()


def test_the_register_keeps_a_proof_without_a_name(full: Workspace) -> None:
    pipeline.run(full)
    person, subjects, _ = someone(full)
    receipt = gouttes.open(full.root).forget(person)
    (line,) = (full.people / "erased.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["receipt"] == receipt.receipt
    assert len(kept["subject_digests"]) == len(subjects)
    assert "person" not in kept


def test_an_unknown_person_is_said(full: Workspace) -> None:
    pipeline.run(full)
    with pytest.raises(UnknownPersonError, match=r"No person answers to 'nobody@example.org'"):
        gouttes.open(full.root).forget("nobody@example.org")
