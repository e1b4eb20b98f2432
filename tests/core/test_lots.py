"""Who is drawn stays drawn, in about the share asked for, on every engine."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from gouttes import engines
from gouttes.lots import drawn, sampled

PEOPLE = [f"p{number}" for number in range(10_000)]


def of(connection: Any, share: float, lot: str = "") -> set[str]:
    people = ibis.memtable({"person": PEOPLE})
    rows = connection.to_pandas(people.filter(drawn(people.person, share, lot=lot)))
    return set(rows["person"])


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_about_the_share_is_drawn_and_a_larger_share_holds_the_smaller(duck: Any, share: float) -> None:
    found = of(duck, share)
    assert len(found) == pytest.approx(share * len(PEOPLE), abs=200)
    assert found < of(duck, min(share + 0.05, 1.0))
    assert found == of(duck, share)


def test_lots_of_other_names_have_nothing_to_do_with_each_other(duck: Any) -> None:
    both = of(duck, 0.3, "side|") & of(duck, 0.3)
    assert len(both) == pytest.approx(0.09 * len(PEOPLE), abs=150)


def test_everyone_is_kept_where_there_are_not_more_or_all_are_wanted(duck: Any) -> None:
    rows = engines.kept(duck, ibis.memtable({"person": PEOPLE * 2}))
    assert sampled(rows, len(PEOPLE)).count().execute() == sampled(rows, 0).count().execute() == 2 * len(PEOPLE)
    some = sampled(rows, 1_000)
    assert some.person.nunique().execute() == pytest.approx(1_000, abs=120)
    assert some.count().execute() == 2 * some.person.nunique().execute()


@pytest.mark.spark
def test_spark_draws_whom_duckdb_draws(duck: Any, spark: Any) -> None:
    assert of(spark, 0.2, "sample|") == of(duck, 0.2, "sample|")
