"""What the company sends, what it asks, and what customers say or pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate import shopping
from gouttes.simulate.planted import CODES, GOODS
from gouttes.simulate.shopping import rows

if TYPE_CHECKING:
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]
Rows = dict[str, Any]
NEWSLETTER_WEEKS, COUPON_WEEKS, SURVEY_WEEKS = 4, 12, 13  # one campaign each so many weeks
COUPON_FIRST, NPS_FIRST, CES_FIRST = 2, 6, 9  # week of the first one
OPENED, CLICKED, PROMPTED_ORDER = 0.35, 0.05, 0.06  # priors
REWARDED_REFERRAL, CONVERTED = 0.40, 0.25  # priors
COMPLAINTS = (
    ("wrong_answer", "wrong_answer", 0.4),
    ("useless_proof", "effort", 0.35),
    ("contradiction", "integrity_breach", 0.15),
    ("consent_ignored", "integrity_breach", 0.10),
)
ANSWERED = 0.8  # prior: share of complaints that get an answer
GESTURES = ("refund", "warning", "advice")
SCALES = {"nps": 10.0, "ces2": 7.0, "csat": 1.0}
MEAN_SCORE = {"nps": 7.4, "ces2": 5.1}
SCORE_SLOPE = {"nps": 1.5, "ces2": 1.0}


def touches(world: World) -> None:
    """Newsletters and coupons; what they bring is prompted and says nothing of trust."""
    number = round((world.now - world.company.start_day) / 7.0)
    if number % NEWSLETTER_WEEKS == 0:
        who = world.some(world.people.consents * world.company.rates.newsletter)
        t = world.within_week(who.size)
        mail: Rows = {"who": who, "system": "hubspot", "channel": "email", "topic": "newsletter"}
        world.draft.emit("email.delivered", **mail, t=t)
        opened = world.which(OPENED, who.size)
        world.draft.emit("email.opened", **rows({**mail, "t": t + 0.1}, opened), direction="in")
        clicked = opened & world.which(CLICKED / OPENED, who.size)
        world.draft.emit("email.clicked", **rows({**mail, "t": t + 0.11}, clicked), direction="in")
        _tempt(world, who, t)
    if number % COUPON_WEEKS == COUPON_FIRST:
        who = world.some(world.company.rates.coupon)
        t = world.within_week(who.size)
        world.draft.emit("reward.granted", who, t, channel="email", topic="marketing", amount=10.0)
        _tempt(world, who, t)


def _tempt(world: World, who: Array, t: Array) -> None:
    world.touch(who, t)
    bought = world.which(PROMPTED_ORDER * world.company.activity, who.size)
    shopping.order(world, who[bought], t[bought] + 0.2 + 5.0 * world.rng.random(int(bought.sum())))


def week(world: World) -> None:
    """Surveys, referrals, reviews, complaints and gestures of the week."""
    number = round((world.now - world.company.start_day) / 7.0)
    if number % SURVEY_WEEKS == NPS_FIRST:
        _ask(world, world.some(world.company.rates.nps), "nps")
    if number % SURVEY_WEEKS == CES_FIRST:
        _ask(world, world.some(world.company.rates.nps * 0.5), "ces2")
    _refer(world)
    _review(world)
    _complain(world)
    _gesture(world)


def _ask(world: World, who: Array, question: str) -> None:
    felt = MEAN_SCORE[question] + SCORE_SLOPE[question] * world.lean(who) + world.rng.normal(0.0, 1.4, who.size)
    moment = "relation" if question == "nps" else "support"
    asked: Rows = {"who": who, "t": world.within_week(who.size), "system": "hubspot", "channel": "email"}
    world.survey({**asked, "moment": moment, "felt": felt}, question=question)


def survey(world: World, asked: Rows, question: str) -> None:
    """Ask a question; unhappy people answer less, with the planted slope."""
    who, scale, felt = asked["who"], SCALES[question], asked.pop("felt")
    asked["properties"] = CODES["properties"][f'{{"question":"{question}"}}']
    tool = asked["system"] if question == "csat" else "gouttes"
    world.draft.emit("survey.asked", **{**asked, "system": tool}, direction="out")
    world.touch(who, asked["t"])
    behaviour = world.company.behaviour
    odds = np.log(behaviour.response / (1.0 - behaviour.response)) + behaviour.response_slope * world.lean(who)
    answered = world.which(1.0 / (1.0 + np.exp(-odds)), who.size)
    score = np.clip(np.round(felt), 0.0 if question == "nps" else 1.0, scale) if scale > 1.0 else (felt > 0.0) * 1.0
    reply = {**asked, "t": asked["t"] + 0.1 + world.rng.exponential(1.0, who.size), "score": score}
    world.draft.emit("survey.answered", **rows(reply, answered), scale_max=scale, direction="in")
    if world.keep:
        world.surveys.append((who, world.trust[who], answered))


def _refer(world: World) -> None:
    behaviour = world.company.behaviour
    slope = np.exp(behaviour.referral_slope * world.lean(np.arange(world.active.size)))
    who = world.often(behaviour.referral * slope)
    t, count = world.within_week(who.size), who.size
    rewarded = world.which(REWARDED_REFERRAL, count)
    code = CODES["properties"]
    referral: Rows = {
        "who": who,
        "channel": "web",
        "thread": world.numbers("referral", count),
        "thread_kind": "gouttes:referral:",
        "properties": np.where(rewarded, code['{"rewarded":true}'], code['{"rewarded":false}']),
    }
    world.draft.emit("referral.made", **referral, t=t, direction="in")
    converted = world.which(CONVERTED, count)
    later = t + 1.0 + world.rng.exponential(10.0, count)
    world.draft.emit("referral.converted", **rows({**referral, "t": later}, converted), direction="in")
    paid = rewarded & converted
    world.draft.emit("reward.granted", who[paid], later[paid] + 0.1, channel="email", topic="marketing", amount=15.0)
    world.touch(who[paid], later[paid] + 0.1)


def _review(world: World) -> None:
    who = world.often(world.company.rates.review)
    stars = np.clip(np.round(4.0 + 0.8 * world.lean(who) + world.rng.normal(0.0, 0.9, who.size)), 1.0, 5.0)
    product = world.rng.integers(0, GOODS, who.size)
    world.draft.emit(
        "review.published",
        who,
        world.within_week(who.size),
        channel="web",
        direction="in",
        product=product,
        score=stars,
        scale_max=5.0,
    )


def _complain(world: World) -> None:
    who = world.often(world.company.rates.complaint * np.exp(-0.5 * world.lean(np.arange(world.active.size))))
    t, kind = world.within_week(who.size), world.rng.random(who.size)
    numbers = world.numbers("complaint", who.size)
    low = 0.0
    for topic, rule, share in COMPLAINTS:
        these = (kind >= low) & (kind < low + share)
        low += share
        complaint: Rows = {"who": who[these], "t": t[these], "thread": numbers[these], "channel": "email"}
        complaint |= {"thread_kind": "gouttes:complaint:", "topic": topic, "severity": 1.0}
        world.draft.emit("complaint.filed", **complaint)
        world.latent.observe(rule, who[these], t[these])
        _answer(world, complaint, rule)


def _answer(world: World, complaint: Rows, rule: str) -> None:
    answered = world.which(ANSWERED, complaint["who"].size)
    answer = rows(complaint, answered)
    failed, when = answer["t"], answer["t"] + 1.0 + world.rng.exponential(4.0, answer["who"].size)
    justice, given = world.justice(answer["who"].size, (0.2, 0.3, 0.3, 0.2))
    answer |= {"t": when, "severity": np.nan, "properties": given}
    world.draft.emit("complaint.answered", **answer)
    world.touch(answer["who"], when)
    world.repair(rule, answer["who"], failed, when, justice)


def _gesture(world: World) -> None:
    who = world.often(world.company.rates.gesture)
    t = world.within_week(who.size)
    topics = np.array([CODES["topic"][topic] for topic in GESTURES], dtype="i1")[world.rng.integers(0, 3, who.size)]
    agent = world.people.home[who]
    world.draft.emit(
        "gesture.made",
        who,
        t,
        topic=topics,
        channel="email",
        direction="out",
        agent=agent,
        team=world.crew.team_of[agent],
    )
    world.latent.observe("generous_gesture", who, t)
