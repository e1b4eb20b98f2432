"""Measures against examples by hand and against counting one by one; thresholds by their definition."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes.engines import connect
from gouttes.errors import BadInputError
from gouttes.identity.linkage.measures import Share, measured
from gouttes.identity.linkage.threshold import link_at

CONNECTION = connect()


def of(rows: list[tuple[Any, Any]], connection: Any = CONNECTION) -> Any:
    told = [[None if each is None else str(each) for each in column] for column in zip(*rows, strict=True)]
    table = pa.table({"cluster": pa.array(told[0], pa.string()), "truth": pa.array(told[1], pa.string())})
    return connection.create_table("grouped", table, overwrite=True)


def test_bagga_and_baldwin_1998_their_example() -> None:
    # Figures 1-3: truth 1-5, 6-7, 8-12; the first response joins 6-7 with 8-12, the second 1-5 with 8-12.
    truth = [1] * 5 + [2] * 2 + [3] * 5
    first, second = [1] * 5 + [2] * 7, [1] * 5 + [2] * 2 + [1] * 5
    one = measured(of(list(zip(first, truth, strict=True))))
    other = measured(of(list(zip(second, truth, strict=True))))
    assert one.b_precision == pytest.approx(16 / 21)  # 76 %
    assert other.b_precision == pytest.approx(7 / 12)  # 58 %
    assert (one.b_recall, other.b_recall) == (1, 1)


def test_pairs_by_hand() -> None:
    found = measured(of([("a", 1), ("a", 1), ("a", 2), ("b", 2), ("b", 3), ("c", 3), ("d", None)]))
    assert (found.records, found.found_pairs, found.true_pairs, found.right_pairs) == (6, 4, 3, 1)
    assert (found.precision.value, found.recall.value) == (1 / 4, 1 / 3)
    assert found.f1 == pytest.approx(2 / 7)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=25))
def test_counts_are_those_of_counting_one_by_one(rows: list[tuple[int, int]]) -> None:
    found = measured(of(rows))
    pairs = list(combinations(rows, 2))
    together = [one[0] == other[0] for one, other in pairs]
    true = [one[1] == other[1] for one, other in pairs]
    assert found.found_pairs == sum(together)
    assert found.true_pairs == sum(true)
    assert found.right_pairs == sum(a and b for a, b in zip(together, true, strict=True))
    shares = []
    for cluster, truth in rows:
        inside = [each for each in rows if each[0] == cluster]
        belong = [each for each in rows if each[1] == truth]
        both = sum(each == (cluster, truth) for each in rows)
        shares.append((both / len(inside), both / len(belong)))
    assert found.b_precision == pytest.approx(sum(share[0] for share in shares) / len(rows))
    assert found.b_recall == pytest.approx(sum(share[1] for share in shares) / len(rows))


def test_nothing_together_has_no_precision() -> None:
    found = measured(of([("a", 1), ("b", 2)]))
    assert (found.precision.value, found.recall.value, found.f1, found.b_f1) == (None, None, None, 1)


def test_without_a_truth_there_is_nothing_to_measure() -> None:
    with pytest.raises(BadInputError, match="its column is empty"):
        measured(of([("a", None)]))


def test_wilsons_interval_of_brown_cai_and_dasgupta() -> None:
    share = Share.of(8, 10)  # z = 1.645: centre .7361, half-width .1988 by the formula
    assert [share.low, share.high] == pytest.approx([0.5407, 0.9315], abs=6e-3)
    assert Share.of(0, 0) == Share(None, 0.0, 1.0)
    assert Share.of(10, 10).high == 1


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    share = Share.of(*counts)
    assert 0 <= share.low <= (share.value or 0) + 1e-12
    assert (share.value or 0) - 1e-12 <= share.high <= 1


def pairs(*probabilities: float) -> Any:
    rows = {"left": "a", "right": "b", "probability": list(probabilities), "weight": 0.0}
    return CONNECTION.create_table("pairs", pd.DataFrame(rows).astype({"probability": "float64"}), overwrite=True)


def test_the_threshold_is_the_lowest_with_the_precision() -> None:
    # Shares of false links from the top: .0001, .00055, .0017 (too many).
    assert link_at(pairs(0.9999, 0.999, 0.996), precision=0.999) == 0.999
    assert link_at(pairs(0.9999, 0.999, 0.996), precision=0.998) == 0.996
    assert link_at(pairs(0.9999, 0.98), precision=0.5) == 0.9999
    assert link_at(pairs(0.9999, 0.98), precision=0.5, lowest=0.9) == 0.98


def test_pairs_of_one_probability_stand_or_fall_together() -> None:
    assert link_at(pairs(0.9999, 0.995, 0.995, 0.995), precision=0.997) == 0.9999
    assert link_at(pairs(0.9999, 0.995, 0.995, 0.995), precision=0.996) == 0.995


def test_where_nothing_is_sure_enough_nothing_is_linked() -> None:
    assert link_at(pairs(0.995), precision=0.999) == 1.0
    assert link_at(pairs(0.5), precision=0.999) == 0.99
    assert link_at(pairs(0.5).filter(lambda row: row["probability"] > 2), precision=0.999) == 0.99


@settings(max_examples=15)
@given(
    st.lists(st.sampled_from([0.99, 0.992, 0.995, 0.999, 0.9995, 1.0]), min_size=1, max_size=12),
    st.sampled_from([0.99, 0.995, 0.999]),
)
def test_the_threshold_by_its_definition(probabilities: list[float], precision: float) -> None:
    def share(at: float) -> float:
        links = [each for each in probabilities if each >= at]
        return sum(1 - each for each in links) / len(links)

    enough = [each for each in probabilities if share(each) <= (1 - precision) * (1 + 1e-9)]
    assert link_at(pairs(*probabilities), precision=precision) == (min(enough) if enough else 1.0)


@pytest.mark.parametrize("wrong", [{"precision": 1.5}, {"lowest": -1.0}])
def test_a_threshold_needs_probabilities(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="probability from 0 to 1"):
        link_at(pairs(0.99), **wrong)
