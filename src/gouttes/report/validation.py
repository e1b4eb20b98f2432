"""Does the reading add anything here, and over what: the sentence, the calibration curve, and the tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from gouttes.report.charts import PERCENT, plot_width
from gouttes.report.drawing import LARGE, pictured
from gouttes.report.tables import Table
from gouttes.report.theme import LIGHT
from gouttes.report.words import between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gouttes.language import Language
    from gouttes.report.drawing import Frame, Picture
    from gouttes.report.validation_data import Interval, Point, Rival, Tried, Validated

HEIGHT = 280
ADDS = "adds"
MANY = 2  # plainer predictions to fall back on: more than a first line can say


def sentence(found: Validated, language: Language) -> str:
    """The answer: for which outcomes the reading adds to every plainer prediction, and where nothing is added."""
    if found.reason:
        return language.say("validation.unknown", reason=reason(found, language))
    adding = [each for each in found.outcomes if each.verdict == ADDS]
    parts = []
    if adding:
        names = language.listing(_outcome(each, language) for each in adding)
        parts.append(language.say("validation.adds", outcomes=names))
    parts += [nothing] if (nothing := caution(found.without_gain, language)) else []
    if not parts:
        unknown = found.outcomes[0] if found.outcomes else found
        return language.say("validation.unknown", reason=reason(unknown, language))
    return " ".join(parts)


def caution(without_gain: Mapping[str, str], language: Language) -> str:
    """One line for every screen that shows the reading; empty where no outcome is without added value.

    Args:
        without_gain: outcomes for which no added value was found, each with the baseline to fall back on.
        language: of the reader.
    """
    found: dict[str, list[str]] = {}
    for name, over in without_gain.items():
        found.setdefault(over, []).append(name)
    said = [_nothing(over, names, language) for over, names in found.items()]
    return " ".join([*said, language.say("validation.instead")] if said else said)


@dataclass(frozen=True)
class Words:
    """The section of the report: first line and what details it, the line beside the reading, facts and tables."""

    lead: str
    details: list[str]
    caution: str
    facts: list[str]
    tables: list[Table]


def words(found: Validated, language: Language) -> Words:
    """Everything the section says, but its picture."""
    lead, details = _first(found, language)
    return Words(
        lead,
        details,
        caution(found.without_gain, language),
        facts(found, language),
        tables(found, language),
    )


def _first(found: Validated, language: Language) -> tuple[str, list[str]]:
    """The answer in one line; what to go by instead follows it, one line for each plainer prediction."""
    over = dict.fromkeys(found.without_gain.values())
    if found.reason or len(over) < MANY:
        return sentence(found, language), []
    lost = [_outcome(each, language) for each in found.outcomes if each.verdict == "none"]
    lead = language.say("validation.none_many", outcomes=language.listing(lost))
    adding = [_outcome(each, language) for each in found.outcomes if each.verdict == ADDS]
    if adding:
        lead = f"{language.say('validation.adds', outcomes=language.listing(adding))} {lead}"
    return lead, [_instead(one, found, language) for one in over]


def _instead(over: str, found: Validated, language: Language) -> str:
    names = language.listing(
        _outcome(each, language) for each in found.outcomes if found.without_gain.get(each.name) == over
    )
    return language.say("validation.rely", outcomes=names, over=language.say(f"validation.baseline.{over}"))


def _nothing(over: str, names: Sequence[str], language: Language) -> str:
    said = language.listing(language.say(f"validation.outcome.{name}") for name in names)
    return language.say("validation.none", over=language.say(f"validation.baseline.{over}"), outcomes=said)


def _outcome(each: Tried, language: Language) -> str:
    return language.say(f"validation.outcome.{each.name}")


def reason(found: Validated | Tried, language: Language) -> str:
    """Why nothing can be said."""
    needed, seen = language.number(found.needed), language.number(found.found)
    return language.say(f"validation.reason.{found.reason or 'no_outcome'}", needed=needed, found=seen)


def facts(found: Validated, language: Language) -> list[str]:
    """How it was found out, and what is not known: dates, people, coverage, what purchases alone explain."""
    said = []
    if found.total_dates:
        key = "same_date" if found.same_date else "dates"
        said.append(language.say(f"validation.{key}", n=found.total_dates, days=language.days(found.horizon)))
        if found.total_dates < found.asked:
            said.append(language.say("validation.few_dates", n=found.total_dates, asked=found.asked))
    if found.sampled:
        said.append(language.say("validation.sampled", n=found.sampled))
    if found.hold_out:
        said.append(language.say("validation.hold_out"))
    if found.stale:
        said.append(language.say("validation.stale"))
    for each in found.outcomes:
        said += _said(each, language)
    return said


def _said(each: Tried, language: Language) -> list[str]:
    """What is said of one outcome."""
    name = _outcome(each, language)
    if each.reason:
        return [language.say("validation.outcome_unknown", outcome=name, reason=reason(each, language))]
    said = [
        language.say(
            "validation.scored",
            outcome=name,
            people=language.say("unit.people", n=each.people),
            auc=_written(each.auc, language, 3),
            slope=_written(each.slope, language, 2),
            coverage=_share(each.coverage, language),
            z=language.number(each.z, 1, sign=True),
        )
    ]
    if each.unlearned:
        said.append(language.say("validation.unlearned", outcome=name))
    base = next((one.without for one in each.rivals if one.name == "base_rate"), None)
    if base is not None:
        key = "without_adds" if base.low > 0 else "without_none"
        said.append(language.say(f"validation.{key}", outcome=name, gain=_thousandths(base, language)))
    return said


def _written(figure: Interval | None, language: Language, digits: int) -> str:
    if figure is None or math.isnan(figure.value):
        return language.say("validation.undefined")
    low, high = language.number(figure.low, digits), language.number(figure.high, digits)
    return f"{language.number(figure.value, digits)} ({language.say('unit.interval', low=low, high=high)})"


def _share(figure: Interval | None, language: Language) -> str:
    if figure is None:
        return language.say("validation.undefined")
    return f"{language.percent(figure.value)} ({between(figure.low, figure.high, language)})"


def _thousandths(figure: Interval, language: Language) -> str:
    """ΔLL per thousand opportunities, with its interval."""
    value, low, high = (language.number(1000 * each, 1, sign=True) for each in (figure.value, figure.low, figure.high))
    return f"{value} ({language.say('unit.interval', low=low, high=high)})"


def rivals(each: Tried, language: Language) -> Table:
    """ΔLL against every baseline, with intervals, or why there is no such baseline."""
    columns = ("baseline", "gain", "without", "auc")
    return Table(
        language.say("validation.rivals", outcome=_outcome(each, language)),
        tuple(language.say(f"column.{name}") for name in columns),
        tuple(_line(one, language) for one in each.rivals),
    )


def _line(one: Rival, language: Language) -> tuple[str, ...]:
    name = language.say(f"validation.baseline.{one.name}")
    if one.gain is None:
        return (name, language.say(f"validation.absent.{one.absent}"), "", "")
    without = _thousandths(one.without, language) if one.without else ""
    return (name, _thousandths(one.gain, language), without, _written(one.auc, language, 3))


def groups(each: Tried, language: Language) -> Table:
    """How groups were predicted, in alphabetical order: never a ranking."""
    columns = ("group", "observed", "predicted", "z", "people")
    lines = []
    for one in each.groups:
        stage = f"validation.stage.{one.label}"
        label = language.say(stage) if one.kind == "stage" and language.knows(stage) else one.label
        lines.append(
            (
                f"{language.say(f'validation.kind.{one.kind}')} · {label}",
                f"{language.percent(one.observed.value)} ({between(one.observed.low, one.observed.high, language)})",
                language.percent(one.predicted),
                language.number(one.z, 1, sign=True),
                language.number(one.people),
            )
        )
    headings = tuple(language.say(f"column.{name}") for name in columns)
    return Table(language.say("validation.groups", outcome=_outcome(each, language)), headings, tuple(lines))


def tables(found: Validated, language: Language) -> list[Table]:
    """Every table of the page that has a row."""
    made = [make(each, language) for each in found.outcomes for make in (rivals, groups)]
    return [one for one in made if one.rows]


def curve(found: Validated | None, language: Language) -> Picture | None:
    """Predicted chances against facts, for the first outcome that was tried."""
    tried = next((each for each in found.outcomes if each.curve), None) if found else None
    if tried is None:
        return None
    rows = [
        (
            language.percent(point.predicted),
            f"{language.percent(point.observed.value)} ({between(point.observed.low, point.observed.high, language)})",
            language.number(point.observed.n),
            language.number(point.people),
        )
        for point in tried.curve
    ]
    return pictured(
        "calibration",
        lambda frame: drawn(tried.curve, frame),
        LARGE,
        language,
        rows,
        columns="predicted observed opportunities people",
        outcome=_outcome(tried, language),
        list=language.say("unit.separator").join(f"{row[0]} → {row[1]}" for row in rows),
    )


def drawn(points: Sequence[Point], frame: Frame) -> Any:  # noqa: ANN401 -- Altair is untyped here
    """A point and its bar for each group, around the line on which predictions are right."""
    values = [
        {"x": one.predicted, "y": one.observed.value, "low": one.observed.low, "high": one.observed.high}
        for one in points
    ]
    axis = alt.Axis(tickCount=5, labelExpr=PERCENT[frame.code], labelFlush=True)
    scale = alt.Scale(domain=[0, 1])
    x, y = alt.X("x:Q", scale=scale, axis=axis), alt.Y("y:Q", scale=scale, axis=axis)
    right = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
    line = right.mark_line(color=LIGHT.muted, strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y)
    base = alt.Chart(alt.Data(values=values))
    bars = base.mark_rule(color=LIGHT.drop, strokeWidth=2).encode(
        x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color=LIGHT.drop).encode(x=x, y=y)
    return alt.layer(line, bars, dots).properties(width=plot_width(frame), height=HEIGHT)
