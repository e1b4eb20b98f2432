from pathlib import Path

import pytest

from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.workspace import Workspace


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(Workspace.create(tmp_path / "ws", Settings(name="Maison Lenoir")))
