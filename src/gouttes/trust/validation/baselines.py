"""Plainer predictions that a reading has to beat: each is trained on the training people only.

Every one of them gets a strength of its own, learned on the training people (how much people with the same chance
differ), so that a reading wins by what it knows, and not by stating its doubt better.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logit

from gouttes.trust.validation.cases import EDGE, Predicted, log_likelihood

if TYPE_CHECKING:
    from collections.abc import Callable

    from gouttes.trust.validation.cases import Array, Cases

WEAKEST, STRONGEST = 0.05, 1e4
"""Bounds of a strength a + b (prior): from people who always or never do, to people who are all alike."""
FEWEST_ANSWERS = 30
"""Prior: with fewer people who answered a survey, "what they say" is no baseline."""


class Why(StrEnum):
    """Why a baseline has nothing to say here."""

    ONE_CLASS = "one_class"
    NO_ANSWERS = "no_answers"
    NO_PURCHASES = "no_purchases"
    FEW = "few"
    NO_REPEAT = "no_repeat"
    NOT_CONVERGED = "not_converged"
    DEGENERATE = "degenerate"


@dataclass(frozen=True)
class Absent:
    """No such baseline here, and why."""

    reason: Why


Answer = Predicted | Absent


def base_rate(train: Cases, test: Cases) -> Answer:
    """Everybody's rate for everybody."""
    rate = float(train.successes.sum() / train.trials.sum())
    return Predicted.of(np.full(len(test), rate), strength(np.full(len(train), rate), train))


def rfm(train: Cases, test: Cases) -> Answer:
    """Recency, frequency and monetary value, by logistic regression (Hughes 1994; Baesens et al. 2002)."""
    if not np.isfinite(train.purchases[:, 2]).any():
        return Absent(Why.NO_PURCHASES)
    return _logistic(train, test, _bought)


def opinion(train: Cases, test: Cases) -> Answer:
    """What the customer answered last to a survey (NPS, CSAT, CES), by logistic regression."""
    answered = train.where(np.isfinite(train.opinion))
    if len(answered) == 0 or answered.people < FEWEST_ANSWERS:
        return Absent(Why.NO_ANSWERS)
    return _logistic(train, test, lambda cases: _known(cases.opinion[:, None]))


def plain_logistic(train: Cases, test: Cases) -> Answer:
    """The same decayed sums, by logistic regression on their logarithms."""
    return _logistic(train, test, lambda cases: np.log1p(np.clip(cases.sums, 0, None)))


def symmetric(train: Cases, test: Cases) -> Answer:
    """Jøsang & Ismail (2002): equal weights, one half-life, prior Beta(1, 1), recalibrated on the training people.

    The half-life is the one under which the training people are most likely.
    """
    found = []
    for each in range(train.sides.shape[1]):
        shapes = [_symmetric(cases.sides[:, each]) for cases in (train, test)]
        at_train, at_test = (logit(shape[0] / (shape[0] + shape[1])) for shape in shapes)
        said = [scored(train, other, at_train, at) for other, at in ((train, at_train), (test, at_test))]
        if any(isinstance(one, Absent) for one in said):
            return Absent(Why.ONE_CLASS)
        fitted, predicted = said
        likely = float(log_likelihood(train.successes, train.trials, fitted).sum())  # type: ignore[arg-type]  # not Absent
        found.append((likely, predicted))
    return max(found, key=lambda one: one[0])[1]


def scored(train: Cases, test: Cases, at_train: Array, at_test: Array) -> Answer:
    """A score of another model, such as BG/NBD's, as a chance on a logistic line (Platt 1999); NaN: unknown."""
    columns = {id(train): _known(at_train[:, None]), id(test): _known(at_test[:, None])}
    return _logistic(train, test, lambda cases: columns[id(cases)])


BASELINES = {
    "base_rate": base_rate,
    "rfm": rfm,
    "opinion": opinion,
    "symmetric": symmetric,
    "plain_logistic": plain_logistic,
}
"""By name, in the order in which they are told; BG/NBD is added by whoever has the purchases."""


def strength(mean: Array, cases: Cases) -> float:
    """The a + b under which the counts are most likely, given each row's mean; with one trial a row, any does."""

    def lost(log: float) -> float:
        return -float(log_likelihood(cases.successes, cases.trials, Predicted.of(mean, float(np.exp(log)))).sum())

    found: Any = minimize_scalar(lost, bounds=(np.log(WEAKEST), np.log(STRONGEST)), method="bounded")
    return float(np.exp(found.x))


def _symmetric(sides: Array) -> tuple[Array, Array]:
    held = np.clip(sides, 0, None)
    return 1 + held[:, 0], 1 + held[:, 1]


def _bought(cases: Cases) -> Array:
    """Logs of frequency, days since the last purchase, days since the first, mean amount; and who never bought."""
    frequency, span, age, amount = cases.purchases.T
    return _known(np.column_stack([np.log1p(frequency), np.log1p(age - span), np.log1p(age), _log_amount(amount)]))


def _log_amount(amount: Array) -> Array:
    return np.asarray(np.log1p(np.where(np.isfinite(amount), np.clip(amount, 0, None), np.nan)))


def _known(columns: Array) -> Array:
    """Columns with 0 where unknown, and one more per column that says so."""
    unknown = ~np.isfinite(columns)
    return np.column_stack([np.where(unknown, 0.0, columns), unknown.astype(float)])


def _logistic(train: Cases, test: Cases, features: Callable[[Cases], Array]) -> Answer:
    """Logistic regression with scikit-learn's defaults (ridge, C = 1, lbfgs) on standardised features."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 -- slow import

    failures = train.trials - train.successes
    if not train.successes.sum() or not failures.sum():
        return Absent(Why.ONE_CLASS)
    known, asked = features(train), features(test)
    centre, spread = known.mean(axis=0), known.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    known, asked = (known - centre) / scale, (asked - centre) / scale
    model = LogisticRegression(max_iter=1000)
    outcome = np.repeat([1, 0], len(train))
    weights = np.concatenate([train.successes, failures])
    model.fit(np.vstack([known, known]), outcome, sample_weight=weights)
    means = [np.clip(model.predict_proba(each)[:, 1], EDGE, 1 - EDGE) for each in (known, asked)]
    return Predicted.of(means[1], strength(means[0], train))
