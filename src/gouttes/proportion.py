"""The level of intervals, a figure with its interval, and the intervals of proportions and of their differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

LEVEL = 0.90
"""The level of every interval that is shown, unless said otherwise."""
Z = 1.6448536269514722
"""The normal quantile at (1 + LEVEL) / 2."""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval and the number it rests on; an end that is not a number has no bound.

    Attributes:
        value, low, high: the figure and its ends.
        n: the people, trials or levels it rests on.
    """

    value: float
    low: float
    high: float
    n: int


def wilson(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a proportion: low and high, from 0 to 1.

    Wilson (1927), *Journal of the American Statistical Association* 22(158), 209-212. Without trials: (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    squared = float(ndtri((1 + level) / 2)) ** 2
    share, inverse = successes / trials, squared / trials
    centre = share + inverse / 2
    half = (inverse * share * (1 - share) + inverse * inverse / 4) ** 0.5
    # Rounding may put an end a hair inside the share at 0 or at 1.
    return max(0.0, min(share, (centre - half) / (1 + inverse))), min(1.0, max(share, (centre + half) / (1 + inverse)))


def difference(one: Figure, other: Figure) -> Figure:
    """The difference of two proportions, ``one`` less ``other``, from their Wilson intervals; n is that of ``one``.

    Newcombe (1998), *Statistics in Medicine* 17, 873-890, method 10.
    """
    value = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return Figure(value, value - below, value + above, one.n)
