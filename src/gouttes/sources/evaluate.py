"""The expressions of a mapping, evaluated over the rows of one table of the sandbox.

Each entry of a mapping becomes one table, a *stage*: a row per row of the file for which ``when`` holds, with the
number of the check it failed in ``code`` (null: none). Nothing is lost: rows = made + duplicates + rejected + skipped.
"""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.eventlog.kinds import KINDS, default_direction
from gouttes.sources.checks import Check, cell_of, listed, of_event, of_identifier
from gouttes.sources.contract import Entry, EventSpec, IdentifierSpec, Mapping, TextSpec
from gouttes.sources.declared import expressions_of
from gouttes.sources.expressions import Expression, check
from gouttes.sources.macros import named, quoted
from gouttes.sources.rejects import Reason
from gouttes.sources.typed import TYPES, converted, learn

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly
    from collections.abc import Sequence

    from gouttes.sources.sandbox import Sandbox

DUPLICATE, ORPHAN = -1, -2
KEPT = "code is null"
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}


@dataclass(frozen=True)
class Stage:
    """One entry of a mapping, evaluated over one table.

    Attributes:
        table: its rows in the sandbox, with ``line`` and ``code``.
        place: rank of the file among the files of the import.
        rank: of the entry in its mapping.
        spec: the entry.
        source: of the mapping.
        columns: those that ``table`` has beside ``line`` and ``code``.
        fixed: column → its value, where that is the same for all rows and not in ``table``.
        checks: what each ``code`` means.
        rows: how many rows were looked at.
    """

    table: str
    place: int
    rank: int
    spec: Entry
    source: str
    columns: tuple[str, ...]
    fixed: ReadOnly[str, str]
    checks: tuple[Check, ...]
    rows: int

    @property
    def told(self) -> str:
        """SQL of the kind of the events that its rows make or, of a stage of texts, belong to."""
        if isinstance(self.spec, TextSpec):
            return quoted(self.spec.event)
        return quoted(self.kind) if self.kind else named("kind")

    @property
    def digest(self) -> str:
        """SQL of the SHA-1 of its rows' event ids: only what is kept needs one."""
        return f"digest_of(concat({quoted(f'{self.source}|')}, key, '|', {self.told}))"

    @property
    def kind(self) -> str | None:
        """The event kind, or ``identifier``, or ``text``; none where each row has its own."""
        if isinstance(self.spec, EventSpec):
            return self.spec.kind
        return "identifier" if isinstance(self.spec, IdentifierSpec) else "text"


@dataclass(frozen=True)
class Rows:
    """Rows to evaluate entries over: a table of the sandbox, and how many it has."""

    table: str
    place: int
    count: int


@dataclass(frozen=True)
class Entered:
    """An entry with its place in its mapping and its expressions, checked."""

    rank: int
    spec: Entry
    mapping: Mapping
    written: ReadOnly[str, Expression]

    def converted(self, sandbox: Sandbox) -> dict[str, str]:
        """Column → SQL of the column's type."""
        return {
            name: converted(sandbox, expression, name, f"{self.spec.label}, {name}")
            for name, expression in self.written.items()
        }


def entered(mapping: Mapping, source_files: ReadOnly[str, Rows]) -> list[Entered]:
    """The entries of a mapping that read these files and joins."""
    return [
        Entered(rank, spec, mapping, _written(mapping, spec))
        for rank, spec in enumerate(mapping.entries)
        if spec.source_file in source_files
    ]


def _written(mapping: Mapping, spec: Entry) -> dict[str, Expression]:
    known = mapping.columns_of(spec.source_file)
    written = {name: check(text, where=f"{spec.label}, {name}", columns=known) for name, text in expressions_of(spec)}
    if isinstance(spec, EventSpec) and "amount" in written and "currency" in known:
        written.setdefault("currency", check("currency", where=spec.label, columns=known))
    return written


def moments_read(mapping: Mapping, name: str) -> tuple[str, ...]:
    """The columns of a file whose moment some entry reads, from the file itself or from a join with it."""
    found: dict[str, None] = {}
    for spec in mapping.entries:
        moments = [column for expression in _written(mapping, spec).values() for column in expression.moments]
        join = mapping.join(spec.source_file)
        if spec.source_file == name:
            found |= dict.fromkeys(moments)
        if join is not None and name in {join.left, join.right}:
            prefix = f"{join.right}_" if name == join.right else ""
            own = {f"{prefix}{column}": column for column in mapping.columns_of(name)}
            found |= dict.fromkeys(own[column] for column in moments if column in own)
    return tuple(found)


def stages_of(sandbox: Sandbox, entries: Sequence[Entered], rows: ReadOnly[str, Rows], target: str) -> list[Stage]:
    """Evaluate entries, each into a table whose name begins with ``target``.

    Raises:
        BadInputError: DuckDB cannot make sense of one of their expressions.
    """
    for name, where in rows.items():
        mine = [entry for entry in entries if entry.spec.source_file == name]
        learn(
            sandbox,
            where.table,
            {f"{one.spec.label}, {column}": sql for one in mine for column, sql in one.written.items()},
        )
    return [_stage(sandbox, f"{target}_{entry.rank}", rows[entry.spec.source_file], entry) for entry in entries]


def _stage(sandbox: Sandbox, target: str, rows: Rows, entry: Entered) -> Stage:
    if isinstance(entry.spec, EventSpec):
        return _events(sandbox, target, rows, entry)
    if isinstance(entry.spec, IdentifierSpec):
        return _identifiers(sandbox, target, rows, entry)
    return _texts(sandbox, target, rows, entry)


def _events(sandbox: Sandbox, target: str, rows: Rows, entry: Entered) -> Stage:
    cells, source, kind = entry.converted(sandbox), entry.mapping.source, _kind_of(entry.spec)
    if "currency" in cells:
        cells["currency"] = _coded(cells["currency"])
    when = cells.pop("when", None)
    properties = {name.removeprefix("properties."): cells.pop(name) for name in [*cells] if "." in name}
    if properties:
        pairs = ", ".join(f"{quoted(key)}, {sql}" for key, sql in properties.items())
        cells["properties"] = f"try(nullif(json_merge_patch('{{}}', json_object({pairs}))::varchar, '{{}}'))"
    tests = tuple(of_event(kind, entry.written, sandbox.context.now))
    kinds = [KINDS[kind]] if kind else [*KINDS.values()]
    needs = {name for one in kinds for name in one.needs}
    needed = {name: f"null::{TYPES[name]}" for name in sorted(needs) if name not in cells}
    after = _after(cells, kind, sandbox.context.currency)
    fixed = {"source": source} | ({"kind": kind} if kind else {})
    if kind and "direction" not in after:
        fixed["direction"] = default_direction(kind)
    _create(sandbox, target, rows, {**cells, **needed}, when, after, tests)
    return Stage(target, rows.place, entry.rank, entry.spec, source, tuple(after), fixed, tests, rows.count)


def _kind_of(spec: Entry) -> str | None:
    return spec.kind if isinstance(spec, EventSpec) else None


def _after(cells: ReadOnly[str, str], kind: str | None, home: str) -> dict[str, str]:
    """Column → SQL over the columns of ``cells``: what follows from them. A word that is no kind is not kept."""
    after = {name: named(name) for name in cells}
    if "known_at" in cells:
        after["known_at"] = "coalesce(known_at, occurred_at)"
    if "amount" in cells:
        given = f"coalesce(currency, {quoted(home)})" if "currency" in cells else quoted(home)
        after["currency"] = f"case when amount is not null then {given} end"
    if "direction" in cells:
        after["direction"] = f"coalesce(direction, {_direction(kind)})"
    if kind is None:
        after["kind"] = f"case when {named('kind')} in {listed(tuple(KINDS))} then {named('kind')} end"
        after.setdefault("direction", _direction(None))
    return after


def _direction(kind: str | None) -> str:
    """SQL of a kind's direction, or of that of the row's kind."""
    if kind:
        return quoted(default_direction(kind))
    ways: dict[str, list[str]] = {}
    for name in KINDS:
        ways.setdefault(default_direction(name), []).append(name)
    cases = " ".join(f"when {named('kind')} in {listed(names)} then {quoted(way)}" for way, names in ways.items())
    return f"case {cases} end"


def _identifiers(sandbox: Sandbox, target: str, rows: Rows, entry: Entered) -> Stage:
    cells = entry.converted(sandbox)
    when = _both(cells.pop("when", None), f"{cells['value']} is not null")
    now = f"{quoted(sandbox.context.now.isoformat())}::timestamptz"
    tests = tuple(of_identifier(entry.written, now))
    after = {
        "subject": "subject",
        "value": "value",
        "known_at": f"coalesce({'known_at' if 'known_at' in cells else 'null'}, {now})",
    }
    if "field" in cells:
        after["field"] = "field"
    field = entry.spec.field if isinstance(entry.spec, IdentifierSpec) else None
    fixed = {"field": field} if field else {}
    _create(sandbox, target, rows, cells, when, after, tests)
    source = entry.mapping.source
    return Stage(target, rows.place, entry.rank, entry.spec, source, tuple(after), fixed, tests, rows.count)


def _texts(sandbox: Sandbox, target: str, rows: Rows, entry: Entered) -> Stage:
    cells, source = entry.converted(sandbox), entry.mapping.source
    when = _both(cells.pop("when", None), f"{cells['text']} is not null")
    tests = (Check("key is null", Reason.MISSING, "key"),)
    after = {
        "key": "key",
        "text": '"text"',
        "language": '"language"' if "language" in cells else "null::varchar",
    }
    _create(sandbox, target, rows, cells, when, after, tests)
    return Stage(target, rows.place, entry.rank, entry.spec, source, tuple(after), {}, tests, rows.count)


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
    after: ReadOnly[str, str],
    tests: tuple[Check, ...],
) -> None:
    """One pass: expressions, then checks and what follows from them."""
    code = " ".join(f"when {test.sql} then {number}" for number, test in enumerate(tests))
    raw = {column: f"source.{named(column)} as {cell_of(column)}" for test in tests for column in test.cells}
    sandbox.run(
        f"create table {target} as select line, {', '.join(_as(after))}, (case {code} end)::tinyint as code "
        f"from (select source.line, {', '.join([*_as(cells), *raw.values()])} from {rows.table} as source "
        f"where {when or 'true'})"
    )
