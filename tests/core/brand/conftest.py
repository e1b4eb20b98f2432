"""A small simulated company, run once, and acts written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.opened import OpenedWorkspace
from gouttes.schemas import ACTS
from gouttes.settings import Settings
from gouttes.simulate.company import Company
from gouttes.simulate.log import write_log
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 300 customers who meet 24 agents, run."""
    folder = tmp_path_factory.mktemp("brand")
    invented = Company(people=300, seed=5)
    log = EventLog(Workspace.create(folder / "ws", Settings(name="Maison Lenoir", simulated=True)))
    for path in write_log(invented, folder / "log"):
        table = pq.read_table(path)
        (append_events if "event_id" in table.column_names else append_identifiers)(log, table)
    OpenedWorkspace.at(folder / "ws").run(as_of=invented.as_of)
    return folder / "ws"


@pytest.fixture(scope="session")
def acts() -> Callable[[Sequence[tuple[Any, ...]]], Any]:
    """ACTS from rows ``person, act, day, agent, team``."""

    def made(rows: Sequence[tuple[Any, ...]]) -> Any:
        full = []
        for number, (person, act, day, agent, team) in enumerate(rows):
            at = START + timedelta(days=day)
            row = dict.fromkeys(ACTS.names) | {"person": person, "act": act, "agent": agent, "team": team}
            full.append(row | {"event_id": f"e{number:05d}", "occurred_at": at, "known_at": at, "size": 1.0})
        return ibis.memtable(pd.DataFrame(full, columns=list(ACTS.names)), schema=ACTS)

    return made
