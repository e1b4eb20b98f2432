"""The engine gives what the definitions say, on a narrow clock where edges and ties are common."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.core.behaviour import plain_reference as reference
from tests.core.behaviour.narrow_clock import KINDS, NARROW, crowd, moment

from gouttes.behaviour.acts import acts
from gouttes.behaviour.clock import next_due

if TYPE_CHECKING:
    from tests.core.behaviour.conftest import Bench

AS_OF = moment(54)
COMPARED = ("person", "act", "event_id", "at", "known", "size", "episode", "touch_days")
SEEDS = st.integers(0, 2**32)
# One example is a crowd of two hundred short histories: few examples are many cases, and a seed does not shrink.
FEW = settings(max_examples=3, phases=[Phase.generate])


def sheets(rows: list[dict[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each person, in an order of their own."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row["person"]].append(tuple(row[name] for name in COMPARED))
    return {person: sorted(own, key=repr) for person, own in found.items()}


def assert_same(got: list[dict[str, Any]], wanted: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    """Fails with the history of the first person who differs."""
    left, right = sheets(got), sheets(wanted)
    for person in sorted({*left, *right}):
        own = [{name: value for name, value in e.items() if value is not None} for e in events if e["person"] == person]
        assert left.get(person, []) == right.get(person, []), own


def focus(*groups: str) -> list[str]:
    """Kinds that matter to one behaviour, drawn more often than all of them together would allow."""
    return [kind for kind in KINDS if kind.startswith(groups)]


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(KINDS, id="everything"),
        pytest.param(focus("message", "order", "reward"), id="returns"),
        pytest.param(focus("message.received", "ticket"), id="tickets"),
        pytest.param(focus("subscription", "message.sent", "ticket.escalated"), id="renewals"),
        pytest.param(focus("order", "subscription.up", "subscription.st", "action"), id="expansion"),
        pytest.param(focus("referral", "review", "survey", "reward"), id="recommendation"),
    ],
)
@given(seed=SEEDS)
@FEW
def test_acts_are_those_of_the_plain_reference(bench: Bench, kinds: list[str], seed: int) -> None:
    events = crowd(seed, kinds=kinds)
    assert_same(bench.run(acts, events, AS_OF), reference.acts(events, AS_OF, NARROW), events)


@given(seed=SEEDS)
@FEW
def test_the_order_of_the_rows_changes_nothing(bench: Bench, seed: int) -> None:
    events = crowd(seed)
    shuffled = random.Random(seed).sample(events, len(events))  # noqa: S311 -- a shuffle, not a secret
    assert_same(bench.run(acts, shuffled, AS_OF), bench.run(acts, events, AS_OF), events)


@given(seed=SEEDS)
@FEW
def test_the_acts_of_some_people_do_not_depend_on_the_others(bench: Bench, seed: int) -> None:
    events = crowd(seed)
    some = [event for event in events if event["person"] < "p050"]
    together = [row for row in bench.run(acts, events, AS_OF) if row["person"] < "p050"]
    assert_same(bench.run(acts, some, AS_OF), together, events)


@pytest.mark.parametrize("wait", [1, 6, 24])
@given(seed=SEEDS)
@FEW
def test_acts_stay_the_same_until_they_are_due(bench: Bench, wait: int, seed: int) -> None:
    events, now, later = crowd(seed), moment(36), moment(36 + wait)
    due = {row["person"]: row["next_due"] for row in bench.run(next_due, events, now)}
    calm = [event for event in events if due.get(event["person"], later + 1) > later]
    assert calm
    assert_same(bench.run(acts, calm, later), bench.run(acts, calm, now), events)


@given(seed=SEEDS)
@FEW
def test_acts_change_at_the_very_instant_they_are_due(bench: Bench, seed: int) -> None:
    events, now = crowd(seed, people=120, kinds=focus("order", "message.received", "ticket"), most=20), moment(36)
    seen = [event for event in events if max(event["at"], event["known"]) <= now]
    turns = bench.run(next_due, seen, now)
    assert len(turns) > 10
    for row in turns:
        own, due = [event for event in seen if event["person"] == row["person"]], row["next_due"]
        before, after = (sheets(reference.acts(own, at, NARROW)) for at in (due - 1, due))
        assert due > now
        assert sheets(reference.acts(own, now, NARROW)) == before
        assert before != after
