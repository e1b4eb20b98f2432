"""Why two records are one person, or are not: the way between them, what they share, what keeps them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.identity import holdings
from gouttes.identity.decisions import in_force
from gouttes.identity.fields import FIELDS, steps_of
from gouttes.identity.keys import email_rules, field_of
from gouttes.identity.likening import Likening, link_at
from gouttes.identity.steps import changes
from gouttes.identity.ways import TYING, Step, ties_of, way
from gouttes.reviewing import Question, question
from gouttes.settings.identity import REACHED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from gouttes.identity.steps import Change
    from gouttes.opened import OpenedWorkspace


@dataclass(frozen=True)
class Shared:
    """A key that both hold.

    Attributes:
        rule: the rule that compares it.
        key: its normalised value; personal data.
        holders: how many records hold it.
        names: how many different names hold it, where that is why it joins nobody.
        why: why it does not join these two: ``decided`` (somebody keeps them apart), ``crowd``, ``household``,
            ``names``, ``strong``, ``either``, ``rule`` (it asks first), ``unused`` (no rule compares it).
    """

    rule: str
    key: str
    holders: int
    names: int | None
    why: str


@dataclass(frozen=True)
class Explanation:
    """What is known of two records.

    Attributes:
        one_person: whether they are.
        steps: the way from one to the other where they are.
        shared: the keys both hold, or whose persons hold.
        decisions: numbers of the decisions in force that speak of both.
        question: both records side by side.
    """

    one_person: bool
    steps: tuple[Step, ...]
    shared: tuple[Shared, ...]
    decisions: tuple[str, ...]
    question: Question


@dataclass(frozen=True)
class Normalised:
    """What the rules made of one written value.

    Attributes:
        subject: whose.
        field: an identifier's field.
        written: as the source wrote it; personal data.
        changes: the rules that changed it, in their order.
    """

    subject: str
    field: str
    written: str
    changes: tuple[Change, ...]


def normalisations(opened: OpenedWorkspace, subjects: Sequence[str]) -> tuple[Normalised, ...]:
    """What each rule of normalising changed in what some records say of who they are."""
    settings = opened.workspace.settings
    stated = opened.identifiers().filter(lambda t: t["subject"].isin(list(subjects)) & t["field"].isin(list(FIELDS)))
    rows = stated.select("subject", "field", "value").distinct().order_by("subject", "field", "value").to_pyarrow()
    rules = email_rules(settings.identity)
    return tuple(
        Normalised(
            row["subject"],
            row["field"],
            row["value"],
            changes(row["value"], steps_of(row["field"], country=settings.country, email_rules=rules)),
        )
        for row in rows.to_pylist()
    )


def explanation(opened: OpenedWorkspace, first: str, second: str) -> Explanation:
    """Why two are one person, or two.

    Args:
        opened: a workspace that was run.
        first: a person id, subject key, e-mail or phone number.
        second: another.

    Raises:
        UnknownPersonError: nobody answers to one of them.
        BadInputError: several people do.
    """
    subjects = [_subject(opened, text) for text in (first, second)]
    asked = question(opened, *subjects)
    left, right = asked.people
    one = left.person == right.person
    steps = _way(opened, left.subjects, *subjects) if one else ()
    said = _said(opened, left.subjects, right.subjects)
    shared = () if one else tuple(_shared(opened, left.subjects, right.subjects, decided=bool(said)))
    return Explanation(one, steps, shared, said, asked)


def _way(opened: OpenedWorkspace, known: tuple[str, ...], start: str, end: str) -> tuple[Step, ...]:
    tables = {name: opened.published(name) for name in TYING}
    settings = opened.workspace.settings.identity
    at = link_at(Likening.load(opened.workspace), settings)
    return way(ties_of(tables, settings, known, link_at=at), start, end)


def _subject(opened: OpenedWorkspace, text: str) -> str:
    """The subject that a text names, or the first of the person who answers to it."""
    person = opened.find(text)
    links = opened.links().filter(lambda t: t["person"] == person)
    subjects = sorted(links["subject"].to_pyarrow().to_pylist())
    return text.strip() if text.strip() in subjects else subjects[0]


def _shared(
    opened: OpenedWorkspace, left: tuple[str, ...], right: tuple[str, ...], *, decided: bool
) -> Iterator[Shared]:
    """The keys that records of both people hold, each with why it does not join them."""
    settings = opened.workspace.settings.identity
    keys = opened.published("keys")
    mine, theirs = (
        keys.semi_join(ibis.memtable({"subject": list(each)}), "subject").select("field", "key").distinct()
        for each in (left, right)
    )
    both = mine.semi_join(theirs, ["field", "key"])
    held = keys.semi_join(both, ["field", "key"])
    heavy = holdings.set_aside(held, opened.published("records").semi_join(held, "subject"), settings)
    aside = {(row["field"], row["key"]): row for row in heavy.to_pyarrow().to_pylist()}
    counted = held.group_by("field", "key").agg(holders=held["subject"].nunique()).order_by("field", "key")
    doubts = _doubted(opened, left, right)
    names = {field_of(rule): rule for rule in settings.rules}
    for row in counted.to_pyarrow().to_pylist():
        rule = names.get(row["field"])
        crowd = aside.get((row["field"], row["key"]))
        named = rule.name if rule else row["field"]
        guessed = "names" if row["field"] in REACHED_BY else "either"
        reason = "decided" if decided else doubts.get(named, guessed)
        why = reason if crowd is None else "household" if crowd["names"] else "crowd"
        yield Shared(named, row["key"], row["holders"], crowd["names"] if crowd else None, why if rule else "unused")


def _doubted(opened: OpenedWorkspace, left: tuple[str, ...], right: tuple[str, ...]) -> dict[str, str]:
    """By rule, the reason for which records of the two were not joined."""
    doubts = opened.published("doubts")
    mine, theirs = list(left), list(right)
    here = doubts["subject"].isin(mine) & doubts["other"].isin(theirs)
    there = doubts["subject"].isin(theirs) & doubts["other"].isin(mine)
    return {row["rule"]: row["reason"] for row in doubts.filter(here | there).to_pyarrow().to_pylist()}


def _said(opened: OpenedWorkspace, left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    taken = in_force(opened.published("decisions"))
    mine, theirs = (_numbers(taken, each) for each in (left, right))
    return tuple(sorted(mine & theirs))


def _numbers(taken: ir.Table, subjects: tuple[str, ...]) -> set[str]:
    return set(taken.filter(taken["subject"].isin(list(subjects)))["decision"].to_pyarrow().to_pylist())
