"""What customers taught, in words and pictures: weights, memory, chances; and whether the reading keeps its word."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.proportion import Z
from gouttes.report import learned_chart, words
from gouttes.report.drawing import LARGE, SMALL, pictured
from gouttes.report.learned_chart import Panel, Step, Taught
from gouttes.report.words import rule_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from gouttes.language import Language
    from gouttes.report.drawing import Picture
    from gouttes.report.learned_data import Curve, Figure, Learned, Month, Ratio

LEARNED, UNSUPPORTED, SET = "learned", "unsupported", "set"
GUESSED = ("undecided", "unseen", "bound")
Z_95 = 1.959963984540054
SURE = 0.05
WAITING = ("accepted", "proposed")
SMALL_P = 0.001
FIRST, LAST = 0.05, 0.95
STEPS = 19
WEIGHTS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
DAYS = (7, 14, 30, 60, 120, 240, 480, 960, 1920)


def sentence(found: Learned, language: Language) -> str:
    """The answer: how many weights were taught, how many do not matter, how many are still guesses."""
    if found.status == "nothing":
        return language.say("learned.nothing")
    states = Counter(each.state for each in found.weights)
    counts = {
        "taught": states[LEARNED],
        "idle": states[UNSUPPORTED],
        "guess": sum(states[name] for name in GUESSED),
        "set": states[SET],
    }
    said = [language.say(f"learned.part.{name}", n=n) for name, n in counts.items() if n or name == "taught"]
    return language.say("learned.lead", n=len(found.weights), parts=language.say("unit.separator").join(said))


@dataclass(frozen=True)
class Words:
    """The section: first line, what it rests on and what becomes of it, parts; ``empty`` where nothing was learned."""

    lead: str
    note: str
    status: list[str]
    empty: bool
    drift: str
    looked: bool
    parts: list[tuple[str, list[str]]]


def words_of(found: Learned, language: Language) -> Words:
    """Everything the section says, but its pictures."""
    empty = found.status == "nothing"
    parts = {
        "asymmetry": [] if empty else asymmetry(found, language),
        "tests": [] if empty else tests(found, language),
        "unknown": [] if empty else unknown(found, language),
    }
    return Words(
        lead=sentence(found, language),
        note=language.say("learned.nothing_note") if empty else _basis(found, language),
        status=_status(found, language),
        empty=empty,
        drift=drift_sentence(found, language),
        looked=bool(found.drift.months),
        parts=[(language.say(f"learned.title.{name}"), lines) for name, lines in parts.items() if lines],
    )


def _basis(found: Learned, language: Language) -> str:
    said = language.say(
        "learned.basis",
        trials=found.trials,
        people=language.say("unit.people", n=found.people),
        share=language.percent(found.successes / found.trials if found.trials else math.nan),
        n=len(found.origins),
        first=language.date(min(found.origins)),
        last=language.date(max(found.origins)),
        days=language.days(found.horizon),
        version=found.version,
        date=language.date(found.learned_at) if found.learned_at else "",
    )
    return f"{said} {language.say('learned.in_force')}" if found.status == "in_force" else said


def _status(found: Learned, language: Language) -> list[str]:
    """Whether the readings rest on it, where they do not, and what may come."""
    said = [language.say(f"learned.status.{found.status}")] if found.status in WAITING else []
    if found.leaving:
        said.append(language.say("learned.leaving"))
    if found.waiting:
        said.append(language.say("learned.waiting", version=found.waiting))
    return said


def asymmetry(found: Learned, language: Language) -> list[str]:
    """Why buckets count more than drops: its three sources apart."""
    known = found.asymmetry or {}
    said = [_ratio(known.get(f"{name}_ratio"), name, language) for name in ("weight", "half_life")]
    up, down = known.get("drop_shift"), known.get("bucket_shift")
    if up is None or down is None:
        return said
    drop, bucket = _interval(up, language), _interval(down, language)
    start = {"drop": drop[0], "drop_interval": drop[1], "bucket": bucket[0], "bucket_interval": bucket[1]}
    return [*said, language.say("learned.start", **start)]


def _ratio(each: Figure | None, name: str, language: Language) -> str:
    if each is None or each.low is None or each.high is None:
        return language.say(f"learned.{name}_unknown")
    value, interval = _interval(each, language)
    clear = "unclear" if each.low <= 1 <= each.high else "clear"
    return language.say(f"learned.{name}_{clear}", value=value, interval=interval)


def _interval(each: Figure, language: Language, digits: int = 2) -> tuple[str, str]:
    """The value, and its ends; a dash where it was not estimated."""
    low, high = (math.nan if end is None else end for end in (each.low, each.high))
    ends = {"low": language.number(low, digits), "high": language.number(high, digits)}
    known = each.low is not None and each.high is not None
    return language.number(each.value, digits), language.say("unit.interval", **ends) if known else ends["low"]


def tests(found: Learned, language: Language) -> list[str]:
    """Whether one half-life, or one weight, would do."""
    pairs = (("one_half_life", found.one_half_life), ("equal_weights", found.equal_weights))
    return [_tested(name, test, language) for name, test in pairs if test is not None]


def _tested(name: str, test: Ratio, language: Language) -> str:
    tiny = test.p < SMALL_P
    p = (
        f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}{language.number(SMALL_P, 3)}"
        if tiny
        else f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{language.number(test.p, 3)}"
    )
    verdict = "no" if test.p < SURE else "yes"
    return language.say(
        f"learned.test.{name}.{verdict}", statistic=language.number(test.statistic, 1), degrees=test.degrees, p=p
    )


def unknown(found: Learned, language: Language) -> list[str]:
    """What this does not say: the guesses that are left, and why; outcomes without a chance; what a weight is not."""
    said = []
    for state in (*GUESSED, UNSUPPORTED):
        names = [rule_name(each.name, language) for each in found.weights if each.state == state]
        if names:
            said.append(language.say(f"learned.left.{state}", rules=language.listing(names)))
    for key, chosen in (
        ("few", [each for each in found.curves if each.reason]),
        ("flat", [each for each in found.curves if not each.reason and flat(each)]),
    ):
        if chosen:
            names = [language.say(f"validation.outcome.{each.outcome}") for each in chosen]
            said.append(language.say(f"learned.{key}", outcomes=language.listing(names)))
    if found.single:
        said.append(language.say("learned.single"))
    return [*said, language.say("learned.not_cause"), language.say("learned.not_promise")]


def flat(each: Curve) -> bool:
    """Whether the interval of 95 % of the slope holds 0: trust tells nothing sure of this outcome."""
    return each.slope - Z_95 * math.sqrt(max(each.covariance[2], 0.0)) <= 0


def drift_sentence(found: Learned, language: Language) -> str:
    """Whether the reading keeps its word, when somebody last looked."""
    drift = found.drift
    if drift.as_of is None:
        return language.say("learned.drift.never")
    z = language.number(drift.months[-1].z, 1, sign=True) if drift.months else ""
    said = language.say(f"learned.drift.{drift.state}", date=language.date(drift.as_of), z=z)
    if drift.months and drift.months[-1].told:
        said = f"{said} {language.say('learned.drift.known')}"
    return f"{said} {language.say('learned.drift.stale')}" if drift.stale else said


def pictures(found: Learned | None, distribution: pd.DataFrame, language: Language) -> dict[str, Picture | None]:
    """The pictures for which there are figures, by key."""
    if found is None:
        return {}
    return {
        "learned_weights": _weights(found, language),
        "learned_memory": _memory(found, language),
        "learned_chances": _chances(found, spread(distribution), language),
        "learned_drift": _drift(found.drift.months, language),
    }


def _weights(found: Learned, language: Language) -> Picture | None:
    """What each event weighs: drops before buckets, what was learned before guesses, the heaviest first."""
    ordered = sorted(found.weights, key=lambda each: (each.bucket, each.state != LEARNED, -each.value))
    if not ordered:
        return None
    marks = [_taught(each, rule_name(each.name, language), language.number, language) for each in ordered]
    rows = [(mark.label, mark.text, *_ends(each, 2, language)) for mark, each in zip(marks, ordered, strict=True)]
    return _beside("learned_weights", marks, rows, LARGE, language, WEIGHTS, "rule taught interval_95 guessed state")


def _memory(found: Learned, language: Language) -> Picture | None:
    """How long each class is remembered."""
    if not found.memories:
        return None
    marks = [
        _taught(each, class_name(each.name, language), lambda days, _: language.days(round(days)), language, digits=0)
        for each in found.memories
    ]
    classes: Mapping[str, Sequence[str]] = found.classes or {}
    rows = [
        (
            mark.label,
            mark.text,
            *_ends(each, 0, language),
            ", ".join(rule_name(rule, language) for rule in classes.get(each.name, ())),
        )
        for mark, each in zip(marks, found.memories, strict=True)
    ]
    columns = "memory_class half_life interval_95 guessed state in_class"
    return _beside("learned_memory", marks, rows, SMALL, language, DAYS, columns)


def class_name(name: str, language: Language) -> str:
    """A class of rules in words; a name that is none of ours stays as it is."""
    side, _, rest = name.partition(" ")
    days, _, fixed = rest.partition(" ")
    if side not in {"drops", "buckets"} or not days.replace(".", "", 1).isdigit():
        return name
    return language.say(f"learned.class.{side}{'_set' if fixed else ''}", days=language.days(float(days)))


def _beside(
    key: str,
    marks: Sequence[Taught],
    rows: Sequence[tuple[str, ...]],
    width: int,
    language: Language,
    ticks: Sequence[float],
    columns: str,
) -> Picture:
    spoken = language.say("unit.separator").join(f"{mark.label} {mark.text} ({mark.detail})" for mark in marks)
    return pictured(
        key,
        lambda frame: learned_chart.beside_guess(marks, frame, ticks=ticks),
        width,
        language,
        rows,
        columns=columns,
        list=spoken,
    )


def _taught(
    each: Figure, label: str, written: Callable[[float, int], str], language: Language, *, digits: int = 2
) -> Taught:
    """A figure as it is drawn: its interval beside it, or why it has none."""
    low, high = each.low, each.high
    guess = language.number(each.prior, digits)
    known = each.state == LEARNED and low is not None and high is not None
    if known:
        detail = language.say("learned.beside", interval=_interval(each, language, digits)[1], guess=guess)
    else:
        detail = language.say(f"learned.mark.{each.state}", guess=guess)
    text = language.number(0) if each.state == UNSUPPORTED else written(each.value, digits)
    return Taught(
        label=label,
        value=each.value,
        low=each.value if low is None else low,
        high=each.value if high is None else high,
        text=text,
        detail=detail,
        bucket=each.bucket,
        faint=not known,
        prior=each.prior,
        known=known,
    )


def _ends(each: Figure, digits: int, language: Language) -> tuple[str, str, str]:
    """The interval, the guess and the state, as the tables write them."""
    state = language.say(f"learned.state.{each.state}")
    return _interval(each, language, digits)[1], language.number(each.prior, digits), state


def spread(distribution: pd.DataFrame) -> tuple[float, float]:
    """Between which readings nine people in ten are; the ends of the axis where nobody has a reading."""
    bins = distribution.sort_values("low").astype({"low": "float64", "high": "float64", "people": "float64"})
    total = float(bins["people"].sum())
    if total == 0:
        return FIRST, LAST
    ends: list[float] = []
    below = 0.0
    wanted = [FIRST * total, LAST * total]
    for low, high, people in bins[["low", "high", "people"]].itertuples(index=False):
        while len(ends) < len(wanted) and below + people >= wanted[len(ends)]:
            ends.append(low + (high - low) * (wanted[len(ends)] - below) / people)
        below += people
    return max(FIRST, ends[0]), min(LAST, max(ends[-1], ends[0] + 0.01))


def chance_at(each: Curve, trust: float) -> Step:
    """The chance of an outcome for people of this trust, with an interval of 90 % for the two figures of the curve."""
    logit = math.log(trust / (1 - trust))
    level, both, slope = each.covariance
    middle = each.level + each.slope * logit
    error = Z * math.sqrt(max(level + 2 * logit * both + logit * logit * slope, 0.0))
    return Step(trust, *(1 / (1 + math.exp(-score)) for score in (middle, middle - error, middle + error)))


def _chances(found: Learned, ends: tuple[float, float], language: Language) -> Picture | None:
    told = [each for each in found.curves if not each.reason]
    if not told:
        return None
    panels, rows = [], []
    for each in told:
        steps = [chance_at(each, FIRST + (LAST - FIRST) * step / (STEPS - 1)) for step in range(STEPS)]
        few, many = (chance_at(each, end) for end in ends)
        name = language.say(f"learned.outcome.{each.outcome}")
        texts = (language.percent(few.chance, 0), language.percent(many.chance, 0))
        panels.append(Panel(name, steps, (few, many), texts))
        rows.append(
            (
                name,
                _chance(few, language),
                _chance(many, language),
                language.number(each.trials),
                language.number(each.people),
            )
        )
    low, high = (language.percent(end, 0) for end in ends)
    return pictured(
        "learned_chances",
        lambda frame: learned_chart.curves(panels, frame),
        LARGE,
        language,
        rows,
        columns="outcome chance_low chance_high opportunities people",
        low=low,
        high=high,
        list=language.say("unit.separator").join(f"{row[0]}: {row[1]} → {row[2]}" for row in rows),
    )


def _chance(step: Step, language: Language) -> str:
    return f"{language.percent(step.chance)} ({words.between(step.low, step.high, language)})"


def _drift(months: Sequence[Month], language: Language) -> Picture | None:
    if not months:
        return None
    names = [language.date(one.origin, "short") for one in months]
    rows = [
        (
            language.date(one.origin, "medium"),
            f"{language.percent(one.expected)} ({words.between(one.low, one.high, language)})",
            language.percent(one.observed),
            language.number(one.z, 1, sign=True),
            language.number(one.trials),
            language.number(one.people),
            language.say(f"learned.told.{'yes' if one.told else 'no'}"),
        )
        for one in reversed(months)
    ]
    return pictured(
        "learned_drift",
        lambda frame: learned_chart.drift(months, names, frame),
        LARGE,
        language,
        rows,
        columns="thirty_days expected came z opportunities people told",
        list=language.say("unit.separator").join(f"{row[0]}: {row[1]} → {row[2]}" for row in rows),
    )
