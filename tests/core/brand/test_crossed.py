"""Crossed random intercepts: published answers, a dense oracle, planted variances, and what cannot be fitted."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.optimize import minimize

from gouttes.brand import crossed as fitting
from gouttes.brand.crossed import crossed
from gouttes.brand.design import NotEstimableError, designed
from gouttes.brand.likelihood import Likelihood

if TYPE_CHECKING:
    from pathlib import Path


Array = Any


def column(file: Path, name: str) -> Array:
    with file.open(encoding="utf-8") as lines:
        return np.array([row[name] for row in csv.DictReader(lines)])


def test_dyestuff_is_the_one_of_davies_and_goldsmith_1972_as_fitted_by_lme4(shared_data: Path) -> None:
    file = shared_data / "variance" / "lme4_Dyestuff.csv"
    found = crossed(column(file, "Yield").astype(float), {"Batch": column(file, "Batch")})
    assert found.deviance == pytest.approx(327.3271, abs=5e-5)
    assert found.variance("Batch") == pytest.approx(1388.33, abs=0.02)
    assert found.variance("residual") == pytest.approx(2451.25, abs=0.01)
    assert (found.fixed[0].estimate, found.fixed[0].standard_error) == pytest.approx((1527.5, 17.6946), abs=1e-3)
    assert found.converged


def test_penicillin_is_the_one_of_davies_and_goldsmith_1972_as_fitted_by_lme4(shared_data: Path) -> None:
    file = shared_data / "variance" / "lme4_Penicillin.csv"
    factors = {name: column(file, name) for name in ("plate", "sample")}
    y = column(file, "diameter").astype(float)
    assert crossed(y, factors).deviance == pytest.approx(332.1883, abs=1e-4)
    restricted = crossed(y, factors, reml=True)
    assert restricted.deviance == pytest.approx(330.8606, abs=1e-4)
    spreads = [restricted.variance(name) ** 0.5 for name in ("plate", "sample", "residual")]
    assert spreads == pytest.approx([0.8467, 1.9316, 0.5499], abs=2e-4)  # lme4's vignette, table 2


def table(seed: int = 3, rows: int = 96) -> tuple[Array, dict[str, Array], dict[str, Array]]:
    """Three crossed factors of 18, 9 and 4 levels, and two fixed effects, far from nought and unlike in size."""
    rng = np.random.default_rng(seed)
    levels = {"one": 18, "two": 9, "three": 4}
    factors = {name: rng.integers(0, size, rows) for name, size in levels.items()}
    fixed = {"x": rng.normal(50.0, 20.0, rows), "z": rng.integers(0, 2, rows).astype(float)}
    y = 300.0 + 0.3 * fixed["x"] - 4.0 * fixed["z"] + rng.normal(0.0, 2.0, rows)
    for spread, (name, size) in zip((3.0, 2.0, 1.5), levels.items(), strict=True):
        y += rng.normal(0.0, spread, size)[factors[name]]
    return y, factors, fixed


def dense(y: Array, factors: dict[str, Array], fixed: dict[str, Array], ratios: Array, *, reml: bool) -> float:
    """-2LL by the textbook: generalised least squares on the whole covariance."""
    x = np.column_stack([np.ones(len(y)), *fixed.values()])
    h = np.eye(len(y))
    for ratio, values in zip(ratios, factors.values(), strict=True):
        h += ratio * (values[:, None] == values[None, :])
    inverse = np.linalg.inv(h)
    inner = x.T @ inverse @ x
    left = y - x @ np.linalg.solve(inner, x.T @ inverse @ y)
    n = len(y) - (x.shape[1] if reml else 0)
    found = n * (np.log(2 * np.pi * (left @ inverse @ left) / n) + 1) + np.linalg.slogdet(h)[1]
    return float(found + (np.linalg.slogdet(inner)[1] if reml else 0.0))


@pytest.mark.parametrize("reml", [False, True])
def test_the_likelihood_and_its_slope_are_those_of_the_dense_formula(*, reml: bool) -> None:
    y, factors, fixed = table()
    likelihood = Likelihood(designed(y, factors, fixed), reml)
    at = np.log([2.0, 0.8, 0.3])
    solved = likelihood.at(np.exp(at))
    assert likelihood.value(solved) == pytest.approx(dense(y, factors, fixed, np.exp(at), reml=reml), abs=1e-6)
    for place, slope in enumerate(likelihood.slope(solved)):
        step = np.eye(3)[place] * 1e-4
        ends = [dense(y, factors, fixed, np.exp(at + sign * step), reml=reml) for sign in (1, -1)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-5)


@pytest.mark.parametrize("reml", [False, True])
def test_the_fit_is_the_least_of_the_dense_formula(*, reml: bool) -> None:
    y, factors, fixed = table()
    found = crossed(y, factors, fixed, reml=reml)
    oracle: Any = minimize(  # type: ignore[call-overload]  # a float is what it wants
        lambda at: dense(y, factors, fixed, np.exp(at), reml=reml),
        np.zeros(3, dtype="f8"),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 1000},
    )
    assert found.deviance == pytest.approx(oracle.fun, abs=1e-6)
    ratios = [found.variance(name) / found.variance("residual") for name in factors]
    assert np.log(ratios) == pytest.approx(oracle.x, abs=1e-3)
    assert found.converged


def nested(seed: int = 5) -> tuple[Array, dict[str, Array]]:
    """Customers, agents and the cells of both: the cells are nested in the customers, and both are left out."""
    rng = np.random.default_rng(seed)
    customers, agents = rng.integers(0, 40, 400), rng.integers(0, 6, 400)
    cells = customers * 6 + agents
    y = rng.normal(0, 1, 40)[customers] + rng.normal(0, 0.7, 6)[agents] + rng.normal(0, 0.8, 240)[cells]
    return y + rng.normal(0, 0.9, 400), {"customer": customers, "agent": agents, "cell": cells}


@pytest.mark.parametrize("reml", [False, True])
def test_nested_factors_are_left_out_one_after_the_other(*, reml: bool) -> None:
    y, factors = nested()
    design = designed(y, factors)
    assert (design.names, design.chain) == (("cell", "customer", "agent"), 2)
    likelihood = Likelihood(design, reml)
    ordered = {name: factors[name] for name in design.names}
    at = np.log([0.5, 1.5, 0.4])
    solved = likelihood.at(np.exp(at))
    assert likelihood.value(solved) == pytest.approx(dense(y, ordered, {}, np.exp(at), reml=reml), abs=1e-6)
    for place, slope in enumerate(likelihood.slope(solved)):
        step = np.eye(3)[place] * 1e-4
        ends = [dense(y, ordered, {}, np.exp(at + sign * step), reml=reml) for sign in (1, -1)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-5)


def test_a_variance_at_nought_is_put_there_and_bounded_by_the_profile() -> None:
    y, factors, _ = table()
    factors["nothing"] = np.tile(np.arange(8), len(y) // 8)
    free = y - np.array([y[factors["nothing"] == each].mean() for each in range(8)])[factors["nothing"]]
    found = crossed(free, factors)
    component = next(each for each in found.components if each.name == "nothing")
    assert (component.variance, component.low, component.interval) == (0.0, 0.0, "profile")
    assert component.at_nought
    assert found.converged
    assert "nothing" not in found.names
    without = crossed(free, {name: values for name, values in factors.items() if name != "nothing"})
    assert found.deviance == pytest.approx(without.deviance, abs=1e-6)
    ratios = np.array([found.variance(name) for name in factors]) / found.variance("residual")
    ratios[-1] = component.high / found.variance("residual")
    assert dense(free, factors, {}, ratios, reml=False) - found.deviance == pytest.approx(2.7055, abs=0.1)


def test_every_variance_at_nought() -> None:
    rng = np.random.default_rng(0)
    levels = np.repeat(np.arange(10), 5)
    y = rng.normal(size=50)
    y -= np.array([y[levels == each].mean() for each in range(10)])[levels]
    found = crossed(y, {"a": levels})
    assert (found.variance("a"), found.names, found.converged) == (0.0, ("residual",), True)
    assert found.variance("other") == 0.0


def test_large_tables_bound_a_variance_at_nought_by_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "SMALL", 0)
    y, factors, _ = table()
    factors["nothing"] = np.tile(np.arange(8), len(y) // 8)
    free = y - np.array([y[factors["nothing"] == each].mean() for each in range(8)])[factors["nothing"]]
    found = crossed(free, factors)
    assert {each.name: each.interval for each in found.components}["nothing"] == "slice"
    assert found.converged


def test_no_residual_is_said() -> None:
    levels = np.repeat(np.arange(10), 4)
    found = crossed(np.random.default_rng(1).normal(size=10)[levels], {"a": levels})
    assert (found.converged, found.reason) == (False, "residual")


def test_planted_variances_are_inside_their_intervals_nine_times_in_ten() -> None:
    planted = {"customer": 0.64, "agent": 0.16, "residual": 1.0}
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        customers, agents = rng.integers(0, 80, 500), rng.integers(0, 20, 500)
        y = rng.normal(0, 0.8, 80)[customers] + rng.normal(0, 0.4, 20)[agents] + rng.normal(0, 1, 500)
        found = crossed(y, {"customer": customers, "agent": agents}, reml=True)
        assert found.converged
        inside += [each.low <= planted[each.name] <= each.high for each in found.components]
    assert 0.83 <= np.mean(inside) <= 0.97  # 120 intervals of 90 %: a standard error of .027


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": np.full(12, 3.0)}, "constant"),
        ({"a": np.zeros(12)}, "one_level"),
        ({"a": np.arange(12)}, "once"),
        ({"a": np.arange(12) // 4, "b": 7 - np.arange(12) // 4}, "confounded"),
        ({"y": np.array([1.0, 2.0]), "a": np.array([1, 1]), "b": np.array([1, 2])}, "rows"),
        ({"x": np.ones(12)}, "collinear"),
    ],
)
def test_what_cannot_be_estimated_is_said(change: dict[str, Array], reason: str) -> None:
    rng = np.random.default_rng(2)
    given: dict[str, Array] = {"y": rng.normal(size=12), "a": np.arange(12) % 4, "b": np.arange(12) % 3} | change
    fixed = {"x": given.pop("x")} if "x" in given else {}
    y = given.pop("y")
    with pytest.raises(NotEstimableError) as caught:
        crossed(y, given, fixed)
    assert caught.value.reason == reason


def test_more_levels_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gouttes.brand.design.MOST_DENSE", 10)
    y, factors, _ = table()
    with pytest.raises(NotEstimableError, match="--method moments"):
        crossed(y, factors)
