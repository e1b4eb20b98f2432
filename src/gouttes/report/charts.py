"""The charts themselves: rows of plain values in, an Altair chart out. Words and tables are added by `pictures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.letters import width
from gouttes.report.theme import FONT, LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.report.drawing import Frame

ROW, ROW_NARROW = 34, 62
GAP = 14
WIDER = 1.14  # DejaVu Sans, where a machine has none of the theme's families, is that much wider
LABEL, DETAIL = 13, 12  # px of type
EDGE = 44  # px that the labels of a vertical axis take, so that charts above each other share their weeks
PERCENT = {
    "fr": "replace(format(100 * datum.value, ',.0f'), '-', '\u2212') + '\u202f%'",
    "en": "format(datum.value, '.0%')",
}
COUNT = "format(abs(datum.value), ',.0f')"


@dataclass(frozen=True)
class Mark:
    """One row of a dot or bar chart, already in words.

    Attributes:
        label: what it is.
        value, low, high: where it lies; low and high may be NaN.
        text, detail: the figure as written, and its interval and n.
        bucket: drawn warm and as a falling triangle.
        faint: its figure is a guess, and written so.
    """

    label: str
    value: float
    low: float
    high: float
    text: str
    detail: str
    bucket: bool = False
    faint: bool = False


def plot_width(frame: Frame) -> int:
    """The plot's width once the labels of its vertical axis have theirs."""
    return frame.width - EDGE - 8


def dots(marks: Sequence[Mark], frame: Frame, *, domain: tuple[float, float]) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """A dot and its soft interval per row, the figure written beside it."""
    sheet = Sheet(marks, frame)
    scale = alt.Scale(domain=list(domain), range=sheet.range, zero=False)
    axis = alt.Axis(
        grid=not frame.narrow, tickCount=3 if frame.narrow else 5, labelExpr=PERCENT[frame.code], labelFlush=True
    )
    x = alt.X("value:Q", scale=scale, axis=axis)
    layers = [sheet.track(domain, scale, axis)] if frame.narrow else []
    for bucket in sheet.kinds:
        base = sheet.chart(bucket)
        soft = LIGHT.bucket_band if bucket else LIGHT.band
        layers.append(
            base.mark_rule(strokeWidth=9, strokeCap="round", color=soft, opacity=1, yOffset=sheet.below).encode(
                x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", y=sheet.y
            )
        )
        layers.append(
            base.mark_point(
                shape="triangle-down" if bucket else "circle",
                filled=True,
                size=75,
                opacity=1,
                yOffset=sheet.below,
                color=LIGHT.bucket if bucket else LIGHT.drop,
            ).encode(x=x, y=sheet.y)
        )
    return alt.layer(*layers, *sheet.words()).properties(width=frame.width - 6, height=sheet.height)


def bars(marks: Sequence[Mark], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """Bars from zero to either side: what was earned to the right, what it cost to the left."""
    sheet = Sheet(marks, frame)
    reach = max(abs(edge) for mark in marks for edge in (mark.value, mark.low, mark.high) if edge == edge)  # noqa: PLR0124 -- NaN differs from itself
    least = min([0.0, *(min(mark.value, _or(mark.low, 0)) for mark in marks)])
    most = max([0.0, *(max(mark.value, _or(mark.high, 0)) for mark in marks)])
    scale = alt.Scale(domain=[least - 0.02 * reach, most + 0.02 * reach], range=sheet.range)
    layers: list[Any] = []
    for bucket in sheet.kinds:
        base = sheet.chart(bucket)
        color = LIGHT.bucket if bucket else LIGHT.drop
        x = alt.X("value:Q", scale=scale, axis=None)
        layers.append(
            base.mark_bar(size=14, orient="horizontal", color=color, yOffset=sheet.below).encode(
                x=x, x2=alt.datum(0), y=sheet.y
            )
        )
        layers.append(
            base.transform_filter("isValid(datum.low)")
            .mark_rule(color=LIGHT.ink, strokeWidth=1.5, yOffset=sheet.below)
            .encode(x=alt.X("low:Q", scale=scale, axis=None), x2="high:Q", y=sheet.y)
        )
    zero = alt.Chart(alt.Data(values=sheet.values)).mark_tick(
        color=LIGHT.muted, thickness=1, size=20, yOffset=sheet.below
    )
    layers.append(zero.encode(x=alt.X("zero:Q", scale=scale, axis=None), y=sheet.y))
    return alt.layer(*layers, *sheet.words()).properties(width=frame.width - 6, height=sheet.height)


def _or(value: float, other: float) -> float:
    return value if value == value else other  # noqa: PLR0124 -- NaN differs from itself


class Sheet:
    """Rows of words around a plot: label at left, figure at right; on a phone both stand above the mark."""

    def __init__(self, marks: Sequence[Mark], frame: Frame) -> None:
        self.frame = frame
        self.values = [_row(index, mark) for index, mark in enumerate(marks)]
        self.kinds = sorted({mark.bucket for mark in marks})
        self.height = len(marks) * (ROW_NARROW if frame.narrow else ROW)
        self.below = 14 if frame.narrow else 0
        self.end = frame.width - 6
        self.detail = WIDER * max(width(mark.detail, DETAIL) for mark in marks)
        self.range = [6, self.end - 6]
        if not frame.narrow:
            label = WIDER * max(width(mark.label, LABEL) for mark in marks)
            figure = WIDER * max(width(mark.text, LABEL, bold=True) for mark in marks)
            self.range = [round(label + GAP), round(self.end - self.detail - figure - 2 * GAP)]
        self.y = alt.Y("row:Q", scale=alt.Scale(domain=[len(marks) - 0.5, -0.5], nice=False), axis=None)

    def chart(self, bucket: bool) -> Any:  # noqa: ANN401, FBT001 -- Altair is untyped here; one private flag
        """The rows of one kind."""
        return alt.Chart(alt.Data(values=[row for row in self.values if row["bucket"] is bucket]))

    def track(self, domain: tuple[float, float], scale: Any, axis: Any) -> Any:  # noqa: ANN401 -- Altair is untyped here
        """A thin line under each row's mark, where a grid would cross the words."""
        rows = [{"row": row["row"], "start": domain[0], "end": domain[1]} for row in self.values]
        base = alt.Chart(alt.Data(values=rows)).mark_rule(color=LIGHT.line, yOffset=self.below)
        return base.encode(x=alt.X("start:Q", scale=scale, axis=axis), x2="end:Q", y=self.y)

    def words(self) -> list[Any]:
        """Label, figure and interval of every row; on a phone the interval takes a line of its own."""
        narrow = self.frame.narrow
        layers = [
            self._column("label", 0, "left", above=narrow, fontSize=LABEL, color=LIGHT.ink),
            self._column(
                "detail",
                0 if narrow else self.end - self.detail,
                "left",
                dy=-4 if narrow else 0,
                fontSize=DETAIL,
                color=LIGHT.muted,
            ),
        ]
        right = self.end if narrow else self.end - self.detail - 10
        for ink in (LIGHT.drop_ink, LIGHT.bucket_ink, LIGHT.muted):
            rows = [row for row in self.values if row["ink"] == ink]
            if rows:
                look = {"fontSize": LABEL, "fontWeight": "normal" if ink == LIGHT.muted else "bold", "color": ink}
                layers.append(self._column("text", right, "right", rows, above=narrow, **look))
        return layers

    def _column(
        self,
        field: str,
        at: float,
        align: str,
        rows: list[dict[str, Any]] | None = None,
        *,
        above: bool = False,
        **look: Any,  # noqa: ANN401 -- whatever Altair takes
    ) -> Any:  # noqa: ANN401 -- Altair is untyped here
        look = {"dy": -20 if above else 0, "baseline": "middle", "font": FONT} | look
        base = alt.Chart(alt.Data(values=self.values if rows is None else rows)).mark_text(align=align, **look)
        return base.encode(x=alt.value(at), y=self.y, text=f"{field}:N")


def _row(index: int, mark: Mark) -> dict[str, Any]:
    """A row as Vega reads it: an edge nobody knows is null."""
    known = mark.low == mark.low and mark.high == mark.high
    return {
        "row": index,
        "zero": 0,
        "label": mark.label,
        "value": mark.value,
        "low": mark.low if known else None,
        "high": mark.high if known else None,
        "text": mark.text,
        "detail": mark.detail,
        "bucket": mark.bucket,
        "ink": LIGHT.muted if mark.faint else LIGHT.bucket_ink if mark.bucket else LIGHT.drop_ink,
    }


def histogram(rows: Sequence[dict[str, Any]], mean: float, label: str, frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """People by trust: warm below one half, cool above; a rule at the mean."""
    base = alt.Chart(alt.Data(values=list(rows)))
    axis = alt.Axis(tickCount=5, labelExpr=PERCENT[frame.code], labelFlush=True)
    scale = alt.Scale(domain=[0, 1])
    color = alt.condition("datum.high <= 0.5 + 1e-9", alt.value(LIGHT.bucket), alt.value(LIGHT.drop))
    size = round(plot_width(frame) * (rows[0]["high"] - rows[0]["low"])) - 2
    columns = (
        base.transform_calculate(middle="(datum.low + datum.high) / 2")
        .mark_bar(size=size)
        .encode(
            x=alt.X("middle:Q", scale=scale, axis=axis),
            y=alt.Y("people:Q", axis=alt.Axis(tickCount=4, labelExpr=COUNT)),
            color=color,
        )
    )
    here = alt.Chart(alt.Data(values=[{"mean": mean, "label": label}]))
    x = alt.X("mean:Q", scale=scale, axis=axis)
    rule = here.mark_rule(color=LIGHT.ink, strokeWidth=1.5).encode(x=x)
    right = mean > 0.5  # noqa: PLR2004 -- the middle of the axis
    word = here.mark_text(
        align="right" if right else "left", dx=-6 if right else 6, baseline="top", fontWeight="bold", color=LIGHT.ink
    ).encode(x=x, y=alt.value(-14), text="label:N")
    return alt.layer(columns, rule, word).properties(width=plot_width(frame), height=280)


def share(ignorance: float, frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """One bar of 100 %: what rests on events, and what still rests on the prior (hollow, dashed)."""
    known = 1 - ignorance
    x = alt.X("start:Q", scale=alt.Scale(domain=[0, 1]), axis=None)

    def part(start: float, end: float, **look: object) -> Any:  # noqa: ANN401 -- Altair is untyped here
        return (
            alt.Chart(alt.Data(values=[{"start": start, "end": end}]))
            .mark_bar(height=18, **look)
            .encode(x=x, x2="end:Q")
        )

    events = part(0, known, color=LIGHT.drop)
    prior = part(known, 1, color=LIGHT.ground, stroke=LIGHT.muted, strokeDash=[3, 2])
    return alt.layer(prior, events).properties(width=frame.width - 6, height=22)
