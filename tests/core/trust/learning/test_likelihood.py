"""The likelihood against SciPy's beta functions, its slopes against differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaln, digamma, gammaln, polygamma
from tests.core.trust.learning.planted import HALF_LIVES, OF_CLASS, THETA, designed

from gouttes import engines
from gouttes.trust.learning.likelihood import Likelihood, Place, rising


@pytest.fixture(scope="module")
def likelihood() -> Likelihood:
    design, _ = designed(engines.connect(), 1, 60)
    return Likelihood(design, design.summed(HALF_LIVES[OF_CLASS]), np.log(HALF_LIVES))


def test_the_value_is_that_of_scipys_beta_functions(likelihood: Likelihood) -> None:
    a, b = likelihood.shapes(THETA)
    y, n = likelihood.design.successes, likelihood.design.trials
    assert likelihood.value(THETA) == pytest.approx(float((betaln(y + a, n - y + b) - betaln(a, b)).sum()), abs=1e-9)
    assert likelihood.slopes(THETA).value == pytest.approx(likelihood.value(THETA), abs=1e-9)


@pytest.mark.parametrize("moved", [0.0, 0.3])
def test_gradient_and_curvature_are_those_of_differences(likelihood: Likelihood, moved: float) -> None:
    theta = THETA + moved * np.sin(np.arange(THETA.size))
    found, step = likelihood.slopes(theta), 1e-5
    ways = step * np.eye(theta.size)
    gradient = [(likelihood.value(theta + way) - likelihood.value(theta - way)) / (2 * step) for way in ways]
    assert found.gradient == pytest.approx(np.array(gradient), rel=1e-5, abs=1e-5)
    columns = [
        (likelihood.slopes(theta + way).gradient - likelihood.slopes(theta - way).gradient) / (2 * step) for way in ways
    ]
    assert found.curvature == pytest.approx(np.array(columns), rel=1e-4, abs=1e-4)


def test_the_scores_of_people_add_up_to_the_gradient(likelihood: Likelihood) -> None:
    scores = likelihood.scores(THETA)
    assert scores.shape == (60, THETA.size)
    assert scores.sum(axis=0) == pytest.approx(likelihood.slopes(THETA).gradient, abs=1e-8)


def test_long_sums_go_on_with_the_gamma_functions() -> None:
    start, steps = np.array([0.4, 3.0, 7.5]), np.array([0.0, 5.0, 300.0])
    logs, firsts, seconds = rising(start, steps)
    assert logs == pytest.approx(gammaln(start + steps) - gammaln(start), abs=1e-9)
    assert firsts == pytest.approx(digamma(start + steps) - digamma(start), abs=1e-12)
    assert seconds == pytest.approx(polygamma(1, start) - polygamma(1, start + steps), abs=1e-12)


def test_the_vector_is_read_by_name() -> None:
    place = Place(THETA, 6)
    assert (place.strength, place.mean) == pytest.approx((4.0, 0.7))
    assert place.weights[5] == pytest.approx(4.0)
    assert place.half_lives == pytest.approx(HALF_LIVES)
