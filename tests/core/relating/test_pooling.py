"""Levels that borrow from the one above."""

from __future__ import annotations

import functools
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.trust.pooling import Heterogeneity, Sector, pool

CONNECTION = engines.connect()
COLUMNS = [
    "successes",
    "trials",
    "raw",
    "groups",
    "gamma",
    "strength",
    "heterogeneity",
    "a",
    "b",
    "mean",
    "low",
    "high",
]


def pooled(rows: Any, levels: list[str], level: str, **others: Any) -> pd.DataFrame:
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=[*levels, "successes", "trials"])
    found: pd.DataFrame = CONNECTION.to_pandas(pool(ibis.memtable(frame), levels, **others)[level])
    return found


@functools.cache
def groups_of(seed: int) -> tuple[pd.DataFrame, Any]:
    """A hundred groups whose rates are drawn from Beta(8, 4), each tried from 1 to 60 times."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(8, 4, 100)
    trials = rng.integers(1, 60, 100)
    names = [f"g{number:03}" for number in range(100)]
    return pd.DataFrame({"team": names, "successes": rng.binomial(trials, truth), "trials": trials}), truth


@functools.cache
def pooled_of(seed: int) -> pd.DataFrame:
    return pooled(groups_of(seed)[0], ["team"], "team").sort_values("team")


@pytest.mark.parametrize("seed", range(20))
def test_pooling_is_nearer_to_the_truth_than_raw_rates_and_than_the_company_alone(seed: int) -> None:
    counts, truth = groups_of(seed)
    found = pooled_of(seed)
    raw, company = counts.successes / counts.trials, counts.successes.sum() / counts.trials.sum()
    error = {
        name: float(np.mean((np.asarray(guess) - truth) ** 2))
        for name, guess in {"pooled": found["mean"], "raw": raw, "company": np.full(100, company)}.items()
    }
    assert error["pooled"] < min(error["raw"], error["company"])


def test_the_planted_strength_is_found_and_the_intervals_cover_the_truth() -> None:
    covered, strengths = [], []
    for seed in range(20):
        truth, found = groups_of(seed)[1], pooled_of(seed)
        covered.append(((found.low.to_numpy() <= truth) & (truth <= found.high.to_numpy())).mean())
        strengths.append(found.strength.iloc[0])
    assert np.median(strengths) == pytest.approx(12, rel=0.15)
    assert 0.87 <= np.mean(covered) <= 0.93


def test_the_formula_by_hand() -> None:
    found = pooled([("a", 7, 10), ("b", 2, 10)], ["team"], "team").set_index("team")
    spread = 10 * 0.25**2 * 2
    gamma = (spread / (0.45 * 0.55) - 1) / (20 - 200 / 20 - 1)
    assert found.gamma["a"] == pytest.approx(gamma)
    assert found.strength["a"] == pytest.approx(1 / gamma - 1)
    parent = 9.5 / 21
    assert found["mean"]["a"] == pytest.approx(((1 / gamma - 1) * parent + 7) / (1 / gamma - 1 + 10), abs=1e-9)
    assert list(found.reset_index().columns) == ["team", *COLUMNS]


def test_groups_that_do_not_differ_take_their_parent() -> None:
    rows = [("a", 5, 10), ("b", 5, 10), ("c", 5, 10)]
    found, above = pooled(rows, ["team"], "team"), pooled(rows, ["team"], "company")
    assert set(found.heterogeneity) == {Heterogeneity.NONE}
    assert found.gamma.iloc[0] <= 0
    assert np.allclose(found[["mean", "low", "high"]], above[["mean", "low", "high"]].iloc[0])
    assert found.strength.isna().all()


def test_one_group_cannot_tell() -> None:
    found = pooled([("a", 7, 10)], ["team"], "team")
    assert list(found.heterogeneity) == [Heterogeneity.NOT_ESTIMABLE]
    assert found["mean"][0] == pytest.approx(7.5 / 11)


@pytest.mark.parametrize("rows", [[("a", 0, 10), ("b", 0, 9)], [("a", 10, 10), ("b", 3, 3)]])
def test_groups_that_all_fail_or_all_succeed_cannot_tell(rows: list[Any]) -> None:
    assert set(pooled(rows, ["team"], "team").heterogeneity) == {Heterogeneity.NOT_ESTIMABLE}


def test_a_group_without_trials_takes_its_parent_and_its_own_width() -> None:
    rows = [("a", 90, 100), ("b", 10, 100), ("new", 0, 0)]
    found = pooled(rows, ["team"], "team").set_index("team")
    assert found["mean"]["new"] == pytest.approx(0.5, abs=0.01)
    assert found.groups["new"] == 2
    assert np.isnan(found.raw["new"])
    assert found.high["new"] - found.low["new"] > found.high["a"] - found.low["a"]


def test_nothing_at_all_is_the_widest_interval() -> None:
    rows = pd.DataFrame({"team": ["a"], "successes": [0], "trials": [0]})
    found = pooled(rows, ["team"], "company")
    assert found["mean"][0] == pytest.approx(0.5)
    assert found.high[0] - found.low[0] > 0.9


def test_rates_as_far_apart_as_can_be_are_left_as_they_are() -> None:
    found = pooled([("a", 50, 50), ("b", 0, 50)], ["team"], "team").set_index("team")
    assert found["mean"]["a"] == pytest.approx(1.0, abs=0.01)
    assert found.low["a"] > 0.85


def test_a_sector_stands_above_the_company() -> None:
    found = pooled([("a", 7, 10)], ["team"], "company", sector=Sector(0.5, 20.0))
    assert found["mean"][0] == pytest.approx(17 / 30)
    with pytest.raises(BadInputError, match="A sector needs a mean"):
        Sector(1.0, 4.0)


def test_a_group_without_a_key_takes_its_parent_and_is_not_counted() -> None:
    frame = pd.DataFrame(
        {
            "team": ["n", "n", "n", None],
            "person": ["a", "b", None, "d"],
            "successes": [9, 1, 5, 8],
            "trials": [10, 10, 10, 9],
        }
    ).astype({"team": "object", "person": "object"})
    found = pooled(frame, ["team", "person"], "person")
    team = pooled(frame, ["team", "person"], "team").set_index("team")
    nobody = found[found.person.isna()]
    assert nobody["mean"].iloc[0] == pytest.approx(team["mean"]["n"])
    assert set(found.groups) == {3}
    assert len(found) == 4


def test_the_formula_at_the_second_level_sums_over_the_teams() -> None:
    rows = [("n", "a", 9, 10), ("n", "b", 1, 10), ("s", "c", 8, 10), ("s", "d", 6, 10)]
    found = pooled(rows, ["team", "agent"], "agent")
    over = (2 * 10 * 0.4**2 / 0.25 - 1) + (2 * 10 * 0.1**2 / 0.21 - 1)
    assert found.gamma[0] == pytest.approx(over / (2 * (20 - 10 - 1)))


def test_counts_without_a_level_are_refused() -> None:
    with pytest.raises(MissingColumnsError, match=r"trust\.pool"):
        pool(ibis.memtable(pd.DataFrame({"successes": [1], "trials": [1]})), ["team"])


@pytest.mark.spark
def test_pooling_agrees_on_spark(spark: Any) -> None:
    rng = np.random.default_rng(3)
    trials = rng.integers(0, 30, 60)
    frame = pd.DataFrame(
        {
            "team": [f"t{number % 3}" for number in range(60)],
            "agent": [f"a{number % 9}" for number in range(60)],
            "successes": rng.binomial(trials, 0.7),
            "trials": trials,
        }
    )
    table = ibis.memtable(frame)
    levels = ["team", "agent"]
    for name, found in pool(table, levels).items():
        keys = levels[: list(pool(table, levels)).index(name)]
        here = CONNECTION.to_pandas(found).sort_values(keys or ["trials"]).reset_index(drop=True)
        there = spark.to_pandas(found).sort_values(keys or ["trials"]).reset_index(drop=True)
        numbers = ["successes", "trials", "a", "b", "mean", "low", "high"]
        assert np.allclose(here[numbers], there[numbers], atol=1e-9)
        assert here[keys].equals(there[keys])
