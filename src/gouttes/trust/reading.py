"""Trust per person and facet at a date, with its interval.

a = n₀·m + Σ w·S over the drops, b = n₀·(1 - m) + Σ w·S over the buckets; trust is the mean of Beta(a, b) and its
interval the distribution's 90 % quantiles (the Beta reputation of Jøsang & Ismail 2002, with weights, decay and a
prior). Silence is ignorance, not distrust: without evidence a person has the prior, and its wide interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError
from gouttes.trust.interval import with_intervals
from gouttes.trust.state import LN2, day_of
from gouttes.vocabulary import Facet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir

FACETS = tuple(facet.value for facet in Facet)
DEFAULT_MEAN = 0.8
"""Prior: the mean of trust before any evidence, where too few outcomes were seen to pool."""
DEFAULT_STRENGTH = 4.0
"""Prior: n₀, how many unit pieces of evidence the prior is worth."""
FEWEST_TRIALS = 100
"""Prior: fewer outcomes than this do not make a pooled rate."""
MEAN_BOUNDS = (0.05, 0.95)
"""Prior: a pooled mean is held inside, so that neither a nor b starts from almost nothing."""


@dataclass(frozen=True)
class Prior:
    """What is believed of a person before any evidence.

    Attributes:
        mean: m, between 0 and 1.
        strength: n₀ > 0, in units of evidence.
        source: where the mean comes from, in words: shown beside every reading.

    Raises:
        BadInputError: the mean is not strictly between 0 and 1, or the strength not above 0.
    """

    mean: float = DEFAULT_MEAN
    strength: float = DEFAULT_STRENGTH
    source: str = "prior"

    def __post_init__(self) -> None:
        if not (0.0 < self.mean < 1.0 and 0.0 < self.strength < float("inf")):
            raise BadInputError(
                f"A prior needs a mean strictly between 0 and 1 and a strength above 0, found mean {self.mean} and "
                f"strength {self.strength}. Set `prior_mean` and `prior_strength` under [trust] in gouttes.toml."
            )

    @property
    def a(self) -> float:
        """The prior's part of a: n₀·m."""
        return self.strength * self.mean

    @property
    def b(self) -> float:
        """The prior's part of b: n₀·(1 - m)."""
        return self.strength * (1.0 - self.mean)


def pooled(successes: int, trials: int, *, strength: float = DEFAULT_STRENGTH, fewest: int = FEWEST_TRIALS) -> Prior:
    """The company's own rate as everyone's prior, or 0.8 where fewer than ``fewest`` outcomes were seen.

    ``successes`` of ``trials`` are what customers did (unprompted returns of opportunities, for instance).

    Raises:
        BadInputError: the counts are impossible.
    """
    if not 0 <= successes <= trials:
        raise BadInputError(f"A pooled rate needs 0 ≤ successes ≤ trials, found {successes} of {trials}.")
    if trials < fewest:
        return Prior(DEFAULT_MEAN, strength, f"prior (only {trials} outcomes seen, {fewest} needed)")
    low, high = MEAN_BOUNDS
    return Prior(min(max(successes / trials, low), high), strength, f"pooled rate of {trials} outcomes")


def readings(
    states: ir.Table, rules: ir.Table, prior: Prior, *, as_of: datetime, people: ir.Table | None = None
) -> ir.Table:
    """Trust per person and facet at a date, with its interval.

    Args:
        states: STATES, folded or straight from ``as_states``; made with the same ``as_of`` or an earlier one.
        rules: RULES. A state whose rule is absent counts for nothing.
        prior: m and n₀, the same for the whole and for each facet.
        as_of: the date of reading, in UTC.
        people: where given, a table with a column ``person``: one row each, and no other; those without evidence
            get the prior. Where not, the persons found in ``states``.

    Returns:
        READINGS: ``person``; ``trust``, ``low``, ``high`` (90 %); ``ignorance`` n₀/(a+b), the weight still on the
        prior; ``a``, ``b``; ``drops`` and ``buckets``, the decayed evidence a - n₀m and b - n₀(1-m); then for each
        facet its mean, ``_low`` and ``_high``. A person with a state newer than ``as_of`` has nulls: such a
        state cannot be read, and a wrong figure would be worse than none.
    """
    # What cannot be read is not a number, and makes none of every sum: cheaper than to look for the newest state.
    readable = (states.tau <= day_of(as_of)).ifelse(states["value"], float("nan"))
    weighed = weigh(states.mutate(value=readable, at=day_of(as_of)), rules)
    summed = weighed.group_by("person").agg(**sums(weighed))
    summed = summed.select(
        "person", **{name: summed[name].isnan().ifelse(ibis.null("float64"), summed[name]) for name in SUMS}
    )
    if people is not None:
        everyone = (
            people.select("person")
            .distinct()
            .left_join(summed.rename(summed_person="person"), [("person", "summed_person")])
        )
        known = everyone.summed_person.notnull()
        summed = everyone.select("person", **{name: known.ifelse(everyone[name], 0.0) for name in SUMS})
    return from_sums(summed, prior)


SIDES = ("drops", "buckets")
SUMS = (*SIDES, *(f"{side}_{facet}" for side in SIDES for facet in FACETS))


def weigh(states: ir.Table, rules: ir.Table) -> ir.Table:
    """States joined with their rules, aged to the date in their column ``at`` (days).

    Every column of ``states``, ``polarity``, ``now`` (the value at that date, unweighted), and the share of it that
    each of :data:`SUMS` takes.
    """
    up = (rules.polarity > 0).ifelse(rules.weight, 0.0).cast("float64")
    down = (rules.polarity < 0).ifelse(rules.weight, 0.0).cast("float64")
    shares = {f"{side}_{facet}": w * rules[facet] for side, w in (("drops", up), ("buckets", down)) for facet in FACETS}
    table = rules.select(
        "rule",
        "polarity",
        rate=LN2 / rules.half_life.cast("float64"),
        **{f"share_{name}": share for name, share in {"drops": up, "buckets": down, **shares}.items()},
    )
    joined = states.inner_join(table, "rule")
    return joined.mutate(now=joined["value"] * ((joined.tau - joined["at"]) * joined.rate).exp())


def sums(weighed: ir.Table, names: Sequence[str] = SUMS) -> dict[str, ir.FloatingScalar]:
    """The decayed evidence on each side, as aggregates; a repair never takes a sum below nothing.

    Where its facets are asked too, a side is their total, since they share it whole: two sums fewer, a tenth faster.
    """
    found = {name: (weighed.now * weighed[f"share_{name}"]).sum() for name in names if name not in SIDES}
    for side in SIDES:
        parts = [found[f"{side}_{facet}"] for facet in FACETS if f"{side}_{facet}" in found]
        whole = len(parts) == len(FACETS)
        found[side] = reduce(add, parts) if whole else (weighed.now * weighed[f"share_{side}"]).sum()
    return {name: ibis.greatest(found[name], 0.0) for name in names}


def from_sums(summed: ir.Table, prior: Prior) -> ir.Table:
    """READINGS from a table with ``person`` and :data:`SUMS`."""
    shapes = {name: (f"drops{suffix}", f"buckets{suffix}") for name, suffix in _SUFFIXES.items()}
    read = with_intervals(
        summed.select(
            "person",
            "drops",
            "buckets",
            **{f"{name}_a": prior.a + summed[drops] for name, (drops, _) in shapes.items()},
            **{f"{name}_b": prior.b + summed[buckets] for name, (_, buckets) in shapes.items()},
        ),
        tuple(shapes),
    )
    return read.select(
        "person",
        "trust",
        low=read.trust_low,
        high=read.trust_high,
        ignorance=prior.strength / (read.trust_a + read.trust_b),
        a=read.trust_a,
        b=read.trust_b,
        drops=read.drops,
        buckets=read.buckets,
        **{f"{facet}{end}": read[f"{facet}{end}"] for facet in FACETS for end in ("", "_low", "_high")},
    )


_SUFFIXES = {"trust": "", **{facet: f"_{facet}" for facet in FACETS}}
