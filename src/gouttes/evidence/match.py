"""Which events and acts speak to which rules: one pass over the events, whatever the number of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.engines import unix_micros
from gouttes.evidence.rows import LABELS, keys_of_acts, keys_of_events
from gouttes.vocabulary import Direction, Polarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from gouttes.evidence.rule import EvidenceRule, Match

OPPOSITE = {Direction.IN.value: Direction.OUT.value, Direction.OUT.value: Direction.IN.value}
PAIRS = ibis.schema(
    {"kind": dt.string, "rule": dt.string, "bucket": dt.boolean, "episodic": dt.boolean, "repairable": dt.float64}
)


def matched(events: ir.Table, acts: ir.Table, rules: Sequence[EvidenceRule]) -> ir.Table | None:
    """Events and acts with the rules they speak to, or None where no rule is given.

    Columns: those of evidence but t and known, and ``moment`` (microseconds), ``incident``, ``thread``,
    ``episodic``, ``repairable``. ``size`` is 1 for a drop, the severity for a bucket (1 where none is given).
    """
    parts = []
    if any(not match.is_act for rule in rules for match in rule.matches):
        parts.append(_from_events(events, rules))
    if any(match.is_act for rule in rules for match in rule.matches):
        parts.append(_from_acts(acts, rules))
    return ibis.union(*parts) if parts else None


def _from_events(events: ir.Table, rules: Sequence[EvidenceRule]) -> ir.Table:
    pairs = {(match.event, rule.name): rule for rule in rules for match in rule.matches if not match.is_act}
    read = events.filter(events.kind.isin(sorted({kind for kind, _ in pairs})))
    rows = read.select(
        *("person", "event_id", "kind", "occurred_at", "known_at", "topic", "direction", *LABELS),
        given=ibis.greatest(ibis.least(read.severity.fill_null(1.0), 1.0), 0.0),
        **keys_of_events(read),
    )
    joined = rows.join(_pairs_table(pairs), "kind")
    narrow = [_outside(joined, kind, rule) for (kind, _), rule in pairs.items() if _is_narrow(kind, rule)]
    kept = joined.filter(~ibis.or_(*narrow)) if narrow else joined
    return _raw(kept)


def _from_acts(acts: ir.Table, rules: Sequence[EvidenceRule]) -> ir.Table:
    pairs = {(match.event, rule.name): rule for rule in rules for match in rule.matches if match.is_act}
    read = acts.filter(acts.act.isin(sorted({act for act, _ in pairs})))
    rows = read.select(
        *("person", "event_id", "occurred_at", "known_at", *LABELS),
        kind=read.act,
        given=read["size"],
        **keys_of_acts(read),
    )
    return _raw(rows.join(_pairs_table(pairs), "kind"))


def _pairs_table(pairs: dict[tuple[str, str], EvidenceRule]) -> ir.Table:
    rows = [
        (kind, name, rule.polarity is Polarity.BUCKET, rule.episode, float(rule.repairable))
        for (kind, name), rule in pairs.items()
    ]
    columns = zip(*rows, strict=True)
    return ibis.memtable({name: list(column) for name, column in zip(PAIRS.names, columns, strict=True)}, schema=PAIRS)


def _raw(rows: ir.Table) -> ir.Table:
    return rows.select(
        *("person", "rule", "event_id", "kind", "occurred_at", "known_at"),
        *("episode", "incident", "thread", *LABELS, "episodic", "repairable"),
        moment=unix_micros(rows.occurred_at),
        size=rows.bucket.ifelse(rows.given, 1.0),
    )


def _is_narrow(kind: str, rule: EvidenceRule) -> bool:
    """Every pattern of the rule on this kind asks for a topic or a direction."""
    return all(match.topics or match.direction for match in rule.matches if match.event == kind)


def _outside(rows: ir.Table, kind: str, rule: EvidenceRule) -> ir.BooleanValue:
    """Rows of this kind and rule that none of the rule's patterns accepts."""
    accepted = [_accepts(rows, match) for match in rule.matches if match.event == kind]
    return (rows.kind == kind) & (rows.rule == rule.name) & ~ibis.or_(*accepted)


def _accepts(rows: ir.Table, match: Match) -> ir.BooleanValue:
    conditions = []
    if match.topics:
        conditions.append(rows.topic.isin(match.topics).fill_null(False))  # noqa: FBT003 -- a value
    if match.direction:
        conditions.append(rows.direction.fill_null("none") != OPPOSITE[match.direction])
    return ibis.and_(*conditions)
