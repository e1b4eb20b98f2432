"""A small synthetic company: rules, evidence and persons, without the steps that would make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

AS_OF = datetime(2025, 6, 2, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RULES = pd.DataFrame(
    [
        ("promise kept", 1, 0.3, 90.0, 1.0, 0.0, 0.0),
        ("unprompted return", 1, 0.8, 120.0, 0.5, 0.0, 0.5),
        ("promise broken", -1, 1.2, 180.0, 1.0, 0.0, 0.0),
        ("breach of integrity", -1, 3.0, 365.0, 0.0, 1.0, 0.0),
        ("incident badly handled", -1, 2.0, 365.0, 0.0, 0.4, 0.6),
    ],
    columns=["rule", "polarity", "weight", "half_life", "credibility", "integrity", "benevolence"],
).astype({"polarity": "int8"})

SCHEMA = ibis.schema(
    {
        "person": "string",
        "rule": "string",
        "event_id": "string",
        "kind": "string",
        "occurred_at": "timestamp('UTC', 6)",
        "known_at": "timestamp('UTC', 6)",
        "t": "float64",
        "known": "float64",
        "size": "float64",
        "episode": "string",
        "channel": "string",
        "team": "string",
        "agent": "string",
        "product": "string",
    }
)


def days(moment: datetime) -> float:
    """A date in float days, as the engine computes it."""
    return (moment - EPOCH) / timedelta(days=1)


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """EVIDENCE from rows with ``person, rule, age`` (days before AS_OF), and where wanted ``lag, size, event_id``."""
    full = []
    for number, row in enumerate(rows):
        occurred = AS_OF - timedelta(days=row["age"])
        known = occurred + timedelta(days=row.get("lag", 0.0))
        full.append(
            dict.fromkeys(SCHEMA.names)
            | {
                "person": row["person"],
                "rule": row["rule"],
                "event_id": row.get("event_id", f"e{number}"),
                "kind": row["rule"],
                "occurred_at": occurred,
                "known_at": known,
                "t": days(occurred),
                "known": days(known),
                "size": row.get("size", 1.0),
            }
        )
    return pd.DataFrame(full, columns=list(SCHEMA.names))


def rules() -> Any:
    """RULES."""
    return ibis.memtable(RULES)


def evidence(rows: list[dict[str, Any]] | pd.DataFrame) -> Any:
    """EVIDENCE as an Ibis table, from short rows (see ``frame``) or from a frame."""
    return ibis.memtable(rows if isinstance(rows, pd.DataFrame) else frame(rows), schema=SCHEMA)


def company() -> pd.DataFrame:
    """660 rows of evidence on 40 persons over two years, with repairs and late knowledge."""
    rng = np.random.default_rng(7)
    rows = []
    for number in range(600):
        row: dict[str, Any] = {
            "person": f"p{rng.integers(40)}",
            "rule": str(rng.choice(RULES["rule"])),
            "age": float(rng.uniform(0, 730)),
            "lag": float(rng.choice([0.0, 0.0, 20.0])),
            "size": float(rng.uniform(0.2, 1.0)),
            "event_id": f"e{number}",
        }
        rows.append(row)
        if number % 10 == 0:
            rows.append(row | {"lag": row["lag"] + 3.0, "size": -0.4 * row["size"], "event_id": f"r{number}"})
    return frame(rows)
