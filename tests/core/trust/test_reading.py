"""Trust of a person at a date."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from tests.core.trust.small_company import AS_OF, RULES, SCHEMA, company, days, evidence, rules

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.trust.reading import FACETS, Prior, pooled, readings
from gouttes.trust.state import as_states, fold

PRIOR = Prior()
COLUMNS = [
    *("person", "trust", "low", "high", "ignorance", "a", "b", "drops", "buckets"),
    *("credibility", "credibility_low", "credibility_high", "integrity", "integrity_low", "integrity_high"),
    *("benevolence", "benevolence_low", "benevolence_high"),
]


def read(duck: Any, rows: Any, prior: Prior = PRIOR, **options: Any) -> pd.DataFrame:
    states = as_states(evidence(rows), as_of=options.get("as_of", AS_OF))
    expression = readings(states, options.pop("rules", rules()), prior, **({"as_of": AS_OF} | options))
    return duck.to_pandas(expression).set_index("person").sort_index()


def unit(polarity: int) -> Any:
    """One rule of weight 1."""
    row = {"rule": "unit", "polarity": polarity, "weight": 1.0, "half_life": 90.0}
    return ibis.memtable(pd.DataFrame([row | {"credibility": 1.0, "integrity": 0.0, "benevolence": 0.0}]))


@pytest.mark.parametrize(("polarity", "shift"), [(1, 0.27193), (-1, -0.81093)])
def test_one_unit_moves_the_logit_by_the_published_beta_state_constants(
    duck: Any,
    polarity: int,
    shift: float,
) -> None:
    found = read(duck, [{"person": "ada", "rule": "unit", "age": 0.0}], Prior(0.8, 4.0), rules=unit(polarity))
    assert logit(found.trust["ada"]) - logit(0.8) == pytest.approx(shift, abs=5e-6)


@pytest.mark.parametrize("polarity", [1, -1])
def test_with_an_even_prior_a_drop_and_a_bucket_move_the_logit_by_the_same_405(duck: Any, polarity: int) -> None:
    found = read(duck, [{"person": "ada", "rule": "unit", "age": 0.0}], Prior(0.5, 4.0), rules=unit(polarity))
    assert logit(found.trust["ada"]) == pytest.approx(polarity * math.log(1.5), abs=1e-12)


def test_readings_are_the_definition_row_by_row(duck: Any) -> None:
    rows, prior = company(), Prior(0.7, 3.0)
    found = read(duck, rows, prior)
    seen = rows[(rows.t <= days(AS_OF)) & (rows.known <= days(AS_OF))].merge(RULES, on="rule")
    seen["now"] = seen["size"] * seen.weight * 2.0 ** (-(days(AS_OF) - seen.t) / seen.half_life)
    assert list(found.reset_index().columns) == COLUMNS
    assert set(found.index) == set(seen.person)
    for person, group in seen.groupby("person"):
        row = found.loc[person]
        up, down = group[group.polarity > 0], group[group.polarity < 0]
        a, b = 2.1 + up.now.sum(), 0.9 + down.now.sum()
        assert [row.a, row.b, row.trust, row.ignorance] == pytest.approx([a, b, a / (a + b), 3 / (a + b)], abs=1e-9)
        assert [row.drops, row.buckets] == pytest.approx([up.now.sum(), down.now.sum()], abs=1e-9)
        for facet in FACETS:
            a, b = 2.1 + (up.now * up[facet]).sum(), 0.9 + (down.now * down[facet]).sum()
            assert row[facet] == pytest.approx(a / (a + b), abs=1e-9)


def test_readings_of_folded_states_equal_those_of_raw_evidence_even_later(duck: Any) -> None:
    rows = company()
    states = fold(as_states(evidence(rows), as_of=AS_OF), rules())
    raw = as_states(evidence(rows), as_of=AS_OF)
    later = AS_OF + timedelta(days=40)
    left, right = (
        duck.to_pandas(readings(table, rules(), PRIOR, as_of=later)).sort_values("person", ignore_index=True)
        for table in (states, raw)
    )
    pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)


def test_silence_is_ignorance_not_distrust(duck: Any) -> None:
    people = ibis.memtable({"person": ["ada", "zoe"]})
    rows = [
        {"person": "ada", "rule": "promise kept", "age": 1.0},
        {"person": "bob", "rule": "promise kept", "age": 1.0},
    ]
    found = read(duck, rows, people=people)
    assert list(found.index) == ["ada", "zoe"]
    zoe = found.loc["zoe"]
    assert [zoe.trust, zoe.ignorance, zoe.drops, zoe.buckets, zoe.integrity] == pytest.approx([0.8, 1, 0, 0, 0.8])
    assert zoe.high - zoe.low > found.high["ada"] - found.low["ada"]


def test_an_event_ages_and_is_not_seen_before_it_is_known(duck: Any) -> None:
    rows = [{"person": "ada", "rule": "promise broken", "age": 180.0, "lag": 10.0}]
    assert read(duck, rows).buckets["ada"] == pytest.approx(0.6, abs=1e-9)
    assert read(duck, rows, as_of=AS_OF - timedelta(days=171)).empty


def test_a_repair_beyond_its_failure_leaves_the_prior_and_no_more(duck: Any) -> None:
    rows = [
        {"person": "ada", "rule": "promise broken", "age": 5.0, "size": 0.2},
        {"person": "ada", "rule": "promise broken", "age": 5.0, "size": -0.5},
    ]
    found = read(duck, rows).loc["ada"]
    assert [found.trust, found.buckets, found.b] == pytest.approx([0.8, 0.0, 0.8], abs=1e-12)


def test_a_state_newer_than_the_date_of_reading_gives_no_figure(duck: Any) -> None:
    states = as_states(evidence([{"person": "ada", "rule": "promise kept", "age": 1.0}]), as_of=AS_OF)
    people = ibis.memtable({"person": ["ada"]})
    for options in ({}, {"people": people}):
        found = duck.to_pandas(readings(states, rules(), PRIOR, as_of=AS_OF - timedelta(days=2), **options))
        assert found.drop(columns="person").isna().all(axis=None)
        assert len(found) == 1


def test_the_prior_is_the_pooled_rate_once_there_are_enough_outcomes() -> None:
    assert pooled(60, 100) == Prior(0.6, 4.0, "pooled rate of 100 outcomes")
    assert (pooled(100, 100).mean, pooled(0, 500).mean) == (0.95, 0.05)
    few = pooled(60, 99, strength=2.0)
    assert (few.mean, few.strength) == (0.8, 2.0)
    assert few.source.startswith("prior (only 99")


@pytest.mark.parametrize(("mean", "strength"), [(0.0, 4.0), (1.0, 4.0), (0.5, 0.0), (math.nan, 4.0), (0.5, math.inf)])
def test_an_impossible_prior_is_refused(mean: float, strength: float) -> None:
    with pytest.raises(BadInputError, match="prior needs a mean"):
        Prior(mean, strength)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(BadInputError, match="5 of 4"):
        pooled(5, 4)


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_readings_compile_for(engine: str) -> None:
    table, people = ibis.table(SCHEMA, name="evidence"), ibis.table({"person": "string"}, name="people")
    expression = readings(as_states(table, as_of=AS_OF), rules(), PRIOR, as_of=AS_OF, people=people)
    assert len(engines.sql_for(expression, engine)) < 150_000


@pytest.mark.spark
def test_both_engines_agree(duck: Any, spark: Any) -> None:
    people = ibis.memtable({"person": [f"p{n}" for n in range(45)]})
    states = fold(as_states(evidence(company()), as_of=AS_OF), rules())
    expression = readings(states, rules(), PRIOR, as_of=AS_OF, people=people)
    left, right = (c.to_pandas(expression).sort_values("person", ignore_index=True) for c in (duck, spark))
    assert len(left) == 45
    assert np.allclose(left.drop(columns="person"), right.drop(columns="person"), rtol=0, atol=1e-9)
