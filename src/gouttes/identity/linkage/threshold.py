"""Where to draw the line: the lowest probability at which the links still have the precision asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

LOWEST = 0.99
"""The lowest threshold for linking without a human eye (a prior)."""


def link_at(pairs: ir.Table, *, precision: float = 0.999, lowest: float = LOWEST) -> float:
    """The lowest probability t >= ``lowest`` such that the links at or above t reach an expected precision.

    A pair of probability p is a false link with probability 1 - p, so that among the n(t) pairs with p >= t the
    expected share of false links is F(t) = sum of (1 - p) / n(t). F falls as t rises; t is the least probability among
    the pairs, not below ``lowest``, with F(t) <= 1 - ``precision``. This is the estimate of Fellegi & Sunter's error
    rate (1969) by the model itself, and holds as far as the model is calibrated.

    Args:
        pairs: PAIRS, all of those at or above ``lowest``.
        precision: expected share of the links that are right.
        lowest: no threshold is below it.

    Returns:
        The threshold; ``lowest`` where no pair is so probable; 1.0, which links nothing, where no threshold suffices.

    Raises:
        BadInputError: ``precision`` or ``lowest`` is no probability.
    """
    for name, value in (("precision", precision), ("lowest", lowest)):
        if not 0 <= value <= 1:
            raise BadInputError(f"`{name}` is a probability from 0 to 1, not {value}.")
    likely = pairs.filter(pairs["probability"] >= lowest)
    at = likely.group_by("probability").agg(links=likely.count(), wrong=(1 - likely["probability"]).sum())
    down = ibis.window(order_by=at["probability"].desc(), rows=(None, 0))
    sums = at.select("probability", share=at["wrong"].sum().over(down) / at["links"].sum().over(down))
    enough = sums["share"] <= (1 - precision) * (1 + 1e-9)  # sums of floats end a little off
    told = sums.agg(pairs=sums.count(), least=sums["probability"].min(where=enough)).to_pyarrow().to_pylist()[0]
    if not told["pairs"]:
        return lowest
    return 1.0 if told["least"] is None else float(told["least"])
