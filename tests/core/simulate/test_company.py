"""What was planted is found again, and nothing impossible happens."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import KINDS
from gouttes.eventlog.schema import EVENTS, REQUIRED
from gouttes.simulate import Company, Truth, simulate
from gouttes.simulate.arrow import compact, plain
from gouttes.simulate.company import Behaviour, plans
from gouttes.simulate.draft import of_kind
from gouttes.simulate.planted import KIND_NAMES, RULES

SIGMAS = 3.3  # one chance in a thousand, and the seed is fixed


def logistic(x: Any, y: Any) -> tuple[Any, Any]:
    """Coefficients (intercept, slope) and their standard errors, by Newton's method."""
    design, beta = np.stack([np.ones_like(x), x], axis=1), np.zeros(2)
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-design @ beta))
        hessian = (design * (chance * (1.0 - chance))[:, None]).T @ design
        beta = beta + np.linalg.solve(hessian, design.T @ (y - chance))
    return beta, np.sqrt(np.diag(np.linalg.inv(hessian)))


def logit(p: Any) -> Any:
    return np.log(p / (1.0 - p))


def test_same_seed_gives_same_events_and_another_seed_does_not() -> None:
    small = Company(people=60)
    first, again, other = simulate(small), simulate(small), simulate(dataclasses.replace(small, seed=1))
    assert all(np.array_equal(first.events[name], again.events[name], equal_nan=True) for name in first.events)
    assert not np.array_equal(first.events["t"], other.events["t"])


def test_a_person_comes_back_with_a_chance_equal_to_latent_trust(truth: Truth) -> None:
    chances = truth.opportunities
    beta, error = logistic(logit(chances["trust"]), chances["taken"].astype(float))
    assert abs(beta[0]) < SIGMAS * error[0]
    assert abs(beta[1] - 1.0) < SIGMAS * error[1]
    assert error[1] < 0.15  # else the two lines above say nothing


def test_latent_trust_is_the_estimator_run_forwards(truth: Truth) -> None:
    behaviour, seen, end = truth.company.behaviour, truth.evidence, truth.company.end_day
    half_life = np.array([rule.half_life for rule in RULES])[seen["rule"]]
    weight = np.array([rule.weight for rule in RULES])[seen["rule"]]
    worth = weight * seen["size"] * np.exp(-np.log(2.0) * (end - seen["t"]) / half_life)
    drop = np.array([rule.polarity > 0 for rule in RULES])[seen["rule"]]
    people = truth.company.people
    drops = np.bincount(seen["who"][drop], worth[drop], people)
    buckets = np.bincount(seen["who"][~drop], worth[~drop], people)
    strength = behaviour.prior_strength
    expected = (strength * truth.people["own_start"] + drops) / (strength + drops + buckets)
    np.testing.assert_allclose(truth.people["trust"], expected, rtol=1e-9)


def test_facets_share_the_evidence_and_no_more(truth: Truth) -> None:
    facets = np.stack([truth.people[name] for name in ("credibility", "integrity", "benevolence")])
    assert np.all((facets > 0.0) & (facets < 1.0))
    integrity = np.array([rule.facets[1] for rule in RULES])[truth.evidence["rule"]]
    untouched = np.setdiff1d(np.arange(truth.company.people), truth.evidence["who"][integrity > 0.0])
    np.testing.assert_allclose(truth.people["integrity"][untouched], truth.people["own_start"][untouched], rtol=1e-12)


def test_delivery_promises_are_kept_as_planted_and_worse_after_the_outage(truth: Truth) -> None:
    ends = of_kind(truth.events, "promise.kept", "promise.broken")
    ends = {name: column[ends["system"] == 1] for name, column in ends.items()}
    kept = ends["kind"] == KIND_NAMES.index("promise.kept")
    outage = next(each for each in truth.company.outages if each.delays)
    after = (ends["due"] >= outage.t) & (ends["due"] < outage.t + outage.delays)
    whole = ends["due"] < outage.t  # promises due at the very end have not all been settled
    for where, planted in ((whole, 0.93), (after, 0.66)):
        count = int(where.sum())
        assert count > 60
        assert abs(kept[where].mean() - planted) < SIGMAS * np.sqrt(planted * (1.0 - planted) / count)


def test_the_outage_touches_the_planted_share_and_loses_trust(truth: Truth) -> None:
    outage = truth.company.outages[1]
    people = truth.summary()["touched"][outage.name]
    assert abs(people / truth.company.people - outage.share) < SIGMAS * np.sqrt(0.25 / truth.company.people)
    assert outage.day == date(2026, 11, 3)
    weeks = truth.weeks
    before = weeks["trust"][weeks["t"] <= outage.t][-1]
    assert weeks["trust"][-1] < before - 0.03
    assert weeks["credibility"][-1] < before - 0.03
    one_bucket_each = of_kind(truth.events, "incident.touched")
    rows_per_person = np.bincount(one_bucket_each["who"]).max()
    assert rows_per_person > 1  # some met it twice: an episode to collapse


def test_nine_tickets_come_from_one_outage_for_a_few(truth: Truth) -> None:
    opened = of_kind(truth.events, "ticket.opened")
    siege = opened["incident"] == 1
    assert np.bincount(opened["who"][siege]).max() >= 8  # the ninth may come after the end


def test_the_price_rise_costs_integrity(truth: Truth) -> None:
    rise, weeks = truth.company.price_rises[0], truth.weeks
    before = weeks["integrity"][weeks["t"] <= rise.t][-1]
    after = weeks["integrity"][weeks["t"] > rise.t + 14.0][0]
    assert after < before - 0.003


def test_unhappy_people_answer_less_with_the_planted_slope(truth: Truth) -> None:
    asked = truth.surveys
    beta, error = logistic(logit(asked["trust"]), asked["answered"].astype(float))
    assert abs(beta[1] - truth.company.behaviour.response_slope) < SIGMAS * error[1]
    assert beta[1] - SIGMAS * error[1] > 0.0


def test_agents_differ_as_planted(truth: Truth) -> None:
    promises = of_kind(truth.events, "promise.kept", "promise.broken")
    at_desk = promises["agent"] >= 0
    kept = (promises["kind"] == KIND_NAMES.index("promise.kept"))[at_desk]
    effect = truth.crew.effect[promises["agent"][at_desk]]
    beta, error = logistic(effect, kept.astype(float))
    assert abs(beta[1] - 1.0) < SIGMAS * error[1]
    assert abs(truth.crew.agent_effect.mean()) < 1e-12


def test_the_planted_share_of_people_has_a_second_record(truth: Truth) -> None:
    planted, people = truth.company.identity.duplicates, truth.company.people
    share = float((truth.records.second_in >= 0).mean())
    assert abs(share - planted) < SIGMAS * np.sqrt(planted * (1.0 - planted) / people)


def test_every_event_is_valid(truth: Truth) -> None:
    table = plain(compact(truth.company, truth.crew, truth.records, truth.events))
    assert table.schema == EVENTS
    frame = table.to_pandas()
    assert set(frame["kind"]) <= set(KINDS)
    assert frame[list(REQUIRED)].notna().all().all()
    for name, rows in frame.groupby("kind"):
        assert rows[list(KINDS[str(name)].needs)].notna().all().all(), name
    assert (frame["known_at"] >= frame["occurred_at"]).all()
    assert frame["known_at"].max() <= truth.company.as_of
    assert frame["occurred_at"].min().timestamp() / 86_400 >= truth.company.start_day
    assert frame["event_id"].is_unique
    assert not (frame[["amount", "quantity"]] < 0).any().any()
    assert (frame["score"].dropna() <= frame["scale_max"].dropna()).all()
    assert frame["severity"].dropna().between(0.0, 1.0).all()
    assert all(isinstance(json.loads(text), dict) for text in frame["properties"].dropna().unique())


def test_some_events_arrive_late_and_out_of_order(truth: Truth) -> None:
    own = truth.events["system"] == 3
    late = truth.events["known"] > truth.events["t"]
    assert not late[~own].any()
    assert abs(late[own].mean() - truth.company.rates.late) < 0.01


def test_promises_end_after_they_were_made_and_break_when_it_is_known(truth: Truth) -> None:
    made = of_kind(truth.events, "promise.made")
    when = dict(zip(zip(made["thread_kind"], made["thread"], strict=True), made["t"], strict=True))
    assert len(when) == made["t"].size
    broken = of_kind(truth.events, "promise.broken")
    at_desk = broken["system"] == 3
    np.testing.assert_allclose(broken["t"][at_desk], broken["due"][at_desk], atol=1.1 / 86_400)
    assert np.all(broken["t"][~at_desk] > broken["due"][~at_desk])  # a parcel that comes late says so when it comes
    for kind in ("promise.kept", "promise.broken", "promise.withdrawn"):
        ends = of_kind(truth.events, kind)
        begun = [when[key] for key in zip(ends["thread_kind"], ends["thread"], strict=True)]
        assert np.all(ends["t"] > begun)


def test_some_promises_are_still_open(truth: Truth) -> None:
    made = of_kind(truth.events, "promise.made")["t"].size
    ended = of_kind(truth.events, "promise.kept", "promise.broken", "promise.withdrawn")["t"].size
    assert 0 < made - ended < 0.05 * made


def test_a_thread_belongs_to_one_record(truth: Truth) -> None:
    events = truth.events
    threaded = events["thread"] >= 0
    keys = np.stack([events[name][threaded] for name in ("thread_kind", "thread", "system", "who", "second")])
    records = np.unique(keys, axis=1)
    threads = np.unique(records[:3], axis=1)
    assert records.shape[1] == threads.shape[1]


def test_chunks_share_neither_threads_nor_people() -> None:
    company = Company(people=90)
    parts = [plan() for plan in plans(company, chunk=30)]
    assert [world.part.count for world in parts] == [30, 30, 30]
    threads = [set(of_kind(world.events, "order.placed")["thread"].tolist()) for world in parts]
    assert not threads[0] & threads[1]
    assert not threads[1] & threads[2]


def test_the_mean_number_of_events_is_exact_when_acts_leave_room() -> None:
    truth = simulate(Company(people=40, events_per_person=80.0))
    assert truth.events["t"].size == 3_200


def test_trust_that_nothing_moves_stays_where_it_began() -> None:
    quiet = Company(people=50, activity=0.0, outages=(), price_rises=(), behaviour=Behaviour(prior_mean=0.6))
    quiet = dataclasses.replace(
        quiet, rates=dataclasses.replace(quiet.rates, newsletter=0.0, coupon=0.0, subscriber=0.0)
    )
    truth = simulate(quiet)
    np.testing.assert_allclose(truth.people["trust"], truth.people["own_start"])


@pytest.mark.parametrize("wrong", [{"people": 0}, {"days": 0}, {"teams": 0}, {"agents": 2}])
def test_an_impossible_company_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInputError, match="needs at least"):
        Company(**wrong)  # type: ignore[arg-type]  # the fault under test
