"""What an import unpacks does not outlive it, even where its process is killed."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.core.sources.brought import CONTEXT, ORDERS, mapping, write

from gouttes.sources import plan
from gouttes.sources.private import PREFIX, PrivateFolder, sweep

TABLE = "id,day,customer,amount,note\nA1,2024-03-01,SECRET,,\n"
HELD = """
import sys, time
from datetime import UTC, datetime
from gouttes.sources import Context, parse, plan
planned = plan([sys.argv[1]], parse(sys.argv[2], where="m"), Context(now=datetime.now(UTC)))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_folder_of_a_killed_import_is_swept_by_the_next_one_and_that_of_a_live_one_is_kept(
    tmp_path: Path, temporary: Path
) -> None:
    export = write(tmp_path, "orders.csv.gz", gzip.compress(TABLE.encode()))
    process = subprocess.Popen(
        [sys.executable, "-c", HELD, str(export), ORDERS],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert any("SECRET" in path.read_text() for path in temporary.rglob("*.csv"))
        with plan([export], mapping(), CONTEXT):
            assert len(list(temporary.iterdir())) == 2
        assert len(list(temporary.iterdir())) == 1
    finally:
        process.kill()
        process.communicate()
    assert len(list(temporary.iterdir())) == 1
    with plan([export], mapping(), CONTEXT) as imported:
        assert list(temporary.iterdir()) == [imported._sandbox.folder]
    assert list(temporary.iterdir()) == []


def test_only_own_folders_are_swept(tmp_path: Path, temporary: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (temporary / f"{PREFIX}link").symlink_to(outside)
    (temporary / f"{PREFIX}file").write_text("no folder")
    (temporary / "gouttes-other").mkdir()
    (temporary / f"{PREFIX}left").mkdir()
    sweep()
    assert outside.exists()
    assert {path.name for path in temporary.iterdir()} == {f"{PREFIX}link", f"{PREFIX}file", "gouttes-other"}


def test_the_folder_is_its_owners_alone(temporary: Path) -> None:
    folder = PrivateFolder()
    assert folder.path.parent == temporary
    assert folder.path.stat().st_mode & 0o077 == 0
    folder.close()
    folder.close()
    assert list(temporary.iterdir()) == []
