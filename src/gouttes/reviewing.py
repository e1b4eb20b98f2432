"""What waits for a person's word: pairs of records that may be one person, and what either answer would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from gouttes.identity.decisions import in_force
from gouttes.identity.likening import Likening
from gouttes.identity.linkage.waterfall import waterfall
from gouttes.schemas import RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from gouttes.identity.linkage.waterfall import Waterfall
    from gouttes.opened import OpenedWorkspace

COMPARED = tuple(name for name in RECORDS.names if name not in {"subject", "source", "first_root", "last_root"})
"""The fields shown side by side."""

LIKENESS = "likeness"


@dataclass(frozen=True)
class Compared:
    """One field of two records.

    Attributes:
        field: its name in RECORDS.
        left, right: the normalised values; None where unknown.
        agree: whether they agree; None where one is unknown.
    """

    field: str
    left: str | None
    right: str | None
    agree: bool | None


@dataclass(frozen=True)
class Side:
    """One of two people who may be one.

    Attributes:
        person: id.
        subjects: the records that make the person.
        sources: the systems these come from.
        events: how many events they have.
        trust, low, high: the reading with its 90 % interval; None where there is no event.
    """

    person: str
    subjects: tuple[str, ...]
    sources: tuple[str, ...]
    events: int
    trust: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Question:
    """Are two records one person?

    Attributes:
        left, right: the two subject keys.
        people: the person each is part of; the same id twice where they are one.
        fields: both records, field by field.
        waterfall: the model's account; None where no model was trained.
        together: what one person made of both would be.
    """

    left: str
    right: str
    people: tuple[Side, Side]
    fields: tuple[Compared, ...]
    waterfall: Waterfall | None
    together: Side


def queue(opened: OpenedWorkspace) -> ir.Table:
    """Pairs that wait for an answer, the most probable first.

    Returns:
        ``left, right, left_person, right_person, reason, rule, probability``: one row for each two people; ``reason``
        as in DOUBTS, or ``likeness`` where the model alone finds them alike; ``probability`` null without a model.
    """
    doubts = _undecided(opened.published("doubts"), opened.links())
    likely = opened.published("likenesses").select("subject", "other", "probability")
    asked = likely.filter(likely["subject"] < likely["other"])
    alone = asked.select("subject", "other", rule=ibis.literal("linkage"), reason=ibis.literal(LIKENESS))
    pairs = (
        doubts.union(alone)
        .left_join(likely, ["subject", "other"])
        .select("rule", "reason", "probability", left="subject", right="other")
    )
    placed = _placed(pairs, opened.links())
    placed = placed.filter(placed["left_person"] != placed["right_person"])
    open_ones = placed.anti_join(_kept_apart(opened), ["left", "right"])
    first = ibis.least(open_ones["left_person"], open_ones["right_person"])
    second = ibis.greatest(open_ones["left_person"], open_ones["right_person"])
    order = [
        open_ones["probability"].desc(nulls_first=False),
        open_ones["reason"],
        open_ones["left"],
        open_ones["right"],
    ]
    rank = ibis.row_number().over(ibis.window(group_by=[first, second], order_by=order))
    best = open_ones.mutate(rank=rank).filter(lambda t: t["rank"] == 0).drop("rank")
    columns = ("left", "right", "left_person", "right_person", "reason", "rule", "probability")
    chosen = best.select(*columns)
    return chosen.order_by([chosen["probability"].desc(nulls_first=False), chosen["left"], chosen["right"]])


def _undecided(doubts: ir.Table, links: ir.Table) -> ir.Table:
    """DOUBTS without those of a record that could have been either of two, and is one of them by now."""
    mine, theirs = links.select("subject", mine="person"), links.select(other="subject", theirs="person")
    placed = doubts.inner_join(mine, "subject").inner_join(theirs, "other")
    settled = placed.filter((placed["mine"] == placed["theirs"]) & placed["reason"].isin(["names", "either"]))
    return doubts.anti_join(settled, ["subject", "rule", "reason"]).select("subject", "other", "rule", "reason")


def _placed(pairs: ir.Table, links: ir.Table) -> ir.Table:
    left = pairs.inner_join(links.select(left="subject", left_person="person"), "left")
    return left.inner_join(links.select(right="subject", right_person="person"), "right")


def _kept_apart(opened: OpenedWorkspace) -> ir.Table:
    """``left, right``, both ways: pairs of subjects that somebody keeps apart."""
    apart = in_force(opened.published("decisions")).filter(lambda t: t["verdict"] == "apart")
    here = apart.select("decision", left_side="side", left="subject")
    there = apart.select("decision", right_side="side", right="subject")
    both = here.inner_join(there, "decision")
    return both.filter(both["left_side"] != both["right_side"]).select("left", "right").distinct()


def question(opened: OpenedWorkspace, left: str, right: str) -> Question:
    """Two records side by side, and what either answer would do.

    Raises:
        UnknownPersonError: no such subject.
    """
    people = (side(opened, opened.find(left)), side(opened, opened.find(right)))
    records = {each: record(opened, each) for each in (left, right)}
    fields = tuple(_compared(name, records[left][name], records[right][name]) for name in COMPARED)
    model = Likening.load(opened.workspace)
    account = waterfall(records[left], records[right], model.model) if model else None
    return Question(left, right, people, fields, account, together(opened, people))


def record(opened: OpenedWorkspace, subject: str) -> Mapping[str, Any]:
    """RECORDS of one subject; every value None where it says nothing of who it is."""
    rows = opened.published("records").filter(lambda t: t["subject"] == subject).to_pyarrow().to_pylist()
    nothing: dict[str, Any] = dict.fromkeys(RECORDS.names)
    return rows[0] if rows else {**nothing, "subject": subject}


def _compared(field: str, left: str | None, right: str | None) -> Compared:
    known = left is not None and right is not None
    return Compared(field, left, right, left == right if known else None)


def side(opened: OpenedWorkspace, person: str) -> Side:
    """A person as one side of a question."""
    links = opened.links()
    subjects = sorted(links.filter(links["person"] == person)["subject"].to_pyarrow().to_pylist())
    people = opened.people()
    events = people.filter(people["person"] == person)["events"].to_pyarrow().to_pylist()
    sources = tuple(sorted({subject.split(":", 1)[0] for subject in subjects}))
    trust = opened.trust()
    read = trust.filter(trust["person"] == person).select("trust", "low", "high").to_pyarrow().to_pylist()
    return Side(person, tuple(subjects), sources, int(events[0] if events else 0), **(read[0] if read else {}))


def together(opened: OpenedWorkspace, people: tuple[Side, Side]) -> Side:
    """The two as one: their evidence folded together, which is what a merge would read but for their rhythm."""
    left, right = people
    if left.person == right.person:
        return left
    members = ibis.memtable({"circle": ["together"] * 2, "person": [left.person, right.person]})
    read = opened.circle_readings(members).select("trust", "low", "high").to_pyarrow().to_pylist()
    subjects = tuple(sorted({*left.subjects, *right.subjects}))
    sources = tuple(sorted({*left.sources, *right.sources}))
    return Side("", subjects, sources, left.events + right.events, **(read[0] if read else {}))
