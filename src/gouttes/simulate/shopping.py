"""Opportunities to come back, orders, and the delivery promise each order carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import GOODS, PRICES

if TYPE_CHECKING:
    from gouttes.simulate.company import Company
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]
Rows = dict[str, Any]
DELIVERY_HOUR = 19.0 / 24.0  # a parcel promised for a day is promised before 19 h UTC
UNPROMPTED_DAYS = 14.0
ORDERS, VISITS = 0.70, 0.85  # priors: of 100 returns, 70 order, 15 visit a shop, 15 write
LOYAL_TASTE = 0.5  # prior: share of orders of one's favourite product
LATE_DAYS = 3.0  # prior: mean lateness after the first day
LATE_LEAST, LATE_WORST, END_OF_DAY = 0.2, 30.0, 1.0 / 6.0  # size of a late delivery, as the shop's preset states it
LATE_TICKET = 0.30  # prior: chance that a late parcel brings a ticket
RETURNED, CANCELLED = 0.06, 0.02  # priors


def week(world: World) -> None:
    """Each opportunity is taken with a chance equal to latent trust: the truth that learning looks for."""
    who = world.often(world.company.rates.opportunity * world.people.pace)
    t = world.within_week(who.size)
    taken = world.which(world.trust[who], who.size)
    if world.keep:
        world.opportunities.append((who, t, taken, world.trust[who]))
    world.latent.observe("missed_opportunity", who[~taken], t[~taken])
    back, when = who[taken], t[taken]
    unprompted = when - world.people.last_touch[back] > UNPROMPTED_DAYS
    world.latent.observe("unprompted_return", back[unprompted], when[unprompted])
    way = world.rng.random(back.size)
    order(world, back[way < ORDERS], when[way < ORDERS])
    visit = (way >= ORDERS) & (way < VISITS)
    sites = world.rng.integers(0, 3, back.size)
    world.draft.emit("visit.made", back[visit], when[visit], channel="store", site=sites[visit])
    wrote = way >= VISITS
    world.draft.emit("message.received", back[wrote], when[wrote], channel="chat", topic="product")


def order(world: World, who: Array, t: Array) -> None:
    """Orders of goods at days ``t``, with promised and actual delivery, cancellation and return."""
    count, rng = who.size, world.rng
    product = np.where(rng.random(count) < LOYAL_TASTE, world.people.favourite[who], rng.integers(0, GOODS, count))
    amount = np.round(np.array(PRICES)[product] * np.exp(rng.normal(0.0, 0.25, count)), 2)
    bought: Rows = {
        "who": who,
        "t": t,
        "system": "shop",
        "channel": "web",
        "product": product.astype("i1"),
        "thread": world.numbers("order", count),
        "thread_kind": "shop:order:",
    }
    due = np.floor(t) + rng.integers(3, 8, count) + DELIVERY_HOUR
    world.draft.emit("order.placed", **bought, amount=amount, quantity=1.0, moment="order")
    world.draft.emit("promise.made", **bought, due=due)
    cancelled = world.which(CANCELLED, count)
    _cancel(world, rows({**bought, "due": due}, cancelled))
    _deliver(world, rows({**bought, "due": due, "moment": "delivery"}, ~cancelled), amount[~cancelled])


def _cancel(world: World, bought: Rows) -> None:
    when = bought["t"] + 0.05 + 0.5 * world.rng.random(bought["who"].size)
    world.draft.emit("order.cancelled", **{**bought, "t": when})
    world.draft.emit("promise.withdrawn", **{**bought, "t": when})


def _deliver(world: World, bought: Rows, amount: Array) -> None:
    who, due, rng = bought["who"], bought["due"], world.rng
    chance = delivery_chance(world.company, due)
    kept = world.which(chance, who.size)
    late = 1.0 + rng.exponential(LATE_DAYS, who.size)
    arrived = np.where(kept, due - 0.05 - 1.8 * rng.random(who.size), due + late)
    size = np.minimum(1.0, np.round(LATE_LEAST + (late - END_OF_DAY) / LATE_WORST, 3))
    world.draft.emit("order.delivered", **{**bought, "t": arrived})
    world.draft.emit("promise.kept", **rows({**bought, "t": arrived}, kept))
    world.draft.emit("promise.broken", **rows({**bought, "t": arrived, "severity": size}, ~kept))
    world.latent.observe("promise_kept", who[kept], arrived[kept])
    world.latent.observe("promise_broken", who[~kept], arrived[~kept], size=size[~kept])
    angry = ~kept & world.which(LATE_TICKET, who.size)
    world.ask(who[angry], due[angry] + 0.5 + rng.random(int(angry.sum())), topic="delivery")
    back = world.which(RETURNED, who.size)
    when = arrived + rng.uniform(2.0, 20.0, who.size)
    world.draft.emit("order.returned", **rows({**bought, "t": when, "amount": amount}, back))


def delivery_chance(company: Company, due: Array) -> Array:
    """Planted chance that a delivery due at these days comes in time."""
    troubled = np.zeros(due.shape, dtype=bool)
    for outage in company.outages:
        troubled |= (due >= outage.t) & (due < outage.t + outage.delays)
    behaviour = company.behaviour
    return np.where(troubled, behaviour.delivery_kept_after_outage, behaviour.delivery_kept)


def rows(columns: Rows, where: Array) -> Rows:
    """The rows of a frame where a condition holds; what is the same for all rows stays as it is."""
    return {name: value[where] if isinstance(value, np.ndarray) else value for name, value in columns.items()}
