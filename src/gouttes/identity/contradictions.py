"""Always and never, held against each other: two lists that contradict are refused, and the chain is named."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gouttes.identity.decisions import Decision

Link = tuple[str, str]
"""The other end of a link, and what says it."""


def refuse_contradictions(decisions: Sequence[Decision]) -> None:
    """Refuse decisions by which two subjects are the same person and people apart.

    Raises:
        BadInputError: there are such subjects; the message names the chain that leads from one to the other.
    """
    links = _links(decisions)
    for decision in decisions:
        if decision.verdict == "apart":
            for left, right in _lines(decision):
                chain = _chain(links, left, right)
                if chain:
                    told = ", ".join(f"'{one}' is '{other}' ({says})" for one, other, says in chain)
                    raise BadInputError(
                        f"The decisions contradict each other: '{left}' and '{right}' are kept apart by "
                        f"{decision.decision}, yet {told}. Take one of these out, or undo it, then try again: "
                        "nothing was changed."
                    )


def _lines(decision: Decision) -> Iterable[tuple[str, str]]:
    sides = list(decision.sides.values())
    for at, side in enumerate(sides):
        for other in sides[at + 1 :]:
            yield from ((left, right) for left in side for right in other)


def _links(decisions: Sequence[Decision]) -> Mapping[str, list[Link]]:
    """From each subject to those that a decision says are the same; a star for each decision."""
    found: dict[str, list[Link]] = {}
    for decision in decisions:
        if decision.verdict == "same":
            hub, *others = decision.subjects
            for other in others:
                found.setdefault(hub, []).append((other, decision.decision))
                found.setdefault(other, []).append((hub, decision.decision))
    return found


def _chain(links: Mapping[str, list[Link]], start: str, end: str) -> list[tuple[str, str, str]]:
    """The shortest way from one subject to another, as (from, to, by which decision); empty where there is none."""
    came: dict[str, tuple[str, str]] = {start: ("", "")}
    waiting = deque([start])
    while waiting and end not in came:
        here = waiting.popleft()
        for other, says in links.get(here, ()):
            if other not in came:
                came[other] = (here, says)
                waiting.append(other)
    chain: list[tuple[str, str, str]] = []
    here = end if end in came else start
    while here != start:
        before, says = came[here]
        chain.append((before, here, says))
        here = before
    return chain[::-1]
