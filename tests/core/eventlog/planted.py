"""Small events and identifiers to put in a log."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

DAY = datetime(2024, 1, 15, 12, tzinfo=UTC)


def event(number: int, subject: str = "shop:customer:1", *, day: int = 0, **columns: object) -> dict[str, object]:
    at = DAY + timedelta(days=day)
    base = {"event_id": f"e{number}", "kind": "order.placed", "occurred_at": at, "known_at": at}
    return {**base, "source": "shop", "subject": subject, **columns}


def rows(*events: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(events))


def identifiers(*given: tuple[str, str, str]) -> pa.Table:
    names = ("subject", "field", "value")
    return pa.Table.from_pylist(
        [{**dict(zip(names, g, strict=True)), "known_at": DAY, "source": "shop"} for g in given]
    )
