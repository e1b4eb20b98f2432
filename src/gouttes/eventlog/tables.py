"""The three Delta tables of a workspace: events, texts and identifiers.

Delta keeps, for each file, the smallest and largest value of its columns inside the transaction log. For names and
mails that would be personal data in a place nothing erases, so statistics are kept for the two times only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from gouttes.eventlog.schema import EVENTS, IDENTIFIERS, TEXTS
from gouttes.workspace import disk_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gouttes.workspace import Workspace

MONTH = pa.field("month", pa.string(), nullable=False)


@dataclass(frozen=True)
class LogTable:
    """One Delta table.

    Attributes:
        path: its folder.
        schema: its columns, without the partition.
        partition: name of the partition column, if any: the month of ``occurred_at``, as ``2026-11``.
        statistics: the columns whose extremes may stand in the transaction log.
    """

    path: Path
    schema: pa.Schema
    partition: str | None
    statistics: str

    @property
    def stored_schema(self) -> pa.Schema:
        """The columns as stored, with the partition."""
        return self.schema.append(MONTH) if self.partition else self.schema

    def open(self) -> DeltaTable | None:
        """The table, or None where nothing was ever appended."""
        return DeltaTable(str(self.path)) if DeltaTable.is_deltatable(str(self.path)) else None

    def files(self) -> list[str]:
        """Absolute paths of the Parquet files that make the table now."""
        table = self.open()
        return [] if table is None else sorted(table.file_uris())

    def append(self, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows in one commit: all of them or none."""
        with disk_errors(self.path):
            self._create()
            write_deltalake(str(self.path), rows, mode="append")

    def rewrite(self, rows: pa.Table | pa.RecordBatchReader, *, month: str | None = None) -> None:
        """Put these rows in the place of the whole table, or of one month of it."""
        with disk_errors(self.path):
            predicate = f"month = '{month}'" if month else None
            write_deltalake(str(self.path), rows, mode="overwrite", predicate=predicate)

    def _create(self) -> None:
        DeltaTable.create(
            str(self.path),
            schema=self.stored_schema,
            mode="ignore",
            partition_by=[self.partition] if self.partition else None,
            configuration={"delta.dataSkippingStatsColumns": self.statistics},
        )

    def vacuum(self, *, hours: int = 0) -> Sequence[str]:
        """Remove files that are no longer part of the table, at once by default."""
        table = self.open()
        if table is None:
            return []
        return table.vacuum(retention_hours=hours, enforce_retention_duration=False, dry_run=False)


@dataclass(frozen=True)
class EventLog:
    """The log of one workspace."""

    workspace: Workspace

    @property
    def events(self) -> LogTable:
        """What happened; keys only, no name."""
        return LogTable(self.workspace.log / "events", EVENTS, "month", "occurred_at,known_at")

    @property
    def texts(self) -> LogTable:
        """The words people wrote."""
        return LogTable(self.workspace.log / "texts", TEXTS, None, "language")

    @property
    def identifiers(self) -> LogTable:
        """Names, mails, phones, addresses."""
        return LogTable(self.workspace.people / "identifiers", IDENTIFIERS, None, "known_at")
