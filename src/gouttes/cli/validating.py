"""``gouttes validate``: does the reading add anything here, and over what?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, grid
from gouttes.opened import OpenedWorkspace
from gouttes.report import validation
from gouttes.report.validation_data import shown
from gouttes.validating import HORIZON
from gouttes.validating import validate as validated

if TYPE_CHECKING:
    from rich.table import Table

    from gouttes.report.tables import Table as Words


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate")(validate)


def validate(
    workspace: WorkspaceArgument,
    horizon: Annotated[float, typer.Option(help="Days after each date in which outcomes are counted.")] = HORIZON,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    hold_out: Annotated[
        bool, typer.Option("--hold-out", help="Ask the permanent hold-out; that it was asked is written down.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Does the reading say more of what customers do next than plainer predictions do, and over which?"""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    with voice.progress("validate.step") as progress:
        found = validated(
            opened.workspace,
            opened.connection,
            as_of=opened.as_of,
            now=datetime.now(UTC),
            horizon=horizon,
            hold_out=hold_out,
            progress=progress,
        )
    page = shown(found, digest=opened.manifest.digest)
    answer = validation.sentence(page, voice.language)
    facts = validation.facts(page, voice.language)
    tables = [_table(validation.rivals(each, voice.language)) for each in page.outcomes if each.rivals]
    document = {"answer": answer, "facts": facts, "validation": found}
    voice.answer(document, answer, "", *facts, *(part for table in tables for part in ("", table)))


def _table(words: Words) -> Table:
    """A table of the report on the terminal."""
    headings = {str(number): heading for number, heading in enumerate(words.headings)}
    made = grid(headings, left={"0"}, title=words.caption)
    for row in words.rows:
        made.add_row(*row)
    return made
