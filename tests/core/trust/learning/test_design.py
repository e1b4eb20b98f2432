"""Sums of evidence as the engines make them, with their derivatives."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pytest
from tests.core.trust.learning.planted import RULES, designed

from gouttes import engines
from gouttes.trust.learning.design import Classes, Known, pairs, summing

ROWS = {"row": [0, 0, 0, 2, 2], "rule": [0, 0, 1, 1, 1], "age": [0.0, 90.0, 10.0, 5.0, 400.0]}
ROWS["size"] = [1.0, 1.0, 0.5, 1.0, -0.5]


def table(connection: Any) -> Any:
    schema = {"row": "int64", "rule": "int64", "age": "float64", "size": "float64"}
    return connection.create_table(
        "sums_of", ibis.memtable(ROWS, schema=schema).to_pyarrow(), temp=True, overwrite=True
    )


def test_sums_and_their_derivatives_are_those_of_the_formula(duck: Any) -> None:
    summed = summing(table(duck), 3, 2)
    h = np.array([90.0, 30.0])
    found = summed(h)
    value = found.value.toarray()
    assert value[0] == pytest.approx([1.5, 0.5 * 2 ** (-1 / 3)])
    assert value[1] == pytest.approx([0.0, 0.0])
    assert value[2, 1] == pytest.approx(2 ** (-5 / 30) - 0.5 * 2 ** (-400 / 30))
    step = 1e-4
    up, down = (summed(h * np.exp(by)) for by in (step, -step))
    assert found.slope.toarray() == pytest.approx(((up.value - down.value) / (2 * step)).toarray(), abs=1e-6)
    assert found.bend.toarray() == pytest.approx(((up.slope - down.slope) / (2 * step)).toarray(), abs=1e-6)


@pytest.mark.spark
def test_spark_sums_as_duckdb_does(duck: Any, spark: Any) -> None:
    h = np.array([90.0, 30.0])
    here = summing(table(duck), 3, 2)(h)
    there = summing(engines.kept(spark, ibis.memtable(ROWS)), 3, 2)(h)
    for name in ("value", "slope", "bend"):
        assert getattr(here, name).toarray() == pytest.approx(getattr(there, name).toarray(), abs=1e-12)


def test_rules_of_one_polarity_and_half_life_share_a_class_and_those_set_stand_alone() -> None:
    rules = (
        Known("a", 1, 1.0, 90.0),
        Known("b", -1, 1.0, 90.0),
        Known("c", 1, 1.0, 90.0),
        Known("d", 1, 1.0, 90.0, fixed=True),
    )
    found = Classes.of(rules)
    assert [found.names[number] for number in found.of_rule] == ["drops 90", "buckets 90", "drops 90", "drops 90 set"]
    assert found.fixed.tolist() == [False, True, False]


def test_a_row_counts_the_evidence_of_its_own_date_and_of_rules_that_exist(duck: Any) -> None:
    rows = ibis.memtable({"row": [0, 1], "person": ["p", "p"], "origin": [100.0, 200.0]})
    evidence = ibis.memtable(
        {
            "person": ["p", "p", "p", "q"],
            "origin": [100.0, 200.0, 200.0, 100.0],
            "rule": ["promise kept", "promise kept", "gone", "promise kept"],
            "t": [90.0, 90.0, 90.0, 90.0],
            "size": [1.0, 1.0, 1.0, 1.0],
        }
    )
    found = duck.to_pandas(pairs(rows, evidence, RULES)).sort_values("row").to_dict("list")
    assert found == {"row": [0, 1], "rule": [0, 0], "age": [10.0, 110.0], "size": [1.0, 1.0]}


def test_the_rows_of_some_people_are_numbered_anew_and_keep_their_sums(duck: Any) -> None:
    design, _ = designed(duck, 3, 20)
    chosen = np.arange(20) % 4 == 1
    some = design.of_people(chosen)
    assert some.people == 5
    assert some.person.tolist() == np.repeat(np.arange(5), 3).tolist()
    h = np.array([rule.half_life for rule in RULES])
    assert (some.summed(h).value != design.summed(h).value[chosen[design.person]]).nnz == 0
