from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from typing import Any

import pandas as pd
import pytest
from tests.core.identity.rows import (
    DEFAULT,
    FIRST,
    SECOND,
    THIRD,
    Row,
    column,
    doubts,
    groups,
    known,
    people,
    resolved,
)

from gouttes.identity.find import find
from gouttes.identity.resolve import resolve
from gouttes.schemas import LINKS
from gouttes.settings.identity import Condition, IdentitySettings, MatchRule

Rows = list[Row]


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
    assert links.schema() == LINKS


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


def test_links_are_what_is_known_and_nothing_else(duck: Any) -> None:
    rows: Rows = [("a", "email", "x@x.fr"), ("b", "email", "x@x.fr")]
    first = resolved(duck, rows).links
    second = resolved(duck, rows[:1], subjects=("b",), previous=first, at=SECOND).links
    assert people(second) == groups("a", "b")


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
    result = resolved(duck, rows, settings=replace(DEFAULT, max_shared=3))
    assert people(result.links) == {frozenset({"s0", "s1"}), frozenset({"s2", "s3", "s4", "s5"})}
    assert result.set_aside.to_pandas().to_dict("records") == [
        {"field": "email", "key_hash": md5(b"contact@shop.fr").hexdigest()[:16], "subjects": 6, "names": None}  # noqa: S324 -- same
    ]
    assert resolved(duck, rows, settings=replace(DEFAULT, max_shared=6)).set_aside.count().execute() == 0


def test_whom_a_mailbox_had_joined_part_when_it_proves_shared(duck: Any) -> None:
    rows: Rows = [(f"s{at}", "email", "contact@shop.fr") for at in range(3)]
    first = resolved(duck, rows, settings=replace(DEFAULT, max_shared=3)).links
    second = resolved(
        duck,
        [*rows, ("s3", "email", "contact@shop.fr")],
        previous=first,
        at=SECOND,
        settings=replace(DEFAULT, max_shared=3),
    ).links
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
    found = find(links, known(duck, ANA).keys, text, DEFAULT, country="FR")
    assert found["person"].execute().tolist() == sorted(who)


# --- rules ------------------------------------------------------------------------------------------------------------

BORN = MatchRule("born", (Condition("last_name"), Condition("birth_date")))


def with_rules(*rules: MatchRule) -> IdentitySettings:
    return replace(DEFAULT, rules=rules)


def test_all_conditions_of_a_rule_must_hold_and_one_rule_is_enough(duck: Any) -> None:
    rows: Rows = [
        *((name, "last_name", "roy") for name in "abc"),
        *((name, "birth_date", "1980-01-31") for name in "abd"),
        ("c", "birth_date", "1981-01-31"),
        ("d", "email", "d@x.fr"),
        ("e", "email", "d@x.fr"),
    ]
    assert people(resolved(duck, rows, settings=with_rules(BORN, *DEFAULT.rules)).links) == groups("a b", "c", "d e")
    assert people(resolved(duck, rows, settings=with_rules(BORN)).links) == groups("a b", "c", "d", "e")
    links = resolved(duck, rows, settings=with_rules(BORN)).links
    assert column(links, "rule")["b"] == "born"


def test_a_fuzzy_condition_links_who_is_like_enough_beside_an_exact_one(duck: Any) -> None:
    near = MatchRule("near", (Condition("birth_date", "exact"), Condition("last_name", "fuzzy", 0.8)))
    rows: Rows = [
        *((name, "birth_date", "1980-01-31") for name in "abc"),
        ("a", "last_name", "dupont"),
        ("b", "last_name", "dupond"),
        ("c", "last_name", "martin"),
    ]
    assert people(resolved(duck, rows, settings=with_rules(near)).links) == groups("a b", "c")
    strict = MatchRule("near", (Condition("birth_date", "exact"), Condition("last_name", "fuzzy", 0.85)))
    assert people(resolved(duck, rows, settings=with_rules(strict)).links) == groups("a", "b", "c")


def test_a_rule_may_ask_instead_of_linking(duck: Any) -> None:
    rows: Rows = [(name, "last_name", "roy") for name in "ab"] + [(name, "birth_date", "1980-01-31") for name in "ab"]
    result = resolved(duck, rows, settings=with_rules(replace(BORN, then="review")))
    assert people(result.links) == groups("a", "b")
    assert doubts(result) == {("a", "b", "born", "rule")}


def test_an_exact_condition_takes_the_value_as_written(duck: Any) -> None:
    rows: Rows = [("a", "email", "Ana@x.fr"), ("b", "email", "ana@x.fr"), ("c", "email", "Ana@x.fr ")]
    exact = MatchRule("as written", (Condition("email", "exact"),))
    assert people(resolved(duck, rows, settings=with_rules(exact)).links) == groups("a c", "b")


def test_a_rule_that_is_taken_out_joins_nobody(duck: Any) -> None:
    rows: Rows = [("a", "phone", "0612345678"), ("b", "phone", "0612345678")]
    email_only = with_rules(MatchRule("email", (Condition("email"),)))
    assert people(resolved(duck, rows, settings=email_only).links) == groups("a", "b")


# --- guards -----------------------------------------------------------------------------------------------------------

COUPLE: Rows = [
    *((name, "email", "famille@x.fr") for name in "jmz"),
    ("j", "first_name", "jean"),
    ("m", "first_name", "marie"),
]


def test_two_first_names_on_one_mailbox_are_two_people_and_who_could_be_either_is_asked_about(duck: Any) -> None:
    result = resolved(duck, COUPLE)
    assert people(result.links) == groups("j", "m", "z")
    assert doubts(result) == {("z", "j", "email", "names"), ("z", "m", "email", "names")}
    assert people(resolved(duck, [row for row in COUPLE if row[0] != "m"]).links) == groups("j z")


def test_initials_and_slips_of_the_pen_are_the_same_name(duck: Any) -> None:
    rows: Rows = [*COUPLE, ("z", "first_name", "j"), ("y", "email", "famille@x.fr"), ("y", "first_name", "marje")]
    assert people(resolved(duck, rows).links) == groups("j z", "m y")


def test_a_name_between_two_others_keeps_to_its_own_like_and_a_family_name_alone_goes_with_the_one_it_fits(
    duck: Any,
) -> None:
    rows: Rows = [(name, "email", "famille@x.fr") for name in "abcdef"]
    firsts = {"a": "marion", "b": "marian", "c": "marien", "d": "marian"}
    rows += [(name, "first_name", first) for name, first in firsts.items()]
    rows += [("e", "last_name", "roy"), *((name, "last_name", "petit") for name in "abcd"), ("f", "last_name", "petit")]
    assert people(resolved(duck, rows).links) == groups("a b c d f", "e")  # one letter apart, each from each
    far = [(s, f, {"marion": "marionn", "marien": "mmarien"}.get(v, v)) for s, f, v in rows]
    result = resolved(duck, far)
    assert people(result.links) == groups("a", "c", "b d", "e", "f")
    assert ("f", "a", "email", "names") in doubts(result)


def test_a_phone_held_under_more_names_than_a_household_has_joins_nobody(duck: Any) -> None:
    names = ["anne", "bruno", "chloe", "denis", "emma", "farid", "gilles"]
    rows: Rows = [(f"s{at}", "phone", "0612345678") for at in range(8)]
    rows += [(f"s{at}", "first_name", name) for at, name in enumerate(names)]
    rows += [("s7", "first_name", "anne")]
    result = resolved(duck, rows)
    assert len(people(result.links)) == 8
    assert result.set_aside.to_pandas()[["field", "subjects", "names"]].to_dict("records") == [
        {"field": "phone", "subjects": 8, "names": 7}
    ]
    assert len(people(resolved(duck, rows, settings=replace(DEFAULT, household=7)).links)) == 7


def test_a_switchboard_joins_only_who_has_its_family_name_too(duck: Any) -> None:
    rows: Rows = [(name, "phone", "0145678901") for name in ("salesforce:1", "salesforce:2", "salesforce:3", "shop:1")]
    rows += [("salesforce:1", "last_name", "roy"), ("salesforce:2", "last_name", "roy"), ("shop:1", "last_name", "sy")]
    assert people(resolved(duck, rows).links) == groups("salesforce:1 salesforce:2", "salesforce:3", "shop:1")


CUSTOMERS: Rows = [
    ("a", "external_id", "1"),
    ("b", "external_id", "2"),
    *((name, "email", "x@x.fr") for name in "abh"),
]


def test_two_customers_with_numbers_of_their_own_are_never_joined_by_a_machine(duck: Any) -> None:
    result = resolved(duck, CUSTOMERS)
    assert people(result.links) == groups("a", "b", "h")
    assert doubts(result) == {
        ("a", "b", "email", "strong"),
        ("h", "a", "email", "either"),
        ("h", "b", "email", "either"),
    }
    links = resolved(duck, [*CUSTOMERS, ("h", "phone", "0612345678"), ("a", "phone", "0612345678")]).links
    assert people(links) == groups("a h", "b")  # a key that only one of them holds says who it is
    assert people(resolved(duck, CUSTOMERS, settings=replace(DEFAULT, strong=())).links) == groups("a b h")


def test_what_a_source_declares_joins_in_spite_of_two_numbers(duck: Any) -> None:
    assert people(resolved(duck, [*CUSTOMERS, ("a", "same_as", "b")]).links) == groups("a b h")


def test_the_model_links_from_its_threshold_on_and_only_where_it_may(duck: Any) -> None:
    rows: Rows = [(name, "last_name", name * 3) for name in "abc"]
    pairs = [("a", "b", 0.9995), ("b", "c", 0.98)]
    links = resolved(duck, rows, pairs=pairs, link_at=0.999).links
    assert people(links) == groups("a b", "c")
    assert column(links, "rule") == {"a": "self", "b": "linkage", "c": "self"}
    assert people(resolved(duck, rows, pairs=pairs).links) == groups("a", "b", "c")


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_persons_word_joins_in_spite_of_every_guard(duck: Any) -> None:
    links = resolved(duck, CUSTOMERS, said=[("d1", "same", "", "a"), ("d1", "same", "", "b")]).links
    assert people(links) == groups("a b h")
    assert column(links, "rule")["b"] == "human"


def test_a_persons_word_parts_in_spite_of_every_rule(duck: Any) -> None:
    rows: Rows = [("a", "same_as", "b"), *((name, "email", "x@x.fr") for name in "abcd")]
    said = [("d1", "apart", "0", "a"), *(("d1", "apart", "1", name) for name in "bcd")]
    assert people(resolved(duck, rows).links) == groups("a b c d")
    assert people(resolved(duck, rows, said=said).links) == groups("a", "b c d")


def test_a_decision_undone_is_as_if_it_had_never_been(duck: Any) -> None:
    said = [("d1", "same", "", "a"), ("d1", "same", "", "b"), ("d1", "undone", "", "a")]
    assert people(resolved(duck, CUSTOMERS, said=said).links) == people(resolved(duck, CUSTOMERS).links)


def test_people_of_one_side_follow_their_keys_and_a_newcomer_between_two_sides_is_asked_about(duck: Any) -> None:
    rows: Rows = [(name, "email", "x@x.fr") for name in "abn"]
    result = resolved(duck, rows, said=[("d1", "apart", "0", "a"), ("d1", "apart", "1", "b")])
    assert people(result.links) == groups("a", "b", "n")
    assert doubts(result) == {("n", "a", "email", "either"), ("n", "b", "email", "either")}


# --- sizes and engines ------------------------------------------------------------------------------------------------


def test_ten_thousand_records_of_one_customer_number_are_one_person_and_two_numbers_stay_two(duck: Any) -> None:
    rows: Rows = [(f"s{at}", "external_id", f"C{at % 2}") for at in range(10_000)]
    rows += [("s0", "email", "x@x.fr"), ("s1", "email", "x@x.fr")]
    assert sorted(len(group) for group in people(resolved(duck, rows).links)) == [5_000, 5_000]


@pytest.mark.spark
def test_spark_resolves_like_duckdb(duck: Any, spark: Any) -> None:
    import ibis  # noqa: PLC0415 -- only here

    rows = [*ANA, *COUPLE, *CUSTOMERS, *((f"s{at}", "email", "contact@shop.fr") for at in range(5))]
    near = MatchRule("near", (Condition("city"), Condition("last_name", "fuzzy", 0.7)))
    rows += [("f", "city", "lyon"), ("g", "city", "lyon"), ("f", "last_name", "dupont"), ("g", "last_name", "dupond")]
    settings = replace(DEFAULT, max_shared=4, rules=(*DEFAULT.rules, near))
    told = known(duck, rows, settings=settings, said=[("d1", "apart", "0", "web:1"), ("d1", "apart", "1", "crm:1")])
    subjects = pd.DataFrame({"subject": ["visit:9"]})
    former = pd.DataFrame({"subject": ["crm:3", "shop:1"], "person": ["p1", "p2"], "rule": "self", "linked_at": FIRST})
    frames = [table.to_pandas() for table in (told.keys, told.records, told.pairs, told.taken)]
    schemas = [table.schema() for table in (told.keys, told.records, told.pairs, told.taken)]
    results = []
    for connection in (duck, spark):
        keys, names, pairs, taken = (
            ibis.memtable(frame, schema=schema) for frame, schema in zip(frames, schemas, strict=True)
        )
        previous, seen = ibis.memtable(former, schema=LINKS), ibis.memtable(subjects)
        again = type(told)(keys, names, pairs, taken, 2.0)
        results.append(resolve(connection, seen, again, previous, settings=settings, linked_at=SECOND))
    for name in ("links", "doubts", "set_aside", "tangles"):
        tables = (getattr(result, name).to_pyarrow().to_pylist() for result in results)
        left, right = (
            sorted(repr({**row, "linked_at": str(row.get("linked_at"))[:19]}) for row in rows) for rows in tables
        )
        assert left == right
        assert left
