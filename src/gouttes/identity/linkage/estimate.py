"""From what splink finds to the parameters of a model: sessions pooled, true pairs taken out of random ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, prod
from statistics import median
from typing import TYPE_CHECKING

from gouttes.identity.linkage.asked import RANDOM_PAIRS, Asked, touches
from gouttes.identity.linkage.comparisons import AT_HOME, Role, only
from gouttes.identity.linkage.model import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.identity.linkage.asked import Met, Session
    from gouttes.identity.linkage.blocking import BlockKey
    from gouttes.identity.linkage.comparisons import Comparison
    from gouttes.identity.linkage.sample import Sample

BLOCKINGS = 6
"""The most blockings from which m is estimated (a prior)."""

FEWEST_PAIRS = 10
"""Pairs below which a blocking is not used for training (a prior)."""

FEW = 5
"""Pairs that a level must have been seen in, true or not, to have a weight of its own (a prior)."""

TAUGHT = 2
"""Blockings that teach a comparison, where there are so many (a prior)."""

PSEUDO_PAIRS = 0.5
"""Pairs added to each level before m and u are divided (Jeffreys 1946): what was never seen is not impossible."""

UNSURE = 0.01
"""Pairs that share a home, as a share of the true pairs, below which they cannot be told from none (a prior)."""

Figures = tuple[float, ...]


class NoPairsError(Exception):
    """The sample has too few pairs to learn from; its text is one of ``train.Why``."""


@dataclass(frozen=True)
class Estimate:
    """Figures of the comparisons, in their order: of each level, "none of these" last."""

    prior: float
    m: tuple[Figures, ...]
    u: tuple[Figures, ...]
    home: Home | None


def estimated(sample: Sample, comparisons: Sequence[Comparison], *, seed: int) -> Estimate:
    """The parameters that a sample supports.

    Raises:
        NoPairsError: no key makes pairs, or not enough of them, or each takes all the fields.
    """
    asked, total = Asked(sample, comparisons), sample.rows * (sample.rows - 1) / 2
    blockings = _chosen(asked, tuple(sample.keys), comparisons)
    pairs = min(RANDOM_PAIRS, total)
    at_random = [_counted(asked, each, p) for each, p in zip(comparisons, asked.at_random(seed), strict=True)]
    u = tuple(_without(each, each, 0.0, pairs) for each in at_random)
    sessions = [session for met in blockings if (session := asked.session(met, u))]
    if not sessions:
        raise NoPairsError("too_alike")
    m = tuple(_pooled(each, sessions) or chance for each, chance in zip(comparisons, u, strict=True))
    prior = _within(_prior(sessions, comparisons, m) or asked.prior(blockings), total)
    u = tuple(_without(all_pairs, true, prior, pairs) for all_pairs, true in zip(at_random, m, strict=True))
    true_pairs = max(session.true_pairs for session in sessions)
    settled = [_settled(true, false, true_pairs, pairs) for true, false in zip(m, u, strict=True)]
    return Estimate(prior, tuple(settled), u, _home(asked, comparisons, m, prior))


def _chosen(asked: Asked, keys: Sequence[BlockKey], comparisons: Sequence[Comparison]) -> list[Met]:
    """The blockings to learn from: the strong keys first, until each comparison is taught twice."""
    if not keys:
        raise NoPairsError("no_key")
    if all(touches(each, key) for key in keys for each in comparisons):
        raise NoPairsError("few_fields")
    chosen: list[Met] = []
    for key in keys:
        taught = {c.column: sum(not touches(c, other.key) for other in chosen) for c in comparisons}
        if all(taught[c.column] >= TAUGHT or touches(c, key) for c in comparisons):
            continue
        met = asked.met(key)
        if met.pairs >= FEWEST_PAIRS:
            chosen.append(met)
        if len(chosen) == BLOCKINGS:
            break
    if not chosen:
        raise NoPairsError("few_pairs")
    return chosen


def _counted(asked: Asked, comparison: Comparison, at_random: Figures) -> Figures:
    """Levels among random pairs, full agreement as counted among all pairs: a sample hardly meets it."""
    same, able = asked.alike([comparison.column])
    if not able or at_random[0] == 1:
        return at_random
    exact = same / able
    return (exact, *(p * (1 - exact) / (1 - at_random[0]) for p in at_random[1:]))


def _home(asked: Asked, comparisons: Sequence[Comparison], m: Sequence[Figures], prior: float) -> Home | None:
    """How much a home weighs: the pairs that share family name and address, less the true ones among them.

    None where the records have no family name or no street.
    """
    fields = [each.field for each in comparisons]
    needed = [only(fields, Role.FAMILY_NAME), only(fields, Role.STREET)]
    if None in needed:
        return None
    place = only(fields, Role.POSTCODE) or only(fields, Role.CITY)
    used = [field for field in (*needed, only(fields, Role.NUMBER), place) if field]
    same, able = asked.alike([field.column for field in used])
    true = prod(figures[0] for each, figures in zip(comparisons, m, strict=True) if each.field in used and figures)
    chance = (same / able - prior * true) / (1 - prior) if able else 0.0
    least = max(PSEUDO_PAIRS / able if able else 0.0, prior * UNSURE)
    columns = tuple(field.column for field in fields if field.role in AT_HOME)
    return Home(columns, log2(true / max(chance, least)))


def _within(prior: float, total: float) -> float:
    """A prior that is neither certain nor impossible: from half a pair to half of them all."""
    return min(max(prior, PSEUDO_PAIRS / total), 0.5)


def _pooled(comparison: Comparison, sessions: Sequence[Session]) -> Figures:
    """M of a comparison over the sessions that taught it, each counted by its true pairs; none where nothing did.

    A comparison that nothing taught is given m = u, and says nothing.
    """
    told = [(each.true_pairs, each.m[comparison.column]) for each in sessions if comparison.column in each.m]
    levels, total = len(comparison.levels) + 1, sum(pairs for pairs, _ in told)
    counts = [sum(pairs * m[level] for pairs, m in told) + PSEUDO_PAIRS for level in range(levels)]
    return tuple(count / sum(counts) for count in counts) if total else ()


def _prior(sessions: Sequence[Session], comparisons: Sequence[Comparison], m: Sequence[Figures]) -> float | None:
    """The prior by what the sessions found: a key that a share of the true pairs has in common finds that share.

    true pairs found = prior x pairs that have the key x the probability that a true pair agrees on it; the median over
    the keys of whole columns; None where there is none.
    """
    known = dict(zip(comparisons, m, strict=True))
    found = []
    for session in sessions:
        shares = [_share(part.column, known) if part.first is None else 0.0 for part in session.met.key.parts]
        if (share := prod(shares)) > 0:
            found.append(session.true_pairs / (share * session.met.able))
    return median(found) if found else None


def _share(column: str, known: dict[Comparison, Figures]) -> float:
    """The probability that a true pair agrees on a column: on a root, also by variants."""
    for comparison, m in known.items():
        places = [at for at, level in enumerate(comparison.levels) if level.kind == "equal"]
        if column in {comparison.field.root, comparison.column} and m:
            return sum(m[at] for at in places) if column == comparison.field.root else m[0]
    return 0.0


def _without(at_random: Figures, m: Figures, prior: float, pairs: float) -> Figures:
    """U from random pairs, of which a share ``prior`` is true: p = prior m + (1 - prior) u, solved for u."""
    least = PSEUDO_PAIRS / pairs
    raw = [max((p - prior * each) / (1 - prior), least) for p, each in zip(at_random, m, strict=True)]
    return tuple(each / sum(raw) for each in raw)


def _settled(m: Figures, u: Figures, true_pairs: float, pairs: float) -> Figures:
    """m, where a level that was hardly seen weighs no more than the next that was."""
    settled = list(m)
    for at in range(len(m) - 2, 0, -1):
        if m[at] * true_pairs < FEW and u[at] * pairs < FEW:
            settled[at] = min(m[at], u[at] * settled[at + 1] / u[at + 1])
    return tuple(settled)
