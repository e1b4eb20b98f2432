"""Shares of variance, each with its interval: person dependence, transfer ratio, consistency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from gouttes.proportion import Figure, Z, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.brand.crossed import Crossed

LEAST = 8
"""People that a cell needs before a figure of it is given."""


def share(successes: int, trials: int) -> Figure | None:
    """A proportion with Wilson's interval; None under :data:`LEAST` trials."""
    if trials < LEAST:
        return None
    return Figure(successes / trials, *wilson(successes, trials), trials)


def share_of_variance(fitted: Crossed, parts: Sequence[str], others: Sequence[str], *, n: int) -> Figure | None:
    """``Σ parts / (Σ parts + Σ others)`` by the delta method on the logit.

    Where a side is at nought the logit has no end: the interval then goes from the ends of the variances' own
    intervals, which is wider than 90 %.

    Args:
        fitted: the variances.
        parts: names of factors; one that is not in the model counts as nought.
        others: likewise.
        n: the number to show beside the figure.

    Returns:
        None where neither side varies.
    """
    top, rest = ({name: fitted.variance(name) for name in names} for names in (parts, others))
    a, b = sum(top.values()), sum(rest.values())
    if a + b == 0:
        return None
    ends = {each.name: (each.low, each.high) for each in fitted.components}
    if a == 0 or b == 0:
        low, high = (
            [sum(ends.get(k, (0.0, 0.0))[side] for k in names) for names in (parts, others)] for side in (0, 1)
        )
        return Figure(a / (a + b), _ratio(low[0], high[1]), _ratio(high[0], low[1]), n)
    slope = np.array([top.get(name, 0.0) / a - rest.get(name, 0.0) / b for name in fitted.names])
    spread = float(np.sqrt(max(slope @ fitted.covariance @ slope, 0.0)))
    at = np.log(a) - np.log(b)
    return Figure(a / (a + b), float(expit(at - Z * spread)), float(expit(at + Z * spread)), n)


def _ratio(top: float, rest: float) -> float:
    return 1.0 if rest == 0 else top / (top + rest)


def person_dependence(fitted: Crossed, *, n: int) -> Figure | None:
    """PDI: of what differs between customers, agents and teams, the share that hangs on who served."""
    return share_of_variance(fitted, ("agent", "dyad"), ("person", "team"), n=n)


def transfer_ratio(fitted: Crossed, *, n: int) -> Figure | None:
    """TR: the share of a customer's trust that a new colleague inherits."""
    return share_of_variance(fitted, ("person",), ("dyad",), n=n)


def consistency(fitted: Crossed, *, n: int) -> Figure | None:
    """1 less the share of all variance that lies between months."""
    others = [each.name for each in fitted.components if each.name != "month"]
    found = share_of_variance(fitted, ("month",), others, n=n)
    return None if found is None else Figure(1 - found.value, 1 - found.high, 1 - found.low, n)
