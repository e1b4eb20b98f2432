"""Reading a mapping from TOML, with errors that name the entry, the key and the nearest right one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import KINDS, kind_named
from gouttes.eventlog.schema import EVENTS
from gouttes.sources.contract import (
    IDENTIFIER_FIELDS,
    Entry,
    EventSpec,
    FileSpec,
    IdentifierSpec,
    JoinSpec,
    Mapping,
    TextSpec,
)
from gouttes.sources.expressions import check, nearest, read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECTIONS = ("mapping", "file", "event", "identifier", "text", "join")
HEADER = ("source", "title", "describe")
FILE_KEYS = (
    "name",
    "columns",
    "required",
    "match",
    "records",
    "sheet",
    "each",
    "date_order",
    "decimal",
    "delimiter",
)
JOIN_KEYS = ("name", "left", "right", "on")
IDENTIFIER_KEYS = ("from", "subject", "field", "field_from", "value", "when", "known_at")
TEXT_KEYS = ("from", "event", "key", "text", "when", "language")
EVENT_OWN = ("from", "kind", "kind_from", "key", "subject", "occurred_at", "when", "properties")
NOT_DECLARED = {"event_id", "source", *EVENT_OWN}
EVENT_COLUMNS = tuple(field.name for field in EVENTS if field.name not in NOT_DECLARED)

Spec = TypeVar("Spec")


def load(path: str | Path) -> Mapping:
    """The mapping in a TOML file.

    Raises:
        BadInputError: the file cannot be read, is not TOML, or declares something unknown or incomplete.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInputError(f"The mapping {path} cannot be read: {why}. Give a TOML file in UTF-8.") from error
    return parse(text, where=str(path))


def parse(text: str, *, where: str) -> Mapping:
    """The mapping in a TOML text; ``where`` names it in errors.

    Raises:
        BadInputError: the text is not TOML, or declares something unknown or incomplete.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"{where} is not valid TOML: {error}.") from error
    _only(document, SECTIONS, where)
    header = _table(document, "mapping", where)
    _only(header, HEADER, f"{where} [mapping]")
    if "|" in str(header.get("source")):
        raise BadInputError(f"{where} [mapping]: 'source' may not hold '|', which parts it from the key in event ids.")
    mapping = Mapping(
        source=_text(header, "source", f"{where} [mapping]"),
        title=_text(header, "title", f"{where} [mapping]", default=str(header.get("source"))),
        describe=_text(header, "describe", f"{where} [mapping]", default=""),
        files=_each(document, "file", where, _file),
        joins=_each(document, "join", where, _join),
        events=_each(document, "event", where, _event),
        identifiers=_each(document, "identifier", where, _identifier),
        texts=_each(document, "text", where, _words),
        where=where,
    )
    _check(mapping, where)
    return mapping


def _file(entry: dict[str, Any], label: str) -> FileSpec:
    _only(entry, FILE_KEYS, label)
    columns = _table(entry, "columns", label)
    spec = FileSpec(
        name=_text(entry, "name", label),
        columns=MappingProxyType({name: _texts(columns, name, f"{label} columns") for name in columns}),
        required=_texts(entry, "required", label),
        match=_texts(entry, "match", label, default=()),
        records=_texts(entry, "records", label, default=()),
        sheet=_text(entry, "sheet", label, default="") or None,
        each=_text(entry, "each", label, default="") or None,
        date_order=_one_of(entry, "date_order", label, ("dmy", "mdy")),  # type: ignore[arg-type]  # _one_of gives one of the words of the literal
        decimal=_one_of(entry, "decimal", label, ("", ".", ",")) or None,
        delimiter=_text(entry, "delimiter", label, default="") or None,
    )
    if not spec.required:
        raise BadInputError(f"{label}: 'required' is empty. Name the columns that tell this file from others.")
    for name in spec.required:
        if name not in spec.columns:
            raise BadInputError(
                f"{label}: required column '{name}' is not in [file.columns].{nearest(name, tuple(spec.columns))}"
            )
    for name in spec.columns:
        _identifier_name(name, label)
    if spec.delimiter and len(spec.delimiter) != 1:
        raise BadInputError(f"{label}: 'delimiter' is one character, not {spec.delimiter!r}.")
    return spec


def _join(entry: dict[str, Any], label: str) -> JoinSpec:
    _only(entry, JOIN_KEYS, label)
    return JoinSpec(*(_text(entry, key, label) for key in JOIN_KEYS))


def _event(entry: dict[str, Any], label: str) -> EventSpec:
    kind, kind_from = _either(entry, "kind", "kind_from", label)
    label = f"{label} ({kind or 'kind_from'})"
    _only(entry, (*EVENT_OWN, *EVENT_COLUMNS), label)
    if kind:
        _registered(kind, label)
    properties = _table(entry, "properties", label) if "properties" in entry else {}
    return EventSpec(
        label=label,
        source_file=_text(entry, "from", label),
        kind=kind,
        kind_from=kind_from,
        key=_text(entry, "key", label),
        subject=_text(entry, "subject", label),
        occurred_at=_text(entry, "occurred_at", label),
        when=_text(entry, "when", label, default="") or None,
        columns=MappingProxyType({name: _text(entry, name, label) for name in EVENT_COLUMNS if name in entry}),
        properties=MappingProxyType({name: _text(properties, name, f"{label} properties") for name in properties}),
    )


def _registered(kind: str, label: str) -> None:
    try:
        kind_named(kind)
    except BadInputError as error:
        raise BadInputError(f"{label}: {error}{nearest(kind, tuple(KINDS))}") from error


def _identifier(entry: dict[str, Any], label: str) -> IdentifierSpec:
    _only(entry, IDENTIFIER_KEYS, label)
    field, field_from = _either(entry, "field", "field_from", label)
    if field and field not in IDENTIFIER_FIELDS:
        raise BadInputError(
            f"{label}: there is no identifier '{field}'.{nearest(field, IDENTIFIER_FIELDS)} "
            f"Identifiers: {', '.join(IDENTIFIER_FIELDS)}."
        )
    return IdentifierSpec(
        label=f"{label} ({field or 'field_from'})",
        source_file=_text(entry, "from", label),
        subject=_text(entry, "subject", label),
        field=field,
        field_from=field_from,
        value=_text(entry, "value", label),
        when=_text(entry, "when", label, default="") or None,
        known_at=_text(entry, "known_at", label, default="") or None,
    )


def _words(entry: dict[str, Any], label: str) -> TextSpec:
    _only(entry, TEXT_KEYS, label)
    _registered(_text(entry, "event", label), label)
    return TextSpec(
        label=label,
        source_file=_text(entry, "from", label),
        event=_text(entry, "event", label),
        key=_text(entry, "key", label),
        text=_text(entry, "text", label),
        when=_text(entry, "when", label, default="") or None,
        language=_text(entry, "language", label, default="") or None,
    )


def _check(mapping: Mapping, where: str) -> None:
    """What one entry says of another, and every expression."""
    names = [*(spec.name for spec in mapping.files), *(spec.name for spec in mapping.joins)]
    if not mapping.files:
        raise BadInputError(f"{where} has no [[file]]: say at least which columns to look for.")
    for name in names:
        if names.count(name) > 1:
            raise BadInputError(f"{where}: two files or joins are called '{name}'. Give each its own name.")
    for join in mapping.joins:
        _check_join(mapping, join, f"{where} [[join]] '{join.name}'")
    read_ahead(text for spec in mapping.entries for _, text in expressions_of(spec))
    for spec in mapping.entries:
        if spec.source_file not in names:
            raise BadInputError(
                f"{spec.label}: from = '{spec.source_file}' is no file or join of this mapping."
                f"{nearest(spec.source_file, names)} There are: {', '.join(names)}."
            )
        columns = mapping.columns_of(spec.source_file)
        for name, text in expressions_of(spec):
            check(text, where=f"{spec.label}, {name}", columns=columns)


def _check_join(mapping: Mapping, join: JoinSpec, label: str) -> None:
    for side in (join.left, join.right):
        spec = mapping.file(side)
        if spec is None:
            raise BadInputError(f"{label}: '{side}' is no [[file]] of this mapping.")
        if join.on not in spec.columns:
            raise BadInputError(f"{label}: '{side}' has no column '{join.on}' to join on.")


def expressions_of(spec: Entry) -> Iterable[tuple[str, str]]:
    """The (name, SQL) of every expression of an entry."""
    named: dict[str, str | None]
    if isinstance(spec, EventSpec):
        named = {"kind": spec.kind_from, "key": spec.key, "subject": spec.subject}
        named |= {"occurred_at": spec.occurred_at, "when": spec.when}
        named |= dict(spec.columns) | {f"properties.{key}": text for key, text in spec.properties.items()}
    elif isinstance(spec, IdentifierSpec):
        named = {"field": spec.field_from, "subject": spec.subject, "value": spec.value}
        named |= {"when": spec.when, "known_at": spec.known_at}
    else:
        named = {"key": spec.key, "text": spec.text, "when": spec.when, "language": spec.language}
    return [(name, text) for name, text in named.items() if text is not None]


def _each(
    document: dict[str, Any], section: str, where: str, make: Callable[[dict[str, Any], str], Spec]
) -> tuple[Spec, ...]:
    entries = document.get(section, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInputError(f"{where}: '{section}' is a list of tables; write [[{section}]] with two brackets.")
    return tuple(make(entry, f"{where} [[{section}]] {number}") for number, entry in enumerate(entries, start=1))


def _only(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise BadInputError(f"{where}: unknown key '{key}'.{nearest(key, known)} Keys: {', '.join(known)}.")


def _table(table: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise BadInputError(f"{where}: the table '{key}' is missing.")
    return value


MISSING = "\x00"


def _text(table: dict[str, Any], key: str, where: str, *, default: str = MISSING) -> str:
    value = table.get(key, default)
    if isinstance(value, bool | int | float):
        value = str(value).lower()
    if not isinstance(value, str):
        raise BadInputError(f"{where}: '{key}' is a text in quotes, not {value!r}.")
    if value == MISSING or (not value.strip() and default == MISSING):
        raise BadInputError(f"{where}: '{key}' is missing.")
    return value


def _either(table: dict[str, Any], word: str, expression: str, where: str) -> tuple[str | None, str | None]:
    """One word for all rows, or an expression that gives each row's: exactly one of the two."""
    if word in table and expression in table:
        raise BadInputError(f"{where}: give '{word}' or '{expression}', not both.")
    if expression in table:
        return None, _text(table, expression, where)
    return _text(table, word, where), None


def _texts(table: dict[str, Any], key: str, where: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
    value = table.get(key, default)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise BadInputError(f'{where}: \'{key}\' is a list of texts in quotes, such as {key} = ["a", "b"].')
    return tuple(value)


def _one_of(table: dict[str, Any], key: str, where: str, known: tuple[str, ...]) -> str:
    value = table.get(key, known[0])
    if value not in known:
        raise BadInputError(f"{where}: '{key}' is one of {', '.join(map(repr, known))}, not {value!r}.")
    return str(value)


def _identifier_name(name: str, label: str) -> None:
    if not (name.isidentifier() and name == name.lower()) or name in {"line", "doc"}:
        raise BadInputError(
            f"{label}: '{name}' cannot name a column. Use small letters, digits and '_'; 'line' and 'doc' are taken."
        )
