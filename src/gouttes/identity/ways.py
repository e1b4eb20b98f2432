"""Why records are one person: the way from one to another, key by key."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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


def way(ties: Iterable[tuple[int, str, str, str]], start: str, end: str) -> tuple[Step, ...]:
    """The shortest way from one subject to another; of several as short, by the surest ties.

    Args:
        ties: (rank, rule, key, subject): the subjects of one rule and key are tied.
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
    ties: Iterable[tuple[int, str, str, str]],
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
