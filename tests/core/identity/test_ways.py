"""What ties records, the way from one to another, and the rules that tie one part to another."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.identity.rows import Pair, Row, Said, known

from gouttes.identity.ways import Step, across, ties_of, way
from gouttes.settings.identity import Condition, IdentitySettings, MatchRule

EMAIL = MatchRule("email", (Condition("email"),))
ASKS = MatchRule("namesake", (Condition("last_name"),), then="review")
SETTINGS = IdentitySettings(rules=(EMAIL, ASKS))


def ties(
    connection: Any, rows: list[Row], subjects: str, *, pairs: list[Pair] | None = None, said: list[Said] | None = None
) -> Any:
    told = known(connection, rows, settings=SETTINGS, pairs=pairs or [], said=said or [])
    tables = {"keys": told.keys, "decisions": told.taken, "likenesses": told.pairs}
    return ties_of(tables, SETTINGS, subjects.split(), link_at=0.9)


def test_a_way_goes_by_the_keys_of_rules_that_join_only(duck: Any) -> None:
    rows: list[Row] = [
        ("a", "email", "a@x.fr"),
        ("b", "email", "a@x.fr"),
        ("b", "last_name", "roy"),
        ("c", "last_name", "roy"),
        ("c", "same_as", "d"),
    ]
    found = ties(duck, rows, "a b c d")
    assert way(found, "a", "b") == (Step("a", "b", "email", "a@x.fr"),)
    assert way(found, "b", "c") == ()
    assert way(found, "c", "d") == (Step("c", "d", "same_as", "c = d"),)


@pytest.mark.parametrize(("probability", "steps"), [(0.95, 1), (0.6, 0)])
def test_a_likeness_too_unsure_to_link_is_no_way(duck: Any, probability: float, steps: int) -> None:
    rows: list[Row] = [(name, "first_name", name) for name in "ab"]
    found = ties(duck, rows, "a b", pairs=[("a", "b", probability)])
    assert len(way(found, "a", "b")) == steps


def test_of_two_ways_a_human_word_is_the_surest_and_one_undone_is_none(duck: Any) -> None:
    rows: list[Row] = [("a", "email", "a@x.fr"), ("b", "email", "a@x.fr")]
    said: list[Said] = [("1", "same", "", "a"), ("1", "same", "", "b")]
    assert [step.rule for step in way(ties(duck, rows, "a b", said=said), "a", "b")] == ["human"]
    undone = ties(duck, rows, "a b", said=[*said, ("1", "undone", "", "a")])
    assert [step.rule for step in way(undone, "a", "b")] == ["email"]


def test_across_names_what_ties_the_parts_and_not_what_ties_within_one() -> None:
    found = [(1, "email", "k", "a"), (1, "email", "k", "b"), (2, "phone", "p", "b"), (2, "phone", "p", "c")]
    found += [(0, "human", "1", "a"), (0, "human", "1", "elsewhere")]
    assert across(found, [["a", "b"], ["c"]]) == ("phone",)
    assert across(found, [["a"], ["b"], ["c"]]) == ("email", "phone")
    assert across(found, [["a", "b", "c"]]) == ()
