from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gouttes import engines
from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.incremental import resolve_incremental
from gouttes.identity.resolve import Resolved, resolve

CONNECTION = engines.connect()
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
LINKS = {"subject": "string", "person": "string", "rule": "string", "linked_at": "timestamp('UTC', 6)"}
MAX_SHARED = 3
number = itertools.count()

Row = tuple[str, str, str]


def table(rows: list[Row]) -> Any:
    frame = pd.DataFrame(rows, columns=["subject", "field", "value"], dtype="str")
    frame["known_at"], frame["source"] = pd.Timestamp(FIRST), "test"
    return CONNECTION.create_table(f"rows_{next(number)}", frame, schema=IDENTIFIERS_IBIS, temp=True)


def full(rows: list[Row], previous: Any = None, at: datetime = FIRST) -> Resolved:
    identifiers = table(rows)
    if previous is None:
        previous = CONNECTION.create_table(f"links_{next(number)}", schema=LINKS, temp=True)
    return resolve(
        CONNECTION,
        identifiers.select("subject"),
        identifiers,
        previous,
        linked_at=at,
        country="FR",
        max_shared=MAX_SHARED,
    )


def arriving(before: list[Row], later: list[Row], links: Any) -> Resolved | None:
    new, everything = table(later), table(before + later)
    return resolve_incremental(
        CONNECTION, new.select("subject"), new, everything, links, linked_at=SECOND, country="FR", max_shared=MAX_SHARED
    )


def sorted_links(links: Any) -> pd.DataFrame:
    return links.order_by("subject").to_pandas()


def patched(links: Any, replaced: Any) -> pd.DataFrame:
    return sorted_links(links.anti_join(replaced, "subject").union(replaced))


def groups(links: pd.DataFrame) -> set[frozenset[str]]:
    return {frozenset(subjects) for _, subjects in links.groupby("person")["subject"]}


subjects = st.sampled_from([f"s{at}" for at in range(9)])
rows = st.one_of(
    st.tuples(subjects, st.just("email"), st.sampled_from(["a@x.fr", "B@x.fr", "b@x.fr ", "c@x.fr", "nobody"])),
    st.tuples(subjects, st.just("phone"), st.sampled_from(["0612345678", "+33 6 12 34 56 78", "0698765432"])),
    st.tuples(subjects, st.just("external_id"), st.sampled_from(["1", "2"])),
    st.tuples(subjects, st.just("same_as"), subjects),
    st.tuples(subjects, st.just("name"), st.just("Ana")),
)


@pytest.mark.slow
@given(st.lists(rows, max_size=14), st.lists(rows, max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_two_arrivals_give_the_people_of_one(before: list[Row], later: list[Row]) -> None:
    links = full(before).links
    again = sorted_links(full(before + later, previous=links, at=SECOND).links)
    assert groups(again) == groups(sorted_links(full(before + later).links))
    change = arriving(before, later, links)
    if change is not None:
        pd.testing.assert_frame_equal(patched(links, change.links), again)


BEFORE: list[Row] = [
    ("a", "email", "a@x.fr"),
    ("b", "email", "a@x.fr"),
    ("b", "phone", "0612345678"),
    ("z", "email", "z@x.fr"),
]


def test_only_those_concerned_are_computed_again() -> None:
    links = full(BEFORE).links
    change = arriving(BEFORE, [("c", "phone", "+33 6 12 34 56 78")], links)
    assert change is not None
    assert sorted(change.links["subject"].execute()) == ["a", "b", "c"]
    assert change.links["person"].nunique().execute() == 1


def test_nothing_new_changes_nothing() -> None:
    links = full(BEFORE).links
    change = arriving(BEFORE, [], links)
    assert change is not None
    assert change.links.count().execute() == 0


def test_a_subject_named_before_it_is_seen_finds_its_person() -> None:
    before: list[Row] = [("a", "same_as", "x")]
    links = full(before).links
    change = arriving(before, [("x", "email", "x@x.fr"), ("y", "email", "x@x.fr")], links)
    assert change is not None
    assert groups(sorted_links(change.links)) == {frozenset("axy")}


def test_a_key_that_becomes_shared_by_too_many_asks_for_everyone() -> None:
    links = full(BEFORE).links
    assert arriving(BEFORE, [("c", "email", "a@x.fr"), ("d", "email", "A@X.FR")], links) is None


def test_a_key_set_aside_before_goes_on_joining_nobody() -> None:
    before: list[Row] = [*BEFORE, *((f"s{at}", "email", "contact@x.fr") for at in range(4))]
    links = full(before).links
    change = arriving(before, [("n", "email", "Contact@x.fr"), ("n", "phone", "0612345678")], links)
    assert change is not None
    assert groups(sorted_links(change.links)) == {frozenset("abn")}
    assert change.set_aside["subjects"].execute().tolist() == [5]


def test_a_mailbox_shared_from_its_first_day_needs_no_full_run() -> None:
    links = full(BEFORE).links
    change = arriving(BEFORE, [(f"s{at}", "email", "contact@x.fr") for at in range(5)], links)
    assert change is not None
    assert len(groups(sorted_links(change.links))) == 5


@pytest.mark.parametrize("repeats", [1, 4])
def test_importing_the_same_rows_again_changes_no_link(repeats: int) -> None:
    links = full(BEFORE).links
    change = arriving(BEFORE, BEFORE * repeats, links)
    assert change is not None
    pd.testing.assert_frame_equal(patched(links, change.links), sorted_links(links))
