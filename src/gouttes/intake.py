"""From files to the log: read, map, append, and say what became of every row.

The log takes the events first, then the texts and the identifiers that go with them. Killed in between, the same
import run again adds what is missing and nothing twice.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gouttes.eventlog.append import Appended, append_events, append_identifiers, append_texts
from gouttes.eventlog.tables import EventLog
from gouttes.sources import catalogue
from gouttes.sources.importing import Context, plan
from gouttes.workspace import disk_errors, replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from gouttes.sources.contract import Mapping
    from gouttes.sources.importing import FileReport
    from gouttes.workspace import Workspace


@dataclass(frozen=True)
class Taken:
    """What an import did, or in a dry run would do.

    Attributes:
        files: what became of each file.
        events, identifiers, texts: rows added, known already, refused.
        rejects: where the rejected rows are listed, if any were.
    """

    files: tuple[FileReport, ...]
    events: Appended
    identifiers: Appended
    texts: Appended
    rejects: Path | None
    dry_run: bool


def take(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    preset: str | None = None,
    mapping: Mapping | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Taken:
    """Import files.

    Args:
        workspace: where the events go.
        paths: files of one export; those that a mapping joins must come together.
        preset: the preset to try first; what it does not recognise is tried with the others, and said.
        mapping: the reader's own mapping, instead of a preset.
        dry_run: write nothing.
        now: the moment of import; later events are rejected as being in the future.

    Raises:
        BadInputError: no file, or the mapping, can be used; nothing was written.
    """
    moment = now or datetime.now(UTC)
    settings = workspace.settings
    context = Context(now=moment, timezone=settings.timezone, currency=settings.currency)
    known, others = _mappings(preset, mapping)
    with plan(paths, known, context, others=others) as planned:
        if dry_run:
            return Taken(planned.files, Appended(), Appended(), Appended(), None, dry_run=True)
        log = EventLog(workspace)
        events = append_events(log, planned.events(), distinct=True)
        texts = append_texts(log, planned.texts())
        identifiers = append_identifiers(log, planned.identifiers())
        rejects = _write_rejects(workspace, planned.rejects(), moment)
        return Taken(planned.files, events, identifiers, texts, rejects, dry_run=False)


def _mappings(preset_name: str | None, own: Mapping | None) -> tuple[Sequence[Mapping], Sequence[Mapping]]:
    """The mappings to recognise files by, and those to try after them."""
    if own is not None:
        return (own,), ()
    if preset_name is None:
        return catalogue.presets(), ()
    chosen = catalogue.preset(preset_name)
    return (chosen,), tuple(each for each in catalogue.presets() if each.source != chosen.source)


def _write_rejects(workspace: Workspace, reader: pa.RecordBatchReader, moment: datetime) -> Path | None:
    """One line per rejected row: where it stood and why, never what it held."""
    rejects = reader.read_all()
    if not len(rejects):
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rejects.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in rejects.columns), strict=True))
    path = workspace.rejects / f"{moment:%Y%m%dT%H%M%S%f}.csv"
    with disk_errors(workspace.root):
        replace_file(path, text.getvalue())
    return path
