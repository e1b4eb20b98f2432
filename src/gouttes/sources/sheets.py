"""Workbooks (XLSX, XLSB, XLS, ODS) and Parquet: files that know their own columns."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import python_calamine

from gouttes.errors import BadInputError
from gouttes.sources.macros import named, quoted
from gouttes.sources.tables import Loaded, nothing_unread, split_large

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.sources.contract import FileSpec
    from gouttes.sources.sandbox import Sandbox
    from gouttes.sources.tables import Wanted

WHOLE = 2**53  # beyond it a float no longer tells whole numbers apart


class Sheet:
    """One sheet of a workbook; its headings are its first row that is not blank."""

    what = "a workbook"
    sampled = False
    notices: tuple[str, ...] = ()

    def __init__(self, name: str, sheet: str, rows: list[list[Any]]) -> None:
        self.name = name
        self.sheet = sheet
        self._start = next((place for place, row in enumerate(rows) if any(_text(cell) for cell in row)), len(rows))
        self._rows = rows

    def headings(self, spec: FileSpec, *, whole: bool = False) -> tuple[str, ...]:
        """The first row that is not blank; none where ``spec`` wants another sheet."""
        del whole
        other = spec.sheet is not None and spec.sheet.casefold() != self.sheet.casefold()
        if other or self._start == len(self._rows):
            return ()
        return tuple((_text(cell) or "").strip() for cell in self._rows[self._start])

    def load(self, sandbox: Sandbox, target: str, wanted: Wanted) -> Loaded:
        """Rows in the order of the sheet; blank ones are left out."""
        body = self._rows[self._start + 1 :]
        columns = {f"c{place}": [_text(row[place]) for row in body] for place in sorted(set(wanted.places.values()))}
        first = self._start + 2  # people count rows from 1, and the headings are one
        lines = pa.array(range(first, first + len(body)), pa.int64())
        schema = pa.schema([("line", pa.int64()), *((name, pa.string()) for name in columns)])
        sandbox.add(f"{target}_raw", pa.table({"line": lines, **columns}, schema=schema))
        cells = {name: f"c{place}" for name, place in wanted.places.items()}
        plain = ", ".join(f"without_nul({name}) as {name}" for name in columns)
        some = " or ".join(f"{name} is not null" for name in columns)
        source = f"(select line, null::varchar as doc, {plain} from {target}_raw where {some})"
        sandbox.run(f"create table {target} as {wanted.select(cells, source, 'line', 'doc')}")
        unread = split_large(sandbox, target, wanted.spec, nothing_unread())
        rows = int(sandbox.one(f"select count(*) from {target}"))
        return Loaded(target, rows, unread, () if rows else ("It has headings but no rows.",))


def sheets(name: str, path: Path) -> list[Sheet]:
    """Every sheet of a workbook that holds something.

    Raises:
        BadInputError: it is damaged, locked with a password, or blank.
    """
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        found = [Sheet(name, title, book.get_sheet_by_name(title).to_python()) for title in book.sheet_names]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise BadInputError(f"{name} is a workbook that cannot be read: {error}. Save it again as XLSX.") from error
    full = [sheet for sheet in found if sheet._rows]  # noqa: SLF001 -- same module
    if not full:
        raise BadInputError(f"{name} is an empty workbook: there is nothing to import.")
    if len(full) > 1:
        for sheet in full:
            sheet.name = f"{name}/{sheet.sheet}"
    return full


def _text(cell: Any) -> str | None:  # noqa: ANN401 -- whatever a sheet holds
    """A cell as CSV would hold it: whole floats without a point, dates in ISO 8601."""
    if isinstance(cell, str):
        return cell or None
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < WHOLE:
        return str(int(cell))
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dt.date | dt.time | dt.datetime):
        return cell.isoformat()
    return str(cell)


class Parquet:
    """A Parquet file."""

    what = "Parquet"
    sampled = False
    notices: tuple[str, ...] = ()

    def __init__(self, name: str, path: Path, sandbox: Sandbox) -> None:
        self.name = name
        self._path = path
        try:
            described = sandbox.rows(f"describe select * from read_parquet({quoted(str(path))})")
        except duckdb.Error as error:
            raise BadInputError(f"{name} is a Parquet file that cannot be read: {_first(error)}") from error
        self._types = {str(row[0]): str(row[1]) for row in described}

    def headings(self, spec: FileSpec, *, whole: bool = False) -> tuple[str, ...]:
        """Its column names, whatever ``spec`` says."""
        del spec, whole
        return tuple(self._types)

    def load(self, sandbox: Sandbox, target: str, wanted: Wanted) -> Loaded:
        """Rows in the order of the file."""
        names = list(self._types)
        cells = {name: f"c{place}" for name, place in wanted.places.items()}
        plain = [
            f"{_as_text(names[place], self._types[names[place]])} as c{place}"
            for place in sorted(set(wanted.places.values()))
        ]
        columns = ", ".join(["file_row_number + 1 as line", "null::varchar as doc", *plain])
        source = f"(select {columns} from read_parquet({quoted(str(self._path))}, file_row_number = true))"
        try:
            sandbox.run(f"create table {target} as {wanted.select(cells, source, 'line', 'doc')}")
        except duckdb.Error as error:
            raise BadInputError(f"{self.name} is a Parquet file that cannot be read: {_first(error)}") from error
        unread = split_large(sandbox, target, wanted.spec, nothing_unread())
        rows = int(sandbox.one(f"select count(*) from {target}"))
        return Loaded(target, rows, unread, () if rows else ("It has columns but no rows.",))


def _first(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


NESTED: Sequence[str] = ("STRUCT", "MAP", "UNION")


def _as_text(name: str, kind: str) -> str:
    """Whole floats lose their point: pandas makes floats of whole numbers with gaps."""
    column = named(name)
    if kind.startswith(tuple(NESTED)) or kind.endswith("]"):
        return f"without_nul(to_json({column})::varchar)"
    if kind in {"DOUBLE", "FLOAT"}:
        whole = f"{column} = trunc({column}) and abs({column}) < {WHOLE}"
        return f"case when {whole} then {column}::bigint::varchar else {column}::varchar end"
    return f"without_nul({column}::varchar)"
