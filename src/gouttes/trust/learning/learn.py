"""From a design to what the data say: which rules they support, how much, how sure, and what stays a prior."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit
from scipy.stats import chi2, norm

from gouttes.trust.learning.fit import LOWEST, Beliefs, Fitted, Ties, fit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gouttes.trust.learning.design import Array, Design

LEVEL = 0.95
"""Of the intervals of parameters."""
FEWEST_PEOPLE = 100
"""Prior: the errors are sums over people, and few people make them too small."""
PER_PARAMETER = 10
"""Successes, and failures, for each parameter: Peduzzi et al. (1996), *Journal of Clinical Epidemiology* 49."""
FEWEST_DATES = 3
"""Weights and half-lives cannot be told apart with fewer."""
SURE = 1 / 3
"""Standard error of ln w below which a weight is three errors above nothing: no further test is needed."""
AGAINST_NOTHING = 2.706
"""5 % point of the likelihood ratio at a bound (Self & Liang 1987): half of it is at zero."""
AGAINST_PRIOR = 3.841
"""5 % point of χ² with one degree of freedom."""


class State(StrEnum):
    """What became of a parameter."""

    LEARNED = "learned"
    UNSUPPORTED = "unsupported"
    UNDECIDED = "undecided"
    UNSEEN = "unseen"
    BOUND = "bound"
    SET = "set"


@dataclass(frozen=True)
class Parameter:
    """One figure, with its interval of 95 %.

    Attributes:
        name: of the rule or class; ``strength`` or ``mean``.
        value, low, high: in its own unit; the ends are None where it was not estimated.
        prior: what it was before.
        state: ``learned``; ``unsupported``: the data speak against the prior and for nothing, and the weight is 0;
            ``undecided``: they are too few to tell, and the prior stays; ``unseen``: no such event before any
            opportunity; ``bound``: it ran away, and the prior stays; ``set`` by the company.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    prior: float
    state: State


@dataclass(frozen=True)
class RatioTest:
    """A likelihood-ratio test: the statistic, its degrees of freedom, and the chance of as much if the rule held."""

    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True)
class Refused:
    """Nothing is learned, and the priors stay in force.

    Attributes:
        reason: ``no_outcome``, ``few_dates``, ``few_people``, ``one_class``, ``few_outcomes``, ``no_evidence``,
            ``not_converged`` or ``degenerate``.
        needed, found: figures that the reason speaks of.
    """

    reason: str
    needed: float = 0.0
    found: float = 0.0


@dataclass(frozen=True)
class Learned:
    """What a design taught.

    Attributes:
        strength, mean: n₀ and m.
        weights: of each rule.
        half_lives: of each class.
        classes: the class of each rule.
        one_half_life, equal_weights: tests of these two simplifications; None where there is nothing to compare.
        weight_ratio, half_life_ratio: buckets over drops, geometric means.
        drop_shift, bucket_shift: what one unit of evidence does to the logit of a newcomer: the asymmetry that the
            prior alone makes.
        single: one opportunity a row: n₀ is held, only ratios are learned.
        log_likelihood: without its constant.
        fitted: the vector and its covariance.
        beliefs, ties: what it was found with.
    """

    strength: Parameter
    mean: Parameter
    weights: tuple[Parameter, ...]
    half_lives: tuple[Parameter, ...]
    classes: tuple[str, ...]
    one_half_life: RatioTest | None
    equal_weights: RatioTest | None
    weight_ratio: Parameter | None
    half_life_ratio: Parameter | None
    drop_shift: Parameter
    bucket_shift: Parameter
    single: bool
    log_likelihood: float
    fitted: Fitted
    beliefs: Beliefs
    ties: Ties

    def again(self, design: Design) -> Fitted:
        """The same parameters, found on another design."""
        return fit(design, self.beliefs, self.ties, self.fitted.theta, errors=False)


@dataclass(frozen=True)
class _Held:
    """Which parameters are not free, and where they are held."""

    states: dict[int, State]
    values: Array

    def ties(self, size: int) -> Ties:
        groups = np.arange(size)
        groups[list(self.states)] = -1
        return Ties.of(self.values, groups)

    def and_(self, position: int, state: State, value: float) -> _Held:
        values = self.values.copy()
        values[position] = value
        return _Held({**self.states, position: state}, values)


def learn(design: Design, *, strength: float, mean: float) -> Learned | Refused:
    """What a design teaches, or why it teaches nothing.

    Args:
        design: opportunities and the evidence before them.
        strength: n₀, its prior.
        mean: m, its prior.
    """
    if refused := too_little(design):
        return refused
    beliefs = Beliefs.of(design, strength=strength, mean=mean)
    held = _unlearned(design, beliefs)
    single = bool(design.trials.max() <= 1.0)
    if single:
        held = held.and_(0, State.SET, float(beliefs.centre[0]))
    fitted = fit(design, beliefs, held.ties(beliefs.centre.size))
    held, fitted = _without_runaways(design, beliefs, held, fitted)
    if not fitted.converged:
        return Refused("not_converged")
    if {0, 1} & set(fitted.at_bound):
        return Refused("degenerate")
    held, fitted = _supported(design, beliefs, held, fitted)
    if not fitted.converged:
        return Refused("not_converged")
    return _told(design, beliefs, held, fitted, single=single)


def too_little(design: Design) -> Refused | None:
    """Why a design cannot teach anything; None where it may."""
    successes, trials = float(design.successes.sum()), float(design.trials.sum())
    dates = len(set(design.origin[design.trials > 0].tolist()))
    if trials == 0:
        return Refused("no_outcome")
    if dates < FEWEST_DATES:
        return Refused("few_dates", FEWEST_DATES, dates)
    if design.people < FEWEST_PEOPLE:
        return Refused("few_people", FEWEST_PEOPLE, design.people)
    rarer = min(successes, trials - successes)
    if rarer == 0:
        return Refused("one_class", found=trials)
    sums = design.summed(np.array([rule.half_life for rule in design.rules]))
    seen = int((sums.value.getnnz(axis=0) > 0).sum())
    if not seen:
        return Refused("no_evidence")
    needed = PER_PARAMETER * (2 + seen)
    return Refused("few_outcomes", needed, rarer) if rarer < needed else None


def _unlearned(design: Design, beliefs: Beliefs) -> _Held:
    """What the company set, and what was never seen."""
    sums = design.summed(np.array([rule.half_life for rule in design.rules]))
    seen = sums.value.getnnz(axis=0) > 0
    states: dict[int, State] = {}
    for place, rule in enumerate(design.rules):
        if rule.fixed or not seen[place]:
            states[2 + place] = State.SET if rule.fixed else State.UNSEEN
    held = _Held(states, beliefs.centre)
    return _idle_classes(design, held)


def _idle_classes(design: Design, held: _Held) -> _Held:
    """A class none of whose rules is free keeps its half-life."""
    first = 2 + len(design.rules)
    states = dict(held.states)
    for number in range(len(design.classes.names)):
        theirs = [states.get(2 + int(place)) for place in np.flatnonzero(design.classes.of_rule == number)]
        if all(theirs) and first + number not in states:
            states[first + number] = next(
                (each for each in theirs if each and each is not State.UNSUPPORTED), State.UNSEEN
            )
    return replace(held, states=states)


def _without_runaways(design: Design, beliefs: Beliefs, held: _Held, fitted: Fitted) -> tuple[_Held, Fitted]:
    """Weights and half-lives that ran to a bound go back to their priors; a weight that ran to nothing is tested."""
    nothing = LOWEST["weight"] + 1e-6
    gone = [place for place in fitted.at_bound if place > 1 and fitted.theta[place] > nothing]
    if not gone:
        return held, fitted
    for place in gone:
        held = held.and_(place, State.BOUND, float(beliefs.centre[place]))
    held = _idle_classes(design, held)
    return held, fit(design, beliefs, held.ties(beliefs.centre.size), fitted.theta)


def _supported(design: Design, beliefs: Beliefs, held: _Held, fitted: Fitted) -> tuple[_Held, Fitted]:
    """Each unsure weight is tested against nothing and against its prior; what is not supported is no longer free."""
    weights = range(2, 2 + len(design.rules))
    errors = np.sqrt(np.diag(fitted.covariance))
    unsure = [place for place in weights if place not in held.states and not 0 < errors[place] < SURE]
    decided = held
    for place in unsure:
        without, prior = (
            fit(design, beliefs, held.and_(place, State.SET, value).ties(errors.size), fitted.theta, errors=False).value
            for value in (LOWEST["weight"], float(beliefs.centre[place]))
        )
        if 2 * (fitted.value - without) > AGAINST_NOTHING:
            continue
        if 2 * (without - prior) > AGAINST_PRIOR:
            decided = decided.and_(place, State.UNSUPPORTED, LOWEST["weight"])
        else:
            decided = decided.and_(place, State.UNDECIDED, float(beliefs.centre[place]))
    if decided is held:
        return held, fitted
    decided = _idle_classes(design, decided)
    return decided, fit(design, beliefs, decided.ties(errors.size), fitted.theta)


def _told(design: Design, beliefs: Beliefs, held: _Held, fitted: Fitted, *, single: bool) -> Learned:
    first = 2 + len(design.rules)
    drops = np.array([rule.polarity > 0 for rule in design.rules])
    of_drops = np.array([name.startswith("drops") for name in design.classes.names])
    names = ["strength", "mean", *(rule.name for rule in design.rules), *design.classes.names]
    figures = [_parameter(place, name, beliefs, held, fitted) for place, name in enumerate(names)]
    free = [place for place in range(first) if place > 1 and place not in held.states]
    free_classes = [place for place in range(first, len(names)) if place not in held.states]
    return Learned(
        strength=figures[0],
        mean=figures[1],
        weights=tuple(figures[2:first]),
        half_lives=tuple(figures[first:]),
        classes=tuple(design.classes.names[number] for number in design.classes.of_rule),
        one_half_life=_ratio_test(design, beliefs, held, fitted, free_classes),
        equal_weights=_ratio_test(design, beliefs, held, fitted, free),
        weight_ratio=_ratio("weight_ratio", fitted, beliefs, free, drops, 2),
        half_life_ratio=_ratio("half_life_ratio", fitted, beliefs, free_classes, of_drops, first),
        drop_shift=_shift("drop_shift", fitted, beliefs, drop=True),
        bucket_shift=_shift("bucket_shift", fitted, beliefs, drop=False),
        single=single,
        log_likelihood=fitted.value,
        fitted=fitted,
        beliefs=beliefs,
        ties=held.ties(beliefs.centre.size),
    )


def _scaled(name: Literal["mean", "log"], value: float) -> float:
    return float(expit(value) if name == "mean" else np.exp(value))


def _parameter(place: int, name: str, beliefs: Beliefs, held: _Held, fitted: Fitted) -> Parameter:
    scale: Literal["mean", "log"] = "mean" if name == "mean" else "log"
    state = held.states.get(place, State.LEARNED)
    prior = _scaled(scale, float(beliefs.centre[place]))
    if state is State.UNSUPPORTED:
        return Parameter(name, 0.0, None, None, prior, state)
    if state is not State.LEARNED:
        return Parameter(name, prior, None, None, prior, state)
    middle, error = float(fitted.theta[place]), float(np.sqrt(fitted.covariance[place, place]))
    reach = norm.ppf((1 + LEVEL) / 2) * error
    ends = (_scaled(scale, middle - reach), _scaled(scale, middle + reach))
    return Parameter(name, _scaled(scale, middle), *ends, prior, state)


def _ratio_test(
    design: Design, beliefs: Beliefs, held: _Held, fitted: Fitted, places: Iterable[int]
) -> RatioTest | None:
    """Whether some parameters may be one: without priors, as the test wants it."""
    tied = list(places)
    if len(tied) < 2:  # noqa: PLR2004 -- one figure equals itself
        return None
    flat = replace(beliefs, spread=np.full(beliefs.spread.size, np.inf))
    free = held.ties(beliefs.centre.size)
    groups = np.arange(beliefs.centre.size)
    groups[tied] = tied[0]
    groups[list(held.states)] = -1
    apart = fit(design, flat, free, fitted.theta, errors=False)
    together = fit(design, flat, Ties.of(held.values, groups), fitted.theta, errors=False)
    statistic = max(0.0, 2 * (apart.value - together.value))
    return RatioTest(statistic, len(tied) - 1, float(chi2.sf(statistic, len(tied) - 1)))


def _ratio(
    name: str, fitted: Fitted, beliefs: Beliefs, places: list[int], drops: Array, first: int
) -> Parameter | None:
    """Geometric mean of the buckets over that of the drops."""
    up = [place for place in places if drops[place - first]]
    down = [place for place in places if not drops[place - first]]
    if not up or not down:
        return None
    contrast = np.zeros(fitted.theta.size)
    contrast[up], contrast[down] = -1 / len(up), 1 / len(down)
    middle = float(contrast @ fitted.theta)
    reach = norm.ppf((1 + LEVEL) / 2) * float(np.sqrt(contrast @ fitted.covariance @ contrast))
    prior = float(np.exp(contrast @ beliefs.centre))
    low, value, high = (float(np.exp(middle + by)) for by in (-reach, 0.0, reach))
    return Parameter(name, value, low, high, prior, State.LEARNED)


def _shift(name: str, fitted: Fitted, beliefs: Beliefs, *, drop: bool) -> Parameter:
    """What one unit of evidence adds to the logit of somebody of whom nothing else is known."""

    def moved(theta: Array) -> float:
        share = expit(theta[1]) if drop else 1 - expit(theta[1])
        return float((1 if drop else -1) * np.log1p(1 / (np.exp(theta[0]) * share)))

    step = 1e-5
    slope = np.array(
        [
            (moved(fitted.theta[:2] + step * way) - moved(fitted.theta[:2] - step * way)) / (2 * step)
            for way in np.eye(2)
        ]
    )
    reach = norm.ppf((1 + LEVEL) / 2) * float(np.sqrt(slope @ fitted.covariance[:2, :2] @ slope))
    value = moved(fitted.theta)
    return Parameter(name, value, value - reach, value + reach, moved(beliefs.centre), State.LEARNED)
