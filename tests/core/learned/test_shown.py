"""What the report is told of learning: a proposal is no parameter in force, and nothing is computed for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.core.learned.sets import hand_made

import gouttes
from gouttes.digest import learned
from gouttes.drifting import Drift, Month
from gouttes.learned import ParameterShelf

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
FIRST, SECOND = "2026-11-20.1", "2026-11-20.2"


def test_where_nothing_was_learned_nothing_is_shown_but_that(root: Path) -> None:
    found = learned(gouttes.open(root))
    assert (found.status, found.version, found.weights, found.drift.state) == ("nothing", "", (), "never")


def test_a_proposal_an_acceptance_and_a_set_in_force_are_told_apart(root: Path) -> None:
    opened = gouttes.open(root)
    shelf = ParameterShelf(opened.workspace)
    shelf.propose(hand_made(opened, FIRST))
    found = learned(opened)
    assert (found.status, found.version, found.waiting) == ("proposed", FIRST, "")
    shelf.decide(FIRST, "accepted", by="claire", at=NOW)
    assert learned(opened).status == "accepted"
    vars(opened)["manifest"] = replace(opened.manifest, learned=FIRST)
    shelf.propose(hand_made(opened, SECOND))
    found = learned(opened)
    assert (found.status, found.version, found.waiting, found.leaving) == ("in_force", FIRST, SECOND, False)
    shelf.decide(SECOND, "rejected", by="claire", at=NOW)
    shelf.decide(FIRST, "rejected", by="claire", at=NOW)
    found = learned(opened)
    assert (found.status, found.version, found.waiting, found.leaving) == ("in_force", FIRST, "", True)


def test_an_older_set_that_nobody_decided_on_does_not_wait(root: Path) -> None:
    opened = gouttes.open(root)
    shelf = ParameterShelf(opened.workspace)
    shelf.propose(hand_made(opened, FIRST))
    shelf.propose(hand_made(opened, SECOND))
    shelf.decide(SECOND, "accepted", by="claire", at=NOW)
    found = learned(opened)
    assert (found.status, found.version, found.waiting) == ("accepted", SECOND, "")


def test_a_set_that_was_put_aside_is_not_shown_again(root: Path) -> None:
    opened = gouttes.open(root)
    shelf = ParameterShelf(opened.workspace)
    shelf.propose(hand_made(opened, FIRST))
    shelf.decide(FIRST, "rejected", by="claire", at=NOW)
    assert learned(opened).status == "nothing"


def test_figures_keep_their_sense_and_dates_are_the_companys(root: Path) -> None:
    opened = gouttes.open(root)
    ParameterShelf(opened.workspace).propose(hand_made(opened, FIRST))
    month = Month(NOW, 20, 90, 0.9, 0.5, 0.4, 0.6, 3.5, told=False)
    Drift(NOW, "another", (month,), "drifted").keep(opened.workspace)
    found = learned(opened)
    assert found.learned_at is not None
    assert (found.learned_at.day, found.origins[0].day) == (27, 24)
    by_name = {each.name: each for each in found.weights}
    assert by_name["outage"].bucket
    assert not by_name["promise kept"].bucket
    assert [each.bucket for each in found.memories] == [each.name.startswith("buckets") for each in found.memories]
    assert sorted(rule for rules in (found.classes or {}).values() for rule in rules) == sorted(by_name)
    assert (found.drift.state, found.drift.stale, found.drift.months[0].far) == ("drifted", True, True)
    assert found.drift.months[0].origin.day == 27
    assert found.equal_weights is None
    assert found.one_half_life is not None
