"""Logistic regression of counts, with errors that know that the rows of one person go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

if TYPE_CHECKING:
    Array = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

MOST_STEPS = 100
LONGEST = 1.0
STILL = 1e-10
"""A step that small is none: far below any error of a coefficient."""


@dataclass(frozen=True)
class Logistic:
    """Coefficients, and their covariance (the sandwich, clustered by person)."""

    coefficients: npt.NDArray[Any]
    covariance: npt.NDArray[Any]


def logistic(
    features: Array,
    successes: Array,
    trials: Array,
    person: Whole,
    *,
    offset: Array | float = 0.0,
    weak: float = 0.0,
) -> Logistic | None:
    """Logit P = features x coefficients + offset, by Newton's method; None where there is no maximum.

    Args:
        features: rows by coefficients; the first column is the intercept.
        successes: of each row.
        trials: of each row.
        person: whom each row is of.
        offset: added to every row's logit.
        weak: precision of a prior around 0 on all but the intercept, which keeps them finite.
    """
    beta: npt.NDArray[Any] = np.zeros(features.shape[1])
    rate = successes.sum() / trials.sum()
    beta[0] = logit(rate) if 0 < rate < 1 and not np.any(offset) else 0.0
    prior = np.diag([0.0, *np.full(beta.size - 1, weak)])
    for _ in range(MOST_STEPS):
        chance = expit(features @ beta + offset)
        score = features * (successes - trials * chance)[:, None]
        information = features.T @ (features * (trials * chance * (1 - chance))[:, None]) + prior
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            return None
        step = np.linalg.solve(information, score.sum(axis=0) - prior @ beta)
        beta = beta + np.clip(step, -LONGEST, LONGEST)
        if np.max(np.abs(step)) < STILL:
            break
    else:
        return None
    _, whose = np.unique(person, return_inverse=True)
    by_person = np.column_stack([np.bincount(whose, column) for column in score.T])
    bread = np.linalg.inv(information)
    return Logistic(beta, bread @ (by_person.T @ by_person) @ bread)
