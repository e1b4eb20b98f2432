"""The brand of a workspace: where trust lies, what a new colleague inherits, who brings whom, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.brand.conditions import chart, conditions, phase
from gouttes.brand.handover import AFTER_DAYS, meetings, study
from gouttes.brand.lies import lies
from gouttes.brand.network import network
from gouttes.brand.served import served
from gouttes.engines import kept
from gouttes.report.brand_data import Brand
from gouttes.trust.dated import trust_before

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.opened import OpenedWorkspace


def brand(opened: OpenedWorkspace) -> Brand:
    """The brand of a workspace that was run, as of its last run.

    Raises:
        BadInputError: nothing was run yet.
    """
    as_of, acts = opened.as_of, opened.acts()
    outcomes = kept(opened.connection, served(acts))
    people = opened.people().filter(lambda t: t.events > 0)
    found = lies(outcomes)
    return Brand(
        as_of=opened.local_as_of,
        phase=phase(found),
        lies=found,
        handover=study(_dated(opened, meetings(outcomes, as_of=as_of))),
        chart=chart(acts),
        network=network(opened.lived(), acts),
        conditions=conditions(acts, outcomes, people),
    )


def _dated(opened: OpenedWorkspace, met: ir.Table) -> ir.Table:
    """Each meeting with the trust right before it and ``AFTER_DAYS`` after."""
    met = kept(opened.connection, met)
    evidence, rules, prior = opened.evidence(), opened.rules_table(), opened.prior
    before = trust_before(evidence, rules, prior, met).rename(before="trust")
    later = met.select("person", at=met["at"] + float(AFTER_DAYS))
    after = trust_before(evidence, rules, prior, later).rename(after="trust")
    return met.inner_join(before, "person").inner_join(after, "person")
