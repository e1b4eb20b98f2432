"""The tutorial does what it says: its commands run in order, and print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.docs import book

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = {"bash": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}
TUTORIAL = book.DOCS / "tutorial" / "first-reading.md"


def steps() -> Iterator[tuple[book.Block, book.Block | None]]:
    """Each block of commands, with the output shown right after it, if any."""
    found = book.blocks(TUTORIAL)
    for number, block in enumerate(found):
        if block.language in SHELLS:
            after = found[number + 1] if number + 1 < len(found) else None
            yield block, after if after is not None and after.language == "text" else None


def shown(expected: str) -> re.Pattern[str]:
    """What a page shows, as a pattern: ``…`` stands for anything, and runs of blanks are alike."""
    parts = (r"\s+".join(re.escape(word) for word in part.split()) for part in expected.split("…"))
    return re.compile(r"\s*.*?\s*".join(parts), re.DOTALL)


@pytest.mark.slow
def test_every_command_of_the_tutorial_works_and_prints_what_the_page_shows(tmp_path: Path) -> None:
    commands = str(Path(sys.executable).parent)
    environment = {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "en_GB.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    for block, expected in steps():
        ran = subprocess.run(
            [*SHELLS[block.language], block.text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        where = f"{TUTORIAL.name}, line {block.line}"
        assert ran.returncode == 0, f"{where}\n{ran.stdout}{ran.stderr}"
        if expected is not None:
            assert shown(expected.text).search(ran.stdout), f"{where} shows something else than:\n{ran.stdout}"


def test_an_ellipsis_stands_for_anything_and_the_rest_must_match() -> None:
    assert shown("3 rows … done\n").search("read 3 rows\nin a second: done")
    assert not shown("3 rows … done\n").search("4 rows: done")
