"""A company whose truth is known: its parameters, and the function that lives its two years.

Every figure below is invented. Those that steer what customers do are *planted*: a test, or a learning step, can look
for them in the simulated log. The others are priors that only make the log look like a company's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gouttes.errors import BadInputError
from gouttes.simulate.crew import hire
from gouttes.simulate.truth import Truth, join
from gouttes.simulate.world import Part, World, live

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 50_000
"""People simulated together: 50,000 people with 20 events each take about 500 MiB."""


@dataclass(frozen=True)
class Outage:
    """A failure that touches many people at once.

    Attributes:
        name: the incident's key.
        day: when it happened.
        share: chance that an active customer is touched.
        severity: lowest and highest size of the bucket.
        admitted: chance that the company tells a touched person and admits its fault.
        repaired: chance of a repair.
        justice: chance, per facet of justice, of each level (0, .4, .7, 1).
        delays: days during which delivery promises suffer.
    """

    name: str
    day: date
    share: float
    severity: tuple[float, float] = (0.4, 1.0)
    admitted: float = 0.6
    repaired: float = 0.5
    justice: tuple[float, float, float, float] = (0.30, 0.30, 0.25, 0.15)
    delays: float = 21.0

    @property
    def t(self) -> float:
        """Midnight of the day, in days since 1970-01-01 UTC."""
        return day_number(self.day)


@dataclass(frozen=True)
class PriceRise:
    """A rise that breaks a promise made to some subscribers: an invoice above the quote."""

    day: date
    share: float

    @property
    def t(self) -> float:
        """Midnight of the day, in days since 1970-01-01 UTC."""
        return day_number(self.day)


@dataclass(frozen=True)
class Behaviour:
    """Planted: how latent trust turns into acts. A slope is the change of log-odds per unit of logit trust."""

    prior_strength: float = 4.0  # n0
    prior_mean: float = 0.70  # m
    own_strength: float = 20.0  # people start at Beta(20 m, 20 (1-m)): how much they differ before any event
    renewal: float = 0.86  # chance of renewing at the prior mean
    renewal_slope: float = 1.0
    referral: float = 0.0045  # a week
    referral_slope: float = 0.8
    response: float = 0.30  # chance of answering a survey
    response_slope: float = 0.9  # > 0: unhappy people answer less
    agent_spread: float = 0.45  # standard deviations on the log-odds of solving at once and of keeping a promise
    team_spread: float = 0.25
    delivery_kept: float = 0.93  # share of delivery promises kept in ordinary times
    delivery_kept_after_outage: float = 0.66
    promise_kept: float = 0.86  # promises made at the desk
    solved_first: float = 0.72


@dataclass(frozen=True)
class Rates:
    """Priors: how often things happen, per active person and week unless stated."""

    opportunity: float = 0.10
    ticket: float = 0.012
    subscriber: float = 0.45  # share of people
    locked: float = 0.12  # share of subscriptions locked in at their first renewal
    gesture: float = 0.0025
    complaint: float = 0.0012
    review: float = 0.0015
    upgrade: float = 0.002
    newsletter: float = 0.35  # chance that a consenting person gets the monthly newsletter
    coupon: float = 0.08
    consent: float = 0.55  # share of people
    nps: float = 0.15  # share of people asked each quarter
    late: float = 0.06  # share of events of our own systems that arrive late
    late_days: float = 2.0  # mean delay


@dataclass(frozen=True)
class Identity:
    """Planted: how many people are in a system twice, and how their second record differs."""

    duplicates: float = 0.08  # share of people
    same_email: float = 0.50  # second record: same e-mail otherwise written, name mistyped
    same_phone: float = 0.30  # second record: e-mail mistyped, same phone otherwise written; the rest: both differ


@dataclass(frozen=True)
class Company:
    """Parameters of a simulated company; the same value gives the same bytes.

    Attributes:
        name: always says that it is simulated.
        people: customers.
        end: last day of the log, included.
        days: days of history.
        seed: of every random number.
        events_per_person: mean events per person; page views and usage fill up what the acts leave.
        activity: multiplies the rates of everything a customer or the company does.
    """

    name: str = "Maison Lenoir (simulated)"
    people: int = 5_000
    end: date = date(2026, 11, 20)
    days: int = 730
    seed: int = 20_261_120
    events_per_person: float = 42.0
    activity: float = 1.0
    agents: int = 24
    teams: int = 6
    outages: tuple[Outage, ...] = (
        Outage("outage-2025-06-17", date(2025, 6, 17), 0.08, (0.2, 0.6), 0.9, 0.85, (0.1, 0.2, 0.3, 0.4), 0.0),
        Outage("outage-2026-11-03", date(2026, 11, 3), 0.45, (0.6, 1.0), 0.45, 0.35),
    )
    price_rises: tuple[PriceRise, ...] = (PriceRise(date(2026, 3, 2), 0.10),)
    behaviour: Behaviour = field(default_factory=Behaviour)
    rates: Rates = field(default_factory=Rates)
    identity: Identity = field(default_factory=Identity)

    def __post_init__(self) -> None:
        if self.people < 1 or self.days < 1 or self.agents < self.teams or self.teams < 1:
            raise BadInputError(
                f"A simulated company needs at least 1 person, 1 day, 1 team and an agent a team; found people="
                f"{self.people}, days={self.days}, teams={self.teams}, agents={self.agents}. Give larger numbers."
            )

    @classmethod
    def large(cls, people: int = 1_000_000, *, events_per_person: float = 20.0, seed: int = 20_261_120) -> Company:
        """A company for benchmarks: fewer acts per person, and page views and usage for the rest."""
        rates = Rates(newsletter=0.12, coupon=0.02, nps=0.04)
        return cls(
            name="Large company (simulated)",
            people=people,
            seed=seed,
            events_per_person=events_per_person,
            activity=0.12 * events_per_person / 20.0,
            rates=rates,
        )

    @property
    def end_day(self) -> float:
        """Midnight after the last day, in days since 1970-01-01 UTC."""
        return day_number(self.end) + 1.0

    @property
    def start_day(self) -> float:
        """First midnight of the log, in days since 1970-01-01 UTC."""
        return self.end_day - self.days

    @property
    def as_of(self) -> datetime:
        """The moment at which the log ends: the natural date to read it at."""
        return datetime.fromtimestamp(self.end_day * 86_400 - 1, tz=UTC)


def day_number(day: date) -> float:
    """Days from 1970-01-01 to midnight of a date."""
    return float((day - date(1970, 1, 1)).days)


def plans(company: Company, *, chunk: int = CHUNK, keep: bool = True) -> list[Callable[[], World]]:
    """How to live each chunk of people: functions that can be called in any order, or at the same time.

    Each chunk has its own stream of random numbers. With ``keep`` false the evidence and the opportunities of each
    person are not kept (they are as large as the log).
    """
    starts = range(0, company.people, chunk)
    shared, *seeds = np.random.SeedSequence(company.seed).spawn(1 + len(starts))
    crew = hire(company, np.random.default_rng(shared))
    parts = [Part(number, first, min(chunk, company.people - first)) for number, first in enumerate(starts)]
    return [
        partial(live, company, crew, np.random.default_rng(seed), part, keep=keep)
        for part, seed in zip(parts, seeds, strict=True)
    ]


def simulate(company: Company) -> Truth:
    """Everything that happened at ``company`` and everything that is usually hidden.

    Needs about 400 bytes an event: for millions of people use :func:`gouttes.simulate.log.write_log`.
    """
    return join(company, [plan() for plan in plans(company)])
