"""Opportunities: when a customer could have come back, renewed, bought more or recommended, and did or did not."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.behaviour.recommendation import REFERRALS, REVIEW
from gouttes.behaviour.rows import flag
from gouttes.schemas import OPPORTUNITIES
from gouttes.vocabulary import Act, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

COUNTED = MappingProxyType(
    {
        Outcome.RETURN: ((Act.RETURN_UNPROMPTED,), (Act.RETURN_PROMPTED, Act.RETURN_MISSED)),
        Outcome.RENEWAL: ((Act.RENEWAL_FRICTIONLESS,), (Act.RENEWAL_STRAINED, Act.RENEWAL_LOST)),
    }
)
"""Outcomes whose opportunities are acts: those that are successes, and those that are not. A renewal inside a lock-in
proves the constraint and is neither."""

ONCE = MappingProxyType({Outcome.EXPANSION: Act.EXPANSION_UNPROPOSED, Outcome.RECOMMENDATION: Act.RECOMMENDED})
"""Outcomes that have no opportunity of their own: one for each person and window, taken or not."""


def opportunities(acts: ir.Table, events: ir.Table, *, origin: datetime, days: float) -> ir.Table:
    """What the people known at ``origin`` did in the ``days`` after it, in the columns of OPPORTUNITIES.

    Returns and renewals are counted one by one. Of expansions and recommendations each person has one opportunity in
    the window: expansion where they had ordered a known product or subscribed by then, recommendation where the log
    records any at all (what no source tells is not known, and is not nought).

    Args:
        acts: ACTS, as known at the end of the window or later.
        events: the log's events with a ``person``.
        origin: the date at which it is frozen what is known of them.
        days: length of the window (origin, origin + days].
    """
    start, end = (ibis.literal(each, engines.UTC_TIMESTAMP) for each in (origin, origin + timedelta(days=days)))
    after = acts.filter(acts.occurred_at > start, acts.occurred_at <= end)
    seen = events.filter(events.occurred_at <= start, events.known_at <= start)
    parts = [_counted(after.semi_join(seen, "person"), outcome) for outcome in COUNTED]
    parts += [_once(after, who, outcome) for outcome, who in _at_risk(seen, events).items()]
    rows = ibis.union(*parts)
    return rows.mutate(origin=engines.days(start)).select(*OPPORTUNITIES.names).cast(OPPORTUNITIES)


def _counted(after: ir.Table, outcome: Outcome) -> ir.Table:
    good, poor = COUNTED[outcome]
    theirs = after.filter(after.act.isin([*good, *poor]))
    return theirs.group_by("person").agg(
        outcome=ibis.literal(outcome.value), successes=theirs.act.isin(good).sum(), trials=theirs.count()
    )


def _at_risk(seen: ir.Table, events: ir.Table) -> dict[Outcome, ir.Table]:
    """Column ``person``: who had one opportunity in the window."""
    bought = (seen.kind == "order.placed") & seen["product"].notnull()
    customers = seen.filter(flag(bought | seen.kind.startswith("subscription.")))
    recorded = events.filter(events.kind.isin((*REFERRALS, REVIEW))).agg(n=lambda t: t.count())
    where_recorded = seen.select("person").distinct().cross_join(recorded).filter(lambda t: t.n > 0)
    return {
        Outcome.EXPANSION: customers.select("person").distinct(),
        Outcome.RECOMMENDATION: where_recorded.select("person"),
    }


def _once(after: ir.Table, who: ir.Table, outcome: Outcome) -> ir.Table:
    did = after.filter(after.act == ONCE[outcome].value).select(done="person").distinct()
    joined = who.left_join(did, [("person", "done")])
    return joined.select(
        "person",
        outcome=ibis.literal(outcome.value),
        successes=joined.done.notnull().cast("int64"),
        trials=ibis.literal(1, "int64"),
    )
