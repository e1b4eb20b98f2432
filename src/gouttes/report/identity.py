"""Who is who: the sentence on identity, and its pictures. Counts of everyone, and nothing of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.report.drawing import LARGE, SMALL, pictured
from gouttes.report.tallies import Tally, tallies
from gouttes.report.words import Headline, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gouttes.language import Language
    from gouttes.report.data import Identity
    from gouttes.report.drawing import Picture
    from gouttes.report.findings import Findings

MANY = 10  # that number of records and more are one bar
LEAST = 0.001  # a smaller share is said to be under it, never to be nothing
BARS = 12  # bars that one glance takes in; the rest are one


def sentence(found: Identity, language: Language) -> Headline:
    """How many records make how many people, and whether something needs attention."""
    lead = language.say(
        "identity.made",
        n=found.records,
        records=language.say("identity.records", n=found.records),
        people=language.say("identity.people", n=found.people),
        rate=language.percent(found.consolidation),
    )
    detail = language.say("identity.note", largest=language.say("identity.records", n=found.largest))
    asks = [
        language.say(f"identity.{key}", n=n, most=found.alarm)
        for key, n in (("asked", sum(found.waiting.values())), ("large", found.alarming))
        if n
    ]
    return Headline(lead, language.listing(asks), "." if asks else language.say("identity.calm"), detail)


def facts(found: Identity, language: Language) -> list[str]:
    """What else a privacy officer asks: contact details that join nobody, and decisions in force."""
    counts = {"set_aside": found.set_aside, "decisions": found.decisions}
    return [language.say(f"identity.{key}" if n else f"identity.no_{key}", n=n) for key, n in counts.items()]


def sizes(found: Findings, language: Language) -> Picture | None:
    """People by the number of records that make each."""
    who = found.identity
    if who is None or not who.people:
        return None
    counts = [(_size(size, language), who.sizes.get(size, 0)) for size in range(1, MANY + 1)]
    return _picture("sizes", counts, LARGE, language, columns="size persons share", log=True)


def brought(found: Findings, language: Language) -> Picture | None:
    """What each rule brought."""
    rules = found.identity.by_rule if found.identity else {}
    counts = _named("identity.rule", rules, language)
    return _picture("brought", counts, LARGE, language, columns="rule records share")


def origins(found: Findings, language: Language) -> Picture | None:
    """Records by source."""
    sources = found.identity.by_source if found.identity else {}
    return _picture("origins", list(sources.items()), SMALL, language, columns="source records share")


def waiting(found: Findings, language: Language) -> Picture | None:
    """Pairs that wait for an answer, by reason."""
    reasons = found.identity.waiting if found.identity else {}
    counts = _named("identity.reason", reasons, language)
    return _picture("waiting", counts, SMALL, language, columns="reason pairs share")


def _size(size: int, language: Language) -> str:
    return language.say("identity.many", n=size) if size == MANY else language.say("identity.records", n=size)


def _named(table: str, counts: Mapping[str, int], language: Language) -> list[tuple[str, int]]:
    """The counts under words where the name is one of ours; what a company made goes by its own name."""
    return [(language.label(table, name), n) for name, n in counts.items()]


def _picture(
    key: str,
    counts: list[tuple[str, int]],
    width: int,
    language: Language,
    *,
    columns: str,
    log: bool = False,
) -> Picture | None:
    total = sum(n for _, n in counts)
    if not total:
        return None
    every = [_tally(label, n, total, language) for label, n in counts]
    marks = [_tally(short(label), n, total, language) for label, n in _few(counts, language)]
    return pictured(
        key,
        lambda frame: tallies(marks, frame, log=log),
        width,
        language,
        [(one.label, one.text, one.detail) for one in every],
        columns=columns,
        list=_spoken(marks, language),
        total=total,
    )


def _few(counts: list[tuple[str, int]], language: Language) -> Iterable[tuple[str, int]]:
    """As many bars as one glance takes in, and one for the rest."""
    if len(counts) <= BARS:
        return counts
    rest = counts[BARS - 1 :]
    return [*counts[: BARS - 1], (language.say("identity.rest", n=len(rest)), sum(n for _, n in rest))]


def _tally(label: str, n: int, total: int, language: Language) -> Tally:
    share = n / total
    seen = n == 0 or share >= LEAST
    written = language.percent(share) if seen else language.say("identity.under", share=language.percent(LEAST))
    return Tally(label, n, language.number(n), written)


def _spoken(marks: Iterable[Tally], language: Language) -> str:
    return language.say("unit.separator").join(f"{mark.label} {mark.text} ({mark.detail})" for mark in marks)
