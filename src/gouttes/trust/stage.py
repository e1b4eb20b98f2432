"""How far the relation with each person has come, as probabilities of five stages.

Stages after Dwyer, Schurr & Oh (1987), *Journal of Marketing* 51(2). A stage that rests on the sign of a bound of a
slope gets the probability Φ(bound/standard error): one half exactly where the bound is nought, so that the most
probable stage is the one that the definitions name.

- decline: the upper bound of the usage slope is under nought, or P(alive) is under one half, or notice was given;
- awareness: contact, and neither an order nor a contract;
- exploration: at most two orders or, with a contract, before the first renewal;
- expansion: the lower bound of the breadth slope is above nought;
- commitment: a renewal without friction, and a usage that holds. Without a contract there is nothing to renew: returns
  that nobody prompted stand for it (a choice of ours).

Decline comes first, then awareness and exploration, which are certain; what is left goes to expansion by its chance and
the rest to commitment, or back to exploration where nothing says commitment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.proportion import Z
from gouttes.vocabulary import Act, Context, Stage

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

USAGE = ("order.placed", "usage.recorded")
STARTED, RENEWED, ENDED = "subscription.started", "subscription.renewed", "subscription.ended"
NOTICE, UPGRADED, DOWNGRADED = "subscription.notice_given", "subscription.upgraded", "subscription.downgraded"
CONTRACT = (STARTED, RENEWED, ENDED, NOTICE, UPGRADED, DOWNGRADED)
READ = (*USAGE, *CONTRACT)
FEW_ORDERS = 2
"""Definition: up to so many orders are exploration."""
USAGE_DAYS = 730.0
"""Prior: a slope of usage looks back this far, or to the first use where that is later."""
BREADTH_DAYS = 365.0
"""Prior: a new product, seat or site counts as growth this long."""

STAGES = ibis.schema(
    {
        "person": "string",
        "context": "string",
        **{stage.value: "float64" for stage in Stage},
        "stage": "string",
        "orders": "int64",
        "renewals": "int64",
        "uses": "int64",
        "usage_slope": "float64",
        "usage_error": "float64",
        "breadth_slope": "float64",
        "breadth_error": "float64",
    }
)
"""The five probabilities sum to 1; ``stage`` is the most probable. ``orders`` placed, ``renewals`` without friction,
``uses`` after the first in the window of the slope. ``usage_slope`` is the change per day of the logarithm of the rate
of use, ``breadth_slope`` products per day, each with its standard error; null where there is none to measure."""

_STEP, _TERMS = 0.3275911, (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def normal_cdf(x: ir.FloatingValue) -> ir.FloatingValue:
    """Φ in arithmetic that every engine has, within 8e-8 (Abramowitz & Stegun 1964, 7.1.26)."""
    size = x.abs() / 2.0**0.5
    t = 1.0 / (1.0 + _STEP * size)
    total = ibis.literal(0.0)
    for coefficient in reversed(_TERMS):
        total = (total + coefficient) * t
    tail = total * (-size * size).exp() / 2.0
    return (x > 0).ifelse(1.0 - tail, tail)


def stages(
    events: ir.Table, acts: ir.Table, people: ir.Table, *, as_of: datetime, alive: ir.Table | None = None
) -> ir.Table:
    """The probabilities of the stages of everyone, in the columns of :data:`STAGES`.

    Args:
        events: the log's events with a ``person``.
        acts: ACTS.
        people: a table with ``person``: one row each comes out, and no other.
        as_of: nothing later, or known later, is read.
        alive: where given, ``person, p_alive``: the chance that a customer still is one.

    Raises:
        MissingColumnsError: a table lacks a column.
    """
    needed = {"person", "event_id", "kind", "occurred_at", "known_at", "product"}
    if missing := needed - set(events.columns):
        raise MissingColumnsError("trust.stages", missing, events.columns, "Join the links to the log first.")
    now = ibis.literal(as_of, engines.UTC_TIMESTAMP)
    seen = events.filter(events.kind.isin(READ), events.occurred_at <= now, events.known_at <= now)
    told = acts.filter(acts.occurred_at <= now, acts.known_at <= now)
    rows = people.select("person").distinct()
    for part in (_contracts(seen), _usage(seen, as_of), _breadth(seen, as_of), _willing(told), _alive(alive)):
        if part is not None:
            rows = rows.left_join(part.rename(of="person"), [("person", "of")]).drop("of")
    if alive is None:
        rows = rows.mutate(p_alive=ibis.null("float64"))
    return _chances(_slopes(rows, as_of))


def _day(events: ir.Table) -> ir.FloatingValue:
    """Days as floats: Spark's division of whole numbers gives decimals, which lose digits in a product."""
    return engines.unix_micros(events.occurred_at).cast("float64") / engines.MICROSECONDS_A_DAY


def _now(as_of: datetime) -> ir.FloatingValue:
    moment = ibis.literal(as_of, type=engines.UTC_TIMESTAMP)
    return engines.unix_micros(moment).cast("float64") / engines.MICROSECONDS_A_DAY


def _contracts(seen: ir.Table) -> ir.Table:
    """Orders, contracts, and whether the last word of a contract is that it ends."""
    moment = _day(seen)
    leaving, staying = seen.kind.isin((NOTICE, ENDED)), seen.kind.isin((STARTED, RENEWED))
    return seen.group_by("person").agg(
        orders=(seen.kind == USAGE[0]).sum(),
        tied=seen.kind.isin(CONTRACT).sum(),
        renewed=(seen.kind == RENEWED).sum(),
        left_at=moment.max(where=leaving),
        stayed_at=moment.max(where=staying),
    )


def _usage(seen: ir.Table, as_of: datetime) -> ir.Table:
    """First use, and the number and mean time of those after it inside the window."""
    used = seen.filter(seen.kind.isin(USAGE)).select("person", t=_day(ibis._))
    dated = used.mutate(first=used.t.min().over(ibis.window(group_by="person")))
    begin = ibis.greatest(dated["first"], _now(as_of) - USAGE_DAYS)
    later = dated.t > begin
    return dated.group_by("person").agg(
        begin=begin.min(), uses=later.sum(), mean_use=dated.t.mean(where=later), ever=dated.count()
    )


def _breadth(seen: ir.Table, as_of: datetime) -> ir.Table:
    """Products bought for the first time lately and upgrades, less downgrades; the very first product is no growth."""
    bought = seen.filter(seen["product"].notnull(), seen.kind.isin((*USAGE, STARTED)))
    firsts = bought.group_by("person", "product").agg(t=_day(bought).min())
    dated = firsts.mutate(first=firsts.t.min().over(ibis.window(group_by="person")))
    new = dated.filter(dated.t > dated["first"]).select("person", "t", step=ibis.literal(1, "int64"))
    moved = seen.filter(seen.kind.isin((UPGRADED, DOWNGRADED)))
    turns = moved.select("person", t=_day(moved), step=(moved.kind == UPGRADED).ifelse(1, -1).cast("int64"))
    both = ibis.union(new, turns)
    recent = both.filter(both.t > _now(as_of) - BREADTH_DAYS)
    return recent.group_by("person").agg(grown=recent.step.sum(), steps=recent.count())


def _willing(acts: ir.Table) -> ir.Table:
    return acts.group_by("person").agg(
        renewals=(acts.act == Act.RENEWAL_FRICTIONLESS.value).sum(),
        unprompted=(acts.act == Act.RETURN_UNPROMPTED.value).sum(),
    )


def _alive(alive: ir.Table | None) -> ir.Table | None:
    if alive is None:
        return None
    if missing := {"person", "p_alive"} - set(alive.columns):
        raise MissingColumnsError("trust.stages", missing, alive.columns, "Give `person` and `p_alive`.")
    return alive.select("person", p_alive=alive.p_alive.cast("float64"))


def _slopes(rows: ir.Table, as_of: datetime) -> ir.Table:
    """One scoring step for the log rate c + βt from β = 0 (Cox & Lewis 1966): β = 12(t̄ - mid)/L², se = √(12/n)/L."""
    counts = ("orders", "tied", "renewed", "uses", "ever", "renewals", "unprompted")
    filled = rows.mutate(**{name: rows[name].fill_null(0) for name in counts})
    length = (_now(as_of) - filled.begin).nullif(0.0)
    middle = filled.begin + length / 2.0
    n = filled.uses.cast("float64").nullif(0.0)
    return filled.mutate(
        usage_slope=12.0 * (filled.mean_use - middle) / (length * length),
        usage_error=(12.0 / n).sqrt() / length,
        breadth_slope=filled.grown.cast("float64") / BREADTH_DAYS,
        breadth_error=filled.steps.cast("float64").sqrt() / BREADTH_DAYS,
    )


def _chances(rows: ir.Table) -> ir.Table:
    customer = (rows.orders > 0) | (rows.tied > 0) | (rows.ever > 0)
    settled = (rows.tied > 0).ifelse(rows.renewed > 0, rows.orders > FEW_ORDERS)
    willing = (rows.tied > 0).ifelse(rows.renewals > 0, rows.unprompted > 0)
    drawn = rows.mutate(customer=customer, settled=settled, willing=willing, decline=_declines(rows))
    grows = normal_cdf(drawn.breadth_slope / drawn.breadth_error - Z).fill_null(0.0)
    shared = drawn.mutate(rest=1.0 - drawn.decline, grows=grows)
    past = shared.customer & shared.settled
    expansion = past.ifelse(shared.rest * shared.grows, 0.0)
    commitment = (past & shared.willing).ifelse(shared.rest * (1.0 - shared.grows), 0.0)
    told = shared.mutate(
        context=(shared.tied > 0).ifelse(Context.RELATIONAL.value, Context.TRANSACTIONAL.value),
        awareness=shared.customer.ifelse(0.0, shared.rest),
        expansion=expansion,
        commitment=commitment,
    )
    told = told.mutate(
        exploration=told.customer.ifelse(ibis.greatest(told.rest - told.expansion - told.commitment, 0.0), 0.0)
    )
    most = ibis.greatest(*(told[stage.value] for stage in Stage))
    named = ibis.cases(*((told[stage.value] == most, stage.value) for stage in reversed(Stage)), else_=Stage.AWARENESS)
    return told.mutate(stage=named).select(*STAGES.names).cast(STAGES)


def _declines(rows: ir.Table) -> ir.FloatingValue:
    """1 - (1 - slope)(1 - dead), and 1 where notice was given; whoever used nothing in the window has stopped."""
    leaving = (rows.left_at.notnull() & (rows.stayed_at.isnull() | (rows.left_at >= rows.stayed_at))).fill_null(False)  # noqa: FBT003 -- a value
    stopped = (rows.ever > 1) & (rows.uses == 0)
    falling = normal_cdf(-rows.usage_slope / rows.usage_error - Z).fill_null(0.0)
    dead = (1.0 - rows.p_alive).fill_null(0.0)
    return (leaving | stopped).ifelse(1.0, 1.0 - (1.0 - falling) * (1.0 - dead))
