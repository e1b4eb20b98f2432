"""What every kind of file gives: headings, then rows of text in a table of the sandbox."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pyarrow as pa

from gouttes.sources.expressions import moment_of
from gouttes.sources.macros import named
from gouttes.sources.rejects import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly

    from gouttes.sources.contract import FileSpec
    from gouttes.sources.sandbox import Sandbox

MOST_CELL = 10_000_000
"""Bytes of the largest cell that is imported (a prior: ten times the longest message of a helpdesk)."""

UNREAD = pa.schema([("line", pa.int64()), ("reason", pa.string())])


@dataclass(frozen=True)
class Loaded:
    """Rows in the sandbox.

    Attributes:
        table: name of a table or view with ``line``, ``doc``, every canonical column, as text, and the moments that
            were wanted.
        rows: how many rows it has.
        unread: rows that could not be read, with columns ``line`` and ``reason``.
        notices: what to tell.
        style: how its numbers are written, a key of ``sandbox.NUMBER_STYLES``.
    """

    table: str
    rows: int
    unread: pa.Table
    notices: tuple[str, ...] = ()
    style: str = ""


@dataclass(frozen=True)
class Wanted:
    """What to load of a table.

    Attributes:
        spec: the file that it was recognised as.
        places: canonical name → place of its heading.
        moments: canonical names whose moment is wanted too, in the column that ``moment_of`` names.
    """

    spec: FileSpec
    places: ReadOnly[str, int]
    moments: tuple[str, ...] = ()

    def select(self, found: ReadOnly[str, str], source: str, *first: str) -> str:
        """The query of every canonical column, null where the file lacks it, and of the moments.

        Args:
            found: canonical name → the SQL that finds it.
            source: what it is found in.
            *first: columns that come before, as they are.
        """
        cells = {name: f"clean({found[name]})" if name in found else "null::varchar" for name in self.spec.columns}
        inner = ", ".join([*first, *(f"{cell} as {named(name)}" for name, cell in cells.items())])
        select = f"select {inner} from {source}"
        if not self.moments:
            return select
        read = f"moment_{self.spec.date_order}"
        moments = {
            name: f"try({read}({named(name)}))" if name in found else "null::timestamptz" for name in self.moments
        }
        outer = ", ".join(f"{sql} as {named(moment_of(name))}" for name, sql in moments.items())
        return f"select *, {outer} from ({select})"


class Table(Protocol):
    """One readable table: a file, a sheet, or a member of an archive."""

    name: str
    what: str
    notices: tuple[str, ...]
    sampled: bool
    """Whether ``headings`` looks at the first records alone unless asked for the whole."""

    def headings(self, spec: FileSpec, *, whole: bool = False) -> tuple[str, ...]:
        """Its headings, or JSON paths, as ``spec`` would have it read.

        Args:
            spec: what to look for.
            whole: look for every path of ``spec`` in every record, not in the first ones alone.
        """
        ...

    def load(self, sandbox: Sandbox, target: str, wanted: Wanted) -> Loaded:
        """Put its rows in a table called ``target``."""
        ...


def nothing_unread() -> pa.Table:
    """No row that could not be read."""
    return UNREAD.empty_table()


def fresh(folder: Path, suffix: str) -> Path:
    """A path in the private folder where nothing is yet."""
    return folder / f"{uuid4().hex}{suffix}"


def split_large(sandbox: Sandbox, table: str, spec: FileSpec, unread: pa.Table) -> pa.Table:
    """Take rows with too large a cell out of ``table``; returns ``unread`` with them added."""
    large = " or ".join(f"strlen({named(name)}) > {MOST_CELL}" for name in spec.columns)
    found = [line for (line,) in sandbox.rows(f"select line from {table} where {large} order by line")]
    if not found:
        return unread
    sandbox.run(f"delete from {table} where {large}")
    return pa.concat_tables(
        [unread, pa.table({"line": found, "reason": [Reason.TOO_LARGE] * len(found)}, schema=UNREAD)]
    )
