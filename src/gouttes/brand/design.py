"""A table of rows as the sums of squares and products that a model with crossed factors needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = npt.NDArray[np.float64]
MOST_DENSE = 9_000
"""Levels that are left after the largest factor, at most: a square of so many numbers takes 650 MB."""


class NotEstimableError(BadInputError):
    """The rows cannot say what is asked of them; the message says why.

    Attributes:
        reason: key of the reason: ``rows``, ``constant``, ``one_level``, ``once``, ``confounded``, ``collinear``,
            ``many``.
        about: the factors or columns concerned.
    """

    def __init__(self, reason: str, about: Sequence[str], words: str) -> None:
        self.reason, self.about = reason, tuple(about)
        super().__init__(words)


@dataclass(frozen=True)
class Design:
    """The products of every column with every other: factors (largest first), fixed effects, outcome.

    Attributes:
        names: the factors, in the order of the columns.
        levels: levels of each.
        chain: how many of the first factors can be left out one after the other, each being diagonal by then.
        fixed: names of the fixed effects, the intercept first.
        rows: n.
        products: ``W'W`` of ``W = [Z₁ … Z_k X y]``, sparse; y about its mean and in units of its deviation, X likewise.
        centre, scale: mean and deviation of y.
        shift, spread: the same of each fixed effect but the intercept.
    """

    names: tuple[str, ...]
    levels: tuple[int, ...]
    chain: int
    fixed: tuple[str, ...]
    rows: int
    products: sparse.csr_matrix
    centre: float
    scale: float
    shift: Array
    spread: Array

    @property
    def dense(self) -> int:
        """Levels that are not left out: the side of the matrix that is factorised."""
        return sum(self.levels[self.chain :])

    def mean_rows(self) -> Array:
        """Rows a level, by factor."""
        return self.rows / np.array(self.levels, dtype="f8")


def designed(y: Array, factors: Mapping[str, Any], fixed: Mapping[str, Array] | None = None) -> Design:
    """The design of a table.

    Args:
        y: the outcome, n finite numbers.
        factors: by name, the level of each row: any values that can be sorted and told apart.
        fixed: by name, numbers beside the intercept, which is always there.

    Raises:
        NotEstimableError: the table cannot be fitted; the message says why.
    """
    codes = checked(y, factors)
    order = sorted(codes, key=lambda name: -codes[name][1])
    chain = _chain([codes[name] for name in order])
    levels = tuple(codes[name][1] for name in order)
    if sum(levels[chain:]) > MOST_DENSE:
        raise NotEstimableError(
            "many",
            order[chain:],
            f"The factors {', '.join(order[chain:])} have {sum(levels[chain:])} levels together, {MOST_DENSE} at most "
            "can be fitted by likelihood beside the largest factor. Use --method moments, which has no such limit.",
        )
    x, shift, spread = _fixed(len(y), fixed or {})
    centre, scale = float(y.mean()), float(y.std())
    rows = np.arange(len(y))
    blocks = [
        sparse.csr_matrix((np.ones(len(y)), (rows, codes[name][0])), shape=(len(y), codes[name][1])) for name in order
    ]
    whole = sparse.hstack([*blocks, sparse.csr_matrix(np.column_stack([x, (y - centre) / scale]))], format="csr")
    products = (whole.T @ whole).tocsr()
    return Design(tuple(order), levels, chain, ("", *(fixed or {})), len(y), products, centre, scale, shift, spread)


def _fixed(rows: int, fixed: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    raw = np.column_stack(list(fixed.values())) if fixed else np.empty((rows, 0))
    shift, spread = raw.mean(axis=0), raw.std(axis=0)
    flat = [name for name, each in zip(fixed, spread, strict=True) if not each > 0]
    x = np.column_stack([np.ones(rows), (raw - shift) / np.where(spread > 0, spread, 1.0)])
    if flat or np.linalg.matrix_rank(x.T @ x / rows, hermitian=True, tol=1e-10) < x.shape[1]:
        raise NotEstimableError(
            "collinear",
            flat or list(fixed),
            f"The fixed effects {', '.join(flat or fixed)} are constant or follow from each other: leave one out.",
        )
    return x, shift, spread


def checked(y: Array, factors: Mapping[str, Any]) -> dict[str, tuple[Any, int]]:
    """Each factor as codes from 0, and how many.

    Raises:
        NotEstimableError: a variance cannot be told, whatever the method.
    """
    coded = {name: np.unique(np.asarray(values), return_inverse=True) for name, values in factors.items()}
    codes = {name: (inverse.astype(np.int64), len(found)) for name, (found, inverse) in coded.items()}
    _told_apart(y, codes)
    return codes


def _told_apart(y: Array, codes: Mapping[str, tuple[Any, int]]) -> None:
    if len(y) < len(codes) + 2:  # as many variances as factors, that of the residual, and a mean
        raise NotEstimableError("rows", (), f"{len(y)} row(s) are too few for {len(codes)} factor(s).")
    if not y.std() > 1e-12 * max(1.0, float(np.abs(y).max())):
        raise NotEstimableError(
            "constant", (), "The outcome has one value in every row: there is no variance to share."
        )
    for name, (_, levels) in codes.items():
        if levels == 1:
            raise NotEstimableError(
                "one_level", (name,), f"'{name}' has one level only: its variance is not estimable."
            )
        if levels == len(y):
            raise NotEstimableError(
                "once",
                (name,),
                f"Every level of '{name}' is there once: its variance cannot be told from that of the residual.",
            )
    names = list(codes)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if _same(codes[one], codes[other]):
                raise NotEstimableError(
                    "confounded",
                    (one, other),
                    f"'{one}' and '{other}' group the rows alike: their variances cannot be told apart. Leave one out.",
                )


def _pairs(one: tuple[Any, int], other: tuple[Any, int]) -> int:
    """How many pairs of levels occur together."""
    return len(np.unique(one[0] * other[1] + other[0]))


def _same(one: tuple[Any, int], other: tuple[Any, int]) -> bool:
    return one[1] == other[1] == _pairs(one, other)


def _chain(ordered: Sequence[tuple[Any, int]]) -> int:
    """The first factor is diagonal; each next one stays so while all before are nested in it."""
    chain = 1
    while chain < len(ordered) and all(_pairs(before, ordered[chain]) == before[1] for before in ordered[:chain]):
        chain += 1
    return chain
