"""Who brings whom: invitations, what becomes of them, and how far that carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from gouttes.brand.figures import LEAST, share
from gouttes.proportion import Figure, Z
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    import ibis.expr.types as ir

MADE, CONVERTED = "referral.made", "referral.converted"
NONE_SEEN = 2.995732273553991
"""-ln .05: of a Poisson count that is nought, the mean is below it with 95 % (Hanley & Lippman-Hand 1983)."""


@dataclass(frozen=True)
class Network:
    """The recommendation network.

    Attributes:
        reason: empty, or ``none``: the log records no referral; ``few``: under 8 customers.
        people: customers.
        invitations: invitations per customer. conversion: share of invitations that brought someone.
        k, k_unrewarded: customers brought per customer, all and without a reward.
        reach: customers in the end per customer who came by themselves, 1/(1-k), while k < 1.
        own, total: U₀, who came by themselves, and U₀/(1-k).
        pairs: customers of whom the log says who introduced them. passed_on: share of these who brought someone.
        brought: by how many they brought (3 is three and more), customers.
    """

    reason: str
    people: int = 0
    invitations: Figure | None = None
    conversion: Figure | None = None
    k: Figure | None = None
    k_unrewarded: Figure | None = None
    reach: Figure | None = None
    own: int = 0
    total: Figure | None = None
    pairs: int = 0
    passed_on: Figure | None = None
    brought: dict[int, int] | None = None


def introductions(events: ir.Table) -> ir.Table:
    """``introducer, person``: who introduced whom, where the log says so.

    It does where the thread of somebody's referral is also on an event of another customer: the code that was used,
    the contact that was introduced.
    """
    referrals = events.filter(events.kind.isin((MADE, CONVERTED)), events.thread.notnull())
    by = referrals.select("thread", introducer=referrals.person).distinct()
    used = events.filter(~events.kind.isin((MADE, CONVERTED)), events.thread.notnull()).select("thread", "person")
    both = used.inner_join(by, "thread")
    return both.filter(both.person != both.introducer).select("introducer", "person").distinct()


def network(events: ir.Table, acts: ir.Table) -> Network:
    """The figures of the network.

    Args:
        events: the log's events with a ``person``.
        acts: ACTS, which say of each referral whether it was rewarded.
    """
    people = int(events.person.nunique().execute())
    each = _per_person(events, acts)
    row = each.agg(
        made=each.made.sum(),
        made2=(each.made * each.made).sum(),
        k=each.converted.sum(),
        k2=(each.converted * each.converted).sum(),
        free=each.free.sum(),
        free2=(each.free * each.free).sum(),
        won=ibis.least(each.made, each.converted).sum(),
    ).to_pyarrow()
    sums = {name: float(value or 0) for name, value in row.to_pylist()[0].items()}
    if not sums["made"] and not sums["k"]:
        return Network("none", people)
    if people < LEAST:
        return Network("few", people)
    return _told(events, each, people, sums)


def _told(events: ir.Table, each: ir.Table, people: int, sums: dict[str, float]) -> Network:
    k = _rate(sums["k"], sums["k2"], people)
    own = people - int(sums["k"])
    reach = _carried(k)
    known = introductions(events)
    pairs = int(known.person.nunique().execute())
    again = int(
        known.select("person").distinct().semi_join(each.filter(each.converted > 0), "person").count().execute()
    )
    counts = each.filter(each.converted > 0)
    counted = counts.group_by(brought=ibis.least(counts.converted, 3)).agg(n=counts.count())
    brought = {int(row["brought"]): int(row["n"]) for row in counted.order_by("brought").to_pyarrow().to_pylist()}
    return Network(
        "",
        people,
        invitations=_rate(sums["made"], sums["made2"], people),
        conversion=share(int(sums["won"]), int(sums["made"])),
        k=k,
        k_unrewarded=_rate(sums["free"], sums["free2"], people),
        reach=reach,
        own=own,
        total=reach and Figure(own * reach.value, own * reach.low, own * reach.high, people),
        pairs=pairs,
        passed_on=share(again, pairs),
        brought={0: people - sum(brought.values()), **brought},
    )


def _per_person(events: ir.Table, acts: ir.Table) -> ir.Table:
    """``person, made, converted, free``: one invitation a thread; ``free`` are converted and unrewarded."""
    referrals = events.filter(events.kind.isin((MADE, CONVERTED)))
    thread = ibis.coalesce(referrals.thread, referrals.event_id)
    threads = referrals.mutate(key=thread).group_by("person", "key")
    told = threads.agg(
        made=lambda t: (t.kind == MADE).cast("int64").max(),
        converted=lambda t: (t.kind == CONVERTED).cast("int64").max(),
    )
    free = acts.filter(acts.act == Act.RECOMMENDED.value).select("event_id")
    unpaid = referrals.mutate(key=thread).semi_join(free, "event_id").select("person", "key").distinct()
    marked = told.left_join(unpaid.mutate(unpaid=1), ["person", "key"])
    marked = marked.select("person", "made", "converted", free=marked.converted * marked.unpaid.fill_null(0))
    return marked.group_by("person").agg(
        **{name: marked[name].sum().cast("int64") for name in ("made", "converted", "free")}
    )


def _rate(total: float, squares: float, people: int) -> Figure:
    """A count per customer; its interval is normal on the logarithm, from how unequal customers are."""
    if total == 0:
        return Figure(0.0, 0.0, NONE_SEEN / people, people)
    mean = total / people
    spread = np.sqrt(max(squares / people - mean * mean, 0.0) / people) / mean
    return Figure(mean, float(mean * np.exp(-Z * spread)), float(mean * np.exp(Z * spread)), people)


def _carried(k: Figure) -> Figure | None:
    """1/(1-k): each customer brings k, who bring k² …; without end from k = 1."""
    if k.value >= 1:
        return None
    high = 1 / (1 - k.high) if k.high < 1 else float("nan")
    return Figure(1 / (1 - k.value), 1 / (1 - k.low), high, k.n)
