"""A small simulated company, run once; each test has a copy."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import gouttes
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.learning import learn_from
from gouttes.settings import Settings
from gouttes.simulate import Company, write_log
from gouttes.trust.learning.parameters import ParameterSet
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

SEED, PEOPLE = 20261126, 900
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="session")
def lived_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pyarrow.dataset as ds  # noqa: PLC0415 -- slow import

    folder = tmp_path_factory.mktemp("learned")
    write_log(Company(people=PEOPLE, seed=SEED, events_per_person=34.0), folder / "log")
    root = folder / "ws"
    log = EventLog(Workspace.create(root, Settings(name="Maison Lenoir", language="en", simulated=True)))
    append_events(log, ds.dataset(folder / "log" / "events", partitioning=None).to_table())
    append_identifiers(log, ds.dataset(folder / "log" / "identifiers.parquet").to_table())
    gouttes.open(root).run()
    return root


@pytest.fixture
def root(lived_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(lived_once, tmp_path / "ws")
    return tmp_path / "ws"


@pytest.fixture(scope="session")
def taught_once(lived_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same workspace with one set of parameters, proposed."""
    root = tmp_path_factory.mktemp("taught") / "ws"
    shutil.copytree(lived_once, root)
    opened = gouttes.open(root)
    found = learn_from(opened.workspace, opened.connection, as_of=opened.as_of, now=NOW)
    assert isinstance(found, ParameterSet)
    return root


@pytest.fixture
def taught(taught_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(taught_once, tmp_path / "taught")
    return tmp_path / "taught"
