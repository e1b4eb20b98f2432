"""Crossed random intercepts, ``y = Xβ + Σ_f Z_f u_f + e``, by maximum likelihood or restricted likelihood.

The ratios of the variances are looked for on the logarithmic scale with the exact gradient, then polished by Newton's
method; a ratio that does better at nought is put there. What is returned has met a gradient *and* a curvature: an
optimiser's own word is not taken for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.optimize import brentq, minimize

from gouttes.brand.design import Array, Design, designed
from gouttes.brand.likelihood import Likelihood
from gouttes.proportion import Z

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gouttes.brand.likelihood import Solved

LOWEST, HIGHEST = np.log(1e-9), np.log(1e9)
STEP = 1e-3
"""Of ln λ, for the curvature by differences of the exact gradient."""
FLAT = 1e-3
"""-2LL a unit of ln λ: below it the gradient is met. At a curvature of 1, -2LL is then within 5e-7 of its least."""
NEWTONS = 8
NEAR_NOUGHT = 0.05
"""λ times the rows of a level, below which nought is tried."""
SMALL = 1_000
"""Levels beside the largest factor up to which the bound of a variance at nought re-fits the others, and curvature is
taken by differences on both sides; beyond, on one side (a thousandth off, and half the time)."""

Interval = Literal["wald", "profile", "slice", "none"]


@dataclass(frozen=True)
class Component:
    """A variance, with its interval (90 %).

    Attributes:
        name: the factor; ``residual`` for e.
        variance, low, high: in squared units of the outcome.
        levels: of the factor; rows for the residual.
        interval: ``wald`` (normal on the logarithmic scale), and where the variance is at nought ``profile`` (where
            -2LL has risen by the quantile of χ²₁, the others fitted again) or ``slice`` (the others held); ``none``,
            with ends that are not numbers, where the residual's variance is nought beside it.
    """

    name: str
    variance: float
    low: float
    high: float
    levels: int
    interval: Interval

    @property
    def at_nought(self) -> bool:
        """The estimate is at the bound."""
        return self.variance == 0.0


@dataclass(frozen=True)
class Effect:
    """A fixed effect; the intercept has the empty name."""

    name: str
    estimate: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Crossed:
    """A fitted model.

    Attributes:
        method: ``ml`` or ``reml``.
        deviance: -2 log-likelihood (restricted for REML).
        components: one per factor as asked, then the residual.
        fixed: the intercept and the fixed effects.
        rows: n.
        converged: gradient and curvature are met.
        reason: empty, or why it has not converged: ``gradient``, ``curvature`` or ``residual`` (the residual's
            variance is nought beside the others').
        gradient: the largest slope of -2LL by ln λ that is left.
        names: of the variances that are not at nought, the residual's last.
        covariance: of the logarithms of these, from the curvature of the likelihood.
    """

    method: str
    deviance: float
    components: tuple[Component, ...]
    fixed: tuple[Effect, ...]
    rows: int
    converged: bool
    reason: str
    gradient: float
    names: tuple[str, ...]
    covariance: Array

    def variance(self, name: str) -> float:
        """A variance by its name; 0 for a factor that is not in the model."""
        return next((each.variance for each in self.components if each.name == name), 0.0)


def crossed(
    y: Array, factors: Mapping[str, Any], fixed: Mapping[str, Array] | None = None, *, reml: bool = False
) -> Crossed:
    """Fit a model with crossed random intercepts.

    Args:
        y: the outcome, n finite numbers.
        factors: by name, the level of each row. Factors may be crossed or nested.
        fixed: by name, numbers beside the intercept.
        reml: restricted likelihood.

    Raises:
        NotEstimableError: the table cannot be fitted; the message says why.
    """
    design = designed(np.asarray(y, dtype="f8"), factors, fixed)
    search = _Search(Likelihood(design, reml))
    best = search.found()
    return _told(search, best, tuple(factors), "reml" if reml else "ml")


@dataclass(frozen=True)
class _Point:
    """Logarithms of the ratios (-inf: at nought), the model solved there, -2LL and its slope."""

    at: Array
    solved: Solved
    value: float
    slope: Array


class _Search:
    """Looks for the ratios at which -2LL is least."""

    def __init__(self, likelihood: Likelihood) -> None:
        self.likelihood = likelihood
        self.size = np.array(likelihood.design.levels, dtype="f8")

    def point(self, at: Array) -> _Point:
        solved = self.likelihood.at(np.exp(at))
        return _Point(at, solved, self.likelihood.value(solved), self.likelihood.slope(solved))

    def found(self) -> _Point:
        """The least -2LL, with the variances that do better at nought put there."""
        start = np.log(self.likelihood.design.start)
        best = self.polished(self.least(start, np.ones(len(start), dtype=bool)))
        for place in np.argsort(best.at):
            if np.exp(best.at[place]) * self.likelihood.design.mean_rows()[place] > NEAR_NOUGHT:
                continue
            tried = best.at.copy()
            tried[place] = -np.inf
            without = self.polished(self.least(tried, np.isfinite(tried)))
            if without.value <= best.value + FLAT**2:
                best = without
        return best

    def least(self, start: Array, free: Array, *, rough: bool = False) -> _Point:
        """Quasi-Newton over the free ratios, each in units in which the curvature is about one."""
        if not free.any():
            return self.point(start)
        unit = np.sqrt(2 / self.size[free])
        seen: dict[str, _Point] = {}

        def value(scaled: Array) -> tuple[float, Array]:
            at = start.copy()
            at[free] = scaled * unit
            point = self.point(at)
            if "best" not in seen or point.value < seen["best"].value:
                seen["best"] = point
            return point.value, point.slope[free] * unit

        bounds = [(LOWEST / each, HIGHEST / each) for each in unit]
        began = np.clip(start[free], LOWEST, HIGHEST) / unit
        options: Any = {"ftol": 1e-9, "gtol": 1e-2} if rough else {"ftol": 1e-13, "gtol": 1e-4}
        minimize(value, began, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        return seen["best"]

    def polished(self, point: _Point) -> _Point:
        """Newton's method from a point near the least; a step that does not help ends it."""
        for _ in range(NEWTONS):
            free = self.inside(point)
            if not free.any() or np.abs(point.slope[free]).max() < FLAT:
                return point
            curved = self.curvature(point, free)
            if np.linalg.eigvalsh(curved).min() <= 0:
                return point
            at = point.at.copy()
            at[free] -= np.clip(np.linalg.solve(curved, point.slope[free]), -2.0, 2.0)
            tried = self.point(np.clip(at, np.where(np.isfinite(at), LOWEST, -np.inf), HIGHEST))
            if tried.value > point.value + 1e-9 * abs(point.value):
                return point
            point = tried
        return point

    @staticmethod
    def inside(point: _Point) -> Array:
        """Which ratios are neither at nought nor at a bound of the search."""
        return (point.at > LOWEST + STEP) & (point.at < HIGHEST - STEP)

    def curvature(self, point: _Point, free: Array) -> Array:
        """Second derivatives of the profiled -2LL by the free ln λ."""
        return self._differences(point, free, self.likelihood.slope)

    def information(self, point: _Point, free: Array) -> Array:
        """Second derivatives of -2LL by the free ln λ and, last, by the logarithm of the residual's variance."""
        variance = point.solved.squares / self.likelihood.degrees

        def held(solved: Solved) -> Array:
            determinants, squares = self.likelihood.gradient(solved)
            return determinants - squares / variance

        size = int(free.sum())
        found = np.empty((size + 1, size + 1))
        found[:size, :size] = self._differences(point, free, held)
        across = np.array([float(b @ b) for b in point.solved.effects])[free] / variance
        found[size, :size] = found[:size, size] = across
        found[size, size] = self.likelihood.degrees
        return found

    def _differences(self, point: _Point, free: Array, slope: Any) -> Array:  # noqa: ANN401 -- a function of Solved
        small = self.likelihood.design.dense <= SMALL
        here = None if small else slope(point.solved)[free]

        def moved(place: int, step: float) -> Any:  # noqa: ANN401 -- a part of an array
            at = point.at.copy()
            at[place] += step
            return slope(self.likelihood.at(np.exp(at)))[free]

        columns = []
        for place in map(int, np.flatnonzero(free)):
            after = moved(place, STEP)
            columns.append((after - moved(place, -STEP)) / (2 * STEP) if here is None else (after - here) / STEP)
        found = np.column_stack(columns) if columns else np.empty((0, 0))
        return (found + found.T) / 2

    def upper(self, best: _Point, place: int) -> tuple[float, Interval]:
        """Where the ratio of a variance at nought ends: -2LL has risen by the quantile of χ²₁ there."""
        rise = Z**2
        free = np.isfinite(best.at)

        def risen(log_ratio: float, *, again: bool = False) -> float:
            at = best.at.copy()
            at[place] = log_ratio
            point = self.least(at, free, rough=True) if again else self.point(at)
            return point.value - best.value - rise

        found = _crossing(risen, float(-np.log(self.likelihood.design.rows)))
        if self.likelihood.design.dense > SMALL or not free.any():
            return float(np.exp(found)), "slice"
        # Where the others may follow, -2LL rises later: the slice is where to begin.
        return float(np.exp(_crossing(lambda at: risen(at, again=True), found))), "profile"


def _crossing(risen: Callable[[float], float], start: float) -> float:
    """Where a function that rises crosses nought, to a hundredth of ln λ, from a point not far from it."""
    low = high = start
    step = 0.25
    while risen(low) > 0 and low > LOWEST:
        low, high, step = low - step, low, 2 * step
    step = 0.25
    while low == start and risen(high) < 0 and high < HIGHEST:
        low, high, step = high, high + step, 2 * step
        start = low
    return float(brentq(risen, low, high, xtol=0.01)) if low < high else low


def _told(search: _Search, best: _Point, asked: tuple[str, ...], method: str) -> Crossed:
    design, likelihood = search.likelihood.design, search.likelihood
    residual = best.solved.squares / likelihood.degrees * design.scale**2
    free = search.inside(best)
    covariance, curved = _covariance(search, best, free)
    names = (*(name for name, inside in zip(design.names, free, strict=True) if inside), "residual")
    spread = dict(zip(names, np.sqrt(np.maximum(np.diag(covariance), 0.0)), strict=True))
    found = {}
    for place, name in enumerate(design.names):
        variance = float(np.exp(best.at[place])) * residual
        if name in spread:
            found[name] = _wald(name, variance, spread[name], design.levels[place])
        else:
            ratio, kind = search.upper(best, place) if best.at[place] < 0 else (np.nan, "none")
            at, low = (0.0, 0.0) if best.at[place] < 0 else (variance, np.nan)
            found[name] = Component(name, at, low, ratio * residual, design.levels[place], kind)
    slope = float(np.abs(best.slope[free]).max()) if free.any() else 0.0
    high = bool((best.at >= HIGHEST - STEP).any())
    reason = "residual" if high else "gradient" if slope > FLAT else "" if curved else "curvature"
    return Crossed(
        method=method,
        deviance=best.value,
        components=(*(found[name] for name in asked), _wald("residual", residual, spread["residual"], design.rows)),
        fixed=_fixed(design, best.solved, residual),
        rows=design.rows,
        converged=not reason,
        reason=reason,
        gradient=slope,
        names=names,
        covariance=covariance,
    )


def _covariance(search: _Search, best: _Point, free: Array) -> tuple[Array, bool]:
    """Of the logarithms of the variances that are not at nought, the residual's last; and whether it is one."""
    information = search.information(best, free) / 2
    curved = bool(np.linalg.eigvalsh(information).min() > 0)
    inverse = np.linalg.pinv(information, hermitian=True)
    turned = np.eye(len(inverse))
    turned[:-1, -1] = 1.0  # ln v_f = ln λ_f + ln σ²
    return turned @ inverse @ turned.T, curved


def _wald(name: str, variance: float, spread: float, levels: int) -> Component:
    half = float(np.exp(Z * spread))
    return Component(name, variance, variance / half, variance * half, levels, "wald")


def _fixed(design: Design, solved: Solved, residual: float) -> tuple[Effect, ...]:
    """In the units of the table: the design is about means and in units of deviations."""
    side = design.dense
    root = solved.root[side:-1, side:-1]
    inverse = np.linalg.inv(root @ root.T) * residual / design.scale**2
    turned = np.diag([1.0, *(1 / design.spread)]) * design.scale
    turned[0, 1:] = -design.scale * design.shift / design.spread
    estimates = turned @ solved.coefficients
    estimates[0] += design.centre
    errors = np.sqrt(np.diag(turned @ inverse @ turned.T))
    reach = Z
    return tuple(
        Effect(name, float(one), float(error), float(one - reach * error), float(one + reach * error))
        for name, one, error in zip(design.fixed, estimates, errors, strict=True)
    )
