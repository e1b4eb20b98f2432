"""``gouttes brand``: is trust local or collective, what a new colleague inherits, who brings whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gouttes.branding import brand as branded
from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.opened import OpenedWorkspace
from gouttes.report.brand import parts, sentence, unknown

if TYPE_CHECKING:
    import typer

    from gouttes.report.brand_data import Brand


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("brand")(brand)


def brand(
    workspace: WorkspaceArgument,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Where trust lies: with a person or with the company; what a change of agent does; who brings whom."""
    voice = Voice(lang, as_json)
    found = branded(OpenedWorkspace.at(workspace, engine=engine))
    voice.answer(found, *_shown(voice, found))


def _shown(voice: Voice, found: Brand) -> list[Any]:
    language = voice.language
    head = sentence(found, language)
    said: list[Any] = [str(head), head.detail]
    for title, sentences in [*parts(found, language), (language.say("brand.title.unknown"), unknown(language))]:
        said += ["", title, *(f"  {each}" for each in sentences)]
    return said
