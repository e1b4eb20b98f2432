"""What a mapping declares: from which file, when, and with which expressions.

A mapping is one TOML file, read by :mod:`gouttes.sources.declared`; the values here know neither TOML nor SQL.
``docs/reference/mapping.md`` is the reference for people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly

DateOrder = Literal["dmy", "mdy"]

IDENTIFIER_FIELDS = (
    "email",
    "phone",
    "external_id",
    "same_as",
    "name",
    "first_name",
    "last_name",
    "birth_date",
    "address",
    "postcode",
    "city",
    "country",
    "company",
    "language",
)
"""What an identifier may be (see ``gouttes.eventlog.schema.IDENTIFIERS``)."""


@dataclass(frozen=True)
class FileSpec:
    """One kind of file of a source.

    Attributes:
        name: what the other entries call it.
        columns: canonical name → headings or JSON paths it may be found under, the first found wins.
        required: canonical names by which the file is recognised.
        match: globs on the file's stem, any case: only a tie breaker.
        records: JSON keys under which the array of records may sit.
        sheet: name of the sheet, of a workbook; none means any.
        each: JSON path of an array inside a record; one row per element, whose keys are ``each.key``.
        date_order: how ``03/04/2024`` reads.
        decimal: the decimal mark; none means guess from the number and the delimiter.
        delimiter: the field separator of a text file; none means guess. A blank collapses runs of blanks.
    """

    name: str
    columns: ReadOnly[str, tuple[str, ...]]
    required: tuple[str, ...]
    match: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    sheet: str | None = None
    each: str | None = None
    date_order: DateOrder = "dmy"
    decimal: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class JoinSpec:
    """Rows of ``left``, each with the columns of its row of ``right`` prefixed ``<right>_``; usable as ``from``."""

    name: str
    left: str
    right: str
    on: str


@dataclass(frozen=True)
class EventSpec:
    """One event that a row may yield. Every value is an SQL expression over the canonical columns.

    Attributes:
        label: how an error names this entry.
        source_file: name of a file or join.
        kind: of all its events; none where ``kind_from`` gives each row's.
        columns: any column of the log other than those that have their own attribute.
        properties: key → expression; nulls are left out of the JSON object.
    """

    label: str
    source_file: str
    kind: str | None
    key: str
    subject: str
    occurred_at: str
    when: str | None = None
    columns: ReadOnly[str, str] = field(default_factory=dict)
    properties: ReadOnly[str, str] = field(default_factory=dict)
    kind_from: str | None = None


@dataclass(frozen=True)
class IdentifierSpec:
    """What a row says of who a subject is; a null value says nothing.

    ``field`` is one of ``IDENTIFIER_FIELDS``; none where ``field_from`` gives each row's.
    """

    label: str
    source_file: str
    subject: str
    field: str | None
    value: str
    when: str | None = None
    known_at: str | None = None
    field_from: str | None = None


@dataclass(frozen=True)
class TextSpec:
    """Words that a person wrote, kept apart from their event. ``event`` and ``key`` find that event."""

    label: str
    source_file: str
    event: str
    key: str
    text: str
    when: str | None = None
    language: str | None = None


Entry = EventSpec | IdentifierSpec | TextSpec


@dataclass(frozen=True)
class Mapping:
    """Everything one source declares."""

    source: str
    title: str
    files: tuple[FileSpec, ...]
    describe: str = ""
    events: tuple[EventSpec, ...] = ()
    identifiers: tuple[IdentifierSpec, ...] = ()
    texts: tuple[TextSpec, ...] = ()
    joins: tuple[JoinSpec, ...] = ()
    where: str = field(default="", compare=False)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Events, then identifiers, then texts."""
        return (*self.events, *self.identifiers, *self.texts)

    def file(self, name: str) -> FileSpec | None:
        """The file of that name, or none."""
        return next((spec for spec in self.files if spec.name == name), None)

    def join(self, name: str) -> JoinSpec | None:
        """The join of that name, or none."""
        return next((spec for spec in self.joins if spec.name == name), None)

    def columns_of(self, name: str) -> tuple[str, ...]:
        """The canonical columns that expressions over this file or join may use.

        Beside the declared ones: ``line`` (where the row stands in its file) and ``doc`` (its JSON, or null).
        """
        join = self.join(name)
        if join is None:
            spec = self.file(name)
            return (*spec.columns, "line", "doc") if spec else ()
        right = self.file(join.right)
        return (*self.columns_of(join.left), *(f"{join.right}_{column}" for column in (right.columns if right else ())))
