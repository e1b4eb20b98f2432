"""The expressions of a mapping, evaluated over the rows of one table of the sandbox.

Each entry of a mapping becomes one table, a *stage*: a row per row of the file for which ``when`` holds, with the
number of the check it failed in ``code`` (null: none). Nothing is lost: rows = made + duplicates + rejected + skipped.
"""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import default_direction, kind_named
from gouttes.eventlog.schema import EVENTS
from gouttes.sources.checks import Check, cell_of, of_event
from gouttes.sources.contract import Entry, EventSpec, IdentifierSpec, Mapping, TextSpec
from gouttes.sources.declared import expressions_of
from gouttes.sources.expressions import Expression, check
from gouttes.sources.macros import named, quoted
from gouttes.sources.rejects import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly

    from gouttes.sources.sandbox import Sandbox

DUPLICATE, ORPHAN = -1, -2
KEPT = "code is null"
TYPES = {
    **{column.name: "varchar" for column in EVENTS},
    **{column.name: "timestamptz" for column in EVENTS if pa.types.is_timestamp(column.type)},
    **{column.name: "double" for column in EVENTS if pa.types.is_floating(column.type)},
    "unprompted": "boolean",
    "when": "boolean",
}
NUMERIC = ("BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "UBIGINT", "FLOAT", "SMALLINT", "UINTEGER", "NULL", '"NULL"')
READERS = {"timestamptz": "moment", "double": "number", "boolean": "flag"}
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}


@dataclass(frozen=True)
class Stage:
    """One entry of a mapping, evaluated over one table.

    Attributes:
        table: its rows in the sandbox, with ``line`` and ``code``.
        place: rank of the file among the files of the import.
        spec: the entry.
        source: of the mapping.
        columns: those that ``table`` has beside ``line`` and ``code``.
        checks: what each ``code`` means.
        rows: how many rows were looked at.
    """

    table: str
    place: int
    spec: Entry
    source: str
    columns: tuple[str, ...]
    checks: tuple[Check, ...]
    rows: int
    defaults: ReadOnly[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The event kind, or ``identifier``, or ``text``."""
        if isinstance(self.spec, EventSpec):
            return self.spec.kind
        return "identifier" if isinstance(self.spec, IdentifierSpec) else "text"


@dataclass(frozen=True)
class Rows:
    """Rows to evaluate entries over: a table of the sandbox, and how many it has."""

    table: str
    place: int
    count: int


def stage(sandbox: Sandbox, target: str, rows: Rows, spec: Entry, mapping: Mapping) -> Stage:
    """Evaluate one entry into a table called ``target``.

    Raises:
        BadInputError: DuckDB cannot make sense of one of its expressions.
    """
    known = mapping.columns_of(spec.source_file)
    written = {name: check(text, where=f"{spec.label}, {name}", columns=known) for name, text in expressions_of(spec)}
    if isinstance(spec, EventSpec):
        return _events(sandbox, target, rows, spec, mapping, written)
    if isinstance(spec, IdentifierSpec):
        return _identifiers(sandbox, target, rows, spec, mapping, written)
    return _texts(sandbox, target, rows, spec, mapping, written)


def _events(
    sandbox: Sandbox, target: str, rows: Rows, spec: EventSpec, mapping: Mapping, written: dict[str, Expression]
) -> Stage:
    known = mapping.columns_of(spec.source_file)
    if "amount" in written and "currency" not in written and "currency" in known:
        written["currency"] = check("currency", where=spec.label, columns=known)
    cells = _typed(sandbox, rows, spec.label, written)
    if "currency" in cells:
        cells["currency"] = _coded(cells["currency"])
    when = cells.pop("when", None)
    properties = {name.removeprefix("properties."): cells.pop(name) for name in [*cells] if "." in name}
    if properties:
        pairs = ", ".join(f"{quoted(key)}, {sql}" for key, sql in properties.items())
        cells["properties"] = f"try(nullif(json_merge_patch('{{}}', json_object({pairs}))::varchar, '{{}}'))"
    needed = {name: f"null::{TYPES[name]}" for name in kind_named(spec.kind).needs if name not in cells}
    tests = tuple(of_event(spec.kind, written, sandbox.context.now))
    event_id = f"event_id_of({quoted(mapping.source + '|')} || key || {quoted('|' + spec.kind)}) as event_id"
    after = {name: named(name) for name in cells if name != "key"}
    after["known_at"] = "coalesce(known_at, occurred_at)" if "known_at" in cells else "occurred_at"
    if "amount" in cells:
        home = quoted(sandbox.context.currency)
        given = f"coalesce(currency, {home})" if "currency" in cells else home
        after["currency"] = f"case when amount is not null then {given} end"
    _create(sandbox, target, rows, {**cells, **needed}, when, [event_id, *_as(after)], tests)
    return Stage(target, rows.place, spec, mapping.source, ("event_id", *after), tests, rows.count)


def _identifiers(
    sandbox: Sandbox, target: str, rows: Rows, spec: IdentifierSpec, mapping: Mapping, written: dict[str, Expression]
) -> Stage:
    cells = _typed(sandbox, rows, spec.label, written)
    when = _both(cells.pop("when", None), f"{cells['value']} is not null")
    now = f"{quoted(sandbox.context.now.isoformat())}::timestamptz"
    tests = [Check("subject is null", Reason.MISSING, "subject")]
    if "known_at" in cells:
        soon = f"{now} + interval 1 day"
        tests.append(Check("known_at < '1970-01-01 00:00:00+00'::timestamptz", Reason.EARLY, "known_at"))
        tests.append(Check(f"known_at > {soon}", Reason.FUTURE, "known_at"))
    after = {
        "subject": "subject",
        "value": "value",
        "known_at": f"coalesce({'known_at' if 'known_at' in cells else 'null'}, {now})",
    }
    _create(sandbox, target, rows, cells, when, _as(after), tuple(tests))
    return Stage(target, rows.place, spec, mapping.source, tuple(after), tuple(tests), rows.count)


def _texts(
    sandbox: Sandbox, target: str, rows: Rows, spec: TextSpec, mapping: Mapping, written: dict[str, Expression]
) -> Stage:
    cells = _typed(sandbox, rows, spec.label, written)
    when = _both(cells.pop("when", None), f"{cells['text']} is not null")
    tests = (Check("key is null", Reason.MISSING, "key"),)
    event_id = f"event_id_of({quoted(mapping.source + '|')} || key || {quoted('|' + spec.event)}) as event_id"
    after = {"text": '"text"', "language": '"language"' if "language" in cells else "null::varchar"}
    _create(sandbox, target, rows, cells, when, [event_id, *_as(after)], tests)
    return Stage(target, rows.place, spec, mapping.source, ("event_id", *after), tests, rows.count)


def _coded(currency: str) -> str:
    """A currency as its code of three letters, also where the source writes its sign."""
    signs = " ".join(f"when {quoted(sign)} then {quoted(code)}" for sign, code in SIGNS.items())
    return f"(case {currency} {signs} else upper({currency}) end)"


def _both(when: str | None, condition: str) -> str:
    return condition if when is None else f"{when} and {condition}"


def _as(columns: ReadOnly[str, str]) -> list[str]:
    return [f"{sql} as {named(name)}" for name, sql in columns.items()]


def _create(
    sandbox: Sandbox,
    target: str,
    rows: Rows,
    cells: ReadOnly[str, str],
    when: str | None,
    after: list[str],
    tests: tuple[Check, ...],
) -> None:
    """One pass: expressions, then checks and what follows from them."""
    code = " ".join(f"when {test.sql} then {number}" for number, test in enumerate(tests))
    raw = {column: f"source.{named(column)} as {cell_of(column)}" for test in tests for column in test.cells}
    sandbox.run(
        f"create table {target} as select line, {', '.join(after)}, (case {code} end)::tinyint as code "
        f"from (select source.line, {', '.join([*_as(cells), *raw.values()])} from {rows.table} as source "
        f"where {when or 'true'})"
    )


def _typed(sandbox: Sandbox, rows: Rows, label: str, written: ReadOnly[str, Expression]) -> dict[str, str]:
    """Column → SQL of the column's type; what fails on one row is null there."""
    tried = {name: f"try((\n{expression.sql}\n))" for name, expression in written.items()}
    kinds = _kinds(sandbox, rows.table, label, tried)
    return {name: _converted(sql, kinds[name], name, f"{label}, {name}") for name, sql in tried.items()}


def _kinds(sandbox: Sandbox, table: str, label: str, tried: ReadOnly[str, str]) -> dict[str, str]:
    """The type that DuckDB gives to each expression."""
    if not tried:
        return {}
    try:
        rows = sandbox.rows(f"describe select {', '.join(_as(tried))} from {table}")
    except duckdb.Error as error:
        if len(tried) > 1:  # which of them is it?
            for name, sql in tried.items():
                _kinds(sandbox, table, f"{label}, {name}", {name: sql})
        raise BadInputError(f"{label}: {str(error).splitlines()[0]}. Mend this expression in the mapping.") from error
    return {str(row[0]): str(row[1]) for row in rows}


def _converted(sql: str, kind: str, name: str, where: str) -> str:
    """``sql``, of DuckDB's type ``kind``, as column ``name`` of the log; texts are read as ``moment()`` and so on."""
    if name.startswith("properties."):
        return sql
    target = TYPES.get(name, "varchar")
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


def as_events(found: Stage) -> str:
    """The select of a stage's events, in the columns and types of the log."""
    spec = found.spec
    fixed = {"kind": quoted(found.kind), "source": quoted(found.source)}
    if isinstance(spec, EventSpec) and "direction" not in found.columns:
        fixed["direction"] = quoted(default_direction(spec.kind))
    cells = [
        fixed.get(name) or (named(name) if name in found.columns else f"null::{TYPES[name]}") for name in EVENTS.names
    ]
    return f"select {', '.join(cells)} from {found.table} where {KEPT}"


def as_identifiers(found: Stage) -> str:
    """The select of a stage's identifiers."""
    field_name = found.spec.field if isinstance(found.spec, IdentifierSpec) else ""
    return (
        f"select subject, {quoted(field_name)} as field, value, known_at, {quoted(found.source)} as source "
        f"from {found.table} where {KEPT}"
    )


def as_texts(found: Stage) -> str:
    """The select of a stage's texts."""
    return f"select event_id, text, language from {found.table} where {KEPT}"
