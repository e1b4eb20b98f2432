"""The BG/NBD model of purchases: how often customers buy, and whether they still do.

Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, *Marketing Science* 24(2), 275-284. While alive a
customer buys at a rate λ ~ gamma(r, alpha); after each purchase they leave with probability p ~ beta(a, b). All that
counts of a history is ``frequency`` (x, purchases after the first), ``recency`` (t_x, time from the first to the last
purchase) and ``age`` (T, time from the first purchase to now), in one unit of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1

Array = npt.NDArray[np.float64]
Numbers = npt.ArrayLike

FEWEST_CUSTOMERS = 50
"""Prior: below this four parameters are not asked of the data."""
STEEPEST = 1e-6
"""Largest gradient of the mean log-likelihood, in log parameters, that counts as a maximum."""
FLATTEST = 1e-6
"""Smallest curvature of the mean log-likelihood, in log parameters, below which the maximum is a ridge."""
FARTHEST = 12.0
"""Logs of r, a and b beyond ±12 are a limit of the model (nobody differs, nobody leaves), and no estimate."""
STARTS = ((1.0, 1.0, 1.0, 1.0), (0.25, 4.0, 0.8, 2.5), (2.0, 10.0, 0.5, 5.0))
"""Starting values of r, alpha (in mean ages over ten), a and b."""
BESIDE = 1e-5
"""At a = 1 the published expectations are 0/0; their limit is taken as the mean of both sides."""


class Why(StrEnum):
    """Why there is no model."""

    FEW = "few"
    NO_REPEAT = "no_repeat"
    NOT_CONVERGED = "not_converged"
    DEGENERATE = "degenerate"


@dataclass(frozen=True)
class Unfitted:
    """No model, and why: too few customers, nobody who came back, no maximum found, or one at the model's limit."""

    reason: Why


@dataclass(frozen=True)
class BgNbd:
    """A fitted model. alpha is in the unit of time of the histories; the others have none.

    Attributes:
        r, alpha: shape and rate of the gamma distribution of purchase rates.
        a, b: the beta distribution of the chance to leave after a purchase.
    """

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
        """Log-likelihood of each history, eq. (6)."""
        x, seen, whole = _histories(frequency, recency, age)
        alive, left = _branches(self, x, seen, whole)
        return _common(self, x) + np.logaddexp(alive, left)

    def alive(self, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
        """P(alive) at the end of each history; 1 for who bought once, since leaving follows a repeat purchase."""
        alive, left = _branches(self, *_histories(frequency, recency, age))
        return np.asarray(expit(alive - left))

    def purchases(self, time: Numbers) -> Array:
        """Repeat purchases to expect of a new customer in so much time, eq. (9)."""
        t = np.asarray(time, dtype=float)
        return self._either_side(lambda model: _expected(model, t))

    def more_purchases(self, time: float, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
        """Purchases to expect in the next ``time`` of each history, eq. (10)."""
        x, seen, whole = _histories(frequency, recency, age)
        alive = self.alive(x, seen, whole)
        return self._either_side(lambda model: _expected_after(model, time, x, whole)) * alive

    def buys_again(self, time: float, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
        """Chance of at least one purchase in the next ``time`` of each history.

        P(alive) · (1 - ((alpha + T) / (alpha + T + t))^(r + x)): who is alive leaves only after a purchase, and their
        rate is gamma(r + x, alpha + T).
        """
        x, seen, whole = _histories(frequency, recency, age)
        none = (self.r + x) * (np.log(self.alpha + whole) - np.log(self.alpha + whole + time))
        return self.alive(x, seen, whole) * -np.expm1(none)

    def _either_side(self, value: Any) -> Array:  # noqa: ANN401 -- a function of a model
        if abs(self.a - 1) > BESIDE:
            return np.asarray(value(self))
        sides = [BgNbd(self.r, self.alpha, 1 + step, self.b) for step in (-2 * BESIDE, 2 * BESIDE)]
        return np.asarray(sum(value(side) for side in sides) / 2)


def fit(frequency: Numbers, recency: Numbers, age: Numbers) -> BgNbd | Unfitted:
    """The model by maximum likelihood, or why there is none; never the last iterate of a search that failed.

    Equal histories are counted once. The search is judged by the gradient and the curvature where it ended.

    Args:
        frequency: repeat purchases of each customer, 0 or more.
        recency: time from the first to the last purchase.
        age: time from the first purchase to the end of the observation, above 0.
    """
    x, seen, whole = _histories(frequency, recency, age)
    if x.size < FEWEST_CUSTOMERS:
        return Unfitted(Why.FEW)
    if not np.any(x > 0):
        return Unfitted(Why.NO_REPEAT)
    histories, counts = np.unique(np.column_stack([x, seen, whole]), axis=0, return_counts=True)
    unit = float(np.average(histories[:, 2], weights=counts)) / 10
    scaled = (histories[:, 0], histories[:, 1] / unit, histories[:, 2] / unit)
    weights = counts / counts.sum()
    found = [_searched(np.log(start), scaled, weights) for start in STARTS]
    best = min(found, key=lambda each: each[0])
    return _judged(best[1], scaled, weights, unit)


def gradient(model: BgNbd, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
    """Derivatives of each history's log-likelihood with respect to r, alpha, a and b: one row per history."""
    x, seen, whole = _histories(frequency, recency, age)
    alive, left = _branches(model, x, seen, whole)
    gone = expit(left - alive)  # share of the likelihood on the branch of having left after the last purchase
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    repeat = np.maximum(x - 1, 0)
    rate = (1 - gone) * np.log(alpha + whole) + gone * np.log(alpha + seen)
    time = (1 - gone) / (alpha + whole) + gone / (alpha + seen)
    return np.column_stack(
        [
            digamma(r + x) - digamma(r) + np.log(alpha) - rate,
            r / alpha - (r + x) * time,
            digamma(a + b) - digamma(a + b + x) + gone / a,
            digamma(a + b) - digamma(a + b + x) + digamma(b + x) - digamma(b) - gone / (b + repeat),
        ]
    )


def _histories(frequency: Numbers, recency: Numbers, age: Numbers) -> tuple[Array, Array, Array]:
    x, seen, whole = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each, float)) for each in (frequency, recency, age))
    )
    return x, seen, whole


def _common(model: BgNbd, x: Array) -> Array:
    counted = gammaln(model.r + x) - gammaln(model.r) + model.r * np.log(model.alpha)
    return np.asarray(counted + betaln(model.a, model.b + x) - betaln(model.a, model.b))


def _branches(model: BgNbd, x: Array, seen: Array, whole: Array) -> tuple[Array, Array]:
    """Logs of the two terms of eq. (6): still alive, and left after the last purchase (impossible without one)."""
    alive = -(model.r + x) * np.log(model.alpha + whole)
    left = np.log(model.a) - np.log(model.b + np.maximum(x - 1, 0)) - (model.r + x) * np.log(model.alpha + seen)
    return alive, np.where(x > 0, left, -np.inf)


def _expected(model: BgNbd, t: Array) -> Array:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    silent = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return np.asarray((a + b - 1) / (a - 1) * (1 - silent))


def _expected_after(model: BgNbd, t: float, x: Array, whole: Array) -> Array:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    reached = alpha + whole
    silent = (reached / (reached + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (reached + t))
    return np.asarray((a + b + x - 1) / (a - 1) * (1 - silent))


def _loss(logs: Array, histories: tuple[Array, Array, Array], weights: Array) -> tuple[float, Array]:
    """Minus the mean log-likelihood, and its gradient in the logs of the parameters."""
    values = np.exp(np.clip(logs, -30, 30))
    model = BgNbd(*(float(each) for each in values))
    slope = weights @ gradient(model, *histories)
    return -float(weights @ model.log_likelihood(*histories)), -slope * values


def _searched(start: Array, histories: tuple[Array, Array, Array], weights: Array) -> tuple[float, Array]:
    found = minimize(
        _loss, start, (histories, weights), jac=True, method="BFGS", options={"gtol": STEEPEST / 10, "maxiter": 500}
    )
    return float(found.fun), np.asarray(found.x)


def _judged(logs: Array, histories: tuple[Array, Array, Array], weights: Array, unit: float) -> BgNbd | Unfitted:
    """The model where the search ended at a maximum inside the model's bounds."""
    value, slope = _loss(logs, histories, weights)
    step = 1e-4
    shifts = np.eye(logs.size) * step
    curved = [
        (_loss(logs + shift, histories, weights)[1] - _loss(logs - shift, histories, weights)[1]) / (2 * step)
        for shift in shifts
    ]
    curvature = np.linalg.eigvalsh((np.array(curved) + np.array(curved).T) / 2)
    if np.any(np.abs(logs) > FARTHEST) or curvature[0] < FLATTEST:
        return Unfitted(Why.DEGENERATE)
    if not np.isfinite(value) or np.max(np.abs(slope)) > STEEPEST:
        return Unfitted(Why.NOT_CONVERGED)
    r, alpha, a, b = (float(each) for each in np.exp(logs))
    return BgNbd(r, alpha * unit, a, b)
