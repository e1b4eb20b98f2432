"""Short rows as events of the log, for tests of steps that read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pandas as pd

from gouttes.eventlog.schema import EVENTS_IBIS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SCHEMA = ibis.schema({**dict(EVENTS_IBIS.items()), "person": "string"})


def event(person: str, kind: str, age: float, **others: Any) -> dict[str, Any]:
    """An event of so many days ago; ``properties`` as a dictionary, ``due`` and ``lag`` in days."""
    at = NOW - timedelta(days=age)
    row = dict.fromkeys(SCHEMA.names) | {"person": person, "subject": person, "kind": kind, "source": "test"}
    row |= {"occurred_at": at, "known_at": at + timedelta(days=others.pop("lag", 0.0))}
    if "due" in others:
        row["due_at"] = NOW - timedelta(days=others.pop("due"))
    if "properties" in others:
        row["properties"] = json.dumps(others.pop("properties"))
    return row | others


def log(*rows: dict[str, Any]) -> Any:
    """Events with a person, as an Ibis table."""
    numbered = [{**row, "event_id": row["event_id"] or f"e{number}"} for number, row in enumerate(rows)]
    return ibis.memtable(pd.DataFrame(numbered, columns=list(SCHEMA.names)).astype("object"), schema=SCHEMA)
