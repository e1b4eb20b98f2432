"""Every picture of the report: its chart, its words, and the table behind it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from gouttes.report import brand, charts, identity, learned, relation, timelines, validation, words
from gouttes.report.charts import Mark
from gouttes.report.data import rows
from gouttes.report.drawing import LARGE, SMALL, pictured
from gouttes.report.timelines import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gouttes.language import Language
    from gouttes.report.data import Estimate, ReportData
    from gouttes.report.drawing import Picture
    from gouttes.report.findings import Findings

WEEKS = 53  # a year and the week it is compared with
LESS_IS_BETTER = frozenset({"repeat_contact"})


def pictures(data: ReportData, found: Findings, language: Language) -> dict[str, Picture]:
    """The pictures for which there are figures, by key."""
    makers: dict[str, Callable[[], Picture | None]] = {
        "trend": lambda: trend(data, found, language),
        "mirror": lambda: mirror(data, language),
        "facets": lambda: facets(found, language),
        "prior": lambda: prior(found, language),
        "behaviours": lambda: behaviours(found, language),
        "returns": lambda: returns(found, language),
        "movers": lambda: movers(found, language, data.days),
        "distribution": lambda: distribution(data, found, language),
        "sizes": lambda: identity.sizes(found, language),
        "brought": lambda: identity.brought(found, language),
        "origins": lambda: identity.origins(found, language),
        "waiting": lambda: identity.waiting(found, language),
        "calibration": lambda: validation.curve(data.validation, language),
        "stages": lambda: relation.stage_picture(data.relation, language),
        "levels": lambda: relation.level_picture(data.relation, language),
    }
    drawn = {key: make() for key, make in makers.items()} | brand.pictures(data.brand, language)
    drawn |= learned.pictures(data.learned, data.distribution, language)
    return {key: made for key, made in drawn.items() if made is not None}


def _weeks(data: ReportData) -> list[dict[str, Any]]:
    """The last year of whole rows, oldest first, with the week as a plain day and as Vega reads it."""
    weeks = data.weeks.dropna(subset=["trust", "low", "high"])
    days = pd.to_datetime(weeks["week"], utc=True).dt.date
    return rows(weeks.assign(day=days, week=[f"{day}T00:00:00Z" for day in days]).sort_values("day").tail(WEEKS))


def trend(data: ReportData, found: Findings, language: Language) -> Picture | None:
    """Trust over time with its band, and the incidents."""
    weeks = _weeks(data)
    if not weeks:
        return None
    first, last = weeks[0]["day"], weeks[-1]["day"]
    drawn = [
        {"week": week["week"], "day": week["day"]} | {name: float(week[name]) for name in ("trust", "low", "high")}
        for week in weeks
    ]
    inside = [one for one in found.incidents if first <= one.day <= last + timedelta(days=7)]
    most = sorted(inside, key=lambda incident: -incident.people)
    flags = [Flag(min(one.day, last), words.short(words.matter(one.label, language))) for one in most]
    return pictured(
        "trend",
        lambda frame: timelines.trend(drawn, flags, frame),
        LARGE,
        language,
        [_week(week, language) for week in reversed(weeks)],
        columns="week trust interval people",
        first=language.date(first),
        last=language.date(last),
        start=language.percent(drawn[0]["trust"]),
        end=language.percent(drawn[-1]["trust"]),
        low=language.percent(min(week["trust"] for week in drawn)),
    )


def _week(week: dict[str, Any], language: Language) -> tuple[str, ...]:
    return (
        language.date(week["day"], "medium"),
        language.percent(week["trust"]),
        words.between(week["low"], week["high"], language),
        language.number(week["people"]),
    )


def mirror(data: ReportData, language: Language) -> Picture | None:
    """Drops and buckets by week."""
    today = data.as_of.date()
    drawn = [
        {
            "week": week["week"],
            "day": week["day"],
            "drops": float(week["drops"]),
            "buckets": float(week["buckets"]),
            "running": week["day"] + timedelta(days=7) > today,
        }
        for week in _weeks(data)
    ]
    drops, buckets = (sum(week[name] for week in drawn) for name in ("drops", "buckets"))
    if not drops + buckets:
        return None
    return pictured(
        "mirror",
        lambda frame: timelines.mirror(drawn, frame),
        LARGE,
        language,
        [
            (
                language.date(week["day"], "medium"),
                language.number(week["drops"], 1),
                language.number(week["buckets"], 1),
            )
            for week in reversed(drawn)
        ],
        columns="week drops buckets",
        drops=language.number(drops / len(drawn)),
        buckets=language.number(buckets / len(drawn)),
        worst=language.date(max(drawn, key=lambda week: week["buckets"])["day"]),
    )


def facets(found: Findings, language: Language) -> Picture | None:
    """The three facets."""
    if not found.facets:
        return None
    marks = [_mark(one, language.label("facet", one.name), language, n=False) for one in found.facets]
    low, high = min(mark.low for mark in marks), max(mark.high for mark in marks)
    pad = max(0.03, 0.15 * (high - low))
    domain = (max(0.0, low - pad), min(1.0, high + pad))
    return pictured(
        "facets",
        lambda frame: charts.dots(marks, frame, domain=domain),
        SMALL,
        language,
        [(mark.label, *_figures(one, language)) for mark, one in zip(marks, found.facets, strict=True)],
        columns="facet value interval n",
        list=_spoken(marks, language),
    )


def behaviours(found: Findings, language: Language) -> Picture | None:
    """What customers do, as rates with intervals."""
    ordered = sorted(found.behaviours, key=lambda one: (one.name in LESS_IS_BETTER, -one.value))
    if not ordered:
        return None
    marks = [
        _mark(one, language.label("measure", one.name), language, bucket=one.name in LESS_IS_BETTER) for one in ordered
    ]
    return pictured(
        "behaviours",
        lambda frame: charts.dots(marks, frame, domain=(0.0, 1.0)),
        LARGE,
        language,
        [(mark.label, *_figures(one, language)) for mark, one in zip(marks, ordered, strict=True)],
        columns="measure rate interval n",
        list=_spoken(marks, language),
    )


def returns(found: Findings, language: Language) -> Picture | None:
    """Unprompted return, for each window."""
    if not found.returns:
        return None
    marks = [
        _mark(one, language.say("chart.returns.row", days=language.days(one.window or 0)), language)
        for one in found.returns
    ]
    most = max(mark.high for mark in marks)
    domain = (0.0, min(1.0, math.ceil(10 * most) / 10))
    return pictured(
        "returns",
        lambda frame: charts.dots(marks, frame, domain=domain),
        SMALL,
        language,
        [(language.days(one.window or 0), *_figures(one, language)) for one in found.returns],
        columns="window rate interval n",
        list=_spoken(marks, language),
    )


def movers(found: Findings, language: Language, days: int) -> Picture | None:
    """What cost and what earned most lately."""
    both = [*found.earns, *reversed(found.costs)]
    if not both:
        return None
    marks = [
        Mark(
            label=words.short(words.mover_name(one, language)),
            value=one.contribution,
            low=one.low,
            high=one.high,
            text=language.points(one.contribution, 2),
            detail=words.moved(one, language),
            bucket=one.contribution < 0,
        )
        for one in both
    ]
    return pictured(
        "movers",
        lambda frame: charts.bars(marks, frame),
        LARGE,
        language,
        [
            (
                words.mover_name(one, language),
                language.points(one.contribution, 2),
                words.points_between(one.low, one.high, language),
                language.number(one.events),
                language.number(one.people),
            )
            for one in both
        ],
        columns="mover points interval events people",
        list=language.say("unit.separator").join(f"{mark.label} {mark.text}" for mark in marks),
        days=language.days(days),
    )


def distribution(data: ReportData, found: Findings, language: Language) -> Picture | None:
    """How trust is spread over customers."""
    if found.below_even is None or found.today is None:
        return None
    bins = data.distribution.sort_values("low").astype({"low": "float64", "high": "float64", "people": "int64"})
    drawn = [{name: one[name] for name in ("low", "high", "people")} for one in rows(bins)]
    mean = found.today.value
    label = language.say("chart.distribution.mean", value=language.percent(mean))
    return pictured(
        "distribution",
        lambda frame: charts.histogram(drawn, mean, label, frame),
        SMALL,
        language,
        [
            (
                words.between(row["low"], row["high"], language, 0),
                language.number(row["people"]),
                language.percent(row["people"] / found.below_even.n),
            )
            for row in drawn
        ],
        columns="band people share",
        people=language.say("unit.people", n=found.below_even.n),
        below=language.percent(found.below_even.value),
    )


def prior(found: Findings, language: Language) -> Picture | None:
    """What the mean reading rests on."""
    unknown = found.ignorance
    if unknown is None:
        return None
    share, rest = language.percent(unknown), language.percent(1 - unknown)
    return pictured(
        "prior",
        lambda frame: charts.share(unknown, frame),
        SMALL,
        language,
        [(language.say("chart.prior.events"), rest), (language.say("chart.prior.prior"), share)],
        columns="basis share",
        share=share,
        rest=rest,
    )


def _mark(one: Estimate, label: str, language: Language, *, bucket: bool = False, n: bool = True) -> Mark:
    detail = words.beside(one, language) if n else words.between(one.low, one.high, language)
    return Mark(label, one.value, one.low, one.high, language.percent(one.value), detail, bucket)


def _figures(one: Estimate, language: Language) -> tuple[str, str, str]:
    n = language.number(one.n) if one.n else language.number(math.nan)
    return language.percent(one.value), words.between(one.low, one.high, language), n


def _spoken(marks: Sequence[Mark], language: Language) -> str:
    return language.say("unit.separator").join(f"{mark.label} {mark.text} ({mark.detail})" for mark in marks)
