"""Erasing a person from every place of the workspace, and proving it.

What is to be erased is written down first (``people/erasing.json``): should the process die, whoever opens the
workspace next finishes the erasure before anything else. The note goes last, with the receipt in its place.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from gouttes import engines
from gouttes.errors import UnknownPersonError
from gouttes.eventlog import erased, read
from gouttes.eventlog.forget import forget_subjects
from gouttes.eventlog.tables import EventLog
from gouttes.identity.holdings import set_aside
from gouttes.published import TABLES, Shelf
from gouttes.workspace import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.workspace import Workspace

NOTE = "erasing.json"
SHORTEST_TRACE = 6
"""Values shorter than this (a first name, a postcode) would be found in other people's rows: not searched for."""
REFERENCES = ("email", "phone", "address")


@dataclass(frozen=True)
class Receipt:
    """Proof of an erasure; holds no name.

    Attributes:
        receipt: its number.
        person: the person id that was erased (in the printed receipt only, not in the register).
        at: when it ended, ISO 8601.
        erased: rows erased, by table.
        sources: systems the data came from, where it must be erased as well.
        bytes_searched: bytes of the workspace read after the erasure.
        traces: places where a key, mail, phone or address of the person was still found. Empty, or it failed.
    """

    receipt: str
    person: str
    at: str
    erased: dict[str, int]
    sources: tuple[str, ...]
    bytes_searched: int
    traces: tuple[str, ...]


def forget(workspace: Workspace, person: str, *, at: datetime) -> Receipt:
    """Erase a person: log, texts, identifiers, links and everything computed.

    Raises:
        UnknownPersonError: no such person.
    """
    with workspace.lock("run"):
        connection = engines.connect()
        links = Shelf(workspace).read(connection, "links")
        subjects = links.filter(links.person == person).subject.to_pyarrow().to_pylist()
        if not subjects:
            raise UnknownPersonError(person)
        log = EventLog(workspace)
        values = _own_values(read.identifiers(log, connection), Shelf(workspace).read(connection, "keys"), subjects)
        note = {"person": person, "subjects": subjects, "values": values, "at": at.isoformat()}
        replace_file(workspace.people / NOTE, json.dumps(note, ensure_ascii=False))
        return _finish(workspace, person, subjects, values, at)


def _own_values(identifiers: ir.Table, keys: ir.Table, subjects: Sequence[str]) -> list[str]:
    """What only this person is reached by, as it was written and as a key of KEYS.

    A phone shared with someone who stays is no trace of the one who left, however either wrote it.
    """
    mine = ibis.memtable(pa.table({"subject": [*subjects]}))
    held = keys.select("subject", "field", value="key").union(identifiers.select("subject", "field", "value"))
    theirs = held.filter(held.field.isin(REFERENCES)).semi_join(mine, "subject").select("value")
    others = held.anti_join(mine, "subject").select("value")
    return sorted(theirs.anti_join(others, "value").distinct()["value"].to_pyarrow().to_pylist())


def resume(workspace: Workspace) -> Receipt | None:
    """Finish an erasure that was interrupted, if there is one."""
    note = workspace.people / NOTE
    if not note.exists():
        return None
    with workspace.lock("run"):
        if not note.exists():  # another process finished it while we waited
            return None
        left = json.loads(note.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(left["at"])
        return _finish(workspace, left["person"], left["subjects"], left["values"], at)


def _finish(workspace: Workspace, person: str, subjects: list[str], values: list[str], at: datetime) -> Receipt:
    log = EventLog(workspace)
    sources = tuple(sorted({subject.split(":", 1)[0] for subject in subjects}))
    unread = set(log.events.names()) - set(Shelf(workspace).manifest().events)
    counts = forget_subjects(log, subjects)
    counts |= _forget_published(workspace, person, subjects, unread=bool(unread))
    note = workspace.people / NOTE
    searched, traces = _search(workspace.root, [person, *subjects, *values], besides=note)
    receipt = Receipt(uuid.uuid4().hex[:12], person, at.isoformat(), counts, sources, searched, tuple(traces))
    kept = {name: value for name, value in asdict(receipt).items() if name != "person"}
    erased.record(log, {**kept, "subject_digests": erased.digests(log, subjects)})
    note.unlink()
    return receipt


def _forget_published(workspace: Workspace, person: str, subjects: Sequence[str], *, unread: bool) -> dict[str, int]:
    """Write the published tables anew without the person.

    The next run is a full one where the log holds news, or where the person's absence may change who others are.
    """
    connection, shelf, log = engines.connect(), Shelf(workspace), EventLog(workspace)
    before = shelf.manifest()
    mine = ibis.memtable(pa.table({"subject": [*subjects]}))
    entangled = _entangled(workspace, connection, mine)
    counts, tables = {}, {}
    for name in before.tables:
        whole = shelf.read(connection, name, before)
        theirs = TABLES[name].theirs(whole, subjects, person)
        counts[name] = int(whole.filter(theirs).count().execute())
        tables[name] = shelf.full(connection, name, whole.filter(~theirs))
    files, identifiers = tuple(log.events.names()), tuple(log.identifiers.names())
    digest = "" if unread or entangled else before.digest
    shelf.publish(replace(before, tables=tables, events=files, identifiers=identifiers, digest=digest))
    return counts


def _entangled(workspace: Workspace, connection: SQLBackend, mine: ir.Table) -> bool:
    """Whether somebody else's links hang on these subjects: guards that hold because of them, keys set aside."""
    shelf, settings = Shelf(workspace), workspace.settings.identity
    kept_from = [shelf.read(connection, name).semi_join(mine, "subject") for name in ("tangles", "doubts")]
    doubted = shelf.read(connection, "doubts").semi_join(mine, [("other", "subject")])
    keys, records = shelf.read(connection, "keys"), shelf.read(connection, "records")
    held = keys.semi_join(keys.semi_join(mine, "subject"), ["field", "key"])
    heavy = set_aside(held, records.semi_join(held, "subject"), settings)
    return any(bool(table.count().execute()) for table in (*kept_from, doubted, heavy))


def _search(root: Path, values: Sequence[str], *, besides: Path) -> tuple[int, list[str]]:
    """Read the whole workspace and tell in which files one of the values still stands.

    Parquet files are searched cell by cell, because compression hides what their bytes hold; the others byte by byte.
    """
    connection = engines.connect()
    needles = ibis.memtable(pa.table({"needle": [value for value in values if len(value) >= SHORTEST_TRACE]}))
    # 'zendesk:user:42' must not be found in 'zendesk:user:421'
    pattern = re.compile(b"(?:" + b"|".join(re.escape(value.encode()) for value in values) + b")(?![0-9])")
    searched, traces = 0, []
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path != besides):
        searched += path.stat().st_size
        decoded = path.suffix == ".parquet" and "_delta_log" not in path.parts
        if _in_cells(connection, path, needles) if decoded else pattern.search(path.read_bytes()):
            traces.append(str(path.relative_to(root)))
    return searched, traces


def _in_cells(connection: SQLBackend, path: Path, needles: ir.Table) -> bool:
    """Whether a text cell of a Parquet file equals one of the needles."""
    table = connection.read_parquet(str(path), hive_partitioning=False)
    texts = [name for name, kind in table.schema().items() if kind.is_string()]
    found = [table.semi_join(needles, table[name] == needles.needle).count().execute() for name in texts]
    return any(found)
