"""Variance components by GROUP BY: the pairs written out, planted variances, and both engines."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from gouttes import engines
from gouttes.brand.crossed import crossed
from gouttes.brand.moments import moments

FACTORS = ("customer", "agent", "dyad")
PLANTED = {"customer": 0.64, "agent": 0.16, "dyad": 0.36, "residual": 1.0}


def company(seed: int, customers: int = 120, agents: int = 16) -> pd.DataFrame:
    """Customers who meet one to three agents, one to four times each."""
    rng = np.random.default_rng(seed)
    own, of_agents = rng.normal(0, 0.8, customers), rng.normal(0, 0.4, agents)
    rows = []
    for customer in range(customers):
        for agent in rng.choice(agents, rng.integers(1, 4), replace=False):
            between = own[customer] + of_agents[agent] + rng.normal(0, 0.6)
            key = {"customer": f"c{customer}", "agent": f"a{agent}", "dyad": f"c{customer} a{agent}"}
            rows += [key | {"y": between + rng.normal()} for _ in range(rng.integers(1, 5))]
    return pd.DataFrame(rows)


def transfer(found: dict[str, float]) -> float:
    return found["customer"] / (found["customer"] + found["dyad"])


def test_the_group_by_is_that_of_the_pairs_written_out(duck: Any) -> None:
    told = company(1, customers=12, agents=4)
    found = moments(duck.create_table("t", told), "y", FACTORS)
    assert found is not None
    rows = told.to_dict("records")
    design, halves = [], []
    for one, other in combinations(rows, 2):
        design.append([*(one[name] != other[name] for name in FACTORS), True])
        halves.append((one["y"] - other["y"]) ** 2 / 2)
    pairs, y = np.array(design, dtype=float), np.array(halves)
    shared = [np.ones(len(y), dtype=bool), *(pairs[:, place] == 0 for place in range(3))]
    matrix = np.array([pairs[which].sum(axis=0) for which in shared])
    assert found.variances == pytest.approx(np.linalg.solve(matrix, [y[which].sum() for which in shared]), rel=1e-9)


def test_the_jackknife_leaves_out_what_it_says(duck: Any) -> None:
    told = company(2, customers=30, agents=5)
    found = moments(duck.create_table("t", told), "y", FACTORS, sampled=["agent"])
    assert found is not None
    assert {name: len(rows) for name, rows in found.shifted.items()} == {"agent": 5}
    some = {tuple(np.round(row, 7)) for row in found.shifted["agent"]}
    without = [
        moments(duck.create_table(f"w{place}", told[told["agent"] != f"a{place}"]), "y", FACTORS, sampled=[])
        for place in range(5)
    ]
    alone = {tuple(np.round(each.variances, 7)) for each in without if each is not None}
    assert some == alone


def test_planted_variances_and_ratio_are_recovered(duck: Any) -> None:
    inside, ratios, means = [], [], []
    for seed in range(10):
        found = moments(duck.create_table(f"t{seed}", company(seed)), "y", FACTORS, sampled=["customer", "agent"])
        assert found is not None
        means.append(found.variances)
        for name, planted in PLANTED.items():
            each = found.component(name)
            inside.append(each.low <= planted <= each.high)
        ratio = found.figure(transfer)
        ratios.append(ratio.low <= 0.64 <= ratio.high)
    assert np.mean(inside) >= 0.8
    assert np.mean(ratios) >= 0.8
    assert np.mean(means, axis=0) == pytest.approx(list(PLANTED.values()), abs=0.15)


def test_moments_and_reml_say_the_same_of_one_company(duck: Any) -> None:
    told = company(7)
    found = moments(duck.create_table("t", told), "y", FACTORS, sampled=["customer", "agent"])
    fitted = crossed(told["y"].to_numpy(), {name: told[name].to_numpy() for name in FACTORS}, reml=True)
    assert found is not None
    for name in PLANTED:
        each = found.component(name)
        assert each.low <= fitted.variance(name) <= each.high


def test_factors_that_group_the_rows_alike_have_no_solution(duck: Any) -> None:
    told = company(3, customers=10)
    told["agent"] = told["customer"]
    assert moments(duck.create_table("t", told), "y", FACTORS) is None


def test_rows_of_one_level_each_have_no_solution(duck: Any) -> None:
    told = pd.DataFrame({"customer": ["a", "b", "c"], "y": [1.0, 2.0, 4.0]})
    assert moments(duck.create_table("t", told), "y", ["customer"]) is None


def test_a_row_with_a_null_counts_not(duck: Any) -> None:
    told = company(4, customers=20)
    more = pd.concat([told, pd.DataFrame([{"customer": None, "agent": "a1", "dyad": "x", "y": 99.0}])])
    one, other = (moments(duck.create_table(n, t), "y", FACTORS, sampled=[]) for n, t in (("a", told), ("b", more)))
    assert one is not None
    assert other is not None
    assert one.variances == pytest.approx(other.variances)
    assert one.rows == other.rows


@pytest.mark.spark
def test_both_engines_agree(duck: Any, spark: Any) -> None:
    told = company(5, customers=20, agents=4)
    found = moments(duck.create_table("t", told), "y", FACTORS[:2], sampled=["agent"])
    other = moments(engines.kept(spark, ibis.memtable(told)), "y", FACTORS[:2], sampled=["agent"])
    assert found is not None
    assert other is not None
    assert found.variances == pytest.approx(other.variances, abs=1e-9)
    assert found.component("agent").low == pytest.approx(other.component("agent").low, abs=1e-9)
