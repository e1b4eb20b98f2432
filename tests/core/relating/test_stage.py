"""How far the relation has come, as probabilities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.schemas import ACTS
from gouttes.trust.stage import STAGES, normal_cdf, stages
from gouttes.vocabulary import Stage

CONNECTION = engines.connect()
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EVENTS = ibis.schema(
    {
        "person": "string",
        "event_id": "string",
        "kind": "string",
        "occurred_at": "timestamp('UTC', 6)",
        "known_at": "timestamp('UTC', 6)",
        "product": "string",
    }
)
NAMES = [stage.value for stage in Stage]


def events(*rows: tuple[str, str, float] | tuple[str, str, float, str]) -> Any:
    """Person, kind, age in days and, where wanted, product."""
    full = []
    for number, (person, kind, age, *product) in enumerate(rows):
        at = NOW - timedelta(days=age)
        full.append((person, f"e{number}", kind, at, at, product[0] if product else None))
    return ibis.memtable(pd.DataFrame(full, columns=list(EVENTS.names)), schema=EVENTS)


def acts(*rows: tuple[str, str, float]) -> Any:
    full = [
        dict.fromkeys(ACTS.names)
        | {
            "person": person,
            "act": act,
            "occurred_at": NOW - timedelta(days=age),
            "known_at": NOW - timedelta(days=age),
        }
        for person, act, age in rows
    ]
    return ibis.memtable(pd.DataFrame(full, columns=list(ACTS.names)), schema=ACTS)


def found(log: Any, done: Any = None, connection: Any = CONNECTION, **others: Any) -> pd.DataFrame:
    people = log.select("person").distinct()
    table = stages(log, acts() if done is None else done, people, as_of=NOW, **others)
    rows: pd.DataFrame = connection.to_pandas(table)
    assert list(rows.columns) == list(STAGES.names)
    assert np.allclose(rows[NAMES].sum(axis=1), 1.0, atol=1e-12)
    assert (rows[NAMES] >= 0).all().all()
    return rows.set_index("person").sort_index()


def steady(person: str, times: int = 12, product: str = "a") -> list[tuple[str, str, float, str]]:
    return [(person, "order.placed", 30.0 * number + 15, product) for number in range(times)]


def test_contact_without_an_order_is_awareness() -> None:
    assert found(events(("p", "subscription.started", -1), ("p", "message.received", 3))).awareness["p"] == 1.0


def test_two_orders_are_exploration_and_three_unprompted_are_commitment() -> None:
    log = events(*steady("two", 2), *steady("three", 3))
    rows = found(log, acts(("three", "return.unprompted", 20)))
    assert rows.exploration["two"] > 0.9
    assert rows.stage["three"] == "commitment"
    assert rows.context["two"] == "transactional"


def test_a_contract_is_exploration_until_it_is_renewed_without_friction() -> None:
    log = events(
        ("new", "subscription.started", 300),
        ("kept", "subscription.started", 700),
        ("kept", "subscription.renewed", 300),
        ("tied", "subscription.started", 700),
        ("tied", "subscription.renewed", 300),
    )
    rows = found(log, acts(("kept", "renewal.frictionless", 300), ("tied", "renewal.locked", 300)))
    assert list(rows.stage[["new", "kept", "tied"]]) == ["exploration", "commitment", "exploration"]
    assert set(rows.context) == {"relational"}


def test_notice_is_decline_until_the_contract_goes_on() -> None:
    base = [("p", "subscription.started", 700.0), ("p", "subscription.notice_given", 100.0)]
    assert found(events(*base)).decline["p"] == 1.0
    assert found(events(*base, ("p", "subscription.renewed", 50.0))).decline["p"] == 0.0


def test_new_products_are_expansion_and_the_first_is_not() -> None:
    growing = [("p", "order.placed", 30.0 * number + 15, f"product {number}") for number in range(8)]
    rows = found(
        events(*growing, *steady("q", 8)), acts(("p", "return.unprompted", 20), ("q", "return.unprompted", 20))
    )
    assert rows.stage["p"] == "expansion"
    assert rows.expansion["q"] == 0.0
    assert rows.breadth_slope["p"] == pytest.approx(7 / 365)
    assert rows.breadth_error["p"] == pytest.approx(7**0.5 / 365)


def test_a_downgrade_takes_back_what_an_upgrade_gave() -> None:
    base = [("p", "subscription.started", 700.0), ("p", "subscription.renewed", 300.0)]
    up = [("p", "subscription.upgraded", 10.0 * number + 10) for number in range(5)]
    down = [("p", "subscription.downgraded", 10.0 * number + 10) for number in range(5)]
    done = acts(("p", "renewal.frictionless", 300))
    assert found(events(*base, *up), done).stage["p"] == "expansion"
    assert found(events(*base, *up, *down), done).stage["p"] == "commitment"


def test_usage_that_stops_is_decline_and_usage_that_holds_is_not() -> None:
    stopping = [("p", "order.placed", 400.0 + 15 * number) for number in range(20)]
    gone = [("old", "order.placed", 900.0 + 15 * number) for number in range(5)]
    rows = found(events(*stopping, *steady("q", 20), *gone))
    assert rows.stage["p"] == "decline"
    assert rows.decline["q"] < 0.1
    assert rows.decline["old"] == 1.0


def test_the_chance_of_decline_is_one_half_where_the_upper_bound_is_nought() -> None:
    rows = found(events(*steady("q", 9)))
    slope, error = rows.usage_slope["q"], rows.usage_error["q"]
    assert rows.decline["q"] == pytest.approx(norm.cdf(-slope / error - norm.ppf(0.95)), abs=1e-6)
    moments = -np.array([30.0 * number + 15 for number in range(8)])
    begin = -(30.0 * 8 + 15)
    assert slope == pytest.approx(12 * (moments.mean() - begin / 2) / begin**2)
    assert error == pytest.approx((12 / 8) ** 0.5 / -begin)


def test_a_chance_of_being_alive_counts_where_it_is_known() -> None:
    alive = ibis.memtable(pd.DataFrame({"person": ["p"], "p_alive": [0.3]}))
    log = events(*steady("p", 2), *steady("q", 2))
    rows, without = found(log, alive=alive), found(log)
    assert rows.decline["p"] == pytest.approx(1 - 0.3 * (1 - without.decline["p"]))
    assert rows.decline["q"] == pytest.approx(without.decline["q"])
    with pytest.raises(MissingColumnsError, match="p_alive"):
        found(log, alive=alive.drop("p_alive"))


def test_what_is_known_later_is_not_read() -> None:
    late = events(("p", "order.placed", 5)).mutate(known_at=ibis.literal(NOW + timedelta(days=1)))
    rows = found(events(("p", "message.received", 9)).union(late.cast(EVENTS)))
    assert rows.awareness["p"] == 1.0


def test_events_without_a_person_are_refused() -> None:
    with pytest.raises(MissingColumnsError, match=r"trust\.stages"):
        stages(events().drop("person"), acts(), events(), as_of=NOW)


def test_the_normal_distribution_is_the_one_of_the_handbook() -> None:
    x = np.linspace(-8, 8, 400)
    table = ibis.memtable(pd.DataFrame({"x": x}))
    rows = CONNECTION.to_pandas(table.select("x", p=normal_cdf(table.x))).sort_values("x")
    assert np.allclose(rows.p, norm.cdf(rows.x), atol=8e-8)


@pytest.mark.spark
def test_stages_agree_on_spark(spark: Any) -> None:
    growing = [("g", "order.placed", 30.0 * number + 15, f"product {number}") for number in range(8)]
    log = events(*growing, *steady("q", 20), ("c", "subscription.started", 300), ("c", "subscription.notice_given", 9))
    done = acts(("q", "return.unprompted", 20))
    here, there = found(log, done), found(log, done, spark)
    numbers = [name for name, kind in STAGES.items() if kind.is_floating()]
    assert np.allclose(here[numbers].astype(float), there[numbers].astype(float), atol=1e-9, equal_nan=True)
    assert list(here.stage) == list(there.stage)
