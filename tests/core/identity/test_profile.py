"""The golden profile: one value per field, whole groups from one record, and why."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.profile import FIELDS, GROUPS, MAIN, Preference, ProfilePolicy, contacts, profile
from gouttes.schemas import LINKS

START = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTION = engines.connect()
SOURCE = ProfilePolicy(sources=("crm", "shop"), prefer="source")
FILLED = ProfilePolicy(prefer="filled")
FULLEST = Preference(prefer="filled")

Row = tuple[str, str, str, int]
"""Subject, whose part before the colon is the source; field; value; day on which it was known."""


def identifiers(rows: list[Row]) -> Any:
    frame = pd.DataFrame(rows, columns=["subject", "field", "value", "day"]).astype({"subject": "str", "value": "str"})
    frame["known_at"] = [START + timedelta(days=day) for day in frame.pop("day")]
    frame["source"] = [subject.split(":")[0] for subject in frame.subject]
    return ibis.memtable(frame[list(IDENTIFIERS_IBIS.names)], schema=IDENTIFIERS_IBIS)


def links(rows: list[Row], person: str = "p1", **others: str) -> Any:
    subjects = sorted({subject for subject, *_ in rows})
    people = [others.get(subject.replace(":", "_"), person) for subject in subjects]
    return ibis.memtable({"subject": subjects, "person": people}, schema={"subject": "string", "person": "string"})


def chosen(rows: list[Row], policy: ProfilePolicy | None = None) -> dict[str, tuple[str, str, str]]:
    """Field → value, subject, rule, for one person."""
    found = CONNECTION.to_pandas(profile(links(rows), identifiers(rows), policy))
    assert found.field.is_unique
    return {row.field: (row.value, row.subject, row.rule) for row in found.itertuples()}


ADDRESSES: list[Row] = [
    *(("shop:1", "address", "1 rue des Lilas", 0), ("shop:1", "postcode", "69003", 0), ("shop:1", "city", "Lyon", 0)),
    *(("crm:1", "address", "9 quai Perrache", 5), ("crm:1", "city", "Lyon", 5)),
]


@pytest.mark.parametrize(
    ("policy", "winner", "rule", "fields"),
    [
        (None, "crm:1", "recent", {"address", "city"}),
        (ProfilePolicy(sources=("shop",)), "crm:1", "recent", {"address", "city"}),
        (ProfilePolicy(sources=("shop",), prefer="source"), "shop:1", "source", {"address", "postcode", "city"}),
        (ProfilePolicy(sources=("crm", "shop"), prefer="source"), "crm:1", "source", {"address", "city"}),
        (FILLED, "shop:1", "filled", {"address", "postcode", "city"}),
        (ProfilePolicy(prefer="source"), "crm:1", "recent", {"address", "city"}),
        (ProfilePolicy(fields={"address": FULLEST}), "shop:1", "filled", {"address", "postcode", "city"}),
        (ProfilePolicy(fields={"email": FULLEST}), "crm:1", "recent", {"address", "city"}),
        (
            ProfilePolicy(("crm",), "source", {"address": Preference(sources=("shop",))}),
            *("shop:1", "source", {"address", "postcode", "city"}),
        ),
    ],
)
def test_an_address_is_taken_whole_from_the_record_the_policy_prefers(
    policy: ProfilePolicy | None, winner: str, rule: str, fields: set[str]
) -> None:
    found = chosen(ADDRESSES, policy)
    assert set(found) == fields
    assert {(subject, why) for _, subject, why in found.values()} == {(winner, rule)}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("shop:1", "city", "Lyon", 0)], {"city": ("Lyon", "shop:1", "only")}),
        (
            [("shop:1", "company", "Acme", 0), ("crm:1", "company", " ACME ", 3)],
            {"company": ("ACME", "crm:1", "agreed")},
        ),
        (
            [("shop:1", "language", "fr", 2), ("crm:1", "language", "en", 2)],
            {"language": ("en", "crm:1", "smallest")},
        ),
        (  # a newer country alone is no address, a newer first name alone is no name
            [
                *(("shop:1", "address", "1 rue A", 0), ("web:1", "country", "BE", 9)),
                *(("shop:1", "last_name", "Roux", 0), ("news:1", "first_name", "Al", 9)),
            ],
            {"address": ("1 rue A", "shop:1", "whole"), "last_name": ("Roux", "shop:1", "whole")},
        ),
        (  # the newest value of a record, and of a day's several the smallest
            [("crm:1", "phone", "1", 0), ("crm:1", "phone", "3", 4), ("crm:1", "phone", "2", 4)],
            {"phone": ("2", "crm:1", "only")},
        ),
        (  # what says nothing is no value, even where it is newer
            [
                *(("crm:1", "company", "Acme", 0), ("crm:1", "company", "N/A", 4), ("shop:1", "company", " -- ", 9)),
                *(("crm:1", "postcode", "00000", 1), ("crm:1", "email", "", 1), ("crm:1", "language", "\u00a0", 1)),
            ],
            {"company": ("Acme", "crm:1", "only")},
        ),
        ([("crm:1", "last_name", "Null", 0)], {"last_name": ("Null", "crm:1", "only")}),
        ([("crm:1", "same_as", "shop:1", 0), ("crm:1", "city", "Lyon", 0)], {"city": ("Lyon", "crm:1", "only")}),
    ],
)
def test_what_is_chosen_and_why(rows: list[Row], expected: dict[str, tuple[str, str, str]]) -> None:
    assert chosen(rows) == expected


def test_the_rule_compares_with_the_best_record_that_says_something_else() -> None:
    rows = [("a:1", "city", "Lyon", 3), ("b:1", "city", "lyon", 2), ("c:1", "city", "Nice", 3)]
    ranked = ProfilePolicy(sources=("a", "b", "c"))
    assert chosen(rows, ranked) == {"city": ("Lyon", "a:1", "source")}


# Few subjects, values and days: ties are where an order would show.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["crm:1", "crm:2", "shop:1", "web:1"]),
        st.sampled_from([*FIELDS, "same_as"]),
        st.sampled_from(["A", "a", "B", " A", "0", "none"]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=25,
)
POLICIES = st.builds(
    ProfilePolicy,
    st.sampled_from([(), ("crm",), ("web", "shop")]),
    st.sampled_from(["source", "recent", "filled"]),
    st.dictionaries(
        st.sampled_from(list(GROUPS)),
        st.builds(Preference, st.sampled_from([None, ("shop",)]), st.sampled_from([None, "source", "filled"])),
        max_size=2,
    ),
)


def plainly(rows: list[Row], policy: ProfilePolicy) -> dict[str, tuple[str, str]]:
    """The same choice written out in Python: field → value, subject."""
    none = {"0", "none", ""}
    best: dict[str, tuple[str, str]] = {}
    for group, fields in GROUPS.items():
        records: dict[str, dict[str, tuple[int, str]]] = {}
        for subject, name, written, day in rows:
            value = written.strip()
            if name not in fields or (value in none and not (group == "name" and value == "none")):
                continue
            key = (-day, value)
            record = records.setdefault(subject, {})
            record[name] = min(record.get(name, key), key)

        def order(
            item: tuple[str, dict[str, tuple[int, str]]], group: str = group, fields: tuple[str, ...] = fields
        ) -> tuple[Any, ...]:
            subject, record = item
            sources = policy.sources_of(group)
            source = subject.split(":")[0]
            measures = {
                "source": sources.index(source) if source in sources else len(sources),
                "recent": min(day for day, _ in record.values()),
                "filled": -len(record),
            }
            lacking = len(fields) > 1 and not set(record) & set(MAIN)
            said = "\n".join(record[name][1].lower() if name in record else "" for name in fields)
            return (lacking, *(measures[each] for each in policy.order_of(group)), said, subject)

        if records:
            subject, record = min(records.items(), key=order)
            best |= {name: (value, subject) for name, (_, value) in record.items()}
    return best


@settings(max_examples=25)
@given(ROWS, POLICIES, st.randoms(use_true_random=False))
def test_it_is_the_choice_written_out_in_python_in_whatever_order_rows_come(
    rows: list[Row], policy: ProfilePolicy, shuffle: random.Random
) -> None:
    mixed = list(rows)
    shuffle.shuffle(mixed)
    assert {name: found[:2] for name, found in chosen(mixed, policy).items()} == plainly(rows, policy)


def test_every_value_leads_back_to_its_row() -> None:
    found = CONNECTION.to_pandas(profile(links(ADDRESSES), identifiers(ADDRESSES)))
    assert list(found.columns) == ["person", "field", "value", "source", "subject", "known_at", "rule"]
    rows = CONNECTION.to_pandas(identifiers(ADDRESSES))
    key = ["subject", "field", "value", "source", "known_at"]
    assert len(found.merge(rows, on=key)) == len(found) == 2


def test_one_person_reads_as_among_everyone() -> None:
    rows = [*ADDRESSES, ("crm:2", "city", "Brest", 1), ("crm:2", "email", "x@y.fr", 1)]
    belonging = links(rows, crm_2="p2")
    everyone = CONNECTION.to_pandas(profile(belonging, identifiers(rows)))
    alone = CONNECTION.to_pandas(profile(belonging, identifiers(rows), person="p2"))
    only = CONNECTION.to_pandas(profile(belonging, identifiers(rows), groups=["email"]))
    expected = everyone[everyone.person == "p2"].sort_values("field", ignore_index=True)
    pd.testing.assert_frame_equal(alone.sort_values("field", ignore_index=True), expected)
    assert set(everyone.person) == {"p1", "p2"}
    assert list(only.value) == ["x@y.fr"]


WRITINGS: list[Row] = [
    *(("shop:1", "email", "Ana@Mail.fr", 0), ("crm:1", "email", " ana@mail.fr", 3), ("crm:1", "email", "b@mail.fr", 1)),
    *(("shop:1", "phone", "06 12 34 56 78", 5), ("web:1", "phone", "+33 6 12 34 56 78", 2)),
    *(("web:1", "phone", "poste 12", 0), ("web:1", "phone", "-", 9)),
    *(("crm:1", "external_id", "A7", 0), ("shop:1", "external_id", "A7", 1), ("shop:1", "city", "Lyon", 1)),
]


def test_all_contact_points_are_kept_each_once_the_newest_first() -> None:
    found = CONNECTION.to_pandas(contacts(links(WRITINGS), identifiers(WRITINGS), country="FR"))
    shown = found[["field", "value", "written", "subject", "sources"]].to_numpy().tolist()
    assert shown == [
        ["email", "ana@mail.fr", " ana@mail.fr", "crm:1", 2],
        ["email", "b@mail.fr", "b@mail.fr", "crm:1", 1],
        ["external_id", "A7", "A7", "shop:1", 2],
        ["phone", "+33612345678", "06 12 34 56 78", "shop:1", 2],
        ["phone", "poste 12", "poste 12", "web:1", 1],
    ]
    assert set(found.person) == {"p1"}
    assert list(found.known_at) == [START + timedelta(days=day) for day in (3, 1, 1, 5, 0)]


def test_two_people_keep_their_own_writings_of_a_shared_phone() -> None:
    rows = [("a:1", "phone", "0612345678", 0), ("b:1", "phone", "06 12 34 56 78", 1)]
    belonging = links(rows, b_1="p2")
    found = CONNECTION.to_pandas(contacts(belonging, identifiers(rows), country="FR"))
    assert found[["person", "value", "sources"]].to_numpy().tolist() == [
        ["p1", "+33612345678", 1],
        ["p2", "+33612345678", 1],
    ]
    alone = CONNECTION.to_pandas(contacts(belonging, identifiers(rows), country="FR", person="p2"))
    assert alone.subject.tolist() == ["b:1"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ProfilePolicy(prefer="recnt"), r"no prefer 'recnt'\. Did you mean 'recent'\?"),
        (lambda: ProfilePolicy(prefer="x"), r"no prefer 'x'\. There are: source, recent, filled\."),
        (lambda: Preference(prefer="fill"), r"no prefer 'fill'\. Did you mean 'filled'\?"),
        (lambda: ProfilePolicy(fields={"adress": Preference()}), r"no field 'adress'\. Did you mean 'address'\?"),
        (lambda: ProfilePolicy(fields={"city": Preference()}), r"takes 'city' from the same record.*to 'address'\."),
        (lambda: ProfilePolicy(sources="crm"), r"sources are a list of names.*found 'crm'"),  # type: ignore[arg-type]  # the wrong type is the point
        (lambda: ProfilePolicy.read({"source": ["crm"]}), r"no setting 'source'\. Did you mean 'sources'\?"),
        (lambda: ProfilePolicy.read({"fields": {"emial": {}}}), r"no field 'emial'\. Did you mean 'email'\?"),
        (lambda: ProfilePolicy.read({"fields": {"email": {"preferred": 1}}}), r"no setting 'preferred'\. .*'prefer'"),
        (lambda: ProfilePolicy.read({"fields": ["email"]}), r"fields are tables with sources and prefer"),
        (lambda: ProfilePolicy.read({"prefer": 3}), r"no prefer '3'"),
        (lambda: profile(links([]), identifiers([]), groups=["town"]), r"no field 'town'"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_is_refused_with_the_nearest_name(wrong: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        wrong()


def test_a_policy_is_read_from_settings() -> None:
    table = {"sources": ["crm", "shop"], "prefer": "source", "fields": {"phone": {"prefer": "recent"}}}
    assert ProfilePolicy.read(table) == ProfilePolicy(("crm", "shop"), "source", {"phone": Preference(prefer="recent")})
    assert ProfilePolicy.read({}) == ProfilePolicy()
    assert SOURCE.order_of("phone") == ("source", "recent", "filled")
    assert FILLED.order_of("phone") == ("filled", "source", "recent")


@pytest.mark.parametrize("step", [profile, lambda *tables: contacts(*tables, country="FR")])
def test_a_missing_column_is_named(step: Any) -> None:
    with pytest.raises(MissingColumnsError, match=r"identity.profile needs column\(s\) \['known_at'\]"):
        step(links(ADDRESSES), identifiers(ADDRESSES).drop("known_at"))


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_it_compiles_for(engine: str) -> None:
    tables = ibis.table(LINKS, name="links"), ibis.table(IDENTIFIERS_IBIS, name="identifiers")
    assert "ROW_NUMBER" in engines.sql_for(profile(*tables, SOURCE, person="p1"), engine)
    assert "ROW_NUMBER" in engines.sql_for(contacts(*tables, country="FR"), engine)


@pytest.mark.spark
def test_both_engines_agree(spark: Any) -> None:
    draw = random.Random(7)  # noqa: S311 -- examples, not secrets
    values = ["1 rue Été", "Lyon", "lyon", " Ana\u00a0", "n/a", "06 12 34 56 78", "+33612345678", "A@b.fr", "a@B.fr"]
    rows = [
        (f"{draw.choice(['crm', 'web'])}:{draw.randrange(90)}", draw.choice(FIELDS), draw.choice(values), day % 9)
        for day in range(900)
    ]  # fmt: skip
    belonging = links(rows, **{subject.replace(":", "_"): subject[-1] for subject, *_ in rows})
    policy = ProfilePolicy(("web",), "source", {"name": FULLEST})
    for step, key in (
        (profile(belonging, identifiers(rows), policy), ["person", "field"]),
        (contacts(belonging, identifiers(rows), country="FR"), ["person", "field", "value"]),
    ):
        left, right = (c.to_pandas(step).sort_values(key, ignore_index=True) for c in (CONNECTION, spark))
        assert len(left) > 50
        pd.testing.assert_frame_equal(left, right, check_dtype=False)
