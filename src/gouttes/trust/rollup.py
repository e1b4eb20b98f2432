"""Trust of a circle of people (a household, a company) from the states of its members.

States merge in any order and by any path (``trust.state``), so the circle's reading is that of one person who had
lived all that its members lived. The prior is counted once, not once a member: of a circle of which nothing is known
we know no more than of a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.errors import MissingColumnsError
from gouttes.trust.reading import readings

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from gouttes.trust.reading import Prior


def rollup(
    states: ir.Table,
    members: ir.Table,
    rules: ir.Table,
    prior: Prior,
    *,
    as_of: datetime,
    people: ir.Table | None = None,
) -> ir.Table:
    """Trust per circle and facet at a date, with its interval.

    The evidence of an episode that two members share (one outage, two tickets) counts once for each of them: it was
    held to once per person before it came here, and is not held to once per circle.

    Args:
        states: STATES of the members, folded or not; made with the same ``as_of`` or an earlier one.
        members: ``circle, person``; repeats do not matter. A person may belong to several circles.
        rules: RULES. A state whose rule is absent counts for nothing.
        prior: m and n₀, the same as for a person.
        as_of: the date of reading, in UTC.
        people: where given, a table with a column ``person``: nobody else counts as a member, and a circle of which
            nobody remains is left out.

    Returns:
        ``circle``, then READINGS without ``person`` (trust, low, high at 90 %, ignorance, a, b, drops, buckets and the
        facets), then ``members``, how many people. A circle without evidence has the prior; one with a state
        newer than ``as_of`` has nulls.

    Raises:
        MissingColumnsError: ``members`` lacks a column.
    """
    if missing := {"circle", "person"} - set(members.columns):
        raise MissingColumnsError("trust.rollup", missing, members.columns, "Rename the id of the circle to `circle`.")
    belonging = members.select("circle", "person").distinct()
    if people is not None:
        belonging = belonging.semi_join(people, "person")
    lived = states.inner_join(belonging, "person").select("rule", "tau", "value", person="circle")
    counted = belonging.group_by(person="circle").agg(members=belonging["person"].count())
    read = readings(lived, rules, prior, as_of=as_of, people=counted)
    found = read.inner_join(counted, "person")
    shown = [name for name in read.columns if name != "person"]
    return found.select(*shown, "members", circle="person").select("circle", *shown, "members")
