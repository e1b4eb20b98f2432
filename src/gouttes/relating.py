"""The relation with customers: what would change a reading, stages, levels, lock-ins and the justice of repairs.

The steps give tables and values; here a workspace's tables are put into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.report.counterfactual import CARE_RULE, CARE_WEIGHT, Counterfactual, counterfactual
from gouttes.trust.ledger import entries_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from gouttes.opened import OpenedWorkspace


def theirs(opened: OpenedWorkspace) -> ir.Table:
    """The events known at the date of the last run, each with its ``person``."""
    return opened.events(known_by=opened.as_of).inner_join(opened.links().select("subject", "person"), "subject")


def would_change(opened: OpenedWorkspace, person: str, ledger: pd.DataFrame | None = None) -> Counterfactual:
    """What would change the reading of a person: see ``report.counterfactual``.

    Args:
        opened: a workspace that was run.
        person: a person id.
        ledger: their LEDGER where it was computed already.
    """
    rows = opened.ledger(person).to_pandas() if ledger is None else ledger
    subjects = opened.links().filter(lambda t: t.person == person).select("subject")
    own = opened.events(known_by=opened.as_of).semi_join(subjects, "subject").select("event_id", "kind", "topic")
    events = own.to_pandas()
    topics = dict(events.dropna(subset=["topic"])[["event_id", "topic"]].itertuples(index=False))
    acts = opened.acts().filter(lambda t: t.person == person).select("event_id", "act").to_pandas()
    counted = events.rename(columns={"kind": "act"})[["event_id", "act"]]
    happened = [counted, acts[~acts["act"].isin(set(counted["act"]))]]
    times: dict[tuple[str, str], int] = {}
    for table in happened:
        for event, kind in table.itertuples(index=False):
            key = (kind, topics.get(event, ""))
            times[key] = times.get(key, 0) + 1
    weight = next((rule.weight for rule in opened.rules if rule.name == CARE_RULE and rule.weight > 0), CARE_WEIGHT)
    return counterfactual(
        entries_of(rows),
        rows,
        opened.prior,
        as_of=opened.local_as_of,
        topics=topics,
        times=times,
        care_weight=weight,
    )
