"""``gouttes demo``: a simulated company, from its exports to the report."""

from __future__ import annotations

import shutil
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from gouttes.cli.upkeep import ran_sentence
from gouttes.cli.voice import LangOption, Voice
from gouttes.digest import report_data
from gouttes.errors import BadInputError
from gouttes.opened import OpenedWorkspace
from gouttes.report.page import render
from gouttes.report.summary import summary
from gouttes.settings import Settings
from gouttes.settings.checks import SETTINGS_FILE
from gouttes.simulate.company import Company, simulate
from gouttes.simulate.exports import write_exports
from gouttes.workspace import Workspace, replace_file

NAME = "Maison Lenoir (simulated)"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put exports, workspace and report; made anew.")] = Path(
        "demo"
    ),
    people: Annotated[int, typer.Option(help="People of the simulated company.", min=50)] = 5000,
    seed: Annotated[int, typer.Option(help="Same seed, same company.")] = 1,
    lang: LangOption = None,
    *,
    exports_only: Annotated[bool, typer.Option("--exports-only", help="Write the exports and stop.")] = False,
) -> None:
    """Simulate a company, import its exports, compute everything, print the findings and write report.html."""
    voice = Voice(lang)
    _clear(folder)
    voice.tell(voice.say("demo.simulating", people=people))
    paths = write_exports(simulate(Company(people=people, seed=seed)), folder / "exports")
    if exports_only:
        return
    settings = Settings(name=NAME, language=voice.language.code, simulated=True)
    workspace = Workspace.create(folder / "ws", settings)
    opened = OpenedWorkspace(workspace)
    for system, files in groupby(paths, key=lambda path: path.parent.name):
        voice.tell(voice.say("demo.importing", name=system))
        opened.take(list(files), preset=system)
    with voice.progress("run.step") as progress:
        ran = opened.run(progress=progress)
    voice.tell(ran_sentence(voice, ran, settings.zone))
    _show(voice, OpenedWorkspace.at(workspace.root), folder / "report.html")


def _show(voice: Voice, opened: OpenedWorkspace, page: Path) -> None:
    data = report_data(opened, names=True)
    replace_file(page, render(data, voice.language))
    worst = _worst(opened)
    root = opened.workspace.root
    suggestions = (
        f"gouttes trust {root} --top 20 --worst",
        f"gouttes explain {root} {worst}",
        f"gouttes people profile {root} {worst}",
        f"gouttes learn {root}",
        f"gouttes validate {root}",
        f"gouttes brand {root}",
        f"gouttes people resolve {root}",
        f"gouttes people review {root}",
        f"gouttes forget {root} {worst}",
        f"gouttes doctor {root}",
    )
    voice.answer(None, voice.say("demo.title", name=NAME), summary(data, voice.language))
    voice.answer(None, "", voice.say("demo.next", report=str(page)), *(f"  {each}" for each in suggestions))


def _worst(opened: OpenedWorkspace) -> str:
    """The person with the least trust, to try the other commands on."""
    readings = opened.trust()
    return str(readings.order_by([readings.trust, readings.person]).limit(1).person.to_pyarrow()[0])


def _clear(folder: Path) -> None:
    """Remove a former demo, and nothing else."""
    if not folder.exists():
        return
    ours = {"exports", "ws", "report.html"}
    strangers = {each.name for each in folder.iterdir()} - ours
    if strangers or ((folder / "ws").exists() and not (folder / "ws" / SETTINGS_FILE).exists()):
        raise BadInputError(f"{folder} holds other things than a demo: choose another folder, or remove it.")
    shutil.rmtree(folder)
