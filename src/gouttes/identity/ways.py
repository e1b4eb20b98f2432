"""Why records are one person: what ties them, and the way from one to another, key by key."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.identity import holdings
from gouttes.identity.decisions import in_force
from gouttes.identity.keys import field_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from gouttes.settings.identity import IdentitySettings

TYING = ("keys", "decisions", "likenesses")
"""The published tables that ties come from."""

Tie = tuple[int, str, str, str]
"""Rank, rule, key, subject: the subjects of one rule and key are tied."""


@dataclass(frozen=True)
class Step:
    """Two subjects that hold one key.

    Attributes:
        left, right: the subjects.
        rule: what ties them: the name of a rule, ``same_as``, ``human`` or ``linkage``.
        key: what they share: a normalised value (personal data), the number of a decision, or a probability.
    """

    left: str
    right: str
    rule: str
    key: str


def ties_of(
    tables: Mapping[str, ir.Table], settings: IdentitySettings, subjects: Sequence[str], *, link_at: float
) -> list[Tie]:
    """What ties some records to each other or to others.

    Args:
        tables: those named by :data:`TYING`.
        settings: the rules.
        subjects: the records.
        link_at: the probability from which a likeness ties (``likening.link_at``).
    """
    forced = in_force(tables["decisions"])
    said = forced.filter(forced["verdict"] == "same")
    keys, same, likenesses = (
        table.filter(table["subject"].isin(list(subjects))) for table in (tables["keys"], said, tables["likenesses"])
    )
    ranks = {rule: rank for rank, rule in enumerate(holdings.ranked(settings))}
    found = list(_of_keys(keys, settings, ranks))
    found += [(ranks[holdings.HUMAN], holdings.HUMAN, row["decision"], row["subject"]) for row in _rows(same)]
    for row in _rows(likenesses.filter(likenesses["probability"] >= link_at)):
        first, second = sorted((row["subject"], row["other"]))
        key = f"{row['probability']:.4f} {first} {second}"
        found += [(ranks[holdings.LINKAGE], holdings.LINKAGE, key, end) for end in (first, second) if end in subjects]
    return found


def _of_keys(keys: ir.Table, settings: IdentitySettings, ranks: Mapping[str, int]) -> Iterator[Tie]:
    by_field = {field_of(rule): rule.name for rule in settings.rules if rule.then == "link"}
    for row in _rows(keys.select("subject", "field", "key").distinct()):
        if row["field"] == holdings.DECLARED:
            key = f"{row['subject']} = {row['key']}"
            for end in (row["subject"], row["key"]):
                yield ranks[holdings.DECLARED], holdings.DECLARED, key, end
        elif row["field"] in by_field:
            rule = by_field[row["field"]]
            yield ranks[rule], rule, row["key"], row["subject"]


def _rows(table: ir.Table) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = table.to_pyarrow().to_pylist()
    return rows


def across(ties: Iterable[Tie], parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The rules that tie a record of one part to one of another, the surest first."""
    part_of = {subject: number for number, part in enumerate(parts) for subject in part}
    met: dict[tuple[int, str, str], set[int]] = defaultdict(set)
    for rank, rule, key, subject in ties:
        if subject in part_of:
            met[rank, rule, key].add(part_of[subject])
    return tuple(rule for _, rule in sorted({(rank, rule) for (rank, rule, _), two in met.items() if len(two) > 1}))


def way(ties: Iterable[Tie], start: str, end: str) -> tuple[Step, ...]:
    """The shortest way from one subject to another; of several as short, by the surest ties.

    Args:
        ties: what ties them (:func:`ties_of`).
        start: a subject.
        end: another.

    Returns:
        No step where no tie leads from one to the other, or where they are the same.
    """
    holders, held = _indexed(ties)
    came: dict[str, tuple[str, tuple[int, str, str]]] = {start: ("", (0, "", ""))}
    waiting = deque([start])
    seen: set[tuple[int, str, str]] = set()
    while waiting and end not in came:
        here = waiting.popleft()
        for key in held[here]:
            for other in () if key in seen else holders[key]:
                if other not in came:
                    came[other] = (here, key)
                    waiting.append(other)
            seen.add(key)
    return _back(came, start, end)


def _indexed(
    ties: Iterable[Tie],
) -> tuple[Mapping[tuple[int, str, str], list[str]], Mapping[str, Sequence[tuple[int, str, str]]]]:
    holders: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    held: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for rank, rule, key, subject in sorted(ties):
        holders[rank, rule, key].append(subject)
        held[subject].append((rank, rule, key))
    return holders, held


def _back(came: Mapping[str, tuple[str, tuple[int, str, str]]], start: str, end: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    here = end if end in came else start
    while here != start:
        before, (_, rule, key) = came[here]
        steps.append(Step(before, here, rule, key))
        here = before
    return tuple(reversed(steps))
