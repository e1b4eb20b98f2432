"""Likeness in a workspace: trained when asked, kept, used for everyone and for one newcomer alike."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.core.people.conftest import events, identifiers, opened

import gouttes
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.identity.likening import model_file
from gouttes.reviewing import question, queue
from gouttes.settings import Settings, settings_text
from gouttes.settings.identity import IdentitySettings, LinkageSettings
from gouttes.training import train
from gouttes.workspace import Workspace, replace_file

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 240
COMMON = 5
"""Records from which on a value may stand in a model."""
FIRSTS = ["jean", "marie", "paul", "anne", "luc", "zoe", "alice", "bruno", "chloe", "denis", "emma", "farid", "hugo"]
SYLLABLES = ["ba", "cor", "dan", "fel", "gri", "lom", "mar", "nou", "per", "rou", "sal", "tin", "ver", "zel"]
ASKING = IdentitySettings()
LINKING = replace(ASKING, linkage=LinkageSettings("link", 0.99, 0.5))


def rows() -> list[tuple[str, str, str]]:
    """Two records of each person in two systems that share no key: a slip in the name, the rest the same."""
    chance = random.Random(7)  # noqa: S311 -- made-up people
    found = []
    for at in range(PEOPLE):
        first, last = chance.choice(FIRSTS), "".join(chance.sample(SYLLABLES, 3))
        born = f"19{chance.randrange(50, 99)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 28):02d}"
        postcode = f"{chance.randrange(10, 95)}{chance.randrange(100, 999)}"
        slipped = last if at % 3 else last[:2] + last[3:]
        for subject, name in ((f"crm:c:{at}", last), (f"shop:c:{at}", slipped)):
            found += [(subject, "first_name", first), (subject, "last_name", name), (subject, "birth_date", born)]
            found.append((subject, "postcode", postcode))
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("alike") / "ws"
    log = EventLog(Workspace.create(root, Settings(name="Maison Lenoir", language="en")))
    append_identifiers(log, identifiers(rows()))
    append_events(log, events([f"crm:c:{at}" for at in range(5)]))
    here = gouttes.open(root)
    assert train(here.workspace, here.connection).state == "trained"
    assert train(here.workspace, here.connection).state == "kept"
    gouttes.open(root).run()
    return root


def links(root: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = opened(root).links().select("subject", "person", "rule").to_pyarrow().to_pylist()
    return sorted(table, key=lambda row: row["subject"])


def right(rows_of: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of the people's two records are one person, and how many records are with a stranger's."""
    person = {row["subject"]: row["person"] for row in rows_of}
    together = sum(person[f"crm:c:{at}"] == person[f"shop:c:{at}"] for at in range(PEOPLE))
    numbers: dict[str, set[str]] = {}
    for subject, owner in person.items():
        numbers.setdefault(owner, set()).add(subject.rsplit(":", 1)[1])
    return together, sum(len(each) - 1 for each in numbers.values())


def with_settings(root: Path, identity: IdentitySettings) -> None:
    workspace = Workspace.open(root)
    replace_file(root / "gouttes.toml", settings_text(replace(workspace.settings, identity=identity)))


def test_out_of_the_box_likeness_asks_and_joins_nobody(trained: Path) -> None:
    assert len({row["person"] for row in links(trained)}) == 2 * PEOPLE
    waiting = queue(opened(trained)).to_pyarrow().to_pylist()
    pairs = {(row["left"], row["right"]) for row in waiting}
    assert len(pairs & {(f"crm:c:{at}", f"shop:c:{at}") for at in range(PEOPLE)}) > 0.95 * PEOPLE
    assert {row["reason"] for row in waiting} == {"likeness"}
    asked = question(opened(trained), "crm:c:1", "shop:c:1")
    account = asked.waterfall
    assert account is not None
    assert account.prior + sum(step.weight + step.adjustment for step in account.steps) == pytest.approx(account.weight)
    (found,) = [row for row in waiting if row["left"] == "crm:c:1" and row["right"] == "shop:c:1"]
    assert account.probability == pytest.approx(found["probability"], abs=1e-9)


def test_where_it_may_link_it_links_and_a_newcomer_is_placed_as_everyone_would_be(trained: Path) -> None:
    with_settings(trained, LINKING)
    assert opened(trained).run().mode == "full"
    together, wrong = right(links(trained))
    assert together > 0.9 * PEOPLE
    assert wrong == 0
    newcomer = [
        (f"web:u:{at}", field, value) for at in (1, 4) for subject, field, value in rows() if subject == f"crm:c:{at}"
    ]
    append_identifiers(opened(trained).log, identifiers(newcomer))
    assert opened(trained).run().mode == "incremental"
    arrived = links(trained)
    person = {row["subject"]: row["person"] for row in arrived}
    assert person["web:u:1"] == person["crm:c:1"]
    assert person["web:u:4"] == person["crm:c:4"]
    opened(trained).run(full=True)
    assert links(trained) == arrived
    with_settings(trained, replace(ASKING, linkage=LinkageSettings("off")))
    opened(trained).run()
    assert {row["rule"] for row in links(trained)} == {"self"}
    with_settings(trained, ASKING)


def test_the_model_holds_weights_and_nobodys_record(trained: Path) -> None:
    text = model_file(Workspace.open(trained)).read_text(encoding="utf-8")
    values = Counter(value for _, field, value in rows() if field in {"last_name", "birth_date", "postcode"})
    assert [value for value, times in values.items() if times < COMMON and f'"{value}"' in text] == []


def test_a_workspace_with_nothing_to_learn_from_says_so(tmp_path: Path) -> None:
    log = EventLog(Workspace.create(tmp_path / "ws", Settings(name="L")))
    append_events(log, events(["a:1"]))
    here = opened(tmp_path / "ws")
    told = train(here.workspace, here.connection)
    assert told.state == "untrained"
    assert told.reason
