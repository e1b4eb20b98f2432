"""Measures of fit: against other ways to compute them, and against a truth that was planted."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from scipy.stats import betabinom
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss
from tests.core.trust.validation.planted import cases

from gouttes.errors import BadInputError
from gouttes.proportion import wilson
from gouttes.trust.validation import measures
from gouttes.trust.validation.cases import Cases, Predicted, log_likelihood
from gouttes.trust.validation.resampling import figure, ratio

TEST, TRUTH = cases(1500, seed=3)
WHO, Y, N, P = TEST.person, TEST.successes, TEST.trials, TRUTH.mean


def one_by_one() -> tuple[np.ndarray, np.ndarray]:
    """Each opportunity as a row of its own: outcome and predicted chance."""
    outcome = [[1] * int(y) + [0] * int(n - y) for y, n in zip(Y, N, strict=True)]
    return np.array(list(itertools.chain.from_iterable(outcome))), np.repeat(P, N.astype(int))


def test_auc_brier_and_log_loss_are_those_of_scikit_learn_on_single_opportunities() -> None:
    outcome, chance = one_by_one()
    assert measures.auc(P, Y, N) == pytest.approx(roc_auc_score(outcome, chance), abs=1e-12)
    assert measures.brier(WHO, P, Y, N).value == pytest.approx(brier_score_loss(outcome, chance), abs=1e-12)
    assert measures.log_loss(WHO, P, Y, N).value == pytest.approx(sklearn_log_loss(outcome, chance), abs=1e-9)


def test_ties_count_half() -> None:
    assert measures.auc(np.zeros(4), np.array([1.0, 0, 1, 0]), np.ones(4)) == 0.5
    assert measures.auc(np.array([0.0, 1, 1]), np.array([0.0, 1, 0]), np.ones(3)) == 0.75


def test_with_one_class_there_is_no_area() -> None:
    assert np.isnan(measures.auc(P, N, N))
    shown = measures.auc_interval(WHO, P, N, N, number=5)
    assert np.isnan([shown.value, shown.low, shown.high]).all()


def test_the_interval_of_the_area_holds_the_truth_nine_times_in_ten() -> None:
    everyone, right = cases(60_000, seed=1)
    truth = measures.auc(right.mean, everyone.successes, everyone.trials)
    held = 0
    for seed in range(60):
        some, said = cases(150, seed=100 + seed)
        shown = measures.auc_interval(some.person, said.mean, some.successes, some.trials, number=200)
        held += shown.low <= truth <= shown.high
    assert 47 <= held <= 60  # 54 expected, standard deviation 2.3


def test_five_hundred_draws_of_fifty_thousand_rows_take_seconds() -> None:
    everyone, right = cases(50_000, seed=2)
    since = time.monotonic()
    shown = measures.auc_interval(everyone.person, right.mean, everyone.successes, everyone.trials)
    assert time.monotonic() - since < 12
    assert shown.low < shown.value < shown.high
    assert shown.n == 50_000


def test_the_bootstrap_draws_people_and_not_rows() -> None:
    person, above = np.repeat(np.arange(40), 50), np.repeat(np.random.default_rng(0).random(40), 50)
    by_person = ratio(person, above, np.ones(2000))
    by_row = ratio(np.arange(2000), above, np.ones(2000))
    assert (by_person.high - by_person.low) > 5 * (by_row.high - by_row.low)
    assert by_person.high - by_person.low == pytest.approx(3.29 * above.std() / np.sqrt(40), rel=0.15)


def test_skill_is_nought_for_the_base_rate_itself_and_above_for_what_knows_more() -> None:
    base = float(Y.sum() / N.sum())
    none = measures.brier_skill(WHO, np.full_like(P, base), Y, N, base)
    assert (none.value, none.low, none.high) == (0.0, 0.0, 0.0)
    some = measures.brier_skill(WHO, P, Y, N, base)
    assert 0 < some.low < some.value < some.high < 1


def test_the_curve_has_wilson_bars_and_loses_nobody() -> None:
    bars = measures.curve(WHO, P, Y, N)
    assert len(bars) == 10
    assert sum(bar.trials for bar in bars) == N.sum()
    assert sum(bar.people for bar in bars) == 1500  # one row each
    assert [bar.predicted for bar in bars] == sorted(bar.predicted for bar in bars)
    for bar in bars:
        assert (bar.low, bar.high) == wilson(round(bar.observed * bar.trials), bar.trials)


def test_equal_predictions_are_one_bar() -> None:
    (bar,) = measures.curve(WHO, np.full_like(P, 0.4), Y, N)
    assert bar.trials == N.sum()
    assert bar.predicted == pytest.approx(0.4)


def test_calibration_finds_the_slope_and_intercept_of_an_unpenalised_regression() -> None:
    outcome, chance = one_by_one()
    x = np.log(chance / (1 - chance))[:, None]
    other = LogisticRegression(C=np.inf, tol=1e-10).fit(x, outcome)
    found = measures.calibration(WHO, P, Y, N)
    assert found.slope.value == pytest.approx(other.coef_[0, 0], abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_the_true_chances_are_calibrated_and_cover_nine_in_ten(seed: int) -> None:
    test, right = cases(20_000, seed=seed)
    found = measures.calibration(test.person, right.mean, test.successes, test.trials)
    assert 0.9 < found.slope.value < 1.1
    assert abs(found.intercept.value) < 0.1
    assert abs(found.z) < 3.5
    shown = measures.coverage(test.person, test.successes, test.trials, right)
    assert 0.88 <= shown.value <= 0.92


def test_overconfident_chances_are_seen_as_such() -> None:
    test, right = cases(4000, seed=9)
    sharp = 1 / (1 + ((1 - right.mean) / right.mean) ** 2)
    found = measures.calibration(test.person, sharp, test.successes, test.trials)
    assert found.slope.value == pytest.approx(0.5, abs=0.05)
    assert found.slope.high < 0.9
    promised = measures.calibration(test.person, np.clip(right.mean + 0.1, 0, 0.99), test.successes, test.trials)
    assert promised.z < -5
    assert promised.intercept.high < 0


def test_too_narrow_predictions_cover_too_little() -> None:
    test, right = cases(4000, seed=9, trials=30)
    narrow = Predicted.of(right.mean, 1e4)
    assert measures.coverage(test.person, test.successes, test.trials, narrow).high < 0.8


def test_without_spread_there_is_no_slope_and_with_one_class_no_intercept() -> None:
    flat = measures.calibration(WHO, np.full_like(P, 0.5), Y, N)
    assert np.isnan(flat.slope.value)
    assert np.isfinite(flat.intercept.value)
    assert np.isnan(measures.calibration(WHO, P, N, N).intercept.value)


def test_coverage_is_that_of_the_randomised_rule() -> None:
    rng = np.random.default_rng(0)
    y, n = np.array([0.0, 3, 7, 12]), np.array([1.0, 5, 7, 40])
    said = Predicted(np.array([0.3, 2, 9, 4]), np.array([0.6, 2, 0.5, 8]))
    for row in range(4):
        law = betabinom(int(n[row]), said.a[row], said.b[row])
        place = law.cdf(y[row] - 1) + rng.random(200_000) * law.pmf(y[row])
        one = np.array([row])
        below, at = measures._cumulated(y[one], n[one], Predicted(said.a[one], said.b[one]))
        assert below[0] == pytest.approx(law.cdf(y[row] - 1), abs=1e-12)
        assert at[0] == pytest.approx(law.pmf(y[row]), abs=1e-12)
        found = measures.coverage(one, y[one], n[one], Predicted(said.a[one], said.b[one]))
        assert found.value == pytest.approx(np.mean((place > 0.05) & (place < 0.95)), abs=0.005)


def test_the_likelihood_is_that_of_scipys_beta_binomial() -> None:
    likely = [betabinom(n, a, b).logpmf(y) for y, n, a, b in zip(Y, N, TRUTH.a, TRUTH.b, strict=True)]
    assert log_likelihood(Y, N, TRUTH) == pytest.approx(likely, abs=1e-9)


def test_what_knows_more_gains_and_what_knows_the_same_does_not() -> None:
    base = Predicted.of(np.full_like(P, Y.sum() / N.sum()), 2.0)
    assert measures.gain(WHO, Y, N, TRUTH, base).low > 0
    same = measures.gain(WHO, Y, N, TRUTH, TRUTH)
    assert (same.value, same.low, same.high, same.n) == (0, 0, 0, 1500)


def test_cases_that_cannot_be_are_refused() -> None:
    ones = np.ones(2)
    whole = np.array([1, 2])
    square = np.ones((2, 2))
    with pytest.raises(BadInputError, match="Leave out who had no opportunity"):
        Cases(whole, ones, np.zeros(2), square, square[None].repeat(2, 0), np.ones((2, 4)), ones)
    with pytest.raises(BadInputError, match=r"lengths \[1, 2\]"):
        Cases(whole, ones, ones, square, square[None].repeat(2, 0), np.ones((2, 4)), ones[:1])


def test_draws_in_which_nothing_is_defined_leave_no_interval() -> None:
    assert np.isnan(figure(0.5, np.array([np.nan]), 3).low)
