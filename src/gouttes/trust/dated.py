"""Trust of each person at a date of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.trust.reading import SIDES, sums, weigh

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.trust.reading import Prior


def trust_before(evidence: ir.Table, rules: ir.Table, prior: Prior, moments: ir.Table) -> ir.Table:
    """The mean of trust right before a moment, from what had happened and was known by then.

    Args:
        evidence: EVIDENCE.
        rules: RULES.
        prior: m and n₀.
        moments: ``person, at`` (days since 1970), one row a person.

    Returns:
        ``person, trust``: one row for each of ``moments``; without evidence, the prior's mean.
    """
    rows = evidence.inner_join(moments.select("person", "at"), "person")
    seen = rows.filter(rows.t < rows["at"], rows.known < rows["at"])
    states = seen.select("person", "rule", "at", tau=seen.t.cast("float64"), value=seen["size"].cast("float64"))
    weighed = weigh(states, rules)
    summed = weighed.group_by("person").agg(**sums(weighed, SIDES))
    told = moments.select("person").left_join(summed.rename(theirs="person"), [("person", "theirs")])
    drops, buckets = (told[side].fill_null(0.0) for side in SIDES)
    return told.select("person", trust=(prior.a + drops) / (prior.a + prior.b + drops + buckets))
