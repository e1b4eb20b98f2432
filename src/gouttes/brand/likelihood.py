"""The likelihood of a model with crossed random intercepts, and its gradient, by elimination.

With ``H = I + Σ λ_f Z_f Z_f'`` the covariance of y in units of the residual's variance, and ``s_f = √λ_f``, the matrix
``A = S Z'Z S + I`` has the determinant of H. Its largest block is diagonal and is left out first (and so is every
factor in which those before are nested); what remains, with the fixed effects and y as last columns, is factorised by
Cholesky: the diagonal gives log|H|, log|X'H⁻¹X| and the residual sum of squares r² (Bates, Mächler, Bolker & Walker
2015, *Journal of Statistical Software* 67(1), eq. 34 and 41, there by a sparse factorisation).

    -2LL = N ln(2π r²/N) + N + log|H| (+ log|X'H⁻¹X| for REML),  N = n, or n - p for REML
    ∂/∂ln λ_f = q_f - tr[C⁻¹]_ff - N |b_f|²/r²
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import lapack, solve_triangular

if TYPE_CHECKING:
    from gouttes.brand.design import Array, Design

CHUNK = 512
"""Rows or columns of a sparse matrix made dense at a time."""


@dataclass
class Likelihood:
    """The profiled likelihood of a design at ratios λ.

    Attributes:
        design: the sums of products.
        reml: restricted likelihood rather than likelihood.
        evaluations: how many factorisations were made.
    """

    design: Design
    reml: bool
    evaluations: int = field(default=0)

    @property
    def degrees(self) -> int:
        """N: what the residual sum of squares is divided by."""
        return self.design.rows - (len(self.design.fixed) if self.reml else 0)

    def at(self, ratios: Array) -> Solved:
        """The model solved at the ratios λ_f ≥ 0 of the variances to that of the residual.

        Raises:
            FloatingPointError: the matrix is not positive definite there.
        """
        self.evaluations += 1
        return Solved.of(self.design, ratios)

    def value(self, solved: Solved) -> float:
        """-2 log-likelihood, profiled over the residual's variance and the fixed effects."""
        d, n = self.design, self.degrees
        found = n * (np.log(2 * np.pi * solved.squares / n) + 1) + solved.log_h
        if self.reml:  # X'H⁻¹X in the units in which X was given
            found += solved.log_x + 2 * np.log(d.spread).sum()
        return float(found + 2 * n * np.log(d.scale))

    def gradient(self, solved: Solved) -> tuple[Array, Array]:
        """By ln λ: the part of log-determinants, and the sum of squares |b_f|² of each factor (r² falls by it)."""
        inverse = solved.inverse(fixed=self.reml)
        traces = solved.traces(inverse, fixed=self.reml)
        return np.array(self.design.levels) - traces, np.array([float(b @ b) for b in solved.effects])

    def slope(self, solved: Solved) -> Array:
        """The gradient of :meth:`value` by ln λ."""
        determinants, squares = self.gradient(solved)
        return determinants - self.degrees * squares / solved.squares


@dataclass
class Solved:
    """A design solved at ratios: determinants, r², effects; in the units of the design.

    Attributes:
        design: what was solved.
        diagonals, borders: of each factor left out, its diagonal and its products with what comes after.
        root: the Cholesky root of the rest.
        log_h, log_x: log|H|, log|X'H⁻¹X|.
        squares: r².
        coefficients: of the fixed effects.
        effects: b_f, the effects of the levels in units of √λ_f, by factor.
    """

    design: Design
    diagonals: list[Array]
    borders: list[sparse.csr_matrix]
    root: Array
    log_h: float
    log_x: float
    squares: float
    coefficients: Array
    effects: list[Array]

    @classmethod
    def of(cls, design: Design, ratios: Array) -> Solved:
        """Eliminate, factorise, and solve back."""
        fixed = len(design.fixed)
        scale = np.concatenate([np.repeat(np.sqrt(ratios), design.levels), np.ones(fixed + 1)])
        added = np.concatenate([np.ones(sum(design.levels)), np.zeros(fixed + 1)])
        scaled = sparse.diags(scale)
        left = (scaled @ design.products @ scaled + sparse.diags(added)).tocsr()
        diagonals, borders = [], []
        for place, size in enumerate(design.levels[: design.chain]):
            diagonal, border = left.diagonal()[:size], left[:size, size:].tocsr()
            diagonals.append(diagonal)
            borders.append(border)
            last = place == design.chain - 1
            left = _complement(left[size:, size:], border, diagonal, dense=last)
        root, failed = lapack.dpotrf(left, lower=1, overwrite_a=1, clean=1)
        if failed:
            raise FloatingPointError(failed)
        side = design.dense
        logs = 2 * np.log(np.diag(root))
        solution = solve_triangular(root[:-1, :-1], root[-1, :-1], lower=True, trans="T", check_finite=False)
        return cls(
            design,
            diagonals,
            borders,
            root,
            log_h=float(sum(np.log(each).sum() for each in diagonals) + logs[:side].sum()),
            log_x=float(logs[side:-1].sum()),
            squares=float(root[-1, -1] ** 2),
            coefficients=solution[side:],
            effects=_back(design, diagonals, borders, solution),
        )

    def inverse(self, *, fixed: bool) -> Array:
        """The inverse of the rest, with the fixed effects in it or not."""
        side = self.design.dense + (len(self.design.fixed) if fixed else 0)
        if side == 0:
            return np.empty((0, 0))
        if side <= CHUNK:  # the threads of LAPACK's own inverse cost more than they bring here
            half = solve_triangular(self.root[:side, :side], np.eye(side), lower=True, check_finite=False)
            return half.T @ half
        found, _ = lapack.dpotri(np.array(self.root[:side, :side], order="F"), lower=1, overwrite_c=1)
        for start in range(0, side, CHUNK):  # the upper half, without a second matrix
            stop = min(start + CHUNK, side)
            found[:start, start:stop] = found[start:stop, :start].T
            block = found[start:stop, start:stop]
            block[np.triu_indices(stop - start, 1)] = block.T[np.triu_indices(stop - start, 1)]
        return found

    def traces(self, inverse: Array, *, fixed: bool) -> Array:
        """tr[C⁻¹]_ff of each factor."""
        drop = 1 if fixed else 1 + len(self.design.fixed)
        found = [float(np.sum(1 / d)) + self._under(place, drop, inverse) for place, d in enumerate(self.diagonals)]
        ends = np.cumsum([0, *self.design.levels[self.design.chain :]])
        diagonal = np.diag(inverse)
        return np.array([*found, *(diagonal[a:b].sum() for a, b in pairwise(ends))])

    def _under(self, place: int, drop: int, inverse: Array) -> float:
        """What the rest adds to the trace of a factor left out: tr(W C⁻¹ W'), W its border over its diagonal."""
        rows = sparse.diags(1 / self.diagonals[place]) @ self.borders[place][:, :-drop]
        found = 0.0
        for later in range(place + 1, self.design.chain):
            size, inverted = self.design.levels[later], sparse.diags(1 / self.diagonals[later])
            mine, rest = rows[:, :size], rows[:, size:]
            found += float((mine.multiply(mine) @ inverted).sum())
            rows = (mine @ inverted @ self.borders[later][:, :-drop] - rest).tocsr()
        rows = rows.tocsr()
        for start in range(0, rows.shape[0], CHUNK):
            some = rows[start : start + CHUNK]
            found += float(some.multiply(some @ inverse.T).sum())  # symmetric, and in the order that is not copied
        return found


def _complement(rest: sparse.csr_matrix, border: sparse.csr_matrix, diagonal: Array, *, dense: bool) -> Array:
    """``rest - B' D⁻¹ B``; made dense by strips, so that no sparse matrix of that size is held."""
    half = (sparse.diags(1 / np.sqrt(diagonal)) @ border).tocsr()
    turned = half.T.tocsr()
    if not dense:
        return (rest - turned @ half).tocsr()
    found = rest.toarray()
    for start in range(0, len(found), CHUNK):
        found[start : start + CHUNK] -= (turned[start : start + CHUNK] @ half).toarray()
    return found.T  # symmetric, and in the order that LAPACK reads without a copy


def _back(design: Design, diagonals: list[Array], borders: list[sparse.csr_matrix], solution: Array) -> list[Array]:
    ends = np.cumsum([0, *design.levels[design.chain :]])
    effects = [solution[a:b] for a, b in pairwise(ends)]
    known = solution
    for diagonal, border in zip(reversed(diagonals), reversed(borders), strict=True):
        own = (border[:, -1].toarray().ravel() - border[:, :-1] @ known) / diagonal
        effects.insert(0, own)
        known = np.concatenate([own, known])
    return effects
