"""The whole way from files to events, identifiers and texts, without touching a workspace."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.eventlog.schema import EVENTS, IDENTIFIERS, TEXTS
from gouttes.sources.contract import EventSpec, IdentifierSpec, JoinSpec, Mapping, TextSpec
from gouttes.sources.delivering import BATCH, cast, events_of, identifiers_sql, texts_of
from gouttes.sources.evaluate import Rows, Stage, entered, moments_read, stages_of
from gouttes.sources.expressions import moment_of
from gouttes.sources.macros import named
from gouttes.sources.matching import NothingInItError, Recognised, recognise
from gouttes.sources.reading import tables
from gouttes.sources.rejects import REJECTS
from gouttes.sources.reporting import FileReport, report
from gouttes.sources.sandbox import Context, Sandbox
from gouttes.sources.settling import counted, gather_rejects, settle
from gouttes.sources.tables import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from gouttes.sources.tables import Loaded

REJECTED = 'select file, line, source, kind, "column", reason from rejected order by place, line, kind, "column"'

__all__ = ["Context", "FileReport", "Imported", "plan"]


@dataclass(frozen=True)
class Part:
    """A recognised table and its rows in the sandbox; ``place`` is its rank among the files."""

    place: int
    found: Recognised
    wanted: Wanted
    loaded: Loaded


class Imported:
    """What files hold, ready to be appended; keep it open until it has been read, then close it.

    Attributes:
        files: one report per file, sheet or archive member, in the order given.
    """

    def __init__(self, sandbox: Sandbox, files: tuple[FileReport, ...], stages: Sequence[Stage]) -> None:
        self.files = files
        self._sandbox = sandbox
        self._stages = stages

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the rows and delete the temporary files."""
        self._sandbox.close()

    @property
    def rejected(self) -> int:
        """How many rejects there are in all."""
        return sum(sum(file.rejects.values()) for file in self.files)

    @property
    def refused(self) -> tuple[FileReport, ...]:
        """The files that could not be used at all."""
        return tuple(file for file in self.files if file.refusal is not None)

    def events(self) -> pa.RecordBatchReader:
        """The events, with exactly the columns of ``eventlog.schema.EVENTS``; each ``event_id`` once."""
        return pa.RecordBatchReader.from_batches(EVENTS, events_of(self._sandbox, self._of(EventSpec)))

    def identifiers(self) -> pa.RecordBatchReader:
        """The identifiers; each (subject, field, value, source) once, at the earliest ``known_at``."""
        return self._read(IDENTIFIERS, identifiers_sql(self._of(IdentifierSpec)))

    def texts(self) -> pa.RecordBatchReader:
        """The texts of the events; each ``event_id`` once."""
        return pa.RecordBatchReader.from_batches(TEXTS, texts_of(self._sandbox, self._of(TextSpec), TEXTS))

    def rejects(self) -> pa.RecordBatchReader:
        """What was set aside, with the columns of ``rejects.REJECTS``."""
        return self._read(REJECTS, REJECTED)

    def _of(self, spec: type) -> list[Stage]:
        return [found for found in self._stages if isinstance(found.spec, spec)]

    def _read(self, schema: pa.Schema, sql: str) -> pa.RecordBatchReader:
        if not sql:
            return pa.RecordBatchReader.from_batches(schema, [])
        return pa.RecordBatchReader.from_batches(schema, cast(self._sandbox.batches(sql, BATCH), schema))


def plan(
    files: Sequence[str | Path],
    mappings: Mapping | Sequence[Mapping],
    context: Context,
    *,
    others: Sequence[Mapping] = (),
) -> Imported:
    """What an import of these files would bring; nothing is written outside a private temporary folder.

    Args:
        files: paths; archives and workbooks count as the files in them.
        mappings: what the files are recognised by.
        context: clock, zone and currency.
        others: tried, with a notice, for a file that ``mappings`` do not recognise.

    Returns:
        the import: reports per file, and the four tables. A file that cannot be used is reported (``refused``) and the
        rest goes on.

    Raises:
        BadInputError: no file can be used, or an expression of a mapping is wrong.
    """
    if not files:
        raise BadInputError("No file to import. Name at least one.")
    known = (mappings,) if isinstance(mappings, Mapping) else tuple(mappings)
    sandbox = Sandbox(context)
    try:
        return _planned([Path(file) for file in files], known, tuple(others), sandbox)
    except BaseException:
        sandbox.close()
        raise


def _planned(files: list[Path], known: tuple[Mapping, ...], others: tuple[Mapping, ...], sandbox: Sandbox) -> Imported:
    parts: list[Part] = []
    reports: dict[int, FileReport] = {}
    for path in files:
        _load(path, known, others, sandbox, parts, reports)
    whole = _with_partners(parts, reports)
    if not whole and all(one.refusal for one in reports.values()):
        raise BadInputError("\n".join(one.refusal or "" for one in reports.values()))
    sandbox.lock()
    stages = [found for part in whole for found in _stages(sandbox, part, parts)]
    settle(sandbox, stages)
    counts = counted(sandbox, stages)
    names = {part.place: part.found.table.name for part in whole}
    unread = {part.place: (part.found.mapping.source, part.loaded.unread) for part in whole}
    told = [found for found, count in zip(stages, counts, strict=True) if count.rejected]
    gather_rejects(sandbox, told, names, unread)
    for part in whole:
        own = [(found, count) for found, count in zip(stages, counts, strict=True) if found.place == part.place]
        mine, entries = [found for found, _ in own], [count for _, count in own]
        reports[part.place] = report(sandbox, part.place, mine, entries, _blank(part))
    return Imported(sandbox, tuple(reports[place] for place in sorted(reports)), stages)


def _with_partners(parts: Sequence[Part], reports: dict[int, FileReport]) -> list[Part]:
    """The parts whose joins find their other file; the others become reports that say which file is missing."""
    whole: list[Part] = []
    for part in parts:
        mapping, name = part.found.mapping, part.found.table.name
        lacks = [join.right for join in _joins(part) if not _partners(part, join, parts)]
        if lacks:
            needed = " and ".join(f"'{other}'" for other in dict.fromkeys(lacks))
            refusal = (
                f"{name} ({mapping.source}: {part.found.spec.name}) is read together with the file {needed}. "
                "Give both in the same import."
            )
            reports[part.place] = replace(_blank(part), refusal=refusal)
        else:
            whole.append(part)
    return whole


def _joins(part: Part) -> list[JoinSpec]:
    """The joins in use that a part is the left side of."""
    mapping = part.found.mapping
    used = {entry.source_file for entry in mapping.entries}
    return [join for join in mapping.joins if join.left == part.found.spec.name and join.name in used]


def _partners(part: Part, join: JoinSpec, parts: Sequence[Part]) -> list[Part]:
    mapping = part.found.mapping
    return [other for other in parts if other.found.mapping == mapping and other.found.spec.name == join.right]


def _load(
    path: Path,
    known: tuple[Mapping, ...],
    others: tuple[Mapping, ...],
    sandbox: Sandbox,
    parts: list[Part],
    reports: dict[int, FileReport],
) -> None:
    """Recognise and load every table of a file; what cannot be used becomes a report that says why."""
    try:
        opened = tables(path, sandbox)
    except BadInputError as error:
        reports[len(parts) + len(reports)] = FileReport(path.name, refusal=str(error))
        return
    for table in opened:
        place = len(parts) + len(reports)
        try:
            found = recognise(table, known, others)
            wanted = Wanted(found.spec, found.match.wanted, moments_read(found.mapping, found.spec.name))
            parts.append(Part(place, found, wanted, table.load(sandbox, f"t{place}", wanted)))
        except NothingInItError as nothing:
            reports[place] = FileReport(table.name, table.what, notices=(str(nothing),))
        except BadInputError as error:
            reports[place] = FileReport(table.name, table.what, refusal=str(error))


def _blank(part: Part) -> FileReport:
    table, mapping, spec = part.found.table, part.found.mapping, part.found.spec
    return FileReport(
        name=table.name,
        what=table.what,
        recognised_as=f"{mapping.source}: {spec.name}",
        rows=part.loaded.rows + part.loaded.unread.num_rows,
        unknown_columns=part.found.match.unknown,
        notices=(*table.notices, *part.found.notices, *part.loaded.notices),
    )


def _stages(sandbox: Sandbox, part: Part, parts: Sequence[Part]) -> list[Stage]:
    """Every entry of the mapping over this table, and over the joins that it is the left side of."""
    mapping, spec, loaded = part.found.mapping, part.found.spec, part.loaded
    sandbox.read_as(spec.date_order, spec.decimal or loaded.style)
    rows = {spec.name: Rows(loaded.table, part.place, loaded.rows)}
    for join in _joins(part):
        rows[join.name] = Rows(joined(sandbox, part, join, _partners(part, join, parts)), part.place, loaded.rows)
    made = stages_of(sandbox, entered(mapping, rows), rows, f"s{part.place}")
    if not any(join.right == spec.name for join in mapping.joins):
        sandbox.run(
            f"drop table if exists {loaded.table}_raw"
        )  # the memory of a large file, as soon as it is done with
    return made


def joined(sandbox: Sandbox, part: Part, join: JoinSpec, right: Sequence[Part]) -> str:
    """The name of the table of the left rows, each with its first right row."""
    on = named(join.on)
    union = " union all ".join(f"select {other.place} as place, * from {other.loaded.table}" for other in right)
    first = f"row_number() over (partition by {on} order by place, line) = 1"
    once = f"select * from ({union}) where {on} is not null qualify {first}"
    kept = {name: f"{join.right}_{name}" for name in right[0].found.spec.columns}
    kept |= {moment_of(name): moment_of(f"{join.right}_{name}") for name in right[0].wanted.moments}
    cells = ", ".join(f'"right".{named(name)} as {named(other)}' for name, other in kept.items())
    target = f"{part.loaded.table}_{join.name}"
    sandbox.run(
        f'create table {named(target)} as select "left".*, {cells} from {part.loaded.table} as "left" '
        f'left join ({once}) as "right" using ({on})'
    )
    return named(target)
