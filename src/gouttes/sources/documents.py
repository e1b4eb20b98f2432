"""JSON: an array, an object that holds one, JSON Lines, or objects one after the other."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.sources.encoding import as_utf8
from gouttes.sources.lines import row_lines
from gouttes.sources.macros import named, quoted
from gouttes.sources.rejects import Reason
from gouttes.sources.tables import UNREAD, Loaded, fresh, split_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gouttes.sources.contract import FileSpec
    from gouttes.sources.sandbox import Sandbox
    from gouttes.sources.tables import Wanted

SAMPLED = 1000
MOST_PATHS = 4000  # a prior: the widest export known has some hundreds of columns
MIXED = "JSON"  # how json_group_structure calls what is now an object, now something else
LARGEST_OBJECT = 64_000_000  # of one record; a document that wraps its records may be as large as its file
HEAD = 1 << 16


@dataclass(frozen=True)
class Shape:
    """What records look like.

    Attributes:
        tree: their keys with those inside, as ``json_group_structure`` tells them.
        records: how many were looked at.
    """

    tree: Any
    records: int

    @cached_property
    def dictionary(self) -> bool:
        """Whether keys are data, such as one key per customer: then not all can be listed."""
        return sum(1 for _ in _paths(self.tree)) > MOST_PATHS

    def unsure(self, path: str) -> bool:
        """Whether a path may be there all the same: not all keys are listed, or an object is now and then a text."""
        return self.dictionary or self.at(path, MIXED) == MIXED

    def at(self, path: str, until: str | None = None) -> Any:  # noqa: ANN401 -- JSON
        """What is at a path, or on the way to it where that is ``until``."""
        inside = self.tree
        for step in path.split("."):
            key, *places = step.split("[")
            inside = inside.get(key) if isinstance(inside, dict) else None
            for _ in places:
                inside = inside[0] if isinstance(inside, list) else inside if inside == until else None
            if inside == until:
                break
        return inside


class Documents:
    """A JSON file, in whichever of its shapes."""

    what = "JSON"
    sampled = True

    def __init__(self, name: str, path: Path, folder: Path, sandbox: Sandbox) -> None:
        self.name = name
        self._sandbox = sandbox
        self._text = as_utf8(path, fresh(folder, ".json"))
        self._folder = folder
        self.notices = self._text.notices
        self._docs = f"docs_{fresh(folder, '').name}"
        self._lines = False
        self._shapes: dict[tuple[tuple[str, ...], bool], Shape] = {}
        self._keys: frozenset[str] | None = None
        self._load_documents()

    def headings(self, spec: FileSpec, *, whole: bool = False) -> tuple[str, ...]:
        """The paths that the first records hold, or all records, such as ``requester.email``."""
        return tuple(self._pointers(spec, whole=whole))

    def load(self, sandbox: Sandbox, target: str, wanted: Wanted) -> Loaded:
        """One row per record, or per element of ``each``; a record is parsed once, for all its columns."""
        spec = wanted.spec
        pointers = list(self._pointers(spec, whole=True).values())
        asked: dict[str, list[str]] = {"doc": [], "element": []}
        found = {}
        for name, place in wanted.places.items():
            inside, pointer = pointers[place]
            asked[inside].append(quoted(pointer))
            found[name] = f"{inside}_cells[{len(asked[inside])}]"
        lists = [
            f"json_extract_string({inside}, [{', '.join(texts)}]) as {inside}_cells"
            for inside, texts in asked.items()
            if texts
        ]
        records = f"({self._records(spec.records, spec.each)}) where json_type(doc) = 'OBJECT'"
        cells = [f"without_nul({sql}) as {named(name)}" for name, sql in found.items()]
        source = f"(select {', '.join(['line', 'doc', *lists])} from {records})"
        source = f"(select {', '.join(['line', 'doc', *cells])} from {source})"
        places = {name: named(name) for name in found}
        sandbox.run(f"create table {target} as {wanted.select(places, source, 'line', 'doc')}")
        unread = split_large(sandbox, target, spec, self._unread(spec))
        rows = int(sandbox.one(f"select count(*) from {target}"))
        return Loaded(target, rows, unread, () if rows or unread.num_rows else ("It holds no record.",))

    def _pointers(self, spec: FileSpec, *, whole: bool) -> dict[str, tuple[str, str]]:
        """Path → the JSON it is found in (``doc`` or ``element``) and DuckDB's pointer to it."""
        shape = self._shape(spec, whole=whole)
        found = {path: ("doc", pointer) for path, pointer in _paths(shape.tree)}
        if spec.each:
            inside = dict(_paths(self._elements(spec, shape)))
            found |= {f"each.{path}": ("element", pointer) for path, pointer in inside.items()}
            if not inside:
                return {}
        aliases = [alias for several in spec.columns.values() for alias in several if alias not in found]
        found |= {alias: ("doc", _pointer(alias)) for alias in aliases if "[" in alias and shape.at(alias) is not None}
        unsure = [alias for alias in aliases if alias not in found and shape.unsure(alias)]
        if whole and unsure:
            found |= {alias: ("doc", _pointer(alias)) for alias in self._there(spec, unsure)}
        return found

    def _shape(self, spec: FileSpec, *, whole: bool) -> Shape:
        """What the first records look like, or all of them; asked once for all files whose records sit alike."""
        keys = spec.records if whole else tuple(key for key in spec.records if _steps(key)[0] in self._outermost())
        if (keys, whole) not in self._shapes:
            shape = self._shapes.get((keys, False)) or self._look(f"doc from ({self._records(keys)})", SAMPLED)
            self._shapes[keys, False] = shape
            if whole and shape.records == SAMPLED and not shape.dictionary:
                shape = self._look(f"doc from ({self._records(keys)})")
            self._shapes[keys, whole] = shape
        return self._shapes[keys, whole]

    def _elements(self, spec: FileSpec, shape: Shape) -> Any:  # noqa: ANN401 -- JSON
        """What the elements of ``each`` look like."""
        inside = shape.at(spec.each or "")
        if isinstance(inside, list):
            return inside[0]
        unsure = inside == MIXED or shape.dictionary
        return self._look(f"element as doc from ({self._records(spec.records, spec.each)})").tree if unsure else {}

    def _look(self, what: str, most: int | None = None) -> Shape:
        objects = f"select doc from (select {what}) where json_type(doc) = 'OBJECT'" + (
            f" limit {most}" if most else ""
        )
        found, count = self._sandbox.rows(
            f"select json_group_structure(doc::json)::varchar, count(*) from ({objects})"
        )[0]
        return Shape(json.loads(found) if found else {}, count)

    def _outermost(self) -> frozenset[str]:
        """The keys of the first documents, among which the array of records may be."""
        if self._keys is None:
            docs = f"(select doc from {self._docs} where json_type(doc) = 'OBJECT' limit {SAMPLED})"
            self._keys = frozenset(
                key for (key,) in self._sandbox.rows(f"select distinct unnest(json_keys(doc)) from {docs}")
            )
        return self._keys

    def _there(self, spec: FileSpec, aliases: list[str]) -> list[str]:
        """Those of these paths that any record has."""
        lists = ", ".join(quoted(_pointer(alias)) for alias in aliases)
        places = ", ".join(f"bool_or(there[{place}] is not null)" for place in range(1, len(aliases) + 1))
        docs = f"select json_type(doc, [{lists}]) as there from ({self._records(spec.records, spec.each)})"
        (answers,) = self._sandbox.rows(f"select {places} from ({docs})")
        return [alias for alias, answer in zip(aliases, answers, strict=True) if answer]

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

    def _records(self, keys: tuple[str, ...], each: str | None = None) -> str:
        """SQL of the records, with ``line``, ``doc`` and, for ``each``, ``element``; ``keys``: where they may sit."""
        docs = f"(select line, doc from {self._docs}_lines positional join {self._docs} where doc is not null)"
        arrays = [
            f"when json_type(doc, {quoted(_pointer(key))}) = 'ARRAY' "
            f"then json_extract(doc, {quoted(_pointer(key) + '[*]')})::varchar[]"
            for key in keys
        ]
        if arrays:
            several = f"list_transform(case {' '.join(arrays)} else [doc] end, lambda d, i: {{'doc': d, 'rank': i}})"
            wraps = f"(select count(*) = 1 from {docs})"
            docs = (
                f"(select case when {wraps} then item.rank else line end as line, item.doc as doc "
                f"from (select line, unnest({several}) as item from {docs}))"
            )
        if not each:
            return f"select line, doc from {docs}"
        elements = f"unnest(json_extract(doc, {quoted(_pointer(each) + '[*]')})::varchar[])"
        return f"select line, doc, {elements} as element from {docs} where json_type(doc) = 'OBJECT'"

    def _unread(self, spec: FileSpec) -> pa.Table:
        broken = (
            f"select line, {quoted(Reason.NOT_JSON)} as reason from {self._docs}_lines positional join {self._docs} "
            "where doc is null"
        )
        odd = f"select line, {quoted(Reason.NOT_RECORD)} from ({self._records(spec.records, spec.each)}) "
        odd += "where json_type(doc) <> 'OBJECT'"
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
    return "$" + "".join(_step(key) + path[len(key) :] for key, path in zip(_steps(path), path.split("."), strict=True))


def _steps(path: str) -> list[str]:
    """The keys of a path, without places in arrays."""
    return [step.partition("[")[0] for step in path.split(".")]


def _step(key: str) -> str:
    return '."' + key.replace('"', '\\"') + '"'
