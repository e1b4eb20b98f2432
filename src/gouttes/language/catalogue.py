"""The catalogues: ``fr.toml`` and, for a part with many texts, ``cli.fr.toml``; flattened to dotted keys.

A table whose keys are plural categories (``one``, ``other``) is one text with several forms, not a level.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gouttes.errors import GouttesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NARROW = "\N{NARROW NO-BREAK SPACE}"
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})

Forms = dict[str, str]
"""Plural category → text; a text without plural has the one category ``other``."""


class UnknownWordsError(GouttesError, KeyError):
    """A text was asked for that no catalogue has, or without one of the values it needs.

    Attributes:
        key: the key asked for.
        code: the language.
    """

    def __init__(self, key: str, code: str, advice: str) -> None:
        self.key, self.code, self.advice = key, code, advice
        super().__init__(key)

    def __str__(self) -> str:
        return f"Catalogue '{self.code}' cannot say '{self.key}': {self.advice}"


@cache
def catalogue(code: str) -> Mapping[str, Forms]:
    """Every text of a language by its dotted key, typeset for that language."""
    parts = [each for each in files("gouttes.language").iterdir() if each.name.split(".")[-2:] == [code, "toml"]]
    texts = [text for part in parts for text in _flat(tomllib.loads(part.read_text("utf-8")))]
    return {key: {name: typeset(text, code) for name, text in forms.items()} for key, forms in texts}


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Forms]]:
    for name, value in table.items():
        key = f"{above}{name}"
        if isinstance(value, str):
            yield key, {"other": value}
        elif "other" in value and value.keys() <= PLURALS:
            yield key, value
        else:
            yield from _flat(value, f"{key}.")


def typeset(text: str, code: str) -> str:
    """The text with curly apostrophes and, in French, narrow no-break spaces before double punctuation."""
    text = re.sub(r"(?<=[\w}])'(?=[\w{])", "\N{RIGHT SINGLE QUOTATION MARK}", text)
    if code != "fr":
        return text
    text = re.sub(r"[ \N{NO-BREAK SPACE}](?=[;:!?%»])", NARROW, text)
    return text.replace("« ", f"«{NARROW}")
