"""People from ties: which subjects belong together, by what, and under which id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import pyarrow as pa

from gouttes.engines import kept
from gouttes.identity.link import components
from gouttes.identity.untangle import untangle
from gouttes.schemas import TANGLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.untangle import Untangled

ALONE = "self"
ID_LENGTH = 16


class Guards(NamedTuple):
    """What no machine may join.

    Attributes:
        apart: ``decision, side, subject``: sides that somebody keeps apart.
        strong: ``name, value, subject``: values of which one person has one by each ``name``.
        vouched: the last rank of the ties that join in spite of ``strong``.
    """

    apart: ir.Table
    strong: ir.Table
    vouched: int


class Grouped(NamedTuple):
    """Who is who.

    Attributes:
        links: LINKS.
        tangles: ``subject, component`` of those whom ties would have joined, and guards did not.
        doubts: ``subject, other, rank, reason``: whom guards kept from being joined.
    """

    links: ir.Table
    tangles: ir.Table
    doubts: ir.Table


HELD_BACK = ibis.schema({"subject": "string", "other": "string", "rank": "int64", "reason": "string"})


def grouped(
    connection: SQLBackend,
    seen: ir.Table,
    ties: ir.Table,
    guards: Guards,
    previous: ir.Table,
    *,
    taken: ir.Table,
    linked_at: datetime,
    rules: tuple[str, ...],
) -> Grouped:
    """LINKS of the subjects seen.

    Args:
        connection: holds tables between rounds.
        seen: column ``subject``, each once.
        ties: ``rank, group, subject``: the subjects of a group hang together, by the rule of that rank.
        guards: who may not be joined.
        previous: former LINKS of the subjects seen.
        taken: column ``person``: ids that no new person may get.
        linked_at: the date that new links carry.
        rules: the name of each rank.
    """
    anchors = kept(connection, oldest_subjects(previous.semi_join(seen, "subject")))
    edges = kept(connection, stars(ties))
    joined = components(connection, edges.select(left="subject", right="other"))
    labelled = seen.left_join(joined, seen["subject"] == joined["node"])
    placed = kept(connection, labelled.select("subject", component=ibis.coalesce(joined["component"], seen["subject"])))
    wrong = kept(connection, tangled(placed, guards))
    tangles, held_back = _empty(TANGLES), _empty(HELD_BACK)
    if wrong.count().execute():
        tangles = kept(connection, placed.semi_join(wrong, "component"))
        found = _untangled(ties, tangles, guards)
        placed = kept(connection, _placed_again(placed, found))
        held_back = _memtable(HELD_BACK, found.doubts)
        edges = kept(connection, _within(edges, placed))
    owned = kept(connection, owners(placed, anchors))
    people = kept(connection, named(placed, owned, taken, linked_at))
    dated = kept(connection, since_when(people, edges, previous, linked_at))
    return Grouped(kept(connection, explained(dated, rules)), tangles, held_back)


def stars(ties: ir.Table) -> ir.Table:
    """``subject, other, rank``: each subject of a group tied to its smallest."""
    hubs = ties.group_by("rank", "group").agg(other=ties["subject"].min())
    edges = ties.inner_join(hubs, ["rank", "group"]).select("subject", "other", "rank")
    return edges.filter(edges["subject"] != edges["other"])


def tangled(placed: ir.Table, guards: Guards) -> ir.Table:
    """Column ``component``: those in which somebody is joined to whom they must not be."""
    sides = placed.inner_join(guards.apart, "subject")
    across = sides.group_by("component", "decision").agg(ways=sides["side"].nunique())
    known = placed.inner_join(guards.strong, "subject")
    several = known.group_by("component", "name").agg(ways=known["value"].nunique())
    wrong = across.select("component", "ways").union(several.select("component", "ways"))
    return wrong.filter(wrong["ways"] > 1).select("component").distinct()


def _untangled(ties: ir.Table, tangles: ir.Table, guards: Guards) -> Untangled:
    """The few tangled components, weighed one tie after the other."""
    subjects = tangles["subject"].to_pyarrow().to_pylist()
    return untangle(
        _rows(ties, tangles, "rank", "group", "subject"),
        subjects,
        _rows(guards.apart, tangles, "decision", "side", "subject"),
        _rows(guards.strong, tangles, "name", "value", "subject"),
        vouched=guards.vouched,
    )


def _rows(table: ir.Table, tangles: ir.Table, *columns: str) -> list[tuple[Any, ...]]:
    found = table.semi_join(tangles, "subject").select(*columns).to_pyarrow()
    return list(zip(*(found[name].to_pylist() for name in columns), strict=True))


def _placed_again(placed: ir.Table, found: Untangled) -> ir.Table:
    again = _memtable(TANGLES, found.component.items())
    return placed.anti_join(again, "subject").union(again)


def _within(edges: ir.Table, placed: ir.Table) -> ir.Table:
    """The ties that hold: both ends are one person."""
    ends = edges.inner_join(placed, "subject").inner_join(placed.select(other="subject", there="component"), "other")
    return ends.filter(ends["component"] == ends["there"]).select("subject", "other", "rank")


def _memtable(schema: ibis.Schema, rows: Iterable[tuple[Any, ...]]) -> ir.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = {name: pa.array(column, kind) for (name, kind), column in zip(_arrow(schema), columns, strict=True)}
    return ibis.memtable(pa.table(arrays), schema=schema)


def _arrow(schema: ibis.Schema) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in schema.to_pyarrow()]


def _empty(schema: ibis.Schema) -> ir.Table:
    return _memtable(schema, ())


def oldest_subjects(links: ir.Table) -> ir.Table:
    """``person, subject, linked_at``: of each person the subject linked first; of several, the smallest."""
    return earliest(links, "person", "subject", "linked_at")


def earliest(rows: ir.Table, by: str, value: str, date: str) -> ir.Table:
    """``by, value, date`` of the row with the earliest date for each ``by``; of several, with the smallest value.

    Nearly every group has one date, which needs no second look at the rows.
    """
    spans = rows.group_by(by).agg(
        **{value: rows[value].min(), date: rows[date].min(), "until": rows[date].max()},
    )
    one_date = spans.filter(spans[date] == spans["until"]).select(by, value, date)
    several = spans.filter(spans[date] != spans["until"]).select(by, date)
    first = rows.inner_join(several, [by, date])
    return one_date.union(first.group_by(by, date).agg(**{value: first[value].min()}).select(by, value, date))


def owners(placed: ir.Table, anchors: ir.Table) -> ir.Table:
    """``component, person``: an id goes where its oldest subject is; of several ids there, the oldest stays.

    Of ids equally old the smallest stays.
    """
    claims = placed.inner_join(anchors, "subject").select("component", "person", "linked_at")
    return earliest(claims, "component", "person", "linked_at").select("component", "person")


def named(placed: ir.Table, owned: ir.Table, taken: ir.Table, linked_at: datetime) -> ir.Table:
    """``subject, person``: the id that a component owns, or else a new one.

    A new id is made from the component's smallest subject, and from the date as well where that id is in use.
    """
    nameless = placed.anti_join(owned, "component")
    nameless = nameless.select("subject", "component")
    nameless = nameless.mutate(offer=_new_id(nameless["component"]))
    used = taken.select(used="person").semi_join(nameless, [("used", "offer")]).distinct()
    offered = nameless.left_join(used, nameless["offer"] == used["used"]).select(
        "subject", "component", "offer", "used"
    )
    again = _new_id(offered["component"] + f" {linked_at.isoformat()}")
    fresh = offered.select("subject", person=ibis.ifelse(offered["used"].isnull(), offered["offer"], again))
    return placed.inner_join(owned, "component").select("subject", "person").union(fresh)


def _new_id(text: ir.StringValue) -> ir.StringValue:
    return ibis.literal("p") + text.hexdigest("md5").substr(0, ID_LENGTH)


def since_when(people: ir.Table, edges: ir.Table, previous: ir.Table, linked_at: datetime) -> ir.Table:
    """``subject, person, linked_at, rank``: a link that stays keeps its date; ``rank`` null for who is alone."""
    ends = edges.select("subject", "rank").union(edges.select("rank", subject="other").select("subject", "rank"))
    best = ends.group_by("subject").agg(rank=ends["rank"].min())
    before = previous.select("subject", "person", before="linked_at")
    dated = people.left_join(before, ["subject", "person"]).select("subject", "person", "before")
    dated = dated.left_join(best, "subject").select("subject", "person", "before", "rank")
    now = ibis.literal(linked_at, type="timestamp('UTC', 6)")
    return dated.select("subject", "person", "rank", linked_at=ibis.coalesce(dated["before"], now))


def explained(dated: ir.Table, rules: tuple[str, ...]) -> ir.Table:
    """LINKS: of each person the first subject is there by itself, the others by the surest rule that ties them."""
    first = oldest_subjects(dated.filter(dated["rank"].notnull())).select(first="subject")
    told = dated.left_join(first, dated["subject"] == first["first"])
    by = told["rank"].cases(*enumerate(rules), else_=ALONE)
    rule = ibis.ifelse(told["rank"].isnull() | told["first"].notnull(), ibis.literal(ALONE), by)
    linked_at = told["linked_at"].cast("timestamp('UTC', 6)")
    return told.select("subject", "person", rule=rule, linked_at=linked_at)
