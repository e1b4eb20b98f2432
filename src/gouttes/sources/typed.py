"""The type of an expression, and its value as a column of the log would have it."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.eventlog.schema import EVENTS
from gouttes.sources.macros import named

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly

    from gouttes.sources.expressions import Expression
    from gouttes.sources.sandbox import Sandbox

TYPES = {
    **{column.name: "varchar" for column in EVENTS},
    **{column.name: "timestamptz" for column in EVENTS if pa.types.is_timestamp(column.type)},
    **{column.name: "double" for column in EVENTS if pa.types.is_floating(column.type)},
    "unprompted": "boolean",
    "when": "boolean",
}
NUMERIC = ("BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "UBIGINT", "FLOAT", "SMALLINT", "UINTEGER", "NULL", '"NULL"')
NAMES = {"varchar": "VARCHAR", "timestamptz": "TIMESTAMP WITH TIME ZONE"}
READERS = {"timestamptz": "moment", "double": "number", "boolean": "flag"}


def learn(sandbox: Sandbox, table: str, found: ReadOnly[str, Expression]) -> None:
    """Have DuckDB type these expressions, by the place where each stands, in one question about ``table``.

    The type depends on the text alone, because the columns of all files have the same types: it is asked once.

    Raises:
        BadInputError: DuckDB cannot make sense of one of them.
    """
    new = {one.sql: where for where, one in found.items() if one.sql not in sandbox.types and not _held(one)}
    if not new:
        return
    try:
        sandbox.types |= _described(sandbox, table, list(new))
    except duckdb.Error:
        for sql, where in new.items():  # which of them is it?
            try:
                sandbox.types |= _described(sandbox, table, [sql])
            except duckdb.Error as error:
                first = str(error).splitlines()[0]
                raise BadInputError(f"{where}: {first}. Mend this expression in the mapping.") from error


def _held(expression: Expression) -> str | None:
    """The type of what a table holds as it is wanted: a cell of text, or its moment."""
    if expression.cell in {None, "line", "doc"}:
        return None
    return "timestamptz" if expression.moments else "varchar"


def _described(sandbox: Sandbox, table: str, texts: list[str]) -> dict[str, str]:
    cells = ", ".join(f"{_tried(sql)} as {named(f'c{place}')}" for place, sql in enumerate(texts))
    rows = sandbox.rows(f"describe select {cells} from {table}")
    return {sql: str(row[1]) for sql, row in zip(texts, rows, strict=True)}


def _tried(sql: str) -> str:
    """What fails on one row is null there."""
    return f"try((\n{sql}\n))"


def converted(sandbox: Sandbox, expression: Expression, name: str, where: str) -> str:
    """SQL of the expression as column ``name`` of the log; texts are read as ``moment()`` and so on.

    Raises:
        BadInputError: what it gives cannot be such a column.
    """
    target, held = TYPES.get(name, "varchar"), _held(expression)
    if expression.cell is not None and held == target:
        return f"source.{named(expression.cell)}"  # nothing to fail, and no text in it is blank
    sql, kind = _tried(expression.sql), NAMES[held] if held else sandbox.types[expression.sql]
    if name.startswith("properties."):
        return sql
    if target == "varchar":
        return f"nullif({sql}::varchar, '')"
    if kind == "VARCHAR":
        return f"{READERS[target]}({sql})"
    if target == "timestamptz" and not kind.startswith(("TIMESTAMP", "DATE")):
        if kind not in NUMERIC:
            raise BadInputError(f"{where} gives {kind}, which is no moment. Use moment(column).")
        return f"moment({sql}::varchar)"
    if kind.endswith("]") or (
        kind.startswith(("STRUCT", "MAP", "BLOB", "TIME", "DATE", "INTERVAL")) and target == "double"
    ):
        raise BadInputError(f"{where} gives {kind}, which is no {target}. Mend this expression in the mapping.")
    return f"try_cast({sql} as {target})"
