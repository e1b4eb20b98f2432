"""Refusing what cannot be meant, in words that say what to write instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SETTINGS_FILE = "gouttes.toml"


def require(holds: bool, name: str, needed: str, found: object) -> None:  # noqa: FBT001 -- an assertion in words
    """Refuse a value out of its range.

    Raises:
        BadInputError: ``holds`` is false.
    """
    if not holds:
        raise BadInputError(f"Setting `{name}` needs {needed}, found {found!r}. Mend it in {SETTINGS_FILE}.")


def refuse_unknown(values: Iterable[str], known: Sequence[str], what: str) -> None:
    """Refuse a name that is not known, with the nearest one that is.

    Raises:
        BadInputError: one of ``values`` is not in ``known``.
    """
    for name in values:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            meant = f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(known)}."
            raise BadInputError(f"{SETTINGS_FILE}: there is no {what} named '{name}'.{meant}")
