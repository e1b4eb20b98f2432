"""Steps compiled once, then run on as many small histories as a property test asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pytest
from tests.core.behaviour.narrow_clock import NARROW, PERSON_EVENTS, arrow, date, plain_rows

from gouttes import engines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir


class Bench:
    """A DuckDB with one table of events; ``run`` answers a step at a date."""

    def __init__(self) -> None:
        self.connection = engines.connect()
        self.events = self.connection.create_table("events", schema=ibis.Schema.from_pyarrow(PERSON_EVENTS))
        self.compiled: dict[Any, str] = {}

    def run(
        self, step: Callable[..., ir.Table], events: Sequence[dict[str, Any]], as_of: int, window: Any = NARROW
    ) -> list[dict[str, Any]]:
        """The rows of the step, in the form of the reference."""
        key = (step, as_of, window)
        if key not in self.compiled:
            self.compiled[key] = self.connection.compile(step(self.events, as_of=date(as_of), window=window))
        raw = self.connection.con
        raw.execute("delete from events")
        raw.register("arriving", arrow(events))
        raw.execute("insert into events by name from arriving")
        raw.unregister("arriving")
        return plain_rows(raw.sql(self.compiled[key]).to_arrow_table())


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()
