"""What became of each time a customer was served, and by whom: the rows on which everything about the brand rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    import ibis.expr.types as ir

MEETINGS = {
    "promise": ((Act.PROMISE_KEPT,), (Act.PROMISE_BROKEN,)),
    "resolution": ((Act.RESOLVED_FIRST,), (Act.RESOLVED_LATER,)),
}
RETURNS = ((Act.RETURN_UNPROMPTED,), (Act.RETURN_PROMPTED, Act.RETURN_MISSED))
FOLLOWS_DAYS = 120.0
"""Days for which a return is put down to whoever served last (prior: the half-life of an unprompted return)."""

SERVED = ibis.schema(
    {
        "person": "string",
        "agent": "string",
        "team": "string",
        "month": "string",
        "dyad": "string",
        "occurred_at": "timestamp('UTC', 6)",
        "event_id": "string",
        "kind": "string",
        "success": "float64",
        "score": "float64",
    }
)
"""``kind``: promise, resolution or return. ``success``: 1 or 0. ``score``: the same less the mean of its kind."""


def served(acts: ir.Table) -> ir.Table:
    """A row for each outcome that an agent answers for, in the columns of :data:`SERVED`.

    A promise (kept 1, broken 0) and a matter solved (at the first contact 1, later 0) belong to the agent that the
    act names. A return (unprompted 1; prompted or missed 0) belongs to the agent of the last promise or solution of
    that customer, if it was at most :data:`FOLLOWS_DAYS` before: the agent on a return is whoever received it, who is
    not why the customer came. Acts without an agent are left out.

    Args:
        acts: ACTS.
    """
    kinds = {**MEETINGS, "return": RETURNS}
    named = {name: [act.value for acts_of in sides for act in acts_of] for name, sides in kinds.items()}
    good = [act.value for sides in kinds.values() for act in sides[0]]
    chosen = acts.filter(acts.act.isin([act for names in named.values() for act in names]))
    kind = ibis.cases(*((chosen.act.isin(names), name) for name, names in named.items()))
    told = chosen.select(
        *("person", "occurred_at", "event_id"),
        kind=kind,
        agent=chosen.agent,
        team=chosen.team,
        success=chosen.act.isin(good).ifelse(1.0, 0.0).cast("float64"),
        day=engines.days(chosen.occurred_at),
    )
    told = told.filter((told.kind == "return") | told.agent.notnull())
    found = _answered_for(told)
    mean = found.success.mean().over(ibis.window(group_by="kind"))
    columns = found.mutate(
        month=found.occurred_at.strftime("%Y-%m"),
        dyad=found.person + "|" + found.agent,
        score=found.success - mean,
    )
    return columns.select(*SERVED.names)


def _answered_for(told: ir.Table) -> ir.Table:
    """Each row with the agent, and their team, of the last meeting at or before it."""
    meeting = told.kind != "return"
    upto = ibis.rows_window(preceding=(None, 0), group_by="person", order_by=["day", "event_id"])
    turned = told.mutate(turn=meeting.cast("int64").sum().over(upto))
    group = ibis.window(group_by=["person", "turn"])
    met = turned.kind != "return"
    last = turned.mutate(
        **{f"last_{name}": met.ifelse(turned[name], ibis.null(turned[name].type())).max().over(group) for name in _OWN}
    )
    near = last.filter(last.last_agent.notnull(), last.day - last.last_day <= FOLLOWS_DAYS)
    kept = [name for name in told.columns if name not in _OWN]
    return near.select(*kept, agent=near.last_agent, team=near.last_team)


_OWN = ("agent", "team", "day")
