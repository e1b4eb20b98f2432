"""The report in a terminal: the same findings, in a screenful. A shape doubles every colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gouttes.report import words
from gouttes.report.findings import Verdict, findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from gouttes.language import Language
    from gouttes.report.data import Estimate, ReportData
    from gouttes.report.findings import Findings, Mover

UP, DOWN, LEVEL = "▲", "▼", "■"
LOOK = {UP: "bold blue", DOWN: "bold red", LEVEL: "bold"}
SHAPES = {Verdict.WON: UP, Verdict.LOST: DOWN, Verdict.STEADY: LEVEL, Verdict.UNKNOWN: LEVEL}
BAR = 12  # characters of a bar for a share of 100 %: a line fits in 80 columns
FALLERS = 5
MUTED = "dim"


def summary(data: ReportData, language: Language) -> RenderableType:
    """What the report says, for a terminal with or without colour."""
    found = findings(data)
    head = words.headline(found, language, data.as_of)
    shape = SHAPES[found.verdict]
    parts: list[RenderableType] = [
        Text.assemble((f"{shape} ", LOOK[shape]), (head.lead, "bold"), (head.amount, LOOK[shape]), (head.end, "bold")),
        Text(head.detail, style=MUTED),
    ]
    if data.simulated:
        parts.append(Text(language.say("report.simulated"), style="italic"))
    if found.counts.events:
        parts += _sections(found, language)
        parts.append(Text(language.say("explain.not_cause"), style=MUTED))
    else:
        parts.append(Text(language.say("verdict.next")))
        parts.append(Text("gouttes import WORKSPACE FILES --as PRESET\ngouttes run WORKSPACE", style="bold"))
    return Group(*parts)


def _sections(found: Findings, language: Language) -> list[RenderableType]:
    sections: list[RenderableType] = []
    if found.today is not None:
        sections += _section(language.say("summary.today"), _estimates([("", found.today)], language))
    if found.ignorance is not None:
        share = language.percent(found.ignorance)
        sections.append(Padding(Text(language.say("summary.prior", share=share), style=MUTED), (0, 0, 0, 2)))
    facets = [(language.label("facet", one.name), one) for one in found.facets]
    sections += _section(language.say("summary.facets"), _estimates(facets, language))
    sections += _section(language.say("summary.behaviours"), _estimates(_acts(found, language), language))
    sections += _section(language.say("summary.costs"), _movers(found.costs, language))
    sections += _section(language.say("summary.earns"), _movers(found.earns, language))
    sections += _section(language.say("summary.fallers"), _fallers(found, language))
    return sections


def _section(title: str, table: Table) -> list[RenderableType]:
    return [Text(f"\n{title}", style="bold"), Padding(table, (0, 0, 0, 2))] if table.row_count else []


def _grid(*justify: str) -> Table:
    grid = Table.grid(padding=(0, 2))
    for side in justify:
        grid.add_column(justify="right" if side == "right" else "left", no_wrap=side == "right")
    return grid


def _acts(found: Findings, language: Language) -> list[tuple[str, Estimate]]:
    """What customers do, with unprompted return at each of its windows."""
    acts = [(language.label("measure", one.name), one) for one in found.behaviours if one.name != "unprompted_return"]
    name = language.say("measure.unprompted_return")
    return acts + [(f"{name}, L = {language.days(one.window or 0)}", one) for one in found.returns]


def _estimates(rows: Iterable[tuple[str, Estimate]], language: Language) -> Table:
    grid = _grid("left", "right", "left", "left")
    for label, one in rows:
        full = round(min(1.0, max(0.0, one.value)) * BAR)
        bar = Text.assemble(("━" * full, "blue"), ("╌" * (BAR - full), MUTED))
        grid.add_row(
            Text(label), Text(language.percent(one.value), style="bold"), bar, _muted(words.beside(one, language))
        )
    return grid


def _movers(rows: Iterable[Mover], language: Language) -> Table:
    grid = _grid("left", "right", "left")
    for one in rows:
        shape = DOWN if one.contribution < 0 else UP
        points = language.say("summary.points", points=language.points(one.contribution, 2))
        label = Text.assemble((f"{shape} ", LOOK[shape]), words.mover_name(one, language))
        grid.add_row(label, Text(points, style=LOOK[shape]), _muted(words.moved(one, language)))
    return grid


def _fallers(found: Findings, language: Language) -> Table:
    grid = _grid("left", "right", "left", "left")
    for one in found.fallers[:FALLERS]:
        path = f"{language.percent(one.before, 0)} → {language.percent(one.after.value, 0)}"
        name = Text.assemble((f"{DOWN} ", LOOK[DOWN]), one.name or one.person)
        interval = words.between(one.after.low, one.after.high, language, 0)
        grid.add_row(name, Text(path, style="bold"), _muted(interval), Text(words.reasons(one.reasons, language)))
    return grid


def _muted(text: str) -> Text:
    return Text(text, style=MUTED)
