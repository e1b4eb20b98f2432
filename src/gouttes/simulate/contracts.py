"""Subscriptions: begun, renewed with or without friction, extended, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import CARE_PLUS, CODES, PRICES
from gouttes.simulate.shopping import rows

if TYPE_CHECKING:
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]
Rows = dict[str, Any]
INVOICE_ERROR = 0.006  # prior: share of ordinary invoices above the quote
PROPOSED = 0.4  # prior: share of upgrades that the company proposed
STRAIN = 0.25  # prior: chance, at the prior mean, that a renewal needs a reminder, a discount or a call


def begin(world: World) -> None:
    """Subscriptions of those who have one: the start is an event where it falls inside the log."""
    people = world.people
    people.contract[:] = world.numbers("subscription", people.contract.size)
    who = np.flatnonzero(np.isfinite(people.renews_at))
    since = people.joined[who]
    _emit(world, "subscription.started", {"who": who, "t": np.ceil(since) + 0.4, "direction": "in"})


def week(world: World) -> None:
    """Renewals due this week, and upgrades."""
    people = world.people
    with np.errstate(invalid="ignore"):
        due = np.flatnonzero((people.renews_at >= world.now) & (people.renews_at < world.now + 7.0))
    _renew(world, due[world.active[due]])
    _upgrade(world)


def _renew(world: World, who: Array) -> None:
    behaviour, people = world.company.behaviour, world.people
    due, locked, count = people.renews_at[who] + 0.5, people.locked[who], who.size
    base = np.log(behaviour.renewal / (1.0 - behaviour.renewal))
    stays = locked | world.which(_chance(base + behaviour.renewal_slope * world.lean(who)), count)
    strained = stays & ~locked & world.which(_chance(np.log(STRAIN / (1 - STRAIN)) - world.lean(who)), count)
    _strain(world, rows({"who": who, "due": due}, strained | ~stays))
    code = CODES["properties"]
    discounted = strained & world.which(0.5, count)
    given = np.where(locked, code['{"locked":true}'], np.where(discounted, code['{"discount":"10"}'], -1))
    late = np.where(strained & world.which(0.3, count), 1.0 + 9.0 * world.rng.random(count), -world.rng.random(count))
    renewal: Rows = {"who": who, "t": due + late, "due": due, "properties": given, "moment": "contract"}
    _emit(world, "subscription.renewed", {**rows(renewal, stays), "direction": "in"})
    gone: Rows = {**rows(renewal, ~stays), "properties": -1, "direction": "in"}
    _emit(world, "subscription.notice_given", {**gone, "t": gone["due"] - 10.0 * world.rng.random(gone["who"].size)})
    _emit(world, "subscription.ended", {**gone, "t": gone["due"]})
    _bill(world, who[stays], due[stays])
    people.renews_at[who] = np.where(stays, people.renews_at[who] + people.period[who], np.nan)
    people.locked[who] = False


def _strain(world: World, hard: Rows) -> None:
    """Two reminders, a retention call, or both, in the fortnight before a hard renewal."""
    who, due, count = hard["who"], hard["due"], hard["who"].size
    called = world.which(0.5, count)
    for days in (14.0, 7.0):
        world.draft.emit("message.sent", who, due - days + 0.1, channel="email", topic="reminder")
    when = (due - 4.0 + world.rng.random(count))[called]
    agent = world.people.home[who[called]]
    world.draft.emit(
        "call.made", who[called], when, channel="phone", topic="retention", agent=agent, team=world.crew.team_of[agent]
    )
    world.touch(who, due - 6.9)
    world.touch(who[called], when)


def _bill(world: World, who: Array, t: Array) -> None:
    wrong = world.which(INVOICE_ERROR, who.size)
    amount = np.array(PRICES)[world.people.plan[who]]
    bill: Rows = {"who": who, "t": t + 0.2, "amount": np.where(wrong, amount * 1.2, amount)}
    bill |= {"topic": np.where(wrong, CODES["topic"]["above_quote"], CODES["topic"]["invoice"])}
    bill |= {"severity": np.where(wrong, 1.0, np.nan), "direction": "out"}
    _emit(world, "invoice.issued", bill)
    world.latent.observe("integrity_breach", who[wrong], t[wrong] + 0.2)


def _upgrade(world: World) -> None:
    people = world.people
    able = np.isfinite(people.renews_at) & (people.plan != CARE_PLUS)
    lean = np.exp(0.5 * world.lean(np.arange(able.size)))
    who = world.often(world.company.rates.upgrade * able * lean)
    t = world.within_week(who.size)
    proposed = world.which(PROPOSED, who.size)
    world.draft.emit("action.proposed", who[proposed], t[proposed] - 5.0, channel="email", product="care_plus")
    world.touch(who[proposed], t[proposed] - 5.0)
    people.plan[who] = CARE_PLUS
    _emit(world, "subscription.upgraded", {"who": who, "t": t, "direction": "in"})


def _emit(world: World, kind: str, event: Rows) -> None:
    who = event["who"]
    plan = {"product": world.people.plan[who], "thread": world.people.contract[who]}
    world.draft.emit(kind, **event, **plan, thread_kind="gouttes:subscription:", channel="web")


def _chance(odds: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-odds))
