"""The interval in portable arithmetic against the exact quantiles."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import betaincinv

from gouttes import engines
from gouttes.trust.interval import exact_interval, with_intervals


def shapes(low: float, high: float, count: int = 4000) -> pd.DataFrame:
    """Pairs whose smaller side is between ``low`` and ``high``, on either side, the greater up to 2,000."""
    rng = np.random.default_rng(11)
    small = np.exp(rng.uniform(np.log(low), np.log(high), count))
    great = small * np.exp(rng.uniform(0, np.log(2000 / small)))
    mirrored = rng.random(count) < 0.5
    return pd.DataFrame({"x_a": np.where(mirrored, small, great), "x_b": np.where(mirrored, great, small)})


def error(duck: Any, frame: pd.DataFrame) -> float:
    found = duck.to_pandas(with_intervals(ibis.memtable(frame), ["x"]))
    a, b = found.x_a.to_numpy(), found.x_b.to_numpy()
    low, high = np.abs(found.x_low - betaincinv(a, b, 0.05)), np.abs(found.x_high - betaincinv(a, b, 0.95))
    return float(max(low.max(), high.max()))


@pytest.mark.parametrize(
    ("smallest", "greatest", "bound"),
    [(2.0, 2000.0, 0.0005), (0.8, 2.0, 0.001), (0.5, 0.8, 0.0075), (0.2, 0.5, 0.017)],
)
def test_the_interval_is_near_the_exact_quantiles(duck: Any, smallest: float, greatest: float, bound: float) -> None:
    found = error(duck, shapes(smallest, greatest))
    assert bound / 4 < found < bound, "a bound far from what is found would not notice a mistake"


def test_the_interval_stays_inside_and_around_the_mean_even_for_shapes_of_almost_nothing(duck: Any) -> None:
    sizes = [1e-6, 1e-3, 0.05, 0.2, 1.0, 30.0, 1e3, 1e6]
    frame = pd.DataFrame([(a, b) for a in sizes for b in sizes], columns=["x_a", "x_b"])
    found = duck.to_pandas(with_intervals(ibis.memtable(frame), ["x"]))
    assert not found.isna().any(axis=None)
    assert ((found.x_low > 0) & (found.x_low <= found.x) & (found.x <= found.x_high) & (found.x_high < 1)).all()


def test_the_interval_is_mirrored_when_drops_and_buckets_are_exchanged(duck: Any) -> None:
    frame = shapes(0.2, 50.0, 500)
    mirror = frame.rename(columns={"x_a": "x_b", "x_b": "x_a"})
    left, right = (
        duck.to_pandas(with_intervals(ibis.memtable(f).mutate(n=ibis.row_number()), ["x"])).sort_values("n")
        for f in (frame, mirror)
    )
    assert np.allclose(left.x_low.to_numpy(), 1 - right.x_high.to_numpy(), atol=1e-12)


def test_the_exact_interval_of_the_uniform_distribution() -> None:
    assert exact_interval(1.0, 1.0) == pytest.approx((0.05, 0.95), abs=1e-12)
    assert exact_interval(1.0, 1.0, level=0.5) == pytest.approx((0.25, 0.75), abs=1e-12)


def test_the_sql_does_not_grow_with_nesting() -> None:
    table = ibis.table({"x_a": "float64", "x_b": "float64"}, name="shapes")
    for engine in ("duckdb", "pyspark"):
        assert len(engines.sql_for(with_intervals(table, ["x"]), engine)) < 40_000
