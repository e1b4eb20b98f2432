"""What a repair gives back: at most its own failure, and only as much as it was just."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.evidence.justice import facets
from gouttes.evidence.rows import LABELS

if TYPE_CHECKING:
    import ibis.expr.types as ir


def repairs(failures: ir.Table, events: ir.Table) -> ir.Table:
    """One row per failure that was repaired, of size -rho J x, in the columns of evidence but t and known.

    A repair is an ``incident.repaired``, ``complaint.answered`` or ``gesture.made`` for the same person that shares
    the incident or the thread of one of the failure's events and does not come before its first. Several repairs of
    one failure: the most just counts, the earliest among equals. The row is dated at the failure, and known when
    both it and the repair are. There is no recovery paradox on behaviour (De Matos, Henrique & Rossi 2007), so
    rho is at most 1.

    Args:
        failures: rows as :func:`gouttes.evidence.episodes.collapse` gives them.
        events: events with a ``person``.
    """
    attempts = _attempts(events)
    repairable = failures.filter(failures.repairable > 0)
    pairs = ibis.union(*(_pairs(repairable, attempts, key) for key in ("incident", "thread")))
    in_order = ibis.window(
        group_by=["person", "rule", "head_id"],
        order_by=[pairs.justice.desc(), pairs.repaired_at, pairs.event_id],
    )
    ranked = pairs.mutate(place=ibis.row_number().over(in_order))
    return ranked.filter(ranked.place == 0)


def _attempts(events: ir.Table) -> ir.Table:
    found = facets(events)
    return found.filter(found.justice > 0).select(
        *("person", "event_id", "kind", "known_at", *LABELS), "incident", "thread", "repaired_at", "justice"
    )


def _pairs(failures: ir.Table, attempts: ir.Table, key: str) -> ir.Table:
    """Failures with the repairs that share their incident, or their thread."""
    broken = failures.select(
        *("person", "rule", "episode", "head_id", "head_at", "repairable"),
        key=failures[key],
        failed_known=failures.known_at,
        failed_event=failures.event_id,
        failed_size=failures["size"],
    )
    mended = attempts.rename(key=key, mended_by="person").filter(ibis._.key.notnull())
    both = broken.join(mended, [broken.person == mended.mended_by, broken.key == mended.key], rname="{name}_of_repair")
    both = both.filter(both.repaired_at >= both.head_at, both.event_id != both.failed_event)
    return both.select(
        *("person", "rule", "event_id", "kind", "episode", *LABELS, "head_id", "justice", "repaired_at"),
        occurred_at=both.head_at,
        known_at=ibis.greatest(both.known_at, both.failed_known),
        size=-(both.repairable * both.justice * both.failed_size),
    )
