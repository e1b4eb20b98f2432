"""The bootstrap by customer: people are drawn with replacement, each with all their rows.

Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, ch. 8: the units drawn are those that are independent.
Intervals are percentiles of the draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gouttes.proportion import LEVEL, Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from gouttes.trust.validation.cases import Array, Whole

DRAWS = 500
"""Prior: the ends of a 90 % interval then vary by about a twentieth of its width."""
SEED = 20050501
"""Fixed, so that the same rows give the same interval."""


def draws(person: Whole, number: int = DRAWS, seed: int = SEED) -> Iterator[Array]:
    """For each draw, how many times each row counts."""
    _, codes = np.unique(person, return_inverse=True)
    people = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    for _ in range(number):
        yield np.bincount(rng.integers(0, people, people), minlength=people).astype(float)[codes]


def summed(person: Whole, values: Array) -> Array:
    """Values summed by person, in the order of their numbers."""
    _, codes = np.unique(person, return_inverse=True)
    return np.asarray(np.bincount(codes, weights=values))


def ratio(person: Whole, above: Array, below: Array, *, number: int = DRAWS, seed: int = SEED) -> Figure:
    """Σ above / Σ below with its interval by customer; n is the number of people."""
    top, bottom = summed(person, above), summed(person, below)
    rng = np.random.default_rng(seed)
    found = np.empty(number)
    for draw in range(number):
        times = np.bincount(rng.integers(0, top.size, top.size), minlength=top.size)
        found[draw] = float(times @ top) / max(float(times @ bottom), 1e-300)
    return figure(float(top.sum() / bottom.sum()), found, top.size)


def figure(value: float, found: npt.NDArray[Any], n: int) -> Figure:
    """A value with the percentiles of its draws; draws in which it was not defined are left out."""
    defined = found[np.isfinite(found)]
    if not defined.size:
        return Figure(value, float("nan"), float("nan"), n)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high), n)
