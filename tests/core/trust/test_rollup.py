"""The trust of a circle is that of one person who had lived what its members lived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.trust.small_company import AS_OF, RULES, company, evidence, rules

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.schemas import STATES
from gouttes.trust.reading import Prior, readings
from gouttes.trust.rollup import rollup
from gouttes.trust.state import as_states, fold

PRIOR = Prior(0.7, 3.0)
MEMBERS = ibis.schema({"circle": "string", "person": "string"})
CONNECTION = engines.connect()


def members(*pairs: tuple[str, str]) -> Any:
    return ibis.memtable(pd.DataFrame(pairs, columns=["circle", "person"], dtype="str"), schema=MEMBERS)


def rolled(states: Any, belonging: Any, **options: Any) -> pd.DataFrame:
    expression = rollup(states, belonging, rules(), PRIOR, **({"as_of": AS_OF} | options))
    return CONNECTION.to_pandas(expression).set_index("circle").sort_index()


def as_one_person(rows: pd.DataFrame, circles: dict[str, list[str]]) -> pd.DataFrame:
    """The readings of people who lived, each under a circle's name, all that its members lived."""
    lived = pd.concat([rows[rows.person.isin(those)].assign(person=name) for name, those in circles.items()])
    expression = readings(as_states(evidence(lived), as_of=AS_OF), rules(), PRIOR, as_of=AS_OF)
    return CONNECTION.to_pandas(expression).set_index("person").sort_index()


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found.drop(columns="members"), expected, check_names=False, rtol=1e-9, atol=1e-9)


# A narrow clock: equal times and near ones are where a merge would go wrong.
EVENTS = st.tuples(
    st.sampled_from(["ada", "bob", "cy", "dan"]),
    st.sampled_from(list(RULES["rule"])),
    st.integers(0, 100).map(lambda hour: hour / 24),
    st.sampled_from([1.0, 0.5, -0.4]),
)


@settings(max_examples=15)
@given(st.lists(EVENTS, min_size=1, max_size=25), st.sets(st.sampled_from(["bob", "cy", "dan"])))
def test_a_circle_reads_as_one_person_who_lived_it_all(events: list[Any], others: set[str]) -> None:
    names = ("person", "rule", "age", "size")
    rows = CONNECTION.to_pandas(evidence([dict(zip(names, event, strict=True)) for event in events]))
    together = sorted({"ada", *others})
    folded = fold(as_states(evidence(rows), as_of=AS_OF), rules())
    found = rolled(folded, members(*(("all", person) for person in together)))
    assert found.members["all"] == len(together)
    lived = rows[rows.person.isin(together)]
    if len(lived):
        same(found, as_one_person(lived, {"all": together}))
    else:
        assert found.ignorance["all"] == pytest.approx(1.0, abs=1e-12)


def test_circles_of_a_company_read_alike_whether_states_were_folded_before_or_not() -> None:
    rows = company()
    circles = {"small": ["p1", "p2"], "large": [f"p{n}" for n in range(5, 30)], "alone": ["p3"], "again": ["p1", "p9"]}
    belonging = members(*((name, person) for name, those in circles.items() for person in those))
    raw = as_states(evidence(rows), as_of=AS_OF)
    for states in (raw, fold(raw, rules())):
        found = rolled(states, belonging)
        same(found, as_one_person(rows, circles))
        assert found.members.to_dict() == {name: len(those) for name, those in circles.items()}


def test_the_prior_counts_once_whatever_the_number_of_members() -> None:
    nobody = engines.empty(STATES)
    found = rolled(nobody, members(*(("flat", f"p{n}") for n in range(5)), ("pair", "p1"), ("pair", "p2")))
    assert found.trust.tolist() == pytest.approx([0.7, 0.7], abs=1e-12)
    assert found.low.nunique() == found.high.nunique() == 1
    assert (found.a + found.b).tolist() == pytest.approx([3.0, 3.0], abs=1e-12)
    assert found.members.tolist() == [5, 2]


def test_a_member_named_twice_counts_once() -> None:
    states = as_states(evidence([{"person": "ada", "rule": "promise kept", "age": 1.0}]), as_of=AS_OF)
    pd.testing.assert_frame_equal(
        rolled(states, members(("h", "ada"), ("h", "ada"))), rolled(states, members(("h", "ada")))
    )


def test_only_the_people_given_are_members() -> None:
    rows = [{"person": person, "rule": "promise broken", "age": 1.0} for person in ("ada", "bob")]
    states = as_states(evidence(rows), as_of=AS_OF)
    belonging = members(("h", "ada"), ("h", "bob"), ("empty", "bob"))
    found = rolled(states, belonging, people=ibis.memtable({"person": ["ada"]}))
    assert found.members.to_dict() == {"h": 1}
    assert found.trust["h"] == pytest.approx(rolled(states, members(("h", "ada"))).trust["h"], abs=1e-12)


def test_a_circle_cannot_be_read_before_the_newest_evidence_of_a_member() -> None:
    rows = [
        {"person": "ada", "rule": "promise kept", "age": 9.0},
        {"person": "bob", "rule": "promise kept", "age": 1.0},
    ]
    states = as_states(evidence(rows), as_of=AS_OF)
    found = rolled(states, members(("h", "ada"), ("h", "bob"), ("i", "ada")), as_of=AS_OF - timedelta(days=5))
    assert found.trust.isna().to_dict() == {"h": True, "i": False}


def test_members_without_the_name_of_their_circle_are_refused() -> None:
    households = members(("h", "ada")).rename(household="circle")
    with pytest.raises(MissingColumnsError, match=r"trust.rollup needs column\(s\) \['circle'\].*Rename the id"):
        rollup(engines.empty(STATES), households, rules(), PRIOR, as_of=AS_OF)


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_it_compiles_for(engine: str) -> None:
    states, belonging = ibis.table(STATES, name="states"), ibis.table(MEMBERS, name="members")
    assert "GROUP BY" in engines.sql_for(rollup(states, belonging, rules(), PRIOR, as_of=AS_OF), engine)


@pytest.mark.spark
def test_both_engines_agree(spark: Any) -> None:
    states = as_states(evidence(company()), as_of=AS_OF)
    belonging = members(*((f"h{n % 9}", f"p{n}") for n in range(40)))
    expression = rollup(states, belonging, rules(), PRIOR, as_of=AS_OF)
    left, right = (c.to_pandas(expression).sort_values("circle", ignore_index=True) for c in (CONNECTION, spark))
    pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)
