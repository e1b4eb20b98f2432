"""The floors that import-linter cannot see: engines, clocks and environments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from tests.architecture import tree

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = ("duckdb", "pyspark", "ibis.duckdb", "ibis.pyspark", "ibis.backends")
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}
OUTSIDE = {"os", "pathlib", "io", "tempfile", "subprocess", "socket", "time", "random"}


def names_an_engine(path: Path) -> bool:
    """Whether a file imports an engine, or reaches one through Ibis."""
    if any(module == each or module.startswith(f"{each}.") for module in tree.imports(path) for each in ENGINES):
        return True
    reached = {ast.unparse(node) for node in ast.walk(tree.parsed(path)) if isinstance(node, ast.Attribute)}
    return bool(reached & {"ibis.duckdb", "ibis.pyspark"})


def test_only_engines_names_an_engine() -> None:
    excepted = tree.ratchet()["names_an_engine"]
    naming = {tree.name(path) for path in tree.python_files("src") if names_an_engine(path)} - {
        "src/gouttes/engines.py"
    }
    assert {name for name in naming if not name.startswith(tuple(excepted))} == set()
    idle = {place for place in excepted if not any(name.startswith(place) for name in naming)}
    assert idle == set(), "These name no engine any more: take them out of ratchet.toml."


def test_whoever_may_name_an_engine_has_a_reason() -> None:
    assert all(len(reason.split()) > 5 for reason in tree.ratchet()["names_an_engine"].values())


def calls(path: Path) -> set[str]:
    """The functions and methods a file calls, as written."""
    return {ast.unparse(node.func) for node in ast.walk(tree.parsed(path)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("step", tree.STEPS)
def test_a_step_reads_no_clock_path_or_environment(step: str) -> None:
    for path in tree.python_files(f"src/gouttes/{step}"):
        assert {call for call in calls(path) if call.rsplit(".", maxsplit=1)[-1] in CLOCKS} == set(), tree.name(path)
        assert "open" not in calls(path), tree.name(path)
        assert tree.imports(path) & OUTSIDE == set(), tree.name(path)


def test_only_the_command_line_and_the_engines_read_the_environment() -> None:
    may = {"src/gouttes/engines.py"}
    reading = {
        tree.name(path)
        for path in tree.python_files("src")
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert {name for name in reading - may if not name.startswith("src/gouttes/cli/")} == set()
