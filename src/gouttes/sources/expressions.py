"""Is this text one harmless scalar expression, and which columns does it read?

DuckDB's own parser answers, so that what is checked is what will run. A mapping may come from a stranger: an
expression may compute on the cells of its row and on nothing else. The sandbox (:mod:`.sandbox`) is the second lock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from gouttes.errors import BadInputError
from gouttes.sources.macros import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MACROS = frozenset({"moment", "number", "flag", "json", "digest", "end_of_day"})
"""What expressions may call beside DuckDB's scalar functions; defined in :mod:`.macros`."""

# Scalar and repeatable by DuckDB's own account, yet not a computation on cells.
REFUSED = frozenset({"error", "write_log", "getvariable", "setseed", "nextval", "currval", "unnest", "age", "row"})
FORBIDDEN_NODES = {
    "SUBQUERY": "a sub-select",
    "WINDOW": "a window function",
    "STAR": "*",
    "PARAMETER": "a parameter",
    "DEFAULT": "DEFAULT",
}
SELECT_CLAUSES = ("where_clause", "having", "sample", "qualify")
BEFORE = "select (\n"  # a comment at the end of a text must not swallow the bracket
ONE_ONLY = "Give one SQL expression over the columns of the row: no select, no semicolon, no comma outside brackets."


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        sql: the text, safe to stand between brackets; ``moment(column)`` is read from the column ``moment_of`` names.
        columns: the columns it reads.
        moments: those of them that it reads as moments.
        simple: the column, where the whole expression is ``moment(column)``, ``number(column)`` or ``column``.
        cell: the column of the table that holds it, where nothing is left to compute.
    """

    sql: str
    columns: tuple[str, ...]
    moments: tuple[str, ...]
    simple: str | None
    cell: str | None


def moment_of(column: str) -> str:
    """The column where a table keeps the moment that ``column`` says: worked out once, whatever entries read it."""
    return f"moment {column}"


def check(text: str, *, where: str, columns: tuple[str, ...]) -> Expression:
    """The expression, checked.

    Args:
        text: the SQL.
        where: how to name it in an error: mapping, entry, column.
        columns: what it may read.

    Raises:
        BadInputError: it is not one scalar expression, calls what it may not, or reads an unknown column.
    """
    read_ahead([text])
    reading = _READINGS[text]
    if reading.problem is not None:
        raise BadInputError(where + reading.problem)
    known = {column.lower(): column for column in columns}
    for name in reading.columns:
        if name.lower() not in known:
            raise BadInputError(
                f"{where}: there is no column '{name}'.{nearest(name, columns)} Columns: {', '.join(columns)}."
            )
    mine = {name: known[name.lower()] for name in reading.columns}
    return Expression(
        reading.sql,
        tuple(mine.values()),
        tuple(dict.fromkeys(mine[name] for name in reading.moments)),
        reading.simple,
        reading.cell,
    )


@dataclass(frozen=True)
class _Reading:
    """What a text says, wherever it stands; ``problem`` completes a sentence that begins with the place."""

    sql: str = ""
    columns: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    simple: str | None = None
    cell: str | None = None
    problem: str | None = None


_READINGS: dict[str, _Reading] = {}
MOST_READINGS = 8192  # a prior: all presets together have some hundreds


def read_ahead(texts: Iterable[str]) -> None:
    """Have DuckDB parse texts that will be checked: one question for all takes a seventh of one for each."""
    new = [text for text in dict.fromkeys(texts) if text not in _READINGS]
    if len(_READINGS) + len(new) > MOST_READINGS:
        _READINGS.clear()
        new = list(dict.fromkeys(texts))
    sound = [text for text in new if text.strip() and "\x00" not in text]
    _READINGS.update(dict.fromkeys(set(new) - set(sound), _Reading(problem=f" is empty. {ONE_ONLY}")))
    if sound:
        selects = [f"{BEFORE}{text}\n)" for text in sound]
        question = "select json_serialize_sql(text) from (select unnest(?::varchar[]) as text)"
        answers = _parser().cursor().execute(question, [selects]).fetchall()
        _READINGS.update((text, _read(text, json.loads(one))) for text, (one,) in zip(sound, answers, strict=True))


def _read(text: str, document: Any) -> _Reading:  # noqa: ANN401 -- DuckDB's tree, as JSON
    if document["error"]:
        return _Reading(problem=f": {document.get('error_message', 'not SQL')}: {text!r}. {ONE_ONLY}")
    tree = _expression(document["statements"])
    if tree is None:
        return _Reading(problem=f": {text!r} is more than an expression. {ONE_ONLY}")
    problem = next((problem for node in _nodes(tree) if (problem := _forbidden(node))), None)
    columns = tuple(dict.fromkeys(_columns(tree, frozenset())))
    calls = list(_moments(tree))
    cell = columns[0] if tree["class"] == "COLUMN_REF" else moment_of(columns[0]) if calls[:1] == [tree] else None
    moments = tuple(_arguments(call)[0]["column_names"][-1] for call in calls)
    return _Reading(_kept(text, calls), columns, moments, _simple(tree), cell, problem)


def _moments(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- DuckDB's tree, as JSON
    """The calls of ``moment`` on a cell of the row; a lambda's parameter is none."""
    if isinstance(tree, list):
        for value in tree:
            yield from _moments(value)
    elif isinstance(tree, dict) and tree.get("class") != "LAMBDA":
        if tree.get("class") == "FUNCTION" and tree["function_name"] == "moment" and _cell_alone(tree):
            yield tree
        else:
            for value in tree.values():
                yield from _moments(value)


def _cell_alone(call: dict[str, Any]) -> bool:
    arguments = _arguments(call)
    alone = len(arguments) == 1 and arguments[0]["class"] == "COLUMN_REF"
    return alone and arguments[0]["column_names"][-1].lower() not in {"line", "doc"}


def _kept(text: str, calls: list[dict[str, Any]]) -> str:
    """The text with the columns that keep those moments in the place of the calls."""
    written = text.encode()
    for call in sorted(calls, key=lambda call: -call["query_location"]):
        start = call["query_location"] - len(BEFORE)
        column = moment_of(_arguments(call)[0]["column_names"][-1])
        written = written[:start] + named(column).encode() + written[start + call["query_location_length"] :]
    return written.decode()


def nearest(name: str, known: tuple[str, ...] | list[str] | frozenset[str]) -> str:
    """`` Did you mean 'x'?`` or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


@lru_cache(maxsize=1)
def _parser() -> duckdb.DuckDBPyConnection:
    """A connection that parses and is asked for nothing else."""
    return duckdb.connect(
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "lock_configuration": "true",
        }
    )


@lru_cache(maxsize=1)
def _functions() -> frozenset[str]:
    """DuckDB's scalar functions that give the same answer every time."""
    rows = (
        _parser()
        .cursor()
        .execute(
            "select distinct function_name, function_type, coalesce(stability, 'CONSISTENT') from duckdb_functions() "
            "where function_type in ('scalar', 'macro', 'aggregate')"
        )
        .fetchall()
    )
    aggregates = {name for name, kind, _ in rows if kind == "aggregate"}
    steady = {name for name, kind, stability in rows if kind != "aggregate" and stability == "CONSISTENT"}
    unsteady = {name for name, kind, stability in rows if kind != "aggregate" and stability != "CONSISTENT"}
    return frozenset((steady - unsteady - REFUSED - aggregates) | (steady & KEPT) | MACROS)


# Names that are both a scalar function and an aggregate.
KEPT = frozenset({"+", "-", "*", "/", "||"})


def _expression(statements: list[Any]) -> Any:  # noqa: ANN401 -- DuckDB's tree, as JSON
    """The tree of the one expression of one plain select; none where there is more."""
    node = statements[0]["node"]
    plain = (
        len(statements) == 1
        and node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["group_expressions"]
        and not node["cte_map"]["map"]
        and all(node.get(clause) is None for clause in SELECT_CLAUSES)
    )
    return node["select_list"][0] if plain else None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- DuckDB's tree, as JSON
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _columns(tree: Any, bound: frozenset[str]) -> Iterator[str]:  # noqa: ANN401 -- DuckDB's tree, as JSON
    """Column names read, leaving out the parameters of lambdas."""
    if isinstance(tree, list):
        for value in tree:
            yield from _columns(value, bound)
    elif isinstance(tree, dict):
        if tree.get("class") == "COLUMN_REF":
            name = tree["column_names"][0]
            if name not in bound:
                yield name
            return
        inner = bound | set(_parameters(tree))
        for value in tree.values():
            yield from _columns(value, inner)


def _parameters(tree: dict[str, Any]) -> Iterator[str]:
    if tree.get("class") != "LAMBDA":
        return
    if "named_parameters" in tree:
        yield from tree["named_parameters"]
    for node in _nodes(tree.get("lhs")):
        if node["class"] == "COLUMN_REF":
            yield node["column_names"][0]


def _forbidden(node: dict[str, Any]) -> str | None:
    """What a mapping may not do, if this node does it."""
    kind = node["class"]
    if kind in FORBIDDEN_NODES:
        return f" uses {FORBIDDEN_NODES[kind]}, which a mapping may not. {ONE_ONLY}"
    if kind == "FUNCTION" and node["function_name"] not in _functions():
        name = node["function_name"]
        return (
            f" calls '{name}', which is not one of the functions a mapping may call: DuckDB's scalar functions "
            f"whose answer depends on nothing but the row, and {', '.join(sorted(MACROS))}."
            f"{nearest(name, _functions())}"
        )
    return None


def _simple(tree: dict[str, Any]) -> str | None:
    if tree["class"] == "FUNCTION" and tree["function_name"] in {"moment", "number", "flag"}:
        arguments = _arguments(tree)
        tree = arguments[0] if len(arguments) == 1 else tree
    return str(tree["column_names"][-1]) if tree["class"] == "COLUMN_REF" else None


def _arguments(call: dict[str, Any]) -> list[dict[str, Any]]:
    return [argument.get("expression", argument) for argument in call.get("arguments", call.get("children", []))]
