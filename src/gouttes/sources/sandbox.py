"""The DuckDB in which a mapping's expressions run: it can reach no file, no network and no setting.

The rows of the export are loaded first; then the door is locked; then the expressions are evaluated. This is not the
engine of the steps (:mod:`gouttes.engines`): its SQL dialect is part of the mapping format, whatever the engine.
"""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

import duckdb

from gouttes.errors import BadInputError
from gouttes.sources.macros import MACRO_SQL, NUMBER_STYLES, named, quoted
from gouttes.sources.private import PrivateFolder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from types import TracebackType

    import pyarrow as pa

    from gouttes.sources.contract import DateOrder

MEMORY = "2GB"  # prior: leaves room for the Arrow batches and the interpreter on a 4 GB machine


@dataclass(frozen=True)
class Context:
    """What an import must know that no file says.

    Attributes:
        now: the moment of the import, with its zone.
        timezone: the zone of times written without one, an IANA name.
        currency: the currency of amounts written without one.
    """

    now: dt.datetime
    timezone: str = "Europe/Paris"
    currency: str = "EUR"

    def __post_init__(self) -> None:
        """Refuse a clock without a zone and a zone that does not exist."""
        if self.now.tzinfo is None:
            raise BadInputError("Context.now needs a time zone: use datetime.now(UTC).")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise BadInputError(
                f"There is no time zone '{self.timezone}'. Use an IANA name such as 'Europe/Paris'."
            ) from error


class Sandbox:
    """One DuckDB of one import, with a private folder for what it spills and unpacks."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.types: dict[str, str] = {}  # of expressions, by their text
        self._private = PrivateFolder()
        self.folder = self._private.path
        self.connection = duckdb.connect(
            config={
                "memory_limit": MEMORY,
                "temp_directory": str(self.folder / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "preserve_insertion_order": "true",  # the order of rows is their line number
            }
        )
        self.run(f"set timezone = {quoted(context.timezone)}")
        for macro in MACRO_SQL:
            self.run(macro)
        self.read_as("dmy", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget every row and delete every temporary file."""
        self.connection.close()
        self._private.close()

    def lock(self) -> None:
        """From here on: no file, no network, no change of setting."""
        self.run("set python_enable_replacements = false")
        self.run("set enable_external_access = false")
        self.run("set lock_configuration = true")

    def read_as(self, order: DateOrder, style: str) -> None:
        """How the macros read dates and numbers from here on; ``style`` is one of ``NUMBER_STYLES``."""
        self.run(f"create or replace macro moment(x) as moment_{order}(x)")
        self.run(f"create or replace macro number(x) as number_{NUMBER_STYLES[style]}(x)")

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute one statement."""
        self.connection.execute(sql, list(parameters))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; cast timestamps to text in it."""
        return self.connection.execute(sql, list(parameters)).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:  # noqa: ANN401 -- a cell
        """The first cell of the first row."""
        return self.rows(sql, parameters)[0][0]

    def add(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table in."""
        self.connection.register("handed_in", table)
        self.run(f"create or replace table {named(name)} as select * from handed_in")
        self.connection.unregister("handed_in")

    def batches(self, sql: str, size: int) -> pa.RecordBatchReader:
        """The result of a query as Arrow batches, on a cursor of its own."""
        return self.connection.cursor().sql(sql).to_arrow_reader(size)

    def arrow(self, sql: str) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self.connection.sql(sql).to_arrow_table()
