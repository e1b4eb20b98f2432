"""A small simulated company, its log appended once and copied for each test."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.simulate.company import Company
from gouttes.simulate.log import write_log
from gouttes.workspace import Workspace

PEOPLE = 60


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The events and identifiers of the company, events in the order in which they became known."""
    folder = tmp_path_factory.mktemp("company")
    tables = [pq.read_table(path) for path in write_log(Company(people=PEOPLE, seed=11), folder)]
    events = pa.concat_tables([table for table in tables if "event_id" in table.column_names])
    (identifiers,) = [table for table in tables if "value" in table.column_names]
    return {"events": events.sort_by("known_at").combine_chunks(), "identifiers": identifiers}


@pytest.fixture(scope="session")
def built(company: dict[str, pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds the whole company and was not run yet."""
    root = tmp_path_factory.mktemp("built") / "ws"
    log = EventLog(Workspace.create(root, Settings(name="Maison Lenoir")))
    half = len(company["events"]) // 2
    append_events(log, company["events"].slice(0, half))  # two commits, so that there is something to compact
    append_events(log, company["events"].slice(half))
    append_identifiers(log, company["identifiers"])
    return root


@pytest.fixture
def full(built: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(built, tmp_path / "full")
    return Workspace.open(tmp_path / "full")


@pytest.fixture
def fresh(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "fresh", Settings(name="Maison Lenoir"))
