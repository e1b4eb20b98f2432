"""One person's ledger in words: what each rule weighs in the reading, and what the reading would be without it.

The decomposition is exact (the ledger's contributions and the prior add up to the reading in log-odds), and it
explains the figure, not the cause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from gouttes.errors import MissingColumnsError
from gouttes.report import words
from gouttes.report.data import Estimate, rows
from gouttes.report.summary import DOWN, LOOK, UP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd
    from rich.console import RenderableType

    from gouttes.language import Language

NEEDED = ("event_id", "rule", "kind", "occurred_at", "size", "weight_now", "contribution")
OWN_NAMES = {  # kinds that go by a name of their own inside a rule that gathers several
    "effort": ("contact.repeated", "ticket.reopened"),
    "breach of integrity": ("invoice.issued",),
}
MOST_UNKNOWN = 0.5  # a reading mostly made of prior
LONG_AGO = 365  # days
LEAST_SHIFT = 0.01  # a change of the reading under one point is not worth a sentence
MOST_ALIKE = 100  # drops that a bucket is said to equal at most (prior): beyond, theirs are forgotten, not small


@dataclass(frozen=True)
class Line:
    """All the ledger rows of one rule (or of one kind inside it).

    Attributes:
        rule, kind: ``kind`` is empty where the rule's own name says enough.
        count: events, repairs left out.
        weight: sum of c_i, what they weigh today in pseudo-events, repairs taken off.
        contribution: sum of φ_i, log-odds; positive for drops.
        last: the latest of them.
    """

    rule: str
    kind: str
    count: int
    weight: float
    contribution: float
    last: datetime

    @property
    def drop(self) -> bool:
        """Whether it adds trust."""
        return self.contribution > 0


@dataclass(frozen=True)
class Entry:
    """One row of the ledger: an event, its rule, what it weighs today and its effect in log-odds."""

    event_id: str
    kind: str
    rule: str
    occurred_at: datetime
    size: float
    weight: float
    contribution: float
    channel: str | None = None
    team: str | None = None
    agent: str | None = None
    product: str | None = None


@dataclass(frozen=True)
class Account:
    """One person's reading and the lines that make it.

    Attributes:
        person: the person id. name: how to call them, None where not known or not asked for.
        as_of: moment of the reading.
        trust, low, high, ignorance: shares. a, b: the two sides of the reading in pseudo-events.
        lines: one per rule, strongest effect first.
        facets: the three facets; may be empty.
        entries: the ledger itself, heaviest first.
    """

    person: str
    as_of: datetime
    trust: float
    low: float
    high: float
    ignorance: float
    a: float
    b: float
    lines: tuple[Line, ...] = ()
    facets: tuple[Estimate, ...] = ()
    entries: tuple[Entry, ...] = ()
    name: str | None = None

    @classmethod
    def of(
        cls, reading: Mapping[str, Any], ledger: pd.DataFrame, *, as_of: datetime, name: str | None = None
    ) -> Account:
        """The account from one row of READINGS and the person's rows of LEDGER.

        Raises:
            MissingColumnsError: the ledger lacks a column.
        """
        values = {key: float(reading[key]) for key in ("trust", "low", "high", "ignorance", "a", "b")}
        return cls(
            person=str(reading["person"]),
            as_of=as_of,
            lines=lines_of(ledger),
            facets=_facets(reading),
            entries=_entries(ledger),
            name=name,
            **values,
        )

    def without(self, line: Line) -> float:
        """The reading had this line never been: its weight taken off its own side."""
        a = self.a - (line.weight if line.drop else 0.0)
        b = self.b - (0.0 if line.drop else line.weight)
        return a / (a + b)


def lines_of(ledger: pd.DataFrame) -> tuple[Line, ...]:
    """LEDGER rows of one person, summed by rule (and kind where it has a name), strongest effect first."""
    missing = [column for column in NEEDED if column not in ledger.columns]
    if missing:
        raise MissingColumnsError("gouttes.report.explain", missing, ledger.columns, "Pass the rows of LEDGER.")
    if ledger.empty:
        return ()
    named = {(rule, kind) for rule, kinds in OWN_NAMES.items() for kind in kinds}
    repair = ledger["size"].astype("float64") < 0
    pairs = zip(ledger["rule"], ledger["kind"], strict=True)
    named_rows = ledger.assign(
        kind=[kind if (rule, kind) in named else "" for rule, kind in pairs], count=(~repair).astype(int)
    )
    columns = {"count": "sum", "weight_now": "sum", "contribution": "sum", "occurred_at": "max"}
    sums = named_rows.groupby(["rule", "kind"], as_index=False).agg(columns).to_dict("records")
    lines = [
        Line(
            str(row["rule"]),
            str(row["kind"]),
            int(row["count"]),
            max(0.0, float(row["weight_now"])),
            float(row["contribution"]),
            row["occurred_at"],
        )
        for row in sums
    ]
    return tuple(sorted(lines, key=lambda line: (-abs(line.contribution), line.rule, line.kind)))


def _entries(ledger: pd.DataFrame) -> tuple[Entry, ...]:
    found = [
        Entry(
            event_id=str(row["event_id"]),
            kind=str(row["kind"]),
            rule=str(row["rule"]),
            occurred_at=row["occurred_at"],
            size=float(row["size"]),
            weight=float(row["weight_now"]),
            contribution=float(row["contribution"]),
            **{name: _label(row.get(name)) for name in ("channel", "team", "agent", "product")},
        )
        for row in rows(ledger)
    ]
    return tuple(sorted(found, key=lambda entry: (-abs(entry.contribution), entry.event_id)))


def _label(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _facets(reading: Mapping[str, Any]) -> tuple[Estimate, ...]:
    return tuple(
        Estimate(float(reading[name]), float(reading[f"{name}_low"]), float(reading[f"{name}_high"]), 0, name)
        for name in ("credibility", "integrity", "benevolence")
        if name in reading
    )


def sentences(account: Account, language: Language) -> list[str]:
    """What made this reading, in plain sentences, strongest first; then what to beware of."""
    said = [_reading(account, language)]
    if not account.lines:
        said.append(language.say("explain.nothing"))
    buckets = [line for line in account.lines if line.contribution < 0 and line.count]
    drops = [line for line in account.lines if line.drop and line.count]
    if buckets:
        said.append(_cost(buckets[0], drops, language))
    if drops:
        told = _counted(drops[0], language)
        said.append(_sentence(language.say("explain.earned_most", n=drops[0].count, drop=told)))
    said += [told for line in (buckets[:1] + drops[:1]) if (told := _without(account, line, language))]
    return [*said, *warnings(account, language)]


def warnings(account: Account, language: Language) -> list[str]:
    """What to beware of before acting on the reading; the last two are always said."""
    said = []
    if account.lines and account.ignorance > MOST_UNKNOWN:
        said.append(language.say("explain.wide"))
    if account.lines:
        age = (account.as_of - max(line.last for line in account.lines)).days
        if age > LONG_AGO:
            said.append(language.say("explain.old", days=language.days(age)))
    return [*said, language.say("explain.not_cause"), language.say("explain.not_judge")]


def _reading(account: Account, language: Language) -> str:
    return language.say(
        "explain.reading",
        date=language.date(account.as_of),
        trust=language.percent(account.trust, 0),
        low=language.number(100 * account.low),
        high=language.percent(account.high, 0),
        share=language.percent(account.ignorance, 0),
    )


def _cost(bucket: Line, drops: list[Line], language: Language) -> str:
    """The dearest bucket, told in drops of the kind this person had most of."""
    told = _counted(bucket, language)
    usual = max(drops, key=lambda line: (line.count, line.contribution), default=None)
    many = round(-bucket.contribution / (usual.contribution / usual.count)) if usual else 0
    if usual is None or many > MOST_ALIKE:
        return _sentence(language.say("explain.cost_alone", n=bucket.count, bucket=told))
    if many < 1:
        return _sentence(language.say("explain.cost_less", n=bucket.count, bucket=told))
    as_much = words.counted(usual.rule, many, language, kind=usual.kind)
    return _sentence(language.say("explain.cost_as_much", n=bucket.count, bucket=told, drops=as_much))


def _without(account: Account, line: Line, language: Language) -> str:
    otherwise = account.without(line)
    if abs(otherwise - account.trust) < LEAST_SHIFT:
        return ""
    what = words.counted(line.rule, line.count, language, table="the", kind=line.kind)
    return language.say("explain.without", what=what, trust=language.percent(otherwise, 0))


def _counted(line: Line, language: Language) -> str:
    return words.counted(line.rule, line.count, language, kind=line.kind)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def table(account: Account, language: Language) -> Table:
    """The ledger by rule: count, weight today, effect in log-odds, latest; from the prior down to the reading."""
    title = language.say("explain.title", name=account.name or account.person)
    grid = Table(
        title=Text(title), caption=language.say("explain.not_cause"), title_justify="left", caption_justify="left"
    )
    for column in ("rule", "events", "worth", "contribution", "last"):
        grid.add_column(language.say(f"column.{column}"), justify="left" if column in {"rule", "last"} else "right")
    total = _logit(account.trust)
    start = total - math.fsum(line.contribution for line in account.lines)
    grid.add_row(language.say("explain.start"), "", "", language.number(start, 2, sign=True), "")
    for line in account.lines:
        shape = UP if line.drop else DOWN
        grid.add_row(
            Text.assemble((f"{shape} ", LOOK[shape]), words.rule_name(line.rule, language, line.kind)),
            language.number(line.count),
            language.number(line.weight, 2),
            Text(language.number(line.contribution, 2, sign=True), style=LOOK[shape]),
            language.date(line.last, "medium"),
        )
    interval = words.between(account.low, account.high, language, 0)
    end = f"{language.say('explain.sum')} {language.percent(account.trust, 0)} ({interval})"
    grid.add_row(Text(end, style="bold"), "", "", language.number(total, 2, sign=True), "")
    return grid


def heaviest(account: Account, language: Language, *, events: int) -> Table:
    """The events that weigh most today, newest first: when, what, where, and their effect in log-odds."""
    grid = Table(title=Text(language.say("explain.events", n=min(events, len(account.entries)))), title_justify="left")
    for column in ("when", "what", "rule", "where", "contribution"):
        grid.add_column(language.say(f"column.{column}"), justify="right" if column == "contribution" else "left")
    for entry in sorted(account.entries[:events], key=lambda entry: entry.occurred_at, reverse=True):
        shape = UP if entry.contribution > 0 else DOWN
        where = ", ".join(part for part in (entry.channel, entry.team, entry.product) if part)
        grid.add_row(
            language.date(entry.occurred_at, "medium"),
            Text.assemble((f"{shape} ", LOOK[shape]), language.label("kind", entry.kind)),
            Text(words.rule_name(entry.rule, language)),
            Text(where),
            Text(language.number(entry.contribution, 2, sign=True), style=LOOK[shape]),
        )
    return grid


def told(account: Account, language: Language, *, events: int = 12) -> list[RenderableType]:
    """Everything a terminal shows of one person: the sentences, the table by rule, the heaviest events."""
    shown: list[RenderableType] = [Text("\n".join(sentences(account, language)))]
    if account.lines:
        shown.append(table(account, language))
    if events and account.entries:
        shown.append(heaviest(account, language, events=events))
    return shown


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
