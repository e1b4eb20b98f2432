"""The two charts by week, on one calendar, so that what stands above each other happened together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.charts import COUNT, DETAIL, EDGE, GAP, PERCENT, plot_width
from gouttes.report.letters import width
from gouttes.report.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.report.drawing import Frame

FEW_WEEKS, FEW_WEEKS_NARROW = 12, 5  # up to here every week has its date
LANES = (-12, -30)  # px above the plot where the names of incidents stand
TIP = 8  # px that a falling triangle takes on either side


@dataclass(frozen=True)
class Flag:
    """A labelled moment on a time axis."""

    day: date
    label: str


class Calendar:
    """The horizontal axis of both charts: as many weeks, the same margins."""

    def __init__(self, weeks: Sequence[dict[str, Any]], frame: Frame) -> None:
        self.first, self.last = weeks[0]["day"], weeks[-1]["day"]
        self.plot = plot_width(frame)
        self.bar = min(30.0, max(2.0, round(0.72 * self.plot / len(weeks), 1)))
        self.margin = self.bar / 2 + 3
        scale = alt.Scale(type="utc", padding=self.margin)
        if len(weeks) <= (FEW_WEEKS_NARROW if frame.narrow else FEW_WEEKS):
            ticks = [_milliseconds(week["day"]) for week in weeks]
            axis = alt.Axis(format="%-d %b", values=ticks)
        else:
            axis = alt.Axis(format="%b", tickCount=4 if frame.narrow else 12, labelFlush=True)
        self.x = alt.X("week:T", scale=scale, axis=axis)

    def place(self, day: date) -> float:
        """Where a day stands, in px from the left of the plot."""
        length = max(1, (self.last - self.first).days)
        return self.margin + (day - self.first).days / length * (self.plot - 2 * self.margin)


def _milliseconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000


def _values(weeks: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """The rows as Vega reads them."""
    return alt.Data(values=[{name: value for name, value in week.items() if name != "day"} for week in weeks])


def trend(weeks: Sequence[dict[str, Any]], flags: Sequence[Flag], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """A line with its band by week; the axis starts where the story is."""
    low, high = min(week["low"] for week in weeks), max(week["high"] for week in weeks)
    pad = max(0.01, 0.12 * (high - low))
    scale = alt.Scale(zero=False, nice=4, domain=[max(0, low - pad), min(1, high + pad)])
    axis = alt.Axis(tickCount=4 if frame.narrow else 5, labelExpr=PERCENT[frame.code], minExtent=EDGE)
    calendar = Calendar(weeks, frame)
    base = alt.Chart(_values(weeks)).encode(x=calendar.x)
    band = base.mark_area(color=LIGHT.band).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    line = base.mark_line(color=LIGHT.drop, strokeWidth=2.5, strokeJoin="round")
    last = alt.Chart(_values(weeks[-1:])).mark_point(
        filled=True, size=70, color=LIGHT.drop, opacity=1, stroke=LIGHT.paper, strokeWidth=2
    )
    trust = alt.Y("trust:Q", scale=scale)
    layers = [band, *_flagged(flags, calendar), line.encode(y=trust), last.encode(x=calendar.x, y=trust)]
    return alt.layer(*layers).properties(width=calendar.plot, height=200 if frame.narrow else 320)


def _flagged(flags: Sequence[Flag], calendar: Calendar) -> list[Any]:
    """A dashed rule and a triangle per incident; its name where there is room for it."""
    if not flags:
        return []
    rows = named_where_free(flags, calendar)
    base = alt.Chart(alt.Data(values=rows)).encode(x=calendar.x)
    layers = [
        base.mark_rule(color=LIGHT.bucket, strokeDash=[3, 3]),
        base.mark_point(shape="triangle-down", filled=True, size=64, color=LIGHT.bucket, opacity=1).encode(
            y=alt.value(LANES[0])
        ),
    ]
    for lane in LANES:
        for align, shift in (("left", TIP), ("right", -TIP)):
            mine = [row for row in rows if row["lane"] == lane and row["align"] == align]
            text = alt.Chart(alt.Data(values=mine)).mark_text(
                align=align, dx=shift if lane == LANES[0] else 0, color=LIGHT.bucket_ink, baseline="middle"
            )
            layers += [text.encode(x=calendar.x, y=alt.value(lane), text="label:N")] if mine else []
    return layers


def named_where_free(flags: Sequence[Flag], calendar: Calendar) -> list[dict[str, Any]]:
    """Each flag with the lane and side where its name fits, the first flags served first; else without a name."""
    tips = [(at - TIP, at + TIP) for at in (calendar.place(flag.day) for flag in flags)]
    taken: dict[int, list[tuple[float, float]]] = {LANES[0]: list(tips), LANES[1]: []}
    rows = []
    for flag, (start, end) in zip(flags, tips, strict=True):
        others = {lane: [room for room in rooms if room != (start, end)] for lane, rooms in taken.items()}
        row = {"week": f"{flag.day}T00:00:00Z", "label": "", "lane": LANES[0], "align": "left"}
        length = width(flag.label, DETAIL)
        for lane in LANES:
            away = end if lane == LANES[0] else (start + end) / 2
            back = start if lane == LANES[0] else (start + end) / 2
            sides = {"left": (away, away + length), "right": (back - length, back)}
            fits = [align for align, room in sides.items() if _free(room, others[lane], calendar)]
            if fits:
                row |= {"label": flag.label, "lane": lane, "align": fits[0]}
                taken[lane].append(sides[fits[0]])
                break
        rows.append(row)
    return rows


def _free(room: tuple[float, float], taken: Sequence[tuple[float, float]], calendar: Calendar) -> bool:
    start, end = room
    if start < -EDGE or end > calendar.plot:
        return False
    return all(end + GAP / 2 <= left or start - GAP / 2 >= right for left, right in taken)


def mirror(weeks: Sequence[dict[str, Any]], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """Drops above the line, buckets below it; the week still running is paler."""
    calendar = Calendar(weeks, frame)
    y = alt.Axis(tickCount=5, labelExpr=COUNT, minExtent=EDGE)
    paler = alt.condition("datum.running", alt.value(0.4), alt.value(1.0))
    base = alt.Chart(_values(weeks)).encode(x=calendar.x, opacity=paler)
    up = base.mark_bar(color=LIGHT.drop, size=calendar.bar).encode(y=alt.Y("drops:Q", axis=y))
    down = (
        base.transform_calculate(below="-datum.buckets")
        .mark_bar(color=LIGHT.bucket, size=calendar.bar)
        .encode(y=alt.Y("below:Q", axis=y))
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=LIGHT.muted).encode(y="zero:Q")
    return alt.layer(up, down, zero).properties(width=calendar.plot, height=160 if frame.narrow else 230)
