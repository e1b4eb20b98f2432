"""The columns of the log and of the two tables that hold personal data."""

import ibis
import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")

EVENTS = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_at", UTC, nullable=False),
        pa.field("known_at", UTC, nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("direction", pa.string()),
        pa.field("agent", pa.string()),
        pa.field("team", pa.string()),
        pa.field("site", pa.string()),
        pa.field("product", pa.string()),
        pa.field("moment", pa.string()),
        pa.field("topic", pa.string()),
        pa.field("thread", pa.string()),
        pa.field("incident", pa.string()),
        pa.field("amount", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("quantity", pa.float64()),
        pa.field("score", pa.float64()),
        pa.field("scale_max", pa.float64()),
        pa.field("due_at", UTC),
        pa.field("severity", pa.float64()),
        pa.field("unprompted", pa.bool_()),
        pa.field("properties", pa.string()),
    ]
)
"""One row per event. ``incident`` links the events that one failure caused, so that an outage with nine
tickets counts once; ``properties`` is a small JSON object without personal data."""

IDENTIFIERS = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("known_at", UTC, nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)
"""What a source knows of who a subject is. ``field``: email, phone, external_id, same_as (a declared link to
another subject key), name, first_name, last_name, birth_date, address, postcode, city, country, company, language."""

TEXTS = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("language", pa.string()),
    ]
)
"""The words people wrote, apart from the events they belong to."""

REQUIRED = tuple(field.name for field in EVENTS if not field.nullable)


def _readable(stored: pa.Schema) -> ibis.Schema:
    """The columns as an engine reads them: Parquet does not promise that a column has no null."""
    kinds = ibis.Schema.from_pyarrow(stored)
    return ibis.Schema({name: kind(nullable=True) for name, kind in kinds.items()})


EVENTS_IBIS = _readable(EVENTS)
IDENTIFIERS_IBIS = _readable(IDENTIFIERS)
TEXTS_IBIS = _readable(TEXTS)
