"""The beta-binomial likelihood of what people did, its gradient and its curvature.

LL = Σ ln B(y + a, n - y + b) - ln B(a, b), with a = n₀m + Σ w S over drops and b = n₀(1 - m) + Σ w S over buckets.
Counts are small whole numbers, so that the gamma functions are short sums: ln Γ(a + y) - ln Γ(a) = Σ_{j<y} ln(a + j).
The constant ln C(n, y) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, expit, gammaln, polygamma

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gouttes.trust.learning.design import Array, Design, Sums

LONGEST_SUM = 48
"""Terms that are summed one by one; of longer sums the gamma functions are quicker."""
BLOCK = 100_000
"""Rows that are worked on together: 100,000 rows of 20 parameters are 16 MB."""


@dataclass(frozen=True)
class Place:
    """The parameters by name, from the vector θ = (ln n₀, logit m, ln w …, ln h …)."""

    theta: Array
    rules: int

    @property
    def strength(self) -> float:
        """What the prior is worth, n₀."""
        return float(np.exp(self.theta[0]))

    @property
    def mean(self) -> float:
        """Where the prior starts, m."""
        return float(expit(self.theta[1]))

    @property
    def weights(self) -> Array:
        """The weights w, shape (rules,)."""
        found: Array = np.exp(self.theta[2 : 2 + self.rules])
        return found

    @property
    def half_lives(self) -> Array:
        """The half-life of each class, days."""
        found: Array = np.exp(self.theta[2 + self.rules :])
        return found


@dataclass(frozen=True)
class Slopes:
    """LL, its gradient and its matrix of second derivatives."""

    value: float
    gradient: Array
    curvature: Array


def rising(start: Array, steps: Array) -> tuple[Array, Array, Array]:
    """Σ_{j<steps} of ln(start + j), 1/(start + j) and 1/(start + j)²; each has the shape of ``start``."""
    logs, firsts, seconds = np.zeros_like(start), np.zeros_like(start), np.zeros_like(start)
    longest = int(steps.max(initial=0.0))
    for j in range(min(longest, LONGEST_SUM)):
        here = np.flatnonzero(steps > j)
        x = start[here] + j
        logs[here] += np.log(x)
        firsts[here] += 1.0 / x
        seconds[here] += 1.0 / (x * x)
    if longest > LONGEST_SUM:
        here = np.flatnonzero(steps > LONGEST_SUM)
        low, high = start[here], start[here] + steps[here]
        logs[here] = gammaln(high) - gammaln(low)
        firsts[here] = digamma(high) - digamma(low)
        seconds[here] = polygamma(1, low) - polygamma(1, high)
    return logs, firsts, seconds


class Likelihood:
    """The likelihood of a design near the half-lives at which its sums were taken.

    Away from them a sum is its second-order expansion in ln h, exact at the half-lives themselves: whoever moves them
    asks for new sums.
    """

    def __init__(self, design: Design, sums: Sums, at: Array) -> None:
        self.design, self.sums, self.at = design, sums, at
        drops = np.array([rule.polarity > 0 for rule in design.rules])
        self._sides = (drops, ~drops)
        self._member = (design.classes.of_rule[:, None] == np.arange(len(design.classes.names))[None, :]).astype(float)

    def shapes(self, theta: Array) -> tuple[Array, Array]:
        """The two shapes, a and b, of every row."""
        found = [(a, b) for _, a, b, *_ in self._blocks(theta)]
        a, b = (np.concatenate(part) for part in zip(*found, strict=True)) if found else (np.empty(0), np.empty(0))
        return a, b

    def value(self, theta: Array) -> float:
        """LL."""
        total = 0.0
        for rows, a, b, *_ in self._blocks(theta):
            y, n = self.design.successes[rows], self.design.trials[rows]
            total += float((rising(a, y)[0] + rising(b, n - y)[0] - rising(a + b, n)[0]).sum())
        return total

    def slopes(self, theta: Array) -> Slopes:
        """LL with its first and second derivatives."""
        size = theta.size
        value, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
        for rows, a, b, sums in self._blocks(theta):
            y, n = self.design.successes[rows], self.design.trials[rows]
            up, down, both = rising(a, y), rising(b, n - y), rising(a + b, n)
            value += float((up[0] + down[0] - both[0]).sum())
            da, db = up[1] - both[1], down[1] - both[1]
            ja, jb = (self._jacobian(theta, sums, side) for side in (0, 1))
            gradient += ja.T @ da + jb.T @ db
            mixed = ja.T @ (both[2][:, None] * jb)
            curvature += ja.T @ ((both[2] - up[2])[:, None] * ja) + jb.T @ ((both[2] - down[2])[:, None] * jb)
            curvature += mixed + mixed.T + self._second(theta, sums, da, db)
        return Slopes(value, gradient, curvature)

    def scores(self, theta: Array) -> Array:
        """The gradient of each person, shape (people, parameters)."""
        found = np.zeros((self.design.people, theta.size))
        for rows, a, b, sums in self._blocks(theta):
            y, n = self.design.successes[rows], self.design.trials[rows]
            both = rising(a + b, n)[1]
            ja, jb = (self._jacobian(theta, sums, side) for side in (0, 1))
            each = ja * (rising(a, y)[1] - both)[:, None] + jb * (rising(b, n - y)[1] - both)[:, None]
            who = self.design.person[rows]
            starts = np.flatnonzero(np.diff(who, prepend=who[0] - 1))
            found[who[starts]] += np.add.reduceat(each, starts)
        return found

    def _blocks(self, theta: Array) -> Iterator[tuple[slice, Array, Array, tuple[Array, Array, Array]]]:
        """By block of rows: a, b, and the dense sums with their derivatives at θ."""
        place = Place(theta, len(self.design.rules))
        moved = (theta[2 + place.rules :] - self.at)[self.design.classes.of_rule]
        weights = [np.where(side, place.weights, 0.0) for side in self._sides]
        for start in range(0, self.design.trials.size, BLOCK):
            rows = slice(start, min(start + BLOCK, self.design.trials.size))
            value, slope, bend = (part[rows].toarray() for part in (self.sums.value, self.sums.slope, self.sums.bend))
            if moved.any():
                value = np.maximum(value + slope * moved + bend * (moved * moved / 2.0), 0.0)
                slope = slope + bend * moved
            a = place.strength * place.mean + value @ weights[0]
            b = place.strength * (1.0 - place.mean) + value @ weights[1]
            # A repair takes away at most its own bucket; rounding may leave a hair less than nothing.
            yield rows, np.maximum(a, 1e-9), np.maximum(b, 1e-9), (value, slope, bend)

    def _jacobian(self, theta: Array, sums: tuple[Array, Array, Array], side: int) -> Array:
        """da/dθ (side 0) or db/dθ (side 1), shape (rows, parameters)."""
        place = Place(theta, len(self.design.rules))
        weights = np.where(self._sides[side], place.weights, 0.0)
        share, turn = (place.mean, 1.0) if side == 0 else (1.0 - place.mean, -1.0)
        rows = sums[0].shape[0]
        own = np.empty((rows, 2))
        own[:, 0] = place.strength * share
        own[:, 1] = turn * place.strength * place.mean * (1.0 - place.mean)
        return np.hstack([own, sums[0] * weights, (sums[1] * weights) @ self._member])

    def _second(self, theta: Array, sums: tuple[Array, Array, Array], da: Array, db: Array) -> Array:
        """Σ dLL/da · d²a/dθ² + dLL/db · d²b/dθ²."""
        place = Place(theta, len(self.design.rules))
        k, m, n0 = place.rules, place.mean, place.strength
        found = np.zeros((theta.size, theta.size))
        spread = m * (1.0 - m)
        up, down = da.sum(), db.sum()
        found[0, 0] = n0 * (m * up + (1.0 - m) * down)
        found[0, 1] = found[1, 0] = n0 * spread * (up - down)
        found[1, 1] = n0 * spread * (1.0 - 2.0 * m) * (up - down)
        value, slope, bend = (np.where(self._sides[0], da @ part, db @ part) * place.weights for part in sums)
        np.fill_diagonal(found[2 : 2 + k, 2 : 2 + k], value)
        cross = slope[:, None] * self._member
        found[2 : 2 + k, 2 + k :] = cross
        found[2 + k :, 2 : 2 + k] = cross.T
        np.fill_diagonal(found[2 + k :, 2 + k :], bend @ self._member)
        return found


def shapes(design: Design, theta: Array) -> tuple[Array, Array]:
    """Beta(a, b) of every row of a design, by these parameters."""
    at = theta[2 + len(design.rules) :]
    return Likelihood(design, design.summed(np.exp(at)[design.classes.of_rule]), at).shapes(theta)
