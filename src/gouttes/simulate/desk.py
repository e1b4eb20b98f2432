"""Tickets: asked, answered, solved at once or not, reopened; promises made on the way; satisfaction asked after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import CODES
from gouttes.simulate.shopping import rows

if TYPE_CHECKING:
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]
Rows = dict[str, Any]
SPONTANEOUS = ("delivery", "invoice", "product", "account")
CHANNELS, CHANNEL_SHARES = ("email", "web", "chat", "phone", "social"), (0.45, 0.25, 0.15, 0.10, 0.05)  # priors
HOME_AGENT = 0.5  # prior: chance that one's usual agent takes the ticket
REOPENED, ESCALATED, PROMISED, THANKED = 0.08, 0.10, 0.20, 0.12  # priors
OUTAGE_LOAD = 1.2  # planted: log-odds lost at solving at once while an outage fills the queue
REPLY_DAYS = 0.25  # prior: mean time to an answer


def week(world: World) -> None:
    """Open and treat the tickets of the week: those that come by themselves and those that failures bring."""
    who = world.often(world.company.rates.ticket * world.people.need)
    topics = np.array([CODES["topic"][topic] for topic in SPONTANEOUS], dtype="i1")
    new = {
        "who": who,
        "t": world.within_week(who.size),
        "topic": topics[world.rng.integers(0, len(topics), who.size)],
        "incident": np.full(who.size, -1, dtype="i1"),
    }
    waiting = [new, *world.requests]
    asked = {name: np.concatenate([request[name] for request in waiting]) for name in new}
    due = asked["t"] < world.now + 7.0
    world.requests = [rows(asked, ~due)]
    treat(world, rows(asked, due))


def treat(world: World, asked: Rows) -> None:
    """Every event of these tickets, from opening to the last solution."""
    ticket, chance = _opened(world, asked)
    count = ticket["who"].size
    fate = world.rng.random(count)
    reopened = fate < REOPENED
    later = ~reopened & (fate > REOPENED + chance * (1.0 - REOPENED))
    first = ticket["t"] + 0.01 + world.rng.exponential(REPLY_DAYS, count)
    _reply(world, {**ticket, "t": first})
    second = first + 1.0 + world.rng.exponential(1.0, count)  # another day: presets tell solutions apart by day
    third = second + 0.01 + world.rng.exponential(REPLY_DAYS, count)
    solved = {**ticket, "t": first + 0.003, "direction": "out"}
    world.draft.emit("ticket.solved", **rows(solved, ~later))
    world.draft.emit("ticket.reopened", **rows({**ticket, "t": second, "direction": "in"}, reopened))
    again = reopened | later
    world.draft.emit("message.received", **rows({**ticket, "t": second}, again))
    escalated = later & world.which(ESCALATED / 0.2, count)
    world.draft.emit("ticket.escalated", **rows({**ticket, "t": second + 0.005, "direction": "none"}, escalated))
    _reply(world, rows({**ticket, "t": third}, again))
    world.draft.emit("ticket.solved", **rows({**solved, "t": third + 0.003}, again))
    world.latent.observe("effort", ticket["who"][reopened], second[reopened])
    once = ~again
    world.latent.observe("resolved_first", ticket["who"][once], first[once])
    _thanks(world, rows({**ticket, "t": first + 0.1}, once))
    _promise(world, rows({**ticket, "t": first}, world.which(PROMISED, count)))
    _ask_satisfaction(world, {**ticket, "t": np.where(again, third, first) + 0.05}, once.astype("f8"))


def _opened(world: World, asked: Rows) -> tuple[Rows, Array]:
    who, count, rng = asked["who"], asked["who"].size, world.rng
    elsewhere = rng.integers(0, world.company.agents, count)
    agent = np.where(rng.random(count) < HOME_AGENT, world.people.home[who], elsewhere)
    channels = np.array([CODES["channel"][name] for name in CHANNELS], dtype="i1")
    ticket: Rows = {
        **asked,
        "system": "zendesk",
        "channel": channels[rng.choice(len(channels), count, p=CHANNEL_SHARES)],
        "agent": agent.astype("i2"),
        "team": world.crew.team_of[agent].astype("i2"),
        "thread": world.numbers("ticket", count),
        "thread_kind": "zendesk:ticket:",
        "moment": "support",
    }
    world.draft.emit("ticket.opened", **ticket)
    solved = world.company.behaviour.solved_first
    odds = np.log(solved / (1.0 - solved)) + world.crew.effect[agent] - OUTAGE_LOAD * (asked["incident"] >= 0)
    return ticket, 1.0 / (1.0 + np.exp(-odds))


def _reply(world: World, reply: Rows) -> None:
    world.draft.emit("ticket.replied", **reply)
    world.touch(reply["who"], reply["t"])


def _thanks(world: World, ticket: Rows) -> None:
    grateful = world.which(THANKED, ticket["who"].size)
    thanks = {name: ticket[name] for name in ("who", "t", "channel", "agent", "team")}
    world.draft.emit("gesture.made", **rows(thanks, grateful), topic="thanks", direction="in")
    world.latent.observe("human_contact", ticket["who"][grateful], ticket["t"][grateful])


def _promise(world: World, ticket: Rows) -> None:
    """A promise to call back, refund or send again, with its owner and its date."""
    who, t, count, rng = ticket["who"], ticket["t"], ticket["who"].size, world.rng
    due = np.floor(t) + rng.integers(1, 6, count) + 17.0 / 24.0
    promise: Rows = {name: ticket[name] for name in ("who", "channel", "agent", "team", "topic", "moment")}
    promise |= {"thread": world.numbers("promise", count), "thread_kind": "gouttes:promise:", "due": due}
    world.draft.emit("promise.made", **promise, t=t, direction="out")
    share = world.company.behaviour.promise_kept
    odds = np.log(share / (1.0 - share)) + world.crew.effect[ticket["agent"]]
    withdrawn = world.which(0.04, count)
    kept = ~withdrawn & world.which(1.0 / (1.0 + np.exp(-odds)), count)
    broken = ~withdrawn & ~kept
    early = np.maximum(t + 0.02, due - rng.random(count))
    world.draft.emit("promise.withdrawn", **rows({**promise, "t": early}, withdrawn))
    world.draft.emit("promise.kept", **rows({**promise, "t": early}, kept))
    world.draft.emit("promise.broken", **rows({**promise, "t": due}, broken))
    world.latent.observe("promise_kept", who[kept], early[kept])
    world.latent.observe("promise_broken", who[broken], due[broken])


def _ask_satisfaction(world: World, ticket: Rows, went_well: Array) -> None:
    """CSAT, good or bad, asked after most tickets; what is felt follows trust and how the ticket went."""
    who, count = ticket["who"], ticket["who"].size
    asked = world.which(0.6, count)
    felt = world.lean(who) + 1.6 * went_well - 0.6 + world.rng.normal(0.0, 0.5, count)
    world.survey(rows({**ticket, "felt": felt}, asked), question="csat")
