"""One door to what is said to people: ``Language("fr").say("report.title", company="Lenoir")``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from babel import Locale, dates, numbers

from gouttes.errors import BadInputError
from gouttes.language.catalogue import NARROW, UnknownWordsError, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

LOCALES = {"fr": "fr_FR", "en": "en_GB"}
CODES = tuple(LOCALES)
MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
LISTED = {"fr": " et ", "en": " and "}


class Language:
    """French or English: texts by key, and numbers, dates and money as its readers write them.

    Attributes:
        code: ``fr`` or ``en``.
        locale: the Babel locale that numbers and dates follow.

    Raises:
        BadInputError: no such language.
    """

    def __init__(self, code: str) -> None:
        if code not in LOCALES:
            raise BadInputError(f"--lang takes {' or '.join(CODES)}, not '{code}'.")
        self.code = code
        self.locale = Locale.parse(LOCALES[code])
        self._texts = catalogue(code)

    def __repr__(self) -> str:
        return f"Language({self.code!r})"

    @classmethod
    def from_locale(cls, value: str | None) -> Language:
        """The language of a locale such as ``fr_FR.UTF-8`` or a list such as ``de:fr``; English where none is known."""
        asked = (part[:2].lower() for part in (value or "").split(":"))
        return cls(next((code for code in asked if code in LOCALES), "en"))

    def say(self, key: str, **values: object) -> str:
        """The text of a dotted key, with its values in place; integers are written as readers write them.

        The plural form follows ``n``.

        Raises:
            UnknownWordsError: no such key, or a value is missing.
        """
        forms = self._texts.get(key)
        if forms is None:
            raise UnknownWordsError(key, self.code, "add it to every catalogue.")
        text = forms.get(self._form(values.get("n")), forms["other"])
        try:
            return text.format(**{name: self._written(value) for name, value in values.items()})
        except KeyError as error:
            raise UnknownWordsError(key, self.code, f"it needs a value for {error}.") from error

    def knows(self, key: str) -> bool:
        """Whether the catalogue has this key."""
        return key in self._texts

    def label(self, table: str, name: str) -> str:
        """The text of ``name`` in a table of labels, or the name itself where it is somebody's own."""
        key = f"{table}.{name}"
        return self.say(key) if self.knows(key) else name

    def number(self, x: float, digits: int = 0, *, sign: bool = False) -> str:
        """18 204 · 0,62 · with ``sign``, +0,62 too. A number nobody knows is a dash."""
        if not _known(x):
            return UNKNOWN
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        text = numbers.format_decimal(x, format=pattern, locale=self.locale).replace("-", MINUS)
        return _signed(text, x, sign=sign)

    def percent(self, share: float, digits: int = 1, *, sign: bool = False) -> str:
        """A share between 0 and 1 as a percentage: 71,4 % in French, 71.4% in English."""
        if not _known(share):
            return UNKNOWN
        return self.number(100 * share, digits, sign=sign) + (f"{NARROW}%" if self.code == "fr" else "%")

    def points(self, share: float, digits: int = 1) -> str:
        """A difference of two shares in signed points, without the unit: +2,1."""
        return self.number(100 * share, digits, sign=True)

    def date(self, day: date | datetime, style: str = "long") -> str:
        """A day: ``long`` 22 novembre 2026, ``medium`` 22 nov. 2026, ``short`` 22 nov., ``month`` nov. 2026."""
        pattern = {"long": "d MMMM y", "medium": "d MMM y", "short": "d MMM", "month": "MMM y"}[style]
        text = dates.format_date(day, pattern, locale=self.locale)
        return f"1er{text[1:]}" if self.code == "fr" and style != "month" and day.day == 1 else text

    def moment(self, when: datetime) -> str:
        """A day and an hour, in the timezone that ``when`` carries: 22 novembre 2026, 9 h 40."""
        hour = f"{when.hour}{NARROW}h{NARROW}{when:%M}" if self.code == "fr" else f"{when:%H:%M}"
        return f"{self.date(when)}, {hour}"

    def money(self, amount: float, currency: str, digits: int | None = None) -> str:
        """An amount in its own currency: 1 204,50 € or €1,204.50; ``digits`` 0 leaves the cents out."""
        if not _known(amount):
            return UNKNOWN
        whole = None if digits is None else self.locale.currency_formats["standard"].pattern.replace(".00", "")
        return numbers.format_currency(
            amount, currency, format=whole, locale=self.locale, currency_digits=digits is None
        ).replace("-", MINUS)

    def days(self, n: float) -> str:
        """A length of time in days: 1 jour, 30 jours."""
        return self.say("unit.days", n=n if n != round(n) else int(n))

    def listing(self, parts: Iterable[str]) -> str:
        """a, b and c."""
        *first, last = [*parts] or [""]
        return f"{', '.join(first)}{LISTED[self.code]}{last}" if first else last

    def _form(self, n: object) -> str:
        return self.locale.plural_form(abs(n)) if isinstance(n, int | float) else "other"

    def _written(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return self.number(value, 0 if value == round(value) else 1)


def _known(x: float | None) -> bool:
    return x is not None and math.isfinite(x)


def _signed(text: str, x: float, *, sign: bool) -> str:
    """A sign in front, except of what rounds to nothing."""
    nothing = not any(digit in "123456789" for digit in text)
    if nothing:
        return text.removeprefix(MINUS)
    return f"+{text}" if sign and x > 0 else text
