"""Counts as bars: how many of each, the exact figure at the end of its bar and its share beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.charts import COUNT, DETAIL, GAP, LABEL, WIDER
from gouttes.report.letters import width
from gouttes.report.theme import FONT, LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.report.drawing import Frame

ROW, ROW_ABOVE = 28, 50
BESIDE = 120  # px of the longest label that still stands beside its bar on a phone
LEAST = 3  # px of the bar of a count that would not be seen beside the largest
FLOOR = 0.5  # where a logarithmic bar starts, so that the bar of one has a length
APART = 52  # px between two figures of a logarithmic axis


@dataclass(frozen=True)
class Tally:
    """One bar, already in words.

    Attributes:
        label: what is counted.
        n: how many, 0 or more.
        text, detail: the count as written, and its share.
    """

    label: str
    n: int
    text: str
    detail: str


def tallies(marks: Sequence[Tally], frame: Frame, *, log: bool = False) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """A bar per count, from zero; with ``log`` on a logarithmic axis, which the chart's subtitle has to say."""
    sheet = _Sheet(marks, frame)
    most = max(10 if log else 1, *(mark.n for mark in marks))
    scale = alt.Scale(type="log", domain=[FLOOR, most], range=sheet.range, nice=False) if log else None
    scale = scale or alt.Scale(domain=[0, most], range=sheet.range)
    axis = sheet.powers(most) if log else None
    least = 0 if log else most * LEAST / (sheet.range[1] - sheet.range[0])
    values = [_row(index, mark, fitted(mark.label, sheet.room), least) for index, mark in enumerate(marks)]
    drawn = alt.Chart(alt.Data(values=[row for row in values if row["n"]]))
    x = alt.X("n:Q", scale=scale, axis=axis)
    bars = drawn.mark_bar(
        size=12 if sheet.above else 14, orient="horizontal", color=LIGHT.drop, yOffset=sheet.below
    ).encode(x=x, x2=alt.datum(FLOOR if log else 0), y=sheet.y)
    layers = [bars, sheet.figures(values, x), *sheet.words(values)]
    return alt.layer(*layers).properties(width=frame.width - 6, height=sheet.height)


def fitted(label: str, room: float) -> str:
    """The label, cut where it is wider than its room in px."""
    if WIDER * width(label, LABEL) <= room:
        return label
    kept = label
    while kept and WIDER * width(f"{kept}…", LABEL) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _row(index: int, mark: Tally, label: str, least: float) -> dict[str, Any]:
    n = max(mark.n, least) if mark.n else 0
    return {"row": index, "n": n, "label": label, "text": mark.text, "detail": mark.detail}


class _Sheet:
    """Where labels, bars and shares stand; on a phone long labels stand above their bars."""

    def __init__(self, marks: Sequence[Tally], frame: Frame) -> None:
        label = WIDER * max(width(mark.label, LABEL) for mark in marks)
        figure = WIDER * max(width(mark.text, LABEL, bold=True) for mark in marks)
        self.detail = WIDER * max(width(mark.detail, DETAIL) for mark in marks)
        self.end = frame.width - 6
        self.above = frame.narrow and label > BESIDE
        self.below = 8 if self.above else 0
        self.height = len(marks) * (ROW_ABOVE if self.above else ROW)
        start = 0 if self.above else round(label + GAP)
        beside = self.end - self.detail - figure - 2 * GAP
        stop = self.end if self.above else round(beside)
        self.room = beside if self.above else label
        self.range = [start, stop]
        self.y = alt.Y("row:Q", scale=alt.Scale(domain=[len(marks) - 0.5, -0.5], nice=False), axis=None)

    def powers(self, most: int) -> Any:  # noqa: ANN401 -- Altair is untyped here
        """A line at every power of ten, and the figures that have room."""
        top = math.log10(most)
        room = (self.range[1] - self.range[0]) / (top - math.log10(FLOOR))
        powers = [10**power for power in range(math.floor(top) + 1)]
        named = powers[:: math.ceil(APART / room)]
        return alt.Axis(values=powers, grid=True, labelExpr=f"indexof({named}, datum.value) < 0 ? '' : {COUNT}")

    def figures(self, values: list[dict[str, Any]], x: Any) -> Any:  # noqa: ANN401 -- Altair is untyped here
        """The count at the end of its bar, or above it; that of nothing where its bar would start."""
        look = {"baseline": "middle", "font": FONT, "fontSize": LABEL, "fontWeight": "bold", "color": LIGHT.drop_ink}
        if self.above:
            at = alt.value(self.end - self.detail - 10)
            base = alt.Chart(alt.Data(values=values)).mark_text(align="right", dy=-12, **look)
            return base.encode(x=at, y=self.y, text="text:N")
        some, none = ([row for row in values if bool(row["n"]) is drawn] for drawn in (True, False))
        beside = alt.Chart(alt.Data(values=some)).mark_text(align="left", dx=6, **look)
        alone = alt.Chart(alt.Data(values=none)).mark_text(align="left", **(look | {"color": LIGHT.muted}))
        return alt.layer(
            beside.encode(x=x, y=self.y, text="text:N"),
            alone.encode(x=alt.value(self.range[0] + 2), y=self.y, text="text:N"),
        )

    def words(self, values: list[dict[str, Any]]) -> list[Any]:
        """Label at left and share at right of every row."""
        base = alt.Chart(alt.Data(values=values))
        look = {"baseline": "middle", "font": FONT, "dy": -12 if self.above else 0}
        label = base.mark_text(align="left", fontSize=LABEL, color=LIGHT.ink, **look)
        share = base.mark_text(align="right", fontSize=DETAIL, color=LIGHT.muted, **look)
        return [
            label.encode(x=alt.value(0), y=self.y, text="label:N"),
            share.encode(x=alt.value(self.end), y=self.y, text="detail:N"),
        ]
