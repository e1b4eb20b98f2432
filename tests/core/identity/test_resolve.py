from __future__ import annotations

import itertools
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import pandas as pd
import pytest

from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.find import find
from gouttes.identity.resolve import Resolved, resolve

FIRST, SECOND, THIRD = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
LINKS = {"subject": "string", "person": "string", "rule": "string", "linked_at": "timestamp('UTC', 6)"}

number = itertools.count()

Rows = list[tuple[str, str, str]]


def identifiers(connection: Any, rows: Rows) -> Any:
    frame = pd.DataFrame(rows, columns=["subject", "field", "value"], dtype="str")
    frame["known_at"], frame["source"] = pd.Timestamp(FIRST), "test"
    return connection.create_table(f"identifiers_{next(number)}", frame, schema=IDENTIFIERS_IBIS)


def resolved(
    connection: Any,
    rows: Rows,
    *,
    previous: Any = None,
    subjects: tuple[str, ...] = (),
    at: datetime = FIRST,
    max_shared: int = 100,
) -> Resolved:
    table = identifiers(connection, rows)
    seen = pd.DataFrame({"subject": subjects}, dtype="str")
    events = connection.create_table(f"events_{next(number)}", seen, schema={"subject": "string"})
    if previous is None:
        previous = connection.create_table(f"links_{next(number)}", schema=LINKS)
    return resolve(connection, events, table, previous, country="FR", max_shared=max_shared, linked_at=at)


def people(links: Any) -> set[frozenset[str]]:
    frame = links.to_pandas()
    assert frame["subject"].is_unique
    return {frozenset(group) for _, group in frame.groupby("person")["subject"]}


def column(links: Any, name: str) -> dict[str, Any]:
    frame = links.to_pandas()
    return dict(zip(frame["subject"], frame[name], strict=True))


def new_id(subject: str) -> str:
    return "p" + md5(subject.encode()).hexdigest()[:16]  # noqa: S324 -- a short name, not a secret


ANA: Rows = [
    ("shop:1", "email", "Ana@Mail.fr"),
    ("zendesk:1", "email", "ana@mail.fr "),
    ("zendesk:1", "phone", "06 12 34 56 78"),
    ("crm:1", "phone", "+33612345678"),
    ("crm:1", "external_id", "A7"),
    ("bill:1", "external_id", "A7"),
    ("web:1", "same_as", "bill:1"),
    ("crm:2", "external_id", "a7"),
    ("crm:2", "name", "Ana B"),
    ("crm:3", "name", "Ana B"),
]


def test_subjects_that_share_keys_are_one_person_even_through_others(duck: Any) -> None:
    links = resolved(duck, ANA, subjects=("shop:1", "visit:9", "shop:1")).links
    assert people(links) == {
        frozenset({"shop:1", "zendesk:1", "crm:1", "bill:1", "web:1"}),
        frozenset({"crm:2"}),
        frozenset({"crm:3"}),
        frozenset({"visit:9"}),
    }


def test_the_rule_is_the_surest_that_ties_a_subject_and_the_first_is_there_by_itself(duck: Any) -> None:
    links = resolved(duck, ANA).links
    assert column(links, "rule") == {
        "bill:1": "self",
        "crm:1": "external_id",
        "zendesk:1": "email",
        "shop:1": "email",
        "web:1": "same_as",
        "crm:2": "self",
        "crm:3": "self",
    }
    assert links.schema().names == tuple(LINKS)
    assert str(links["linked_at"].type()) == "timestamp('UTC', 6)"


def test_a_new_person_is_named_after_the_smallest_subject(duck: Any) -> None:
    links = resolved(duck, ANA).links
    assert set(column(links, "person").values()) == {new_id("bill:1"), new_id("crm:2"), new_id("crm:3")}


def test_a_subject_that_only_a_declared_link_names_has_its_person_too(duck: Any) -> None:
    links = resolved(duck, [("a", "same_as", "x"), ("b", "same_as", "x"), ("c", "same_as", "c")]).links
    assert people(links) == {frozenset("abx"), frozenset("c")}


def test_an_id_survives_new_data_and_the_oldest_one_survives_a_merge(duck: Any) -> None:
    first = resolved(duck, [("m", "email", "m@x.fr")]).links
    second = resolved(duck, [("m", "email", "m@x.fr"), ("d", "email", "d@x.fr")], previous=first, at=SECOND).links
    assert column(second, "person") == {"m": new_id("m"), "d": new_id("d")}
    rows = [("m", "email", "m@x.fr"), ("d", "email", "d@x.fr"), ("d", "email", "m@x.fr"), ("a", "email", "m@x.fr")]
    third = resolved(duck, rows, previous=second, at=THIRD).links
    assert set(column(third, "person").values()) == {new_id("m")}
    assert column(third, "rule") == {"m": "self", "d": "email", "a": "email"}
    dates = {subject: date.to_pydatetime() for subject, date in column(third, "linked_at").items()}
    assert dates == {"m": FIRST, "d": THIRD, "a": THIRD}


def test_of_ids_equally_old_the_smallest_survives(duck: Any) -> None:
    names = sorted("abcdef", key=new_id)
    first = resolved(duck, [(name, "email", f"{name}@x.fr") for name in names]).links
    second = resolved(duck, [(name, "email", "all@x.fr") for name in names], previous=first, at=SECOND).links
    assert set(column(second, "person").values()) == {new_id(names[0])}


def test_a_second_run_changes_nothing(duck: Any) -> None:
    first = resolved(duck, ANA).links
    second = resolved(duck, ANA, previous=first, at=SECOND).links
    pd.testing.assert_frame_equal(*(links.order_by("subject").to_pandas() for links in (first, second)))


def test_a_withdrawn_identifier_does_not_split_a_person(duck: Any) -> None:
    rows: Rows = [("a", "email", "x@x.fr"), ("b", "email", "x@x.fr"), ("b", "phone", "0612345678")]
    first = resolved(duck, [*rows, ("c", "phone", "0612345678")]).links
    second = resolved(duck, rows[:1], subjects=("b", "c"), previous=first, at=SECOND).links
    assert people(second) == {frozenset("abc")}
    assert column(second, "rule") == {"a": "self", "b": "email", "c": "phone"}


def test_what_only_an_erased_subject_joined_parts_again(duck: Any) -> None:
    rows: Rows = [("a", "email", "x@x.fr"), ("z", "phone", "0612345678")]
    bridge: Rows = [("m", "email", "x@x.fr"), ("m", "phone", "0612345678")]
    first = resolved(duck, [*rows, *bridge]).links
    assert people(first) == {frozenset("amz")}
    second = resolved(duck, rows, previous=first, at=SECOND).links
    assert column(second, "person") == {"a": new_id("a"), "z": new_id("z")}


def test_an_id_in_use_is_never_given_to_someone_else(duck: Any) -> None:
    """The person named after ``a`` outlives ``a``; when ``a`` comes back alone, it is someone new."""
    rows: Rows = [("b", "email", "x@x.fr"), ("c", "email", "x@x.fr")]
    first = resolved(duck, [*rows, ("a", "email", "x@x.fr")]).links
    second = resolved(duck, rows, previous=first, at=SECOND).links
    assert set(column(second, "person").values()) == {new_id("a")}
    third = resolved(duck, [*rows, ("a", "email", "other@x.fr")], previous=second, at=THIRD).links
    assert people(third) == {frozenset("bc"), frozenset("a")}


def test_a_shared_mailbox_joins_nobody_and_is_set_aside(duck: Any) -> None:
    rows: Rows = [(f"s{at}", "email", "Contact@Shop.fr") for at in range(6)]
    rows += [("s0", "phone", "0612345678"), ("s1", "phone", "0612345678"), ("s2", "external_id", "same")]
    rows += [(f"s{at}", "external_id", "same") for at in range(3, 6)]
    result = resolved(duck, rows, max_shared=3)
    assert people(result.links) == {frozenset({"s0", "s1"}), frozenset({"s2", "s3", "s4", "s5"})}
    assert result.set_aside.to_pandas().to_dict("records") == [
        {"field": "email", "key_hash": md5(b"contact@shop.fr").hexdigest()[:16], "subjects": 6}  # noqa: S324 -- same
    ]
    assert resolved(duck, rows, max_shared=6).set_aside.count().execute() == 0


def test_whom_a_mailbox_had_joined_part_when_it_proves_shared(duck: Any) -> None:
    rows: Rows = [(f"s{at}", "email", "contact@shop.fr") for at in range(3)]
    first = resolved(duck, rows, max_shared=3).links
    second = resolved(duck, [*rows, ("s3", "email", "contact@shop.fr")], previous=first, at=SECOND, max_shared=3).links
    assert people(second) == {frozenset({f"s{at}"}) for at in range(4)}
    assert column(second, "person")["s0"] == new_id("s0")


def test_fifty_thousand_holders_of_one_address_are_fifty_thousand_people(duck: Any) -> None:
    result = resolved(duck, [(f"s{at}", "email", "no@reply.fr") for at in range(50_000)])
    assert result.links["person"].nunique().execute() == 50_000
    assert result.set_aside["subjects"].execute().tolist() == [50_000]


def test_an_empty_workspace_has_nobody(duck: Any) -> None:
    result = resolved(duck, [])
    assert result.links.count().execute() == result.set_aside.count().execute() == 0


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (new_id("bill:1"), {new_id("bill:1")}),
        (" zendesk:1 ", {new_id("bill:1")}),
        ("ANA@mail.fr", {new_id("bill:1")}),
        ("0033 6 12 34 56 78", {new_id("bill:1")}),
        ("a7", {new_id("crm:2")}),
        ("Ana B", set()),
        ("", set()),
    ],
)
def test_a_person_is_found_by_any_name_they_answer_to(duck: Any, text: str, who: set[str]) -> None:
    links = resolved(duck, ANA).links
    found = find(links, identifiers(duck, ANA), text, country="FR")
    assert found["person"].execute().tolist() == sorted(who)


@pytest.mark.spark
def test_spark_resolves_like_duckdb(duck: Any, spark: Any) -> None:
    import ibis  # noqa: PLC0415 -- only here

    rows = [*ANA, *((f"s{at}", "email", "contact@shop.fr") for at in range(5))]
    frame = pd.DataFrame(rows, columns=["subject", "field", "value"])
    frame["known_at"], frame["source"] = pd.Timestamp(FIRST), "test"
    table, subjects = ibis.memtable(frame, schema=IDENTIFIERS_IBIS), ibis.memtable({"subject": ["visit:9"]})
    former = pd.DataFrame({"subject": ["crm:3", "shop:1"], "person": ["p1", "p2"], "rule": "self", "linked_at": FIRST})
    previous = ibis.memtable(former, schema=LINKS)
    results = [
        resolve(connection, subjects, table, previous, country="FR", max_shared=4, linked_at=SECOND)
        for connection in (duck, spark)
    ]
    links = [result.links.order_by("subject").to_pandas() for result in results]
    pd.testing.assert_frame_equal(links[0], links[1], check_dtype=False)
    aside = [result.set_aside.to_pandas() for result in results]
    pd.testing.assert_frame_equal(aside[0], aside[1], check_dtype=False)
    assert len(links[0]) == 13
