"""Small logs whose truth is known, and workspaces that hold them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

import gouttes
from gouttes.eventlog.append import append_events
from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from gouttes.opened import OpenedWorkspace

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", "UTC")
Row = tuple[int, float, str]
"""Person, day and kind."""


def workspace(root: Path, rows: list[Row], **columns: list[Any]) -> OpenedWorkspace:
    """A workspace that holds these events and was run."""
    log = EventLog(Workspace.create(root, Settings(name="Maison Lenoir", language="en", timezone="UTC")))
    moments = pa.array([FIRST + timedelta(days=day) for _, day, _ in rows], TIME)
    table = {
        "event_id": [f"e{number}" for number in range(len(rows))],
        "kind": [kind for *_, kind in rows],
        "occurred_at": moments,
        "known_at": moments,
        "source": ["shop"] * len(rows),
        "subject": [f"shop:c:{person}" for person, *_ in rows],
        **columns,
    }
    append_events(log, pa.table(table))
    gouttes.open(root).run()
    return gouttes.open(root)


def contacts(
    people: int, days: float, seed: int, *, kinds: tuple[str, ...] = ("order.placed", "call.received")
) -> list[Row]:
    """Contacts of people each of whom has a rhythm of their own, and some of whom leave."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for person in range(people):
        pace, gone = rng.gamma(4.0, 8.0) + 3, rng.exponential(days)
        day = rng.uniform(0, pace)
        while day < min(gone, days):
            rows.append((person, day, str(rng.choice(kinds))))
            day += rng.exponential(pace)
    rows.append((0, days, kinds[0]))
    return rows
