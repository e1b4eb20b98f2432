"""Levels of trust that borrow from the one above: company, team, agent, person.

At each level the groups' rates differ by chance and by nature. The method of moments tells the two apart: with
p = Σy/N and S = Σ nᵢ(pᵢ - p)² over the k groups of one parent, the correlation within a group is
gamma = [S/(p(1 - p)) - (k - 1)] / [N - Σnᵢ²/N - (k - 1)], and a group's parent is worth 1/gamma - 1 trials: its mean is
(strength·m_parent + y)/(strength + n) (Kleinman 1973, *Journal of the American Statistical Association* 68(341)). With
several parents numerators and denominators are summed over them, so that a level has one gamma.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.trust.interval import with_intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

COMPANY = "company"
JEFFREYS = 0.5
"""Half a success and half a failure, where nothing stands above the company (Jeffreys 1946)."""
STRONGEST = 1e6
"""Prior: a strength beyond this is that of groups which do not differ."""


class Heterogeneity(StrEnum):
    """What the groups of a level say of how much they differ."""

    ESTIMATED = "estimated"
    NONE = "none"
    NOT_ESTIMABLE = "not_estimable"


@dataclass(frozen=True)
class Sector:
    """What is believed of a company of this trade before anything is known of it: a prior.

    Attributes:
        mean: share of good outcomes in the trade, between 0 and 1.
        strength: how many trials it is worth, above 0.

    Raises:
        BadInputError: outside these bounds.
    """

    mean: float
    strength: float

    def __post_init__(self) -> None:
        if not (0.0 < self.mean < 1.0 and 0.0 < self.strength < float("inf")):
            raise BadInputError(
                f"A sector needs a mean strictly between 0 and 1 and a strength above 0, found {self.mean} and "
                f"{self.strength}. Set `sector_mean` and `sector_strength` under [trust], or neither."
            )


def pool(counts: ir.Table, levels: Sequence[str], *, sector: Sector | None = None) -> Mapping[str, ir.Table]:
    """The pooled mean of every group of every level, each shrunk to its parent.

    Args:
        counts: one row or more per innermost group: the columns ``levels``, ``successes``, ``trials``. A group whose
            key is null has no such level: it takes its parent's mean, and is not counted among the groups.
        levels: columns from the outermost to the innermost; the company stands above them.
        sector: what stands above the company; where absent, Jeffreys' prior.

    Returns:
        ``company`` and each level: the keys down to it, ``successes``, ``trials``, ``raw`` (null without trials),
        ``groups`` (how many the level has), ``gamma``, ``strength`` (trials that the parent is worth; null where
        groups do not differ), ``heterogeneity`` (:class:`Heterogeneity`; the company's is null), ``a``, ``b`` (of the
        Beta), ``mean``, ``low``, ``high`` (90 %). Without heterogeneity, or with one group, which cannot tell, a group
        takes its parent's mean and interval.

    Raises:
        MissingColumnsError: ``counts`` lacks a column.
    """
    shapes = shapes_of(counts, levels, sector=sector)
    return {name: _read(shape, tuple(levels[:depth])) for depth, (name, shape) in enumerate(shapes.items())}


def shapes_of(counts: ir.Table, levels: Sequence[str], *, sector: Sector | None = None) -> dict[str, ir.Table]:
    """What :func:`pool` gives, without means and intervals: most of its work, where only ``a`` and ``b`` are needed.

    Raises:
        MissingColumnsError: ``counts`` lacks a column.
    """
    if missing := {*levels, "successes", "trials"} - set(counts.columns):
        raise MissingColumnsError("trust.pool", missing, counts.columns, "Give counts by group, and every level.")
    counted = counts.mutate(successes=counts.successes.cast("float64"), trials=counts.trials.cast("float64"))
    parents = _company(counted, sector)
    shapes = {COMPANY: parents}
    for depth in range(1, len(levels) + 1):
        parents = _level(counted, parents, tuple(levels[:depth]))
        shapes[levels[depth - 1]] = parents
    return shapes


def _company(counts: ir.Table, sector: Sector | None) -> ir.Table:
    above = (
        (JEFFREYS, JEFFREYS) if sector is None else (sector.strength * sector.mean, sector.strength * (1 - sector.mean))
    )
    total = counts.agg(successes=counts.successes.sum().fill_null(0.0), trials=counts.trials.sum().fill_null(0.0))
    return total.select(
        "successes",
        "trials",
        groups=ibis.literal(1, "int64"),
        gamma=ibis.null("float64"),
        strength=ibis.literal(sum(above), "float64"),
        heterogeneity=ibis.null("string"),
        a=total.successes + above[0],
        b=total.trials - total.successes + above[1],
    )


def _level(counts: ir.Table, parents: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    """The groups of one level, with the Beta of each."""
    key, above = keys[-1], keys[:-1]
    groups = counts.group_by(*keys).agg(successes=counts.successes.sum(), trials=counts.trials.sum())
    told = parents.select(*above, parent_a=parents.a, parent_b=parents.b)
    named = told.rename({f"parent_{name}": name for name in above})
    joined = _joined(groups, named, above)
    children = joined.cross_join(_moments(groups, keys))
    own = (children.heterogeneity == Heterogeneity.ESTIMATED.value) & children[key].notnull()
    size = children.parent_a + children.parent_b
    shrunk = {
        side: children.strength * children[f"parent_{side}"] / size + seen
        for side, seen in (("a", children.successes), ("b", children.trials - children.successes))
    }
    return children.select(
        *keys,
        *("successes", "trials", "groups", "gamma", "strength", "heterogeneity"),
        **{side: own.ifelse(shrunk[side], children[f"parent_{side}"]) for side in "ab"},
    )


def _joined(groups: ir.Table, parents: ir.Table, above: tuple[str, ...]) -> ir.Table:
    """Groups beside their parents; a null key of a parent is met by a null key."""
    if not above:
        return groups.cross_join(parents)
    return groups.join(parents, [groups[name].identical_to(parents[f"parent_{name}"]) for name in above])


def _moments(groups: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    """One row: how many groups the level has, its gamma, its strength, and what they say."""
    known = groups.filter(groups[keys[-1]].notnull(), groups.trials > 0)
    if above := keys[:-1]:
        family = known.group_by(*above).agg(**_totals(known)).rename({f"of_{name}": name for name in above})
        inside = known.join(family, [known[name].identical_to(family[f"of_{name}"]) for name in above])
    else:
        inside = known.cross_join(known.agg(**_totals(known)))
    spread = inside.trials * (inside.successes / inside.trials - inside.rate) ** 2
    scale = inside.rate * (1.0 - inside.rate)
    # Each family's constants are shared among its groups, so that one sum over groups gives them.
    degrees = (inside.families - 1.0) / inside.families
    usable = (inside.families > 1) & (scale > 0)
    number = usable.ifelse(spread / scale.nullif(0.0) - degrees, 0.0)
    weight = usable.ifelse(inside.trials - inside.trials**2 / inside.total - degrees, 0.0)
    summed = inside.agg(groups=inside.count(), over=number.sum().fill_null(0.0), under=weight.sum().fill_null(0.0))
    gamma = (summed.under > 0).ifelse(ibis.least(summed.over / summed.under.nullif(0.0), 1.0), ibis.null("float64"))
    found = summed.select("groups", gamma=gamma)
    strength = 1.0 / found.gamma - 1.0
    differs = (found.gamma > 0) & (strength < STRONGEST)
    return found.select(
        "groups",
        "gamma",
        strength=differs.ifelse(strength, ibis.null("float64")),
        heterogeneity=ibis.cases(
            (found.gamma.isnull(), Heterogeneity.NOT_ESTIMABLE.value),
            (differs, Heterogeneity.ESTIMATED.value),
            else_=Heterogeneity.NONE.value,
        ),
    )


def _totals(groups: ir.Table) -> dict[str, ir.Scalar]:
    total = groups.trials.sum()
    return {"total": total, "rate": groups.successes.sum() / total, "families": groups.count().cast("float64")}


def _read(shape: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    named = shape.rename(shape_a="a", shape_b="b")
    # Without trials and with a gamma of 1 nothing is left of either side: a hair keeps the interval defined.
    held = named.mutate(shape_a=ibis.greatest(named.shape_a, LEAST), shape_b=ibis.greatest(named.shape_b, LEAST))
    read = with_intervals(held, ("shape",))
    return read.select(
        *keys,
        "successes",
        "trials",
        raw=read.successes / read.trials.nullif(0.0),
        groups=read.groups,
        gamma=read.gamma,
        strength=read.strength,
        heterogeneity=read.heterogeneity,
        a=read.shape_a,
        b=read.shape_b,
        mean=read.shape,
        low=read.shape_low,
        high=read.shape_high,
    )


LEAST = 0.01
"""Prior: neither side of a Beta falls below this."""
