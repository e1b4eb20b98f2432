"""How well probabilities fit what people did: discrimination, accuracy, calibration, coverage.

Every opportunity counts once; every interval is by customer, since one customer's opportunities go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, logit

from gouttes.proportion import Figure, Z, wilson
from gouttes.trust.logistic import logistic
from gouttes.trust.validation.cases import log_likelihood
from gouttes.trust.validation.resampling import DRAWS, SEED, draws, figure, ratio, summed

if TYPE_CHECKING:
    import numpy.typing as npt

    from gouttes.trust.logistic import Logistic
    from gouttes.trust.validation.cases import Array, Predicted, Whole

BINS = 10
"""Bars of a calibration curve (Hosmer & Lemeshow's ten groups)."""
TAIL = 0.05
"""Each side of a 90 % prediction."""


@dataclass(frozen=True)
class Bar:
    """One bar of a calibration curve.

    Attributes:
        predicted: mean predicted chance of its opportunities.
        observed, low, high: share that was taken, with its Wilson interval.
        trials, people: what it rests on.
    """

    predicted: float
    observed: float
    low: float
    high: float
    trials: int
    people: int


@dataclass(frozen=True)
class Calibration:
    """How predicted chances and facts agree.

    Attributes:
        slope: of facts on the predicted logit; 1 is right, below 1 the predictions are too far apart.
        intercept: with the slope held at 1; 0 is right, below 0 too much was promised (calibration in the large).
        z: successes less those predicted, over its standard error by customer.
    """

    slope: Figure
    intercept: Figure
    z: float


def auc(score: Array, successes: Array, trials: Array) -> float:
    """Chance that an opportunity that was taken had a higher score than one that was not; ties count half.

    NaN where there are only successes, or none.
    """
    return _Ranked(score).auc(successes, trials - successes)


def auc_interval(
    person: Whole, score: Array, successes: Array, trials: Array, *, number: int = DRAWS, seed: int = SEED
) -> Figure:
    """The area under the ROC curve with its bootstrap interval by customer; n is the number of people."""
    ranked, failures = _Ranked(score), trials - successes
    found = np.array([ranked.auc(successes * w, failures * w) for w in draws(person, number, seed)])
    return figure(ranked.auc(successes, failures), found, len(np.unique(person)))


class _Ranked:
    """Rows in the order of their score, sorted once for all draws."""

    def __init__(self, score: Array) -> None:
        self.order = np.argsort(score, kind="stable")
        ordered = score[self.order]
        self.starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))

    def auc(self, successes: Array, failures: Array) -> float:
        good = np.add.reduceat(successes[self.order], self.starts)
        poor = np.add.reduceat(failures[self.order], self.starts)
        both = good.sum() * poor.sum()
        below = np.cumsum(poor) - poor / 2
        return float(good @ below / both) if both else float("nan")


def brier(person: Whole, mean: Array, successes: Array, trials: Array) -> Figure:
    """Mean squared error of the chance of each opportunity (Brier 1950)."""
    lost = successes * (1 - mean) ** 2 + (trials - successes) * mean**2
    return ratio(person, lost, trials)


def brier_skill(person: Whole, mean: Array, successes: Array, trials: Array, base: float) -> Figure:
    """1 - Brier / Brier of predicting ``base`` for all: 0 is no better than the rate of everybody."""
    lost = successes * (1 - mean) ** 2 + (trials - successes) * mean**2
    plain = successes * (1 - base) ** 2 + (trials - successes) * base**2
    kept = ratio(person, lost, plain)
    return Figure(1 - kept.value, 1 - kept.high, 1 - kept.low, kept.n)


def log_loss(person: Whole, mean: Array, successes: Array, trials: Array) -> Figure:
    """Minus the mean log chance given to what happened, in nats per opportunity."""
    lost = -(successes * np.log(mean) + (trials - successes) * np.log1p(-mean))
    return ratio(person, lost, trials)


def gain(person: Whole, successes: Array, trials: Array, ours: Predicted, theirs: Predicted) -> Figure:
    """ΔLL, the log-likelihood that ``ours`` adds to ``theirs``, in nats per opportunity; n is the number of people."""
    added = log_likelihood(successes, trials, ours) - log_likelihood(successes, trials, theirs)
    return ratio(person, added, trials)


def curve(person: Whole, mean: Array, successes: Array, trials: Array, bins: int = BINS) -> list[Bar]:
    """The calibration curve: groups of about as many opportunities each, by predicted chance.

    Rows of equal chance stay together. The Wilson bars take opportunities to be independent.
    """
    order = np.argsort(mean, kind="stable")
    place = (np.cumsum(trials[order]) - trials[order] / 2) / trials.sum()
    group = np.minimum((place * bins).astype(int), bins - 1)
    ordered = mean[order]
    first = np.searchsorted(ordered, ordered)  # equal chances go where the first of them goes
    group = group[first]
    bars = []
    for number in np.unique(group):
        rows = order[group == number]
        n, y = int(trials[rows].sum()), int(successes[rows].sum())
        predicted = float(np.average(mean[rows], weights=trials[rows]))
        bars.append(Bar(predicted, y / n, *wilson(y, n), n, len(np.unique(person[rows]))))
    return bars


def calibration(person: Whole, mean: Array, successes: Array, trials: Array) -> Calibration:
    """Slope and intercept of facts on the predicted logit (Cox 1958), errors by customer, and the z in the large."""
    x, n = logit(mean), len(np.unique(person))
    ones = np.ones_like(x)
    slope = logistic(np.column_stack([ones, x]), successes, trials, person) if np.ptp(x) > 0 else None
    level = logistic(ones[:, None], successes, trials, person, offset=x)
    unknown = Figure(float("nan"), float("nan"), float("nan"), n)
    excess = summed(person, successes - trials * mean)
    error = float(np.sqrt(np.sum(excess**2)))
    return Calibration(
        slope=_last(slope, n) if slope else unknown,
        intercept=_last(level, n) if level else unknown,
        z=float(excess.sum() / error) if error else float("nan"),
    )


def _last(found: Logistic, n: int) -> Figure:
    """The last coefficient with its interval."""
    value, error = float(found.coefficients[-1]), float(np.sqrt(found.covariance[-1, -1]))
    return Figure(value, value - Z * error, value + Z * error, n)


def coverage(person: Whole, successes: Array, trials: Array, predicted: Predicted) -> Figure:
    """Share of the counts that fall inside their 90 % prediction.

    Counts are whole numbers, so that no range holds exactly 90 %. Each count y takes the stretch of probability from
    F(y-1) to F(y), and counts for the part of it between .05 and .95 (the expectation of the randomised rule; Czado,
    Gneiting & Held 2009, *Biometrics* 65): the right predictions give .90 exactly, on average.
    """
    below, at = _cumulated(successes, trials, predicted)
    inside = np.clip(np.minimum(below + at, 1 - TAIL) - np.maximum(below, TAIL), 0, None)
    share = np.where(at > 0, inside / np.maximum(at, 1e-300), ((below > TAIL) & (below < 1 - TAIL)).astype(float))
    return ratio(person, share, np.ones_like(share))


def _cumulated(successes: Array, trials: Array, predicted: Predicted) -> tuple[Array, Array]:
    """P(Y < y) and P(Y = y) of each row's beta-binomial, by the recurrence of its probabilities."""
    a, b, n = predicted.a, predicted.b, trials
    log = gammaln(n + b) - gammaln(b) + gammaln(a + b) - gammaln(n + a + b)  # P(Y = 0)
    below = np.zeros_like(log)
    for k in range(int(successes.max(initial=0))):
        rows: npt.NDArray[np.bool_] = successes > k
        below[rows] += np.exp(log[rows])
        log[rows] += np.log((n[rows] - k) * (k + a[rows])) - np.log((k + 1) * (n[rows] - k - 1 + b[rows]))
    return below, np.exp(log)
