"""What was learned, drawn: figures beside what was guessed, chances by trust, and drift by month."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.charts import EDGE, PERCENT, Mark, Sheet, plot_width
from gouttes.report.theme import FONT, LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.report.drawing import Frame
    from gouttes.report.learned_data import Month

FARTHEST = 8.0
"""An interval is drawn no farther than so many times beyond all figures: on a logarithmic axis it could go anywhere."""
PANEL, PANEL_NARROW = 150, 130
APART = 34
SIDE_BY_SIDE = 2
STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
NUMBER = "format(datum.value, '~g')"


@dataclass(frozen=True)
class Taught(Mark):
    """A figure beside what was guessed.

    Attributes:
        prior: the guess, drawn hollow.
        known: it was learned, and is drawn with its interval.
    """

    prior: float = 1.0
    known: bool = True


def beside_guess(marks: Sequence[Taught], frame: Frame, *, ticks: Sequence[float]) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """Each learned figure with its interval, on a logarithmic axis; a hollow diamond where it was guessed to lie."""
    sheet = Sheet(marks, frame)
    low, high = reach(marks)
    scale = alt.Scale(type="log", domain=[low, high], range=sheet.range, nice=False)
    axis = alt.Axis(values=[tick for tick in ticks if low <= tick <= high], grid=not frame.narrow, labelExpr=NUMBER)
    layers = [sheet.track((low, high), scale, axis)] if frame.narrow else []
    guesses = [{"row": row, "prior": mark.prior} for row, mark in enumerate(marks)]
    look = {"yOffset": sheet.below, "opacity": 1}
    hollow = alt.Chart(alt.Data(values=guesses)).mark_point(
        shape="diamond", filled=False, size=80, stroke=LIGHT.ink, strokeWidth=1.5, **look
    )
    guess = hollow.encode(x=alt.X("prior:Q", scale=scale, axis=axis), y=sheet.y)
    bands, dots = [], []
    for bucket in sheet.kinds:
        rows = [
            {"row": row, "value": mark.value, "low": max(low, mark.low), "high": min(high, mark.high)}
            for row, mark in enumerate(marks)
            if mark.known and mark.bucket is bucket
        ]
        if not rows:
            continue
        base = alt.Chart(alt.Data(values=rows)).encode(y=sheet.y)
        soft, colour = (LIGHT.bucket_band, LIGHT.bucket) if bucket else (LIGHT.band, LIGHT.drop)
        shape = "triangle-down" if bucket else "circle"
        band = base.mark_rule(strokeWidth=9, strokeCap="round", color=soft, **look)
        bands.append(band.encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"))
        dot = base.mark_point(shape=shape, filled=True, size=75, color=colour, **look)
        dots.append(dot.encode(x=alt.X("value:Q", scale=scale, axis=axis)))
    return alt.layer(*layers, *bands, guess, *dots, *sheet.words()).properties(
        width=frame.width - 6, height=sheet.height
    )


def reach(marks: Sequence[Taught]) -> tuple[float, float]:
    """The ends of the axis: every figure and guess, and intervals as far as is sensible."""
    points = [mark.prior for mark in marks] + [mark.value for mark in marks if mark.known]
    least, most = min(points), max(points)
    low = min([least, *(mark.low for mark in marks if mark.known)])
    high = max([most, *(mark.high for mark in marks if mark.known)])
    return max(low, least / FARTHEST) / 1.15, min(high, most * FARTHEST) * 1.15


@dataclass(frozen=True)
class Step:
    """A point of a curve: trust, the chance and its interval; all shares."""

    trust: float
    chance: float
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """One curve: its name, its points, and the two that have their figure written; between them most people are."""

    title: str
    steps: Sequence[Step]
    ends: tuple[Step, Step]
    texts: tuple[str, str]


def curves(panels: Sequence[Panel], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """A panel for each outcome, on a scale of its own from zero: solid where people are, dashed where few are."""
    width = frame.width if frame.narrow else (frame.width - APART) / SIDE_BY_SIDE
    drawn = [_panel(panel, round(width - EDGE - 8), frame) for panel in panels]
    return alt.concat(*drawn, columns=1 if frame.narrow else SIDE_BY_SIDE, spacing=APART)


def grid(most: float) -> list[float]:
    """Shares from zero, evenly apart, the last of which is ``most`` or more: five lines at most above zero."""
    apart = next((step for step in STEPS if most <= 5 * step), STEPS[-1])
    return [round(apart * line, 4) for line in range(math.ceil(most / apart - 1e-9) + 1)]


def _panel(panel: Panel, width: int, frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    values = [
        {"x": step.trust, "y": step.chance, "low": step.low, "high": step.high}
        for step in sorted({*panel.steps, *panel.ends}, key=lambda step: step.trust)
    ]
    start, stop = panel.ends
    inside = [row for row in values if start.trust <= row["x"] <= stop.trust]
    percent = PERCENT[frame.code]
    across = alt.Axis(values=[0.05, 0.25, 0.5, 0.75, 0.95], labelExpr=percent, labelFlush=True)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0.05, 0.95]), axis=across)
    lines = grid(max(row["high"] for row in values))
    scale = alt.Scale(domain=[0, lines[-1]], nice=False)
    up = alt.Axis(values=lines, labelExpr=percent, minExtent=EDGE - 8)
    y = alt.Y("y:Q", scale=scale, axis=up)
    base, most = alt.Chart(alt.Data(values=values)), alt.Chart(alt.Data(values=inside))
    ends = [{"x": end.trust, "y": end.chance, "text": text} for end, text in zip(panel.ends, panel.texts, strict=True)]
    named = alt.Chart(alt.Data(values=ends)).encode(x=x, y=y)
    layers = [
        base.mark_area(color=LIGHT.band, opacity=1).encode(x=x, y=alt.Y("low:Q", scale=scale, axis=up), y2="high:Q"),
        base.mark_line(color=LIGHT.drop, strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y),
        most.mark_line(color=LIGHT.drop, strokeWidth=2.5).encode(x=x, y=y),
        named.mark_point(filled=True, size=45, opacity=1, color=LIGHT.drop),
        named.mark_text(dy=-13, fontWeight="bold", color=LIGHT.ink).encode(text="text:N"),
    ]
    title = alt.Title(panel.title, anchor="start", frame="group", font=FONT, fontSize=13, color=LIGHT.ink, offset=10)
    return alt.layer(*layers).properties(title=title, width=width, height=PANEL_NARROW if frame.narrow else PANEL)


def drift(months: Sequence[Month], names: Sequence[str], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """By month what was expected (a bar with its range) and what came: hollow where the parameters knew it already."""
    rows: list[dict[str, Any]] = [
        {"name": name, "y": one.observed, "expected": one.expected, "low": one.low, "high": one.high}
        for name, one in zip(names, months, strict=True)
    ]
    axis = alt.Axis(labelAngle=0, values=list(names)[:: 2 if frame.narrow and len(names) > 4 else 1])  # noqa: PLR2004 -- that have room
    x = alt.X("name:N", sort=list(names), axis=axis)
    low = min(min(one.low, one.observed) for one in months)
    high = max(max(one.high, one.observed) for one in months)
    pad = max(0.01, 0.15 * (high - low))
    scale = alt.Scale(domain=[max(0.0, low - pad), min(1.0, high + pad)], zero=False)
    up = alt.Axis(tickCount=5, labelExpr=PERCENT[frame.code], minExtent=EDGE)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    half = alt.RelativeBandSize(0.5)
    layers = [
        base.mark_bar(color=LIGHT.band, width=half).encode(y=alt.Y("low:Q", scale=scale, axis=up), y2="high:Q"),
        base.mark_tick(color=LIGHT.muted, width=half, thickness=2).encode(y=alt.Y("expected:Q", scale=scale, axis=up)),
    ]
    y = alt.Y("y:Q", scale=scale, axis=up)
    for far in (False, True):
        for told in (False, True):
            chosen = [row for row, one in zip(rows, months, strict=True) if one.far is far and one.told is told]
            if chosen:
                colour, shape = (LIGHT.bucket, "triangle-down") if far else (LIGHT.drop, "circle")
                fill = LIGHT.paper if told else colour
                dots = alt.Chart(alt.Data(values=chosen)).mark_point(
                    shape=shape, size=85, opacity=1, fill=fill, stroke=colour, strokeWidth=2
                )
                layers.append(dots.encode(x=x, y=y))
    return alt.layer(*layers).properties(width=plot_width(frame), height=200 if frame.narrow else 240)
