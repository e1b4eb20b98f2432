"""Purchases as models read them: one day counts once, nothing known later is read; the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest

from gouttes import engines
from gouttes.value.purchases import bought, purchases

DAY = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = [
    # person, kind, day, known a day later, amount
    ("ana", "order.placed", 0.25, 0.25, 10.0),
    ("ana", "order.placed", 0.75, 0.75, None),
    ("ana", "order.placed", 10.5, 10.5, 30.0),
    ("ana", "order.placed", 25.0, 25.0, 99.0),
    ("bob", "order.placed", 5.0, 5.0, None),
    ("bob", "order.placed", 15.0, 21.0, 5.0),
    ("cleo", "ticket.opened", 3.0, 3.0, None),
    ("dan", "order.placed", 22.0, 22.0, 8.0),
]


def events() -> Any:
    frame = pd.DataFrame(ROWS, columns=["person", "kind", "occurred_at", "known_at", "amount"])
    for name in ("occurred_at", "known_at"):
        frame[name] = [DAY + timedelta(days=each) for each in frame[name]]
    return ibis.memtable(frame)


def by_person(connection: Any, table: Any) -> dict[str, list[Any]]:
    frame = connection.to_pyarrow(table.order_by("person")).to_pylist()
    return {row.pop("person"): list(row.values()) for row in frame}


def check(connection: Any) -> None:
    at = DAY + timedelta(days=20)
    seen = by_person(connection, purchases(events(), as_of=at))
    assert seen == {"ana": [1.0, 10.25, 19.75, 20.0], "bob": [0.0, 0.0, 15.0, None]}
    later = by_person(connection, bought(events(), origin=at, days=10))
    start = (at - datetime(1970, 1, 1, tzinfo=UTC)).days
    assert later == {"ana": [start, "order", 1, 1], "bob": [start, "order", 0, 1]}


def test_orders_of_one_day_count_once_and_what_was_known_later_is_not_read(duck: Any) -> None:
    check(duck)


@pytest.mark.spark
def test_spark_gives_the_same(spark: Any) -> None:
    check(spark)


def test_both_compile_for_spark() -> None:
    table = ibis.table(events().schema(), name="events")
    for expression in (purchases(table, as_of=DAY), bought(table, origin=DAY, days=9)):
        assert "order.placed" in engines.sql_for(expression, "pyspark")
