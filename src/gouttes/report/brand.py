"""The brand in words and pictures: is trust local or collective, and how sure that is."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from gouttes.report import charts, words
from gouttes.report.brand_chart import control
from gouttes.report.charts import Mark
from gouttes.report.drawing import LARGE, SMALL, pictured
from gouttes.report.words import Headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.language import Language
    from gouttes.proportion import Figure
    from gouttes.report.brand_data import Brand
    from gouttes.report.drawing import Picture

SHARES = ("dependence", "transfer", "consistency")
PARTS = ("person", "agent", "dyad", "team", "month")
MONTHS = 18


def sentence(found: Brand, language: Language) -> Headline:
    """Local, collective or not known; and why."""
    lead = language.say(f"brand.phase.{found.phase.answer}")
    reason = f"brand.reason.{found.lies.reason}"
    if found.lies.reason:
        detail = language.say(reason if language.knows(reason) else "brand.reason.other")
    elif found.phase.unmet:
        unmet = language.listing([language.say(f"brand.unmet.{name}") for name in found.phase.unmet])
        detail = language.say("brand.lacks", unmet=unmet)
    else:
        detail = language.say("brand.all_met")
    return Headline(lead, "", "", detail)


def parts(found: Brand, language: Language) -> list[tuple[str, list[str]]]:
    """The sentences of each part, under its title."""
    makers = {
        "lies": _lies,
        "handover": _handover,
        "chart": _chart,
        "network": _network,
        "conditions": _conditions,
    }
    return [(language.say(f"brand.title.{name}"), make(found, language)) for name, make in makers.items()]


def unknown(language: Language) -> list[str]:
    """What these figures do not say."""
    return [language.say(f"brand.note.{name}") for name in ("outcome", "cause", "agents")]


def _share(figure: Figure, language: Language, digits: int = 1) -> dict[str, str]:
    """A share as the sentences take it: value, interval, n."""
    return {
        "value": language.percent(figure.value, digits),
        "interval": words.between(figure.low, figure.high, language, digits),
        "count": language.number(figure.n),
    }


def _points(figure: Figure, language: Language) -> dict[str, str]:
    return {
        "value": language.points(figure.value),
        "interval": words.points_between(figure.low, figure.high, language, 1),
        "count": language.number(figure.n),
    }


def _number(figure: Figure, language: Language, digits: int) -> dict[str, str]:
    high = language.number(figure.high, digits) if math.isfinite(figure.high) else language.say("brand.without_end")
    interval = language.say("unit.interval", low=language.number(figure.low, digits), high=high)
    return {
        "value": language.number(figure.value, digits),
        "interval": interval,
        "count": language.number(figure.n),
    }


def _lies(found: Brand, language: Language) -> list[str]:
    lies, said = found.lies, []
    counts = {name: language.number(getattr(lies.counted, name)) for name in ("rows", "people", "agents", "several")}
    said.append(language.say("brand.counted", **counts))
    for name in SHARES:
        figure = getattr(lies, name)
        if figure is not None:
            said.append(language.say(f"brand.{name}", **_share(figure, language)))
    if lies.reason:
        reason = f"brand.reason.{lies.reason}"
        said.append(language.say(reason if language.knows(reason) else "brand.reason.other"))
    if lies.sampled and lies.sampled < lies.counted.people:
        said.append(language.say("brand.sampled", n=lies.sampled))
    return said


def _handover(found: Brand, language: Language) -> list[str]:
    study = found.handover
    if study.effect is None:
        return [language.say("brand.handover_few")]
    said = [language.say("brand.handover", days=language.days(study.days), **_points(study.effect, language))]
    clear = "unclear" if study.effect.low <= 0 <= study.effect.high else "lost" if study.effect.value < 0 else "won"
    said.append(language.say(f"brand.handover_{clear}"))
    if study.unmatched:
        said.append(language.say("brand.unmatched", n=study.unmatched))
    return said


def _chart(found: Brand, language: Language) -> list[str]:
    chart = found.chart
    if chart.centre is None:
        return [language.say("brand.chart_few")]
    said = [language.say("brand.chart", **_share(chart.centre, language))]
    outside = [one for one in chart.months if one.outside]
    if not outside:
        return [*said, language.say("brand.chart_inside", n=len(chart.months))]
    named = [
        language.say("brand.month", month=month_name(one.month, language), **_share(one.kept, language))
        for one in outside[-MONTHS:]
    ]
    return [*said, language.say("brand.chart_outside", months=language.listing(named))]


def month_name(month: str, language: Language) -> str:
    """A month such as 2026-11 as its reader writes it."""
    return language.date(date.fromisoformat(f"{month}-01"), "month")


def _network(found: Brand, language: Language) -> list[str]:
    net = found.network
    if net.k is None or net.invitations is None:
        return [language.say(f"brand.network_{net.reason}")]
    said = [language.say("brand.invitations", **_number(net.invitations, language, 2))]
    if net.conversion is not None:
        said.append(language.say("brand.conversion", **_share(net.conversion, language)))
    said.append(language.say("brand.k", **_number(net.k, language, 3)))
    if net.k_unrewarded is not None:
        said.append(language.say("brand.k_unrewarded", **_number(net.k_unrewarded, language, 3)))
    if net.reach is None:
        said.append(language.say("brand.endless"))
    else:
        said.append(language.say("brand.reach", **_number(net.reach, language, 2)))
    if net.passed_on is not None:
        said.append(language.say("brand.passed_on", n=net.pairs, **_share(net.passed_on, language)))
    else:
        said.append(language.say("brand.pairs", n=net.pairs))
    return said


def _conditions(found: Brand, language: Language) -> list[str]:
    seen = found.conditions
    if seen.recommenders is None or seen.others is None or seen.difference is None:
        return [language.say(f"brand.conditions_{seen.reason}")]
    said = []
    for name in ("kept", "met", "both"):
        ours, others = _share(seen.recommenders[name], language), _share(seen.others[name], language)
        gap = _points(seen.difference[name], language)
        values = {"other": others["value"], "other_interval": others["interval"], "other_count": others["count"]}
        said.append(
            language.say(f"brand.condition.{name}", **ours, **values, gap=gap["value"], gap_interval=gap["interval"])
        )
    return said


def pictures(found: Brand | None, language: Language) -> dict[str, Picture | None]:
    """The pictures for which there are figures, by key."""
    if found is None:
        return {}
    return {
        "brand_lies": _spread(found, language),
        "brand_handover": _before_after(found, language),
        "brand_chart": _controlled(found, language),
        "brand_network": _carried(found, language),
    }


def _dots(
    key: str, marks: Sequence[Mark], width: int, language: Language, domain: tuple[float, float], columns: str
) -> Picture:
    table = [(one.label, one.text, one.detail) for one in marks]
    spoken = language.say("unit.separator").join(f"{one.label} {one.text} ({one.detail})" for one in marks)
    return pictured(
        key,
        lambda frame: charts.dots(marks, frame, domain=domain),
        width,
        language,
        table,
        columns=columns,
        list=spoken,
    )


def _mark(label: str, figure: Figure, text: str, interval: str, language: Language, *, bucket: bool = False) -> Mark:
    detail = f"{interval} · {language.say('unit.n', n=figure.n)}"
    return Mark(label, figure.value, figure.low, figure.high, text, detail, bucket)


def _spread(found: Brand, language: Language) -> Picture | None:
    """Standard deviations, in points of success: what a customer, an agent, the two together make."""
    lies = found.lies
    if lies.parts is None or lies.reason:
        return None
    marks = []
    for name in PARTS:
        if name in lies.parts:
            one = lies.parts[name]
            value, low, high = (math.sqrt(each) for each in (one.value, one.low, one.high))
            root = type(one)(value, low, high, one.n)
            said = _share(root, language)
            marks.append(_mark(language.say(f"brand.part.{name}"), root, said["value"], said["interval"], language))
    domain = (0.0, max(mark.high for mark in marks))
    return _dots("brand_lies", marks, LARGE, language, domain, "part deviation interval")


def _before_after(found: Brand, language: Language) -> Picture | None:
    study = found.handover
    four = {
        "before": study.before,
        "after": study.after,
        "before_kept": study.before_kept,
        "after_kept": study.after_kept,
    }
    marks = []
    for name, one in four.items():
        if one is not None:
            said = _share(one, language)
            label = language.say(f"brand.side.{name}")
            marks.append(_mark(label, one, said["value"], said["interval"], language, bucket=name == "after"))
    if not marks:
        return None
    low, high = min(mark.low for mark in marks), max(mark.high for mark in marks)
    domain = (max(0.0, low - 0.02), min(1.0, high + 0.02))
    return _dots("brand_handover", marks, LARGE, language, domain, "side trust interval")


def _carried(found: Brand, language: Language) -> Picture | None:
    marks = []
    for name in ("k", "k_unrewarded"):
        one = getattr(found.network, name)
        if one is not None:
            said = _number(one, language, 3)
            marks.append(_mark(language.say(f"brand.carried.{name}"), one, said["value"], said["interval"], language))
    if not marks:
        return None
    return _dots("brand_network", marks, SMALL, language, (0.0, max(mark.high for mark in marks)), "carried k interval")


def _controlled(found: Brand, language: Language) -> Picture | None:
    chart = found.chart
    if chart.centre is None or not chart.months:
        return None
    months, centre = chart.months[-MONTHS:], chart.centre.value
    table = [
        (
            month_name(one.month, language),
            language.percent(one.kept.value),
            words.between(one.kept.low, one.kept.high, language),
            words.between(one.lower, one.upper, language),
            language.number(one.kept.n),
        )
        for one in reversed(months)
    ]
    return pictured(
        "brand_chart",
        lambda frame: control(months, centre, frame, names=[month_name(one.month, language) for one in months]),
        LARGE,
        language,
        table,
        columns="month kept interval limits n",
        months=len(months),
        centre=language.percent(centre),
        outside=sum(one.outside for one in months),
    )
