"""Postal addresses in a form that can be compared: street, house number, postcode, city and country."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import ibis
from babel import Locale

from gouttes.identity.steps import (
    CASE_AND_ACCENTS,
    MARK,
    PUNCTUATION,
    Step,
    any_of,
    blanks,
    folded_text,
    looked_up,
    placeholder,
    replaced,
    worded,
    words,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

REPEATS = "bis|ter|quater|[a-z]"
"""What tells two doors of one number apart."""

NUMBER_FIRST = rf"^([0-9]+(?: ?(?:{REPEATS}))?) "
NUMBER_LAST = r" ([0-9]+ ?[a-z]?)$"
"""As in German and Dutch: Hauptstrasse 12."""

POSTCODE_AND_CITY = "(?:(?:,| |^)[0-9]{5}[ ,]+[a-z][a-z, ]*)+$"
UK_POSTCODE = "^[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}$"
FOUR_DIGITS = "^[0-9]{4}$"


# --- the line of the street -------------------------------------------------------------------------------------------


def _inside() -> tuple[Step, ...]:
    word = any_of(words("place_words")["inside"])
    mark = "(?:n?[0-9]+[a-z]?|[a-ce-km-z][0-9]?)"  # neither d nor l: "porte d'Arras" is a street's
    storey = "[0-9]+(?:er|eme|e|st|nd|rd|th)? (?:etage|etg|floor|fl)"
    return (
        Step("inside", replaced(f"^ *(?:(?:{word} *{mark}|{storey})[ ,]+)+")),
        Step("inside", replaced(f"[ ,]+(?:{word} *{mark}|{storey})(?:[ ,].*)?$")),
    )


def _by_position(place: int) -> dict[str, str]:
    forms: dict[str, list[str]] = words("place_words")["by_position"]
    return {short: word[place] for short, word in forms.items()}


def _last_word(value: ir.StringValue) -> ir.StringValue:
    """The last word in full: "High St" is a street, "rue St Jean" a saint's."""
    ended = value + "$"
    for short, word in _by_position(0).items():
        ended = ended.replace(f" {short}$", f" {word}$")
    return ended.replace("$", "")


@cache
def address_steps() -> tuple[Step, ...]:
    """An address line: number first, words in full, no flat, no postcode or city (``12 bis avenue de la paix``)."""
    return (
        CASE_AND_ACCENTS,
        Step("marks", lambda value: blanks(value.re_replace(r"[^\p{L}\p{M}\p{N}, ]", " "))),
        *_inside(),
        Step("postcode_and_city", replaced(POSTCODE_AND_CITY)),
        PUNCTUATION,
        Step("last_word", _last_word),
        Step("street_words", worded({**words("place_words")["street"], **_by_position(1)})),
        placeholder(),
    )


def house_number(address: ir.StringValue) -> ir.StringValue:
    """The house number of a normalised address line, without spaces (``12bis``); empty where there is none."""
    first = address.re_extract(NUMBER_FIRST, 1)
    last = address.re_extract(NUMBER_LAST, 1)
    return ibis.ifelse(first == "", last, first).replace(" ", "")


def street(address: ir.StringValue) -> ir.StringValue:
    """A normalised address line without its house number; empty where nothing is left."""
    bare = address.re_replace(f"{NUMBER_FIRST}(?:[0-9]+ )?", "")  # 12-14
    return ibis.ifelse(address.re_search(NUMBER_FIRST), bare, address.re_replace(NUMBER_LAST, ""))


@cache
def street_steps() -> tuple[Step, ...]:
    """An address line without its house number."""
    return (*address_steps(), Step("house_number_out", street))


@cache
def house_number_steps() -> tuple[Step, ...]:
    """The house number of an address line."""
    return (*address_steps(), Step("house_number_only", house_number))


# --- postcode, city, country ------------------------------------------------------------------------------------------


@cache
def city_steps() -> tuple[Step, ...]:
    """A city: lower case, no postcode, cedex or district number, "saint" in full (``saint denis``)."""
    return (
        CASE_AND_ACCENTS,
        Step("cedex", replaced(f"{MARK}+cedex( +[0-9]+)?.*$")),
        Step("city_on", lambda value: value.replace("s/s ", "sur ").replace("s/", "sur ")),
        PUNCTUATION,
        Step("district", replaced("(?: [0-9]+(?:er|eme|e|nd|th|st)?(?: arrondissement| arr| ardt)?)+$")),
        Step("postcode_out", replaced("^[0-9 ]+")),
        Step("city_words", worded(words("place_words")["city"])),
        placeholder(),
    )


def _spaced_uk(value: ir.StringValue) -> ir.StringValue:
    spaced = value.substr(0, value.length() - 3) + " " + value.right(3)
    return ibis.ifelse(value.re_search(UK_POSTCODE), spaced, value)


@cache
def postcode_steps() -> tuple[Step, ...]:
    """A postcode: capitals, no marks, no country before it; British ones with their space (``SW1A 1AA``).

    Spreadsheets cut the leading zero: see :func:`padded`.
    """
    return (
        CASE_AND_ACCENTS,
        Step("decimals", replaced("[.,]0+$")),
        Step("country_before", replaced("^ *(?:f|fr|b|be|d|de|ch|l|lu|nl|at|a|es|e|i|it|pt|p)[ -]+")),
        Step("us_extension", _without_extension),
        Step("postcode_marks", replaced(r"[^\p{L}\p{N}]")),
        placeholder("9{4,}", "1{6,}"),
        Step("capitals", lambda value: value.upper()),
        Step("uk_space", _spaced_uk),
    )


def _without_extension(value: ir.StringValue) -> ir.StringValue:
    return (value + "$").re_replace("-[0-9]{4} *[$]$", "").replace("$", "")


def padded(postcode: ir.StringValue, country: ir.StringValue) -> ir.StringValue:
    """A normalised postcode with the leading zero that a spreadsheet cut: four digits in France become five.

    Args:
        postcode: after :func:`postcode_steps`.
        country: ISO 3166 code of the address.
    """
    return ibis.ifelse((country == "FR") & postcode.re_search(FOUR_DIGITS), ibis.literal("0") + postcode, postcode)


@cache
def countries() -> dict[str, str]:
    """Folded French and English names, and ISO codes, of the world's countries → ISO 3166 code (two letters)."""
    named: dict[str, str] = {}
    for language in ("fr", "en"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY:  # noqa: PLR2004 -- the others are regions
                named[_word(name)] = code
                named[code.lower()] = code
    return {**named, **words("place_words")["countries"]}


NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}


def _word(name: str) -> str:
    kept = "".join(letter if letter.isalnum() else " " for letter in folded_text(name))
    return " ".join(kept.split())


@cache
def country_steps() -> tuple[Step, ...]:
    """A country as ISO 3166 code; null where neither French nor English has such a name."""
    return (
        CASE_AND_ACCENTS,
        PUNCTUATION,
        Step("country_names", lambda value: looked_up(value, countries())),
    )
