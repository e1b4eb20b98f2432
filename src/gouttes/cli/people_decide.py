"""``gouttes people merge|split|apart|undo|lists``: decisions of who is who. The readings follow at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gouttes.cli import people_shown as shown
from gouttes.cli.people import ByOption  # noqa: TC001 -- Typer reads it at run time
from gouttes.cli.voice import JsonOption, LangOption, Voice, WorkspaceArgument
from gouttes.errors import BadInputError
from gouttes.listing import decisions_of
from gouttes.opened import OpenedWorkspace

PeopleArgument = Annotated[
    list[str], typer.Argument(metavar="PEOPLE...", help="Person ids, subject keys, e-mails or phones.")
]


def merge(
    workspace: WorkspaceArgument,
    people: PeopleArgument,
    by: ByOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make several people one, whatever the rules say. `gouttes people undo` takes it back."""
    opened = OpenedWorkspace.at(workspace)
    shown.decided(Voice(lang, as_json), opened, opened.merge(*people, by=by))


def apart(
    workspace: WorkspaceArgument,
    people: PeopleArgument,
    by: ByOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Keep people apart, whatever they come to share. `gouttes people undo` takes it back."""
    opened = OpenedWorkspace.at(workspace)
    shown.decided(Voice(lang, as_json), opened, opened.keep_apart(*people, by=by))


def split(
    workspace: WorkspaceArgument,
    person: Annotated[str, typer.Argument(help="Person id, subject key, e-mail or phone.")],
    subjects: Annotated[list[str], typer.Argument(metavar="RECORDS...", help="Subject keys that are someone else.")],
    by: ByOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Part some records from the rest of a person, for good. `gouttes people undo` takes it back."""
    opened = OpenedWorkspace.at(workspace)
    shown.decided(Voice(lang, as_json), opened, opened.split(person, *subjects, by=by))


def undo(
    workspace: WorkspaceArgument,
    number: Annotated[str, typer.Argument(help="Number of a decision, or of a run that joined or parted people.")],
    by: ByOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Undo one decision, or all that one run joined and parted: the readings are as if it had never been."""
    opened = OpenedWorkspace.at(workspace)
    shown.decided(Voice(lang, as_json), opened, opened.undo(number, by=by))


def lists(
    workspace: WorkspaceArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV of two subject keys a row, or Table1, Table1Key, …")
    ],
    by: ByOption = None,
    lang: LangOption = None,
    *,
    always: Annotated[bool, typer.Option("--always", help="The two of each row are one person.")] = False,
    never: Annotated[bool, typer.Option("--never", help="The two of each row are never one person.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import a list of pairs that always, or never, are one person."""
    if always == never:
        raise BadInputError("Give --always or --never: what the two of each row are.")
    opened = OpenedWorkspace.at(workspace)
    asked = decisions_of(file, opened.links(), verdict="same" if always else "apart")
    shown.decided(Voice(lang, as_json), opened, opened.record(asked, by=by))
