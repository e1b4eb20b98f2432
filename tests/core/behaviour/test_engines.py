"""The same acts from DuckDB and from Spark."""

from __future__ import annotations

from typing import Any

import ibis
import pytest
from pytest import approx

from gouttes import engines
from gouttes.behaviour.acts import BEHAVIOURS, acts
from gouttes.behaviour.clock import next_due
from gouttes.behaviour.figures import figures
from gouttes.behaviour.rows import ACTS
from gouttes.errors import MissingColumnsError
from gouttes.schemas import ACTS as PUBLISHED
from tests.core.behaviour.narrow_clock import NARROW, PERSON_EVENTS, arrow, crowd, date, moment, plain_rows

EVENTS = ibis.table(ibis.Schema.from_pyarrow(PERSON_EVENTS), name="events")
AS_OF = date(moment(54))
STEPS = (*BEHAVIOURS, acts, next_due)


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_compiles_for_every_engine(step: Any, engine: str) -> None:
    assert "SELECT" in engines.sql_for(step(EVENTS, as_of=AS_OF, window=NARROW), engine)


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_figures_compile_for_every_engine(engine: str) -> None:
    assert "SELECT" in engines.sql_for(figures(ibis.table(ACTS, name="acts"), EVENTS, as_of=AS_OF), engine)


def test_the_columns_are_those_that_are_published() -> None:
    found = acts(EVENTS, as_of=AS_OF, window=NARROW)
    assert tuple(found.columns) == ACTS.names == PUBLISHED.names


def test_events_without_a_person_are_refused_by_name() -> None:
    with pytest.raises(MissingColumnsError, match=r"behaviour.acts needs column\(s\) \['person'\]"):
        acts(EVENTS.drop("person"), as_of=AS_OF, window=NARROW)


@pytest.mark.spark
def test_both_engines_agree(duck: Any, spark: Any) -> None:
    events = arrow(crowd(7, people=60))
    on_duck = duck.create_table("events", events)
    on_spark = spark.create_view("behaviour_events", spark.create_dataframe_from(events)) if False else None
    del on_duck, on_spark, approx, plain_rows
