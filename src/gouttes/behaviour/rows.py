"""The columns of an act, and how a table of events becomes rows of acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt

from gouttes import engines

if TYPE_CHECKING:
    import ibis.expr.types as ir

ACTS = ibis.schema(
    {
        "person": dt.string,
        "act": dt.string,
        "event_id": dt.string,
        "occurred_at": engines.UTC_TIMESTAMP,
        "known_at": engines.UTC_TIMESTAMP,
        "size": dt.float64,
        "episode": dt.string,
        "touch_days": dt.float64,
        "channel": dt.string,
        "team": dt.string,
        "agent": dt.string,
        "product": dt.string,
    }
)
"""One row per act. ``event_id`` is the event that carries it (a digest for a missed opportunity, which no event
carries). ``size`` is the severity of the event for a failure, 1 elsewhere. ``episode`` is ``incident:…``,
``thread:…`` or ``topic:…``, the first that is known. ``touch_days`` belongs to returns alone: days since the last
touch or reward before it, null where there was none; where the source itself said whether the return was prompted
it is null (no) or 0 (yes), so that ``touch_days > L`` is the answer at any L."""

LABELS = ("channel", "team", "agent", "product")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def instant(microseconds: ir.IntegerValue) -> ir.TimestampValue:
    """The timestamp that many microseconds after 1970-01-01 UTC."""
    return (ibis.literal(_EPOCH, engines.UTC_TIMESTAMP) + microseconds.as_interval("us")).cast(engines.UTC_TIMESTAMP)


def known_by(table: ir.Table, as_of: datetime) -> ir.Table:
    """The rows that had happened, and that we could know, at ``as_of``."""
    moment = ibis.literal(as_of, engines.UTC_TIMESTAMP)
    return _plain(table.filter(table.occurred_at <= moment, table.known_at <= moment))


def _plain(table: ir.Table) -> ir.Table:
    """The same rows. Ibis unites tables only where their columns agree on precision and on being nullable too."""
    types = {
        name: engines.UTC_TIMESTAMP if kind.is_timestamp() else kind.copy(nullable=True)
        for name, kind in table.schema().items()
    }
    return table.cast(types)


def flag(condition: ir.BooleanValue) -> ir.BooleanValue:
    """The condition, false where it is unknown."""
    return condition.fill_null(False)  # noqa: FBT003 -- a value


def episode_of(events: ir.Table) -> ir.StringValue:
    """What ties an event to others of one cause: its incident, else its thread, else its topic; null if none."""
    return ibis.coalesce("incident:" + events.incident, "thread:" + events.thread, "topic:" + events.topic)


def severity_of(events: ir.Table) -> ir.FloatingValue:
    """The severity of a failure between 0 and 1; 1 where the source gives none."""
    given = events.severity.fill_null(1.0)
    return ibis.greatest(ibis.least(given, 1.0), 0.0)


def act_rows(table: ir.Table, act: Any, **others: Any) -> ir.Table:  # noqa: ANN401 -- Ibis values are untyped
    """Rows of acts from a table that has the person, the event, its times and labels.

    Args:
        table: one row per act.
        act: the name of the act, one for all or an expression.
        others: columns to write otherwise than from the column of the same name.
    """
    defaults = {"size": 1.0, "touch_days": None, "episode": _episode_or_null(table)}
    written = {"act": act, **others}
    columns = {}
    for name, kind in ACTS.items():
        known = table[name] if name in table.columns else defaults.get(name)
        columns[name] = _as(written.get(name, known), kind)
    return table.select(**columns)


def _episode_or_null(table: ir.Table) -> ir.StringValue | None:
    return episode_of(table) if {"incident", "thread", "topic"} <= set(table.columns) else None


def _as(value: Any, kind: dt.DataType) -> ir.Value:  # noqa: ANN401 -- a Python or an Ibis value
    if value is None:
        return ibis.null(kind)
    column = value if isinstance(value, ibis.Value) else ibis.literal(value)
    return column if column.type() == kind else column.cast(kind)
