"""From subject keys to people, everyone at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.group import grouped
from gouttes.identity.normalise import keys_of

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

MAX_SHARED = 100
"""Subjects above which an e-mail or a phone number is a shared mailbox or a placeholder. Prior."""

GUARDED = ("email", "phone")
"""The fields whose keys are set aside when too many subjects hold them. An external id or a declared link is an
identity that a source vouches for: a guest shop rightly has hundreds of subjects under one customer number."""

HASH_LENGTH = 16


@dataclass(frozen=True)
class Resolved:
    """Who is who.

    Attributes:
        links: LINKS (``subject, person, rule, linked_at``), one row per subject.
        set_aside: ``field, key_hash, subjects``: the keys too many subjects hold to join them.
    """

    links: ir.Table
    set_aside: ir.Table


def resolve(
    connection: SQLBackend,
    subjects: ir.Table,
    identifiers: ir.Table,
    previous_links: ir.Table,
    *,
    country: str,
    max_shared: int = MAX_SHARED,
    linked_at: datetime,
) -> Resolved:
    """Exactly one person for every subject: those of one person share keys, directly or through others.

    Subjects that shared a person before still do, even where an identifier that joined them is no longer there, with
    two exceptions: a subject of that person is gone (it was erased, and so is what it proved), or one of its keys is
    now set aside. See ``docs/explanation/identity.md`` for how person ids survive.

    Args:
        connection: holds tables between rounds, see ``link.components``.
        subjects: column ``subject``, every subject of the log (repeats do not matter).
        identifiers: all of ``people/identifiers``; a subject that a ``same_as`` names counts as seen.
        previous_links: LINKS of the run before, empty at first.
        country: of the phone numbers without calling code, see ``normalise.normalised``.
        max_shared: the most subjects an e-mail or phone number may join.
        linked_at: the date that new links carry.

    Raises:
        MissingColumnsError: see ``normalise.normalised``.
        BadInputError: same.
    """
    keys = kept(connection, keys_of(identifiers, country=country))
    everyone = [subjects.select("subject"), identifiers.select("subject"), declared(keys)]
    seen = kept(connection, ibis.union(*everyone, distinct=True))
    heavy = kept(connection, shared_by_too_many(keys, max_shared))
    links = grouped(connection, seen, keys, heavy, previous_links, taken=previous_links, linked_at=linked_at)
    return Resolved(links, hashed(heavy))


def declared(keys: ir.Table) -> ir.Table:
    """The subjects that a declared link names, whether or not they have been seen."""
    return keys.filter(keys["field"] == "same_as").select(subject="key")


def shared_by_too_many(keys: ir.Table, max_shared: int) -> ir.Table:
    """``field, key, subjects`` of the guarded ``keys`` (each row once) that more than ``max_shared`` subjects hold."""
    guarded = keys.filter(keys["field"].isin(GUARDED))
    holders = guarded.group_by("field", "key").agg(subjects=guarded.count())
    return holders.filter(holders["subjects"] > max_shared)


def hashed(heavy: ir.Table) -> ir.Table:
    """``field, key_hash, subjects``: the keys set aside, told apart without being told."""
    return heavy.select("field", "subjects", key_hash=heavy["key"].hexdigest("md5").substr(0, HASH_LENGTH)).select(
        "field", "key_hash", "subjects"
    )
