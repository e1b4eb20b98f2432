"""A small workspace in which every guard has somebody to guard, run once and copied for each test."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import gouttes
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from gouttes.opened import OpenedWorkspace

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIME = pa.timestamp("us", "UTC")

ROWS = [
    ("shop:c:1", "email", "Ana.Roy@Mail.fr"),
    ("shop:c:1", "name", "ROY Ana"),
    ("zendesk:user:42", "email", "ana.roy@mail.fr"),
    ("zendesk:user:42", "phone", "06 12 34 56 78"),
    ("crm:contact:7", "phone", "+33612345678"),
    ("crm:contact:7", "last_name", "Roy"),
    ("shop:c:2", "email", "famille@x.fr"),
    ("shop:c:2", "first_name", "Jean"),
    ("shop:c:3", "email", "famille@x.fr"),
    ("shop:c:3", "first_name", "Marie"),
    ("zendesk:user:50", "email", "Famille@x.fr"),
    ("crm:contact:8", "external_id", "K8"),
    ("crm:contact:8", "email", "two@x.fr"),
    ("crm:contact:9", "external_id", "K9"),
    ("crm:contact:9", "email", "two@x.fr"),
]

BYSTANDERS = [(f"web:{at}", "email", f"w{at}@x.fr") for at in range(12)]
"""So many that a few changed people are a small part of everyone."""


def identifiers(rows: list[tuple[str, str, str]]) -> pa.Table:
    subjects, fields, values = zip(*rows, strict=True)
    sources = [subject.split(":", maxsplit=1)[0] for subject in subjects]
    known = pa.array([NOW] * len(rows), TIME)
    return pa.table({"subject": subjects, "field": fields, "value": values, "known_at": known, "source": sources})


def events(subjects: list[str]) -> pa.Table:
    """Four contacts and orders of each subject, a month apart; no two of the same day."""
    rows = [
        (subject, at, "ticket.opened" if step % 2 else "order.placed", NOW - timedelta(days=30 * step + at))
        for at, subject in enumerate(subjects)
        for step in range(4)
    ]
    moments = pa.array([row[3] for row in rows], TIME)
    return pa.table(
        {
            "event_id": [f"e{at}" for at in range(len(rows))],
            "kind": [row[2] for row in rows],
            "occurred_at": moments,
            "known_at": moments,
            "source": [row[0].split(":", maxsplit=1)[0] for row in rows],
            "subject": [row[0] for row in rows],
            "thread": [f"t{at}" for at in range(len(rows))],
        }
    )


@pytest.fixture(scope="session")
def resolved_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("people") / "ws"
    log = EventLog(Workspace.create(root, Settings(name="Maison Lenoir", language="en")))
    append_identifiers(log, identifiers(ROWS + BYSTANDERS))
    append_events(log, events(sorted({row[0] for row in ROWS})))
    gouttes.open(root).run()
    return root


@pytest.fixture
def root(resolved_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(resolved_once, tmp_path / "ws")
    return tmp_path / "ws"


def opened(root: Path) -> OpenedWorkspace:
    return gouttes.open(root)
