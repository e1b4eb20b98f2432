"""What each level weighs in what people do next."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from tests.core.relating.logged import event, log

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.trust.levels import COLUMNS, LevelCell, added_by_level, cells, heterogeneities, homes, weights
from gouttes.trust.pooling import Sector
from gouttes.vocabulary import Level

CONNECTION = engines.connect()
PLANTED = {"team": 1.5, "agent": 0.6, "person": 0.3}


def people(seed: int, count: int = 6000, **planted: float) -> pd.DataFrame:
    """People of 4 teams and 24 agents, what levels add for them, and what they did next by the planted weights."""
    rng = np.random.default_rng(seed)
    agent = rng.integers(24, size=count)
    team = agent % 4
    added = {
        "d_sector": np.zeros(count),
        "d_company": np.full(count, 0.4),
        "d_team": np.array([-0.6, -0.2, 0.2, 0.6])[team],
        "d_agent": rng.normal(0, 0.5, 24)[agent],
        "d_person": rng.normal(0, 0.8, count),
    }
    gain = sum((weight * added[f"d_{level}"] for level, weight in (planted or PLANTED).items()), np.full(count, 0.3))
    trials = rng.integers(1, 6, count)
    return pd.DataFrame(added).assign(
        person=[f"p{number}" for number in range(count)],
        origin=0.0,
        stage=np.where(rng.random(count) < 0.5, "commitment", "exploration"),
        context="transactional",
        team=[f"t{number}" for number in team],
        agent=[f"a{number}" for number in agent],
        successes=rng.binomial(trials, expit(gain)),
        trials=trials,
    )


def fitted(frame: pd.DataFrame) -> tuple[LevelCell, ...]:
    return weights(CONNECTION.to_pandas(cells(ibis.memtable(frame))))


def test_planted_weights_are_found_in_their_intervals() -> None:
    inside: dict[str, list[bool]] = {level: [] for level in PLANTED}
    for seed in range(12):
        whole = fitted(people(seed))[0]
        for each in whole.weights:
            if each.learned:
                inside[each.level].append(each.low <= PLANTED[each.level] <= each.high)
    assert all(len(found) == 12 and sum(found) >= 9 for found in inside.values()), inside


def test_a_level_that_is_the_same_for_everyone_keeps_its_prior_and_says_so() -> None:
    whole = fitted(people(1))[0]
    learned = {each.level: each.learned for each in whole.weights}
    assert learned == {"sector": False, "company": False, "team": True, "agent": True, "person": True}
    assert [each.weight for each in whole.weights[:2]] == [1.0, 1.0]


def test_each_stage_has_its_own_weights_and_small_cells_say_so() -> None:
    frame = people(2)
    few = frame.head(30).assign(stage="decline")
    one = frame.head(200).assign(stage="awareness", successes=0)
    found = {each.stage: each for each in fitted(pd.concat([frame, few, one]))}
    assert {name: each.reason for name, each in found.items()} == {
        "": "",
        "awareness": "one_outcome",
        "commitment": "",
        "decline": "too_few",
        "exploration": "",
    }
    assert {each.weight for each in found["decline"].weights} == {1.0}
    assert found["commitment"].people + found["exploration"].people == 6000


def test_no_data_leave_the_width_of_the_prior() -> None:
    frame = people(3, 60, team=1.0).assign(d_agent=lambda t: t.d_agent * 1e-4)
    (whole, *_) = fitted(frame)
    agent = next(each for each in whole.weights if each.level == "agent")
    assert agent.weight == pytest.approx(1.0, abs=0.01)
    assert agent.high - agent.low == pytest.approx(2 * 1.645, rel=0.01)


def test_the_variance_is_clustered_by_person() -> None:
    """Trials of one person that always agree are worth one."""
    frame = people(4)
    rng = np.random.default_rng(4)
    same = frame.assign(trials=5, successes=5 * (rng.random(len(frame)) < 0.6))
    single = same.assign(trials=1, successes=same.successes // 5)
    for several, one in zip(fitted(same)[0].weights, fitted(single)[0].weights, strict=True):
        assert several.high - several.low == pytest.approx(one.high - one.low, rel=0.05)


def test_nobody_makes_no_cell() -> None:
    assert fitted(people(1, 0)) == ()


def test_home_is_where_one_was_served_most() -> None:
    rows = log(
        event("p", "call.received", 9, agent="ada", team="north"),
        event("p", "call.received", 8, agent="ada", team="south"),
        event("p", "call.received", 7, agent="ada", team="south"),
        event("p", "call.received", 1, agent="bob", team="west"),
        event("p", "call.received", 1, agent="bob", team="west"),
        event("q", "call.received", 5, team="west"),
        event("q", "call.received", 4, agent="bob", team="west"),
        event("r", "call.received", 4),
        event("s", "call.received", 5, agent="ada", team="north"),
        event("s", "call.received", 4, agent="bob", team="west"),
    )
    found = CONNECTION.to_pandas(homes(rows)).set_index("person").sort_index()
    assert found.to_dict("index") == {
        "p": {"team": "south", "agent": "ada"},
        "q": {"team": "west", "agent": "bob"},
        "s": {"team": "west", "agent": "bob"},
    }


def outcomes(seed: int = 1, count: int = 400) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    names = [f"p{number}" for number in range(count)]
    agent = rng.integers(8, size=count)
    trials = rng.integers(1, 30, count)
    p = expit(0.8 + rng.normal(0, 0.6, 8)[agent] + rng.normal(0, 0.6, count))
    counts = pd.DataFrame({"person": names, "successes": rng.binomial(trials, p), "trials": trials})
    home = pd.DataFrame({"person": names, "team": [f"t{a % 2}" for a in agent], "agent": [f"a{a}" for a in agent]})
    return ibis.memtable(counts), ibis.memtable(home.iloc[:-5])


@pytest.mark.parametrize("sector", [None, Sector(0.6, 10.0)])
def test_what_levels_add_sums_to_the_pooled_mean(sector: Sector | None) -> None:
    counts, home = outcomes()
    found = CONNECTION.to_pandas(added_by_level(counts, home, sector=sector))
    assert len(found) == 400
    assert found[list(COLUMNS)].notna().all().all()
    assert found.d_sector.iloc[0] == pytest.approx(0.0 if sector is None else logit(0.6))
    assert np.ptp(found.d_company) == pytest.approx(0.0)
    nobody = found[found.agent.isna()]
    assert len(nobody) == 5
    assert np.allclose(nobody[["d_team", "d_agent"]], 0.0)


def test_levels_say_whether_their_groups_differ() -> None:
    counts, home = outcomes()
    told = heterogeneities(counts, home)
    assert list(told) == ["team", "agent", "person"]
    assert told["agent"][0] == "estimated"
    assert told["agent"][1] > 0
    assert heterogeneities(counts.filter(counts.person == ""), home)["team"][0] == "not_estimable"


def test_counts_without_a_person_are_refused() -> None:
    counts, home = outcomes()
    with pytest.raises(MissingColumnsError, match=r"trust\.added_by_level"):
        added_by_level(counts.drop("person"), home)


def test_the_parts_of_a_person_are_what_levels_add_times_their_weight() -> None:
    whole = fitted(people(1))[0]
    parts = whole.parts(dict.fromkeys((level.value for level in Level), 2.0))
    assert parts == {each.level: 2.0 * each.weight for each in whole.weights}


@pytest.mark.spark
def test_levels_agree_on_spark(spark: Any) -> None:
    counts, home = outcomes(count=60)
    table = added_by_level(counts, home, sector=Sector(0.6, 10.0))
    here, there = (each.to_pandas(table).sort_values("person").reset_index(drop=True) for each in (CONNECTION, spark))
    assert np.allclose(here[list(COLUMNS)], there[list(COLUMNS)], atol=1e-9)
