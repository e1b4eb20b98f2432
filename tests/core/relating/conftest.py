"""A small simulated company, run once; these tests only read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from gouttes import pipeline
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.opened import OpenedWorkspace
from gouttes.settings import Settings
from gouttes.simulate.company import Company
from gouttes.simulate.log import write_log
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def related(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 150 people over its whole history."""
    root = tmp_path_factory.mktemp("related")
    workspace = Workspace.create(root / "ws", Settings(name="Maison Lenoir", simulated=True))
    log = EventLog(workspace)
    for path in write_log(Company(people=150, seed=11), root):
        table = pq.read_table(path)
        if "event_id" in table.column_names:
            append_events(log, table)
        elif "value" in table.column_names:
            append_identifiers(log, table)
    pipeline.run(workspace)
    return root / "ws"


@pytest.fixture(scope="session")
def opened(related: Path) -> OpenedWorkspace:
    return OpenedWorkspace.at(related)
