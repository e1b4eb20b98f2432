"""The id map: who was whom before a run in which people joined or parted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir


def moves(previous: ir.Table, links: ir.Table, *, run: str, at: datetime) -> ir.Table:
    """MOVES of a run: all former subjects of people whom it joined or parted, those that stayed included.

    Args:
        previous: LINKS before, of everyone or of whoever ``links`` speaks of.
        links: LINKS after.
        run: the identifier of the run.
        at: its moment.
    """
    both = previous.select("subject", before="person").inner_join(links.select("subject", after="person"), "subject")
    ways = both.select("before", "after").distinct()
    parted = ways.group_by("before").agg(n=ways.count()).filter(lambda t: t["n"] > 1)
    joined = ways.group_by("after").agg(n=ways.count()).filter(lambda t: t["n"] > 1)
    renamed = ways.filter(ways["before"] != ways["after"])
    concerned = ibis.union(ways.semi_join(parted, "before"), ways.semi_join(joined, "after"), renamed, distinct=True)
    found = both.semi_join(concerned, ["before", "after"])
    moment = ibis.literal(at, type="timestamp('UTC', 6)")
    return found.select("subject", "before", "after", run=ibis.literal(run), at=moment).select(
        "run", "at", "subject", "before", "after"
    )
