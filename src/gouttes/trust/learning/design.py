"""What is learned from: opportunities taken or not, and before each of them the decayed sums of evidence.

The engine sums; the optimiser sees only the sums. As a sum depends on half-lives that are still sought, it comes with
its first two derivatives, and is asked for again where the half-lives have moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import ibis
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from gouttes.trust.state import LN2

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """A rule of evidence as it stands before anything is learned.

    Attributes:
        name: of the rule.
        polarity: +1 drop, -1 bucket.
        weight: w, its prior.
        half_life: days, its prior.
        fixed: set by the company: it is not learned.
    """

    name: str
    polarity: int
    weight: float
    half_life: float
    fixed: bool = False


@dataclass(frozen=True)
class Classes:
    """Half-life classes: rules that share one half-life.

    Attributes:
        of_rule: shape (rules,), the class of each.
        half_lives: shape (classes,), days, the prior of each.
        names: what each class is called: ``drops 90``, ``buckets 365``.
        fixed: shape (classes,), whether it is held.
    """

    of_rule: Codes
    half_lives: Array
    names: tuple[str, ...]
    fixed: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rules: Sequence[Known]) -> Classes:
        """One class for each polarity and prior half-life; rules that the company set have classes of their own."""
        keys = [(rule.polarity < 0, rule.half_life, rule.fixed) for rule in rules]
        distinct = sorted(set(keys))
        names = tuple(
            f"{'buckets' if bucket else 'drops'} {days:g}{' set' if fixed else ''}" for bucket, days, fixed in distinct
        )
        return cls(
            np.array([distinct.index(key) for key in keys], dtype=np.int64),
            np.array([days for _, days, _ in distinct], dtype=np.float64),
            names,
            np.array([fixed for *_, fixed in distinct], dtype=bool),
        )


@dataclass(frozen=True)
class Sums:
    """Decayed sums at given half-lives, sparse, each of shape (rows, rules).

    Attributes:
        value: S.
        slope: dS/d ln h.
        bend: d²S/d(ln h)², with the same places as the other two.
    """

    value: csr_matrix[np.float64]
    slope: csr_matrix[np.float64]
    bend: csr_matrix[np.float64]

    @classmethod
    def of(cls, shape: tuple[int, int], row: Codes, rule: Codes, parts: Sequence[Array]) -> Sums:
        """From places and the three values at each."""
        order = np.lexsort((rule, row))
        starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
        columns = rule[order]
        value, slope, bend = (csr_matrix((part[order], columns, starts), shape=shape) for part in parts)
        return cls(value, slope, bend)

    def at(self, rows: Any) -> Sums:  # noqa: ANN401 -- a slice, a mask or positions
        """The sums of some rows."""
        return Sums(self.value[rows], self.slope[rows], self.bend[rows])


class Summing(Protocol):
    """Whatever can sum evidence at given half-lives."""

    def __call__(self, half_lives: Array) -> Sums:
        """The sums at a half-life for each rule, shape (rules,), in days."""
        ...


@dataclass(frozen=True)
class Design:
    """Opportunities of people at several dates, and where to ask for their sums.

    Attributes:
        successes, trials: shape (rows,): of ``trials`` opportunities, ``successes`` were taken.
        person: shape (rows,), 0, 1, 2 … in the order of the rows: rows of one person stand together.
        origin: shape (rows,), the date (days since 1970) before which evidence counts.
        rules: the rules.
        classes: their half-life classes.
        summed: gives the sums.
    """

    successes: Array
    trials: Array
    person: Codes
    origin: Array
    rules: tuple[Known, ...]
    classes: Classes
    summed: Summing

    @property
    def people(self) -> int:
        """How many people the rows are of."""
        return int(self.person[-1]) + 1 if self.person.size else 0

    def at(self, rows: npt.NDArray[np.bool_], summed: Summing | None = None) -> Design:
        """Some rows, a mask of them; ``summed`` gives their sums, where there is a shorter way to them."""
        whole = self.summed
        return replace(
            self,
            successes=self.successes[rows],
            trials=self.trials[rows],
            person=np.unique(self.person[rows], return_inverse=True)[1].astype(np.int64),
            origin=self.origin[rows],
            summed=summed or (lambda half_lives: whole(half_lives).at(rows)),
        )

    def of_people(self, chosen: npt.NDArray[np.bool_]) -> Design:
        """The rows of some people; ``chosen`` has the shape (people,)."""
        return self.at(chosen[self.person])


def pairs(opportunities: ir.Table, evidence: ir.Table, rules: Sequence[Known]) -> ir.Table:
    """PAIRS: ``row, rule`` (its place in ``rules``), ``age`` (days) and ``size`` of the evidence before each row.

    Args:
        opportunities: ``row, person, origin``.
        evidence: EVIDENCE with ``origin``: as it was known at that date.
        rules: those that count; evidence of others is left out.
    """
    names = ibis.memtable({"rule": [rule.name for rule in rules], "code": list(range(len(rules)))})
    coded = evidence.inner_join(names, "rule").select("person", "origin", "code", "t", "size")
    joined = opportunities.select("row", "person", "origin").inner_join(coded, ["person", "origin"])
    return joined.select(
        row=joined["row"].cast("int64"),
        rule=joined.code.cast("int64"),
        age=joined.origin - joined.t.cast("float64"),
        size=joined["size"].cast("float64"),
    )


def summing(found: ir.Table, rows: int, rules: int) -> Summing:
    """The sums of PAIRS, computed by their engine.

    With z = ln 2·age/h: S = Σ x·e⁻ᶻ, dS/d ln h = Σ x·z·e⁻ᶻ, d²S/d(ln h)² = Σ x·z·(z - 1)·e⁻ᶻ.
    """

    def summed(half_lives: Array) -> Sums:
        rates = ibis.cases(*((found.rule == code, LN2 / float(days)) for code, days in enumerate(half_lives)))
        aged = found.select("row", "rule", z=found.age * rates, x=found["size"])
        left = aged.mutate(e=aged.x * (-aged.z).exp())
        table = left.group_by("row", "rule").agg(
            value=left.e.sum(), slope=(left.e * left.z).sum(), bend=(left.e * left.z * (left.z - 1.0)).sum()
        )
        told = table.to_pyarrow()
        row, rule, *parts = (told[name].to_numpy() for name in ("row", "rule", "value", "slope", "bend"))
        return Sums.of((rows, rules), row, rule, parts)

    return summed
