"""The preset of our own columns: every kind, every column and every identifier comes back as it was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.core.sources.brought import as_csv, bring, write

from gouttes.eventlog.kinds import KINDS
from gouttes.eventlog.schema import EVENTS
from gouttes.sources.catalogue import preset
from gouttes.sources.contract import IDENTIFIER_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

WHEN, LATER = "2024-05-01T10:00:00Z", "2024-05-02T11:30:00Z"
ROW: dict[str, Any] = {
    "occurred_at": WHEN,
    "known_at": LATER,
    "subject": "crm:customer:1",
    "channel": "email",
    "direction": "in",
    "agent": "a1",
    "team": "t1",
    "site": "s1",
    "product": "p1",
    "moment": "contract",
    "topic": "delay",
    "thread": "th1",
    "incident": "i1",
    "amount": "12.5",
    "currency": "EUR",
    "quantity": "2",
    "score": "9",
    "scale_max": "10",
    "due_at": LATER,
    "severity": "0.4",
    "unprompted": "true",
    "properties": json.dumps({"locked": True}),
}


def test_every_kind_and_every_column_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rows = [{"event_id": f"e{place}", "kind": kind, **ROW} for place, kind in enumerate(KINDS)]
    found = bring(
        write(tmp_path, "events.csv", as_csv([list(rows[0]), *(list(row.values()) for row in rows)])),
        using=preset("gouttes"),
    )
    assert found.rejects == []
    assert [event["kind"] for event in found.events] == list(KINDS)
    moments = {name: datetime.fromisoformat(ROW[name]) for name in ("occurred_at", "known_at", "due_at")}
    numbers = {name: float(ROW[name]) for name in ("amount", "quantity", "score", "scale_max", "severity")}
    own = {"source": "gouttes", "unprompted": True, "properties": '{"locked":"true"}'}
    wanted = ROW | moments | numbers | own
    assert set(wanted) == set(EVENTS.names) - {"event_id", "kind"}
    for event in found.events:
        assert {name: event[name] for name in wanted} == wanted


def test_every_identifier_comes_back_as_it_was_written(tmp_path: Path) -> None:
    fields = sorted(IDENTIFIER_FIELDS)
    rows = [("crm:customer:1", field, f"value of {field}", WHEN) for field in fields]
    content = as_csv([("subject", "field", "value", "known_at"), *rows])
    found = bring(write(tmp_path, "identifiers.csv", content), using=preset("gouttes"))
    assert found.rejects == []
    known_at = datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert sorted(found.identifiers, key=lambda one: one["field"]) == [
        {"subject": row[0], "field": row[1], "value": row[2], "known_at": known_at, "source": "gouttes"} for row in rows
    ]
