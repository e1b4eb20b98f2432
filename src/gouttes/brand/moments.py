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
from scipy.special import ndtri

from gouttes.proportion import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir

Array = npt.NDArray[np.float64]
PARTS = 20
"""Parts into which the levels of a factor fall for the jackknife: one is left out at a time (prior)."""
HEX_DIGITS = 6
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
        half = float(ndtri((1 + LEVEL) / 2)) * spread**0.5
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
    whole = _statistics(table, factors, None)
    solved = _solved(whole, factors)
    if solved is None:
        return None
    levels = table.agg(**{name: table[name].nunique() for name in factors}).to_pyarrow().to_pylist()[0]
    shifted = {}
    for name in factors if sampled is None else sampled:
        counted = min(parts, int(levels[name]))
        kept = _statistics(table, factors, _part(table[name], counted))
        rows = [_solved(whole - kept.get(part, 0 * whole), factors) for part in range(counted)]
        told = [row for row in rows if row is not None]
        if len(told) > 1:
            shifted[name] = np.array(told)
    return Moments(
        (*factors, "residual"), solved, shifted, int(whole[EVERY_ROWS]), {k: int(v) for k, v in levels.items()}
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


def _part(level: ir.StringValue, parts: int) -> ir.IntegerValue:
    """A number from 0 to ``parts - 1`` that the level decides, on any engine."""
    digits = level.hexdigest("md5").left(HEX_DIGITS)
    values = [ibis.literal("0123456789abcdef").find(digits.substr(place, 1)) for place in range(HEX_DIGITS)]
    number = values[0]
    for value in values[1:]:
        number = number * 16 + value
    return (number % parts).cast("int64")


def _statistics(table: ir.Table, factors: Sequence[str], part: ir.IntegerValue | None) -> Any:  # noqa: ANN401 -- one or by part
    """Of each grouping (all, each factor, each two factors): Σ n², and Σ (n q - s²) of all and of each factor.

    With ``part``, by part: by how much each falls when the rows of that part are left out.
    """
    groupings: list[tuple[str, ...]] = [(), *((name,) for name in factors), *combinations(factors, 2)]
    columns = [_grouped(table, keys, part) for keys in groupings]
    if part is None:
        pairs = [column[0][0] for column in columns]
        squares = [column[0][1] for column in columns[: 1 + len(factors)]]
        return np.array([*pairs, *squares, columns[0][0][2]])
    parts = sorted({key for column in columns for key in column})
    nothing = (0.0, 0.0, 0.0)
    return {
        each: np.array(
            [
                *(column.get(each, nothing)[0] for column in columns),
                *(column.get(each, nothing)[1] for column in columns[: 1 + len(factors)]),
                columns[0].get(each, nothing)[2],
            ]
        )
        for each in parts
    }


def _grouped(
    table: ir.Table, keys: tuple[str, ...], part: ir.IntegerValue | None
) -> dict[int, tuple[float, float, float]]:
    """By part (0 where there is none): Σ n², Σ (n q - s²) and the rows that fall away with it."""
    sums = {"n": table["n"].sum(), "s": table["s"].sum(), "q": table["q"].sum()}
    if part is None:
        found = table.group_by(list(keys)).agg(**sums) if keys else table.agg(**sums)
        told = found.agg(
            pairs=(found["n"] * found["n"]).sum(),
            squares=(found["n"] * found["q"] - found["s"] * found["s"]).sum(),
            rows=found["n"].sum(),
        ).mutate(part=0)
    else:
        named = table.mutate(part=part)
        found = named.group_by([*keys, "part"]).agg(n=named["n"].sum(), s=named["s"].sum(), q=named["q"].sum())
        window = ibis.window(group_by=list(keys)) if keys else ibis.window()
        whole = found.mutate(**{f"{name}_all": found[name].sum().over(window) for name in ("n", "s", "q")})
        rest = {name: whole[f"{name}_all"] - whole[name] for name in ("n", "s", "q")}
        before = whole["n_all"] * whole["q_all"] - whole["s_all"] * whole["s_all"]
        lost = whole.select(
            "part",
            "n",
            pairs=whole["n_all"] * whole["n_all"] - rest["n"] * rest["n"],
            squares=before - (rest["n"] * rest["q"] - rest["s"] * rest["s"]),
        )
        told = lost.group_by("part").agg(pairs=lost["pairs"].sum(), squares=lost["squares"].sum(), rows=lost["n"].sum())
    return {
        int(row["part"]): (float(row["pairs"] or 0), float(row["squares"] or 0), float(row["rows"] or 0))
        for row in told.to_pyarrow().to_pylist()
    }


def _solved(statistics: Array, factors: Sequence[str]) -> Array | None:
    """The variances of the factors and the residual's, from Σ n² and Σ (n q - s²) of each grouping."""
    count = len(factors)
    pairs = dict(zip([(), *((name,) for name in factors), *combinations(factors, 2)], statistics[:-1], strict=False))
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
