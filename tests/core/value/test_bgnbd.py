"""BG/NBD: the published figures of Fader, Hardie & Lee (2005) on CDNOW, its gradient, and the searches that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from gouttes.value.bgnbd import BgNbd, Unfitted, Why, fit, gradient

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> dict[str, Any]:
    """2,357 customers, in weeks, to 1997-09-30."""
    table = pd.read_csv(shared_data / "cdnow" / "cdnow_customers_summary.csv")
    return {"frequency": table["frequency"], "recency": table["recency"], "age": table["T"]}


def planted(model: BgNbd, customers: int, seed: int, age: float = 52.0) -> tuple[Any, Any, Any]:
    """Histories drawn from a model: purchases until leaving, or until the end."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    leaving = rng.beta(model.a, model.b, customers)
    ages = rng.uniform(age / 2, age, customers)
    x, last, here = np.zeros(customers), np.zeros(customers), np.ones(customers, bool)
    while here.any():
        after = last + rng.exponential(1 / rate)
        here &= after < ages
        last, x = np.where(here, after, last), x + here
        here &= rng.random(customers) >= leaving
    return x, last, ages


def test_log_likelihood_is_the_one_published_by_fader_hardie_lee_2005(cdnow: dict[str, Any]) -> None:
    assert PUBLISHED.log_likelihood(**cdnow).sum() == pytest.approx(-9582.4, abs=0.05)


def test_parameters_are_those_published_by_fader_hardie_lee_2005(cdnow: dict[str, Any]) -> None:
    model = fit(**cdnow)
    assert isinstance(model, BgNbd)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)


def test_expected_purchases_are_those_published_by_fader_hardie_lee_2005(cdnow: dict[str, Any]) -> None:
    model = fit(**cdnow)
    assert isinstance(model, BgNbd)
    published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert model.purchases([1 / 7, 1, 3, 31.857, 32, 78]) == pytest.approx(published, abs=4e-4)
    assert model.more_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)


def test_the_full_cdnow_file_gives_the_parameters_known_of_it(shared_data: Path) -> None:
    bought = pd.read_csv(shared_data / "cdnow" / "CDNOW_master.txt", sep=r"\s+")
    end = pd.Timestamp("1997-09-30")
    day = pd.to_datetime(bought["date"].astype(str))
    kept = bought.assign(day=day)[day <= end].drop_duplicates(["customer_id", "day"])
    each = kept.groupby("customer_id")["day"].agg(["min", "max", "count"])
    weeks = [(each["max"] - each["min"]).dt.days / 7, (end - each["min"]).dt.days / 7]
    model = fit(each["count"] - 1, *weeks)
    assert isinstance(model, BgNbd)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.251624, 4.788945, 0.723433, 2.161087], rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_planted_parameters_are_found_again(seed: int) -> None:
    truth = BgNbd(r=0.5, alpha=6.0, a=0.9, b=2.0)
    histories = planted(truth, 6000, seed)
    found = fit(*histories)
    assert isinstance(found, BgNbd)
    assert (
        found.log_likelihood(*histories).sum() - truth.log_likelihood(*histories).sum() < 9.5
    )  # χ²(4) at .999, halved
    assert found.purchases(52.0) == pytest.approx(truth.purchases(52.0), rel=0.1)


def test_the_chance_to_buy_again_is_the_share_that_does() -> None:
    truth = BgNbd(r=0.6, alpha=5.0, a=0.8, b=2.5)
    rng = np.random.default_rng(5)
    customers, whole, more = 40_000, 30.0, 20.0
    rate, leaving = rng.gamma(truth.r, 1 / truth.alpha, customers), rng.beta(truth.a, truth.b, customers)
    x, last, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    moment, here = np.zeros(customers), np.ones(customers, bool)
    while here.any():
        moment = moment + rng.exponential(1 / rate)
        here &= moment < whole + more
        before = here & (moment <= whole)
        x, last = x + before, np.where(before, moment, last)
        later += here & (moment > whole)
        here &= rng.random(customers) >= leaving
    chance = truth.buys_again(more, x, last, whole)
    expected = truth.more_purchases(more, x, last, whole)
    for group in (x == 0, x == 1, (x > 1) & (last < 15), (x > 1) & (last >= 15)):
        error = 4 * np.sqrt(0.25 / group.sum())
        assert chance[group].mean() == pytest.approx((later[group] > 0).mean(), abs=error)
        assert expected[group].mean() == pytest.approx(
            later[group].mean(), abs=4 * later[group].std() / np.sqrt(group.sum())
        )


def test_the_gradient_is_the_slope_of_the_log_likelihood() -> None:
    x, seen, whole = np.array([0.0, 1, 2, 7, 40]), np.array([0.0, 1, 30, 12, 50]), np.array([3.0, 20, 38, 60, 52])

    def likely(values: Any) -> float:
        return float(BgNbd(*values).log_likelihood(x, seen, whole).sum())

    def slope(values: Any) -> Any:
        return gradient(BgNbd(*values), x, seen, whole).sum(axis=0)

    for values in ([0.243, 4.414, 0.793, 2.426], [2.0, 9.0, 1.0, 0.3]):
        error = check_grad(
            likely,
            slope,
            np.array(values),
        )
        assert error < 1e-5


def test_who_bought_once_is_taken_to_be_alive_and_who_stopped_is_not() -> None:
    assert PUBLISHED.alive([0, 9, 9], [0, 38, 9], [38, 38, 38]) == pytest.approx([1.0, 0.85, 0.0], abs=0.12)


def test_expectations_are_continuous_where_a_is_one() -> None:
    near, at = BgNbd(0.5, 6, 1.001, 2.0), BgNbd(0.5, 6, 1.0, 2.0)
    assert at.purchases([1.0, 52.0]) == pytest.approx(near.purchases([1.0, 52.0]), rel=2e-3)
    assert at.more_purchases(10, 3, 20, 25) == pytest.approx(near.more_purchases(10, 3, 20, 25), rel=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_regular_customers_whom_nothing_tells_apart_give_no_model(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.poisson(5, 200).astype(float)
    assert fit(x, np.where(x > 0, 50 * rng.beta(x + 1e-9, 1), 0), np.full(200, 50.0)) == Unfitted(Why.DEGENERATE)


def test_without_enough_to_learn_from_it_says_so() -> None:
    assert fit([1, 2], [3, 4], [5, 6]) == Unfitted(Why.FEW)
    assert fit(np.zeros(100), np.zeros(100), np.ones(100)) == Unfitted(Why.NO_REPEAT)


def test_a_search_that_does_not_arrive_gives_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gouttes.value.bgnbd.STEEPEST", 0.0)
    assert fit(*planted(BgNbd(0.5, 6.0, 0.9, 2.0), 500, 1)) == Unfitted(Why.NOT_CONVERGED)
