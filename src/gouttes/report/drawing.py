"""From an Altair chart to an SVG that can stand in a page: no script, no network, no clash of ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import vl_convert
from markupsafe import Markup

from gouttes.report import theme
from gouttes.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gouttes.language import Language

LOCALES: dict[str, Any] = {"fr": "fr-FR", "en": "en-GB"}
SCHEMA = "v6.4"
LARGE, SMALL = 728, 344  # px inside a card of the page's grid, at full width
NARROW = 334  # px inside a card on a 390 px screen


@dataclass(frozen=True)
class Picture:
    """A chart drawn at one or two widths, its words, and the table behind it.

    Attributes:
        key: its name in the page.
        title, subtitle: above it.
        description: what it shows, for those who do not see it.
        wide, narrow: SVG; ``narrow`` is empty where the wide one is narrow already.
        table: the figures it draws.
    """

    key: str
    title: str
    subtitle: str
    description: str
    wide: Markup
    narrow: Markup
    table: Table


@dataclass(frozen=True)
class Frame:
    """How large a chart is drawn, and for whom: ``narrow`` charts put labels above what they name."""

    width: int
    narrow: bool
    code: str


def pictured(
    key: str,
    draw: Callable[[Frame], Any],
    width: int,
    language: Language,
    table: Sequence[tuple[str, ...]],
    **said: object,
) -> Picture:
    """A picture whose words are under ``chart.KEY`` in the catalogue; ``said`` fills them and names the columns."""
    columns = str(said.pop("columns")).split()
    title = language.say(f"chart.{key}.title")
    text = language.say(f"chart.{key}.text", **said)
    wide, narrow = drawn_twice(draw, width=width, code=language.code, key=key, title=title, description=text)
    behind = Table(
        caption=language.say(f"chart.{key}.caption"),
        headings=tuple(language.say(f"column.{name}") for name in columns),
        rows=tuple(table),
    )
    return Picture(key, title, language.say(f"chart.{key}.subtitle", **said), text, wide, narrow, behind)


def drawn_twice(
    draw: Callable[[Frame], Any], *, width: int, code: str, key: str, title: str, description: str
) -> tuple[Markup, Markup]:
    """The chart at ``width`` and at phone width, as titled SVG."""
    wide = svg(draw(Frame(width, width <= NARROW + 60, code)), code=code, key=f"{key}-w", title=title, text=description)
    if width <= NARROW + 60:
        return wide, Markup()
    narrow = svg(draw(Frame(NARROW, narrow=True, code=code)), code=code, key=f"{key}-n", title=title, text=description)
    return wide, narrow


def svg(chart: Any, *, code: str, key: str, title: str, text: str) -> Markup:  # noqa: ANN401 -- Altair is untyped here
    """One chart as inline SVG with a title and a description."""
    with alt.theme.enable(theme.NAME):
        spec = chart.to_dict()
    locale = LOCALES[code]
    raw = vl_convert.vegalite_to_svg(
        spec, vl_version=SCHEMA, format_locale=locale, time_format_locale=locale, allowed_base_urls=[]
    )
    return _inlined(raw, key=key, title=title, text=text)


def _inlined(raw: str, *, key: str, title: str, text: str) -> Markup:
    """The SVG without namespaces (HTML knows them), with ids of its own and words for a screen reader."""
    body = re.sub(r"<[^>]*>", lambda tag: _tag(tag[0], key), raw)
    opening, inside = body.split(">", 1)
    words = Markup(' role="img" aria-labelledby="{k}-t {k}-d"><title id="{k}-t">{t}</title><desc id="{k}-d">{d}</desc>')
    return Markup(opening) + words.format(k=key, t=title, d=text) + Markup(inside)  # noqa: S704 -- Vega escapes its text


def _tag(tag: str, key: str) -> str:
    """One tag, lighter; what is written between tags is never touched."""
    if re.match(r'<path [^>]*d="(M0,0h0v0h0Z)?"', tag):
        return ""
    tag = re.sub(r' (xmlns[:\w]*|aria-[\w-]+|role|class|pointer-events|version)="[^"]*"', "", tag)
    tag = tag.replace(' id="', f' id="{key}-').replace("url(#", f"url(#{key}-")
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", tag)
