"""Why a row was set aside. A reject says where and why, never what the cell held: that could be personal."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

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
    """Why."""

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


WORDS = MappingProxyType(
    {
        Reason.MISSING: "a value that is needed is missing",
        Reason.TIME: "the time is not understood or does not exist",
        Reason.EARLY: "the time lies before 1970",
        Reason.FUTURE: "the time lies in the future",
        Reason.NUMBER: "the number is not understood",
        Reason.HUGE: "the number is beyond 1e12 or not finite",
        Reason.NEGATIVE: "an amount or quantity is negative",
        Reason.SCORE: "the score lies outside its scale",
        Reason.SEVERITY: "the severity lies outside 0 to 1",
        Reason.CURRENCY: "the currency is not a code of three letters",
        Reason.CHANNEL: "the channel is none that Gouttes knows",
        Reason.DIRECTION: "the direction is not in, out or none",
        Reason.KIND: "the row's kind is not in the registry of event kinds",
        Reason.FIELD: "the row's field is no identifier that Gouttes knows",
        Reason.NO_EVENT: "the text's event is not in this import",
        Reason.RAGGED: "the row has another number of cells than the headings",
        Reason.QUOTES: "a quotation mark is not closed, or stands inside a cell without being doubled",
        Reason.TOO_LARGE: "a cell holds more than 10 MB",
        Reason.NOT_JSON: "the line is not valid JSON",
        Reason.NOT_RECORD: "the record is not a JSON object",
    }
)
"""What each reason means, in English."""
