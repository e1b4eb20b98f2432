"""``gouttes import``: from exported files to the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gouttes.cli.voice import JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.errors import BadInputError
from gouttes.opened import OpenedWorkspace
from gouttes.sources.catalogue import preset_names
from gouttes.sources.declared import load

if TYPE_CHECKING:
    from gouttes.intake import Taken
    from gouttes.sources.reporting import FileReport

REJECTED = 2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_files)


def import_files(
    workspace: WorkspaceArgument,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="CSV, JSON, JSON Lines, Parquet or XLSX; .zip or .gz.")
    ],
    preset: Annotated[
        str | None,
        typer.Option(
            "--as", help="zendesk, hubspot, salesforce, dynamics, chatwoot, shop or gouttes; found out by default."
        ),
    ] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="Your own mapping, a TOML file.")] = None,
    lang: LangOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 where any row was rejected.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import exported files. What is known already is left out; rows that cannot be used are listed with the reason."""
    voice = Voice(lang, as_json)
    if preset and mapping:
        raise BadInputError("Give --as or --map, not both: a mapping of your own takes the place of a preset.")
    if preset and preset not in preset_names():
        raise BadInputError(f"There is no preset '{preset}'. Presets: {', '.join(preset_names())}.")
    own = load(mapping) if mapping else None
    opened = OpenedWorkspace.at(workspace)
    with voice.progress("import.step") as progress:
        progress("dry" if dry_run else "read")
        taken = opened.take(files, preset=preset, mapping=own, dry_run=dry_run)
    tables = [_file(voice, each) for each in taken.files]
    voice.answer(taken, *tables, _closing(voice, taken))
    rejected = sum(sum(each.rejects.values()) for each in taken.files)
    refused = any(each.refusal for each in taken.files)
    if refused or (strict and rejected):
        raise typer.Exit(REJECTED)


def _file(voice: Voice, report: FileReport) -> Table:
    """What became of one file."""
    table = Table(
        title=f"{report.name} · {report.recognised_as or report.what}",
        title_justify="left",
        show_header=False,
        box=None,
    )
    number = voice.language.number
    table.add_row(voice.say("import.rows"), number(report.rows))
    for kind, count in report.events.items():
        table.add_row(f"  {kind}", number(count))
    table.add_row(voice.say("import.identifiers"), number(report.identifiers))
    table.add_row(voice.say("import.texts"), number(report.texts))
    for reason, count in report.rejects.items():
        words = voice.language.label("cli.import.reason", reason)
        table.add_row(f"▼ {reason}", f"{number(count)} · {words}", style="yellow")
    if report.unknown_columns:
        table.add_row(voice.say("import.unknown"), ", ".join(report.unknown_columns), style="dim")
    for notice in (*report.notices, *([report.refusal] if report.refusal else [])):
        table.add_row(voice.say("import.notice"), notice)
    for example in report.examples[:3]:
        shown = ", ".join(f"{name}={value}" for name, value in example.items() if value is not None)
        table.add_row(voice.say("import.example"), shown, style="dim")
    return table


def _closing(voice: Voice, taken: Taken) -> str:
    if taken.dry_run:
        return voice.say("import.dry")
    number = voice.language.number
    text = voice.say(
        "import.done",
        added=number(taken.events.added),
        known=number(taken.events.known),
        people=number(taken.identifiers.added),
    )
    if taken.events.erased:
        text += " " + voice.say("import.erased", n=taken.events.erased)
    if taken.rejects:
        text += " " + voice.say("import.rejected", path=str(taken.rejects))
    return text
