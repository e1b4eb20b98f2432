"""The same acts from DuckDB and from Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow.parquet as pq
import pytest
from tests.core.behaviour.narrow_clock import NARROW, PERSON_EVENTS, arrow, crowd, date, moment, plain_rows

from gouttes import engines
from gouttes.behaviour.acts import BEHAVIOURS, acts
from gouttes.behaviour.clock import next_due
from gouttes.behaviour.figures import figures
from gouttes.behaviour.rows import ACTS
from gouttes.errors import MissingColumnsError
from gouttes.schemas import ACTS as PUBLISHED

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

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
def test_both_engines_agree(duck: Any, spark: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "events.parquet")
    pq.write_table(arrow(crowd(7, people=40)), file)
    found = {}
    for connection in (duck, spark):
        events = engines.read_parquet(connection, [file], EVENTS.schema())
        done = acts(events, as_of=AS_OF, window=NARROW).cache()
        due = connection.to_pyarrow(next_due(events, as_of=AS_OF, window=NARROW))
        counts = connection.to_pyarrow(figures(done, events, as_of=AS_OF))
        found[connection.name] = [ordered(connection.to_pyarrow(done)), ordered(due), ordered(counts)]
    for on_duck, on_spark in zip(*found.values(), strict=True):
        assert len(on_duck) == len(on_spark)
        for row, other in zip(on_duck, on_spark, strict=True):
            assert not_floats(row) == not_floats(other)
            assert floats(row) == pytest.approx(floats(other), rel=1e-9, abs=1e-9)


def ordered(table: pa.Table) -> list[dict[str, Any]]:
    keys = ("person", "act", "event_id", "measure", "window")
    return sorted(plain_rows(table), key=lambda row: [str(row.get(key)) for key in keys])


def floats(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float)}


def not_floats(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not isinstance(value, float)}
