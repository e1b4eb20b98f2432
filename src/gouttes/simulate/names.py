"""Names of invented people and what they write, read from the data files beside this one."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, NamedTuple


class Names(NamedTuple):
    """Names and places of one language.

    Attributes:
        country: its name.
        domain: what e-mails end with.
        phones: beginnings of the numbers kept for fiction.
        cities: postcode and name.
        first: first names.
        last: family names.
    """

    country: str
    domain: str
    phones: list[str]
    cities: list[tuple[str, str]]
    first: list[str]
    last: list[str]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


_NAMES, _WORDS = _read("names.toml"), _read("words.toml")
FRENCH, ENGLISH = Names(**_NAMES["french"]), Names(**_NAMES["english"])
AGENTS: list[str] = _NAMES["staff"]["agents"]
WORDS: list[dict[str, Any]] = _WORDS["words"]
"""Ways of writing about a topic: ``topic``, ``french``, ``subject``, ``body``, ``answer``, ``again``."""
REMARKS: list[dict[str, Any]] = _WORDS["remarks"]
"""What is left with a rating: ``french``, ``good``, ``remark``."""
