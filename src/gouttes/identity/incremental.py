"""From subject keys to people, when a few records arrive: only those they concern, with the full run's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.holdings import VOUCHED, declared_subjects
from gouttes.identity.resolve import Known, Resolved, among

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.settings.identity import IdentitySettings


@dataclass(frozen=True)
class News:
    """What a run knows and the one before did not.

    Attributes:
        subjects: column ``subject``: those whom nobody knew.
        changed: column ``subject``: those of whom a source said something new.
        decided: column ``subject``: those of whom somebody decided something.
        likened: column ``subject``: the ``changed`` and all whom the model likens, or likened, to them.
        known: what is known now: keys and records of the ``changed``, pairs of the ``likened``, and new decisions.
    """

    subjects: ir.Table
    changed: ir.Table
    decided: ir.Table
    likened: ir.Table
    known: Known


@dataclass(frozen=True)
class Before:
    """What the run before published: LINKS, TANGLES, and what was known."""

    links: ir.Table
    tangles: ir.Table
    known: Known


@dataclass(frozen=True)
class Patch:
    """``resolved`` of the subjects ``seen``, to be put in place of what was published of them."""

    seen: ir.Table
    resolved: Resolved


def resolve_incremental(
    connection: SQLBackend, news: News, before: Before, *, settings: IdentitySettings, linked_at: datetime
) -> Patch:
    """The people whom news can change, equal to what ``resolve`` gives of everything.

    Nothing may have been erased since the run before, and the settings must be the same: otherwise call ``resolve``.

    Args:
        connection: see ``resolve``.
        news: what is new.
        before: what was published.
        settings: see ``resolve``.
        linked_at: see ``resolve``.
    """
    touched = kept(connection, _keys_of_changed(news, before, settings))
    holders = kept(connection, before.known.keys.semi_join(touched, ["field", "key"]))
    seen = kept(connection, affected(news, before, holders))
    now = _merged(before.known.of(seen), news)
    keys = kept(connection, now.keys.semi_join(seen, "subject"))
    around = kept(connection, _around(keys, before, news))
    records = _patched(before.known.records.semi_join(around, "subject"), news.known.records, news.changed)
    known = Known(
        keys,
        kept(connection, now.records),
        kept(connection, now.pairs),
        kept(connection, now.taken.semi_join(seen, "subject")),
        link_at=news.known.link_at,
    )
    surroundings = Known(around, kept(connection, records), known.pairs, known.taken)
    previous = kept(connection, before.links.semi_join(seen, "subject"))
    resolved = among(
        connection, seen, known, surroundings, previous, taken=before.links, settings=settings, linked_at=linked_at
    )
    return Patch(seen, resolved)


def _keys_of_changed(news: News, before: Before, settings: IdentitySettings) -> ir.Table:
    """``field, key`` that those changed hold, without what was held by too many before and so joins nobody still.

    All their keys count and not the new ones only: a new name can tell apart the holders of an old mailbox.
    """
    mine = news.known.keys.semi_join(news.changed, "subject").select("field", "key").distinct()
    held = before.known.keys.semi_join(mine, ["field", "key"]).select("subject", "field", "key").distinct()
    counted = held.group_by("field", "key").agg(subjects=held.count())
    crowded = counted.filter((counted["subjects"] > settings.max_shared) & ~counted["field"].isin(VOUCHED))
    return mine.anti_join(crowded, ["field", "key"])


def affected(news: News, before: Before, holders: ir.Table) -> ir.Table:
    """Column ``subject``: all whose links the news can change.

    These are the new, the changed and the decided, all whom those are likened to or declared to be, all who hold a
    key of theirs, and everyone who is one person with any of them or would be, but for a guard. One step is enough:
    what was known before joins nobody beyond a former person or tangle.
    """
    direct = [
        news.subjects.select("subject"),
        news.changed.select("subject"),
        news.decided.select("subject"),
        declared_subjects(news.known.keys.semi_join(news.changed, "subject")),
        holders.select("subject"),
        news.likened.select("subject"),
    ]
    seeds = ibis.union(*direct, distinct=True)
    tangles = before.tangles.semi_join(before.tangles.semi_join(seeds, "subject"), "component").select("subject")
    seeds = seeds.union(tangles, distinct=True)
    people = before.links.semi_join(seeds, "subject")
    return before.links.semi_join(people, "person").select("subject").union(seeds, distinct=True)


def _around(keys: ir.Table, before: Before, news: News) -> ir.Table:
    """KEYS of all holders of the ``keys``: whoever else holds one decides whom it joins."""
    known = before.known.keys.semi_join(keys, ["field", "key"]).anti_join(news.changed, "subject")
    return known.union(news.known.keys.semi_join(keys, ["field", "key"])).union(keys).distinct()


def _merged(before: Known, news: News) -> Known:
    """What is known now of those concerned."""
    new = news.known
    return Known(
        _patched(before.keys, new.keys, news.changed),
        _patched(before.records, new.records, news.changed),
        _patched(before.pairs, new.pairs, news.likened),
        before.taken.union(new.taken).distinct(),
        link_at=new.link_at,
    )


def _patched(before: ir.Table, new: ir.Table, replaced: ir.Table) -> ir.Table:
    return before.anti_join(replaced, "subject").union(new)
