"""The columns of evidence, and what ties the events of one failure together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt

from gouttes import engines

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

EVIDENCE = ibis.schema(
    {
        "person": dt.string,
        "rule": dt.string,
        "event_id": dt.string,
        "kind": dt.string,
        "occurred_at": engines.UTC_TIMESTAMP,
        "known_at": engines.UTC_TIMESTAMP,
        "t": dt.float64,
        "known": dt.float64,
        "size": dt.float64,
        "episode": dt.string,
        "channel": dt.string,
        "team": dt.string,
        "agent": dt.string,
        "product": dt.string,
    }
)
"""``t`` and ``known`` are ``occurred_at`` and ``known_at`` in float days. ``size`` is from 0 to 1, and negative for a
repair, which is dated at the failure it repairs. ``kind`` is the kind of event, or the act. ``episode`` is the
incident, else the thread, else the topic that ties it to others."""

LABELS = ("channel", "team", "agent", "product")
INCIDENT, THREAD, TOPIC = "incident:", "thread:", "topic:"


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


def keys_of_events(events: ir.Table) -> dict[str, ir.StringValue]:
    """``episode`` (incident, else thread, else topic), ``incident`` and ``thread``, each with its prefix."""
    incident, thread = INCIDENT + events.incident, THREAD + events.thread
    return {
        "episode": ibis.coalesce(incident, thread, TOPIC + events.topic),
        "incident": incident,
        "thread": thread,
    }


def keys_of_acts(acts: ir.Table) -> dict[str, ir.StringValue]:
    """The same three, of acts, which carry only the first that is known."""
    nothing = ibis.null(dt.string)
    return {
        "episode": acts.episode,
        "incident": acts.episode.startswith(INCIDENT).ifelse(acts.episode, nothing),
        "thread": acts.episode.startswith(THREAD).ifelse(acts.episode, nothing),
    }


def evidence_rows(table: ir.Table) -> ir.Table:
    """The columns of :data:`EVIDENCE` of a table that has them all but ``t`` and ``known``."""
    written: dict[str, Any] = {
        "t": engines.days(table.occurred_at),
        "known": engines.days(table.known_at),
        "episode": _without_prefix(table.episode),
    }
    return table.select(**{name: written[name] if name in written else table[name] for name in EVIDENCE.names})


def _without_prefix(episode: ir.StringValue) -> ir.StringValue:
    prefixes = (INCIDENT, THREAD, TOPIC)
    return ibis.cases(*((episode.startswith(each), episode.substr(len(each))) for each in prefixes), else_=episode)
