"""The verdict: a reading that knows adds, one that does not says so, and every baseline says why it is absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.core.trust.validation.planted import cases

from gouttes.trust.validation.baselines import (
    BASELINES,
    Absent,
    Answer,
    Why,
    base_rate,
    opinion,
    plain_logistic,
    rfm,
    scored,
    strength,
    symmetric,
)
from gouttes.trust.validation.cases import Predicted
from gouttes.trust.validation.comparing import Comparison, Verdict, compare

TRAIN, _ = cases(2500, seed=21)
TEST, TRUTH = cases(2500, seed=22)
BASE = float(TRAIN.successes.sum() / TRAIN.trials.sum())


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return {name: baseline(TRAIN, TEST) for name, baseline in BASELINES.items()}


@pytest.fixture(scope="module")
def compared(answers: dict[str, Answer]) -> Comparison:
    return compare(TEST, TRUTH, answers, base=BASE)


def test_the_truth_adds_to_every_baseline(compared: Comparison) -> None:
    assert compared.verdict is Verdict.ADDS
    assert [each.name for each in compared.against] == ["base_rate", "rfm", "opinion", "symmetric", "plain_logistic"]
    assert all(each.gain and each.gain.low > 0 for each in compared.against)
    assert compared.best in {"symmetric", "plain_logistic"}
    assert (compared.people, compared.trials) == (2500, TEST.trials.sum())


def test_what_knows_nothing_adds_nothing_over_the_best_baseline() -> None:
    train, _ = cases(1500, seed=31, blind=True)
    test, truth = cases(1500, seed=32, blind=True)
    answers = {name: baseline(train, test) for name, baseline in BASELINES.items()}
    found = compare(test, truth, answers, base=float(train.successes.sum() / train.trials.sum()))
    assert found.verdict is Verdict.NONE


def test_one_baseline_that_is_as_good_is_enough_to_add_nothing(answers: dict[str, Answer]) -> None:
    found = compare(TEST, TRUTH, {**answers, "oracle": TRUTH}, base=BASE)
    assert (found.verdict, found.best) == (Verdict.NONE, "oracle")


def test_cells_are_in_alphabetical_order_and_small_ones_are_not_shown(compared: Comparison) -> None:
    assert [cell.label for cell in compared.cells["team"]] == ["north", "south"]
    for cell in compared.cells["team"]:
        assert cell.observed.low < cell.observed.value < cell.observed.high
        assert abs(cell.z) < 4
    names = np.where(np.arange(len(TEST)) < 7, "tiny", "large")
    found = compare(replace(TEST, labels={"team": names}), TRUTH, {"base_rate": base_rate(TRAIN, TEST)}, base=BASE)
    assert [cell.label for cell in found.cells["team"]] == ["large"]


def test_kinds_of_labels_without_any_cell_are_left_out() -> None:
    nobody = replace(TEST, labels={"stage": np.full(len(TEST), "")})
    assert compare(nobody, TRUTH, {"base_rate": base_rate(TRAIN, TEST)}, base=BASE).cells == {}


def test_a_baseline_learns_on_the_training_people_only() -> None:
    other = replace(TEST, successes=TEST.trials - TEST.successes)
    for baseline in BASELINES.values():
        first, second = baseline(TRAIN, TEST), baseline(TRAIN, other)
        assert isinstance(first, Predicted)
        assert isinstance(second, Predicted)
        assert np.array_equal(first.mean, second.mean)


def test_the_strength_that_was_planted_is_found_again() -> None:
    rng = np.random.default_rng(4)
    mean = np.full(len(TRAIN), 0.3)
    n = np.full(len(TRAIN), 8.0)
    y = rng.binomial(8, rng.beta(3.0, 7.0, len(TRAIN))).astype(float)
    assert strength(mean, replace(TRAIN, successes=y, trials=n)) == pytest.approx(10.0, rel=0.15)


def test_the_symmetric_beta_takes_the_half_life_under_which_people_are_most_likely() -> None:
    noise = np.random.default_rng(0).gamma(0.7, 3.0, TRAIN.sides.shape)

    def with_first_useless(each: Any) -> Any:
        return replace(each, sides=np.stack([noise[:, 0], each.sides[:, 0]], axis=1))

    best = symmetric(with_first_useless(TRAIN), with_first_useless(TEST))
    alone = symmetric(replace(TRAIN, sides=TRAIN.sides[:, :1]), replace(TEST, sides=TEST.sides[:, :1]))
    assert isinstance(best, Predicted)
    assert isinstance(alone, Predicted)
    assert best.mean == pytest.approx(alone.mean)


def test_a_score_of_another_model_becomes_a_calibrated_chance() -> None:
    score = np.log1p(TRAIN.sums[:, 0]), np.log1p(TEST.sums[:, 0])
    found = scored(TRAIN, TEST, *score)
    assert isinstance(found, Predicted)
    assert found.mean.mean() == pytest.approx(BASE, abs=0.03)
    assert np.corrcoef(found.mean, score[1])[0, 1] > 0.9


def test_where_a_baseline_has_nothing_to_go_by_it_says_so() -> None:
    nothing = np.full(len(TRAIN), np.nan)
    assert opinion(replace(TRAIN, opinion=nothing), TEST) == Absent(Why.NO_ANSWERS)
    assert rfm(replace(TRAIN, purchases=np.full((len(TRAIN), 4), np.nan)), TEST) == Absent(Why.NO_PURCHASES)
    one_class = replace(TRAIN, successes=TRAIN.trials)
    for baseline in (plain_logistic, symmetric, rfm, opinion):
        assert baseline(one_class, TEST) == Absent(Why.ONE_CLASS)
    shown = compare(TEST, TRUTH, {"base_rate": base_rate(TRAIN, TEST), "rfm": Absent(Why.NO_PURCHASES)}, base=BASE)
    assert [(each.name, each.absent) for each in shown.against] == [("base_rate", ""), ("rfm", "no_purchases")]
    assert (shown.best, shown.against[1].gain) == ("base_rate", None)
