"""Households and companies: who lives and who works together, and who must not be said to."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.circles import companies, freemail, households, is_freemail
from gouttes.schemas import LINKS, RECORDS

START = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTION = engines.connect()

Home = tuple[str, str | None, str | None, str | None, str | None]
"""Person, house number, street, postcode, family name."""

Work = tuple[str, str | None, str | None, int]
"""Person, company, e-mail, day on which it was known."""


def records(rows: list[dict[str, Any]]) -> Any:
    frame = pd.DataFrame(rows, columns=list(RECORDS.names), dtype="object")
    return ibis.memtable(frame.where(frame.notna(), None), schema=RECORDS)


def links(people: list[str]) -> Any:
    """The subject at each place belongs to the person at that place."""
    frame = {"subject": [f"s{at}" for at in range(len(people))], "person": people}
    return ibis.memtable(frame, schema={"subject": "string", "person": "string"})


def housed(homes: list[Home], **options: Any) -> dict[str, str]:
    """Person → household."""
    names = ("house_number", "street", "postcode", "last_root")
    rows = [{"subject": f"s{at}", **dict(zip(names, rest, strict=True))} for at, (_, *rest) in enumerate(homes)]
    people = links([person for person, *_ in homes])
    found = CONNECTION.to_pandas(households(records(rows), people, **options))
    assert list(found.columns) == ["household", "person"]
    assert found.person.is_unique
    return dict(zip(found.person, found.household, strict=True))


def hashed(letter: str, text: str) -> str:
    return letter + md5(text.encode()).hexdigest()[:16]  # noqa: S324 -- a short name, not a secret


LILAS = ("1", "rue des lilas", "69003")
QUAI = ("9", "quai perrache", "69002")
ROUX: list[Home] = [("p1", *LILAS, "roux"), ("p2", *LILAS, "roux")]


@pytest.mark.parametrize(
    ("homes", "options", "together"),
    [
        (ROUX, {}, {"p1", "p2"}),
        ([("p1", *LILAS, "roux"), ("p2", *LILAS, "petit")], {}, set()),
        ([("p1", *LILAS, "roux"), ("p2", *LILAS, "petit")], {"same_name": False}, {"p1", "p2"}),
        ([("p1", *LILAS, None), ("p2", *LILAS, None)], {}, set()),
        ([("p1", *LILAS, None), ("p2", *LILAS, None)], {"same_name": False}, {"p1", "p2"}),
        ([("p1", None, *LILAS[1:], "roux"), ("p2", None, *LILAS[1:], "roux")], {}, set()),
        ([("p1", "1", None, "69003", "roux"), ("p2", "1", None, "69003", "roux")], {}, set()),
        ([("p1", "1", "rue a", None, "roux"), ("p2", "1", "rue a", None, "roux")], {}, set()),
        ([("p1", *LILAS, "roux"), ("p1", *LILAS, "roux")], {}, set()),
        ([("p1", *LILAS, "roux"), ("p2", *QUAI, "roux")], {}, set()),
        # the name may come from another record than the address
        ([("p1", *LILAS, None), ("p1", None, None, None, "roux"), ("p2", *LILAS, "roux")], {}, {"p1", "p2"}),
        # separators do not make two addresses one
        ([("p1", "1", "2 rue a", "69003", "roux"), ("p2", "1 2", "rue a", "69003", "roux")], {}, set()),
    ],
)
def test_who_lives_together(homes: list[Home], options: dict[str, Any], together: set[str]) -> None:
    found = housed(homes, **options)
    assert set(found) == together
    assert len(set(found.values())) == bool(together)


@pytest.mark.parametrize(("people", "members"), [(12, 12), (13, 0)])
def test_an_address_of_many_is_an_institution_and_no_household(people: int, members: int) -> None:
    crowd: list[Home] = [(f"p{at:02}", *LILAS, "roux") for at in range(people)]
    assert len(housed(crowd)) == members
    assert len(housed(crowd, most=20)) == people


def test_who_lives_in_an_institution_may_have_a_household_elsewhere() -> None:
    crowd: list[Home] = [(f"p{at:02}", *LILAS, "roux") for at in range(13)]
    at_home: list[Home] = [("p03", *QUAI, "roux"), ("p07", *QUAI, "roux")]
    assert set(housed([*crowd, *at_home])) == {"p03", "p07"}


def test_a_country_tells_two_addresses_apart() -> None:
    names = ("house_number", "street", "postcode", "last_root", "country")
    rows = [
        {"subject": f"s{at}", **dict(zip(names, ("1", "rue a", "1000", "roux", country), strict=True))}
        for at, country in enumerate(("BE", "CH", "BE"))
    ]
    found = CONNECTION.to_pandas(households(records(rows), links(["p1", "p2", "p3"])))
    assert set(found.person) == {"p1", "p3"}


def test_a_person_of_two_addresses_is_of_one_household_the_chosen_or_else_the_largest() -> None:
    homes: list[Home] = [*ROUX, ("p3", *LILAS, "roux"), ("p3", *QUAI, "roux"), ("p4", *QUAI, "roux")]
    assert set(housed(homes)) == {"p1", "p2", "p3"}
    chosen = ibis.memtable({"person": ["p1", "p2", "p3", "p4"], "subject": ["s0", "s1", "s3", "s4"]})
    found = housed(homes, addresses=chosen)
    assert found["p1"] == found["p2"] != found["p3"] == found["p4"]


def test_the_id_of_a_household_follows_its_smallest_person_and_nothing_else() -> None:
    before = housed(ROUX)
    assert set(before.values()) == {hashed("h", "p1")}
    moved: list[Home] = [("p1", *QUAI, "roux"), ("p2", *QUAI, "roux"), ("p3", *QUAI, "roux")]
    assert set(housed(moved).values()) == set(before.values())
    assert set(housed(moved[1:]).values()) == {hashed("h", "p2")}


HOMES = st.lists(
    st.tuples(
        st.sampled_from([f"p{at}" for at in range(8)]),
        st.sampled_from(["1", "2", None]),
        st.sampled_from(["rue a", "rue b"]),
        st.just("69003"),
        st.sampled_from(["roux", "petit"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=25)
@given(HOMES, st.integers(2, 5), st.booleans())
def test_households_hold_two_to_most_people_who_share_the_key(homes: list[Home], most: int, same_name: bool) -> None:  # noqa: FBT001 -- drawn
    found = housed(homes, most=most, same_name=same_name)
    addresses = {(person, at, street) for person, at, street, _, _ in homes if at}
    names = {(person, name) for person, *_, name in homes}
    for household in set(found.values()):
        members = sorted(person for person, where in found.items() if where == household)
        assert 2 <= len(members) <= most
        assert household == hashed("h", members[0])
        assert any(all((each, *place) in addresses for each in members) for place in {at[1:] for at in addresses})
        if same_name:
            assert any(all((each, name) in names for each in members) for name in ("roux", "petit"))


def work(jobs: list[Work]) -> dict[str, tuple[str | None, str | None]]:
    """Person → name and domain of the company."""
    found = employed(jobs)
    return {row.person: (row["name"], row.domain) for _, row in found.iterrows()}


def employed(jobs: list[Work]) -> pd.DataFrame:
    rows, known = [], []
    for at, (_, company, email, day) in enumerate(jobs):
        rows.append({"subject": f"s{at}", "company": company})
        for name, value in (("company", company), ("email", email), ("name", "later")):
            moment = START + timedelta(days=day if name != "name" else 99)
            known.append((f"s{at}", name, value or "", moment, "crm"))
    frame = pd.DataFrame(known, columns=list(IDENTIFIERS_IBIS.names))
    identifiers = ibis.memtable(frame, schema=IDENTIFIERS_IBIS)
    people = links([person for person, *_ in jobs])
    found = CONNECTION.to_pandas(companies(records(rows), people, identifiers))
    assert list(found.columns) == ["company", "name", "domain", "person"]
    assert found.person.is_unique
    return found.astype("object").where(found.notna(), None)


ACME = ("acme", "acme.com")


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([("p1", "acme", None, 0)], {"p1": ("acme", None)}),
        ([("p1", None, "ana@acme.com", 0)], {"p1": (None, "acme.com")}),
        ([("p1", None, "ana@gmail.com", 0)], {}),
        ([("p1", None, None, 0)], {}),
        ([("p1", "acme", "ana@orange.fr", 0)], {"p1": ("acme", None)}),
        # name and domain are one company where they were seen together
        (
            [("p1", "acme", "a@acme.com", 0), ("p2", "acme", "b@gmail.com", 0), ("p3", None, "c@acme.com", 0)],
            {"p1": ACME, "p2": ACME, "p3": ACME},
        ),
        # two names of one domain: one company, under the name most give
        (
            [("p1", "acme", "a@acme.com", 0), ("p2", "acme", "b@acme.com", 0), ("p3", "acme sa", "c@acme.com", 0)],
            {"p1": ACME, "p2": ACME, "p3": ACME},
        ),
        # two domains of one name: the one most have
        (
            [("p1", "acme", "a@acme.com", 0), ("p2", "acme", "b@acme.com", 0), ("p3", "acme", "c@acme.fr", 0)],
            {"p1": ACME, "p2": ACME, "p3": ACME},
        ),
        # a name that many domains share is nobody's
        (
            [*((f"p{at}", "independant", f"a@firm{at}.com", 0) for at in range(3)), ("p9", "independant", None, 0)],
            {
                **{f"p{at}": ("independant", f"firm{at}.com") for at in range(3)},
                "p9": ("independant", None),
            },
        ),
        # the newest job, whatever else became known later
        ([("p1", "acme", None, 5), ("p1", "globex", None, 3)], {"p1": ("acme", None)}),
        ([("p1", "acme", None, 3), ("p1", "globex", None, 5)], {"p1": ("globex", None)}),
        ([("p1", "acme", None, 3), ("p1", None, "a@globex.com", 3)], {"p1": (None, "globex.com")}),
    ],
)
def test_who_works_where(jobs: list[Work], expected: dict[str, Any]) -> None:
    assert work(jobs) == expected


def test_of_the_e_mails_of_a_record_the_newest_from_work_counts() -> None:
    mails = [("old@globex.com", 1), ("new@ACME.com ", 3), ("me@gmail.com", 9), ("not an@e-mail", 9)]
    known = [("s0", "email", value, START + timedelta(days=day), "crm") for value, day in mails]
    known += [("s0", "company", "Acme", START + timedelta(days=8), "crm")]
    identifiers = ibis.memtable(pd.DataFrame(known, columns=list(IDENTIFIERS_IBIS.names)), schema=IDENTIFIERS_IBIS)
    for company in ("acme", None):
        rows = records([{"subject": "s0", "company": company}])
        found = CONNECTION.to_pandas(companies(rows, links(["p1"]), identifiers))
        assert found.domain.tolist() == ["acme.com"]


def test_a_chain_of_near_misses_is_not_one_company() -> None:
    jobs: list[Work] = []
    for at in range(4):  # each domain's main name is the next domain's second name
        jobs += [(f"p{at}{n}", f"name{at}", f"{n}@firm{at}.com", 0) for n in range(3)]
        jobs += [(f"q{at}", f"name{at}", f"q@firm{at + 1}.com", 0)]
    found = work(jobs)
    assert {found[f"p{at}0"][1] for at in range(4)} == {f"firm{at}.com" for at in range(4)}


def test_the_id_of_a_company_is_that_of_its_domain_or_else_of_its_name() -> None:
    found = employed([("p1", "acme", "a@acme.com", 0), ("p2", "globex", None, 0), ("p3", "acme", None, 0)])
    ids = dict(zip(found.person, found.company, strict=True))
    assert ids == {"p1": hashed("c", "acme.com"), "p2": hashed("c", " globex"), "p3": hashed("c", "acme.com")}


JOBS = st.lists(
    st.tuples(
        st.sampled_from([f"p{at}" for at in range(8)]),
        st.sampled_from(["acme", "globex", "umbrella", None]),
        st.sampled_from(["a@acme.com", "a@acme.fr", "a@globex.com", "a@gmail.com", None]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=15)
@given(JOBS)
def test_one_domain_is_one_company_and_everyone_with_a_job_has_one(jobs: list[Work]) -> None:
    found = employed(jobs)
    assert found.groupby("company").domain.nunique(dropna=False).max() == 1 or found.empty
    assert found.groupby("company").name.nunique(dropna=False).max() == 1 or found.empty
    with_job = {person for person, name, email, _ in jobs if name or (email and email != "a@gmail.com")}
    assert set(found.person) == with_job
    kept = dict(zip(found.person, found.company, strict=True))
    at_domain: dict[Any, set[str]] = {}
    for person, name, email, _ in jobs:  # people of one job only, with the same record, are colleagues
        if sum(each[0] == person for each in jobs) == 1 and person in kept:
            at_domain.setdefault((name, email), set()).add(kept[person])
    assert all(len(ids) == 1 for ids in at_domain.values())


@pytest.mark.parametrize(
    ("domain", "private"),
    [
        *((name, True) for name in ("gmail.com", "orange.fr", "free.fr", "wanadoo.fr", "laposte.net", "bluewin.ch")),
        *((name, True) for name in ("skynet.be", "icloud.com", "outlook.com", "outlook.fr", "hotmail.co.uk", "gmx.de")),
        *((name, True) for name in ("yahoo.com.br", "YAHOO.fr", "proton.me", "t-online.de", "live.be")),
        *((name, False) for name in ("orange.com", "acme.com", "yahoo-acme.com", "outlook.acme.com", "live.paris")),
        *((name, False) for name in ("mygmx.net", "laposte.fr", "ville-lyon.fr")),
    ],
)
def test_freemail_is_known_by_its_name_and_work_is_not_taken_for_it(domain: str, private: bool) -> None:  # noqa: FBT001 -- a case
    assert is_freemail(domain) is private
    assert work([("p1", None, f"a@{domain}", 0)]) == ({} if private else {"p1": (None, domain.lower())})


def test_the_list_of_freemail_says_each_domain_once_and_none_that_a_family_covers() -> None:
    domains, families = freemail()
    assert len(domains) > 200
    assert not [domain for domain in domains if domain != domain.lower() or "." not in domain]
    assert not [domain for domain in domains if pd.Series([domain]).str.contains(families).any()]


def test_wrong_input_is_refused_by_name() -> None:
    people, none = links(["p1"]), records([])
    with pytest.raises(BadInputError, match="at least 2 people: `most` must be 2 or more, found 1"):
        households(none, people, most=1)
    with pytest.raises(MissingColumnsError, match=r"identity.households needs column\(s\) \['street'\]"):
        households(none.drop("street"), people)
    known = engines.empty(IDENTIFIERS_IBIS)
    with pytest.raises(MissingColumnsError, match=r"identity.companies needs column\(s\) \['company'\]"):
        companies(none.drop("company"), people, known)
    with pytest.raises(MissingColumnsError, match=r"identity.companies needs column\(s\) \['known_at'\]"):
        companies(none, people, known.drop("known_at"))


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_it_compiles_for(engine: str) -> None:
    who, belonging = ibis.table(RECORDS, name="records"), ibis.table(LINKS, name="links")
    known = ibis.table(IDENTIFIERS_IBIS, name="identifiers")
    assert "GROUP BY" in engines.sql_for(households(who, belonging), engine)
    assert "GROUP BY" in engines.sql_for(companies(who, belonging, known), engine)


@pytest.mark.spark
def test_both_engines_agree(spark: Any) -> None:
    draw = random.Random(7)  # noqa: S311 -- examples, not secrets
    emails = ["a@acme.com", "b@acme.fr", "c@globex.com", "d@hotmail.fr", "e@gmail.com", " F@été.fr", "acme.com"]
    rows = [
        {
            "subject": f"s{at}",
            "house_number": draw.choice(["1", "2", "3", None]),
            "street": draw.choice(["rue été", "rue a"]),
            "postcode": draw.choice(["69003", "1000"]),
            "last_root": draw.choice(["roux", "petit", "noël", None]),
            "company": draw.choice(["acme", "globex", "œuvre", None]),
        }
        for at in range(150)
    ]
    people = links([f"p{draw.randrange(90)}" for _ in rows])
    known = [
        (row["subject"], "email", draw.choice(emails), START + timedelta(days=draw.randrange(9)), "crm")
        for row in (*rows, *rows)
    ]
    identifiers = ibis.memtable(pd.DataFrame(known, columns=list(IDENTIFIERS_IBIS.names)), schema=IDENTIFIERS_IBIS)
    for step in (households(records(rows), people), companies(records(rows), people, identifiers)):
        left, right = (c.to_pandas(step).sort_values("person", ignore_index=True) for c in (CONNECTION, spark))
        assert len(left) > 20
        pd.testing.assert_frame_equal(left.fillna(""), right.fillna(""), check_dtype=False)
