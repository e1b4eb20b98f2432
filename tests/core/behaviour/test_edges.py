"""Each definition at its very edge, one microsecond on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.core.behaviour.narrow_clock import event, moment

from gouttes.behaviour.acts import acts
from gouttes.behaviour.clock import next_due
from gouttes.behaviour.windows import Windows
from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from tests.core.behaviour.conftest import Bench

DAY = 24.0
INSTANT = 1 / 3_600_000_000  # a microsecond, in hours
LONG_AGO = 0.0
AS_OF = moment(400 * DAY)
DEFAULT = Windows()


def numbered(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**event, "event_id": f"e{number}"} for number, event in enumerate(events)]


def seen(bench: Bench, *events: dict[str, Any], family: str, as_of: int = AS_OF) -> list[str]:
    """The acts of a family, oldest first, without the family's name."""
    rows = bench.run(acts, numbered(*events), as_of, DEFAULT)
    own = [row for row in rows if row["act"].startswith(family)]
    return [row["act"].removeprefix(family) for row in sorted(own, key=lambda row: (row["at"], row["event_id"]))]


def returns(bench: Bench, *events: dict[str, Any]) -> list[str]:
    return [act for act in seen(bench, *events, family="return.") if act != "missed"]


@pytest.mark.parametrize(
    ("hours", "answer"),
    [
        pytest.param(14 * DAY, "prompted", id="fourteen days before: still within L"),
        pytest.param(14 * DAY + INSTANT, "unprompted", id="a microsecond more: outside"),
        pytest.param(INSTANT, "prompted", id="a microsecond before"),
        pytest.param(0.0, "unprompted", id="at the same instant: not before"),
        pytest.param(-INSTANT, "unprompted", id="after"),
    ],
)
@pytest.mark.parametrize("kind", ["message.sent", "email.delivered", "survey.asked", "reward.granted"])
def test_a_return_is_prompted_by_a_touch_or_reward_in_the_window(
    bench: Bench, kind: str, hours: float, answer: str
) -> None:
    back = 100 * DAY
    touch = event(kind, back - hours)
    assert returns(bench, event("order.placed", LONG_AGO), touch, event("order.placed", back)) == [answer]


def test_a_touch_that_came_in_is_no_touch_and_a_contact_that_went_out_is_one(bench: Bench) -> None:
    first, back = event("order.placed", LONG_AGO), event("order.placed", 100 * DAY)
    assert returns(bench, first, event("message.sent", 99 * DAY, direction="in"), back) == ["unprompted"]
    assert returns(bench, first, event("message.received", 99 * DAY, direction="out"), back) == ["prompted"]


@pytest.mark.parametrize(("hours", "excluded"), [(30 * DAY, True), (30 * DAY + INSTANT, False)])
@pytest.mark.parametrize("key", ["thread", "topic"])
def test_going_on_with_an_open_matter_is_no_return(bench: Bench, key: str, hours: float, *, excluded: bool) -> None:
    same: dict[str, Any] = {key: "lost parcel"}
    first, again = event("message.received", 0, **same), event("message.received", hours, **same)
    assert returns(bench, first, again) == ([] if excluded else ["unprompted"])
    assert returns(bench, first, {**again, key: "other"}) == ["unprompted"]


def test_what_is_due_by_contract_is_no_return(bench: Bench) -> None:
    assert returns(bench, event("order.placed", 0), event("order.placed", 40 * DAY, moment="contract")) == []


def test_the_source_s_own_answer_wins_at_every_length(bench: Bench) -> None:
    first, touch = event("order.placed", 0), event("message.sent", 39 * DAY)
    for said, act, days in ((True, "return.unprompted", None), (False, "return.prompted", 0.0)):
        back = event("order.placed", 40 * DAY, unprompted=said)
        rows = bench.run(acts, numbered(first, touch, back), AS_OF, DEFAULT)
        assert [(row["act"], row["touch_days"]) for row in rows if row["event_id"] == "e2"] == [(act, days)]


def test_who_comes_about_our_own_failure_was_not_drawn_back_by_trust(bench: Bench) -> None:
    first, failed = event("order.placed", 0), event("incident.touched", 40 * DAY, incident="i", topic="outage")
    assert returns(bench, first, failed, event("message.received", 41 * DAY, incident="i")) == []
    assert returns(bench, first, failed, event("message.received", 41 * DAY, topic="outage")) == []
    assert returns(bench, first, failed, event("message.received", 41 * DAY, topic="invoice")) == ["unprompted"]
    assert returns(bench, first, failed, event("message.received", 71 * DAY, topic="outage")) == ["unprompted"]


def test_events_of_one_instant_are_one_contact(bench: Bench) -> None:
    both = (event("ticket.opened", 40 * DAY, thread="t"), event("message.received", 40 * DAY, thread="t"))
    assert returns(bench, event("order.placed", 0), *both) == ["unprompted"]
    assert returns(bench, *both) == []


def missed_days(bench: Bench, *days: float, as_of: float) -> list[float]:
    rows = bench.run(acts, numbered(*(event("order.placed", day * DAY) for day in days)), moment(as_of * DAY), DEFAULT)
    start = moment(0)
    return sorted((row["at"] - start) / (DAY * 3_600_000_000) for row in rows if row["act"] == "return.missed")


def test_who_has_no_rhythm_misses_nothing(bench: Bench) -> None:
    assert missed_days(bench, 0, as_of=3000) == []
    assert missed_days(bench, 0, 20, as_of=3000) == []


def test_missed_opportunities_follow_after_one_rhythm_of_grace(bench: Bench) -> None:
    assert missed_days(bench, 0, 30, 60, as_of=119.99) == []
    assert missed_days(bench, 0, 30, 60, as_of=120) == [120]
    assert missed_days(bench, 0, 30, 60, as_of=170) == [120, 150]


def test_a_person_seen_three_times_has_a_rhythm_of_their_own(bench: Bench) -> None:
    assert missed_days(bench, 0, 20, 50, as_of=150) == [100, 125, 150]  # median gap: 25 days
    assert missed_days(bench, 0, 20, 60, as_of=150) == [120, 150]


def test_a_contact_on_the_dot_is_in_time(bench: Bench) -> None:
    assert missed_days(bench, 0, 30, 60, 120, as_of=140) == []
    assert missed_days(bench, 0, 30, 60, 120.01, as_of=140) == [120]


def test_no_rhythm_is_shorter_than_a_week(bench: Bench) -> None:
    assert missed_days(bench, 0, 1, 2, as_of=24) == [16, 23]


def test_one_silence_misses_twelve_opportunities_at_most(bench: Bench) -> None:
    assert missed_days(bench, 0, 10, 20, as_of=399) == [20 + 10 * number for number in range(2, 14)]
    assert (
        bench.run(next_due, numbered(*(event("order.placed", day * DAY) for day in (0, 10, 20))), AS_OF, DEFAULT) == []
    )


def due_day(bench: Bench, *events: dict[str, Any], as_of: float) -> float:
    (row,) = bench.run(next_due, numbered(*events), moment(as_of * DAY), DEFAULT)
    return float(row["next_due"] - moment(0)) / (DAY * 3_600_000_000)


def test_the_last_missed_opportunity_of_a_silence_is_still_due(bench: Bench) -> None:
    orders = [event("order.placed", day * DAY) for day in (0, 10, 20)]
    assert due_day(bench, *orders, as_of=20) == 40
    assert due_day(bench, *orders, as_of=40) == 50
    assert due_day(bench, *orders, as_of=149) == 150


def test_a_solved_ticket_is_due_when_it_ripens_and_no_longer_once_it_has(bench: Bench) -> None:
    solved = (event("ticket.opened", 0, thread="t"), event("ticket.solved", DAY, thread="t"))
    assert due_day(bench, *solved, as_of=14.99) == 15
    assert bench.run(next_due, numbered(*solved), moment(15 * DAY), DEFAULT) == []


def test_an_event_that_is_not_yet_known_is_due_when_it_is(bench: Bench) -> None:
    assert due_day(bench, event("order.placed", 0, known=9 * DAY), as_of=3) == 9
    assert due_day(bench, event("order.placed", 0), event("promise.kept", 5 * DAY, thread="t"), as_of=3) == 5


def solved_in(bench: Bench, *others: dict[str, Any], as_of: int = AS_OF) -> list[str]:
    whole = [event("ticket.opened", 0, thread="t"), *others, event("ticket.solved", 10 * DAY, thread="t")]
    return seen(bench, *whole, family="contact.resolved_", as_of=as_of)


def test_first_contact_resolution_is_known_after_fourteen_days(bench: Bench) -> None:
    assert solved_in(bench, as_of=moment(24 * DAY - INSTANT)) == []
    assert solved_in(bench, as_of=moment(24 * DAY)) == ["first"]


@pytest.mark.parametrize(
    ("day", "answer"), [(10.0, "first"), (10 + INSTANT / DAY, "later"), (24.0, "later"), (24 + INSTANT / DAY, "first")]
)
def test_a_reopening_within_fourteen_days_undoes_it(bench: Bench, day: float, answer: str) -> None:
    assert solved_in(bench, event("ticket.reopened", day * DAY, thread="t")) == [answer]


def test_a_second_contact_up_to_the_solving_makes_it_later(bench: Bench) -> None:
    assert solved_in(bench, event("message.received", 10 * DAY, thread="t")) == ["later"]
    assert solved_in(bench, event("message.received", 0, thread="t")) == ["first"]
    assert solved_in(bench, event("message.received", 5 * DAY, thread="other")) == ["first"]


def test_a_thread_without_contact_says_nothing(bench: Bench) -> None:
    assert seen(bench, event("ticket.solved", 0, thread="t"), family="contact.") == []


@pytest.mark.parametrize(("hours", "count"), [(0.0, 0), (INSTANT, 1), (30 * DAY, 1), (30 * DAY + INSTANT, 0)])
@pytest.mark.parametrize("key", ["thread", "topic"])
def test_a_contact_is_repeated_within_thirty_days_of_being_called_solved(
    bench: Bench, key: str, hours: float, count: int
) -> None:
    same: dict[str, Any] = {key: "lost parcel"}
    solved, again = event("ticket.closed", 40 * DAY, **same), event("message.received", 40 * DAY + hours, **same)
    assert seen(bench, solved, again, family="contact.repeated") == [""] * count


def renewal(bench: Bench, *others: dict[str, Any], at: float = 100.0, **fields: Any) -> list[str]:
    renewed = event("subscription.renewed", at * DAY, due=100 * DAY, **fields)
    return seen(bench, *others, renewed, family="renewal.")


def test_a_renewal_is_frictionless_when_it_is_on_time_and_plain(bench: Bench) -> None:
    reminders = [event("email.delivered", day * DAY, topic="reminder") for day in (90, 95)]
    assert renewal(bench) == ["frictionless"]
    assert renewal(bench, at=100 + INSTANT) == ["strained"]
    assert renewal(bench, properties='{"discount": "0"}') == ["frictionless"]
    assert renewal(bench, properties='{"discount": 0.00}') == ["frictionless"]
    assert renewal(bench, properties='{"discount": "15 %"}') == ["strained"]
    assert renewal(bench, reminders[0]) == ["frictionless"]
    assert renewal(bench, *reminders) == ["strained"]
    assert renewal(bench, event("call.made", 90 * DAY, topic="retention")) == ["strained"]
    assert renewal(bench, event("call.made", 90 * DAY, topic="retention", direction="in")) == ["frictionless"]
    assert renewal(bench, event("ticket.escalated", 40 * DAY, thread="t")) == ["strained"]
    assert renewal(bench, event("ticket.escalated", 40 * DAY - INSTANT, thread="t")) == ["frictionless"]


def test_a_locked_renewal_is_neither_and_an_ended_contract_is_lost(bench: Bench) -> None:
    assert renewal(bench, properties='{"locked": true}') == ["locked"]
    assert seen(bench, event("subscription.ended", 0), family="renewal.") == ["lost"]


def test_expansion_is_a_product_never_had_by_someone_who_had_another(bench: Bench) -> None:
    tea, pot = event("order.placed", 0, product="tea"), event("order.placed", 20 * DAY, product="pot")
    proposed = event("action.proposed", 6 * DAY, product="pot")
    assert seen(bench, tea, pot, pot | {"at": moment(30 * DAY)}, family="expansion.") == ["unproposed"]
    assert seen(bench, tea, {**pot, "at": tea["at"]}, family="expansion.") == []
    assert seen(bench, tea, proposed, pot, family="expansion.") == ["proposed"]
    assert seen(bench, tea, {**proposed, "product": "tea"}, pot, family="expansion.") == ["unproposed"]
    assert seen(bench, event("subscription.upgraded", 0), family="expansion.") == ["unproposed"]


def test_a_recommendation_is_traced_once_and_flagged_when_rewarded(bench: Bench) -> None:
    made, converted = event("referral.made", 0, thread="r"), event("referral.converted", 9 * DAY, thread="r")
    assert seen(bench, made, converted, family="recommendation.") == ["unrewarded"]
    assert seen(bench, made, event("reward.granted", 14 * DAY), family="recommendation.") == ["rewarded"]
    assert seen(bench, made, event("reward.granted", 14 * DAY + INSTANT), family="recommendation.") == ["unrewarded"]
    assert seen(bench, {**made, "properties": '{"rewarded": true}'}, family="recommendation.") == ["rewarded"]


def test_a_review_that_was_asked_for_is_no_recommendation(bench: Bench) -> None:
    review = event("review.published", 20 * DAY)
    assert seen(bench, event("survey.asked", 6 * DAY), review, family="recommendation.") == []
    assert seen(bench, event("survey.asked", 6 * DAY - INSTANT), review, family="recommendation.") == ["unrewarded"]


@pytest.mark.parametrize(
    ("properties", "severity", "bad"),
    [
        ('{"distributive": 1}', None, False),  # J = .4
        ('{"interpersonal": 1}', None, True),  # J = .3
        ('{"interpersonal": 1}', 1.0, True),  # severity is read only where no justice is given
        (None, 0.39, True),
        (None, None, False),  # nothing known: no accusation
        ('{"distributive": "unknown"}', None, False),
        ('{"distributive": "NaN"}', None, False),
        ('{"distributive": 40}', None, False),  # clipped to 1
    ],
)
def test_a_repair_is_bad_when_its_justice_is_known_and_low(
    bench: Bench, properties: str | None, severity: float | None, *, bad: bool
) -> None:
    repair = event("incident.repaired", 0, incident="i", properties=properties, severity=severity)
    assert seen(bench, repair, family="incident.repaired_badly") == [""] * bad


def test_a_length_that_is_not_positive_is_refused() -> None:
    with pytest.raises(BadInputError, match="window_days must be above 0, found 0"):
        Windows(window_days=0)
