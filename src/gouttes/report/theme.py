"""Colours, type and the one Altair theme of every picture.

The light colours are written in the SVG; the page's style sheet replaces each by its dark twin.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

NAME = "gouttes"

# Liberation Sans (Linux), Arial (Windows, macOS) and Helvetica have the same widths, so that a label measured
# here is not clipped there.
FONT = '"Liberation Sans", Arial, Helvetica, sans-serif'


@dataclass(frozen=True)
class Colours:
    """What each colour is for. ``*_ink`` is the tone for text, readable on its soft ground (WCAG AA)."""

    drop: str
    bucket: str
    drop_ink: str
    bucket_ink: str
    drop_soft: str
    bucket_soft: str
    band: str
    bucket_band: str
    ink: str
    muted: str
    line: str
    paper: str
    ground: str


LIGHT = Colours(
    drop="#2176ae",
    bucket="#c8552f",
    drop_ink="#1a6295",
    bucket_ink="#a94420",
    drop_soft="#e6f0f8",
    bucket_soft="#fbeee8",
    band="#d5e6f2",
    bucket_band="#f4d3c6",
    ink="#1c2733",
    muted="#606c78",
    line="#e3e8ec",
    paper="#ffffff",
    ground="#f5f7f8",
)
DARK = Colours(
    drop="#5aa9dd",
    bucket="#ec8a66",
    drop_ink="#8cc6ee",
    bucket_ink="#f6a888",
    drop_soft="#1a3142",
    bucket_soft="#40281f",
    band="#23455d",
    bucket_band="#6a3c2b",
    ink="#e9eef2",
    muted="#a5b1bc",
    line="#303b46",
    paper="#19212a",
    ground="#10161c",
)


def variables(colours: Colours) -> str:
    """The colours as CSS custom properties."""
    return "".join(f"--{name.replace('_', '-')}:{value};" for name, value in asdict(colours).items())


def recoloured() -> str:
    """CSS that makes every colour written in an inlined SVG follow the page's own."""
    return "\n".join(
        f'svg [{attribute}="{value}"]{{{attribute}:var(--{name.replace("_", "-")})}}'
        for name, value in asdict(LIGHT).items()
        for attribute in ("fill", "stroke")
    )


@alt.theme.register(NAME, enable=False)
def theme() -> alt.theme.ThemeConfig:
    """Thin grid, no domain line, no ticks, one type family, text never under 12 px."""
    text = {"font": FONT, "fontSize": 12, "color": LIGHT.ink}
    axis: dict[str, Any] = {
        "domain": False,
        "ticks": False,
        "gridColor": LIGHT.line,
        "gridWidth": 1,
        "labelColor": LIGHT.muted,
        "labelFont": FONT,
        "labelFontSize": 12,
        "labelPadding": 8,
        "title": None,
    }
    return {
        "config": {
            "aria": False,  # the page gives each picture its title and description
            "background": "transparent",
            "font": FONT,
            "padding": 2,
            "view": {"stroke": None},
            "axis": axis,
            "axisX": {"grid": False},
            "text": text,
            "bar": {"color": LIGHT.drop},
            "line": {"color": LIGHT.drop, "strokeWidth": 2},
            "area": {"color": LIGHT.band},
            "rule": {"color": LIGHT.muted},
            "legend": {"disable": True},
        }
    }
