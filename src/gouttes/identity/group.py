"""People from keys: which subjects belong together, by what, and under which id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.link import components
from gouttes.identity.normalise import FIELDS

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

ALONE = "self"
DECLARED = "same_as"
ID_LENGTH = 16

FORMER = len(FIELDS)
"""Added to the rank of a rule that holds by a former link only: keys that are there come before."""


def grouped(
    connection: SQLBackend,
    seen: ir.Table,
    keys: ir.Table,
    heavy: ir.Table,
    previous: ir.Table,
    *,
    taken: ir.Table,
    linked_at: datetime,
) -> ir.Table:
    """LINKS of the subjects seen.

    Args:
        connection: holds tables between rounds.
        seen: column ``subject``, each once.
        keys: ``subject, field, key``, each once.
        heavy: ``field, key`` that join nobody.
        previous: former LINKS of the subjects seen and of all who were one person with them.
        taken: column ``person``: ids that no new person may get.
        linked_at: the date that new links carry.
    """
    anchors = kept(connection, oldest_subjects(previous.semi_join(seen, "subject")))
    ties = kept(connection, shared(keys, heavy).union(former(seen, keys, heavy, previous, anchors)))
    joined = components(connection, ties.select(left="subject", right="other"))
    labelled = seen.left_join(joined, seen["subject"] == joined["node"])
    placed = kept(connection, labelled.select("subject", component=ibis.coalesce(joined["component"], seen["subject"])))
    owned = kept(connection, owners(placed, anchors))
    people = kept(connection, named(placed, owned, taken, linked_at))
    dated = kept(connection, since_when(people, ties, previous, linked_at))
    return kept(connection, explained(dated))


def shared(keys: ir.Table, heavy: ir.Table) -> ir.Table:
    """``subject, other, rank``: each holder of a key tied to its smallest holder; ``rank`` of the key's field."""
    joining = keys.anti_join(heavy, ["field", "key"])
    declared = joining.filter(joining["field"] == DECLARED).select("subject", other="key", rank=_rank(joining["field"]))
    common = joining.filter(joining["field"] != DECLARED)
    hubs = common.group_by("field", "key").agg(other=common["subject"].min(), holders=common.count())
    held = common.inner_join(hubs.filter(hubs["holders"] > 1), ["field", "key"])
    ties = declared.union(held.select("subject", "other", rank=_rank(held["field"])))
    return ties.filter(ties["subject"] != ties["other"])


def _rank(rule: ir.StringValue) -> ir.IntegerValue:
    """The place of a rule among :data:`FIELDS`, the surest first."""
    return rule.cases(*((field, at) for at, field in enumerate(FIELDS)), else_=FORMER).cast("int64")


def former(seen: ir.Table, keys: ir.Table, heavy: ir.Table, previous: ir.Table, anchors: ir.Table) -> ir.Table:
    """``subject, other, rank``: subjects tied because they were one person, unless what joined them may not any more.

    A person who lost a subject was joined by data that are erased; one who holds a key set aside may have been joined
    by it. Both are joined again by the keys there are, and by nothing else.
    """
    sizes = previous.group_by("person").agg(subjects=previous.count())
    many = previous.semi_join(sizes.filter(sizes["subjects"] > 1), "person")
    gone = many.anti_join(seen, "subject").select("person")
    doubtful = many.semi_join(keys.semi_join(heavy, ["field", "key"]), "subject").select("person")
    firm = many.anti_join(gone.union(doubtful), "person")
    ties = firm.select("subject", "person", rank=_rank(firm["rule"])).inner_join(
        anchors.select("person", other="subject"), "person"
    )
    return ties.filter(ties["subject"] != ties["other"]).select("subject", "other", rank=ties["rank"] + FORMER)


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


def since_when(people: ir.Table, ties: ir.Table, previous: ir.Table, linked_at: datetime) -> ir.Table:
    """``subject, person, linked_at, rank``: a link that stays keeps its date; ``rank`` null for who is alone."""
    ends = ties.select("subject", "rank").union(ties.select("rank", subject="other").select("subject", "rank"))
    best = ends.group_by("subject").agg(rank=ends["rank"].min())
    before = previous.select("subject", "person", before="linked_at")
    dated = people.left_join(before, ["subject", "person"]).select("subject", "person", "before")
    dated = dated.left_join(best, "subject").select("subject", "person", "before", "rank")
    now = ibis.literal(linked_at, type="timestamp('UTC', 6)")
    return dated.select("subject", "person", "rank", linked_at=ibis.coalesce(dated["before"], now))


def explained(dated: ir.Table) -> ir.Table:
    """LINKS: of each person the first subject is there by itself, the others by the surest rule that ties them."""
    first = oldest_subjects(dated.filter(dated["rank"].notnull())).select(first="subject")
    told = dated.left_join(first, dated["subject"] == first["first"])
    by = (told["rank"] % FORMER).cases(*enumerate(FIELDS), else_=DECLARED)
    rule = ibis.ifelse(told["rank"].isnull() | told["first"].notnull(), ibis.literal(ALONE), by)
    linked_at = told["linked_at"].cast("timestamp('UTC', 6)")
    return told.select("subject", "person", rule=rule, linked_at=linked_at)
