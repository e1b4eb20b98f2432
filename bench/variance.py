"""Crossed random intercepts on large tables: 73,000 rows as in lme4's InstEval, and thousands of levels a factor.

The rival is what the method is by definition: for moments, the same sums by hand-written SQL on the same table. For
likelihood there is none in the house that fits tables of this size; the known answers are in the tests.
"""

from __future__ import annotations

import json
import resource
import time
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd

from gouttes import engines
from gouttes.brand.crossed import crossed
from gouttes.brand.moments import moments

SPREADS = (0.5, 0.7, 0.9)
BY_HAND = """
with f as (select f0, count(*) n, sum(y) s, sum(y*y) q from t group by f0),
     g as (select f1, count(*) n, sum(y) s, sum(y*y) q from t group by f1),
     c as (select f0, f1, count(*) n from t group by f0, f1),
     a as (select count(*) n, sum(y) s, sum(y*y) q from t)
select (select sum(n*q - s*s) from f), (select sum(n*n) from f), (select sum(n*q - s*s) from g),
       (select sum(n*n) from g), (select sum(n*n) from c), n*q - s*s, n from a
"""


def made(rows: int, levels: tuple[int, ...], seed: int = 1) -> pd.DataFrame:
    """A table of crossed factors with planted variances."""
    rng = np.random.default_rng(seed)
    codes = {f"f{place}": rng.integers(0, size, rows) for place, size in enumerate(levels)}
    y = rng.normal(0, 1.2, rows)
    for spread, size, values in zip(SPREADS, levels, codes.values(), strict=False):
        y += rng.normal(0, spread, size)[values]
    return pd.DataFrame(codes | {"y": y})


def say(figure: str, value: float, target: str = "", **more: Any) -> None:  # noqa: ANN401 -- whatever JSON can hold
    """One figure, on a line of its own."""
    print(json.dumps({"figure": figure, "value": value, "target": target, **more}), flush=True)


def fitted(figure: str, rows: int, levels: tuple[int, ...]) -> None:
    """Seconds of one fit by maximum likelihood, with what it found."""
    told = made(rows, levels)
    began = time.perf_counter()
    found = crossed(told["y"].to_numpy(), {name: told[name].to_numpy() for name in told if name != "y"})
    seconds = time.perf_counter() - began
    if not found.converged:
        raise SystemExit(f"{figure}: not converged ({found.reason})")
    inside = [
        each.low <= spread**2 <= each.high
        for each, spread in zip(found.components, (*SPREADS[: len(levels)], 1.2), strict=True)
    ]
    say(
        figure,
        seconds,
        "<= 60",
        rows=rows,
        levels=sum(levels),
        slope=f"{found.gradient:.1e}",
        inside=f"{sum(inside)} of {len(inside)}",
    )


def by_moments(rows: int, levels: tuple[int, ...]) -> None:
    """Moments with their jackknife, and without it against the same sums by hand."""
    told = made(rows, levels)
    table = told.assign(**{name: told[name].astype(str) for name in told if name != "y"})
    connection = engines.connect()
    kept = engines.kept(connection, ibis.memtable(table))
    began = time.perf_counter()
    moments(kept, "y", ["f0", "f1"], sampled=[])
    plain = time.perf_counter() - began
    began = time.perf_counter()
    moments(kept, "y", ["f0", "f1"])
    say("variance by moments with its interval, seconds", time.perf_counter() - began, rows=rows, levels=sum(levels))
    with duckdb.connect() as raw:
        raw.execute("create table t as select * from table")
        began = time.perf_counter()
        raw.sql(BY_HAND).fetchall()
        say("variance by moments / hand-written SQL", plain / (time.perf_counter() - began), rows=rows)


def main() -> None:
    """Print the figures, one JSON object a line."""
    fitted("crossed factors, ML, 73 k rows, seconds", 73_421, (2_972, 1_128, 14))
    fitted("crossed factors, ML, 4,000 levels in each of two, seconds", 50_000, (4_000, 4_000))
    fitted("crossed factors, ML, 2,000 levels in each of three, seconds", 50_000, (2_000, 2_000, 2_000))
    by_moments(2_000_000, (200_000, 2_000))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    say("crossed factors, peak memory in GiB", peak, "<= 4")


if __name__ == "__main__":
    main()
