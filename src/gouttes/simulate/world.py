"""The company as it lives, week by week, for one chunk of its people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate import contracts, desk, failures, quiet, shopping, voice
from gouttes.simulate.draft import Columns, Draft
from gouttes.simulate.latent import Latent
from gouttes.simulate.planted import CARE_PLAN, CODES, GOODS, JUSTICE_LEVELS, JUSTICE_WEIGHTS, REPAIR_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.simulate.company import Company
    from gouttes.simulate.crew import Crew

Array = npt.NDArray[Any]
WEEK = 7.0
BEFORE, JOIN_WITHIN = 0.35, 0.85  # priors: share of people who were there before; the others join in this part
YEARLY = 0.5  # prior: share of subscriptions that run for a year; the others for a quarter
NUMBERS_A_CHUNK = 50_000_000
"""Tickets, orders and promises are numbered from ``chunk x this``: chunks never share a number."""


@dataclass
class People:
    """Who the customers of a chunk are. Arrays of one value per person; never any name.

    Attributes:
        joined: day of their first possible event.
        own_start: m_c, trust before any event.
        pace: multiplies the rate of opportunities.
        need: multiplies the rate of tickets.
        home: agent who usually serves them.
        favourite: product bought most.
        consents: accepts newsletters.
        renews_at: next renewal day, NaN where there is no subscription.
        period: days of a subscription period.
        locked: the next renewal falls inside a lock-in.
        contract: number of the subscription.
        plan: product of the subscription.
        last_touch: day of the last outbound touch or reward.
    """

    joined: Array
    own_start: Array
    pace: Array
    need: Array
    home: Array
    favourite: Array
    consents: Array
    renews_at: Array
    period: Array
    locked: Array
    contract: Array
    plan: Array
    last_touch: Array


@dataclass(frozen=True)
class Part:
    """A chunk of people: its number, the number of its first person, how many people."""

    number: int
    first: int
    count: int


@dataclass
class World:
    """Everything a week needs."""

    company: Company
    crew: Crew
    rng: np.random.Generator
    people: People
    latent: Latent
    part: Part
    keep: bool
    draft: Draft = field(default_factory=Draft)
    events: Columns = field(default_factory=dict)
    now: float = 0.0
    trust: Array = field(default_factory=lambda: np.empty(0))
    active: Array = field(default_factory=lambda: np.empty(0, dtype=bool))
    requests: list[dict[str, Array]] = field(default_factory=list)
    opportunities: list[tuple[Array, Array, Array, Array]] = field(default_factory=list)
    surveys: list[tuple[Array, Array, Array]] = field(default_factory=list)
    touched: list[tuple[Array, Array]] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)

    def some(self, chance: Any) -> Array:  # noqa: ANN401 -- one number or one per person
        """Active people to whom something happens this week, with this chance each."""
        drawn = self.rng.random(self.active.size, dtype="f4")
        return np.flatnonzero((drawn < chance) & self.active)

    def often(self, rate: Any) -> Array:  # noqa: ANN401 -- one number or one per person
        """Like :meth:`some`, for a weekly rate that the company's activity multiplies."""
        return self.some(np.minimum(np.asarray(rate) * self.company.activity, 0.9))

    def within_week(self, count: int) -> Array:
        """Days drawn in the coming week, in working hours mostly (8 h to 20 h)."""
        day = np.floor(self.rng.random(count) * WEEK)
        return self.now + day + 0.33 + 0.5 * self.rng.random(count)

    def which(self, chance: Any, count: int) -> Array:  # noqa: ANN401 -- one number or one per row
        """A draw of yes and no."""
        return self.rng.random(count) < chance

    def numbers(self, name: str, count: int) -> Array:
        """Fresh numbers for tickets, orders, promises."""
        first = 10_001 + self.part.number * NUMBERS_A_CHUNK + self._numbers[name]
        self._numbers[name] += count
        return np.arange(first, first + count, dtype="i8")

    def ask(self, who: Array, t: Array, *, topic: str, incident: int = -1) -> None:
        """Tickets that these people will open at days ``t``."""
        if who.size:
            code = np.full(who.size, CODES["topic"][topic], dtype="i1")
            self.requests.append({"who": who, "t": t, "topic": code, "incident": np.full(who.size, incident, "i1")})

    def survey(self, asked: dict[str, Any], *, question: str) -> None:
        """Ask these people a question and collect what those who answer say."""
        voice.survey(self, asked, question)

    def lean(self, who: Array) -> Array:
        """Logit of latent trust, from the prior mean: 0 for a person about whom nothing is known."""
        trust, mean = self.trust[who], self.company.behaviour.prior_mean
        return np.log(trust / (1.0 - trust)) - np.log(mean / (1.0 - mean))

    def justice(self, count: int, chances: Sequence[float]) -> tuple[Array, Array]:
        """Four facets of justice for ``count`` repairs: J, and the code of the properties that carry them."""
        levels = self.rng.choice(len(JUSTICE_LEVELS), (count, 4), p=chances)
        return np.array(JUSTICE_LEVELS)[levels] @ np.array(JUSTICE_WEIGHTS), levels @ np.array([64, 16, 4, 1])

    def repair(self, rule: str, who: Array, failed: Array, repaired: Array, size: Array) -> None:
        """A repair gives back part of its bucket: dated at the failure, known at the repair."""
        self.latent.observe(rule, who, failed, size=-REPAIR_SHARE * size, known=repaired)

    def touch(self, who: Array, t: Array) -> None:
        """An outbound touch or a reward: what follows soon is not unprompted."""
        np.maximum.at(self.people.last_touch, who, t)


def live(company: Company, crew: Crew, rng: np.random.Generator, part: Part, *, keep: bool) -> World:
    """Live every week of the company for a chunk of people; the world's ``events`` are then complete."""
    people = born(company, rng, part.count)
    latent = Latent(company.behaviour, people.own_start, company.start_day, keep=keep)
    world = World(company, crew, rng, people, latent, part, keep, now=company.start_day)
    contracts.begin(world)
    while world.now < company.end_day:
        _week(world)
        world.now += WEEK
    world.events = world.draft.columns(company.start_day, company.end_day)
    quiet.fill(world)
    return world


def _week(world: World) -> None:
    world.active = world.people.joined < world.now + WEEK
    world.trust = world.latent.trust()
    failures.week(world)
    voice.touches(world)
    shopping.week(world)
    desk.week(world)
    contracts.week(world)
    voice.week(world)
    world.latent.advance(min(world.now + WEEK, world.company.end_day))
    world.latent.note(world.active)


def born(company: Company, rng: np.random.Generator, count: int) -> People:
    """Draw a chunk of people: some are customers before the log begins, the others join in its first part."""
    behaviour, rates = company.behaviour, company.rates
    before = rng.random(count) < BEFORE
    joined = company.start_day + np.where(before, -1.0, rng.random(count) * company.days * JOIN_WITHIN)
    mean, own = behaviour.prior_mean, behaviour.own_strength
    period = np.where(rng.random(count) < YEARLY, 365.0, 91.0)
    subscribed = rng.random(count) < rates.subscriber
    since = np.where(before, rng.random(count) * period, 0.0)
    return People(
        joined=joined,
        own_start=rng.beta(own * mean, own * (1.0 - mean), count),
        pace=rng.gamma(2.0, 0.5, count),
        need=rng.gamma(1.5, 1.0 / 1.5, count),
        home=rng.integers(0, company.agents, count).astype("i2"),
        favourite=rng.integers(0, GOODS, count).astype("i1"),
        consents=rng.random(count) < rates.consent,
        renews_at=np.where(subscribed, np.ceil(joined) + period - since, np.nan),
        period=period,
        locked=rng.random(count) < rates.locked,
        contract=np.arange(count, dtype="i8"),
        plan=np.full(count, CARE_PLAN, dtype="i1"),
        last_touch=np.full(count, -np.inf),
    )
