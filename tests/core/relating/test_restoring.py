"""Which justice brings people back, and what they did after a repair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from tests.core.relating.logged import NOW, event, log

from gouttes import engines
from gouttes.evidence.justice import JUSTICE, facets
from gouttes.evidence.restoring import Weights, effect, followed, learned, outcomes
from gouttes.schemas import ACTS, EVIDENCE

CONNECTION = engines.connect()
PLANTED = {"distributive": 0.15, "procedural": 0.15, "interpersonal": 0.6, "informational": 0.1}


def repairs(seed: int, count: int = 20_000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 11, (count, 4)) / 10
    back = rng.random(count) < expit(-1.0 + 2.5 * (x @ np.array(list(PLANTED.values()))))
    return pd.DataFrame(x, columns=list(JUSTICE)).assign(repairs=1, returned=back.astype(int))


def test_planted_weights_are_found_in_their_intervals() -> None:
    inside = []
    for seed in range(10):
        found = learned(repairs(seed))
        assert found.reason == ""
        assert sum(each.weight for each in found.facets) == pytest.approx(1.0)
        for each in found.facets:
            assert each.low is not None
            assert each.high is not None
            assert each.low >= 0
            inside.append(each.low <= PLANTED[each.facet] <= each.high)
    assert np.mean(inside) >= 0.8
    (interpersonal,) = [each for each in found.facets if each.facet == "interpersonal"]
    assert interpersonal.weight == pytest.approx(0.6, abs=0.08)


def test_few_repairs_stay_nearer_to_the_priors_than_many() -> None:
    few, many = (
        np.mean(
            [sum(abs(each.weight - each.prior) for each in learned(repairs(seed, count)).facets) for seed in range(5)]
        )
        for count in (150, 20_000)
    )
    assert few < many


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (repairs(1, 60), "too_few"),
        (repairs(1, 0), "too_few"),
        (repairs(1, 500).assign(returned=1), "one_outcome"),
        (repairs(1, 500).assign(**dict.fromkeys(JUSTICE, 0.5)), "same_facets"),
        (repairs(1, 500).assign(returned=[1] * 490 + [0] * 10), "too_few"),
    ],
)
def test_where_nothing_can_be_learned_the_priors_stand_and_it_says_why(rows: pd.DataFrame, reason: str) -> None:
    found = learned(rows)
    assert found.reason == reason
    assert {each.facet: each.weight for each in found.facets} == dict(JUSTICE)
    assert isinstance(found, Weights)


def acts(*rows: tuple[str, str, float]) -> Any:
    full = [
        dict.fromkeys(ACTS.names)
        | {
            "person": person,
            "act": act,
            "occurred_at": NOW - timedelta(days=age),
            "known_at": NOW - timedelta(days=age),
        }
        for person, act, age in rows
    ]
    return ibis.memtable(pd.DataFrame(full, columns=list(ACTS.names)), schema=ACTS)


def made(person: str, age: float, **properties: float) -> dict[str, Any]:
    return event(person, "incident.repaired", age, incident="i", properties=properties)


def repaired_people(connection: Any = CONNECTION) -> pd.DataFrame:
    rows = log(
        made("back", 200, distributive=0.52),
        made("late", 200, distributive=0.48),
        made("recent", 20, distributive=0.5),
        event("severe", "incident.repaired", 200, incident="i", severity=0.5),
    )
    done = acts(("back", "return.unprompted", 150), ("late", "return.unprompted", 100), ("late", "return.missed", 190))
    found: pd.DataFrame = connection.to_pandas(followed(facets(rows), done, as_of=NOW))
    return found


def test_repairs_are_followed_for_long_enough() -> None:
    found = repaired_people()
    assert found.repairs.sum() == 2
    assert found.returned.sum() == 1
    assert list(found.distributive) == pytest.approx([0.5])


def bucket(person: str, age: float, size: float = 1.0, lag: float = 0.0) -> dict[str, Any]:
    at = NOW - timedelta(days=age)
    known = at + timedelta(days=lag)
    row = dict.fromkeys(EVIDENCE.names) | {"person": person, "rule": "outage", "event_id": f"{person}{size}"}
    return row | {"occurred_at": at, "known_at": known, "size": size}


def test_a_repair_counts_where_it_came_before_the_landmark() -> None:
    rows = [
        *(bucket("soon", 200), bucket("soon", 200, -0.5, 5)),
        *(bucket("slow", 200), bucket("slow", 200, -0.5, 40)),
        bucket("never", 200),
        bucket("fresh", 50),
    ]
    evidence = ibis.memtable(pd.DataFrame(rows, columns=list(EVIDENCE.names)), schema=EVIDENCE)
    done = acts(("soon", "return.unprompted", 150), ("slow", "return.unprompted", 190))
    found = CONNECTION.to_pandas(outcomes(evidence, done, as_of=NOW))
    assert found.to_dict("records") == [
        {"repaired": False, "failures": 2, "returned": 0},
        {"repaired": True, "failures": 1, "returned": 1},
    ]


def counted(*rows: tuple[bool, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["repaired", "failures", "returned"])


def test_newcombe_1998_first_example() -> None:
    """56/70 against 48/80: .2000, 95 % interval .0524 to .3339 (Newcombe 1998, table II, method 10)."""
    found = effect(counted((True, 70, 56), (False, 80, 48)), level=0.95)
    assert found.difference == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


@pytest.mark.parametrize("rows", [[(True, 100, 50)], [(True, 10, 5), (False, 100, 50)], []])
def test_too_few_on_one_side_is_no_difference(rows: list[Any]) -> None:
    found = effect(counted(*rows))
    assert (found.reason, found.difference) == ("too_few", None)


@pytest.mark.spark
def test_followed_repairs_agree_on_spark(spark: Any) -> None:
    here, there = repaired_people(), repaired_people(spark)
    assert np.allclose(here.to_numpy(float), there.to_numpy(float), atol=1e-9)
