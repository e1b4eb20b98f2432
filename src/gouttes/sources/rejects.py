"""Why a row was set aside. A reject says where and why, never what the cell held: that could be personal."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

REJECTS = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("column", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""One row per thing not made. ``line``: of the file, or the rank of the record. ``kind``: the event kind, or
``identifier``, or ``text``; null where the row itself could not be read, or its kind is unknown.
``reason``: a value of :class:`Reason`."""


class Reason(StrEnum):
    """Why. What each means is in the catalogues of words, under ``cli.import.reason``."""

    MISSING = "missing"
    TIME = "time_not_understood"
    EARLY = "before_1970"
    FUTURE = "in_the_future"
    NUMBER = "number_not_understood"
    HUGE = "number_too_large"
    NEGATIVE = "negative"
    SCORE = "score_outside_its_scale"
    SEVERITY = "severity_outside_0_to_1"
    CURRENCY = "currency_unknown"
    CHANNEL = "channel_unknown"
    DIRECTION = "direction_unknown"
    KIND = "kind_unknown"
    FIELD = "field_unknown"
    NO_EVENT = "text_without_its_event"
    RAGGED = "ragged_row"
    QUOTES = "quotation_mark_not_closed"
    TOO_LARGE = "cell_over_10_mb"
    NOT_JSON = "not_json"
    NOT_RECORD = "not_a_json_object"
