"""From trust to chances: the slope is found again, the interval holds, and too little is said to be too little."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pytest
from scipy.special import expit, logit

from gouttes.trust.interval import exact_interval
from gouttes.trust.learning.chances import Chance, calibrated, chances


def drawn(seed: int, *, slope: float = 0.8, people: int = 2_000) -> Any:
    rng = np.random.default_rng(seed)
    trust = rng.beta(6.0, 3.0, people)
    person = np.arange(people) // 2
    own = rng.normal(0, 0.5, people)[person]  # both rows of a person share what trust does not tell
    trials = 1.0 + rng.poisson(1.0, people)
    successes = rng.binomial(trials.astype(int), expit(-0.5 + slope * logit(trust) + own)).astype(float)
    return successes, trials, person, trust


def test_level_and_slope_lie_in_their_intervals_in_95_of_100_seeds() -> None:
    inside = []
    for seed in range(100):
        found = calibrated(*drawn(seed))
        error = np.sqrt([found.covariance[0], found.covariance[2]])
        attenuated = 1 / np.sqrt(1 + 0.25 * 0.346)  # logistic-normal: what is marginal is flatter (Zeger et al. 1988)
        inside.append(np.abs(np.array([found.level, found.slope]) - np.array([-0.5, 0.8]) * attenuated) < 1.96 * error)
    assert 0.90 <= np.mean(inside) <= 0.99


def test_trust_that_tells_the_wrong_way_round_tells_nothing() -> None:
    found = calibrated(*drawn(1, slope=-0.8))
    assert found.slope == 0.0
    assert found.covariance[1:] == (0.0, 0.0)
    successes, trials, *_ = drawn(1, slope=-0.8)
    assert found.at(np.array([0.1, 0.9])) == pytest.approx([successes.sum() / trials.sum()] * 2)


def test_of_few_successes_no_chance_is_told() -> None:
    successes, trials, person, trust = drawn(2, people=24)
    assert calibrated(successes, trials, person, trust).reason == "few"


def test_everyone_has_a_chance_between_its_ends_and_an_outcome_of_few_has_none(duck: Any) -> None:
    a, b = np.array([3.0, 9.0]), np.array([3.0, 1.0])
    low, high = exact_interval(a, b)
    readings = ibis.memtable({"person": ["p", "q"], "trust": a / (a + b), "low": low, "high": high})
    told = Chance(-0.2, 0.9, (0.01, -0.005, 0.02), 100, 50, 90)
    found = duck.to_pandas(chances(readings, {"return": told, "renewal": Chance(0, 0, (0, 0, 0), 3, 1, 2, "few")}))
    found = found.sort_values("person")
    assert found["outcome"].tolist() == ["return", "return"]
    assert found["chance"].to_numpy() == pytest.approx(told.at(a / (a + b)))
    assert (found["low"] < found["chance"]).all()
    assert (found["chance"] < found["high"]).all()
    spread = (logit(high) - logit(low)) / (2 * 1.6448536269514722)
    x = logit(a / (a + b))
    reach = np.sqrt((0.9 * spread) ** 2 + 0.01 - 2 * x * 0.005 + x * x * 0.02) * 1.6448536269514722
    assert found["high"].to_numpy() == pytest.approx(expit(-0.2 + 0.9 * x + reach))
    assert duck.to_pandas(chances(readings, {})).empty
