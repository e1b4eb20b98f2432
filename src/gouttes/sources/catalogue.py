"""The presets: mappings that ship with Gouttes or with any package that registers under ``gouttes.presets``."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError
from gouttes.sources.declared import parse
from gouttes.sources.expressions import nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from gouttes.sources.contract import Mapping

GROUP = "gouttes.presets"


def preset_names() -> tuple[str, ...]:
    """The names that ``--as`` takes, in alphabetical order."""
    return tuple(sorted(_files()))


@lru_cache(maxsize=64)
def preset(name: str) -> Mapping:
    """The preset of that name.

    Raises:
        BadInputError: there is none, or a package ships one that is not valid.
    """
    found = _files().get(name)
    if found is None:
        names = preset_names()
        raise BadInputError(
            f"There is no preset '{name}'.{nearest(name, names)} Presets: {', '.join(names)}. "
            "For a file of your own, write a mapping and give it with --map."
        )
    return parse(found.read_text("utf-8"), where=f"preset {name}")


def presets() -> tuple[Mapping, ...]:
    """Every preset, in alphabetical order."""
    return tuple(preset(name) for name in preset_names())


def _files() -> dict[str, Traversable]:
    """A package or module registered in the group gives every ``*.toml`` that lies in it."""
    found: dict[str, Traversable] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        for item in resources.files(point.module).iterdir():
            if item.name.endswith(".toml"):
                found.setdefault(item.name.removesuffix(".toml"), item)
    return found
