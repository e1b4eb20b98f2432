"""From events and acts to evidence: which rule each speaks to, how much, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.eventlog.schema import EVENTS_IBIS
from gouttes.evidence.episodes import collapse
from gouttes.evidence.match import matched
from gouttes.evidence.repairs import repairs
from gouttes.evidence.rows import EVIDENCE, evidence_rows, known_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import ibis.expr.types as ir

    from gouttes.evidence.rule import EvidenceRule

TOPIC_DAYS = 30.0


def collect(
    events: ir.Table,
    acts: ir.Table,
    rules: Iterable[EvidenceRule],
    *,
    as_of: datetime,
    topic_days: float = TOPIC_DAYS,
) -> ir.Table:
    """The evidence known at ``as_of``, in the columns of :data:`gouttes.evidence.rows.EVIDENCE`.

    One row per event or act and rule that reads it; one per episode where the rule collapses episodes; one more,
    of negative size, per failure that was repaired.

    Args:
        events: the log's events with a ``person``.
        acts: what ``behaviour.acts`` derived from them at the same date.
        rules: what speaks of trust.
        as_of: nothing later, or known later, is read.
        topic_days: events of one topic belong to one episode while less than this lies between them.

    Raises:
        MissingColumnsError: ``events`` lacks a column of the log, or ``person``.
    """
    if missing := {*EVENTS_IBIS.names, "person"} - set(events.columns):
        raise MissingColumnsError("evidence.collect", missing, events.columns, "Join the links to the log first.")
    known, said, rules = known_by(events, as_of), known_by(acts, as_of), tuple(rules)
    # Only failures need to be brought together, and they are few: the many drops go straight through.
    grouped = [rule for rule in rules if rule.episode or rule.repairable]
    plain = [rule for rule in rules if rule not in grouped]
    parts = []
    if (rows := matched(known, said, plain)) is not None:
        parts.append(evidence_rows(rows))
    if (rows := matched(known, said, grouped)) is not None:
        failures = collapse(rows, topic_days=topic_days)
        parts.append(evidence_rows(failures.filter(failures["rank"] == 0)))
        parts.append(evidence_rows(repairs(failures, known)))
    return ibis.union(*parts) if parts else engines.empty(EVIDENCE)
