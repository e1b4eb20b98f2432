"""Identity in a run: what is read from the log and from the shelf, and which tables come of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gouttes.engines import kept, nothing
from gouttes.eventlog import read
from gouttes.identity import decisions
from gouttes.identity.incremental import Before, News, Patch, resolve_incremental
from gouttes.identity.keys import email_rules, keys
from gouttes.identity.likening import Likening, link_at
from gouttes.identity.moves import moves
from gouttes.identity.records import records
from gouttes.identity.resolve import Known, resolve
from gouttes.published import Shelf
from gouttes.schemas import BLOCKS, LIKENESSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.eventlog.tables import EventLog
    from gouttes.published import Layer, Manifest
    from gouttes.settings import Settings
    from gouttes.workspace import Workspace

Tables = dict[str, "tuple[Layer, ...]"]
PUBLISHED = ("links", "keys", "records", "likenesses", "blocks", "doubts", "tangles", "decisions", "moves")


class Everyone(NamedTuple):
    """The tables of identity by name, and the keys that join nobody (see ``Resolved.set_aside``)."""

    tables: dict[str, ir.Table]
    set_aside: ir.Table


class Changed(NamedTuple):
    """What an incremental run changes of who is who.

    Attributes:
        tables: the layers of every table of identity.
        links: LINKS of the subjects looked at again; none where there was nothing new.
        former: column ``person``: whom these subjects belonged to.
    """

    tables: Tables
    links: ir.Table | None
    former: ir.Table


@dataclass(frozen=True)
class Identification:
    """Who is who in one workspace, for one run.

    Attributes:
        workspace: whose people.
        connection: the engine.
        before: what is published.
        run: the identifier of this run.
        as_of: the date that new links carry.
        now: the moment of the run, which its moves carry.
    """

    workspace: Workspace
    connection: SQLBackend
    log: EventLog
    before: Manifest
    run: str
    as_of: datetime
    now: datetime

    @property
    def settings(self) -> Settings:
        """The workspace's."""
        return self.workspace.settings

    @cached_property
    def shelf(self) -> Shelf:
        """Where tables are published."""
        return Shelf(self.workspace)

    @cached_property
    def likening(self) -> Likening | None:
        """The model of linkage in force; none where none was trained, or linkage is off."""
        return Likening.load(self.workspace) if self.settings.identity.linkage.mode != "off" else None

    @property
    def link_at(self) -> float:
        """The probability from which a pair is linked."""
        return link_at(self.likening, self.settings.identity)

    def published(self, name: str) -> ir.Table:
        """A table as the run before left it."""
        return self.shelf.read(self.connection, name, self.before)

    def everyone(self, subjects: ir.Table) -> Everyone:
        """The tables of identity, from all that is known.

        Args:
            subjects: column ``subject``, every subject of the events.
        """
        identifiers = read.identifiers(self.log, self.connection)
        taken = kept(self.connection, decisions.decisions(read.events(self.log, self.connection)))
        known = self._known(identifiers, taken)
        likenesses = self._likenesses(known.records)
        known = Known(known.keys, known.records, likenesses, taken, self.link_at)
        previous = self.published("links")
        stated = subjects.select("subject").union(identifiers.select("subject"))
        resolved = resolve(
            self.connection, stated, known, previous, settings=self.settings.identity, linked_at=self.as_of
        )
        moved = moves(previous, resolved.links, run=self.run, at=self.now)
        tables = {
            "links": resolved.links,
            "keys": known.keys,
            "records": known.records,
            "likenesses": likenesses,
            "blocks": self._blocks(known.records),
            "doubts": resolved.doubts,
            "tangles": resolved.tangles,
            "decisions": taken,
            "moves": moved,
        }
        return Everyone(tables, resolved.set_aside)

    def write(self, tables: Mapping[str, ir.Table]) -> Tables:
        """Write tables that hold everyone; the id map goes on where it was."""
        written = {name: self.shelf.full(self.connection, name, tables[name]) for name in PUBLISHED if name != "moves"}
        former = self.before.tables.get("moves", ())
        return {**written, "moves": self.shelf.added(self.connection, "moves", tables["moves"], below=former)}

    def _known(self, theirs: ir.Table, taken: ir.Table) -> Known:
        """Keys and records of those whom these identifiers are of; no pairs yet."""
        identity, country = self.settings.identity, self.settings.country
        written = records(self.connection, theirs, country=country, email_rules=email_rules(identity))
        found = kept(self.connection, written)
        mine = kept(self.connection, keys(self.connection, theirs, found, identity, country=country))
        return Known(mine, found, nothing(self.connection, LIKENESSES), taken, self.link_at)

    def _likenesses(self, found: ir.Table) -> ir.Table:
        if self.likening is None:
            return nothing(self.connection, LIKENESSES)
        return kept(self.connection, self.likening.among(self.connection, found, self.settings.identity))

    def _blocks(self, found: ir.Table) -> ir.Table:
        return nothing(self.connection, BLOCKS) if self.likening is None else self.likening.blocks(found)

    def changed(self, unknown: ir.Table, new_files: Sequence[str], new_identifiers: Sequence[str]) -> Changed:
        """What new files of the log change.

        Args:
            unknown: column ``subject``: subjects of events whom no link knows.
            new_files: files of events that the run before had not read.
            new_identifiers: files of identifiers it had not read.
        """
        layers = {name: self.before.tables.get(name, ()) for name in PUBLISHED}
        taken = kept(self.connection, decisions.decisions(read.events(self.log, self.connection, names=new_files)))
        unknown = kept(self.connection, unknown)
        news = read.identifiers(self.log, self.connection, names=new_identifiers)
        changed = kept(self.connection, news.select("subject").distinct())
        number = [int(table.count().execute()) for table in (taken, unknown, changed)]
        if not any(number):
            return Changed(layers, None, self.published("links").select("person").limit(0))
        all_files = read.identifiers(self.log, self.connection, names=None if new_identifiers else [])
        known = self._known(all_files.semi_join(changed, "subject"), taken)
        likened = self._likened(changed, known)
        news_of = News(unknown, changed, taken.select("subject").distinct(), likened.subjects, likened.known)
        before = Before(self.published("links"), self.published("tangles"), self._before())
        patch = resolve_incremental(
            self.connection, news_of, before, settings=self.settings.identity, linked_at=self.as_of
        )
        return self._patched(patch, news_of, taken, layers)

    def _before(self) -> Known:
        keys, records = self.published("keys"), self.published("records")
        return Known(keys, records, self.published("likenesses"), self.published("decisions"), self.link_at)

    def _likened(self, changed: ir.Table, known: Known) -> _Likened:
        """Pairs of the changed and of all whom they are or were likened to, as they are now."""
        if self.likening is None:
            return _Likened(changed, known)
        former = self.published("likenesses")
        others, blocks = (self.published(name).anti_join(changed, "subject") for name in ("records", "blocks"))
        likened = self.likening.arriving(self.connection, known.records, others, blocks, self.settings.identity)
        fresh = kept(self.connection, likened)
        old_partners = former.semi_join(changed, "subject").select(subject="other")
        partners = ibis.union(changed, old_partners, fresh.select("subject"), distinct=True)
        partners = kept(self.connection, partners)
        staying = former.semi_join(partners, "subject").anti_join(changed, "subject")
        staying = staying.anti_join(changed.select(other="subject"), "other")
        pairs = kept(self.connection, staying.union(fresh))
        return _Likened(partners, Known(known.keys, known.records, pairs, known.taken, self.link_at))

    def _patched(self, patch: Patch, news: News, taken: ir.Table, below: Tables) -> Changed:
        """The layers with what a patch changes, and the links it gives."""
        resolved, connection, shelf = patch.resolved, self.connection, self.shelf
        former = self.published("links").semi_join(patch.seen, "subject")
        tables = dict(below)
        parts = {
            "links": (resolved.links, patch.seen),
            "doubts": (resolved.doubts, patch.seen),
            "tangles": (resolved.tangles, patch.seen),
            "keys": (news.known.keys, news.changed),
            "records": (news.known.records, news.changed),
            "blocks": (self._blocks(news.known.records), news.changed),
            "likenesses": (news.known.pairs, news.likened),
        }
        likening = {"likenesses", "blocks"} if self.likening is None else set()
        for name, (rows, replaced) in parts.items():
            if name == "links" or (name not in likening and self._matters(name, rows, replaced)):
                tables[name] = shelf.patched(connection, name, rows, keys=replaced, below=below[name])
        moved = moves(former, resolved.links, run=self.run, at=self.now)
        tables["decisions"] = shelf.added(connection, "decisions", taken, below=below["decisions"])
        tables["moves"] = shelf.added(connection, "moves", moved, below=below["moves"])
        return Changed(tables, resolved.links, kept(connection, former.select("person").distinct()))

    def _matters(self, name: str, rows: ir.Table, replaced: ir.Table) -> bool:
        """Whether a layer would change anything: an empty one over nobody's rows costs every reader a look."""
        if rows.count().execute():
            return True
        return bool(self.published(name).semi_join(replaced, "subject").count().execute())


class _Likened(NamedTuple):
    subjects: ir.Table
    known: Known
