"""Variance components from pairs of rows, by GROUP BY: any number of rows and levels, on any engine.

Half the mean squared difference of two rows is the residual's variance and that of every factor in which they differ.
The pairs that share a level of f, for each f, and all pairs, give as many equations as there are variances (the
U-statistics of Gao & Owen 2017, *Electronic Journal of Statistics* 11(1), 1235-1296). Each is a sum over groups of
``n Σy² - (Σy)²``, and no pair is ever written. An interaction is a factor whose levels are the cells.

The interval is that of a jackknife which leaves out a share of the levels of one factor at a time; what the factors
give is added, which for crossed factors errs on the wide side (Owen 2007, *Annals of Applied Statistics* 1(2), p. 386).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import numpy.typing as npt

from gouttes.proportion import Z

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir

Array = npt.NDArray[np.float64]
PARTS = 20
"""Parts into which the levels of a factor fall for the jackknife: one is left out at a time (prior)."""
EVERY_ROWS = -1
"""Place of the number of rows among the statistics."""


@dataclass(frozen=True)
class Estimated:
    """A figure with its interval (90 %); the ends are those of a normal distribution and may lie below nought."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Moments:
    """Variances by moments.

    Attributes:
        names: the factors, then ``residual``.
        variances: one each; sampling can put one below nought, and it is left there.
        shifted: by factor of the jackknife, the variances with each part left out (parts in rows).
        rows: rows.
        levels: of each factor.
    """

    names: tuple[str, ...]
    variances: Array
    shifted: dict[str, Array]
    rows: int
    levels: dict[str, int]

    def figure(self, of: Callable[[dict[str, float]], float]) -> Estimated:
        """A function of the variances by name, with its jackknife interval."""
        value = of(dict(zip(self.names, map(float, self.variances), strict=True)))
        spread = 0.0
        for rows in self.shifted.values():
            each = np.array([of(dict(zip(self.names, map(float, row), strict=True))) for row in rows])
            spread += (len(each) - 1) / len(each) * float(((each - each.mean()) ** 2).sum())
        half = Z * spread**0.5
        return Estimated(value, value - half, value + half)

    def component(self, name: str) -> Estimated:
        """One variance."""
        return self.figure(lambda found: found[name])


def moments(
    table: ir.Table,
    outcome: str,
    factors: Sequence[str],
    *,
    sampled: Sequence[str] | None = None,
    parts: int = PARTS,
) -> Moments | None:
    """Variances of crossed factors, and of the residual, from half squared differences of pairs of rows.

    Args:
        table: a row an observation; ``outcome`` a number, ``factors`` columns of text. A row with a null counts not.
        outcome: the column of y.
        factors: columns; one may be the cells of two others.
        sampled: the factors that the jackknife leaves out levels of; all by default. Leave out of it the cells of two
            others, which are left out with these.
        parts: of the jackknife.

    Returns:
        None where the equations have no single solution: two factors that group the rows alike, or no two rows that
        share a level.
    """
    table = _cells(table, outcome, factors)
    whole = _statistics(table, factors)
    found = solved(whole, factors)
    if found is None:
        return None
    levels = table.agg(**{name: table[name].nunique() for name in factors}).to_pyarrow().to_pylist()[0]
    shifted = {}
    for name in factors if sampled is None else sampled:
        counted = min(parts, int(levels[name]))
        lost = _lost(_parted(table, name, counted).cache(), factors)
        rows = [solved(whole - each, factors) for each in lost]
        told = [row for row in rows if row is not None]
        if len(told) > 1:
            shifted[name] = np.array(told)
    return Moments(
        (*factors, "residual"), found, shifted, int(whole[EVERY_ROWS]), {k: int(v) for k, v in levels.items()}
    )


def _cells(table: ir.Table, outcome: str, factors: Sequence[str]) -> ir.Table:
    """Rows of the same levels together: ``n, s, q`` (count, sum, sum of squares) about the mean of all."""
    told = table.select(*factors, y=table[outcome].cast("float64")).drop_null()
    mean = told.agg(mean=told["y"].mean()).to_pyarrow()["mean"].to_pylist()[0] or 0.0
    about = told.mutate(y=told["y"] - mean)
    return (
        about.group_by(list(factors))
        .agg(n=about.count().cast("float64"), s=about["y"].sum(), q=(about["y"] * about["y"]).sum())
        .cache()
    )


def _parted(table: ir.Table, name: str, parts: int) -> ir.Table:
    """The table with ``part``, a number from 0 to ``parts - 1`` that the level decides: parts of like size."""
    levels = table.select(name).distinct()
    number = ibis.row_number().over(ibis.window(order_by=[levels[name].hexdigest("md5"), name]))
    return table.inner_join(levels.select(name, part=(number % parts).cast("int64")), name)


def _groupings(factors: Sequence[str]) -> list[tuple[str, ...]]:
    return [(), *((name,) for name in factors), *combinations(factors, 2)]


def _statistics(table: ir.Table, factors: Sequence[str]) -> Array:
    """Σ n² of each grouping (all, each factor, each two), Σ (n q - s²) of all and each factor, and the rows."""
    rows = []
    for keys in _groupings(factors):
        found = table.group_by(list(keys)).agg(**_sums(table)) if keys else table.agg(**_sums(table))
        told = found.agg(
            pairs=(found["n"] * found["n"]).sum(),
            squares=(found["n"] * found["q"] - found["s"] * found["s"]).sum(),
            rows=found["n"].sum(),
        )
        rows.append({name: float(value or 0) for name, value in told.to_pyarrow().to_pylist()[0].items()})
    return _listed(rows, len(factors))


def _lost(table: ir.Table, factors: Sequence[str]) -> list[Array]:
    """By how much the statistics fall with each ``part`` of the rows left out."""
    by_part: dict[int, list[dict[str, float]]] = {}
    for keys in _groupings(factors):
        found = table.group_by([*keys, "part"]).agg(**_sums(table))
        window = ibis.window(group_by=list(keys)) if keys else ibis.window()
        whole = found.mutate(**{f"{name}_all": found[name].sum().over(window) for name in ("n", "s", "q")})
        rest = {name: whole[f"{name}_all"] - whole[name] for name in ("n", "s", "q")}
        before = whole["n_all"] * whole["q_all"] - whole["s_all"] * whole["s_all"]
        fallen = whole.select(
            "part",
            rows="n",
            pairs=whole["n_all"] * whole["n_all"] - rest["n"] * rest["n"],
            squares=before - (rest["n"] * rest["q"] - rest["s"] * rest["s"]),
        )
        told = fallen.group_by("part").agg(**{name: fallen[name].sum() for name in ("pairs", "squares", "rows")})
        for row in told.order_by("part").to_pyarrow().to_pylist():
            by_part.setdefault(row.pop("part"), []).append(row)
    return [_listed(rows, len(factors)) for rows in by_part.values()]


def _sums(table: ir.Table) -> dict[str, Any]:
    return {name: table[name].sum() for name in ("n", "s", "q")}


def _listed(rows: Sequence[dict[str, float]], factors: int) -> Array:
    return np.array(
        [*(row["pairs"] for row in rows), *(row["squares"] for row in rows[: 1 + factors]), rows[0]["rows"]]
    )


def solved(statistics: Array, factors: Sequence[str]) -> Array | None:
    """The variances of the factors and the residual's, from Σ n² and Σ (n q - s²) of groupings of the rows.

    Args:
        statistics: Σ n² of all rows, of each factor and of each two factors in the order of ``combinations``; Σ (n q -
            s²) of all and of each factor, where n, s, q are a group's count, sum and sum of squares; then the rows.
        factors: names, in that order.

    Returns:
        The factors' and, last, the residual's; None where there is no single solution.
    """
    count = len(factors)
    pairs = dict(zip(_groupings(factors), statistics[:-1], strict=False))
    squares, rows = statistics[1 + count + count * (count - 1) // 2 : -1], statistics[EVERY_ROWS]
    matrix = np.zeros((count + 1, count + 1))
    for place, shared in enumerate([(), *((name,) for name in factors)]):
        for column, name in enumerate(factors):
            both = tuple(sorted({*shared, name}, key=list(factors).index))
            matrix[place, column] = pairs[shared] - pairs[both]
        matrix[place, count] = pairs[shared] - rows
    size = np.abs(matrix).max(axis=1)
    if not (size > 0).all():
        return None
    balanced = matrix / size[:, None]
    if np.linalg.matrix_rank(balanced, tol=1e-10) < count + 1:
        return None
    return np.linalg.solve(balanced, squares / size)
