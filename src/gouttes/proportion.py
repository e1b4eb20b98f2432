"""The interval of a proportion."""

from __future__ import annotations

from scipy.special import ndtri

LEVEL = 0.90
"""The level of every interval that is shown, unless said otherwise."""


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
