"""``gouttes run`` and ``gouttes doctor``: compute, and look after the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gouttes.checkup import checkup
from gouttes.cli.voice import AsOfOption, EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, date_given
from gouttes.opened import OpenedWorkspace

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gouttes.checkup import Checkup
    from gouttes.pipeline import Ran


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("doctor")(doctor)


def run(
    workspace: WorkspaceArgument,
    as_of: AsOfOption = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Compute everyone, even where little changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Identity, behaviour, evidence, trust: compute what the log says, for those whom something new concerns."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    moment = date_given(as_of, opened.workspace.settings.zone)
    with voice.progress("run.step") as progress:
        ran = opened.run(as_of=moment, full=full, progress=progress)
    voice.answer(ran, ran_sentence(voice, ran, opened.workspace.settings.zone))


def ran_sentence(voice: Voice, ran: Ran, zone: ZoneInfo) -> str:
    """What a run did, in one sentence; the date is that of the company's time zone."""
    seconds = voice.language.number(sum(ran.seconds.values()), 1)
    words = voice.say(
        f"run.{ran.mode}",
        people=voice.language.number(ran.people),
        touched=voice.language.number(ran.touched),
        date=voice.language.date(ran.as_of.astimezone(zone)),
        seconds=seconds,
    )
    return f"{words} {voice.say('run.set_aside', n=ran.set_aside)}" if ran.set_aside else words


def doctor(workspace: WorkspaceArgument, lang: LangOption = None, *, as_json: JsonOption = False) -> None:
    """What is in a workspace, what is wrong with it (exit code 1 if serious), and what a run would cost."""
    voice = Voice(lang, as_json)
    found = checkup(OpenedWorkspace.at(workspace))
    voice.answer(found, _contents(voice, found), *_troubles(voice, found), _cost(voice, found))
    if any(trouble.serious for trouble in found.troubles):
        raise typer.Exit(1)


def _contents(voice: Voice, found: Checkup) -> Table:
    table = Table(box=None, title=voice.say("doctor.title", name=found.name), title_justify="left", show_header=False)
    number = voice.language.number
    for name, value in found.counts.items():
        table.add_row(voice.say(f"doctor.count.{name}"), number(value))
    for kind, count in found.kinds.items():
        table.add_row(f"  {kind}", number(count), style="dim")
    if found.first and found.last:
        table.add_row(voice.say("doctor.from"), voice.language.date(found.first))
        table.add_row(voice.say("doctor.to"), voice.language.date(found.last))
    table.add_row(voice.say("doctor.disk"), voice.say("doctor.megabytes", size=number(found.disk_bytes / 1e6, 1)))
    return table


def _troubles(voice: Voice, found: Checkup) -> list[str]:
    if not found.troubles:
        return [voice.say("doctor.well")]
    return [
        f"{'▼' if trouble.serious else '•'} {voice.say(f'doctor.trouble.{trouble.name}', **trouble.values)}"
        for trouble in found.troubles
    ]


def _cost(voice: Voice, found: Checkup) -> str:
    return voice.say(
        "doctor.cost",
        seconds=voice.language.number(found.full_run_seconds, 1),
        memory=voice.language.number(found.memory_gb, 1),
    )
