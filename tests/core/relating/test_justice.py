"""The justice of repairs: as stated, else as the log shows it; and what a repair may give back."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.relating.logged import NOW, event, log

from gouttes import engines
from gouttes.evidence.collect import collect
from gouttes.evidence.justice import JUSTICE, facets
from gouttes.evidence.rule import load
from gouttes.schemas import ACTS

CONNECTION = engines.connect()


def repaired(age: float = 10, **properties: Any) -> dict[str, Any]:
    return event("p", "incident.repaired", age, incident="i", properties=properties, event_id="r")


def touched(age: float = 12) -> dict[str, Any]:
    return event("p", "incident.touched", age, incident="i", severity=0.8)


def of(*rows: dict[str, Any], connection: Any = CONNECTION) -> dict[str, Any]:
    (found,) = connection.to_pandas(facets(log(*rows))).to_dict("records")
    return dict(found)


def test_what_is_stated_comes_first_and_what_it_leaves_out_counts_nothing() -> None:
    stated = repaired(distributive=0.5, procedural=1, compensation=40, loss=40, apology=True)
    found = of(touched(), event("p", "incident.admitted", 11, incident="i"), stated)
    assert (found["distributive"], found["procedural"]) == (0.5, 1.0)
    assert np.isnan(found["interpersonal"])
    assert found["justice"] == pytest.approx(0.5 * 0.4 + 0.1)
    assert found["justice_from"] == found["distributive_from"] == "stated"
    assert found["interpersonal_from"] is None


def test_a_severity_states_the_whole() -> None:
    found = of(touched(), repaired() | {"severity": 0.7})
    assert (found["justice"], found["justice_from"]) == (0.7, "severity")


def test_each_facet_is_derived_from_the_log() -> None:
    found = of(
        touched(24),
        event("p", "ticket.opened", 23, incident="i"),
        event("p", "message.received", 20, incident="i", direction="in"),
        event("p", "message.received", 20, incident="i", direction="out"),
        event("p", "incident.announced", 23, incident="i", due=9),
        event("p", "incident.admitted", 22, incident="i"),
        repaired(10, compensation=30, loss=40, appeal=True, cause="a cable"),
    )
    assert found["distributive"] == pytest.approx(0.75)
    assert found["procedural"] == pytest.approx((7 / 14 + 1 / 2 + 1) / 3)
    assert found["interpersonal"] == 1.0
    assert found["informational"] == 1.0
    assert {found[f"{name}_from"] for name in JUSTICE} == {"derived"}
    assert found["justice"] == pytest.approx(0.75 * 0.4 + 2 / 3 * 0.1 + 0.3 + 0.2)
    assert found["justice_from"] == "derived"


@pytest.mark.parametrize(
    ("properties", "interpersonal"),
    [
        ({"apology": True}, 1.0),
        ({"apology": False}, 0.0),
        ({"apology": True, "rude": True}, 0.0),
        ({"at_fault": False}, 1.0),
        ({"at_fault": False, "rude": True}, 0.0),
        ({"rude": False}, 0.0),
        ({"apology": "perhaps"}, None),
    ],
)
def test_an_apology_is_owed_where_the_company_is_at_fault(properties: dict[str, Any], interpersonal: Any) -> None:
    found = of(repaired(**properties))["interpersonal"]
    assert found == interpersonal if interpersonal is not None else np.isnan(found)


def test_compensation_is_capped_and_a_delay_not_held_counts() -> None:
    found = of(event("p", "incident.announced", 23, incident="i", due=11), repaired(compensation=90, loss=40))
    assert found["distributive"] == 1.0
    assert found["informational"] == pytest.approx(0.5)


def test_what_happened_or_was_known_after_the_repair_is_not_read() -> None:
    later = event("p", "incident.admitted", 9, incident="i")
    unknown = event("p", "incident.admitted", 11, incident="i", lag=5)
    assert of(touched(), later, unknown, repaired())["interpersonal_from"] is None


def test_a_repair_of_which_nothing_is_known_is_none() -> None:
    found = of(repaired())
    assert np.isnan(found["justice"])
    assert found["justice_from"] is None


def evidence(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = ibis.memtable(pd.DataFrame(columns=list(ACTS.names)), schema=ACTS)
    found: pd.DataFrame = CONNECTION.to_pandas(collect(log(*rows), nothing, load(), as_of=NOW))
    return found


def test_a_repair_that_states_nothing_gives_back_what_the_log_shows() -> None:
    found = evidence(touched(12), event("p", "incident.admitted", 11, incident="i"), repaired(10))
    mended = found[found["size"] < 0]
    assert mended["size"].to_list() == pytest.approx([-0.5 * (0.1 + 0.3) * 0.8])


REPAIRS = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.floats(-1, 3) for name in JUSTICE},
        "compensation": st.floats(0, 1e6),
        "loss": st.floats(0, 100),
        "apology": st.booleans(),
        "appeal": st.booleans(),
        "cause": st.text("abc", max_size=2),
        "target_days": st.floats(0.1, 100),
    },
)


@given(made=st.lists(REPAIRS, min_size=1, max_size=4), severity=st.floats(0, 1), count=st.integers(1, 3))
@settings(max_examples=5)
def test_a_repair_never_outweighs_its_bucket(made: list[dict[str, Any]], severity: float, count: int) -> None:
    failures = [touched(12 + number) | {"severity": severity} for number in range(count)]
    mended = [repaired(8 - number, **properties) | {"event_id": f"r{number}"} for number, properties in enumerate(made)]
    found = evidence(*failures, event("p", "incident.admitted", 11, incident="i"), *mended)
    outage = found[found.rule == "outage"]
    lost, given_back = outage[outage["size"] > 0]["size"].sum(), -outage[outage["size"] < 0]["size"].sum()
    assert given_back <= 0.5 * lost + 1e-12


@pytest.mark.spark
def test_facets_agree_on_spark(spark: Any) -> None:
    rows = (
        touched(24),
        event("p", "ticket.opened", 23, incident="i"),
        event("p", "incident.announced", 23, incident="i", due=9),
        repaired(10, compensation=30, loss=40, appeal=True),
    )
    here, there = of(*rows), of(*rows, connection=spark)
    for name in (*JUSTICE, "justice"):
        assert here[name] == pytest.approx(there[name], abs=1e-9, nan_ok=True), name
    assert here["justice_from"] == there["justice_from"] == "derived"
