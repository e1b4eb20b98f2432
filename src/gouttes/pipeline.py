"""The whole flow in one place: identity → behaviour → evidence → trust → what is published.

This is the only file of the core that knows every step. A full run reads the whole log; an incremental one reads the
histories of the people whom new events, new links or the passing of time concern, and publishes them over the rest.
Both give the same tables.
"""

from __future__ import annotations

import gc
import hashlib
import time
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.behaviour.acts import acts as acts_of
from gouttes.behaviour.clock import next_due
from gouttes.behaviour.windows import Windows
from gouttes.errors import BadInputError
from gouttes.eventlog import read
from gouttes.eventlog.compact import compact, worth_compacting
from gouttes.eventlog.kinds import KINDS
from gouttes.eventlog.schema import EVENTS_IBIS
from gouttes.eventlog.tables import EventLog
from gouttes.evidence.collect import collect
from gouttes.evidence.rule import rules_table
from gouttes.identification import Identification
from gouttes.identity.decisions import lived
from gouttes.identity.likening import model_digest
from gouttes.inforce import rules_in_force
from gouttes.learned import ParameterShelf
from gouttes.published import Layer, Manifest, Shelf
from gouttes.schemas import PEOPLE
from gouttes.settings import settings_text
from gouttes.trust.state import as_states, fold
from gouttes.vocabulary import DataCategory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.workspace import Workspace

ALGORITHM = 3
"""Raised when the same log and settings give another result: published tables are then computed anew."""

MOST_TOUCHED = 0.2
"""Share of the people above which computing everyone is cheaper than patching (prior)."""

STEPS = ("identity", "history", "behaviour", "evidence", "trust", "insights")


@dataclass(frozen=True)
class Ran:
    """What a run did.

    Attributes:
        run: its identifier.
        mode: ``full``, ``incremental`` or ``unchanged``.
        as_of: date of the readings.
        people: people in the workspace.
        touched: people computed.
        set_aside: contact details shared by too many records to join them.
        seconds: wall time by step.
    """

    run: str
    mode: str
    as_of: datetime
    people: int
    touched: int
    set_aside: int
    seconds: dict[str, float]


@dataclass
class Run:
    """One run under way: where it reads, where it writes, how far it is."""

    workspace: Workspace
    connection: SQLBackend
    as_of: datetime
    rules: tuple[EvidenceRule, ...]
    progress: Callable[[str], None]

    def __post_init__(self) -> None:
        self.log = EventLog(self.workspace)
        self.shelf = Shelf(self.workspace)
        self.before = self.shelf.manifest()
        self.window = Windows(**asdict(self.workspace.settings.behaviour))
        self.seconds: dict[str, float] = {}
        self.set_aside = 0
        self._step, self._since = "", time.monotonic()

    def step(self, name: str) -> None:
        """Say which step begins, and note how long the one before took."""
        now = time.monotonic()
        if self._step:
            self.seconds[self._step] = round(self.seconds.get(self._step, 0.0) + now - self._since, 3)
        if name and name != self._step:
            self.progress(name)
        self._step, self._since = name, now

    def published(self, name: str, manifest: Manifest | None = None) -> ir.Table:
        """A published table, as it was before this run."""
        return self.shelf.read(self.connection, name, manifest or self.before)


def run(
    workspace: Workspace,
    *,
    engine: str = "duckdb",
    as_of: datetime | None = None,
    full: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Ran:
    """Compute and publish everything the log says, as of a date.

    Args:
        workspace: where the log is and where results go.
        engine: see ``engines.connect``.
        as_of: date of the readings; by default the last instant the log knows of (never in the future).
        full: compute everyone even where a patch would do.
        progress: called with the name of each step as it begins.

    Raises:
        BadInputError: the log is empty, or ``as_of`` has no time zone.
    """
    with workspace.lock("run"):
        connection = engines.connect(engine)
        log = EventLog(workspace)
        if worth_compacting(log):
            compact(log)
        learned = ParameterShelf(workspace).accepted() or ""
        rules = rules_in_force(workspace, learned)
        here = Run(workspace, connection, _as_of(log, connection, as_of, Shelf(workspace).manifest()), rules, progress)
        events, identifiers = tuple(log.events.names()), tuple(log.identifiers.names())
        draft = Manifest(uuid.uuid4().hex[:12], here.as_of.isoformat(), _digest(workspace, rules), events, identifiers)
        draft = replace(draft, learned=learned)
        ran = None
        if not full and _patchable(here, draft):
            with _uncollected():
                ran = _patch(here, draft)
        done = ran or _everyone(here, draft)
        engines.close(connection)
        return done


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles among the million small objects that expressions are made of: 7 % of an update."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _as_of(log: EventLog, connection: SQLBackend, asked: datetime | None, before: Manifest) -> datetime:
    if asked is not None:
        if asked.tzinfo is None:
            raise BadInputError(f"`as_of` needs a time zone, found {asked.isoformat()}. Add one, e.g. tzinfo=UTC.")
        return asked.astimezone(UTC)
    last = read.last_known(log, connection)
    if last is None:
        raise BadInputError("The log is empty: import something first (`gouttes import WORKSPACE FILES`).")
    known = min(last, datetime.now(UTC))
    return max(known, datetime.fromisoformat(before.as_of)) if before.as_of else known


def _digest(workspace: Workspace, rules: Sequence[EvidenceRule]) -> str:
    text = f"{ALGORITHM}|{settings_text(workspace.settings)}|{rules!r}|{model_digest(workspace)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _patchable(here: Run, draft: Manifest) -> bool:
    """Whether the published tables can be patched: same rules, nothing gone from the log, time not running back."""
    before = here.before
    same_rules = before.digest == draft.digest
    nothing_gone = set(before.events) <= set(draft.events) and set(before.identifiers) <= set(draft.identifiers)
    return bool(before.run) and same_rules and nothing_gone and here.as_of >= datetime.fromisoformat(before.as_of)


def _everyone(here: Run, draft: Manifest) -> Ran:
    here.step("identity")
    events = _lived(here)
    identification = _identification(here, draft)
    found = identification.everyone(events.select("subject").distinct())
    here.set_aside = int(found.set_aside.count().execute())
    tables = identification.write(found.tables)
    links = here.published("links", replace(draft, tables=tables))
    here.step("history")
    theirs = read_by_steps(events, here.rules).inner_join(links.select("subject", "person"), "subject")
    theirs = held(here.connection, theirs, "subject", *UNREAD)
    for name, rows in _histories(here, theirs, events, links):
        tables[name] = here.shelf.full(here.connection, name, rows)
    here.step("insights")
    timed = replace(draft, tables=tables, timed_seconds=sum(here.seconds.values()), timed_events=_total(here, tables))
    return _publish(here, timed, "full", None)


def _identification(here: Run, draft: Manifest) -> Identification:
    now = datetime.now(UTC)
    return Identification(here.workspace, here.connection, here.log, here.before, draft.run, here.as_of, now)


def _lived(here: Run, names: Sequence[str] | None = None) -> ir.Table:
    """The events that had happened and were known, without what was decided of who is who."""
    return lived(read.events(here.log, here.connection, known_by=here.as_of, names=names))


def _total(here: Run, tables: dict[str, tuple[Layer, ...]]) -> int:
    people = here.published("people", Manifest(tables=tables))
    return int(people.events.sum().execute() or 0)


def _histories(here: Run, theirs: ir.Table, events: ir.Table, links: ir.Table) -> Iterator[tuple[str, ir.Table]]:
    """The four tables of people, one after the other; each is written before the next is asked.

    ``theirs`` are the ``events`` that steps read, each with its person.
    """
    connection = here.connection
    here.step("behaviour")
    acts = engines.kept(connection, acts_of(theirs, as_of=here.as_of, window=here.window))
    yield "acts", acts
    here.step("evidence")
    evidence = engines.kept(connection, collect(theirs, acts, here.rules, as_of=here.as_of))
    yield "evidence", evidence
    here.step("trust")
    yield "states", fold(as_states(evidence, as_of=here.as_of), rules_table(here.rules))
    here.step("insights")
    due = next_due(theirs, as_of=here.as_of, window=here.window)
    yield "people", _people(events, links, due)


UNREAD = ("source", "site", "amount", "currency", "quantity", "score", "scale_max")
"""Columns of the log that neither behaviour nor evidence reads."""


def held(connection: SQLBackend, events: ir.Table, *unread: str) -> ir.Table:
    """Only what some step reads is held; the other columns of the log are there, and empty."""
    held = engines.kept(connection, events.drop(*unread))
    return held.mutate(**{name: ibis.null(EVENTS_IBIS[name]) for name in unread})


def read_by_steps(events: ir.Table, rules: Sequence[EvidenceRule]) -> ir.Table:
    """The events that some step reads: usage, the most numerous, only where a rule of evidence speaks of it."""
    spoken = {match.event for rule in rules for match in rule.matches}
    usage = [kind.name for kind in KINDS.values() if kind.category is DataCategory.USAGE and kind.name not in spoken]
    return events.filter(events.kind.notin(usage))


def _people(events: ir.Table, links: ir.Table, due: ir.Table) -> ir.Table:
    """PEOPLE: everyone who has a link, with or without events."""
    of_subject = events.group_by("subject").agg(
        first=events.occurred_at.min(), last=events.occurred_at.max(), number=events.count()
    )
    linked = links.select("subject", "person").left_join(of_subject, "subject")
    everyone = linked.group_by("person").agg(
        first_seen=linked["first"].min(), last_seen=linked["last"].max(), events=linked.number.sum().fill_null(0)
    )
    joined = everyone.left_join(due.rename(of="person"), [("person", "of")])
    return joined.select(*PEOPLE.names)


def _patch(here: Run, draft: Manifest) -> Ran | None:
    """An incremental run; None where so much changed that everyone is to be computed."""
    here.step("identity")
    before, connection = here.before, here.connection
    news = engines.kept(connection, _news(here, draft))
    known = engines.kept(connection, here.published("links").semi_join(news, "subject"))
    files = (sorted(set(getattr(draft, name)) - set(getattr(before, name))) for name in ("events", "identifiers"))
    tables, new_links, former = _identification(here, draft).changed(news.anti_join(known, "subject"), *files)
    draft = replace(
        draft,
        tables={**before.tables, **tables},
        timed_seconds=before.timed_seconds,
        timed_events=before.timed_events,
    )
    links = here.published("links", draft)
    active = known if new_links is None else links.semi_join(news, "subject")
    touched = engines.kept(connection, _touched(here, links, active, former, new_links))
    number = int(touched.count().execute())
    if number > MOST_TOUCHED * max(1, int(here.published("people").count().execute())):
        return None
    if not number:
        return _publish(here, draft, "unchanged", 0)
    links = engines.kept(connection, links.semi_join(touched, "person"))
    here.step("history")
    # The log is large: it is read once for the few whom this run concerns.
    events = _lived(here)
    events = held(connection, events.inner_join(links.select("subject", "person"), "subject"), *UNREAD)
    tables = dict(draft.tables)
    for name, rows in _histories(here, read_by_steps(events, here.rules), events, links):
        tables[name] = here.shelf.patched(connection, name, rows, keys=touched, below=tables[name])
    return _publish(here, replace(draft, tables=tables), "incremental", number)


def _news(here: Run, draft: Manifest) -> ir.Table:
    """Column ``subject``: those whom new events are about, or events whose day has come since the run before."""
    new_files = sorted(set(draft.events) - set(here.before.events))
    fresh = _lived(here, new_files)
    before = datetime.fromisoformat(here.before.as_of)
    since = ibis.literal(before, type="timestamp('UTC')")
    turned = sorted(set(here.log.events.after(before, "occurred_at", "known_at")) - set(new_files))
    late = _lived(here, turned)
    late = late.filter((late.occurred_at > since) | (late.known_at > since))
    return fresh.select("subject").union(late.select("subject")).distinct()


def _touched(here: Run, links: ir.Table, active: ir.Table, former: ir.Table, new_links: ir.Table | None) -> ir.Table:
    """The people whose tables this run must compute again.

    They are the ``active``, of whom there is news; the ``former`` and the present people of the ``new_links`` that
    ``links`` has; and those whom the passing of time alone concerns.
    """
    now = ibis.literal(here.as_of, type="timestamp('UTC')")
    people = here.published("people")
    due = people.filter(people.next_due <= now)
    parts = [active.select("person"), due.select("person"), former]
    if new_links is not None:
        moved = new_links.anti_join(here.published("links"), ["subject", "person"])
        parts.append(links.semi_join(moved, "person").select("person"))
    return reduce(lambda left, right: left.union(right), parts).distinct()


def _publish(here: Run, manifest: Manifest, mode: str, touched: int | None) -> Ran:
    manifest = here.shelf.joined(here.connection, manifest)
    here.shelf.publish(manifest)
    here.step("")
    people = int(here.published("people", manifest).count().execute())
    return Ran(
        manifest.run, mode, here.as_of, people, people if touched is None else touched, here.set_aside, here.seconds
    )
