"""A workspace opened for reading and for work: what ``gouttes.open`` gives, and what the command line stands on.

Every table is an Ibis expression on the workspace's engine: filter it, join it, then ``.to_pandas()``.
"""

from __future__ import annotations

import getpass
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import ibis

from gouttes import engines, erasure, intake, pipeline
from gouttes.behaviour.figures import LENGTHS, figures
from gouttes.deciding import Deciding
from gouttes.errors import BadInputError, UnknownPersonError
from gouttes.eventlog import read
from gouttes.eventlog.tables import EventLog
from gouttes.evidence.rule import rules_table
from gouttes.identity import circles
from gouttes.identity import profile as profiles
from gouttes.identity.decisions import lived
from gouttes.identity.find import find
from gouttes.identity.holdings import hashed, set_aside
from gouttes.identity.profile import ProfilePolicy
from gouttes.inforce import chances_in_force, prior_in_force, rules_in_force
from gouttes.published import Shelf
from gouttes.report.explain import Account
from gouttes.trust import ledger as ledgers
from gouttes.trust import trajectory as trajectories
from gouttes.trust.interval import exact_interval
from gouttes.trust.learning.chances import chances
from gouttes.trust.reading import Prior, readings
from gouttes.trust.rollup import rollup
from gouttes.trust.state import as_states
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.deciding import Decided
    from gouttes.erasure import Receipt
    from gouttes.evidence.rule import EvidenceRule
    from gouttes.identity.decisions import Decision
    from gouttes.intake import Taken
    from gouttes.pipeline import Ran
    from gouttes.published import Manifest
    from gouttes.sources.contract import Mapping


@dataclass(frozen=True)
class OpenedWorkspace:
    """A workspace and the engine that reads it."""

    workspace: Workspace
    engine: str = "duckdb"

    @classmethod
    def at(cls, path: str | os.PathLike[str], *, engine: str = "duckdb") -> OpenedWorkspace:
        """Open an existing workspace; an erasure that was interrupted is finished first.

        Raises:
            WorkspaceError: there is no workspace there, or a newer version made it.
        """
        workspace = Workspace.open(path)
        erasure.resume(workspace)
        return cls(workspace, engine)

    @cached_property
    def connection(self) -> SQLBackend:
        """The engine, started when first needed."""
        return engines.connect(self.engine)

    @property
    def log(self) -> EventLog:
        """The event log."""
        return EventLog(self.workspace)

    @cached_property
    def manifest(self) -> Manifest:
        """What the last run published."""
        return Shelf(self.workspace).manifest()

    @property
    def as_of(self) -> datetime:
        """The date of the readings, UTC.

        Raises:
            BadInputError: nothing was run yet.
        """
        if not self.manifest.as_of:
            raise BadInputError(f"Nothing was computed yet in {self.workspace.root}: `gouttes run` first.")
        return datetime.fromisoformat(self.manifest.as_of)

    @property
    def local_as_of(self) -> datetime:
        """The same instant in the company's time zone, as it is shown to people."""
        return self.as_of.astimezone(self.workspace.settings.zone)

    @cached_property
    def rules(self) -> tuple[EvidenceRule, ...]:
        """The evidence rules in force."""
        return rules_in_force(self.workspace, self.manifest.learned)

    def events(self, *, known_by: datetime | None = None) -> ir.Table:
        """EVENTS, as known now or at a date."""
        return read.events(self.log, self.connection, known_by=known_by)

    def lived(self) -> ir.Table:
        """EVENTS known at the date of the last run, without decisions of who is who, each with its ``person``."""
        events = lived(self.events(known_by=self.as_of))
        return events.inner_join(self.links().select("subject", "person"), "subject")

    def identifiers(self) -> ir.Table:
        """IDENTIFIERS: personal data."""
        return read.identifiers(self.log, self.connection)

    def texts(self) -> ir.Table:
        """TEXTS: personal data."""
        return read.texts(self.log, self.connection)

    def links(self) -> ir.Table:
        """LINKS: which person each subject key belongs to."""
        return self.published("links")

    @property
    def policy(self) -> ProfilePolicy:
        """How the golden profile chooses between sources, as the settings say."""
        return ProfilePolicy.read(asdict(self.workspace.settings.identity.profile))

    def profile(self, person: str | None = None) -> ir.Table:
        """The golden profile of one person or of everyone: personal data. See ``identity.profile.profile``."""
        return profiles.profile(self.links(), self.identifiers(), self.policy, person=person)

    def contacts(self, person: str | None = None) -> ir.Table:
        """Every way to reach one person or everyone: personal data. See ``identity.profile.contacts``."""
        country = self.workspace.settings.country
        return profiles.contacts(self.links(), self.identifiers(), country=country, person=person)

    def households(self, *, same_name: bool = True, near: str | None = None) -> ir.Table:
        """``household, person``: who lives together, at the address that the golden profile chooses for each.

        Args:
            same_name: see ``identity.circles.households``.
            near: only what decides which household this person is of.
        """
        records, links, identifiers = self._around(near)
        chosen = profiles.profile(links, identifiers, self.policy, groups=("address",))
        addresses = chosen.filter(chosen["field"] == "address").select("person", "subject")
        return circles.households(records, links, same_name=same_name, addresses=addresses)

    def companies(self, *, near: str | None = None) -> ir.Table:
        """``company, name, domain, person``: where people work, or only what decides it for one person."""
        return circles.companies(*self._around(near))

    def _around(self, person: str | None) -> tuple[ir.Table, ir.Table, ir.Table]:
        records, links, identifiers = self.published("records"), self.links(), self.identifiers()
        if person is None:
            return records, links, identifiers
        subjects = circles.near(records, links, identifiers, person).cache()
        return tuple(table.semi_join(subjects, "subject") for table in (records, links, identifiers))

    def circle_readings(self, members: ir.Table) -> ir.Table:
        """The reading of each circle of ``members`` (``circle, person``), at the date of the last run.

        Raises:
            BadInputError: nothing was run yet.
        """
        return rollup(self.published("states"), members, self.rules_table(), self.prior, as_of=self.as_of)

    def keys_set_aside(self) -> ir.Table:
        """``field, key_hash, subjects, names``: contact details that too many records, or names, share to join them."""
        keys, records = self.published("keys"), self.published("records")
        return hashed(set_aside(keys, records, self.workspace.settings.identity))

    def people(self) -> ir.Table:
        """PEOPLE: everyone."""
        return self.published("people")

    def acts(self) -> ir.Table:
        """ACTS: what was seen to be done."""
        return self.published("acts")

    def evidence(self) -> ir.Table:
        """EVIDENCE: every drop, bucket and repair."""
        return self.published("evidence")

    def rules_table(self) -> ir.Table:
        """RULES: weights, half-lives and facets in force."""
        return rules_table(self.rules)

    def published(self, name: str) -> ir.Table:
        """A table that the last run published, by its name in ``gouttes.published.TABLES``."""
        return Shelf(self.workspace).read(self.connection, name, self.manifest)

    @cached_property
    def prior(self) -> Prior:
        """Where every reading starts: see ``inforce.prior_in_force``."""
        return prior_in_force(self.workspace, self.manifest.learned, self.acts())

    def figures(self) -> ir.Table:
        """FIGURES: each behaviour as a company figure with its Wilson interval (90 %)."""
        lengths = sorted({*LENGTHS, int(self.workspace.settings.behaviour.window_days)})
        theirs = self.events().inner_join(self.links().select("subject", "person"), "subject")
        return figures(self.acts(), theirs, as_of=self.as_of, lengths=lengths)

    def trust(self, *, as_of: datetime | None = None) -> ir.Table:
        """READINGS of everyone, at the date of the last run or, from the evidence known then, at an earlier one.

        Raises:
            BadInputError: nothing was run yet, or the date is later than the run's.
        """
        people = self.people().filter(lambda t: t.events > 0)
        if as_of is None or as_of == self.as_of:
            return readings(self.published("states"), self.rules_table(), self.prior, as_of=self.as_of, people=people)
        if as_of > self.as_of:
            raise BadInputError(
                f"Readings were computed as of {self.as_of:%Y-%m-%d}; for a later date, `gouttes run` first."
            )
        seen = people.filter(people.first_seen <= ibis.literal(as_of, type="timestamp('UTC')"))
        states = as_states(self.evidence(), as_of=as_of)
        return readings(states, self.rules_table(), self.prior, as_of=as_of, people=seen)

    def chances(self) -> ir.Table:
        """``person, outcome, chance, low, high`` of everyone: see ``trust.learning.chances``.

        Raises:
            BadInputError: no learned parameters are in force.
        """
        return chances(self.trust(), chances_in_force(self.workspace, self.manifest.learned))

    def ledger(self, person: str | None = None) -> ir.Table:
        """LEDGER of one person or of everyone: what each event adds to the logit of trust."""
        evidence = self.evidence()
        chosen = evidence if person is None else evidence.filter(evidence.person == person)
        return ledgers.ledger(chosen, self.rules_table(), self.prior, as_of=self.as_of)

    def account(self, person: str) -> Account:
        """One person's reading, with exact quantiles, and the lines that make it.

        Raises:
            UnknownPersonError: the person has no event.
        """
        found = self.trust().filter(lambda t: t.person == person).to_pandas().to_dict("records")
        if not found:
            raise UnknownPersonError(person)
        reading = found[0]
        reading["low"], reading["high"] = exact_interval(reading["a"], reading["b"])
        return Account.of(reading, self.ledger(person).to_pandas(), as_of=self.local_as_of)

    def trajectory(self, person: str, dates: Sequence[datetime]) -> ir.Table:
        """The trust of one person at several dates: ``person, date, trust, low, high``."""
        evidence = self.evidence()
        chosen = evidence.filter(evidence.person == person)
        return trajectories.trajectory(chosen, self.rules_table(), self.prior, dates=dates)

    def find(self, text: str) -> str:
        """The person who answers to an id, a subject key, an e-mail or a phone.

        Raises:
            UnknownPersonError: nobody does.
            BadInputError: several do; the message gives their ids.
        """
        country = self.workspace.settings.country
        identity = self.workspace.settings.identity
        names = find(self.links(), self.published("keys"), text, identity, country=country)
        found = names.to_pyarrow()["person"].to_pylist()
        if not found:
            raise UnknownPersonError(text)
        if len(set(found)) > 1:
            raise BadInputError(
                f"Several people answer to '{text}': {', '.join(sorted(set(found))[:10])}. Give one id."
            )
        return str(found[0])

    def take(
        self,
        paths: Sequence[Path],
        *,
        preset: str | None = None,
        mapping: Mapping | None = None,
        dry_run: bool = False,
        now: datetime | None = None,
    ) -> Taken:
        """Import files: see ``gouttes.intake.take``."""
        return intake.take(self.workspace, paths, preset=preset, mapping=mapping, dry_run=dry_run, now=now)

    def run(
        self, *, as_of: datetime | None = None, full: bool = False, progress: Callable[[str], None] = lambda _: None
    ) -> Ran:
        """Compute everything: see ``gouttes.pipeline.run``. Open the workspace again to read the result."""
        return pipeline.run(self.workspace, engine=self.engine, as_of=as_of, full=full, progress=progress)

    def deciding(self, by: str | None = None) -> Deciding:
        """Decisions of who is who, taken by somebody (by default who is logged in here)."""
        return Deciding(self.workspace, self.connection, by or getpass.getuser(), datetime.now(UTC))

    def merge(self, *people: str, by: str | None = None) -> Decided:
        """Make several people one, whatever they are called by. ``run`` to have the readings follow.

        Raises:
            UnknownPersonError: one of them is nobody.
            StaleError: they are one person already.
        """
        return self.deciding(by).merge(*map(self.find, people))

    def keep_apart(self, *people: str, by: str | None = None) -> Decided:
        """Keep people apart, whatever they come to share. Raises as ``merge`` does."""
        return self.deciding(by).keep_apart(*map(self.find, people))

    def split(self, person: str, *subjects: str, by: str | None = None) -> Decided:
        """Part some records from the rest of a person: see ``deciding.Deciding.split``."""
        return self.deciding(by).split(self.find(person), subjects)

    def undo(self, number: str, *, by: str | None = None) -> Decided:
        """Undo a decision, or all that one run joined and parted: see ``deciding.Deciding.undo``."""
        return self.deciding(by).undo(number)

    def record(self, decisions: Sequence[Decision], *, by: str | None = None) -> Decided:
        """Write down lists of always and never: see ``deciding.Deciding.record``."""
        return self.deciding(by).record(decisions)

    def forget(self, person: str) -> Receipt:
        """Erase a person, whatever they are called by, and prove it."""
        return erasure.forget(self.workspace, self.find(person), at=datetime.now(UTC))
