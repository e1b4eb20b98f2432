"""Latent trust: the estimator run forwards, with the planted weights and half-lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import RULE_CODE, RULES

if TYPE_CHECKING:
    from gouttes.simulate.company import Behaviour

Array = npt.NDArray[Any]

WEIGHTS = np.array([rule.weight for rule in RULES])
HALF_LIVES = np.array([rule.half_life for rule in RULES])
POLARITIES = np.array([rule.polarity for rule in RULES])
FACETS = np.array([rule.facets for rule in RULES])


class Latent:
    """Decayed sums S_k of every person, read as trust.

    trust = (n0 m_c + sum over drops of w_k S_k) / (n0 + sum over drops and buckets of w_k S_k), where m_c is the
    person's own start, drawn from Beta(s m, s (1 - m)).
    """

    def __init__(self, behaviour: Behaviour, start: Array, now: float, *, keep: bool) -> None:
        self.own_start, self.now = start, now
        self.strength = behaviour.prior_strength
        self.sums = np.zeros((len(RULES), start.size))
        self.weeks: list[tuple[float, float, float, float, float]] = []
        self._waiting: list[tuple[Array, Array, Array, Array, Array]] = []
        self._keep, self._seen = keep, list[tuple[Array, Array, Array, Array, Array]]()

    def observe(self, rule: str, who: Array, t: Array, *, size: Any = 1.0, known: Any = None) -> None:  # noqa: ANN401 -- arrays or numbers
        """Evidence of a rule at days ``t``; it counts from ``known`` on (by default at once)."""
        if who.size == 0:
            return
        when, size_of = np.asarray(t, dtype="f8"), np.broadcast_to(np.asarray(size, dtype="f8"), who.shape)
        known_at = when if known is None else np.asarray(known, dtype="f8")
        self._waiting.append((np.full(who.shape, RULE_CODE[rule], dtype="i1"), who, when, known_at, size_of))

    def advance(self, until: float) -> None:
        """Let time pass: forget, then count what became known before ``until``."""
        self.sums *= np.exp2(-(until - self.now) / HALF_LIVES)[:, None]
        self.now = until
        if not self._waiting:
            return
        rows = tuple(np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        due = rows[3] < until
        self._waiting = [_taken(rows, ~due)]
        rule, who, t, _, size = ripe = _taken(rows, due)
        np.add.at(self.sums, (rule, who), size * np.exp2(-(until - t) / HALF_LIVES[rule]))
        if self._keep:
            self._seen.append(ripe)

    def trust(self) -> Array:
        """Latent trust of every person now."""
        return self._read(WEIGHTS)

    def facets(self) -> Array:
        """Credibility, integrity and benevolence of every person now, as three rows."""
        return np.stack([self._read(WEIGHTS * FACETS[:, facet]) for facet in range(3)])

    def note(self, active: Array) -> None:
        """Remember the company's mean trust, whole and by facet, of this moment."""
        if self._keep:
            rows = (self.trust(), *self.facets())
            means = [float(row[active].mean()) if active.any() else np.nan for row in rows]
            self.weeks.append((self.now, means[0], means[1], means[2], means[3]))

    def evidence(self) -> dict[str, Array]:
        """Every piece of evidence that has counted: rule, who, t, known, size (empty unless kept)."""
        names = ("rule", "who", "t", "known", "size")
        if not self._seen:
            return {name: np.empty(0) for name in names}
        return {name: np.concatenate(parts) for name, parts in zip(names, zip(*self._seen, strict=True), strict=True)}

    def _read(self, weights: Array) -> Array:
        total, drops = np.full(self.own_start.size, self.strength), self.strength * self.own_start
        for rule in np.flatnonzero(weights):  # in this order on any machine: a product of matrices is not
            part = weights[rule] * self.sums[rule]
            total += part
            if POLARITIES[rule] > 0:
                drops += part
        return drops / total


def _taken(rows: tuple[Array, ...], where: Array) -> tuple[Array, Array, Array, Array, Array]:
    rule, who, t, known, size = (row[where] for row in rows)
    return rule, who, t, known, size
