"""Short files and short functions: sizes only go down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.architecture import tree

if TYPE_CHECKING:
    from pathlib import Path

CEILING = {"file": 400, "function": 40}
FOLDERS = ("src", "tests", "bench", "scripts")


def sizes() -> dict[str, int]:
    """Lines of every file and of every function, by the names that ratchet.toml uses."""
    found: dict[str, int] = {}
    for path in tree.python_files(*FOLDERS):
        found[tree.name(path)] = len(path.read_text(encoding="utf-8").splitlines())
        for function, lines in tree.functions(path):
            key = f"{tree.name(path)}:{function}"
            found[key] = max(lines, found.get(key, 0))
    return found


def test_the_ratchet_never_goes_up() -> None:
    most = tree.ratchet()["most_lines"]
    assert most.keys() == CEILING.keys()
    assert all(most[what] <= CEILING[what] for what in CEILING)


@pytest.mark.parametrize("what", CEILING)
def test_no_file_and_no_function_is_longer_than_the_ratchet_says(what: str) -> None:
    figures = tree.ratchet()
    limit, excepted = figures["most_lines"][what], figures["exceptions"]
    too_long = {
        key: lines
        for key, lines in sizes().items()
        if (":" in key) == (what == "function") and lines > limit and key not in excepted
    }
    assert too_long == {}, f"Split these, each has more than {limit} lines."


def test_an_exception_is_exact_and_says_why() -> None:
    found, most = sizes(), tree.ratchet()["most_lines"]
    for key, excepted in tree.ratchet()["exceptions"].items():
        limit = most["function" if ":" in key else "file"]
        assert found.get(key) == excepted["lines"], f"{key} changed: write its new size, or take the exception out."
        assert excepted["lines"] > limit, f"{key} fits now: take the exception out."
        assert len(excepted["because"].split()) > 3, f"{key} needs a reason."


def test_docstrings_are_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')
    assert list(tree.functions(path)) == [("f", 2)]
