"""``gouttes report``: the page, and its summary on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.digest import report_data
from gouttes.opened import OpenedWorkspace
from gouttes.report.findings import findings
from gouttes.report.page import render
from gouttes.report.summary import summary
from gouttes.report.validation import caution
from gouttes.workspace import disk_errors, replace_file


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    workspace: WorkspaceArgument,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Show the names of the people listed, not only their ids.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Is trust being won or lost? One page that needs no network, and its summary here."""
    voice = Voice(lang, as_json)
    data = report_data(OpenedWorkspace.at(workspace, engine=engine), names=names)
    with disk_errors(out.parent):
        replace_file(out, render(data, voice.language))
    without = data.validation.without_gain if data.validation else {}
    beside = [caution(without, voice.language)] if without else []
    document = {"report": str(out), "findings": findings(data), "caution": beside}
    voice.answer(document, summary(data, voice.language), *beside, voice.say("report.written", path=str(out)))
