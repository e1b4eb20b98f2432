"""The functions that expressions may call beside DuckDB's own, and the one that makes event ids."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

if TYPE_CHECKING:
    from collections.abc import Sequence

GOUTTES_NAMESPACE = uuid5(NAMESPACE_DNS, "events.gouttes")
"""Namespace of event ids: uuid5(GOUTTES_NAMESPACE, 'source|key|kind'). Changing it would import everything twice.

``digest_of`` makes the SHA-1 of such an id; :mod:`.delivering` writes it as a UUID.
"""

# A file cut by semicolons comes from a spreadsheet whose decimal mark is the comma.
NUMBER_STYLES = {",": "comma", ".": "point", ";": "semicolon", "": "guess"}


def quoted(text: str) -> str:
    """An SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def named(text: str) -> str:
    """An SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


# Years of two digits come first: %Y would read 24 as the year 24, and %y refuses what has four.
_DMY = ("%d/%m/%y %H:%M:%S", "%d/%m/%y %H:%M", "%d/%m/%y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
_TWELVE = tuple(form.replace("%H", "%I") + " %p" for form in _DMY if "%H" in form)
_WORDS = (
    "%a, %d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y %H:%M",
    "%d %B %Y",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y",
    "%a %b %d %H:%M:%S %Y",
)


def _formats(forms: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(form) for form in forms) + "]"


def _moment(order: str) -> str:
    """Every branch gives null for what does not exist, such as 30 February.

    The usual ways come first and try one format: each format that fails costs more than a whole conversion.
    """
    usual = "%m/%d/%Y" if order == "mdy" else "%d/%m/%Y"
    forms = [*_DMY, *_TWELVE]
    if order == "mdy":
        forms = [form.replace("%d/%m", "%m/%d") for form in forms]
    slashed = "replace(translate(regexp_replace(trim(x), '[ T]+(à|at|,)? *', ' '), '.-', '//'), 'h', ':')"
    return f"""create or replace macro moment_{order}(x) as case
        when x[5] = '-' then coalesce(
            try_cast(x as timestamptz),
            try_cast(
                regexp_replace(x, '^([0-9-]+[T ][0-9:.,]+) *([+-]\\d\\d):?(\\d\\d)?$', '\\1\\2:\\3') as timestamptz))
        when regexp_matches(x, '^\\d\\d/\\d\\d/\\d{{4}}( \\d\\d:\\d\\d(:\\d\\d)?)?$') then cast(case length(x)
            when 10 then try_strptime(x, '{usual}')
            when 16 then try_strptime(x, '{usual} %H:%M')
            else try_strptime(x, '{usual} %H:%M:%S') end as timestamptz)
        when regexp_matches(x, '^\\d{{1,2}}[/.-]\\d{{1,2}}[/.-]\\d{{2}}(\\d{{2}})?([^0-9].*)?$')
            then cast(try_strptime({slashed}, {_formats(forms)}) as timestamptz)
        when regexp_matches(x, '^\\d{{4}}/\\d{{1,2}}/\\d') then try_cast(replace(x, '/', '-') as timestamptz)
        when regexp_matches(x, '^(19|20|21)\\d{{6}}$') then cast(try_strptime(x, '%Y%m%d') as timestamptz)
        when regexp_matches(x, '^(19|20|21)\\d{{12}}$') then cast(try_strptime(x, '%Y%m%d%H%M%S') as timestamptz)
        when regexp_matches(x, '^\\d{{9,10}}([.]\\d+)?$')
            then make_timestamptz(cast(round(try_cast(x as double) * 1000000) as bigint))
        when regexp_matches(x, '^\\d{{12,13}}([.]\\d+)?$')
            then make_timestamptz(cast(round(try_cast(x as double) * 1000) as bigint))
        when regexp_matches(x, '^\\d{{15,16}}$') then make_timestamptz(try_cast(x as bigint))
        when regexp_matches(x, '[A-Za-z]{{3}}') and not regexp_matches(x, '^[A-Za-z+-]+$')
            then cast(try_strptime(x, {_formats(_WORDS)}) as timestamptz)
        end"""


# What is left of a number when currency signs, blanks (also the narrow ones French uses) and letters are gone;
# accountants write a negative number between brackets, and 8722 is the minus sign of typesetters.
_BARE = r"""case when regexp_matches(x, '\d') then regexp_replace(
    replace(replace(case when x[1] = '(' then '-' || x else x end, chr(8722), '-'), chr(8217), ''),
    '[\s\x{00a0}\x{202f}\x{2009}''()€$£¥%]|[A-Z]{3}$|^[A-Z]{3}', '', 'g') end"""
_AS_IT_IS = "nullif(try_cast(x as double), 'nan'::double)"
_COMMA = "try_cast(replace(replace(b, '.', ''), ',', '.') as double)"
_POINT = "try_cast(replace(b, ',', '') as double)"


def _guess(groups: str) -> str:
    """A lone comma before ``groups`` of three digits is a thousands mark, else the decimal mark."""
    return (
        f"case when regexp_matches(b, '^[-+]?\\d{{1,3}}([.]\\d{{3}}){{2,}}$') then {_COMMA} "
        f"when not contains(b, ',') then try_cast(b as double) when not contains(b, '.') "
        f"then case when regexp_matches(b, '^[-+]?\\d{{1,3}}(,\\d{{3}}){groups}$') then {_POINT} else {_COMMA} end "
        f"when strpos(reverse(b), ',') < strpos(reverse(b), '.') then {_COMMA} else {_POINT} end"
    )


def _bare(reading: str) -> str:
    """``reading`` of the bare number ``b``; in a lambda, or DuckDB works it out for rows that need none."""
    return f"list_transform([{_BARE}], lambda b: {reading})[1]"


MACRO_SQL = (
    f"create macro digest_of(name) as sha1(unhex('{GOUTTES_NAMESPACE.hex}') || encode(name))",
    # Trimming looks at every letter: only where there can be something to trim.
    (
        "create macro clean(x) as nullif(case when strlen(x) = length(x) and not prefix(x, ' ') "
        "and not suffix(x, ' ') then x else trim(x) end, '')"
    ),
    "create macro without_nul(x) as replace(x, chr(0), '')",
    "create macro json(x, path) as nullif(trim(without_nul(try(json_extract_string(x, path)))), '')",
    "create macro digest(x) as left(sha256(lower(trim(x))), 32)",
    "create macro end_of_day(x) as date_trunc('day', cast(x as timestamptz)) + interval 1 day - interval 1 microsecond",
    (
        "create macro flag(x) as case when lower(x) in ('true', 't', '1', 'yes', 'y', 'oui', 'o', 'vrai', 'on', 'x') "
        "then true when lower(x) in ('false', 'f', '0', 'no', 'n', 'non', 'faux', 'off') then false end"
    ),
    f"create macro number_comma(x) as {_bare(_COMMA)}",
    f"create macro number_point(x) as coalesce({_AS_IT_IS}, {_bare(_POINT)})",
    f"create macro number_semicolon(x) as coalesce({_AS_IT_IS}, {_bare(_guess('{2,}'))})",
    f"create macro number_guess(x) as coalesce({_AS_IT_IS}, {_bare(_guess('+'))})",
    _moment("dmy"),
    _moment("mdy"),
)
