"""What the data support, what they do not, and when nothing is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit
from tests.core.trust.learning.planted import MEAN, RULES, STRENGTH, WEIGHTS, designed

from gouttes import engines
from gouttes.trust.learning.design import Classes, Design, Known, summing
from gouttes.trust.learning.learn import Learned, Refused, State, learn
from gouttes.trust.learning.likelihood import Likelihood
from gouttes.trust.validation.cases import Predicted
from gouttes.trust.validation.measures import calibration, coverage


def learned(design: Design) -> Learned:
    found = learn(design, strength=4.0, mean=0.8)
    assert isinstance(found, Learned)
    return found


@pytest.fixture(scope="module")
def taught() -> Learned:
    return learned(designed(engines.connect(), 7)[0])


def test_each_figure_has_its_interval_and_its_prior(taught: Learned) -> None:
    for each, truth in zip((taught.strength, taught.mean, *taught.weights), (STRENGTH, MEAN, *WEIGHTS), strict=True):
        assert each.state is State.LEARNED
        assert each.low is not None
        assert each.high is not None
        assert each.low < each.value < each.high
        assert each.low < truth < each.high
    assert [each.prior for each in taught.weights] == pytest.approx([rule.weight for rule in RULES])
    assert taught.classes == ("drops 120", "drops 120", "drops 120", "buckets 180", "buckets 180", "buckets 365")


def test_one_half_life_and_equal_weights_are_refused_where_they_are_wrong(taught: Learned) -> None:
    assert taught.one_half_life
    assert taught.equal_weights
    assert (taught.one_half_life.degrees, taught.equal_weights.degrees) == (2, 5)
    assert taught.one_half_life.p < 1e-6
    assert taught.equal_weights.p < 1e-6


def test_the_three_sources_of_asymmetry_stand_apart(taught: Learned) -> None:
    assert taught.weight_ratio
    assert taught.half_life_ratio
    weights = np.log(WEIGHTS)
    truth = float(np.exp(weights[3:].mean() - weights[:3].mean()))
    assert taught.weight_ratio.low < truth < taught.weight_ratio.high  # type: ignore[operator]  # learned
    assert taught.half_life_ratio.low < np.sqrt(200 * 540) / 90 < taught.half_life_ratio.high
    assert taught.drop_shift.prior == pytest.approx(0.27193, abs=5e-6)
    assert taught.bucket_shift.prior == pytest.approx(-0.81093, abs=5e-6)


def with_another(duck: Any, design: Design, seed: int, *, rows: int) -> Design:
    """The design with a seventh rule that has no effect on anything, seen in some rows."""
    rng = np.random.default_rng(seed)
    where = rng.choice(design.trials.size, rows, replace=False)
    frame = {"row": where, "rule": np.zeros(rows, dtype=int), "age": rng.uniform(0, 200, rows), "size": np.ones(rows)}
    noise = summing(
        duck.create_table(f"noise_{rows}", ibis.memtable(frame), temp=True, overwrite=True), design.trials.size, 1
    )
    rules = (*RULES, Known("noise", 1, 1.0, 200.0))

    def summed(half_lives: Any) -> Any:
        first, second = design.summed(half_lives[:6]), noise(half_lives[6:])
        parts = (hstack([getattr(first, name), getattr(second, name)], "csr") for name in ("value", "slope", "bend"))
        return type(first)(*parts)

    return replace(design, rules=rules, classes=Classes.of(rules), summed=summed)


def test_an_event_without_effect_is_not_supported_and_weighs_nothing(duck: Any) -> None:
    found = learned(with_another(duck, designed(duck, 7)[0], 1, rows=4_000))
    noise = found.weights[-1]
    assert (noise.state, noise.value, noise.low) == (State.UNSUPPORTED, 0.0, None)
    assert found.weights[0].state is State.LEARNED


def test_an_event_too_rare_to_tell_keeps_its_prior(duck: Any) -> None:
    found = learned(with_another(duck, designed(duck, 7)[0], 2, rows=3))
    assert found.weights[-1].state is State.UNDECIDED
    assert found.weights[-1].value == pytest.approx(1.0)


def test_what_was_never_seen_or_was_set_is_left_alone(duck: Any) -> None:
    design = designed(duck, 9, 1_500)[0]
    rules = (replace(RULES[0], fixed=True), *RULES[1:], Known("never", -1, 2.0, 365.0), Known("alone", 1, 0.5, 30.0))

    def summed(half_lives: Any) -> Any:
        found = design.summed(half_lives[:6])
        nothing = csr_matrix((design.trials.size, 2))
        parts = (hstack([part, nothing], "csr") for part in (found.value, found.slope, found.bend))
        return type(found)(*parts)

    found = learned(replace(design, rules=rules, classes=Classes.of(rules), summed=summed))
    states = [each.state for each in found.weights]
    assert states[0] is State.SET
    assert states[6:] == [State.UNSEEN, State.UNSEEN]
    assert [each.value for each in found.weights[6:]] == pytest.approx([2.0, 0.5])
    by_name = {each.name: each for each in found.half_lives}
    assert by_name["drops 30"].state is State.UNSEEN
    assert by_name["drops 120 set"].state is State.SET


def test_with_one_opportunity_each_the_ratios_are_those_of_the_single_opportunity_form(duck: Any) -> None:
    design = designed(duck, 11, 2_000, trials=1)[0]
    found = learned(design)
    assert found.single
    assert found.strength.state is State.SET
    sums = design.summed(
        np.array([found.half_lives[number].value for number in design.classes.of_rule])
    ).value.toarray()

    def loss(parameters: Any) -> float:
        up, down = np.exp(parameters[1:4]), np.exp(parameters[4:])
        score = parameters[0] + np.log1p(sums[:, :3] @ up) - np.log1p(sums[:, 3:] @ down)
        chance = expit(score)
        return -float(np.sum(design.successes * np.log(chance) + (1 - design.successes) * np.log(1 - chance)))

    place = found.fitted.place(6)
    up, down = place.weights[:3] / (4.0 * place.mean), place.weights[3:] / (4.0 * (1 - place.mean))
    start = np.concatenate([[np.log(place.mean / (1 - place.mean))], np.log(up), np.log(down)])
    assert loss(start) == pytest.approx(-found.log_likelihood, abs=1e-6)
    free = minimize(loss, start, method="BFGS")
    assert loss(start) - free.fun < 2.0  # the weak priors alone stand between


def refused(design: Design) -> Refused:
    found = learn(design, strength=4.0, mean=0.8)
    assert isinstance(found, Refused)
    return found


def test_each_sort_of_too_little_has_its_reason(duck: Any) -> None:
    design = designed(duck, 12, 150)[0]
    none = np.zeros_like(design.trials)
    assert refused(replace(design, trials=none, successes=none)) == Refused("no_outcome")
    assert refused(replace(design, origin=none)) == Refused("few_dates", 3, 1)
    assert refused(replace(design, successes=design.trials)) == Refused("one_class", found=design.trials.sum())
    assert refused(designed(duck, 12, 10)[0]) == Refused("few_people", 100, 10)
    few = np.where(np.arange(design.trials.size) < 30, design.successes, 0.0)
    assert refused(replace(design, successes=few)) == Refused("few_outcomes", 80, few.sum())
    empty = summing(
        duck.create_table(
            "no_pairs", schema={"row": "int64", "rule": "int64", "age": "float64", "size": "float64"}, temp=True
        ),
        design.trials.size,
        6,
    )
    assert refused(replace(design, summed=empty)) == Refused("no_evidence")


def test_where_everybody_is_alike_the_prior_is_not_fixed_by_the_data_and_nothing_is_learned(duck: Any) -> None:
    design = designed(duck, 13, 1_500)[0]
    many = np.full(design.trials.size, 40.0)
    found = learn(replace(design, trials=many, successes=np.full(many.size, 20.0)), strength=4.0, mean=0.5)
    assert found == Refused("degenerate")


def test_on_people_it_was_not_learned_from_coverage_and_calibration_are_right(duck: Any) -> None:
    design = designed(duck, 31, 6_000)[0]
    half = np.arange(design.people) % 2 == 0
    found = learned(design.of_people(half))
    others = design.of_people(~half)
    theta = found.fitted.theta
    half_lives = np.exp(theta[2 + len(RULES) :])
    likelihood = Likelihood(others, others.summed(half_lives[others.classes.of_rule]), np.log(half_lives))
    a, b = likelihood.shapes(theta)
    covered = coverage(others.person, others.successes, others.trials, Predicted(a, b))
    assert 0.88 <= covered.value <= 0.92
    calibrated = calibration(others.person, a / (a + b), others.successes, others.trials)
    assert 0.9 <= calibrated.slope.value <= 1.1
    assert abs(calibrated.z) < 3


def test_a_memory_shorter_than_a_rule_may_have_keeps_its_prior_and_says_it_ran_away(duck: Any) -> None:
    rng = np.random.default_rng(5)
    people, dates = 1_500, 3
    row = np.arange(people * dates)
    age = np.where(rng.uniform(size=row.size) < 0.5, rng.uniform(0, 2, row.size), rng.uniform(8, 60, row.size))
    frame = {"row": row, "rule": np.ones(row.size, dtype=int), "age": age, "size": np.ones(row.size)}
    table = duck.create_table("short_memory", ibis.memtable(frame), temp=True, overwrite=True)
    rules = (Known("drop", 1, 0.5, 90.0), Known("bucket", -1, 3.0, 180.0))
    chance = 3.0 / (3.0 + 1.0 + 400.0 * np.exp2(-age))
    trials = np.full(row.size, 6.0)
    design = Design(
        rng.binomial(6, chance).astype(float),
        trials,
        row // dates,
        np.tile([100.0, 200.0, 300.0], people),
        rules,
        Classes.of(rules),
        summing(table, row.size, 2),
    )
    found = learned(design)
    memory = {each.name: each for each in found.half_lives}["buckets 180"]
    assert (memory.state, memory.low) == (State.BOUND, None)
    assert memory.value == pytest.approx(180.0)


def test_an_event_after_which_everybody_returns_has_a_finite_weight(duck: Any) -> None:
    design = with_another(duck, designed(duck, 33, 1_500)[0], 4, rows=600)
    half_lives = np.array([rule.half_life for rule in design.rules])
    marked = design.summed(half_lives).value[:, 6].toarray().ravel() > 0
    separated = replace(design, successes=np.where(marked, design.trials, design.successes))
    weight = learned(separated).weights[-1]
    assert weight.state in {State.LEARNED, State.BOUND}
    assert np.isfinite(weight.value)
