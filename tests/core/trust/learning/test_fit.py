"""What was planted is found again: weights, half-lives and the prior, with errors that keep their word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.core.trust.learning.planted import RULES, THETA, designed

from gouttes.trust.learning.design import Classes, Design
from gouttes.trust.learning.fit import Beliefs, Fitted, Ties, bounds, fit

SEEDS = 40


def fitted(design: Design, *, flat: bool = False) -> Fitted:
    beliefs = Beliefs.of(design, strength=4.0, mean=0.8, flat=flat)
    return fit(design, beliefs, Ties.of(beliefs.centre, np.arange(beliefs.centre.size)))


def far(found: Fitted) -> Any:
    """How many standard errors each parameter is from the truth."""
    return (found.theta - THETA) / np.sqrt(np.diag(found.covariance))


@pytest.mark.slow
def test_the_95_percent_intervals_hold_the_truth_in_95_of_100_over_40_seeds(duck: Any) -> None:
    distances = []
    for seed in range(200, 200 + SEEDS):
        design, _ = designed(duck, seed)
        found = fitted(design)
        assert found.converged
        distances.append(far(found))
        duck.drop_table(f"pairs_{seed}_3000")
    covered = np.abs(np.array(distances)) < 1.96
    assert 0.93 <= covered.mean() <= 0.97
    assert (covered.mean(axis=0) > 0.85).all()


def test_all_parameters_of_3000_people_lie_in_their_intervals(duck: Any) -> None:
    design, _ = designed(duck, 201)
    assert design.trials.sum() > 22_000
    found = fitted(design)
    assert found.converged
    assert found.at_bound == ()
    assert (np.abs(far(found)) < 1.96).all()
    gradient_gone = fit(design, Beliefs.of(design, strength=4.0, mean=0.8), all_free(), found.theta, errors=False)
    assert gradient_gone.theta == pytest.approx(found.theta, abs=1e-4)


def all_free() -> Ties:
    return Ties.of(THETA, np.arange(THETA.size))


def test_a_tie_makes_two_parameters_one_and_a_held_one_stays(duck: Any) -> None:
    design, _ = designed(duck, 5, 400)
    beliefs = Beliefs.of(design, strength=4.0, mean=0.8)
    groups = np.arange(THETA.size)
    groups[3], groups[8] = 2, -1
    found = fit(design, beliefs, Ties.of(beliefs.centre, groups))
    assert found.theta[2] == found.theta[3]
    assert found.theta[8] == beliefs.centre[8]
    assert found.covariance[8].tolist() == [0.0] * THETA.size
    assert found.covariance[2, 2] == pytest.approx(found.covariance[2, 3])


def test_who_runs_away_is_stopped_at_a_bound_and_said_to_be_there(duck: Any) -> None:
    design, _ = designed(duck, 6, 300)
    sure = Design(
        design.trials.copy(), design.trials, design.person, design.origin, RULES, Classes.of(RULES), design.summed
    )
    found = fitted(sure, flat=True)
    low, high = bounds(sure)
    assert found.at_bound
    assert all(found.theta[place] in {low[place], high[place]} for place in found.at_bound)


def test_many_people_begin_with_some_and_come_to_the_same_top(duck: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    design, _ = designed(duck, 8, 900)
    whole = fitted(design)
    monkeypatch.setattr("gouttes.trust.learning.fit.FIRST_PEOPLE", 100)
    assert fitted(design).theta == pytest.approx(whole.theta, abs=1e-4)
