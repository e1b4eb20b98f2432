"""From subject keys to people, everyone at once.

Links are a pure function of what is known of the subjects (keys, records, pairs that a model likens, decisions) and of
the settings. Only the *ids* of people come from history: see ``group``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity import decisions, holdings
from gouttes.identity.group import Guards, grouped
from gouttes.identity.keys import source_of, values
from gouttes.identity.normalise import FIELDS
from gouttes.settings.identity import Condition

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.settings.identity import IdentitySettings


@dataclass(frozen=True)
class Known:
    """What is known of who subjects are.

    Attributes:
        keys: KEYS.
        records: RECORDS.
        pairs: PAIRS, both ways, that the model of linkage likens; those surer than ``link_at`` tie.
        taken: DECISIONS.
        link_at: probability from which a pair is linked without asking; above 1, none is.
    """

    keys: ir.Table
    records: ir.Table
    pairs: ir.Table
    taken: ir.Table
    link_at: float = 2.0

    def of(self, subjects: ir.Table) -> Known:
        """The same, of some subjects."""
        tables = (self.keys, self.records, self.pairs, self.taken)
        keys, records, pairs, taken = (table.semi_join(subjects, "subject") for table in tables)
        return Known(keys, records, pairs, taken, self.link_at)


@dataclass(frozen=True)
class Resolved:
    """Who is who.

    Attributes:
        links: LINKS (``subject, person, rule, linked_at``), one row per subject.
        doubts: DOUBTS (``subject, other, rule, reason``): pairs for a person to decide.
        tangles: TANGLES (``subject, component``): whom ties would have joined, and guards did not.
        set_aside: ``field, key_hash, subjects, names``: the keys that join nobody.
    """

    links: ir.Table
    doubts: ir.Table
    tangles: ir.Table
    set_aside: ir.Table


def resolve(
    connection: SQLBackend,
    subjects: ir.Table,
    known: Known,
    previous: ir.Table,
    *,
    settings: IdentitySettings,
    linked_at: datetime,
) -> Resolved:
    """Exactly one person for every subject.

    Args:
        connection: holds tables between rounds, see ``link.components``.
        subjects: column ``subject``, every subject of events and identifiers (repeats do not matter): whoever is known
            by anything has a person, or nobody could erase them.
        known: all that is known; a subject that a declared link names counts as seen.
        previous: LINKS of the run before, empty at first.
        settings: rules and guards.
        linked_at: the date that new links carry.
    """
    everyone = (subjects.select("subject"), known.keys.select("subject"), holdings.declared_subjects(known.keys))
    seen = kept(connection, ibis.union(*everyone, distinct=True))
    return among(connection, seen, known, known, previous, taken=previous, settings=settings, linked_at=linked_at)


def among(
    connection: SQLBackend,
    seen: ir.Table,
    known: Known,
    around: Known,
    previous: ir.Table,
    *,
    taken: ir.Table,
    settings: IdentitySettings,
    linked_at: datetime,
) -> Resolved:
    """People of the subjects ``seen``, each with all to whom anything ties them.

    Args:
        connection: see ``resolve``.
        seen: column ``subject``, each once.
        known: what is known of them.
        around: the keys and records of all who hold a key that one of them holds.
        previous: former LINKS of the subjects seen.
        taken: column ``person``: ids that no new person may get.
        settings: see ``resolve``.
        linked_at: see ``resolve``.
    """
    rules = holdings.ranked(settings)
    heavy = kept(connection, holdings.set_aside(around.keys, around.records, settings))
    held = holdings.of_keys(connection, around.keys, around.records, heavy, settings)
    told = [
        held.ties,
        decisions.ties(known.taken, rules.index(holdings.HUMAN)),
        holdings.of_pairs(known.pairs, settings, link_at=known.link_at),
    ]
    ties = kept(connection, ibis.union(*told).semi_join(seen, "subject"))
    guards = Guards(
        kept(connection, decisions.apart(known.taken)),
        kept(connection, strong(known, settings)),
        rules.index(holdings.DECLARED),
    )
    people = grouped(connection, seen, ties, guards, previous, taken=taken, linked_at=linked_at, rules=rules)
    rule = people.doubts["rank"].cases(*enumerate(rules), else_="")
    held_back = people.doubts.select("subject", "other", rule=rule, reason="reason")
    doubts = held.doubts.semi_join(seen, "subject").union(held_back)
    mine = heavy.semi_join(known.keys, ["field", "key"])
    return Resolved(people.links, kept(connection, doubts), people.tangles, kept(connection, holdings.hashed(mine)))


def strong(known: Known, settings: IdentitySettings) -> ir.Table:
    """``name, value, subject``: by field and source, the values that tell two people apart."""
    parts = [_strong(known, field) for field in settings.strong]
    nothing = known.keys.limit(0).select(name="field", value="key", subject="subject")
    return reduce(lambda left, right: left.union(right), parts, nothing).distinct()


def _strong(known: Known, field: str) -> ir.Table:
    if field in FIELDS:
        found = known.keys.filter(known.keys["field"] == field).select("subject", "source", value="key")
    else:
        found = values(Condition(field), known.keys, known.keys, known.records)
        found = found.mutate(source=source_of(found["subject"]))
    name = ibis.literal(f"{field} ") + found["source"]
    return found.select(name=name, value="value", subject="subject")
