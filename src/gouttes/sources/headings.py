"""Which heading of a file is which column of a mapping."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gouttes.sources.contract import FileSpec


@dataclass(frozen=True)
class Match:
    """How a file answers to a :class:`FileSpec`.

    Attributes:
        wanted: canonical name → place of its heading in the file.
        missing: required canonical names that were not found.
        unknown: headings that the mapping does not use.
    """

    wanted: dict[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def plain(heading: str) -> str:
    """The heading without case, accents, blanks and punctuation: how headings are compared."""
    letters = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def match(headings: Sequence[str], spec: FileSpec, *, where: str) -> Match:
    """Find the columns of ``spec`` among the headings of a file; the first alias found wins.

    Raises:
        BadInputError: the file answers to ``spec``, and two of its headings are the same alias.
    """
    places: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        places.setdefault(plain(heading), []).append(place)
    wanted, twice = {}, {}
    for name, aliases in spec.columns.items():
        found = next((places[plain(alias)] for alias in aliases if plain(alias) in places), None)
        if found:
            wanted[name] = found[0]
            if len(found) > 1:
                twice[name] = [headings[place] for place in found]
    missing = tuple(name for name in spec.required if name not in wanted)
    if twice and not missing:
        name, both = next(iter(twice.items()))
        raise BadInputError(
            f"{where}: column '{name}' could be read from {len(both)} headings, {' and '.join(map(repr, both))}. "
            "Rename or remove all but one, or name the right one in a mapping of your own."
        )
    return Match(wanted, missing, _unknown(headings, set(wanted.values())))


def _unknown(headings: Sequence[str], used: set[int]) -> tuple[str, ...]:
    """Headings that nothing reads; of nested ones, only the innermost."""
    read = tuple(headings[place] + "." for place in used)
    parents = {heading[:cut] for heading in headings for cut, letter in enumerate(heading) if letter == "."}
    return tuple(
        heading
        for place, heading in enumerate(headings)
        if place not in used and heading.strip() and heading not in parents and not heading.startswith(read)
    )


def named_like(name: str, spec: FileSpec) -> bool:
    """Whether the file's name suits the globs of ``spec``."""
    stem = PurePosixPath(name.lower()).name.split(".")[0]
    return any(fnmatch(stem, glob.lower()) for glob in spec.match)


def listed(names: Iterable[str], most: int = 12) -> str:
    """At most ``most`` names, for a message."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
