"""What is compared of two records: fields by their role, and the levels of agreement that each role has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError
from gouttes.identity.linkage.levels import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Role(StrEnum):
    """What a field says of a person, which decides how two of its values are compared."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    FULL_NAME = "full_name"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    POSTCODE = "postcode"
    CITY = "city"
    STREET = "street"
    NUMBER = "number"
    COUNTRY = "country"
    COMPANY = "company"
    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True)
class Field:
    """A column that is compared.

    Attributes:
        column: its name in the records.
        role: what it says.
        root: a column that holds what it is a variant of (Bob: Robert), where there is one.
    """

    column: str
    role: Role
    root: str | None = None


@dataclass(frozen=True)
class Comparison:
    """How one field is compared: the first level that holds counts, and the last stands for "none of these".

    Attributes:
        field: the field. Where either record lacks it the comparison says nothing.
        levels: from full agreement down, without "none of these".
        by_frequency: whether agreement on a rare value counts for more than on a common one.
    """

    field: Field
    levels: tuple[Level, ...]
    by_frequency: bool = False

    @property
    def column(self) -> str:
        """The column that is compared, which names the comparison."""
        return self.field.column

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a level looks at."""
        return tuple(dict.fromkeys(name for level in self.levels for name in level.columns))


OTHERWISE = "different"
"""Name of the last level of each comparison."""

RECORDS_FIELDS = (
    Field("first_name", Role.GIVEN_NAME, root="first_root"),
    Field("last_name", Role.FAMILY_NAME, root="last_root"),
    Field("birth_date", Role.DATE),
    Field("house_number", Role.NUMBER),
    Field("street", Role.STREET),
    Field("postcode", Role.POSTCODE),
    Field("city", Role.CITY),
    Field("country", Role.COUNTRY),
    Field("email", Role.EMAIL),
    Field("phone", Role.PHONE),
    Field("company", Role.COMPANY),
)
"""The fields of ``schemas.RECORDS``; ``subject`` and ``source`` are no evidence of who it is."""

ADJUSTED = frozenset({Role.GIVEN_NAME, Role.FAMILY_NAME, Role.FULL_NAME, Role.CITY, Role.COMPANY})
"""Roles whose values are held by very unequal numbers of people (Winkler 2000, frequency-based matching)."""


AT_HOME = frozenset({Role.FAMILY_NAME, Role.STREET, Role.NUMBER, Role.POSTCODE, Role.CITY, Role.COUNTRY, Role.PHONE})
"""Roles that the people of one home share: their agreement together is no more than that of a home."""


def _exact(field: Field) -> Level:
    return Level("exact", "equal", (field.column,))


def _edits(field: Field, most: int) -> Level:
    return Level("one edit" if most == 1 else f"{most} edits", "edits", (field.column,), most)


def _close(field: Field, share: float) -> Level:
    return Level(f"close, {share:.0%}", "close", (field.column,), share)


def _variants(field: Field) -> list[Level]:
    return [] if field.root is None else [Level("variant", "equal", (field.root,))]


def _name(field: Field, other: Field | None) -> list[Level]:
    crossed = [] if other is None else [Level("exchanged", "crossed", (field.column, other.column))]
    begins = Level("initial or beginning", "begins", (field.column,))
    return [_exact(field), *_variants(field), _edits(field, 1), begins, _edits(field, 2), *crossed]


def _text(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field), *_variants(field), _edits(field, 1), _close(field, 0.2), _close(field, 0.4)]


def _date(field: Field, *_: Field | None) -> list[Level]:
    column = (field.column,)
    parts = [Level("same month", "prefix", column, 7), Level("same year", "prefix", column, 4)]
    turned = Level("day and month exchanged", "turned", column)
    return [_exact(field), _edits(field, 1), turned, _edits(field, 2), *parts]


def _email(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field), _edits(field, 2), Level("same before the @", "local", (field.column,))]


def _postcode(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field), _edits(field, 1), Level("same area", "prefix", (field.column,), 2)]


def _code(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field), _edits(field, 1), _edits(field, 2)]


def _number(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field), _edits(field, 1)]


def _country(field: Field, *_: Field | None) -> list[Level]:
    return [_exact(field)]


LEVELS: dict[Role, Callable[[Field, Field | None], list[Level]]] = {
    Role.GIVEN_NAME: _name,
    Role.FAMILY_NAME: _name,
    Role.FULL_NAME: _text,
    Role.DATE: _date,
    Role.EMAIL: _email,
    Role.PHONE: _code,
    Role.POSTCODE: _postcode,
    Role.CITY: _text,
    Role.STREET: _text,
    Role.NUMBER: _number,
    Role.COUNTRY: _country,
    Role.COMPANY: _text,
    Role.CODE: _code,
    Role.TEXT: _text,
}
"""The levels of each role; their bounds are priors, in the manner of splink's ready-made comparisons."""


def comparisons_for(fields: Sequence[Field] = RECORDS_FIELDS) -> tuple[Comparison, ...]:
    """One comparison per field.

    Where there is one given name and one family name, each may stand in the other's place.

    Raises:
        BadInputError: no field, or a column twice.
    """
    if not fields:
        raise BadInputError("Nothing to compare: give at least one field beside the id.")
    twice = [name for name, times in Counter(field.column for field in fields).items() if times > 1]
    if twice:
        raise BadInputError(f"Column '{twice[0]}' is given twice: compare each column once.")
    given, family = only(fields, Role.GIVEN_NAME), only(fields, Role.FAMILY_NAME)
    other = {given: family, family: given} if given and family else {}
    return tuple(
        Comparison(field, tuple(LEVELS[field.role](field, other.get(field))), field.role in ADJUSTED)
        for field in fields
    )


def only(fields: Sequence[Field], role: Role) -> Field | None:
    """The first field of a role, if there is one."""
    return next((field for field in fields if field.role is role), None)
