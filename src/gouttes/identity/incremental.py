"""From subject keys to people, when a few records arrive: only those they concern, with the full run's result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.group import grouped
from gouttes.identity.normalise import keys_of, look_alikes, with_looks
from gouttes.identity.resolve import MAX_SHARED, Resolved, declared, hashed, shared_by_too_many

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend


def resolve_incremental(
    connection: SQLBackend,
    subjects_new: ir.Table,
    identifiers_new: ir.Table,
    identifiers_all: ir.Table,
    links: ir.Table,
    *,
    country: str,
    max_shared: int = MAX_SHARED,
    linked_at: datetime,
) -> Resolved | None:
    """The links that new subjects and identifiers change, equal to what ``resolve`` gives of everything.

    Nothing may have been erased since ``links`` were made: after an erasure, call ``resolve``.

    Args:
        connection: see ``resolve``.
        subjects_new: column ``subject``, those that new events are about.
        identifiers_new: the rows of ``people/identifiers`` that ``links`` do not know.
        identifiers_all: all of ``people/identifiers``, with or without the new.
        links: LINKS, what ``resolve`` gave before.
        country: see ``resolve``.
        max_shared: see ``resolve``.
        linked_at: see ``resolve``.

    Returns:
        ``links`` to put in place of those of the same subjects, ``set_aside`` among the keys of these subjects. None
        where a key has become shared by too many subjects: whom it had joined must part, so call ``resolve``.
    """
    indexed = kept(connection, with_looks(identifiers_all))
    arrived = kept(connection, keys_of(identifiers_new, country=country))
    alike = keys_of(look_alikes(indexed, with_looks(identifiers_new)), country=country)
    held = kept(connection, alike.semi_join(arrived, ["field", "key"]).union(arrived, distinct=True))
    heavy = kept(connection, shared_by_too_many(held, max_shared))
    if crossing(held, arrived, heavy, links, max_shared).count().execute():
        return None
    seen = kept(connection, affected(subjects_new, identifiers_new, arrived, held, heavy, links))
    alike = kept(connection, look_alikes(indexed, indexed.semi_join(seen, "subject")))
    around = kept(connection, keys_of(alike, country=country).union(held, distinct=True))
    keys = kept(connection, around.semi_join(seen, "subject"))
    heavy = kept(connection, shared_by_too_many(around, max_shared).semi_join(keys, ["field", "key"]))
    previous = kept(connection, links.semi_join(seen, "subject"))
    return Resolved(grouped(connection, seen, keys, heavy, previous, taken=links, linked_at=linked_at), hashed(heavy))


def affected(
    subjects_new: ir.Table,
    identifiers_new: ir.Table,
    arrived: ir.Table,
    held: ir.Table,
    heavy: ir.Table,
    links: ir.Table,
) -> ir.Table:
    """Column ``subject``: all whose links the new rows can change.

    These are the new subjects, those whom a new declared link names, those who hold a key that has just arrived and
    may join (``held`` without ``heavy``), and everyone who is one person with any of them. One step is enough: former
    keys join nobody beyond a former person.
    """
    joining = held.anti_join(heavy, ["field", "key"])
    direct = (subjects_new, identifiers_new, declared(arrived), joining)
    seeds = ibis.union(*(rows.select("subject") for rows in direct), distinct=True)
    people = links.semi_join(seeds, "subject")
    return links.semi_join(people, "person").select("subject").union(seeds, distinct=True)


def crossing(held: ir.Table, arrived: ir.Table, heavy: ir.Table, links: ir.Table, max_shared: int) -> ir.Table:
    """``field, key`` of keys that may have joined subjects before and that too many hold now.

    Such a key had at most ``max_shared`` holders before, two of whom are one person. A re-imported identifier counts
    as new, which can only make a key suspect that was set aside all along.
    """
    suspects = held.semi_join(heavy, ["field", "key"])
    before = suspects.anti_join(arrived, ["subject", "field", "key"])
    sizes = before.group_by("field", "key").agg(subjects=before.count())
    known = sizes.filter(sizes["subjects"] > max_shared)
    people = suspects.anti_join(known, ["field", "key"]).inner_join(links.select("subject", "person"), "subject")
    couples = people.group_by("field", "key", "person").agg(subjects=people.count())
    return couples.filter(couples["subjects"] > 1).select("field", "key").distinct()
