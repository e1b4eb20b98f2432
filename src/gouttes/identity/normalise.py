"""Identifiers made comparable: what two sources wrote differently for one thing becomes one key.

A key is kept only when it can tell one customer from another: what cannot be understood gives no key, and
joins nobody. A false merge shows one customer another's orders; a missed one is a nuisance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata

from gouttes.errors import BadInputError, MissingColumnsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import ibis.expr.types as ir

FIELDS = ("same_as", "external_id", "email", "phone")
"""The fields of the identifiers that can join two subjects, the surest first."""

COLUMNS = ("subject", "field", "value", "source")

# Spaces as people and exports write them: ASCII, no-break, thin, narrow no-break, zero-width, byte-order mark.
SPACE = "\\s\u00a0\u2009\u202f\u200b\ufeff"

# One @, something before it, a dot in the domain. No rule on dots or plus signs: whether a.b@x and ab@x, or
# a+shop@x and a@x, are one mailbox depends on the provider.
EMAIL = f"^[^@{SPACE}]+@[^@{SPACE}.]+(?:\\.[^@{SPACE}.]+)+$"

# Shorter numbers after the calling code (special services, some small islands) give no key.
FEWEST_DIGITS = 6

# What exports write for "none". As an external id it would join everybody who has none.
PLACEHOLDER = r"(?i)^(?:[0\-_.?#]+|n/?a|nan|nil|null|none|unknown|undefined|inconnue?|aucune?)$"

# What people set between digits. Letters stay and make the number unreadable, on purpose: an extension makes a
# switchboard's number many people's.
PHONE_MARKS = ("tel:", *" .-/()\t", *"\u00a0\u2009\u202f\u200b\ufeff\u2010\u2011\u2012\u2013\u2014\u2212")


@dataclass(frozen=True)
class Shapes:
    """Expressions for the numbers behind some calling codes (metadata of ``phonenumbers``).

    Attributes:
        code: a calling code.
        trunk: a calling code and the national prefix that is dialled inside its country only.
        inside: all hold of calling code, national prefix and number together.
        outside: all hold of calling code and number together.
    """

    code: str
    trunk: str
    inside: tuple[str, str]
    outside: tuple[str, str]


@dataclass(frozen=True)
class Dialling:
    """How the numbers of the world are told apart, seen from one country.

    Attributes:
        code: the country's calling code.
        abroad: expression for the prefix dialled before a foreign calling code (00, 011).
        own: the country's numbers.
        world: everybody's numbers.
    """

    code: str
    abroad: str
    own: Shapes
    world: Shapes


def normalised(identifiers: ir.Table, *, country: str) -> ir.Table:
    """The keys by which subjects may be joined.

    Args:
        identifiers: as ``eventlog.schema.IDENTIFIERS``.
        country: ISO 3166 code (two letters) of the country whose habits a phone number without calling code
            follows.

    Returns:
        One row per distinct ``subject, field, key, source``; ``field`` is one of :data:`FIELDS`. E-mails in
        lower case, phones in E.164 (``+33612345678``), external ids trimmed, ``same_as`` the other subject's key.

    Raises:
        MissingColumnsError: a column of ``identifiers`` is missing.
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    if missing := set(COLUMNS) - set(identifiers.columns):
        raise MissingColumnsError(
            "identity.normalised", missing, identifiers.columns, "Pass the table people/identifiers."
        )
    return _keys(identifiers, ("subject", "field", "source"), country).select("subject", "field", "key", "source")


def keys_of(identifiers: ir.Table, *, country: str) -> ir.Table:
    """:func:`normalised` whatever the source: one row per distinct ``subject, field, key``."""
    return _keys(identifiers, ("subject", "field"), country)


def _keys(identifiers: ir.Table, by: tuple[str, ...], country: str) -> ir.Table:
    known = identifiers.filter(identifiers["field"].isin(FIELDS))
    # Distinct twice: re-imports repeat rows, and Ibis would otherwise write the first step into each use of it.
    written = known.select(*by, value=_written(known, country)).distinct()
    value = written["value"]
    key = written["field"].cases(
        ("email", email(value)),
        ("phone", phone(value, country=country)),
        ("external_id", external_id(value)),
        ("same_as", value.nullif("")),
        else_=ibis.null("string"),
    )
    keys = written.select(*by, key=key)
    return keys.filter(keys["key"].notnull()).distinct()


def _written(identifiers: ir.Table, country: str) -> ir.StringValue:
    """The value without its outer spaces, or of a phone number its digits and plus sign."""
    value = identifiers["value"]
    return ibis.ifelse(identifiers["field"] == "phone", digits(value, country=country), trimmed(value))


def trimmed(value: ir.StringValue) -> ir.StringValue:
    """A text without the spaces around it, whatever their kind."""
    bare = value.re_replace(f"^[{SPACE}]+|[{SPACE}]+$", "")
    return ibis.ifelse(value.re_search(f"^[{SPACE}]|[{SPACE}]$"), bare, value)


def _bare(value: ir.StringValue) -> ir.StringValue:
    # A chain of plain replacements is five times faster than one expression, and most numbers need only one of them.
    chain = reduce(lambda text, mark: text.replace(mark, ""), PHONE_MARKS, value).replace("\uff0b", "+")
    return ibis.ifelse(value.re_search("^[+]?[0-9 ]*$"), value.replace(" ", ""), chain)


def email(value: ir.StringValue) -> ir.StringValue:
    """A trimmed e-mail in lower case; null unless it has one @ and a dot in the domain."""
    return ibis.ifelse(value.re_search(EMAIL), value.lower(), ibis.null("string"))


def external_id(value: ir.StringValue) -> ir.StringValue:
    """A trimmed external id, case kept; null where blank or a way of writing "none"."""
    return ibis.ifelse((value == "") | value.re_search(PLACEHOLDER), ibis.null("string"), value)


def digits(value: ir.StringValue, *, country: str) -> ir.StringValue:
    """A phone number without marks between its digits, the prefix dialled for abroad written ``+``."""
    return _bare(value).re_replace(f"^{dialling(country).abroad}", "+")


def phone(written: ir.StringValue, *, country: str) -> ir.StringValue:
    """The E.164 form of a phone number written as :func:`digits` does; null where no country has such numbers.

    Follows ``phonenumbers.parse``: the number after ``+``; else the home country's; else the home calling code
    written without ``+``. A national prefix is taken off where what remains is a number.
    Not followed: extensions and letters (no key), and the mobile prefixes that Argentina, Brazil, Japan, Gabon,
    Madagascar and some islands rewrite at home (those are understood in international form only).

    Raises:
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    home = dialling(country)
    given = written.startswith("+")
    number = ibis.ifelse(given, written.substr(1), ibis.literal(home.code) + written)
    return ibis.cases(
        (~written.re_search("^[+]?[0-9]+$"), ibis.null("string")),
        *_e164(number, home.world),
        (given, ibis.null("string")),
        *_e164(written, home.own),
        else_=ibis.null("string"),
    )


def _e164(number: ir.StringValue, shapes: Shapes) -> tuple[tuple[ir.BooleanValue, ir.StringValue], ...]:
    """The two ways in which digits can be a number, each with its E.164 form."""
    inside, outside = (
        number.re_search(shape) & number.re_search(length) for shape, length in (shapes.inside, shapes.outside)
    )
    bare = number.re_extract(shapes.code, 0) + number.substr(number.re_extract(shapes.trunk, 0).length())
    return (inside, ibis.literal("+") + bare), (outside, ibis.literal("+") + number)


@cache
def dialling(country: str) -> Dialling:
    """The metadata of a country's numbers.

    Raises:
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    if country not in SUPPORTED_REGIONS:
        raise BadInputError(f"country takes a two-letter code such as 'FR', 'BE' or 'GB', not '{country}'.")
    home, world = _metadata(country), _world()
    code = str(home.country_code)
    own = {code: world[code]} if code in world else {}
    return Dialling(code, home.international_prefix, _shapes(own), _shapes(world))


class _Numbers(NamedTuple):
    """Expressions for the numbers behind one calling code."""

    trunk: str
    shape: str
    length: str


@cache
def _world() -> dict[str, _Numbers]:
    """The numbers behind each calling code.

    Codes shared by several countries follow the main one, whose description covers them all. Codes of no country
    (freephone, satellites, premium rate) identify nobody and are left out.
    """
    found = {}
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        main = _metadata(regions[0])
        lengths = [length for length in main.general_desc.possible_length if length >= FEWEST_DIGITS] if main else []
        if lengths:
            rewrites = main.national_prefix_transform_rule is not None
            trunk = main.national_prefix if rewrites else main.national_prefix_for_parsing
            length = _any(f"[0-9]{{{digits}}}" for digits in lengths)
            found[str(code)] = _Numbers(trunk or "", main.general_desc.national_number_pattern, length)
    return found


def _metadata(region: str) -> Any:  # noqa: ANN401 -- every field of PhoneMetadata is optional to its stubs
    return PhoneMetadata.metadata_for_region(region)


def _shapes(numbers: dict[str, _Numbers]) -> Shapes:
    trunked = {code: known for code, known in numbers.items() if known.trunk}
    return Shapes(
        code=f"^{_any(numbers)}",
        trunk=f"^{_by_code(trunked, lambda known: _any([known.trunk]))}",
        inside=(
            f"^{_by_code(trunked, lambda known: _any([known.trunk]) + _any([known.shape]))}$",
            f"^{_by_code(trunked, lambda known: _any([known.trunk]) + known.length)}$",
        ),
        outside=(
            f"^{_by_code(numbers, lambda known: _any([known.shape]))}$",
            f"^{_by_code(numbers, lambda known: known.length)}$",
        ),
    )


def _by_code(numbers: dict[str, _Numbers], rest: Callable[[_Numbers], str]) -> str:
    """Each calling code followed by its ``rest``; codes with the same rest share it: engines compile it each time."""
    codes: dict[str, list[str]] = {}
    for code, known in numbers.items():
        codes.setdefault(rest(known), []).append(code)
    return _any(_any(same) + after for after, same in codes.items()) if codes else NEVER


def _any(choices: Iterable[str]) -> str:
    return f"(?:{'|'.join(choices)})"


NEVER = "[^0-9]"
"""Holds of no row of digits."""
