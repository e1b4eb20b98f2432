"""What people decided of who is who: events of the log, one row for each subject they speak of.

A decision says that subjects are the *same* person, or that the sides it names are people *apart*. It is undone by a
later event of the same number. No row names another subject, so that erasing one person leaves the others' whole.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ibis

from gouttes.engines import json_text
from gouttes.eventlog.kinds import DECISION
from gouttes.identity.keys import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

SAME, APART, UNDONE = "identity.same", "identity.apart", "identity.undone"
TOPICS = (SAME, APART, UNDONE)

Verdict = Literal["same", "apart"]


@dataclass(frozen=True)
class Decision:
    """Subjects that are one person, or sides that are people apart.

    Attributes:
        decision: its number.
        verdict: ``same`` or ``apart``.
        sides: by side, the subjects; of ``same`` one side.
    """

    decision: str
    verdict: Verdict
    sides: Mapping[str, tuple[str, ...]]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everyone it speaks of."""
        return tuple(subject for side in self.sides.values() for subject in side)


def new_number() -> str:
    """A number that no other decision has."""
    return f"d{uuid.uuid4().hex[:11]}"


def is_identity(events: ir.Table) -> ir.BooleanValue:
    """Whether a row of the log is a decision of who is who: no act of the customer's, and no news of them."""
    return (events["kind"] == DECISION) & events["topic"].isin(TOPICS)


def lived(events: ir.Table) -> ir.Table:
    """The events without what was decided of who is who."""
    return events.filter(~is_identity(events).fill_null(False))  # noqa: FBT003 -- a value


def decisions(events: ir.Table) -> ir.Table:
    """DECISIONS, one row per decision and subject, those undone included.

    Args:
        events: EVENTS of any kind.
    """
    told = events.filter(is_identity(events))
    return told.select(
        "event_id",
        "subject",
        "agent",
        decision="thread",
        verdict=told["topic"].re_extract("[a-z]+$", 0),
        side=json_text(told["properties"], "side").fill_null(""),
        at="occurred_at",
    ).select("event_id", "decision", "verdict", "side", "subject", "agent", "at")


def in_force(taken: ir.Table) -> ir.Table:
    """The rows of DECISIONS that are not undone, each subject of a decision once."""
    undone = taken.filter(taken["verdict"] == "undone").select("decision")
    return taken.filter(taken["verdict"] != "undone").anti_join(undone, "decision")


def ties(taken: ir.Table, rank: int) -> ir.Table:
    """``rank, group, subject``: who is the same person because somebody said so."""
    same = in_force(taken).filter(lambda t: t["verdict"] == "same")
    group = ibis.literal(f"human{BETWEEN}") + same["decision"]
    return same.select("subject", rank=ibis.literal(rank, type="int64"), group=group).select("rank", "group", "subject")


def apart(taken: ir.Table) -> ir.Table:
    """``decision, side, subject``: who is on which side of a line that somebody drew."""
    return in_force(taken).filter(lambda t: t["verdict"] == "apart").select("decision", "side", "subject").distinct()


def gathered(rows: Iterable[Mapping[str, str]]) -> tuple[Decision, ...]:
    """Rows of DECISIONS in force as values, in the order of their numbers."""
    found: dict[tuple[str, Verdict], dict[str, list[str]]] = {}
    for row in rows:
        verdict: Verdict = "same" if row["verdict"] == "same" else "apart"
        found.setdefault((row["decision"], verdict), {}).setdefault(row["side"], []).append(row["subject"])
    return tuple(
        Decision(number, verdict, {side: tuple(sorted(set(theirs))) for side, theirs in sorted(sides.items())})
        for (number, verdict), sides in sorted(found.items())
    )


def overruled(new: Decision, before: Sequence[Decision]) -> tuple[Decision, ...]:
    """The earlier decisions that cannot hold beside a new one: they are undone with it."""
    side_of = {subject: side for side, subjects in new.sides.items() for subject in subjects}
    if new.verdict == "same":
        return tuple(each for each in before if each.verdict == "apart" and _sides_within(each, side_of) > 1)
    return tuple(
        each
        for each in before
        if each.verdict == "same" and len({side_of[subject] for subject in each.subjects if subject in side_of}) > 1
    )


def _sides_within(decision: Decision, known: Mapping[str, str]) -> int:
    return sum(any(subject in known for subject in side) for side in decision.sides.values())
