"""Outages and price rises: few days, many people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import BADLY_REPAIRED, PRICES
from gouttes.simulate.shopping import rows

if TYPE_CHECKING:
    from gouttes.simulate.company import Outage, PriceRise
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]
Rows = dict[str, Any]
SEEN_AGAIN = 0.25  # prior: share of touched people who meet the failure a second time
ONE_TICKET, NINE_TICKETS = 0.25, 0.02  # planted: of the people touched


def week(world: World) -> None:
    """The failures whose day falls in the coming week."""
    for code, outage in enumerate(world.company.outages):
        if world.now <= outage.t < world.now + 7.0:
            _fail(world, outage, code)
    for rise in world.company.price_rises:
        if world.now <= rise.t < world.now + 7.0:
            _raise_price(world, rise)


def _fail(world: World, outage: Outage, code: int) -> None:
    who, rng = world.some(outage.share), world.rng
    t = outage.t + 0.30 + 0.3 * rng.random(who.size)
    severity = np.round(rng.uniform(*outage.severity, who.size), 2)
    touched: Rows = {"who": who, "t": t, "incident": code, "topic": "outage", "channel": "system"}
    world.draft.emit("incident.touched", **touched, severity=severity)
    again = world.which(SEEN_AGAIN, who.size)
    more = np.where(again, np.round(rng.uniform(0.1, 0.3, who.size), 2), 0.0)
    world.draft.emit("incident.touched", **rows({**touched, "t": t + 0.15, "severity": more}, again))
    size = 1.0 - (1.0 - severity) * (1.0 - more)  # one failure, however often it was met
    world.latent.observe("outage", who, t, size=size)
    world.touched.append((who, np.full(who.size, code)))
    admitted = world.which(outage.admitted, who.size)
    told: Rows = {**touched, "t": t + 0.2 + 0.6 * rng.random(who.size), "channel": "email"}
    world.draft.emit("incident.announced", **rows(told, world.which(0.8, who.size)), direction="out")
    world.draft.emit("incident.admitted", **rows({**told, "t": told["t"] + 0.2}, admitted), direction="out")
    _besiege(world, who, t, code)
    _repair(world, outage, {**touched, "failed": t, "size": size})


def _besiege(world: World, who: Array, t: Array, code: int) -> None:
    """One ticket for some of those touched, nine for a few: it is still one failure."""
    fate = world.rng.random(who.size)
    tickets = np.where(fate < NINE_TICKETS, 9, np.where(fate < NINE_TICKETS + ONE_TICKET, 1, 0))
    each = np.repeat(np.arange(who.size), tickets)
    when = t[each] + 0.05 + world.rng.exponential(0.8, each.size)
    world.ask(who[each], when, topic="outage", incident=code)


def _repair(world: World, outage: Outage, touched: Rows) -> None:
    fixed = rows(touched, world.which(outage.repaired, touched["who"].size))
    failed, size, who = fixed.pop("failed"), fixed.pop("size"), fixed["who"]
    when = failed + 1.0 + world.rng.exponential(3.0, who.size)
    justice, given = world.justice(who.size, outage.justice)
    world.draft.emit("incident.repaired", **{**fixed, "t": when, "channel": "email"}, properties=given, direction="out")
    world.repair("outage", who, failed, when, justice * size)
    badly = justice < BADLY_REPAIRED
    world.latent.observe("badly_handled", who[badly], when[badly])


def _raise_price(world: World, rise: PriceRise) -> None:
    """Everyone with a subscription is told; some had been promised the old price."""
    subscribed = np.isfinite(world.people.renews_at)
    who = world.some(subscribed)
    t = rise.t + 0.35 + 0.1 * world.rng.random(who.size)
    world.draft.emit("message.sent", who, t, channel="email", topic="price")
    world.touch(who, t)
    betrayed = world.which(rise.share, who.size)
    some, when = who[betrayed], t[betrayed] + 1.0 + 3.0 * world.rng.random(int(betrayed.sum()))
    plan = world.people.plan[some]
    bill: Rows = {"product": plan, "amount": np.array(PRICES)[plan] * 1.15, "thread": world.people.contract[some]}
    world.draft.emit(
        "invoice.issued", some, when, **bill, thread_kind="gouttes:subscription:", topic="above_quote", severity=1.0
    )
    world.latent.observe("integrity_breach", some, when)
    angry = world.which(0.3, some.size)
    world.ask(some[angry], when[angry] + 1.0 + world.rng.random(int(angry.sum())), topic="invoice")
