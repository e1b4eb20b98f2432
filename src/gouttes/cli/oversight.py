"""``gouttes drift`` and ``gouttes card``: does the reading keep its word, and the papers that say what runs here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.carding import Card, card, facts
from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, grid
from gouttes.drifting import MONTHS, drift
from gouttes.opened import OpenedWorkspace
from gouttes.workspace import disk_errors, replace_file

if TYPE_CHECKING:
    from gouttes.drifting import Drift


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("drift")(drifted)
    app.command("card")(written)


def drifted(
    workspace: WorkspaceArgument,
    months: Annotated[int, typer.Option(help="How many months to look back on.", min=1)] = MONTHS,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Does the reading still keep its word? What it expected of each month, and what came."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    with voice.progress("learn.step") as progress:
        found = drift(
            opened.workspace,
            opened.connection,
            as_of=opened.as_of,
            learned=opened.manifest.learned,
            rules=opened.rules,
            months=months,
            progress=progress,
        )
    found.keep(opened.workspace)
    last = voice.language.number(found.months[-1].z, 1, sign=True) if found.months else ""
    voice.answer(found, voice.say(f"drift.{found.state}", z=last), *(_months(voice, found) if found.months else ()))


def _months(voice: Voice, found: Drift) -> tuple[object, ...]:
    names = ("month", "people", "trials", "expected", "observed", "z")
    shown = grid({name: voice.say(f"drift.column.{name}") for name in names}, left={"month"})
    number, percent = voice.language.number, voice.language.percent
    for month in found.months:
        ends = voice.say("learn.range", low=percent(month.low), high=percent(month.high))
        mark = "*" if month.told else ""
        shown.add_row(
            voice.language.date(month.origin, "medium") + mark,
            number(month.people),
            number(month.trials),
            f"{percent(month.expected)} ({ends})",
            percent(month.observed),
            number(month.z, 1, sign=True),
        )
    note = (voice.say("drift.told"),) if any(month.told for month in found.months) else ()
    return ("", shown, *note)


def written(
    workspace: WorkspaceArgument,
    kind: Annotated[Card, typer.Option(help="model (a model card) or impact (an impact assessment).")] = Card.MODEL,
    out: Annotated[Path | None, typer.Option(help="Write to this Markdown file instead of standard output.")] = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """The model card or the impact assessment, written from the configuration that runs."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    if as_json:
        voice.answer(facts(opened))
        return
    text = card(opened, kind, voice.language)
    if out is None:
        sys.stdout.write(text)
        return
    with disk_errors(out.parent):
        replace_file(out, text)
    voice.answer({}, voice.say("card.written", path=str(out)))
