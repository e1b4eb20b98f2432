"""What is in a workspace, what is wrong with it, and what running it would cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis

from gouttes.eventlog.compact import worth_compacting
from gouttes.eventlog.erased import receipts
from gouttes.eventlog.kinds import KINDS
from gouttes.reviewing import queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

    from gouttes.opened import OpenedWorkspace

SECONDS_PER_MILLION = 6.0
"""Prior, used until a run was timed here: seconds that a full run takes per million events on two cores."""
MEMORY_PER_MILLION, LEAST_MEMORY, MOST_MEMORY = 0.2, 0.4, 4.0
"""Prior, in GB: what a full run keeps in memory per million events, with a floor and a ceiling, where it spills."""
STALE = timedelta(days=2)


@dataclass(frozen=True)
class Trouble:
    """Something to know, or (``serious``) to mend; ``values`` go into its sentence."""

    name: str
    serious: bool
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkup:
    """What ``gouttes doctor`` found.

    Attributes:
        name: the company.
        counts: events, subjects, people, identifiers, texts, erasures.
        kinds: events by kind.
        amounts: total amount by currency; never added up.
        first, last: first and last event.
        disk_bytes: size of the workspace.
        full_run_seconds, memory_gb: what a full run would cost, by the last one or else by a prior.
        troubles: what to know or to mend.
    """

    name: str
    counts: dict[str, int]
    kinds: dict[str, int]
    amounts: dict[str, float]
    first: datetime | None
    last: datetime | None
    disk_bytes: int
    full_run_seconds: float
    memory_gb: float
    troubles: tuple[Trouble, ...]


def checkup(opened: OpenedWorkspace) -> Checkup:
    """Look at everything without changing anything."""
    events = opened.events()
    kinds = _counted(events, "kind")
    total = sum(kinds.values())
    span = events.agg(first=events.occurred_at.min(), last=events.occurred_at.max()).to_pyarrow().to_pylist()[0]
    counts = {
        "events": total,
        "subjects": _count(opened.links()),
        "people": _count(opened.people()),
        "identifiers": _count(opened.identifiers()),
        "texts": _count(opened.texts()),
        "erasures": len(receipts(opened.log)),
    }
    root = opened.workspace.root
    return Checkup(
        name=opened.workspace.settings.name,
        counts=counts,
        kinds=kinds,
        amounts=_amounts(events),
        first=span["first"],
        last=span["last"],
        disk_bytes=sum(path.stat().st_size for path in root.rglob("*") if path.is_file()),
        full_run_seconds=_seconds(opened, total),
        memory_gb=min(MOST_MEMORY, max(LEAST_MEMORY, MEMORY_PER_MILLION * total / 1e6)),
        troubles=tuple(_troubles(opened, events)),
    )


def _seconds(opened: OpenedWorkspace, total: int) -> float:
    timed = opened.manifest
    if timed.timed_events and timed.timed_seconds:
        return timed.timed_seconds * total / timed.timed_events
    return SECONDS_PER_MILLION * total / 1e6


def _count(table: ir.Table) -> int:
    return int(table.count().execute())


def _counted(table: ir.Table, name: str) -> dict[str, int]:
    rows = table.group_by(name).agg(n=table.count()).order_by(ibis.desc("n"), name).to_pyarrow().to_pylist()
    return {row[name]: row["n"] for row in rows}


def _amounts(events: ir.Table) -> dict[str, float]:
    priced = events.filter(events.amount.notnull())
    rows = priced.group_by("currency").agg(total=priced.amount.sum()).order_by("currency").to_pyarrow().to_pylist()
    return {row["currency"] or "?": row["total"] for row in rows}


def _troubles(opened: OpenedWorkspace, events: ir.Table) -> Iterator[Trouble]:
    manifest = opened.manifest
    unread = set(opened.log.events.names()) - set(manifest.events)
    if not manifest.run:
        yield Trouble("never_run", serious=False)
    elif unread:
        yield Trouble("unread", serious=False, values={"n": len(unread)})
    rejects = sorted(opened.workspace.rejects.glob("*.csv"))
    if rejects:
        yield Trouble("rejects", serious=False, values={"n": len(rejects), "path": str(opened.workspace.rejects)})
    currencies = [currency for currency in _amounts(events) if currency != "?"]
    if len(currencies) > 1:
        yield Trouble("currencies", serious=False, values={"currencies": ", ".join(currencies)})
    yield from _identity(opened)
    yield from _waiting(opened)
    if worth_compacting(opened.log):
        yield Trouble("small_files", serious=False)
    yield from _overdue(events)
    yield from _dangling(opened)


def _identity(opened: OpenedWorkspace) -> Iterator[Trouble]:
    """Keys that join nobody, people made of suspiciously many records, and what waits for a person's word."""
    settings = opened.workspace.settings.identity
    if number := _count(opened.keys_set_aside()):
        yield Trouble("shared", serious=False, values={"n": number, "most": settings.max_shared})
    sizes = opened.links().group_by("person").agg(records=lambda t: t.count())
    if number := _count(sizes.filter(sizes.records > settings.alarm)):
        yield Trouble("large_people", serious=False, values={"n": number, "most": settings.alarm})


def _waiting(opened: OpenedWorkspace) -> Iterator[Trouble]:
    if number := _count(queue(opened)):
        yield Trouble("waiting", serious=False, values={"n": number})


def _overdue(events: ir.Table) -> Iterator[Trouble]:
    """Events kept longer than their kind's retention."""
    limits = ibis.memtable({"kind": list(KINDS), "days": [kind.retention_days for kind in KINDS.values()]})
    now = ibis.literal(datetime.now(UTC), type="timestamp('UTC')")
    age = (now.epoch_seconds() - events.occurred_at.epoch_seconds()) / 86_400
    kept = events.mutate(age=age).inner_join(limits, "kind")
    if number := _count(kept.filter(kept.age > kept.days)):
        yield Trouble("overdue", serious=False, values={"n": number})


def _dangling(opened: OpenedWorkspace) -> Iterator[Trouble]:
    """Published files that a manifest names and nobody finds: something outside Gouttes removed them."""
    named = [layer.rows for layers in opened.manifest.tables.values() for layer in layers]
    missing = [path for path in named if not (opened.workspace.root / path).exists()]
    if missing:
        yield Trouble("missing_files", serious=True, values={"n": len(missing)})
