"""What a terminal would show."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType


def printed(*what: RenderableType, colour: bool = False) -> str:
    """Text as printed 120 columns wide, without colour unless asked for."""
    out = StringIO()
    console = Console(file=out, width=120, force_terminal=colour, color_system="standard" if colour else None)
    for each in what:
        console.print(each)
    return out.getvalue()
