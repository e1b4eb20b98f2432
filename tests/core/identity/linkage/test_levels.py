"""A level of agreement means the same to Ibis, to SQL and to Python."""

from __future__ import annotations

from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes.engines import connect
from gouttes.identity.linkage.levels import FAR, KINDS, Level, agrees, distances, edit_distance, holds, sql

LEVELS = (
    Level("exact", "equal", ("a",)),
    Level("one edit", "edits", ("a",), 1),
    Level("2 edits", "edits", ("a",), 2),
    Level("close", "close", ("a",), 0.4),
    Level("month", "prefix", ("a",), 7),
    Level("begins", "begins", ("a",)),
    Level("local", "local", ("a",)),
    Level("turned", "turned", ("a",)),
    Level("crossed", "crossed", ("a", "b")),
)
VALUES = st.one_of(
    st.none(),
    st.text("ab@-", min_size=1, max_size=6),
    st.sampled_from(["1980-01-02", "1980-02-01", "1980-01-12", "x@a.org", "x@b.org", "xy@a.org"]),
)
SIDES = st.fixed_dictionaries({"a": VALUES, "b": VALUES})


def by_ibis(connection: Any, pairs: list[tuple[dict[str, str | None], dict[str, str | None]]]) -> list[list[bool]]:
    rows = [
        {f"{name}_{side}": record[name] for side, record in zip("lr", pair, strict=True) for name in "ab"}
        for pair in pairs
    ]
    schema = {f"{name}_{side}": "string" for side in "lr" for name in "ab"}
    table = ibis.memtable([{"n": place, **row} for place, row in enumerate(rows)], schema={"n": "int64", **schema})

    def left(name: str) -> Any:
        return table[f"{name}_l"]

    def right(name: str) -> Any:
        return table[f"{name}_r"]

    apart = distances(LEVELS, left, right)
    told = table.select(
        "n",
        **{
            f"level_{place}": holds(level, left, right, apart.__getitem__).fill_null(ibis.literal(value=False))
            for place, level in enumerate(LEVELS)
        },
    )
    found = connection.to_pyarrow(told.order_by("n")).to_pylist()
    return [[row[f"level_{place}"] for place in range(len(LEVELS))] for row in found]


def by_sql(pairs: list[tuple[dict[str, str | None], dict[str, str | None]]]) -> list[list[bool]]:
    texts = ", ".join(f"coalesce({sql(level, lambda name: name)}, false)" for level in LEVELS)
    connection = connect()
    found = []
    for left, right in pairs:
        values = [left["a"], left["b"], right["a"], right["b"]]
        query = f'select {texts} from (select ? as "a_l", ? as "b_l", ? as "a_r", ? as "b_r")'  # noqa: S608 -- our levels
        typed = query.replace("?", "cast(? as varchar)")
        found.append(list(connection.con.execute(typed, values).fetchone()))
    return found


@settings(max_examples=8)
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=20))
def test_the_three_renderings_agree(pairs: list[tuple[dict[str, str | None], dict[str, str | None]]]) -> None:
    here = [[agrees(level, left, right) for level in LEVELS] for left, right in pairs]
    assert by_ibis(connect(), pairs) == here
    assert by_sql(pairs) == here


@pytest.mark.slow
@pytest.mark.spark
def test_spark_means_the_same(spark: Any) -> None:
    texts = ["anna", "ana", "a", "an@x", "an@y", "1980-01-02", "1980-02-01", "1980-01-09", None, "abcdef"]
    pairs = [
        ({"a": one, "b": other}, {"a": other, "b": third}) for one in texts for other in texts for third in texts[:3]
    ]
    assert by_ibis(spark, pairs) == [[agrees(level, left, right) for level in LEVELS] for left, right in pairs]


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_edit_distance_is_a_distance(one: str, other: str) -> None:
    assert edit_distance(one, one) == 0
    assert edit_distance(one, other) == edit_distance(other, one)
    assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))


def test_edit_distance_of_levenshteins_textbook_words() -> None:
    assert (edit_distance("kitten", "sitting"), edit_distance("saturday", "sunday"), edit_distance("", "abc")) == (
        3,
        3,
        3,
    )


def test_lengths_alone_tell_what_is_far() -> None:
    assert max(level.most for level in LEVELS) < FAR


def test_every_kind_is_tested() -> None:
    assert {level.kind for level in LEVELS} == set(KINDS)
