"""Joining the many small files that small appends leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.eventlog.tables import WRITER
from gouttes.workspace import disk_errors

if TYPE_CHECKING:
    from gouttes.eventlog.tables import EventLog

SMALL_FILES = 64
"""How many files a month may have, on average, before the log is worth compacting (prior)."""

KEEP_HOURS = 24
"""How long a replaced file is kept for readers that still have it open."""


def worth_compacting(log: EventLog) -> bool:
    """Whether small files have piled up."""
    table = log.events.open()
    if table is None:
        return False
    return len(table.file_uris()) > SMALL_FILES * max(1, len(table.partitions()))


def compact(log: EventLog) -> dict[str, int]:
    """Join small files, month by month, and remove those replaced a day ago or more.

    Returns:
        Files before and after.
    """
    before = after = 0
    with log.workspace.lock(), disk_errors(log.workspace.root):
        for each in (log.events, log.texts, log.identifiers):
            table = each.open()
            if table is None:
                continue
            before += len(table.file_uris())
            table.optimize.compact(writer_properties=WRITER)
            table.vacuum(retention_hours=KEEP_HOURS, enforce_retention_duration=False, dry_run=False)
            table.create_checkpoint()
            after += len(table.file_uris())
    return {"files_before": before, "files_after": after}
