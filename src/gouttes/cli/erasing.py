"""``gouttes forget``: erase a person, and prove it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.cli.voice import JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.errors import BadInputError
from gouttes.opened import OpenedWorkspace

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

TRACES_LEFT = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("forget")(forget)


def forget(
    workspace: WorkspaceArgument,
    person: Annotated[str, typer.Argument(help="Person id, subject key, e-mail or phone.")],
    lang: LangOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase a person from every place of the workspace. This cannot be undone. Prints a receipt."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace)
    found = opened.find(person)
    if not yes:
        _confirm(voice, found)
    receipt = opened.forget(found)
    number = voice.language.number
    rows = ", ".join(f"{name} {number(count)}" for name, count in receipt.erased.items())
    traces = (
        voice.say("forget.traces", places=", ".join(receipt.traces)) if receipt.traces else voice.say("forget.clean")
    )
    voice.answer(
        receipt,
        voice.say(
            "forget.receipt",
            receipt=receipt.receipt,
            person=receipt.person,
            date=_when(voice, receipt.at, opened.workspace.settings.zone),
        ),
        voice.say("forget.rows", rows=rows),
        f"{voice.say('forget.searched', bytes=number(receipt.bytes_searched))} {traces}",
        voice.say("forget.sources", sources=", ".join(receipt.sources)),
    )
    if receipt.traces:
        raise typer.Exit(TRACES_LEFT)


def _when(voice: Voice, at: str, zone: ZoneInfo) -> str:
    """The end of the erasure, in the company's time zone; the receipt itself keeps it in UTC."""
    return voice.language.moment(datetime.fromisoformat(at).astimezone(zone))


def _confirm(voice: Voice, person: str) -> None:
    if not sys.stdin.isatty():
        raise BadInputError("Erasing cannot be undone. Nobody can confirm it here: add --yes.")
    if not typer.confirm(voice.say("forget.confirm", person=person), err=True):
        raise typer.Abort
