"""CSV and its cousins: what separates the cells, which line a row stands on, rows that do not fit."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gouttes.sources.encoding import CHUNK, Text, as_utf8
from gouttes.sources.lines import line_of, row_lines
from gouttes.sources.macros import quoted
from gouttes.sources.rejects import Reason
from gouttes.sources.tables import MOST_CELL, UNREAD, Loaded, fresh, nothing_unread, split_large

if TYPE_CHECKING:
    from gouttes.sources.contract import FileSpec
    from gouttes.sources.sandbox import Sandbox
    from gouttes.sources.tables import Wanted

DELIMITERS = ",;\t|"
SAMPLE = 1 << 18
SAMPLED_ROWS = 60
USUAL_LINE, LONGEST_LINE = 2_000_000, MOST_CELL + 1_000_000
REASONS = {
    "MISSING COLUMNS": Reason.RAGGED,
    "TOO MANY COLUMNS": Reason.RAGGED,
    "UNQUOTED VALUE": Reason.QUOTES,
    "LINE SIZE OVER MAXIMUM": Reason.TOO_LARGE,
}


@dataclass(frozen=True)
class Layout:
    """How the text is cut: by which delimiter, after how many lines to skip, under which headings."""

    text: Text
    delimiter: str
    skip: int
    headings: tuple[str, ...]


class Delimited:
    """A text file whose cells are separated by a delimiter."""

    what = "delimited text"
    sampled = False

    def __init__(self, name: str, path: Path, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._text = as_utf8(path, fresh(folder, ".csv"))
        self.notices = self._text.notices
        self._layouts: dict[str | None, Layout] = {}

    def headings(self, spec: FileSpec, *, whole: bool = False) -> tuple[str, ...]:
        """The first row; a ``sep=`` line that Excel writes is left out."""
        del whole
        return self._layout(spec.delimiter).headings

    def load(self, sandbox: Sandbox, target: str, wanted: Wanted) -> Loaded:
        """Rows as DuckDB reads them, and those it could not read with the line they stand on."""
        layout = self._layout(wanted.spec.delimiter)
        unread = _read(sandbox, target, layout, wanted, USUAL_LINE)
        if Reason.TOO_LARGE in unread["reason"].unique().to_pylist():
            sandbox.run(f"drop table {target}_raw")
            unread = _read(sandbox, target, layout, wanted, LONGEST_LINE)
            _number(sandbox, target, f"{target}_any", layout, unread)
            sandbox.run(f"create table {target} as select * from {target}_any")
            unread = split_large(sandbox, target, wanted.spec, unread)
        else:
            _number(sandbox, target, target, layout, unread)
        rows = int(sandbox.one(f"select count(*) from {target}"))
        notices = () if rows or unread.num_rows else ("It has headings but no rows.",)
        return Loaded(target, rows, unread, notices, ";" if layout.delimiter == ";" else "")

    def _layout(self, delimiter: str | None) -> Layout:
        if delimiter not in self._layouts:
            text = _single_blanks(self._text, fresh(self._folder, ".csv")) if delimiter == " " else self._text
            self._layouts[delimiter] = _layout(text, delimiter)
        return self._layouts[delimiter]


def _layout(text: Text, delimiter: str | None) -> Layout:
    with text.path.open("rb") as file:
        sample = file.read(SAMPLE).decode("utf-8", "ignore").removeprefix("\ufeff")
    skip = 0
    told = re.match(r'"?sep=(.)"?\r?\n', sample)
    if told:
        delimiter, skip = delimiter or told[1], 1
        sample = sample[told.end() :]
    delimiter = delimiter or _sniffed(sample)
    first = next((row for row in _rows(sample, delimiter) if row), [])
    return Layout(text, delimiter, skip, tuple(heading.strip() for heading in first))


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        rows.extend(itertools.islice(reader, SAMPLED_ROWS))
    except csv.Error:  # a cell beyond the sample or beyond csv's own limit: the rows so far are enough to sniff
        rows = rows or [sample.split("\n", 1)[0].rstrip("\r").split(delimiter)]
    return rows


def _sniffed(sample: str) -> str:
    """The delimiter that cuts most rows into as many cells as the headings, then into most cells."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _rows(sample, delimiter) if row]
        if not widths or widths[0] < 2:  # noqa: PLR2004 -- one cell is no cut at all
            return (0.0, 0)
        return (Counter(widths)[widths[0]] / len(widths), widths[0])

    return max(DELIMITERS, key=score)


def _read(sandbox: Sandbox, target: str, layout: Layout, wanted: Wanted, longest: int) -> pa.Table:
    """Fill ``{target}_raw``; the rows that do not fit."""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(layout.headings)))
    log = f"{target}_unread_{longest}"
    source = (
        f"read_csv({quoted(str(layout.text.path))}, "
        f"auto_detect = false, header = true, skip = {layout.skip}, delim = {quoted(layout.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, max_line_size = {longest}, "
        f"store_rejects = true, rejects_limit = 0, rejects_table = '{log}', rejects_scan = '{log}_scan')"
    )
    cells = {name: f"c{place}" for name, place in wanted.places.items()}
    sandbox.run(f"create table {target}_raw as {wanted.select(cells, source)}")
    found = sandbox.arrow(
        "select line_byte_position - 1 as place, any_value(error_type)::varchar as error "
        f"from {log} group by 1 order by 1"
    )
    if not found.num_rows:
        return nothing_unread()
    lines = line_of(layout.text.path, found["place"].to_numpy())
    reasons = [REASONS.get(error, Reason.QUOTES) for error in found["error"].to_pylist()]
    return pa.table({"line": lines, "reason": pa.array(reasons, pa.string())}, schema=UNREAD)


def _number(sandbox: Sandbox, target: str, view: str, layout: Layout, unread: pa.Table) -> None:
    """The view of the rows with their lines, counted where every line is a row, else looked up."""
    rows = int(sandbox.one(f"select count(*) from {target}_raw"))
    first = layout.skip + 2
    plain = layout.text.newlines - layout.skip - rows in {0, 1}
    lines = None if plain else _looked_up(layout, unread["line"].to_numpy())
    if lines is None or len(lines) != rows:
        select = f"rowid + {first} as line, null::varchar as doc, * from {target}_raw"
    else:
        sandbox.add(f"{target}_lines", pa.table({"line": lines}))
        select = f"line, null::varchar as doc, {target}_raw.* from {target}_lines positional join {target}_raw"
    sandbox.run(f"create view {view} as select {select}")


def _looked_up(layout: Layout, unread: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray:
    found = row_lines(layout.text.path, quotes=True, blanks=len(layout.headings) == 1)
    found = found[found > layout.skip][1:]
    return found[~np.isin(found, unread)]


def _single_blanks(text: Text, copy: Path) -> Text:
    """Columns aligned with blanks: runs become one blank, and those at the start and end of a line go."""
    with text.path.open("rb") as file, copy.open("wb") as out:
        held = b""
        while chunk := file.read(CHUNK):
            whole, cut, held = (held + chunk).rpartition(b"\n")
            out.write(_collapsed(whole + cut))
        out.write(_collapsed(held))
    return replace(text, path=copy)


def _collapsed(lines: bytes) -> bytes:
    return re.sub(rb"(?m)^ | (?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", lines))
