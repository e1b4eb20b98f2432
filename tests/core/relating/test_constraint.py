"""Lock-ins: what happens when they end, and that they prove nothing while they last."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from tests.core.relating.logged import NOW, event, log

from gouttes import engines
from gouttes.behaviour.acts import acts
from gouttes.behaviour.constraint import (
    LOCK_INS,
    Pledge,
    TrapIndex,
    around,
    lock_ins,
    pledge,
    stated_pledges,
    trap_index,
)
from gouttes.behaviour.opportunities import opportunities
from gouttes.behaviour.windows import Windows
from gouttes.evidence.collect import collect
from gouttes.evidence.rule import load

CONNECTION = engines.connect()


def contracts(*rows: dict[str, Any], connection: Any = CONNECTION) -> pd.DataFrame:
    found: pd.DataFrame = connection.to_pandas(lock_ins(log(*rows), as_of=NOW))
    return found.sort_values("person").reset_index(drop=True)


def simulated(seed: int, index: float, people: int = 20_000, slope: float = 0.0) -> pd.DataFrame:
    """Contracts seen from 200 days before the end of their lock-in to 200 after, with a hazard that jumps there."""
    rng = np.random.default_rng(seed)
    day = np.arange(-200, 200)
    hazard = 0.0005 * np.exp(index * (day >= 0) + slope * day)
    survive = np.cumprod(1 - hazard)
    drawn = rng.random(people)
    exits = np.searchsorted(-survive, -drawn, side="left")
    left = exits < day.size
    last = np.where(left, day[np.minimum(exits, day.size - 1)], 199)
    return pd.DataFrame(
        {
            "person": [f"p{number}" for number in range(people)],
            "contract": "",
            "first": -200,
            "last": last,
            "left": left,
        }
    )


def index_of(rows: pd.DataFrame) -> TrapIndex:
    return trap_index(CONNECTION.to_pandas(around(ibis.memtable(rows, schema=LOCK_INS))))


def test_a_planted_trap_index_is_found_in_its_interval() -> None:
    inside, jumps, found = [], [], []
    for seed in range(20):
        told = index_of(simulated(seed, 1.2))
        assert told.index is not None
        assert told.low is not None
        assert told.high is not None
        assert told.jump_low is not None
        assert told.jump_high is not None
        inside.append(told.low <= 1.2 <= told.high)
        jumps.append(told.jump_low <= 1.2 <= told.jump_high)
        found.append(told.index)
    assert sum(inside) >= 16
    assert sum(jumps) >= 15
    assert np.mean(found) == pytest.approx(1.2, abs=0.06)


def test_who_stayed_because_they_wanted_to_has_an_index_of_nought() -> None:
    told = index_of(simulated(1, 0.0))
    assert told.low is not None
    assert told.high is not None
    assert told.low < 0 < told.high


def test_a_slope_that_goes_on_across_the_end_is_no_jump() -> None:
    told = index_of(simulated(2, 0.0, people=60_000, slope=0.012))
    assert told.jump_low is not None
    assert told.jump_high is not None
    assert told.jump_low < 0 < told.jump_high


def test_the_index_is_the_ratio_of_hazards_by_hand() -> None:
    days = pd.DataFrame(
        {"day": [-90, -10, 5, 90], "entered": [100, 0, 0, 0], "gone": [0, 2, 8, 90], "left": [0, 2, 8, 0]}
    )
    told = trap_index(days)
    at_before, at_after = 100 * 21 + 98 * 9, 98 * 6 + 90 * 24
    assert (told.days_before, told.days_after, told.before, told.after) == (at_before, at_after, 2, 8)
    assert told.index == pytest.approx(math.log(8.5 / at_after) - math.log(2.5 / at_before))
    assert told.jump is None


def test_where_no_lock_in_is_recorded_it_says_so() -> None:
    assert (
        trap_index(CONNECTION.to_pandas(around(ibis.memtable(simulated(1, 0, 0), schema=LOCK_INS)))).reason
        == "no_lock_in"
    )
    assert contracts(event("p", "subscription.started", 400)).empty


def test_too_few_exits_say_nothing() -> None:
    told = index_of(simulated(3, 0.0, people=20))
    assert (told.reason, told.index, told.contracts) == ("too_few", None, 20)


def test_a_lock_in_ends_at_the_date_that_is_stated() -> None:
    until = {"locked_until": "2026-10-02T00:00:00Z"}
    found = contracts(
        event("p", "subscription.started", 390, thread="c", properties=until),
        event("p", "subscription.ended", 20, thread="c"),
        event("q", "subscription.started", 390, thread="d", properties=until),
        event("r", "subscription.started", 390, thread="e", properties={"locked_until": "2027-01-01"}),
    )
    assert list(found.person) == ["p", "q"]
    assert list(found["first"]) == [-360, -360]
    assert list(found["last"]) == [10, 30]
    assert list(found.left) == [True, False]


def test_else_at_the_first_due_date_after_the_last_locked_renewal() -> None:
    locked = {"properties": {"locked": True}}
    found = contracts(
        event("p", "subscription.started", 800, thread="c"),
        event("p", "subscription.renewed", 435, thread="c", due=434.5, **locked),
        event("p", "subscription.ended", 70, thread="c", due=70),
        event("q", "subscription.renewed", 435, thread="d", due=434.5, **locked),
        event("q", "subscription.renewed", 71, thread="d", due=70),
        event("r", "subscription.renewed", 35, thread="e", due=34.5, **locked),
        event("s", "subscription.renewed", 35, thread="f", due=34.5),
    )
    assert list(found.person) == ["p", "q"]
    assert list(found["last"]) == [0, 70]


def test_a_renewal_under_lock_in_stays_out_of_the_evidence_and_of_the_outcomes() -> None:
    rows = log(
        event("p", "subscription.started", 400, thread="c"),
        event("p", "subscription.renewed", 35, thread="c", due=34.5, properties={"locked": True}),
        event("q", "subscription.started", 400, thread="d"),
        event("q", "subscription.renewed", 35, thread="d", due=34.5),
    )
    done = acts(rows, as_of=NOW, window=Windows())
    assert "renewal.locked" in set(CONNECTION.to_pandas(done).act)
    evidence = CONNECTION.to_pandas(collect(rows, done, load(), as_of=NOW))
    assert not evidence.kind.str.startswith("renewal.locked").any()
    counted = CONNECTION.to_pandas(opportunities(done, rows, origin=NOW - timedelta(days=60), days=60))
    renewals = counted[counted.outcome == "renewal"]
    assert list(renewals.person) == ["q"]


def test_no_rule_reads_a_renewal_under_lock_in() -> None:
    assert all(match.event != "renewal.locked" for rule in load() for match in rule.matches)


def test_the_pledge_ratio_is_that_of_what_the_contracts_state() -> None:
    rows = log(
        event("p", "subscription.started", 400, thread="c", properties={"forfeit": 50, "exit_cost": 100}),
        event("p", "subscription.renewed", 35, thread="c", due=34.5, properties={"forfeit": 100, "exit_cost": 100}),
        event("q", "subscription.started", 400, thread="d", properties={"forfeit": "30", "exit_cost": "60"}),
        event("r", "subscription.started", 400, thread="e", properties={"forfeit": 30, "exit_cost": 0}),
    )
    stated = CONNECTION.to_pandas(stated_pledges(rows, as_of=NOW)).to_dict("records")[0]
    found = pledge(stated, forfeit=9.0, exit_cost=1.0)
    assert (found.source, found.n) == ("events", 2)
    assert found.ratio == pytest.approx(130 / 160)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 130 / 160 < found.high


def test_a_pledge_may_stand_in_the_settings_or_nowhere() -> None:
    nothing = {"n": 0.0}
    assert pledge(nothing, forfeit=50.0, exit_cost=100.0) == Pledge("settings", 0.5)
    assert pledge(nothing) == Pledge("not_stated")


@pytest.mark.spark
def test_lock_ins_agree_on_spark(spark: Any) -> None:
    rows = (
        event("p", "subscription.started", 390, thread="c", properties={"locked_until": "2026-10-02T00:00:00Z"}),
        event("p", "subscription.ended", 20, thread="c"),
        event("q", "subscription.renewed", 435, thread="d", due=434.5, properties={"locked": True}),
        event("q", "subscription.renewed", 71, thread="d", due=70),
    )
    assert contracts(*rows).equals(contracts(*rows, connection=spark))
    found = around(lock_ins(log(*rows), as_of=NOW)).order_by("day")
    assert CONNECTION.to_pandas(found).equals(spark.to_pandas(found))
