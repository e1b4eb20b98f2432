"""The ways in which two values of a field may agree, each written once for Ibis, for SQL and for Python.

A level of agreement is data: its kind, the columns it looks at, and a bound. :func:`holds` makes an Ibis condition of
it, :func:`sql` the same for splink, :func:`agrees` the same for two records in hand; a property test keeps the three
together. Only functions that DuckDB and Spark both have are used. DuckDB counts the bytes of an edit distance and Spark
the letters: texts are expected in ASCII, as ``identity.fields`` folds them, and what is not in ASCII may differ there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis.expr.types as ir

SHORT = 3
"""Letters that the shorter of two names needs to count as the beginning of the longer, unless it is an initial."""

FAR = 1_000_000
"""Edits, where there are more than any level allows."""

Column = str
Named = Any  # column name -> value: an Ibis column, or a text


@dataclass(frozen=True)
class Level:
    """One way of agreeing.

    Attributes:
        name: what it is called in an explanation, such as ``exact`` or ``one edit``.
        kind: a key of :data:`KINDS`.
        columns: what it looks at: one column, or for ``crossed`` two.
        most: the bound of ``edits`` (edits), ``close`` (edits as a share of the longer text) and ``prefix`` (letters).
    """

    name: str
    kind: str
    columns: tuple[Column, ...]
    most: float = 0


class Kind(NamedTuple):
    """The three renderings of one kind of level."""

    ibis: Callable[[Level, Named, Named, Named], ir.BooleanValue]
    sql: Callable[[Level, Callable[[str], str], Callable[[str], str]], str]
    python: Callable[[Level, Mapping[str, str | None], Mapping[str, str | None]], bool]


def holds(level: Level, left: Named, right: Named, distance: Named) -> ir.BooleanValue:
    """The condition over two sides, each given as a function from a column's name to an Ibis column.

    ``distance`` gives, for a column, what :func:`distances` made of it: the levels of a field share one computation.
    """
    return KINDS[level.kind].ibis(level, left, right, distance)


def distances(levels: Sequence[Level], left: Named, right: Named) -> dict[Column, ir.IntegerValue]:
    """For each column with a level that counts edits, their number; :data:`FAR` where lengths tell it is too large."""
    found = {}
    for column in dict.fromkeys(level.columns[0] for level in levels if level.kind in {"edits", "close"}):
        bounds = [(level.kind, level.most) for level in levels if level.columns[0] == column]
        most = max((bound for kind, bound in bounds if kind == "edits"), default=0)
        share = max((bound for kind, bound in bounds if kind == "close"), default=0)
        one, other = left(column), right(column)
        apart, longer = (one.length() - other.length()).abs(), ibis.greatest(one.length(), other.length())
        far = (apart > most) & (apart > double(share) * longer) if share else apart > most
        found[column] = ibis.cases((one == other, 0), (far, FAR), else_=one.levenshtein(other)).cast("int64")
    return found


def sql(level: Level, column: Callable[[str], str]) -> str:
    """The condition in DuckDB's SQL; ``column`` gives the name that a column has there, without its side."""
    return KINDS[level.kind].sql(level, lambda name: f'"{column(name)}_l"', lambda name: f'"{column(name)}_r"')


def agrees(level: Level, left: Mapping[str, str | None], right: Mapping[str, str | None]) -> bool:
    """Whether two records agree in this way; a value that is missing agrees with nothing."""
    needed = (side[name] for name in level.columns[:1] for side in (left, right))
    if level.kind != "crossed" and any(value is None for value in needed):
        return False
    return KINDS[level.kind].python(level, left, right)


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's distance (1966): the fewest letters to insert, delete or replace."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for place, rival in enumerate(other, 1):
            here.append(min(above[place] + 1, here[-1] + 1, above[place - 1] + (letter != rival)))
        above = here
    return above[-1]


def double(figure: float) -> ir.FloatingValue:
    """A figure as a float: Ibis would write it bare, and DuckDB take it for a decimal and reckon in those."""
    return ibis.literal(repr(float(figure))).cast("float64")


def _equal(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    return left(level.columns[0]) == right(level.columns[0])


def _edits(level: Level, _: Named, __: Named, distance: Named) -> ir.BooleanValue:
    return distance(level.columns[0]) <= int(level.most)


def _close(level: Level, left: Named, right: Named, distance: Named) -> ir.BooleanValue:
    longer = ibis.greatest(left(level.columns[0]).length(), right(level.columns[0]).length())
    return distance(level.columns[0]) <= double(level.most) * longer


def _prefix(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    return left(level.columns[0]).left(int(level.most)) == right(level.columns[0]).left(int(level.most))


def _begins(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    one, other = left(level.columns[0]), right(level.columns[0])
    shorter = ibis.least(one.length(), other.length())
    return ((shorter == 1) | (shorter >= SHORT)) & (one.startswith(other) | other.startswith(one))


def _local(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    one, other = left(level.columns[0]), right(level.columns[0])
    return (one.left(1) == other.left(1)) & (one.split("@")[0] == other.split("@")[0])  # the first spares most splits


def _turned(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    one, other = left(level.columns[0]), right(level.columns[0])
    year = one.left(4) == other.left(4)
    return year & (one.substr(5, 2) == other.substr(8, 2)) & (one.substr(8, 2) == other.substr(5, 2))


def _crossed(level: Level, left: Named, right: Named, _: Named) -> ir.BooleanValue:
    this, that = level.columns
    return (left(this) == right(that)) | (left(that) == right(this))


def _close_sql(one: str, other: str, most: str) -> str:
    return f"abs(length({one}) - length({other})) <= {most} and levenshtein({one}, {other}) <= {most}"


def _begins_sql(one: str, other: str) -> str:
    shorter = f"least(length({one}), length({other}))"
    begins = f"(starts_with({one}, {other}) or starts_with({other}, {one}))"
    return f"({shorter} = 1 or {shorter} >= {SHORT}) and {begins}"


def _begins_here(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    return (shorter == 1 or shorter >= SHORT) and (one.startswith(other) or other.startswith(one))


def _turned_sql(one: str, other: str) -> str:
    year = f"substr({one}, 1, 4) = substr({other}, 1, 4)"
    month = f"substr({one}, 6, 2) = substr({other}, 9, 2)"
    return f"{year} and {month} and substr({one}, 9, 2) = substr({other}, 6, 2)"


def _turned_here(one: str, other: str) -> bool:
    return (one[:4], one[5:7], one[8:10]) == (other[:4], other[8:10], other[5:7])


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _on_one(
    expression: Callable[[Level, Named, Named, Named], ir.BooleanValue],
    text: Callable[[str, str, float], str],
    here: Callable[[str, str, float], bool],
) -> Kind:
    """A kind that looks at one column."""
    return Kind(
        expression,
        lambda level, left, right: text(left(level.columns[0]), right(level.columns[0]), level.most),
        lambda level, left, right: here(str(left[level.columns[0]]), str(right[level.columns[0]]), level.most),
    )


KINDS: dict[str, Kind] = {
    "equal": _on_one(_equal, lambda a, b, _: f"{a} = {b}", lambda a, b, _: a == b),
    "edits": _on_one(
        _edits,
        lambda a, b, most: f"abs(length({a}) - length({b})) <= {int(most)} and levenshtein({a}, {b}) <= {int(most)}",
        lambda a, b, most: edit_distance(a, b) <= most,
    ),
    "close": _on_one(
        _close,
        lambda a, b, most: _close_sql(a, b, f"cast({most} as double) * greatest(length({a}), length({b}))"),
        lambda a, b, most: edit_distance(a, b) <= most * max(len(a), len(b)),
    ),
    "prefix": _on_one(
        _prefix,
        lambda a, b, most: f"substr({a}, 1, {int(most)}) = substr({b}, 1, {int(most)})",
        lambda a, b, most: a[: int(most)] == b[: int(most)],
    ),
    "begins": _on_one(_begins, lambda a, b, _: _begins_sql(a, b), lambda a, b, _: _begins_here(a, b)),
    "local": _on_one(
        _local,
        lambda a, b, _: f"left({a}, 1) = left({b}, 1) and split_part({a}, '@', 1) = split_part({b}, '@', 1)",
        lambda a, b, _: a[:1] == b[:1] and a.split("@")[0] == b.split("@")[0],
    ),
    "turned": _on_one(_turned, lambda a, b, _: _turned_sql(a, b), lambda a, b, _: _turned_here(a, b)),
    "crossed": Kind(
        _crossed,
        lambda level, left, right: " or ".join(
            f"{left(one)} = {right(other)}" for one, other in (level.columns, level.columns[::-1])
        ),
        lambda level, left, right: any(
            _same(left[one], right[other]) for one, other in (level.columns, level.columns[::-1])
        ),
    ),
}
"""Every kind of agreement.

``equal``: the same text. ``edits``: at most so many letters inserted, deleted or replaced. ``close``: the same as a
share of the longer text. ``prefix``: the same first letters. ``begins``: one is an initial or the beginning of the
other. ``local``: the same before the @. ``turned``: a date with day and month exchanged. ``crossed``: what one has in
the first column the other has in the second.
"""
