"""The ledger: what each event adds to or takes from a person's trust, exactly.

On the logit scale trust is ln a - ln b, and each side grows along a straight line from its prior to what it is now.
Shared along that line (Aumann & Shapley 1974, *Values of Non-Atomic Games*), a drop receives
(cᵢ/ΔA)·ln(a/(n₀m)) and a bucket -(cᵢ/ΔB)·ln(b/(n₀(1-m))), where cᵢ = w·size·2^(-age/half-life): the contributions
add up to logit(trust) - logit(m). The ledger explains the reading; it does not say what caused the customer to leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import ibis

from gouttes.errors import BadInputError
from gouttes.trust.reading import weigh
from gouttes.trust.state import day_of, visible

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from gouttes.trust.reading import Prior

SMALL = 1e-4
"""Below this ratio ln(1 + r)/r is its series: events that cancel each other would otherwise divide 0 by 0."""


def ledger(evidence: ir.Table, rules: ir.Table, prior: Prior, *, as_of: datetime) -> ir.Table:
    """What each event adds to the logit of trust, as known at a date.

    For every person and date, logit(m) + the sum of ``contribution`` = logit(trust), to rounding. Where repairs
    exceed the failures that are visible, that side counts for nothing, in the reading and here.

    Args:
        evidence: EVIDENCE, whole or filtered to the persons wanted.
        rules: RULES.
        prior: the one the readings were made with.
        as_of: the date of reading, in UTC.

    Returns:
        LEDGER: ``person, event_id, rule, kind, occurred_at, size``; ``weight_now``, the weight left of the event
        at that date (negative for a repair); ``contribution``, in logits; ``episode, channel, team, agent,
        product``;
        ``polarity`` (+1 drop, -1 bucket, a repair having that of what it repairs).
    """
    seen = visible(evidence, as_of=as_of)
    weighed = weigh(seen.mutate(tau=seen.t, value=seen["size"].cast("float64"), at=day_of(as_of)), rules)
    entries = weighed.mutate(weight_now=weighed.now * (weighed.share_drops + weighed.share_buckets))
    is_drop = entries.polarity > 0
    totals = entries.group_by("person").agg(
        drops=is_drop.ifelse(entries.weight_now, 0.0).sum(), buckets=is_drop.ifelse(0.0, entries.weight_now).sum()
    )
    factors = totals.select(
        "person", per_drop=_per_unit(totals.drops, prior.a), per_bucket=-_per_unit(totals.buckets, prior.b)
    )
    table = entries.inner_join(factors, "person")
    return table.select(
        *("person", "event_id", "rule", "kind", "occurred_at", "size", "weight_now"),
        contribution=table.weight_now * (table.polarity > 0).ifelse(table.per_drop, table.per_bucket),
        **{name: table[name] for name in ("episode", "channel", "team", "agent", "product", "polarity")},
    )


def _per_unit(total: ir.FloatingValue, start: float) -> ir.FloatingValue:
    """ln(1 + total/start)/total, the logits that one unit of evidence receives on its side; 0 where total < 0."""
    ratio = ibis.greatest(total / start, 0.0)
    series = (1.0 - ratio * (1.0 / 2.0 - ratio * (1.0 / 3.0 - ratio / 4.0))) / start
    share = (ratio + 1.0).ln() / ibis.greatest(total, SMALL * start)
    return (total < 0.0).ifelse(0.0, (ratio < SMALL).ifelse(series, share))


@dataclass(frozen=True)
class Entry:
    """One line of a person's ledger, to answer questions about it."""

    event_id: str
    rule: str
    polarity: int
    occurred_at: datetime
    weight_now: float
    contribution: float


def entries_of(ledger: pd.DataFrame) -> list[Entry]:
    """The lines of one person's LEDGER.

    Raises:
        BadInputError: the ledger holds several persons.
    """
    persons = ledger["person"].unique()
    if len(persons) > 1:
        raise BadInputError(
            f"Questions about a ledger are asked of one person at a time, found {len(persons)}. "
            "Filter the ledger on `person` first."
        )
    columns = list(Entry.__dataclass_fields__)
    return [Entry(**cast("dict[str, object]", row)) for row in ledger[columns].to_dict("records")]  # type: ignore[arg-type]  # the columns are the fields


def without(
    entries: Sequence[Entry], prior: Prior, *, events: Collection[str] = (), rules: Collection[str] = ()
) -> float:
    """The trust that the same ledger would read without some events or some rules.

    A repair leaves with what it repaired (same rule, same moment). It is arithmetic on the score, not a forecast of
    what the customer would have done.

    Returns:
        The mean a/(a+b), between 0 and 1.
    """
    gone = {(entry.rule, entry.occurred_at) for entry in entries if entry.event_id in events and entry.weight_now > 0}
    kept = [
        entry
        for entry in entries
        if entry.event_id not in events
        and entry.rule not in rules
        and not (entry.weight_now < 0 and (entry.rule, entry.occurred_at) in gone)
    ]
    a, b = _shape(kept, prior)
    return a / (a + b)


def equivalent(entries: Sequence[Entry], *, event: str, rule: str) -> float | None:
    """How many of this person's drops of ``rule`` the bucket ``event`` cost as much as.

    The bucket's contribution, its repairs included, over the mean contribution of these drops: "this bucket cost as
    much as thirty drops".

    Returns:
        The number of drops, or nothing where the person has no such drop to compare with.

    Raises:
        BadInputError: ``event`` is not a bucket of this ledger.
    """
    cost = -sum(entry.contribution for entry in _bucket(entries, event))
    drops = [entry.contribution for entry in entries if entry.rule == rule and entry.polarity > 0]
    gained = sum(drops)
    return cost / (gained / len(drops)) if gained > 0 else None


def to_make_up(entries: Sequence[Entry], prior: Prior, *, event: str, weight: float) -> float:
    """How many new drops of ``weight`` would bring the reading back to what it is without the bucket ``event``.

    With N drops added today, (a + N·weight)/b = a/(b - c): N = a·c/((b - c)·weight), c being what is left of the
    bucket after its repairs.

    Raises:
        BadInputError: ``event`` is not a bucket of this ledger, or the weight is not above 0.
    """
    if weight <= 0:
        raise BadInputError(f"Drops have a weight above 0, found {weight}. Give the weight of a rule that adds trust.")
    bucket = _bucket(entries, event)
    a, b = _shape(entries, prior)
    _, rest = _shape([entry for entry in entries if entry not in bucket], prior)
    return a * (b - rest) / (rest * weight)


def _shape(entries: Sequence[Entry], prior: Prior) -> tuple[float, float]:
    drops = sum(entry.weight_now for entry in entries if entry.polarity > 0)
    buckets = sum(entry.weight_now for entry in entries if entry.polarity < 0)
    return prior.a + max(drops, 0.0), prior.b + max(buckets, 0.0)


def _bucket(entries: Sequence[Entry], event: str) -> list[Entry]:
    """The lines of a bucket: those of the event, and the repairs of each."""
    own = [entry for entry in entries if entry.event_id == event and entry.polarity < 0 and entry.weight_now > 0]
    if not own:
        raise BadInputError(
            f"Event '{event}' is not a bucket of this ledger. Give the event_id of a line whose contribution is "
            "negative, as `gouttes explain` prints it."
        )
    moments = {(entry.rule, entry.occurred_at) for entry in own}
    repairs = [entry for entry in entries if entry.weight_now < 0 and (entry.rule, entry.occurred_at) in moments]
    return own + repairs
