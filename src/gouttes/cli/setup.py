"""``gouttes init``: make a workspace."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.cli.voice import JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.settings import Settings
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from typer import Typer


def register(app: Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    workspace: WorkspaceArgument,
    name: Annotated[str, typer.Option("--name", help="The company's name.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code of amounts that come without one.")] = "EUR",
    timezone: Annotated[
        str, typer.Option(help="IANA time zone of times that come without an offset.")
    ] = "Europe/Paris",
    country: Annotated[str, typer.Option(help="Two letters: phone numbers without a country code.")] = "FR",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: one folder that holds the settings, the log, the people and what is computed."""
    voice = Voice(lang, as_json)
    language = voice.language.code
    settings = Settings(name=name, currency=currency, timezone=timezone, country=country, language=language)
    made = Workspace.create(workspace, settings)
    voice.answer(
        {"workspace": str(made.root), "settings": asdict(settings)},
        voice.say("init.done", name=name, path=str(made.root)),
    )
