"""What a matter cost one person's reading, what the reading would be without it, and what an act of care would add.

Everything is arithmetic on the reading, made again without the events, or with one more; it is no cause and no
forecast. What to do next is an offer of care to the person: low trust may take nothing away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gouttes.report import words
from gouttes.report.explain import MOST_ALIKE, OWN_NAMES
from gouttes.trust.ledger import without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import pandas as pd

    from gouttes.language import Language
    from gouttes.trust.ledger import Entry
    from gouttes.trust.reading import Prior

FRIDAY, NOTICE_DAYS = 4, 2
"""Prior: an offer leaves at least two days to keep it."""
MOST_MATTERS = 3
CARE_RULE, CARE_WEIGHT = "promise kept", 0.30
"""The drop that a call back, announced and held, earns; its weight is that of the rules in force where they have it."""


@dataclass(frozen=True)
class Matter:
    """The buckets of one rule about one topic.

    Attributes:
        rule, kind: ``kind`` is empty where the rule's own name says enough.
        topic: what they are about, in the company's words; empty where not known.
        times: how often it happened; events of one episode are one bucket, and counted here one by one.
        events: the ids of the buckets.
        contribution: what they took, in log-odds, repairs included; negative.
        drops: as many of this person's own drops of ``drop_rule`` gave as much; None where there is none to compare.
        drop_rule: the kind of drop this person had most of; empty where none.
        trust_without: the reading had they never been, between 0 and 1.
        to_make_up: new acts of care that bring the reading back there.
    """

    rule: str
    kind: str
    topic: str
    times: int
    events: tuple[str, ...]
    contribution: float
    drops: float | None
    drop_rule: str
    trust_without: float
    to_make_up: float


@dataclass(frozen=True)
class Counterfactual:
    """What would change a reading.

    Attributes:
        trust: the reading, between 0 and 1.
        matters: dearest first, at most three.
        trust_with_care: the reading with one act of care more: a promise made to this person, and kept.
        by: the day before which to do it.
    """

    trust: float
    matters: tuple[Matter, ...]
    trust_with_care: float
    by: date


def counterfactual(
    entries: Sequence[Entry],
    ledger: pd.DataFrame,
    prior: Prior,
    *,
    as_of: datetime,
    topics: Mapping[str, str],
    times: Mapping[tuple[str, str], int],
    care_weight: float = CARE_WEIGHT,
) -> Counterfactual:
    """What would change the reading of one person.

    Args:
        entries: the person's ledger, as ``trust.ledger.entries_of`` gives it.
        ledger: the same rows of LEDGER, for their kinds.
        prior: the one the reading was made with.
        as_of: the moment of the reading, in the company's time zone.
        topics: by event id, what it is about.
        times: by kind and topic, how often it happened to this person.
        care_weight: weight of the rule "promise kept" in force.
    """
    kinds = dict(zip(ledger["event_id"], ledger["kind"], strict=True))
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry.polarity < 0 and entry.weight_now > 0:
            kind = str(kinds[entry.event_id])
            groups.setdefault((entry.rule, kind, topics.get(entry.event_id, "")), []).append(entry)
    usual = _usual(entries)
    matters = [
        _matter(key, group, entries, prior, usual=usual, times=times, care_weight=care_weight)
        for key, group in groups.items()
    ]
    matters.sort(key=lambda matter: (matter.contribution, matter.rule, matter.topic))
    trust = without(entries, prior)
    drops = sum(entry.weight_now for entry in entries if entry.polarity > 0)
    buckets = sum(entry.weight_now for entry in entries if entry.polarity < 0)
    a, b = prior.a + max(drops, 0.0), prior.b + max(buckets, 0.0)
    cared = (a + care_weight) / (a + care_weight + b)
    return Counterfactual(trust, tuple(matters[:MOST_MATTERS]), cared, next_friday(as_of))


def next_friday(moment: datetime) -> date:
    """The first Friday that leaves two days."""
    day = (moment + timedelta(days=NOTICE_DAYS)).date()
    return day + timedelta(days=(FRIDAY - day.weekday()) % 7)


def _usual(entries: Sequence[Entry]) -> str:
    """The kind of drop this person had most of; of equals, the one that gave most."""
    found: dict[str, list[float]] = {}
    for entry in entries:
        if entry.polarity > 0 and entry.contribution > 0:
            found.setdefault(entry.rule, []).append(entry.contribution)
    return max(found, key=lambda rule: (len(found[rule]), sum(found[rule]), rule)) if found else ""


def _matter(
    key: tuple[str, str, str],
    group: Sequence[Entry],
    entries: Sequence[Entry],
    prior: Prior,
    *,
    usual: str,
    times: Mapping[tuple[str, str], int],
    care_weight: float,
) -> Matter:
    rule, kind, topic = key
    ids = tuple(dict.fromkeys(entry.event_id for entry in group))
    moments = {(entry.rule, entry.occurred_at) for entry in group}
    lines = [entry for entry in entries if entry.polarity < 0 and (entry.rule, entry.occurred_at) in moments]
    alike = {(entry.rule, entry.event_id) for entry in group}
    lines = [entry for entry in lines if entry.weight_now < 0 or (entry.rule, entry.event_id) in alike]
    cost = -math.fsum(entry.contribution for entry in lines)
    mine = [entry for entry in entries if entry.rule == usual and entry.polarity > 0]
    drops = cost / (math.fsum(entry.contribution for entry in mine) / len(mine)) if mine else None
    rest = _without(entries, lines, prior)
    a, b = prior.a + _side(entries, 1), prior.b + _side(entries, -1)
    needed = (rest / (1.0 - rest) * b - a) / care_weight
    named = kind if kind in OWN_NAMES.get(rule, ()) else ""
    seen = max(times.get((kind, topic), 0), len(group))
    return Matter(rule, named, topic, seen, ids, -cost, drops, usual, rest, max(0.0, needed))


def _side(entries: Sequence[Entry], polarity: int) -> float:
    return max(0.0, sum(entry.weight_now for entry in entries if entry.polarity == polarity))


def _without(entries: Sequence[Entry], lines: Sequence[Entry], prior: Prior) -> float:
    """The reading made again without these lines."""
    gone = {id(entry) for entry in lines}
    return without([entry for entry in entries if id(entry) not in gone], prior)


def told(found: Counterfactual, language: Language) -> list[str]:
    """What would change the reading, in plain sentences; always with whom to ask, and with the warning."""
    said = [sentence for matter in found.matters[:1] for sentence in _told(matter, found, language)]
    said.append(
        language.say(
            "care.offer",
            day=language.date(found.by),
            before=language.percent(found.trust),
            after=language.percent(found.trust_with_care),
        )
    )
    said += [language.say(f"care.{line}") for line in ("not_cause", "only_care", "human")]
    return said


def _told(matter: Matter, found: Counterfactual, language: Language) -> list[str]:
    what = words.counted(matter.rule, matter.times, language, kind=matter.kind)
    if matter.topic:
        what = language.say("care.about", what=what, topic=language.label("topic", matter.topic))
    said = []
    many = 0 if matter.drops is None or matter.drops > MOST_ALIKE else round(matter.drops)
    if many >= 1:
        drops = words.counted(matter.drop_rule, many, language)
        said.append(language.say("explain.cost_as_much", n=matter.times, bucket=what, drops=drops))
    else:
        said.append(
            language.say("care.cost", n=matter.times, bucket=what, points=language.points(_points(matter, found)))
        )
    needed = math.ceil(round(matter.to_make_up, 6))
    said.append(
        language.say(
            "care.make_up",
            n=needed,
            trust=language.percent(matter.trust_without),
            drops=words.counted(CARE_RULE, needed, language),
        )
    )
    return [sentence[:1].upper() + sentence[1:] for sentence in said]


def _points(matter: Matter, found: Counterfactual) -> float:
    return found.trust - matter.trust_without
