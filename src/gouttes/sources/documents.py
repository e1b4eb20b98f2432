"""JSON: an array, an object that holds one, JSON Lines, or objects one after the other."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.sources.encoding import as_utf8
from gouttes.sources.lines import row_lines
from gouttes.sources.macros import quoted
from gouttes.sources.rejects import Reason
from gouttes.sources.tables import UNREAD, Loaded, cleaned, fresh, split_large

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as ReadOnly

    from gouttes.sources.contract import FileSpec
    from gouttes.sources.sandbox import Sandbox

SAMPLED = 1000
LARGEST_OBJECT = 64_000_000  # of one record; a document that wraps its records may be as large as its file
HEAD = 1 << 16


class Documents:
    """A JSON file, in whichever of its shapes."""

    what = "JSON"

    def __init__(self, name: str, path: Path, folder: Path, sandbox: Sandbox) -> None:
        self.name = name
        self._sandbox = sandbox
        self._text = as_utf8(path, fresh(folder, ".json"))
        self._folder = folder
        self.notices = self._text.notices
        self._docs = f"docs_{fresh(folder, '').name}"
        self._lines = False
        self._load_documents()

    def headings(self, spec: FileSpec) -> tuple[str, ...]:
        """The paths that a sample of records holds, such as ``requester.email``."""
        return tuple(self._cells(spec))

    def load(self, sandbox: Sandbox, target: str, spec: FileSpec, wanted: ReadOnly[str, int]) -> Loaded:
        """One row per record, or per element of ``each``."""
        cells = list(self._cells(spec).values())
        found = cleaned({name: cells[place] for name, place in wanted.items()}, spec)
        sandbox.run(
            f"create table {target} as select line, doc, {found} from ({self._records(spec)}) "
            f"where json_type(doc) = 'OBJECT'"
        )
        unread = split_large(sandbox, target, spec, self._unread(spec))
        rows = int(sandbox.one(f"select count(*) from {target}"))
        return Loaded(target, rows, unread, () if rows or unread.num_rows else ("It holds no record.",))

    def _cells(self, spec: FileSpec) -> dict[str, str]:
        """Path → the SQL that finds it."""
        sample = f"(select * from ({self._records(spec)}) limit {SAMPLED})"
        found = {path: _found("doc", pointer) for path, pointer in _paths(self._structure(f"select doc from {sample}"))}
        if spec.each:
            inside = self._structure(f"select element as doc from {sample}")
            found |= {f"each.{path}": _found("element", pointer) for path, pointer in _paths(inside)}
        for alias in (alias for aliases in spec.columns.values() for alias in aliases if "[" in alias):
            if alias.split("[")[0] in found:
                found.setdefault(alias, _found("doc", _pointer(alias)))
        return found

    def _load_documents(self) -> None:
        path = self._text.path
        with path.open("rb") as file:
            head = file.read(HEAD).decode("utf-8", "ignore").removeprefix("\ufeff").lstrip()
        self._lines = head.startswith("{") and _is_json(head.split("\n", 1)[0])
        shape = "array" if head.startswith("[") else "newline_delimited" if self._lines else "unstructured"
        largest = min(max(LARGEST_OBJECT, path.stat().st_size + 1 if head.startswith("{") else 0), (1 << 32) - 1)
        try:
            self._read(path, shape, largest)
        except duckdb.Error:
            self._read(self._mended(path), "newline_delimited", largest)

    def _read(self, path: Path, shape: str, largest: int) -> None:
        tolerant = ", ignore_errors = true" if shape == "newline_delimited" else ""
        self._sandbox.run(
            f"create or replace table {self._docs} as select json::varchar as doc from "
            f"read_json_objects({quoted(str(path))}, format = '{shape}', maximum_object_size = {largest}{tolerant})"
        )
        self._number(path)

    def _number(self, path: Path) -> None:
        """JSON Lines are told by their line, other records by their rank."""
        rows = int(self._sandbox.one(f"select count(*) from {self._docs}"))
        lines = row_lines(path, quotes=False, blanks=False) if self._lines else np.empty(0)
        if len(lines) != rows:
            lines = np.arange(1, rows + 1)
        self._sandbox.add(f"{self._docs}_lines", pa.table({"line": pa.array(lines, pa.int64())}))

    def _mended(self, path: Path) -> Path:
        """What Python's more patient parser makes of it (NaN, lone surrogates), as JSON Lines."""
        try:
            document = json.loads(path.read_text("utf-8-sig"), parse_constant=lambda _: None)
        except (ValueError, RecursionError) as error:
            raise BadInputError(
                f"{self.name} starts like JSON and is not: {error}. It may have been cut short: export it again."
            ) from error
        copy = fresh(self._folder, ".jsonl")
        records = document if isinstance(document, list) else [document]
        with copy.open("w", encoding="utf-8", errors="replace") as out:
            out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        return copy

    def _records(self, spec: FileSpec) -> str:
        """SQL of the records, with ``line``, ``doc`` and, for ``each``, ``element``."""
        docs = f"(select line, doc from {self._docs}_lines positional join {self._docs} where doc is not null)"
        arrays = [
            f"when json_type(doc, {quoted(_pointer(key))}) = 'ARRAY' "
            f"then json_extract(doc, {quoted(_pointer(key) + '[*]')})::varchar[]"
            for key in spec.records
        ]
        if arrays:
            several = f"list_transform(case {' '.join(arrays)} else [doc] end, lambda d, i: {{'doc': d, 'rank': i}})"
            wraps = f"(select count(*) = 1 from {docs})"
            docs = (
                f"(select case when {wraps} then item.rank else line end as line, item.doc as doc "
                f"from (select line, unnest({several}) as item from {docs}))"
            )
        if not spec.each:
            return f"select line, doc from {docs}"
        elements = f"unnest(json_extract(doc, {quoted(_pointer(spec.each) + '[*]')})::varchar[])"
        return f"select line, doc, {elements} as element from {docs} where json_type(doc) = 'OBJECT'"

    def _structure(self, docs: str) -> Any:  # noqa: ANN401 -- JSON
        found = self._sandbox.one(
            f"select json_group_structure(doc::json)::varchar from ({docs}) where json_type(doc) = 'OBJECT'"
        )
        return json.loads(found) if found else {}

    def _unread(self, spec: FileSpec) -> pa.Table:
        broken = (
            f"select line, {quoted(Reason.NOT_JSON)} as reason from {self._docs}_lines positional join {self._docs} "
            "where doc is null"
        )
        odd = f"select line, {quoted(Reason.NOT_RECORD)} from ({self._records(spec)}) where json_type(doc) <> 'OBJECT'"
        sql = broken if spec.each else f"{broken} union all {odd}"
        return self._sandbox.arrow(f"select line, reason from ({sql}) order by 1").cast(UNREAD)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _paths(structure: Any, before: str = "", pointer: str = "$") -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- JSON
    """Every path of an object, parents before children, and DuckDB's pointer to it."""
    if not isinstance(structure, dict):
        return
    for key, inside in structure.items():
        here = pointer + _step(key)
        yield before + key, here
        yield from _paths(inside, f"{before}{key}.", here)


def _pointer(path: str) -> str:
    """``a.b[0].c`` as DuckDB's ``$."a"."b"[0]."c"``."""
    steps = []
    for step in path.split("."):
        key, bracket, rest = step.partition("[")
        steps.append(_step(key) + bracket + rest)
    return "$" + "".join(steps)


def _step(key: str) -> str:
    return '."' + key.replace('"', '\\"') + '"'


def _found(inside: str, pointer: str) -> str:
    return f"without_nul(json_extract_string({inside}, {quoted(pointer)}))"
