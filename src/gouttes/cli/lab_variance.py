"""``gouttes lab variance``: where the variance of a column lies, between factors that cross, on any file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer

from gouttes import engines
from gouttes.brand.crossed import Component, Crossed, Effect, crossed
from gouttes.brand.design import NotEstimableError, checked
from gouttes.brand.moments import moments
from gouttes.cli.lab_files import existing, read
from gouttes.cli.voice import JsonOption, LangOption, Voice, grid
from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$"
MOST_TEXT = 0.5
"""Share of cells that are not numbers from which a column is text (prior)."""
RESIDUAL = "residual"


class Method(StrEnum):
    """How variances are found."""

    ML = "ml"
    REML = "reml"
    MOMENTS = "moments"


@dataclass(frozen=True)
class Varied:
    """What was found in a file.

    Attributes:
        method: ``ml``, ``reml`` or ``moments``.
        rows: rows used.
        missing, not_numbers: rows left out, by reason; a row that lacks something is not looked at further.
        deviance: -2 log-likelihood (restricted for REML); None by moments.
        converged: gradient and curvature are met; None by moments, which solves equations.
        reason: empty, or why it has not converged.
        components: variances with 90 % intervals, the residual's last.
        fixed: fixed effects with standard errors, the intercept first.
    """

    method: str
    rows: int
    missing: int
    not_numbers: int
    deviance: float | None
    converged: bool | None
    reason: str
    components: tuple[Component, ...] | list[dict[str, Any]]
    fixed: tuple[Effect, ...]


def variance(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (any delimiter), Parquet or XLSX.")],
    outcome: Annotated[str, typer.Option(metavar="COL", help="The column of numbers whose variance is shared.")],
    factors: Annotated[str, typer.Option("--crossed", metavar="A,B", help="The factors: columns, with commas.")],
    fixed: Annotated[
        str | None, typer.Option("--fixed", metavar="X,Z", help="Columns of numbers with fixed effects.")
    ] = None,
    method: Annotated[Method, typer.Option(help="ml, reml, or moments: any number of levels.")] = Method.REML,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Where the variance of an outcome lies: crossed random intercepts, with their intervals."""
    voice = Voice(lang, as_json)
    told = read(file)
    headings = list(told.column_names)
    outcome = existing(headings, outcome)
    names, numbers = _listed(headings, factors, "--crossed"), _listed(headings, fixed or "", "--fixed")
    _asked(outcome, names, numbers, method)
    rows = _rows(told, [outcome, *numbers], names)
    found = (
        _by_moments(rows, outcome, names) if method is Method.MOMENTS else _by_likelihood(rows, outcome, names, method)
    )
    voice.answer(found, *_shown(voice, found))


@dataclass(frozen=True)
class _Rows:
    """The rows that can be used: numbers, factors, and how many were left out."""

    numbers: dict[str, Any]
    factors: dict[str, Any]
    missing: int
    not_numbers: int

    @property
    def fixed(self) -> dict[str, Any]:
        """All numbers but the outcome, which is the first."""
        return dict(list(self.numbers.items())[1:])


def _listed(headings: Sequence[str], text: str, option: str) -> list[str]:
    names = [existing(headings, name.strip()) for name in text.split(",") if name.strip()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadInputError(f"{option} names '{min(twice)}' twice: once is enough.")
    return names


def _asked(outcome: str, names: Sequence[str], numbers: Sequence[str], method: Method) -> None:
    if not names:
        raise BadInputError("--crossed takes one column or more, with commas: for instance --crossed customer,agent.")
    if shared := {outcome} & {*names, *numbers} or {*names} & {*numbers}:
        raise BadInputError(f"'{min(shared)}' cannot be two things: outcome, crossed factor or fixed effect.")
    if numbers and method is Method.MOMENTS:
        raise BadInputError("--method moments has no fixed effects: leave --fixed out, or use --method ml or reml.")


def _rows(told: pa.Table, numbers: Sequence[str], names: Sequence[str]) -> _Rows:
    cells = {name: _plain(told[name]) for name in (*numbers, *names)}
    there = np.ones(told.num_rows, dtype=bool)
    for each in cells.values():
        there &= each.is_valid().to_numpy(zero_copy_only=False)
    right = there.copy()
    for name in numbers:
        right &= _numeric(name, cells[name])
    if not right.any():
        raise BadInputError(
            f"No row has all of {', '.join(cells)}: {int((~there).sum())} row(s) lack one of them, "
            f"{int((there & ~right).sum())} have something that is not a number."
        )
    kept = pa.array(right)
    found = {name: _values(cells[name].filter(kept)) for name in numbers}
    factors = {name: cells[name].filter(kept).dictionary_encode().indices.to_numpy() for name in names}
    return _Rows(found, factors, int((~there).sum()), int((there & ~right).sum()))


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """The cells as one array, the empty ones null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.if_else(pc.equal(whole, ""), pa.scalar(None, pa.string()), whole)


def _numeric(name: str, cells: pa.Array) -> Any:  # noqa: ANN401 -- an array of yes and no
    matched = pc.fill_null(pc.match_substring_regex(cells, NUMBER), fill_value=False).to_numpy(zero_copy_only=False)
    known = len(cells) - cells.null_count
    if known and (known - matched.sum()) / known > MOST_TEXT:
        example = next(cell for cell, right in zip(cells.to_pylist(), matched, strict=True) if cell and not right)
        raise BadInputError(f"'{name}' must be numbers, and is text: '{example[:40]}'. Choose a column of numbers.")
    return matched


def _values(cells: pa.Array) -> Any:  # noqa: ANN401 -- an array of numbers
    return pc.cast(pc.replace_substring(cells, ",", "."), pa.float64()).to_numpy()


def _by_likelihood(rows: _Rows, outcome: str, names: Sequence[str], method: Method) -> Varied:
    factors = {name: rows.factors[name] for name in names}
    found: Crossed = crossed(rows.numbers[outcome], factors, rows.fixed, reml=method is Method.REML)
    return Varied(
        method=method.value,
        rows=found.rows,
        missing=rows.missing,
        not_numbers=rows.not_numbers,
        deviance=found.deviance,
        converged=found.converged,
        reason=found.reason,
        components=found.components,
        fixed=found.fixed,
    )


def _by_moments(rows: _Rows, outcome: str, names: Sequence[str]) -> Varied:
    y = rows.numbers[outcome]
    checked(y, rows.factors)
    columns = {f"f{place}": pa.array(rows.factors[name]).cast(pa.string()) for place, name in enumerate(names)}
    connection = engines.connect()
    table = engines.kept(connection, ibis.memtable(pa.table({"y": pa.array(y), **columns})))
    found = moments(table, "y", list(columns))
    if found is None:
        raise NotEstimableError(
            "confounded", names, f"The pairs of rows do not tell {', '.join(names)} apart: leave one factor out."
        )
    told = []
    for name, shown in zip(found.names, [*names, RESIDUAL], strict=True):
        one = found.component(name)
        ends = {"variance": one.value, "low": one.low, "high": one.high}
        told.append({"name": shown, **ends, "levels": found.levels.get(name, found.rows), "interval": "jackknife"})
    engines.close(connection)
    return Varied(Method.MOMENTS.value, found.rows, rows.missing, rows.not_numbers, None, None, "", told, ())


def _shown(voice: Voice, found: Varied) -> list[Any]:
    """The answer for people."""
    said: list[Any] = [voice.say("variance.used", n=found.rows)]
    left = {name: getattr(found, name) for name in ("missing", "not_numbers")}
    said += [voice.say(f"variance.{name}", n=n) for name, n in left.items() if n]
    if found.deviance is not None:
        restricted = "deviance_reml" if found.method == Method.REML else "deviance"
        said.append(voice.say(f"variance.{restricted}", value=voice.language.number(found.deviance, 4)))
        said.append(voice.say(f"variance.stopped_{found.reason}" if found.reason else "variance.converged"))
    said += ["", _components(voice, found)]
    kinds = sorted({_of(each, "interval") for each in found.components} - {"none"})
    said += [voice.say(f"variance.interval_{kind}") for kind in kinds]
    return [*said, "", _effects(voice, found.fixed)] if found.fixed else said


def _of(component: Component | dict[str, Any], name: str) -> Any:  # noqa: ANN401 -- text or number
    return component[name] if isinstance(component, dict) else getattr(component, name)


def _components(voice: Voice, found: Varied) -> Table:
    number, total = voice.language.number, sum(max(_of(each, "variance"), 0.0) for each in found.components)
    names = ("factor", "variance", "interval", "share", "levels")
    table = grid({name: voice.say(f"variance.{name}") for name in names}, left={"factor"})
    for each in found.components:
        value, low, high = (_of(each, name) for name in ("variance", "low", "high"))
        digits = max(2, 4 - len(str(int(abs(value)))))
        ends = voice.say("variance.between", low=number(low, digits), high=number(high, digits))
        label = voice.say("variance.residual") if _of(each, "name") == RESIDUAL else _of(each, "name")
        share = voice.language.percent(max(value, 0.0) / total)
        table.add_row(label, number(value, digits), ends, share, number(_of(each, "levels")))
    return table


def _effects(voice: Voice, effects: Sequence[Effect]) -> Table:
    number = voice.language.number
    names = ("effect", "estimate", "error", "interval")
    table = grid({name: voice.say(f"variance.{name}") for name in names}, left={"effect"})
    for each in effects:
        ends = voice.say("variance.between", low=number(each.low, 4), high=number(each.high, 4))
        label = each.name or voice.say("variance.intercept")
        table.add_row(label, number(each.estimate, 4), number(each.standard_error, 4), ends)
    return table
