"""A control chart: a share by month between its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.charts import EDGE, PERCENT, plot_width
from gouttes.report.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.brand.conditions import Month
    from gouttes.report.drawing import Frame

WIDE = 13  # months that all have their name at full width
NARROW = 5


def control(months: Sequence[Month], centre: float, frame: Frame, *, names: Sequence[str]) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """Points with their interval; the limits as a band, the centre as a rule; outside is a warm triangle."""
    rows = [
        {
            "month": name,
            "kept": one.kept.value,
            "low": one.kept.low,
            "high": one.kept.high,
            "lower": one.lower,
            "upper": one.upper,
            "outside": one.outside,
        }
        for name, one in zip(names, months, strict=True)
    ]
    every = -(-len(rows) // (NARROW if frame.narrow else WIDE))
    x = alt.X("month:O", sort=list(names), axis=alt.Axis(values=[row["month"] for row in rows[::every]], labelAngle=0))
    low = min(min(one.kept.low, one.lower) for one in months)
    high = max(max(one.kept.high, one.upper) for one in months)
    scale = alt.Scale(domain=[max(0.0, low - 0.01), min(1.0, high + 0.01)], zero=False)
    axis = alt.Axis(tickCount=5, labelExpr=PERCENT[frame.code], minExtent=EDGE)
    y = alt.Y("kept:Q", scale=scale, axis=axis)

    def base(chosen: list[dict[str, Any]]) -> Any:  # noqa: ANN401 -- Altair is untyped here
        return alt.Chart(alt.Data(values=chosen)).encode(x=x)

    band = base(rows).mark_bar(color=LIGHT.band, width=alt.RelativeBandSize(1.0))
    layers = [band.encode(y=alt.Y("lower:Q", scale=scale, axis=axis), y2="upper:Q")]
    line = alt.Chart(alt.Data(values=[{"centre": centre}])).mark_rule(color=LIGHT.muted)
    layers.append(line.encode(y=alt.Y("centre:Q", scale=scale, axis=axis)))
    for outside, look in (
        (False, {"shape": "circle", "color": LIGHT.drop}),
        (True, {"shape": "triangle-down", "color": LIGHT.bucket}),
    ):
        mine = [row for row in rows if row["outside"] is outside]
        if mine:
            rule = base(mine).mark_rule(color=look["color"], strokeWidth=1.5)
            layers.append(rule.encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"))
            layers.append(base(mine).mark_point(filled=True, size=60, opacity=1, **look).encode(y=y))
    return alt.layer(*layers).properties(width=plot_width(frame), height=200 if frame.narrow else 260)
