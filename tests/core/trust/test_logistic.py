"""Logistic regression of counts: the coefficients of scikit-learn, and errors that count people, not rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from gouttes.trust.logistic import logistic


def drawn(seed: int, people: int = 600) -> Any:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, people)
    trials = 1.0 + rng.poisson(2.0, people)
    successes = rng.binomial(trials.astype(int), expit(-0.4 + 0.9 * x)).astype(float)
    return np.column_stack([np.ones(people), x]), successes, trials, np.arange(people)


def test_the_coefficients_are_those_of_scikit_learn_without_penalty() -> None:
    features, successes, trials, person = drawn(1)
    found = logistic(features, successes, trials, person)
    assert found
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000)
    rows, outcome = np.vstack([features[:, 1:]] * 2), np.repeat([1, 0], len(person))
    model.fit(rows, outcome, sample_weight=np.concatenate([successes, trials - successes]))
    assert found.coefficients == pytest.approx([model.intercept_[0], model.coef_[0, 0]], abs=1e-5)


def test_rows_of_one_person_are_no_new_people() -> None:
    features, successes, trials, person = drawn(2)
    once = logistic(features, successes, trials, person)
    four: list[Any] = [np.concatenate([each] * 4) for each in (features, successes, trials, person)]
    often = logistic(four[0], four[1], four[2], four[3])
    others = logistic(four[0], four[1], four[2], np.arange(4 * len(person)))
    assert once
    assert often
    assert others
    assert often.coefficients == pytest.approx(once.coefficients, abs=1e-8)
    assert often.covariance == pytest.approx(once.covariance, rel=1e-6)
    assert others.covariance == pytest.approx(once.covariance / 4, rel=1e-6)


def test_an_offset_is_added_and_a_weak_prior_keeps_a_separated_slope_finite() -> None:
    features, successes, trials, person = drawn(3)
    whole = logistic(features, successes, trials, person)
    assert whole
    rest = logistic(features[:, :1], successes, trials, person, offset=whole.coefficients[1] * features[:, 1])
    assert rest
    assert rest.coefficients[0] == pytest.approx(whole.coefficients[0], abs=1e-8)
    apart = np.where(features[:, 1] > 0, trials, 0.0)
    assert logistic(features, apart, trials, person) is None
    held = logistic(features, apart, trials, person, weak=0.01)
    assert held
    assert 1 < held.coefficients[1] < 100
