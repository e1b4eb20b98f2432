"""Company figures and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from tests.core.behaviour.narrow_clock import arrow, date, event, moment

from gouttes.behaviour.figures import _with_interval, figures, outcomes
from gouttes.behaviour.rows import ACTS
from gouttes.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = moment(100)


def acts_table(rows: Sequence[tuple[str, str, float | None]]) -> ibis.Table:
    """Acts of (person, act, touch_days), all at one instant."""
    columns: dict[str, Any] = {name: [None] * len(rows) for name in ACTS.names}
    columns["person"], columns["act"], columns["touch_days"] = map(list, zip(*rows, strict=True))
    columns["occurred_at"] = columns["known_at"] = pa.array([NOW] * len(rows)).cast(pa.timestamp("us", tz="UTC"))
    return ibis.memtable(pa.table(columns, schema=ACTS.to_pyarrow()))


def counted(duck: Any, acts: ibis.Table, events: Sequence[dict[str, Any]]) -> dict[tuple[str, int | None], Any]:
    rows = duck.to_pyarrow(figures(acts, ibis.memtable(arrow(events)), as_of=date(NOW))).to_pylist()
    return {(row["measure"], row["window"]): (row["successes"], row["trials"]) for row in rows}


def test_unprompted_return_is_read_again_at_each_length(duck: Any) -> None:
    rows = [("ada", "return.unprompted", None), ("ada", "return.unprompted", 20.0), ("ada", "return.prompted", 10.0)]
    rows += [("bob", "return.prompted", 7.0), ("bob", "return.prompted", 14.0), ("bob", "return.missed", None)]
    found = counted(duck, acts_table(rows), [event("order.placed", 0)])
    assert [found["unprompted_return", days] for days in (7, 14, 30)] == [(4, 6), (2, 6), (1, 6)]


def test_each_measure_counts_its_own_acts(duck: Any) -> None:
    names = (
        *("promise.kept", "promise.kept", "promise.broken", "contact.resolved_first", "contact.resolved_later"),
        *("contact.repeated", "renewal.frictionless", "renewal.strained", "renewal.lost", "renewal.locked"),
        *("expansion.unproposed", "expansion.unproposed", "expansion.proposed", "recommendation.unrewarded"),
    )
    rows = [("ada", name, None) for name in names] + [("bob", "recommendation.rewarded", None)]
    people = [
        event("order.placed", 0, product="p"),
        event("referral.made", 0, person="bob"),
        event("order.placed", 0, person="bob"),
        event("subscription.ended", 0, person="c"),
    ]
    found = counted(duck, acts_table(rows), people)
    assert {measure: pair for (measure, window), pair in found.items() if window is None} == {
        "promises_kept": (2, 3),
        "first_contact_resolution": (1, 2),
        "frictionless_renewal": (1, 3),
        "repeat_contact": (1, 3),
        "expansion": (1, 2),
        "recommendation": (1, 3),
    }


def test_what_no_source_tells_is_unknown_and_not_nought(duck: Any) -> None:
    bought = [event("order.placed", day, person=person) for day in (0, 30) for person in ("ada", "bob")]
    found = counted(duck, acts_table([("ada", "return.unprompted", None)]), bought)
    assert (found["expansion", None], found["recommendation", None]) == ((0, 0), (0, 0))


def test_without_any_act_every_measure_is_there_and_says_nothing_is_known(duck: Any) -> None:
    acts = acts_table([("ada", "renewal.locked", None)])
    rows = duck.to_pyarrow(figures(acts, ibis.memtable(arrow([event("page.viewed", 0)])), as_of=date(NOW))).to_pylist()
    empty = [row for row in rows if row["trials"] == 0]
    assert len(rows) == 9
    assert {(row["rate"], row["low"], row["high"], row["n"]) for row in empty} == {(None, 0.0, 1.0, 0)}


def test_wilson_is_the_one_published_by_newcombe_1998() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3 (score, no continuity correction), 95 %.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (successes, trials), interval in published.items():
        assert wilson(successes, trials, level=0.95) == pytest.approx(interval, abs=5e-5)


@given(trials=st.integers(1, 10_000), share=st.floats(0, 1), level=st.sampled_from([0.5, 0.9, 0.99]))
def test_wilson_is_scipy_s(trials: int, share: float, level: float) -> None:
    successes = round(share * trials)
    known = binomtest(successes, trials).proportion_ci(confidence_level=level, method="wilson")
    assert wilson(successes, trials, level) == pytest.approx((known.low, known.high), abs=1e-12)


def test_the_interval_of_the_engine_is_its_plain_twin(duck: Any) -> None:
    pairs = [(successes, trials) for trials in (0, 1, 2, 7, 90, 100_000) for successes in {0, trials // 3, trials}]
    counts = ibis.memtable(
        {
            "measure": ["m"] * len(pairs),
            "window": [7] * len(pairs),
            "successes": [successes for successes, _ in pairs],
            "trials": [trials for _, trials in pairs],
        }
    )
    for row in duck.to_pyarrow(_with_interval(counts, 0.9)).to_pylist():
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["successes"], row["trials"]), abs=1e-12)
        assert row["low"] <= (row["rate"] or 0.0) <= row["high"]


def test_without_trials_anything_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_pooled_outcomes_count_each_good_end_among_those_that_could_go_either_way() -> None:
    ends = ["return.unprompted", "return.prompted", "return.missed", "promise.kept", "promise.kept", "promise.broken"]
    ends += ["contact.resolved_first", "contact.resolved_later", "renewal.frictionless", "renewal.strained"]
    ends += ["renewal.lost", "renewal.locked", "contact.repeated", "expansion.unproposed"]  # the last three: not pooled
    acts = ibis.memtable({"act": ends})
    assert outcomes(acts).to_pyarrow().to_pylist() == [{"successes": 5, "trials": 11}]
