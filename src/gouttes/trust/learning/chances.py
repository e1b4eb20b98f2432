"""From trust to the chance of an outcome: P = 1/(1 + exp(-a - b·logit τ̂)), b ≥ 0, fitted on other people's trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from scipy.special import expit, logit

from gouttes import engines
from gouttes.proportion import Z
from gouttes.trust.logistic import logistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from gouttes.trust.learning.design import Array, Codes

CHANCES = ibis.schema(
    {"person": "string", "outcome": "string", "chance": "float64", "low": "float64", "high": "float64"}
)
FEWEST = 30
"""Successes, and failures, without which no chance is told (prior)."""
WEAK = 1e-3
"""Precision that keeps the slope finite where the two classes do not overlap (prior: standard deviation 30)."""


@dataclass(frozen=True)
class Chance:
    """How trust becomes the chance of one outcome.

    Attributes:
        level: a.
        slope: b; 0 where trust tells nothing of it.
        covariance: of (a, b), clustered by person: var a, cov, var b.
        people, successes, trials: what it was fitted on.
        reason: why there is no chance to tell: ``few``; empty where there is.
    """

    level: float
    slope: float
    covariance: tuple[float, float, float]
    people: int
    successes: int
    trials: int
    reason: str = ""

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Chance:
        """From plain values."""
        return cls(**{**raw, "covariance": tuple(raw["covariance"])})

    def at(self, trust: Array) -> Array:
        """The chance at these levels of trust."""
        found: Array = expit(self.level + self.slope * logit(trust))
        return found


def calibrated(successes: Array, trials: Array, person: Codes, trust: Array) -> Chance:
    """The chance of an outcome that people took ``successes`` times of ``trials``, by their trust before it.

    Args:
        successes: shape (rows,).
        trials: shape (rows,).
        person: shape (rows,), whom each row is of: the errors are clustered.
        trust: shape (rows,), learned from other people.
    """
    people, good, all_ = int(np.unique(person).size), float(successes.sum()), float(trials.sum())
    counts = (people, int(good), int(all_))
    if min(good, all_ - good) < FEWEST:
        return Chance(0.0, 0.0, (0.0, 0.0, 0.0), *counts, reason="few")
    features = np.column_stack([np.ones(trust.size), logit(trust)])
    found = logistic(features, successes, trials, person, weak=WEAK)
    if found is None or found.coefficients[1] < 0:
        found = logistic(features[:, :1], successes, trials, person)
    if found is None:  # pragma: no cover -- with both classes a level alone always has a maximum
        return Chance(0.0, 0.0, (0.0, 0.0, 0.0), *counts, reason="few")
    size = found.coefficients.size
    told, spread = np.zeros(2), np.zeros((2, 2))
    told[:size], spread[:size, :size] = found.coefficients, found.covariance
    covariance = (float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1]))
    return Chance(float(told[0]), float(told[1]), covariance, *counts)


def chances(readings: ir.Table, told: Mapping[str, Chance]) -> ir.Table:
    """The chance of each outcome for each person, with its interval of 90 %.

    The interval joins what is not known of the person (the spread of logit τ̂) and of the two figures a and b.

    Args:
        readings: READINGS.
        told: by outcome; those with a reason are left out.

    Returns:
        ``person, outcome, chance, low, high``.
    """
    logits = readings.select("person", x=_logit(readings.trust), spread=(_logit(readings.high) - _logit(readings.low)))
    parts = [_one(logits, outcome, each) for outcome, each in told.items() if not each.reason]
    return ibis.union(*parts) if parts else engines.empty(CHANCES)


def _logit(share: ir.FloatingValue) -> ir.FloatingValue:
    return (share / (1.0 - share)).ln()


def _one(logits: ir.Table, outcome: str, told: Chance) -> ir.Table:
    level, both, slope = told.covariance
    middle = logits.x * told.slope + told.level
    own = logits.spread * (told.slope / (2.0 * Z))
    reach = (own * own + level + logits.x * (2.0 * both) + logits.x * logits.x * slope).sqrt() * Z
    return logits.select(
        "person",
        outcome=ibis.literal(outcome),
        chance=_share(middle),
        low=_share(middle - reach),
        high=_share(middle + reach),
    )


def _share(score: ir.FloatingValue) -> ir.FloatingValue:
    return 1.0 / ((-score).exp() + 1.0)
