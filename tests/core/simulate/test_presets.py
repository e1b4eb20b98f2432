"""The presets read the exports whole: nothing rejected, and every event the truth tells of."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gouttes.simulate import Company, Truth, simulate, write_exports
from gouttes.simulate.planted import KIND_NAMES, SYSTEMS
from gouttes.sources.declared import load
from gouttes.sources.importing import plan
from gouttes.sources.sandbox import Context

if TYPE_CHECKING:
    from pathlib import Path

UNSAID = {"zendesk": {"survey.asked"}}  # an answered rating does not say when it was asked for


@pytest.fixture(scope="module")
def small() -> Truth:
    return simulate(Company(people=120))


@pytest.fixture(scope="module")
def folder(small: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exports")
    write_exports(small, root)
    return root


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_preset_finds_the_events_of_its_system(system: str, small: Truth, folder: Path, root: Path) -> None:
    mapping = load(root / "src" / "gouttes" / "sources" / "presets" / f"{system}.toml")
    files = sorted((folder / system).iterdir())
    with plan(files, mapping, Context(small.company.as_of)) as imported:
        events = imported.events().read_all()
        assert imported.rejected == 0
        assert imported.refused == ()
    found = Counter(events["kind"].to_pylist())
    mine = small.events["kind"][small.events["system"] == SYSTEMS.index(system)]
    told = Counter(
        {KIND_NAMES[code]: int(count) for code, count in zip(*np.unique(mine, return_counts=True), strict=True)}
    )
    for kind in UNSAID.get(system, set()):
        del told[kind], found[kind]
    assert found == told
