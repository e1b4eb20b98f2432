"""Birth dates, in the many ways people and systems write them, as ISO 8601."""

from __future__ import annotations

from functools import cache, reduce
from typing import TYPE_CHECKING

import ibis

from gouttes.identity.steps import Step, any_of, blanks, replaced

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONTH_FIRST = frozenset({"US", "PH", "PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW", "BZ"})
"""Countries where 03/04/1980 is the fourth of March (CLDR, short date formats: prior)."""

MONTHS = (
    ("janvier", "january", "janv", "jan"),
    ("fevrier", "february", "fevr", "fev", "feb"),
    ("mars", "march", "mar"),
    ("avril", "april", "avr", "apr"),
    ("mai", "may"),
    ("juin", "june", "jun"),
    ("juillet", "july", "juil", "jul"),
    ("aout", "august", "aou", "aug"),
    ("septembre", "september", "sept", "sep"),
    ("octobre", "october", "oct"),
    ("novembre", "november", "nov"),
    ("decembre", "december", "dec"),
)

PLACEHOLDERS = ("1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01")
"""The day zero of spreadsheets (1899-12-30, 1900, 1904), databases and Unix clocks, and what forms begin with."""

LAST_YOUNG = 10
"""A year of two digits up to this one is 2000 and after, above it 1900 and after: customers are seldom children, and
seldom above a hundred. Prior."""

REAL_DAY = (
    "^(?:"
    "(?:18[6-9][0-9]|19[0-9]{2}|20[0-9]{2})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:(?:18|19|20)(?:0[48]|[2468][048]|[13579][26])|2000)-02-29"
    ")$"
)
"""A day of the Gregorian calendar from 1860 to 2099. No clock here: a birth in the future is not noticed."""

SUFFIX = "(?:er|st|nd|rd|th)?"
DAY, MONTH, YEAR = "(?:1[3-9]|2[0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:[0-9]{4}|[0-9]{2})"
"""A part above twelve can only be the day, whatever the country's habit."""

YEAR_FIRST = "[0-9]{4} [0-9]{1,2} [0-9]{1,2}|(?:19|20)[0-9]{6}"
SURELY_DAY_FIRST = f"{DAY} {MONTH} {YEAR}|[0-9]{{1,2}}{SUFFIX} m[0-9]{{2}} {YEAR}|{DAY}[0-9]{{6}}"
SURELY_MONTH_FIRST = f"{MONTH} {DAY} {YEAR}|m[0-9]{{2}} [0-9]{{1,2}}{SUFFIX} {YEAR}"
EITHER = f"[0-9]{{1,2}} [0-9]{{1,2}} {YEAR}|[0-9]{{8}}"

YEAR_MONTH_DAY = "^([0-9]{4}) ?([0-9]{2}|[0-9]) ?([0-9]{1,2})$"
DAY_MONTH_YEAR = f"^([0-9]{{1,2}}){SUFFIX} ?m?([0-9]{{1,2}}) ?({YEAR})$"
MONTH_DAY_YEAR = f"^m?([0-9]{{1,2}}) ?([0-9]{{1,2}}){SUFFIX} ?({YEAR})$"
"""The parts of a text that is known to be in this order."""

LETTERS = {"é": "e", "û": "u", "e\u0301": "e", "u\u0302": "u", **dict.fromkeys("\u00a0\u202f\t", " "), "\u2013": "-"}
"""The accents of French months; all letters would make the expression forty times longer."""


def _plain(value: ir.StringValue) -> ir.StringValue:
    return reduce(lambda text, pair: text.replace(*pair), LETTERS.items(), value.lower()).strip()


NO_PARTS = (
    r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|(?:mon|tues?|wed|wednes|thu|thurs?|fri|sat|satur|sun)(?:day)?|of|the|de|le|ne|nee)\b"
)


def _months(value: ir.StringValue) -> ir.StringValue:
    """Month names as m01 to m12; days of the week and "de" or "of" go."""
    text = value.re_replace(NO_PARTS, " ")
    for month, names in enumerate(MONTHS, 1):
        text = text.re_replace(rf"\b{any_of(names)}\b", f" m{month:02d} ")
    return text


def _full(year: ir.StringValue) -> ir.StringValue:
    """Four digits for a year of two."""
    century = ibis.ifelse(year > f"{LAST_YOUNG:02d}", "19", "20")
    return ibis.ifelse(year.length() == 2, century + year, year)  # noqa: PLR2004 -- a year of two digits


def _iso(month_first: bool) -> Step:  # noqa: FBT001 -- the country's habit
    def apply(value: ir.StringValue) -> ir.StringValue:
        def read(shapes: str, order: str, year: int, month: int, day: int) -> tuple[ir.BooleanValue, ir.StringValue]:
            years, months, days = (value.re_extract(order, place) for place in (year, month, day))
            full = years if order == YEAR_MONTH_DAY else _full(years)
            return value.re_search(f"^(?:{shapes})$"), full + "-" + months.lpad(2, "0") + "-" + days.lpad(2, "0")

        day_first = (SURELY_DAY_FIRST, DAY_MONTH_YEAR, 3, 2, 1)
        second = (SURELY_MONTH_FIRST, MONTH_DAY_YEAR, 3, 1, 2)
        sure, habit = (day_first, second) if month_first else (second, day_first)
        return ibis.cases(
            read(YEAR_FIRST, YEAR_MONTH_DAY, 1, 2, 3),
            read(*sure),
            read(f"{habit[0]}|{EITHER}", *habit[1:]),
            else_="",
        )

    return Step("iso_date", apply)


@cache
def birth_date_steps(country: str) -> tuple[Step, ...]:
    """A birth date as ISO 8601; null where it is no day, or one that systems write for "none".

    Args:
        country: ISO 3166 code of the country whose habit tells 03/04/1980; a part above twelve is the day anywhere.
    """
    return (
        Step("case_and_accents", _plain),
        Step("time_out", replaced("[t ]+[0-9]{1,2}[:h][0-9]{2}.*$")),
        Step("month_names", _months),
        Step("date_marks", lambda value: blanks(value.re_replace("[-/.,_]", " "))),
        _iso(country in MONTH_FIRST),
        Step("real_day", lambda value: value.re_extract(REAL_DAY, 0)),
        Step("placeholder", replaced(f"^{any_of(PLACEHOLDERS)}$")),
    )
