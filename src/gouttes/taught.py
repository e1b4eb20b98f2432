"""The reading as some people taught it, and what it then says of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gouttes.trust.learning.fit import Beliefs, Fitted, Ties, fit
from gouttes.trust.learning.learn import Refused, learn
from gouttes.trust.learning.likelihood import shapes
from gouttes.trust.validation.cases import Predicted

if TYPE_CHECKING:
    from gouttes.assembling import Mask
    from gouttes.trust.learning.design import Design

FEW_DATES = "few_dates"


@dataclass(frozen=True)
class Taught:
    """A reading.

    Attributes:
        target: the outcome it was learned from.
        said: Beta(a, b) of every row of the design.
        why: why nothing was learned and the first-day weights speak; empty where something was.
    """

    target: str
    said: Predicted
    why: str = ""


def taught(design: Design, rows: Mask, target: str, *, strength: float, mean: float) -> Taught:
    """Learn on some rows, and read every row.

    With too few dates to tell weights from half-lives, the half-lives stay as they are and the weights are learned.
    Where nothing can be learned the first-day weights speak.

    Args:
        design: every row.
        rows: those to learn from.
        target: the outcome whose counts the design has.
        strength: the prior n₀.
        mean: the prior m.
    """
    some = design.at(rows)
    found = learn(some, strength=strength, mean=mean)
    if not isinstance(found, Refused):
        return Taught(target, Predicted(*shapes(design, found.fitted.theta)))
    beliefs = Beliefs.of(design, strength=strength, mean=mean)
    if found.reason == FEW_DATES and (fitted := _weights_only(some, beliefs)).converged:
        return Taught(target, Predicted(*shapes(design, fitted.theta)))
    return Taught(target, Predicted(*shapes(design, beliefs.centre)), found.reason)


def _weights_only(design: Design, beliefs: Beliefs) -> Fitted:
    """n₀, m and the weights of what was seen, half-lives held; with one trial a row n₀ too."""
    seen = design.summed(np.array([rule.half_life for rule in design.rules])).value.getnnz(axis=0) > 0
    groups = np.arange(beliefs.centre.size)
    groups[2 + len(design.rules) :] = -1
    free = np.array([not rule.fixed for rule in design.rules]) & seen
    groups[2 : 2 + len(design.rules)][~free] = -1
    if design.trials.max() <= 1:
        groups[0] = -1
    return fit(design, beliefs, Ties.of(beliefs.centre, groups), errors=False)
