"""Components that hold people who must not be one: taken apart and put together again, the surest ties first.

Most components need none of this. Those that do are small, and each tie is weighed in its turn: it joins whom it can
without joining two that contradict each other. Who could go with either of two goes with neither, and is put before
a person.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass
class Cluster:
    """Subjects joined so far.

    Attributes:
        subjects: who.
        sides: by decision that keeps people apart, the sides its subjects are on.
        strong: by field and source, the values that its subjects are known by.
    """

    subjects: set[str]
    sides: dict[str, set[str]] = field(default_factory=dict)
    strong: dict[str, set[str]] = field(default_factory=dict)

    def kept_from(self, other: Cluster) -> bool:
        """Whether a person said that they are two."""
        shared = self.sides.keys() & other.sides.keys()
        return any(len(self.sides[decision] | other.sides[decision]) > 1 for decision in shared)

    def contradicts(self, other: Cluster) -> bool:
        """Whether one source knows each by a value of its own."""
        shared = self.strong.keys() & other.strong.keys()
        return any(not self.strong[name] & other.strong[name] for name in shared)

    def take(self, other: Cluster) -> None:
        """Join another's subjects, and all that is known of them."""
        self.subjects |= other.subjects
        for mine, theirs in ((self.sides, other.sides), (self.strong, other.strong)):
            for name, found in theirs.items():
                mine[name] = mine.get(name, set()) | found


@dataclass(frozen=True)
class Untangled:
    """What became of tangled components.

    Attributes:
        component: by subject, the smallest subject of its cluster.
        doubts: (subject, other, rank of the tie, ``strong`` or ``either``): pairs that a tie would have joined.
    """

    component: dict[str, str]
    doubts: tuple[tuple[str, str, int, str], ...]


def untangle(
    ties: Iterable[tuple[int, str, str]],
    subjects: Sequence[str],
    sides: Iterable[tuple[str, str, str]],
    strong: Iterable[tuple[str, str, str]],
    *,
    vouched: int,
) -> Untangled:
    """Clusters without contradiction.

    Args:
        ties: (rank, group, subject).
        subjects: everyone concerned.
        sides: (decision, side, subject) of the decisions that keep people apart.
        strong: (field and source, value, subject).
        vouched: ties of a rank up to this one join also where strong identifiers contradict: a person or a source
            said so. Nothing joins what a person keeps apart.
    """
    clusters = {subject: Cluster({subject}) for subject in subjects}
    for decision, side, subject in sides:
        if subject in clusters:
            clusters[subject].sides.setdefault(decision, set()).add(side)
    for name, value, subject in strong:
        if subject in clusters:
            clusters[subject].strong.setdefault(name, set()).add(value)
    doubts: list[tuple[str, str, int, str]] = []
    for (rank, _), members in _in_turn(ties).items():
        here = _distinct(clusters[subject] for subject in members if subject in clusters)
        doubts += [(*pair, rank, reason) for *pair, reason in _join(clusters, here, sure=rank <= vouched)]  # type: ignore[misc]  # mypy loses the pair
    component = {subject: min(cluster.subjects) for subject, cluster in clusters.items()}
    return Untangled(component, tuple(dict.fromkeys(doubts)))


def _in_turn(ties: Iterable[tuple[int, str, str]]) -> Mapping[tuple[int, str], list[str]]:
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for rank, group, subject in sorted(ties):
        groups[rank, group].append(subject)
    return groups


def _distinct(clusters: Iterable[Cluster]) -> list[Cluster]:
    return list({id(each): each for each in clusters}.values())


def _join(clusters: dict[str, Cluster], here: list[Cluster], *, sure: bool) -> Iterator[tuple[str, str, str]]:
    """Join those that may be joined; gives pairs that may not, or that might, each with its reason."""
    alike = list(_by_signature(here).values())
    foes = {
        (one, other)
        for (one, left), (other, right) in combinations(enumerate(alike), 2)
        if _foe(left[0], right[0], sure=sure)
    }
    unclear = {at for at in range(len(alike)) if _between(at, len(alike), foes)}
    yield from _doubts(alike, foes, unclear)
    joined: list[Cluster] = []
    for at, same in enumerate(alike):
        for cluster in () if at in unclear else same:
            host = next((each for each in joined if not _foe(each, cluster, sure=sure)), None)
            if host is None:
                joined.append(cluster)
            else:
                host.take(cluster)
                clusters.update(dict.fromkeys(cluster.subjects, host))


def _by_signature(here: list[Cluster]) -> dict[str, list[Cluster]]:
    """Clusters of which the same is known, together: what holds of one holds of the others."""
    found: dict[str, list[Cluster]] = defaultdict(list)
    for cluster in here:
        known = [
            sorted((name, sorted(values)) for name, values in part.items()) for part in (cluster.sides, cluster.strong)
        ]
        found[repr(known)].append(cluster)
    return found


def _doubts(
    alike: list[list[Cluster]], foes: set[tuple[int, int]], unclear: set[int]
) -> Iterator[tuple[str, str, str]]:
    """For each who contradicts another, the first such; for each unclear one, everyone it could go with."""
    told = set()
    for one, other in sorted(foes):
        left, right = alike[one][0], alike[other][0]
        if other not in told and not left.kept_from(right):
            told.add(other)
            yield min(left.subjects), min(right.subjects), "strong"
    clear = [at for at in range(len(alike)) if at not in unclear]
    for at in sorted(unclear):
        for other in clear:
            if (min(at, other), max(at, other)) not in foes:
                yield from ((min(each.subjects), min(alike[other][0].subjects), "either") for each in alike[at])


def _foe(left: Cluster, right: Cluster, *, sure: bool) -> bool:
    return left.kept_from(right) or (not sure and left.contradicts(right))


def _between(at: int, number: int, foes: set[tuple[int, int]]) -> bool:
    """Whether one could go with either of two who contradict each other."""
    friends = [other for other in range(number) if other != at and (min(at, other), max(at, other)) not in foes]
    return any(pair in foes for pair in combinations(friends, 2))
