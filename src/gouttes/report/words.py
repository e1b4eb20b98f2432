"""The sentences that the page and the terminal share, and the figures as they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.report.findings import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from gouttes.language import Language
    from gouttes.report.data import Change, Estimate
    from gouttes.report.findings import Findings, Mover, Reason

MOST_SURE = 0.999  # beyond this a chance is said to be "over 99.9 %": the model is not that sure of itself
LONGEST = 42  # letters of somebody's own label on a chart


@dataclass(frozen=True)
class Headline:
    """The first line and what stands under it.

    Attributes:
        lead, amount, end: the sentence in three parts; ``amount`` is the coloured one and may be empty.
        detail: interval, chance, number and date.
    """

    lead: str
    amount: str
    end: str
    detail: str

    def __str__(self) -> str:
        return f"{self.lead}{self.amount}{self.end}"


FAILURE = "outage"
"""The rule that an incident itself speaks to; what else it caused is told with the rule's name."""


def headline(found: Findings, language: Language, as_of: datetime) -> Headline:
    """Is trust being won or lost, by how much, since when, how sure."""
    when = language.moment(as_of)
    known = {
        "people": language.say("unit.people", n=found.counts.people),
        "events": language.say("unit.events", n=found.counts.events),
        "date": when,
    }
    if found.change is None or found.verdict is Verdict.UNKNOWN:
        reason = "verdict.too_few" if found.counts.events else "verdict.nothing"
        return Headline(language.say("verdict.unknown"), "", ".", language.say(reason, **known))
    change = found.change
    sentence = language.say(
        f"verdict.{found.verdict}", points="\0{amount", days="{days}\0"
    )  # the sentence around its amount, so that the page can colour it
    lead, _, rest = sentence.partition("\0{amount")
    middle, _, end = rest.partition("{days}\0")
    amount = f"{_points(change, language)}{middle}{language.days(change.days)}"
    parts = [
        language.say("verdict.interval", low=language.points(change.low), high=language.points(change.high)),
        _chance(found.verdict, change, language),
        language.say("verdict.compared", date=language.date(change.since)),
        language.say("verdict.known", **known),
    ]
    return Headline(lead, amount, f"{end}{_since(found, language)}.", " ".join(parts))


def _points(change: Change, language: Language) -> str:
    return language.say("unit.points", n=abs(round(100 * change.value, 1)), text=language.points(change.value))


def _since(found: Findings, language: Language) -> str:
    if found.cause is not None:
        return language.say(
            "verdict.since_incident", date=language.date(found.cause.day), label=matter(found.cause.label, language)
        )
    return "" if found.onset is None else language.say("verdict.since", date=language.date(found.onset))


def _chance(verdict: Verdict, change: Change, language: Language) -> str:
    if verdict is Verdict.STEADY:
        lost, won = chance(change.p_loss, language), chance(1 - change.p_loss, language)
        return language.say("verdict.unsure", lost=lost, won=won)
    sure = change.p_loss if verdict is Verdict.LOST else 1 - change.p_loss
    return language.say(f"verdict.sure_{verdict}", chance=chance(sure, language))


def chance(p: float, language: Language) -> str:
    """A probability, never written as a certainty."""
    if p > MOST_SURE:
        return language.say("verdict.over", chance=language.percent(MOST_SURE))
    return language.percent(p)


def between(low: float, high: float, language: Language, digits: int = 1) -> str:
    """An interval of shares, its unit once: 70,2 à 72,5 %."""
    return language.say("unit.interval", low=language.number(100 * low, digits), high=language.percent(high, digits))


def beside(found: Estimate, language: Language) -> str:
    """What stands beside a figure: its interval and n."""
    if not found.n:
        return between(found.low, found.high, language)
    return f"{between(found.low, found.high, language)} · {language.say('unit.n', n=found.n)}"


def points_between(low: float, high: float, language: Language, digits: int = 2) -> str:
    """An interval of points."""
    return language.say("unit.interval", low=language.points(low, digits), high=language.points(high, digits))


def moved(mover: Mover, language: Language) -> str:
    """What stands beside a mover's points: their interval and the people touched."""
    people = language.say("unit.people", n=mover.people)
    known = not (math.isnan(mover.low) or math.isnan(mover.high))
    return f"{points_between(mover.low, mover.high, language)} · {people}" if known else people


def mover_name(mover: Mover, language: Language) -> str:
    """The incident's own name, or the rule's label."""
    if not mover.label:
        return rule_name(mover.rule, language)
    name = matter(mover.label, language)
    if mover.rule != FAILURE:
        return language.say("rule_of.incident", rule=rule_name(mover.rule, language), label=name)
    return name[:1].upper() + name[1:]


def matter(label: str, language: Language) -> str:
    """An incident by the company's own label, or by a common word where it has one in this language."""
    return language.label("matter", label)


def rule_name(rule: str, language: Language, kind: str = "") -> str:
    """What a rule is called; a rule somebody made goes by its own name."""
    own = f"rule.name.{rule}/{kind}"
    return language.say(own) if kind and language.knows(own) else language.label("rule.name", rule)


def counted(rule: str, n: int, language: Language, *, table: str = "count", kind: str = "") -> str:
    """So many of a rule: 3 broken promises (``count``), the 3 broken promises (``the``)."""
    for name in (f"{rule}/{kind}", rule):
        if language.knows(f"rule.{table}.{name}"):
            return language.say(f"rule.{table}.{name}", n=n)
    return language.say(f"rule.{table}.any", rule=rule, n=n)


def reasons(weighed: tuple[Reason, ...], language: Language) -> str:
    """What weighed in a fall, worst first, each with its effect in log-odds."""
    if not weighed:
        return language.say("report.no_reason")
    return ", ".join(
        f"{counted(reason.rule, reason.events, language)} ({language.number(reason.contribution, 2, sign=True)})"
        for reason in weighed
    )


def short(label: str) -> str:
    """A label that somebody made, no longer than a chart has room for."""
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1].rstrip()}…"
