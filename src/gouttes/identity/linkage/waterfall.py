"""Why two records were, or were not, taken for one person: from the prior, field by field, to the probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.errors import MissingColumnsError
from gouttes.identity.linkage.comparisons import OTHERWISE
from gouttes.identity.linkage.levels import agrees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gouttes.identity.linkage.model import LinkageModel, Weighted

LACKING = "missing"
"""Name of the level of a field that either record lacks."""

HOME = "same home"
"""Name of the step that takes back what the fields of one home say more than a home does."""


@dataclass(frozen=True)
class Step:
    """What one field says.

    Attributes:
        field: its column.
        level: name of the level that holds; ``different`` where none does, ``missing`` where a value is.
        left: the value of one record; personal data.
        right: the value of the other.
        weight: match weight of the level in bits, log2(m/u).
        adjustment: what the rarity of the value adds, in bits.
        total: prior and fields so far, in bits.
    """

    field: str
    level: str
    left: str | None
    right: str | None
    weight: float
    adjustment: float
    total: float


@dataclass(frozen=True)
class Waterfall:
    """Prior, steps, end.

    Attributes:
        prior: weight before anything is compared, in bits.
        steps: one per field, in the order of the model, and where it counts one for :data:`HOME`.
        weight: prior and all fields, in bits.
        probability: that the two are one person, 1 / (1 + 2^-weight).
    """

    prior: float
    steps: tuple[Step, ...]
    weight: float
    probability: float


def waterfall(left: Mapping[str, str | None], right: Mapping[str, str | None], model: LinkageModel) -> Waterfall:
    """The account of one pair; the same figures as :func:`gouttes.identity.linkage.score.scored` gives it.

    Args:
        left: column → value of one record.
        right: of the other. The order of the two does not matter.
        model: what was trained.

    Raises:
        MissingColumnsError: a record lacks a column of the model.
    """
    for record in (left, right):
        if missing := {name for each in model.fields for name in _looked_at(each)} - set(record):
            raise MissingColumnsError("identity.linkage", missing, record, "Give None for what is not known.")
    steps: list[Step] = []
    total, at_home = model.prior_weight, 0.0
    for field in model.fields:
        level, weight, adjustment = _said(field, left, right)
        total += weight + adjustment
        column = field.comparison.column
        if model.home and column in model.home.columns:
            at_home += weight + adjustment
        steps.append(Step(column, level, left[column], right[column], weight, adjustment, total))
    if model.home and at_home > model.home.most:
        too_much = model.home.most - at_home
        total += too_much
        steps.append(Step(HOME, HOME, None, None, too_much, 0.0, total))
    return Waterfall(model.prior_weight, tuple(steps), total, 1 / (1 + 2**-total))


def _looked_at(field: Weighted) -> tuple[str, ...]:
    return (field.comparison.column, *field.comparison.columns)


def _said(field: Weighted, left: Mapping[str, str | None], right: Mapping[str, str | None]) -> tuple[str, float, float]:
    """Level, weight and adjustment of one field."""
    comparison = field.comparison
    value = left[comparison.column]
    if value is None or right[comparison.column] is None:
        return LACKING, 0.0, 0.0
    for at, level in enumerate(comparison.levels):
        if agrees(level, left, right):
            return level.name, field.weights[at], field.adjustment(value) if at == 0 else 0.0
    return OTHERWISE, field.weights[-1], 0.0
