"""Deciding who is who: merging, splitting, undoing, always and never. What is decided is an event of the log.

Decisions of one workspace follow one another (a lock), and each is one append: it is there whole or not at all. A
decision that contradicts an earlier one takes its place as far as they contradict each other; undoing it puts the
earlier one back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gouttes.errors import BadInputError, StaleError, UnknownPersonError
from gouttes.eventlog import read
from gouttes.eventlog.append import append_events
from gouttes.eventlog.kinds import DECISION
from gouttes.eventlog.tables import EventLog
from gouttes.identity import decisions
from gouttes.identity.contradictions import refuse_contradictions
from gouttes.identity.decisions import APART, SAME, UNDONE, Decision, gathered, in_force, new_number, overruled
from gouttes.published import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.workspace import Workspace

SOURCE = "gouttes"


@dataclass(frozen=True)
class Decided:
    """What was written down.

    Attributes:
        taken: the new decisions.
        undone: numbers of the earlier ones that no longer hold.
        subjects: everyone they speak of.
    """

    taken: tuple[Decision, ...]
    undone: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Deciding:
    """Decisions of one workspace, by one person.

    Attributes:
        workspace: where they are kept.
        connection: reads what was decided before.
        agent: who decides.
        at: when.
    """

    workspace: Workspace
    connection: SQLBackend
    agent: str
    at: datetime

    def merge(self, *people: str) -> Decided:
        """Make several people one.

        Raises:
            UnknownPersonError: no such person.
            StaleError: they are one person already.
        """
        with self.workspace.lock("decide"):
            return self._merge(*people)

    def _merge(self, *people: str) -> Decided:
        subjects = {person: self._subjects(person) for person in dict.fromkeys(people)}
        if len(subjects) < 2:  # noqa: PLR2004 -- one is no merge
            raise StaleError(f"They are one person already: {', '.join(subjects)}. Nothing was changed.")
        everyone = tuple(sorted(each for theirs in subjects.values() for each in theirs))
        return self._take(Decision(new_number(), "same", {"": everyone}))

    def split(self, person: str, subjects: Sequence[str]) -> Decided:
        """Part some records from the rest of a person, for good.

        Raises:
            UnknownPersonError: no such person.
            BadInputError: a subject is not theirs, or all are.
        """
        with self.workspace.lock("decide"):
            theirs = self._subjects(person)
            strangers = sorted(set(subjects) - set(theirs))
            if strangers:
                raise BadInputError(f"{person} has no record {', '.join(strangers)}; it has: {', '.join(theirs)}.")
            rest = tuple(each for each in theirs if each not in subjects)
            if not rest or not subjects:
                raise BadInputError(f"Name some of the records of {person}, not all of them: {', '.join(theirs)}.")
            return self._take(Decision(new_number(), "apart", {"a": tuple(sorted(set(subjects))), "b": rest}))

    def keep_apart(self, *people: str) -> Decided:
        """Say that people are different, so that nothing joins them.

        Raises:
            UnknownPersonError: no such person.
            StaleError: they are one person by now: split it instead.
        """
        with self.workspace.lock("decide"):
            return self._keep_apart(*people)

    def _keep_apart(self, *people: str) -> Decided:
        sides = {person: self._subjects(person) for person in dict.fromkeys(people)}
        if len(sides) < 2:  # noqa: PLR2004 -- one has no other side
            raise StaleError(
                f"They are one person by now: {', '.join(sides)}. To part it: `gouttes people split`. "
                "Nothing was changed."
            )
        named = {str(at): subjects for at, subjects in enumerate(sides.values())}
        return self._take(Decision(new_number(), "apart", named))

    def answer(self, left: str, right: str, *, same: bool) -> Decided:
        """Answer a question of the review queue: are these two records one person?

        Raises:
            UnknownPersonError: no such subject.
            StaleError: somebody answered it before; the message says who, when and what.
        """
        with self.workspace.lock("decide"):
            self._refuse_answered(left, right)
            people = [self._person(left), self._person(right)]
            return self._merge(*people) if same else self._keep_apart(*people)

    def _refuse_answered(self, left: str, right: str) -> None:
        rows = self._rows(in_force(self.before()))
        for decision in gathered(rows):
            told = _says(decision, left, right)
            if told:
                row = next(row for row in rows if row["decision"] == decision.decision)
                when = f"{row['at']:%Y-%m-%d %H:%M} UTC"
                raise StaleError(
                    f"This was answered already: {row['agent'] or 'somebody'} said on {when} that '{left}' and "
                    f"'{right}' are {told} (decision {row['decision']}). Nothing was changed. To think again: "
                    f"`gouttes people undo WORKSPACE {row['decision']}`."
                )

    def undo(self, number: str) -> Decided:
        """Undo a decision, or all joining and parting of one run.

        Raises:
            BadInputError: no such decision or run.
            StaleError: it is undone already.
        """
        with self.workspace.lock("decide"):
            known = self._rows(self.before().filter(lambda t: t["decision"] == number))
            if known:
                return self._undo_decision(number, known)
            return self._undo_run(number)

    def record(self, asked: Sequence[Decision]) -> Decided:
        """Write down many decisions at once: lists of always and never.

        Raises:
            BadInputError: they contradict each other, or what was decided before.
        """
        with self.workspace.lock("decide"):
            before = self.taken()
            known = {_content(each) for each in before}
            fresh = [each for each in asked if _content(each) not in known]
            refuse_contradictions([*before, *fresh])
            return self._write(fresh, ())

    def before(self) -> ir.Table:
        """DECISIONS so far, those of this instant included."""
        shelf, log = Shelf(self.workspace), EventLog(self.workspace)
        manifest = shelf.manifest()
        new = sorted(set(log.events.names()) - set(manifest.events))
        fresh = decisions.decisions(read.events(log, self.connection, names=new))
        return shelf.read(self.connection, "decisions", manifest).union(fresh, distinct=True)

    def taken(self) -> tuple[Decision, ...]:
        """The decisions in force."""
        return gathered(self._rows(in_force(self.before())))

    def _rows(self, table: ir.Table) -> list[dict[str, Any]]:
        return table.to_pyarrow().to_pylist()

    def _links(self) -> ir.Table:
        return Shelf(self.workspace).read(self.connection, "links")

    def _person(self, subject: str) -> str:
        links = self._links()
        found = links.filter(links["subject"] == subject)["person"].to_pyarrow().to_pylist()
        if not found:
            raise UnknownPersonError(subject)
        return str(found[0])

    def _subjects(self, person: str) -> tuple[str, ...]:
        links = self._links()
        found = links.filter(links["person"] == person)["subject"].to_pyarrow().to_pylist()
        if not found:
            raise UnknownPersonError(person)
        return tuple(sorted(found))

    def _take(self, new: Decision) -> Decided:
        """Write a decision, with what it takes the place of."""
        old = overruled(new, self.taken())
        again = [part for each in old for part in _what_remains(each, new)]
        return self._write([new, *again], old, by=new.decision)

    def _undo_decision(self, number: str, rows: Sequence[Mapping[str, str]]) -> Decided:
        if any(row["verdict"] == "undone" for row in rows):
            undone = next(row for row in rows if row["verdict"] == "undone")
            raise StaleError(
                f"Decision {number} was undone already, by {undone['agent'] or 'somebody'}. Nothing was changed."
            )
        everything = self._rows(self.before())
        its_own = {row["decision"] for row in everything if row["verdict"] == "undone" and row["side"] == number}
        restored = [
            Decision(new_number(), each.verdict, each.sides)
            for each in gathered(row for row in everything if row["decision"] in its_own and row["verdict"] != "undone")
        ]
        return self._write(restored, gathered(rows))

    def _undo_run(self, run: str) -> Decided:
        shelf = Shelf(self.workspace)
        table = shelf.read(self.connection, "moves")
        rows = self._rows(table.filter(table["run"] == run))
        if not rows:
            raise BadInputError(
                f"No decision and no run that joined or parted people has the number '{run}': "
                "`gouttes people resolve WORKSPACE --history` lists them."
            )
        new = [*_parted(rows), *_joined(rows)]
        old = [each for one in new for each in overruled(one, self.taken())]
        return self._write(new, tuple({each.decision: each for each in old}.values()))

    def _write(self, taken: Sequence[Decision], undone: Sequence[Decision], *, by: str = "") -> Decided:
        rows = [
            (each.decision, SAME if each.verdict == "same" else APART, side, subject)
            for each in taken
            for side, subjects in each.sides.items()
            for subject in subjects
        ]
        rows += [(each.decision, UNDONE, by, subject) for each in undone for subject in each.subjects]
        if rows:
            append_events(EventLog(self.workspace), self._events(rows))
        subjects = tuple(sorted({row[3] for row in rows}))
        return Decided(tuple(taken), tuple(each.decision for each in undone), subjects)

    def _events(self, rows: Sequence[tuple[str, str, str, str]]) -> pa.Table:
        """One event for each subject; the hash in its id tells nobody who that is."""
        number = len(rows)
        return pa.table(
            {
                "event_id": [hashlib.sha256("|".join(row).encode()).hexdigest()[:32] for row in rows],
                "kind": [DECISION] * number,
                "occurred_at": pa.array([self.at] * number, pa.timestamp("us", "UTC")),
                "known_at": pa.array([self.at] * number, pa.timestamp("us", "UTC")),
                "source": [SOURCE] * number,
                "subject": [row[3] for row in rows],
                "direction": ["none"] * number,
                "agent": [self.agent] * number,
                "topic": [row[1] for row in rows],
                "thread": [row[0] for row in rows],
                "properties": [json.dumps({"side": row[2]}) for row in rows],
            }
        )


def _content(decision: Decision) -> tuple[str, frozenset[frozenset[str]]]:
    return decision.verdict, frozenset(frozenset(side) for side in decision.sides.values())


def _says(decision: Decision, left: str, right: str) -> str:
    """``one person`` or ``two people`` where a decision says so of two subjects; empty where it does not."""
    side_of = {subject: side for side, subjects in decision.sides.items() for subject in subjects}
    if left not in side_of or right not in side_of:
        return ""
    if decision.verdict == "same":
        return "one person"
    return "two people" if side_of[left] != side_of[right] else ""


def _what_remains(old: Decision, new: Decision) -> Iterable[Decision]:
    """What an earlier decision said that a new one leaves alone."""
    side_of = {subject: side for side, subjects in new.sides.items() for subject in subjects}
    if old.verdict == "same":
        parts: dict[str, list[str]] = {}
        for subject in old.subjects:
            parts.setdefault(side_of.get(subject, "?"), []).append(subject)
        kept = [tuple(part) for part in parts.values() if len(part) > 1]
        return [Decision(new_number(), "same", {"": part}) for part in kept]
    joined = [side for side, subjects in old.sides.items() if any(each in side_of for each in subjects)]
    others = {side: subjects for side, subjects in old.sides.items() if side not in joined}
    one = tuple(sorted(each for side in joined for each in old.sides[side]))
    return [Decision(new_number(), "apart", {**others, joined[0]: one})] if others else []


def _parted(rows: Sequence[Mapping[str, str]]) -> Iterable[Decision]:
    """For each person whom a run made of several: those are apart."""
    for group in _grouped(rows, "after", "before").values():
        if len(group) > 1:
            yield Decision(new_number(), "apart", {side: tuple(sorted(theirs)) for side, theirs in group.items()})


def _joined(rows: Sequence[Mapping[str, str]]) -> Iterable[Decision]:
    """For each person whom a run made several: they are the same."""
    for group in _grouped(rows, "before", "after").values():
        if len(group) > 1:
            yield Decision(new_number(), "same", {"": tuple(sorted(each for part in group.values() for each in part))})


def _grouped(rows: Sequence[Mapping[str, str]], outer: str, inner: str) -> Mapping[str, Mapping[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        found.setdefault(row[outer], {}).setdefault(row[inner], []).append(row["subject"])
    return found
