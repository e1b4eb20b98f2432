"""Finding the parameters: Newton's method on the likelihood with weak priors, and errors that do not trust the model.

Sums of evidence are asked for at the half-lives reached, the likelihood is climbed on their expansion there, and so on
until the half-lives stand still. The errors are those of the sandwich (Huber 1967; Liang & Zeger 1986, *Biometrika*
73), clustered by person: the opportunities of one person are not independent. Where few people carry an event their
sandwich is too small (MacKinnon & White 1985, *Journal of Econometrics* 29), and the error of the model counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import logit
from threadpoolctl import threadpool_limits

from gouttes.trust.learning.likelihood import Likelihood, Place

if TYPE_CHECKING:
    from gouttes.trust.learning.design import Array, Codes, Design

SPREAD_OF_LOGS = 1.0
"""Prior: standard deviation of ln n₀, logit m and ln w around their priors."""
SPREAD_OF_HALF_LIVES = 0.7
"""Prior: standard deviation of ln h around its prior."""
LOWEST = {"strength": -6.0, "mean": -8.0, "weight": -12.0, "half_life": 1.9459101090932196}
HIGHEST = {"strength": 6.907755278982137, "mean": 8.0, "weight": 6.0, "half_life": 8.5}
"""Bounds of ln n₀, logit m, ln w and ln h (from 7 days, the shortest of a rule, to 5,000): what ends there is lost.
A prior worth 1,000 events and more leaves nothing to any event."""
REACH = 0.7
"""Farthest that ln h moves before sums are asked for anew."""
NEAR = 2e-3
"""Where ln h moved by less the expansion is exact to 1e-9."""
MOST_ROUNDS, MOST_STEPS = 25, 80
STILL = 1e-9
"""The gain in log-likelihood that a further step promises, below which the top is reached."""
FIRST_PEOPLE = 20_000
"""People on whom a long climb begins: the way up is found on some, the top on all."""

Wanted = Literal["strength", "mean", "weight", "half_life"]


@dataclass(frozen=True)
class Beliefs:
    """Normal priors on θ: centre and standard deviation of each parameter (infinite: none)."""

    centre: Array
    spread: Array

    @classmethod
    def of(cls, design: Design, *, strength: float, mean: float, flat: bool = False) -> Beliefs:
        """The first-day priors of a design; ``flat`` keeps their centre alone, as where to start from."""
        weights = [max(rule.weight, np.exp(LOWEST["weight"])) for rule in design.rules]
        centre = np.concatenate([[np.log(strength), logit(mean)], np.log(weights), np.log(design.classes.half_lives)])
        spread = np.full(centre.size, SPREAD_OF_LOGS)
        spread[2 + len(design.rules) :] = SPREAD_OF_HALF_LIVES
        return cls(centre, np.full(centre.size, np.inf) if flat else spread)

    def value(self, theta: Array) -> float:
        """The log-density, without its constant."""
        return float(-0.5 * np.sum(((theta - self.centre) / self.spread) ** 2))

    @property
    def precision(self) -> Array:
        """1/sd², 0 where there is no prior."""
        found: Array = 1.0 / self.spread**2
        return found


@dataclass(frozen=True)
class Ties:
    """θ = held + tied·φ: parameters that are held, or tied to each other, are no longer free.

    Attributes:
        held: shape (parameters,), values of those held, 0 elsewhere.
        tied: shape (parameters, free).
    """

    held: Array
    tied: Array

    @classmethod
    def of(cls, centre: Array, groups: Codes) -> Ties:
        """By number of group: parameters of one number are tied, those numbered -1 held at ``centre``."""
        numbers = sorted({int(number) for number in groups if number >= 0})
        tied = np.array([[float(group == number) for number in numbers] for group in groups]).reshape(groups.size, -1)
        return cls(np.where(groups < 0, centre, 0.0), tied)

    def theta(self, phi: Array) -> Array:
        """All parameters, from the free ones."""
        return self.held + self.tied @ phi

    def phi(self, theta: Array) -> Array:
        """The free parameters nearest to these: the mean of what is tied."""
        return (self.tied.T @ theta) / self.tied.sum(axis=0)


@dataclass(frozen=True)
class Fitted:
    """What was found.

    Attributes:
        theta: (ln n₀, logit m, ln w …, ln h …).
        covariance: of θ, 0 for what was held.
        value: log-likelihood, without prior and constant.
        converged: gradient and curvature are those of a top.
        reason: why not, in a word: ``steps``, ``rounds``, ``flat``; empty where it is.
        at_bound: positions of parameters that stand at a bound.
        rounds: how often sums were asked for.
    """

    theta: Array
    covariance: Array
    value: float
    converged: bool
    reason: str
    at_bound: tuple[int, ...]
    rounds: int

    def place(self, rules: int) -> Place:
        """The parameters by name."""
        return Place(self.theta, rules)


def bounds(design: Design) -> tuple[Array, Array]:
    """Lowest and highest θ."""
    names = ["strength", "mean", *["weight"] * len(design.rules), *["half_life"] * len(design.classes.names)]
    return np.array([LOWEST[name] for name in names]), np.array([HIGHEST[name] for name in names])


def fit(design: Design, beliefs: Beliefs, ties: Ties, start: Array | None = None, *, errors: bool = True) -> Fitted:
    """The parameters that make likelihood and priors largest.

    Args:
        design: what is learned from.
        beliefs: priors.
        ties: what is held or tied.
        start: θ to start from; the priors' centre by default.
        errors: compute the covariance too.
    """
    # The matrices are tall and narrow: threads that share out one product wait longer than the product takes.
    with threadpool_limits(limits=1, user_api="blas"):
        return _fit(design, beliefs, ties, start, errors=errors)


def _fit(design: Design, beliefs: Beliefs, ties: Ties, start: Array | None, *, errors: bool) -> Fitted:
    theta = beliefs.centre if start is None else start
    if start is None and design.people > 2 * FIRST_PEOPLE:
        some = np.zeros(design.people, dtype=bool)
        some[:: design.people // FIRST_PEOPLE] = True
        theta = _fit(design.of_people(some), beliefs, ties, theta, errors=False).theta
    phi = ties.phi(theta)
    first = 2 + len(design.rules)
    low, high = (_free(edge, ties) for edge in bounds(design))
    phi, reason, rounds = np.clip(phi, low, high), "rounds", 0
    for rounds in range(1, MOST_ROUNDS + 1):  # noqa: B007 -- told
        at = ties.theta(phi)[first:]
        likelihood = Likelihood(design, design.summed(np.exp(at)[design.classes.of_rule]), at)
        near = _free_reach(ties, first)
        phi_before = phi
        phi, topped = _climb(
            likelihood, beliefs, ties, phi, (np.maximum(low, phi - near), np.minimum(high, phi + near))
        )
        moved = np.abs(ties.theta(phi)[first:] - ties.theta(phi_before)[first:]).max(initial=0.0)
        if moved < NEAR:
            reason = "" if topped else "steps"
            break
    return _told(likelihood, beliefs, ties, phi, (low, high), reason, rounds, errors=errors)


def _free(edge: Array, ties: Ties) -> Array:
    return (ties.tied.T @ edge) / ties.tied.sum(axis=0)


def _free_reach(ties: Ties, first: int) -> Array:
    """How far each free parameter may go on one set of sums: half-lives by ``REACH``, the others freely."""
    return np.where(ties.tied[first:].sum(axis=0) > 0, REACH, np.inf)


def _climb(
    likelihood: Likelihood, beliefs: Beliefs, ties: Ties, phi: Array, box: tuple[Array, Array]
) -> tuple[Array, bool]:
    """To the top of the expansion inside a box; and whether it was reached."""
    low, high = box
    for _ in range(MOST_STEPS):
        value, gradient, curvature = _posterior(likelihood, beliefs, ties, phi)
        held = ((phi <= low) & (gradient < 0)) | ((phi >= high) & (gradient > 0))
        step = np.zeros_like(phi)
        step[~held] = _newton(gradient[~held], curvature[np.ix_(~held, ~held)])
        promised = float(gradient @ step)
        if promised < STILL:
            return phi, True
        scale = 1.0
        while scale > 1e-6:  # noqa: PLR2004 -- a step that small is none
            tried = np.clip(phi + scale * step, low, high)
            theta = ties.theta(tried)
            if likelihood.value(theta) + beliefs.value(theta) > value:
                break
            scale /= 2.0
        else:
            return phi, promised < 1e-4  # noqa: PLR2004 -- rounding alone stands in the way
        phi = tried
    return phi, False


def _posterior(likelihood: Likelihood, beliefs: Beliefs, ties: Ties, phi: Array) -> tuple[float, Array, Array]:
    theta = ties.theta(phi)
    found = likelihood.slopes(theta)
    gradient = found.gradient - (theta - beliefs.centre) * beliefs.precision
    curvature = found.curvature - np.diag(beliefs.precision)
    return found.value + beliefs.value(theta), ties.tied.T @ gradient, ties.tied.T @ curvature @ ties.tied


def _newton(gradient: Array, curvature: Array) -> Array:
    """The step uphill; where the ground bends the wrong way its steepness counts, as if it bent the right way."""
    values, vectors = np.linalg.eigh(-curvature)
    floor = 1e-8 * max(float(np.abs(values).max(initial=0.0)), 1.0)
    step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), floor))
    longest = float(np.abs(step).max(initial=0.0))
    found: Array = step / max(longest, 1.0)
    return found


def _told(
    likelihood: Likelihood,
    beliefs: Beliefs,
    ties: Ties,
    phi: Array,
    box: tuple[Array, Array],
    reason: str,
    rounds: int,
    *,
    errors: bool,
) -> Fitted:
    theta = ties.theta(phi)
    covariance = np.zeros((theta.size, theta.size))
    value = likelihood.value(theta)
    stuck = (phi <= box[0] + 1e-9) | (phi >= box[1] - 1e-9)
    if errors:
        curvature = _posterior(likelihood, beliefs, ties, phi)[2]
        free = ~stuck
        inner = -curvature[np.ix_(free, free)]
        values, vectors = np.linalg.eigh(inner)
        if values.min(initial=np.inf) <= 0.0:
            reason = reason or "flat"
        else:
            bread = vectors @ np.diag(1.0 / values) @ vectors.T
            scores = likelihood.scores(theta) @ ties.tied[:, free]
            people = max(likelihood.design.people, 2)
            meat = scores.T @ scores * (people / (people - 1))
            robust = bread @ meat @ bread
            wider = np.sqrt(np.maximum(np.diag(bread) / np.maximum(np.diag(robust), 1e-300), 1.0))
            spread = ties.tied[:, free] * wider
            covariance = spread @ robust @ spread.T
    at_bound = tuple(int(each) for each in np.flatnonzero(ties.tied @ stuck.astype(float)))
    return Fitted(theta, covariance, value, not reason, reason, at_bound, rounds)
