"""What a run publishes: tables of Parquet files, replaced all together or not at all.

A table is a stack of layers. The first holds everyone; each later one holds some keys (people, subjects) whose rows
in the layers below no longer count. One manifest names every file of every table; it is swapped in one rename, so
that a run which dies leaves the former tables in force, and files nobody names are swept by the next run.
"""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import ibis

from gouttes import engines, schemas
from gouttes.errors import WorkspaceError
from gouttes.workspace import disk_errors, make_durable, replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.workspace import Workspace

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Published:
    """A table that runs publish.

    Attributes:
        schema: its columns.
        key: the column by which a layer takes over from those below; none where layers only add.
        subjects: columns that name subjects.
        persons: columns that name people.
        personal: kept with personal data, in ``people/``, and written to be asked about a few rows at a time.
        order: the columns it is sorted by in its file, so that a few rows are found without reading all.
    """

    schema: ibis.Schema
    key: str | None
    subjects: tuple[str, ...] = ()
    persons: tuple[str, ...] = ("person",)
    personal: bool = False
    order: tuple[str, ...] = ()

    def theirs(self, rows: ir.Table, subjects: Sequence[str], person: str) -> ir.BooleanValue:
        """Which rows are of a person, known by these subjects."""
        of_subjects = [rows[name].isin(subjects) for name in self.subjects]
        return reduce(or_, [*of_subjects, *(rows[name] == person for name in self.persons)])


def _of_subject(
    schema: ibis.Schema, *others: str, persons: tuple[str, ...] = (), order: tuple[str, ...] = ()
) -> Published:
    return Published(schema, "subject", ("subject", *others), persons, personal=True, order=order)


TABLES = {
    "links": _of_subject(schemas.LINKS, persons=("person",), order=("subject",)),
    "keys": _of_subject(schemas.KEYS, order=("key",)),
    "records": _of_subject(schemas.RECORDS, order=("subject",)),
    "likenesses": _of_subject(schemas.LIKENESSES, "other", order=("subject",)),
    "blocks": _of_subject(schemas.BLOCKS, order=("value",)),
    "doubts": _of_subject(schemas.DOUBTS, "other"),
    "tangles": _of_subject(schemas.TANGLES, "component"),
    "decisions": Published(schemas.DECISIONS, None, ("subject",), (), personal=True),
    "moves": Published(schemas.MOVES, None, ("subject",), ("before", "after"), personal=True),
    "acts": Published(schemas.ACTS, "person"),
    "evidence": Published(schemas.EVIDENCE, "person"),
    "states": Published(schemas.STATES, "person"),
    "people": Published(schemas.PEOPLE, "person"),
}
"""Every published table."""

MOST_LAYERS = 8
"""Layers after which a table is written anew (prior): each costs an anti-join to whoever reads."""


@dataclass(frozen=True)
class Layer:
    """Files of one layer, relative to the workspace; ``replaced`` holds the keys it takes over from those below."""

    rows: str
    replaced: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What is published.

    Attributes:
        run: identifier of the run that published last.
        as_of: the date of the readings, ISO 8601, empty where nothing was run.
        digest: digest of the settings and rules the run used.
        events: files of the event log the run had read, relative to its folder.
        identifiers: files of the identifiers it had read.
        timed_seconds, timed_events: how long the last full run took, for how many events.
        learned: version of the learned parameters the run used; empty where it used the priors.
        tables: the layers of each table.
    """

    run: str = ""
    as_of: str = ""
    digest: str = ""
    events: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    timed_seconds: float = 0.0
    timed_events: int = 0
    learned: str = ""
    tables: Mapping[str, tuple[Layer, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shelf:
    """The published tables of a workspace."""

    workspace: Workspace

    @property
    def _manifest_file(self) -> Path:
        return self.workspace.insights / MANIFEST

    def manifest(self) -> Manifest:
        """What is in force now; an empty manifest where nothing was run."""
        try:
            raw = json.loads(self._manifest_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Manifest()
        except ValueError as error:
            raise WorkspaceError(
                f"{self._manifest_file} cannot be read: {error}. Remove it, then run `gouttes run`: "
                "everything in it is computed from the log."
            ) from error
        tables = {name: tuple(Layer(**layer) for layer in layers) for name, layers in raw.pop("tables").items()}
        events, identifiers = tuple(raw.pop("events")), tuple(raw.pop("identifiers"))
        return Manifest(**raw, events=events, identifiers=identifiers, tables=tables)

    def publish(self, manifest: Manifest) -> None:
        """Put a manifest in force, then sweep the files that no table names."""
        with disk_errors(self.workspace.root):
            replace_file(self._manifest_file, json.dumps(asdict(manifest), indent=1))
            self.sweep(manifest)

    def sweep(self, manifest: Manifest) -> None:
        """Remove the files of runs that died and of layers that were joined."""
        named = {
            path for layers in manifest.tables.values() for layer in layers for path in (layer.rows, layer.replaced)
        }
        for folder in (self.workspace.insights, *(self.workspace.people / name for name in TABLES)):
            for path in folder.glob("*.parquet"):
                if str(path.relative_to(self.workspace.root)) not in named:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def read(self, connection: SQLBackend, name: str, manifest: Manifest | None = None) -> ir.Table:
        """A published table, with exactly the columns of its schema; empty where nothing was published."""
        layers = (manifest or self.manifest()).tables.get(name, ())
        schema, key = TABLES[name].schema, TABLES[name].key
        if not layers:
            return engines.nothing(connection, schema)
        parts = []
        for number, layer in enumerate(layers):
            rows = self._parquet(connection, layer.rows, schema)
            later = [each.replaced for each in layers[number + 1 :] if each.replaced]
            if later and key:
                keys = [self._parquet(connection, path, ibis.schema({key: "string"})) for path in later]
                rows = rows.anti_join(keys[0] if len(keys) == 1 else ibis.union(*keys), key)
            parts.append(rows)
        return parts[0] if len(parts) == 1 else ibis.union(*parts)

    def _parquet(self, connection: SQLBackend, path: str, schema: ibis.Schema) -> ir.Table:
        return engines.read_parquet(connection, [str(self.workspace.root / path)], schema)

    def write(self, connection: SQLBackend, name: str, rows: ir.Table, *, suffix: str = "") -> str:
        """Write rows to a new file of a table; gives its path relative to the workspace."""
        table = TABLES[name]
        folder = self.workspace.people / name if table.personal else self.workspace.insights
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}{suffix}-{uuid.uuid4().hex[:12]}.parquet"
        with disk_errors(self.workspace.root):
            ordered = rows.order_by(table.order) if table.order and not suffix else rows
            compression = "lz4" if table.personal else "zstd"
            engines.write_parquet(connection, ordered, path, compression=compression)
            make_durable(path)
        return str(path.relative_to(self.workspace.root))

    def full(self, connection: SQLBackend, name: str, rows: ir.Table) -> tuple[Layer, ...]:
        """One layer that holds everyone."""
        return (Layer(self.write(connection, name, rows)),)

    def patched(
        self, connection: SQLBackend, name: str, rows: ir.Table, *, keys: ir.Table, below: Sequence[Layer]
    ) -> tuple[Layer, ...]:
        """The layers below with one more, which takes over the keys given."""
        layer = Layer(self.write(connection, name, rows), self.write(connection, name, keys, suffix="-keys"))
        return (*below, layer)

    def added(self, connection: SQLBackend, name: str, rows: ir.Table, *, below: Sequence[Layer]) -> tuple[Layer, ...]:
        """The layers below with one more beside them; none where there is no row to add."""
        if not rows.count().execute():
            return tuple(below)
        return (*below, Layer(self.write(connection, name, rows)))

    def joined(self, connection: SQLBackend, manifest: Manifest) -> Manifest:
        """The manifest with every tall table written anew as one layer."""
        tables = dict(manifest.tables)
        for name, layers in manifest.tables.items():
            if len(layers) > MOST_LAYERS:
                tables[name] = self.full(connection, name, self.read(connection, name, manifest))
        return replace(manifest, tables=tables)
