"""Merging evidence: in any order, in any shards, by Python or by the engine, the same sums."""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.trust.small_company import AS_OF, SCHEMA, company, days, evidence, frame, rules

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.trust.state import State, as_states, fold

HALF_LIVES = st.one_of(st.sampled_from([1.0, 24.0, 90.0]), st.floats(1e-6, 1e5))
# A hundred hours make equal times and near ones frequent; the extremes would overflow any fixed landmark.
TIMES = st.one_of(st.integers(0, 100).map(lambda hour: hour / 24), st.floats(-1e9, 1e9))
STATES = st.one_of(st.just(State()), st.builds(State, TIMES, st.floats(-10, 10)))


def same(left: State, right: State) -> bool:
    return left.tau == right.tau and left.value == pytest.approx(right.value, rel=1e-9, abs=1e-9)


@given(STATES, STATES, STATES, HALF_LIVES)
def test_merging_is_associative(a: State, b: State, c: State, h: float) -> None:
    assert same(a.merge(b, half_life=h).merge(c, half_life=h), a.merge(b.merge(c, half_life=h), half_life=h))


@given(STATES, STATES, HALF_LIVES)
def test_merging_is_commutative_and_an_empty_state_changes_nothing(a: State, b: State, h: float) -> None:
    assert same(a.merge(b, half_life=h), b.merge(a, half_life=h))
    assert a.merge(State(), half_life=h) == a == State().merge(a, half_life=h)


@given(st.lists(STATES, max_size=12), st.integers(0, 12), HALF_LIVES)
def test_shards_and_increments_give_the_batch(states: list[State], cut: int, h: float) -> None:
    merge = functools.partial(State.merge, half_life=h)

    def all_of(some: list[State]) -> State:
        return functools.reduce(merge, some, State())

    assert same(merge(all_of(states[cut:]), all_of(states[:cut])), all_of(states))


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 1)), min_size=1, max_size=20), HALF_LIVES)
def test_a_reading_is_the_decayed_sum_of_its_definition(events: list[tuple[int, float]], h: float) -> None:
    state = functools.reduce(lambda s, e: s.merge(State(e[0] / 24, e[1]), half_life=h), events, State())
    moment = max(hour for hour, _ in events) / 24 + 3.0
    expected = math.fsum(x * 2.0 ** (-(moment - hour / 24) / h) for hour, x in events)
    assert state.read(moment, half_life=h) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_state_is_not_read_before_its_newest_evidence() -> None:
    state = State(10.0, 1.0)
    assert state.read(10.0, half_life=5.0) == 1.0
    assert state.read(15.0, half_life=5.0) == pytest.approx(0.5, abs=1e-15)
    with pytest.raises(BadInputError, match=r"day 10\.000000 cannot be read at day 9\.5.*earlier `as_of`"):
        state.read(9.5, half_life=5.0)
    assert State().read(-1e300, half_life=1.0) == 0.0


def folded(duck: Any, states: Any) -> pd.DataFrame:
    return duck.to_pandas(fold(states, rules())).sort_values(["person", "rule"], ignore_index=True)


@pytest.mark.parametrize("newest_half_life", [1e-3, 120.0, 1e6])
def test_the_engine_folds_as_python_merges_even_ancient_events(duck: Any, newest_half_life: float) -> None:
    rows = company().assign(t=lambda f: f.t.where(f.index % 7 > 0, -1e7))
    table = rules().mutate(half_life=ibis.literal(newest_half_life))
    found = duck.to_pandas(fold(as_states(evidence(rows), as_of=AS_OF), table))
    seen = rows[(rows.t <= days(AS_OF)) & (rows.known <= days(AS_OF))]
    assert len(found) == seen.groupby(["person", "rule"]).ngroups
    for (person, rule), group in seen.groupby(["person", "rule"]):
        expected = State()
        for t, size in zip(group.t, group["size"], strict=True):
            expected = expected.merge(State(t, size), half_life=newest_half_life)
        row = found[(found.person == person) & (found.rule == rule)].iloc[0]
        assert same(State(row.tau, row["value"]), expected)


def test_batch_shards_and_increments_agree_in_the_engine(duck: Any) -> None:
    rows = company()
    whole = folded(duck, as_states(evidence(rows), as_of=AS_OF))
    shards = [fold(as_states(evidence(rows[rows.index % 3 == n]), as_of=AS_OF), rules()) for n in range(3)]
    earlier = AS_OF - timedelta(days=100)
    before = fold(as_states(evidence(rows), as_of=earlier), rules())
    late = as_states(evidence(rows), as_of=AS_OF, since=earlier)
    assert duck.to_pandas(late.filter(late.tau <= days(earlier)).count()) > 0, "late knowledge is part of the test"
    for other in (ibis.union(*shards), before.union(late), fold(before.union(late), rules())):
        pd.testing.assert_frame_equal(folded(duck, other), whole, rtol=1e-9, atol=1e-9)


def test_evidence_counts_from_the_moment_it_is_known_and_not_before(duck: Any) -> None:
    rows = frame([{"person": "ada", "rule": "promise kept", "age": 10.0, "lag": 4.0}])
    for as_of, count in ((6.0 + 1 / 86400, 0), (6.0, 1), (5.0, 1)):
        seen = as_states(evidence(rows), as_of=AS_OF - timedelta(days=as_of))
        assert duck.to_pandas(seen.count()) == count, as_of


def test_an_event_of_the_very_moment_of_reading_counts_whatever_the_microsecond(duck: Any) -> None:
    start = datetime(2025, 3, 30, 1, 59, 59, 999_000, tzinfo=UTC)
    moments = [start + timedelta(microseconds=n * 37, days=n) for n in range(200)]
    clock = ibis.memtable({"moment": moments}, schema={"moment": engines.UTC_TIMESTAMP})
    exact = duck.to_pandas(clock.select(t=engines.days(clock.moment)))["t"]
    for moment, t in list(zip(moments, exact, strict=True))[::20]:
        rows = frame([{"person": "ada", "rule": "promise kept", "age": 0.0}]).assign(t=t, known=t)
        assert duck.to_pandas(as_states(evidence(rows), as_of=moment).count()) == 1


def test_a_date_without_a_time_zone_is_refused() -> None:
    with pytest.raises(BadInputError, match="needs a time zone"):
        as_states(ibis.table(SCHEMA, name="evidence"), as_of=datetime(2025, 1, 1))  # noqa: DTZ001 -- the point


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_folding_compiles_for(engine: str) -> None:
    table = ibis.table(SCHEMA, name="evidence")
    assert "SUM" in engines.sql_for(fold(as_states(table, as_of=AS_OF, since=AS_OF), rules()), engine)
