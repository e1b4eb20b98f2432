"""``gouttes people resolve|review|explain``: who is who, what waits for an answer, and why."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gouttes import training
from gouttes.checking import trial
from gouttes.cli import people_shown as shown
from gouttes.cli.upkeep import ran_sentence
from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, grid
from gouttes.errors import BadInputError
from gouttes.explaining import explanation, normalisations
from gouttes.opened import OpenedWorkspace
from gouttes.reviewing import question, queue
from gouttes.settings import parse_settings

if TYPE_CHECKING:
    from gouttes.pipeline import Ran

ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; by default your user name.")]
CHANGES_FOUND = 1


def resolve(
    workspace: WorkspaceArgument,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="With --dry-run: try this gouttes.toml instead of the own.")
    ] = None,
    examples: Annotated[int, typer.Option(help="How many examples of a change to show.", min=0)] = 10,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    train: Annotated[bool, typer.Option("--train", help="Train the model of likeness anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would join or part; write nothing.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="As --dry-run, and exit with 1 if anything would change: for the night.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="List the runs that joined or parted people.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide anew who is who, for everyone: rules, guards, the model of likeness and what people decided."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    if settings and not dry_run:
        raise BadInputError("--settings tries other settings without applying them: add --dry-run.")
    if history:
        shown.history(voice, opened)
    elif dry_run or check:
        _try(voice, opened, settings, examples, check=check)
    else:
        _resolve(voice, opened, train=train)


def _try(voice: Voice, opened: OpenedWorkspace, settings: Path | None, examples: int, *, check: bool) -> None:
    identity = opened.workspace.settings.identity
    if settings is not None:
        if not settings.is_file():
            raise BadInputError(f"There is no file {settings}: give a gouttes.toml to try.")
        identity = parse_settings(settings.read_text(encoding="utf-8")).identity
    _ = opened.as_of  # refuses where nothing was run
    found = trial(opened, identity, examples=examples)
    voice.answer(found, *shown.trial(voice, found))
    if check and not found.nothing:
        raise typer.Exit(CHANGES_FOUND)


def _resolve(voice: Voice, opened: OpenedWorkspace, *, train: bool) -> None:
    trained = None
    if opened.workspace.settings.identity.linkage.mode != "off":
        with voice.progress("people.step") as progress:
            progress("training")
            trained = training.train(opened.workspace, opened.connection, anew=train)
    with voice.progress("run.step") as progress:
        ran = opened.run(full=True, progress=progress)
    again = OpenedWorkspace.at(opened.workspace.root, engine=opened.engine)
    document = {"ran": ran, "training": trained, **shown.identity_figures(again)}
    voice.answer(document, *_resolved(voice, again, ran, trained))


def _resolved(voice: Voice, opened: OpenedWorkspace, ran: Ran, trained: training.Training | None) -> list[Any]:
    said: list[Any] = [ran_sentence(voice, ran, opened.workspace.settings.zone)]
    if trained is not None:
        reason = voice.say(f"lab.untrained.{trained.reason}") if trained.reason else ""
        said.append(voice.say(f"people.training.{trained.state}", reason=reason))
    return [*said, *shown.identity(voice, opened)]


def review(
    workspace: WorkspaceArgument,
    top: Annotated[int, typer.Option("--top", help="How many questions to list; 0 for all.", min=0)] = 20,
    show: Annotated[int, typer.Option("--show", help="How many of them side by side.", min=0)] = 1,
    same: Annotated[
        tuple[str, str] | None, typer.Option("--same", metavar="LEFT RIGHT", help="Answer: these are one person.")
    ] = None,
    apart: Annotated[
        tuple[str, str] | None, typer.Option("--apart", metavar="LEFT RIGHT", help="Answer: these are two people.")
    ] = None,
    by: ByOption = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Pairs of records that may be one person: list them, see them side by side, answer."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    if same and apart:
        raise BadInputError("Give --same or --apart, not both.")
    if same or apart:
        left, right = same or apart or ("", "")
        decided = opened.deciding(by).answer(left, right, same=bool(same))
        shown.decided(voice, opened, decided)
        return
    waiting = queue(opened)
    number = int(waiting.count().execute())
    rows = (waiting.limit(top) if top else waiting).to_pyarrow().to_pylist()
    asked = [question(opened, row["left"], row["right"]) for row in (rows if as_json else rows[:show])]
    document = {
        "waiting": number,
        "questions": [{**row, "question": each} for row, each in zip(rows, asked, strict=False)],
    }
    parts = [part for each in asked for part in ("", *shown.question(voice, each))]
    voice.answer(document, *_queue(voice, rows, number), *parts)


def _queue(voice: Voice, rows: list[dict[str, Any]], number: int) -> list[Any]:
    if not number:
        return [voice.say("people.no_question")]
    names = ("left", "right", "why", "probability")
    table = grid({name: voice.say(f"people.{name}") for name in names}, left=names[:3])
    for row in rows:
        chance = "" if row["probability"] is None else voice.language.percent(row["probability"], 1)
        why = voice.say(f"people.reason.{row['reason']}", rule=shown.rule(voice, row["rule"]))
        table.add_row(row["left"], row["right"], why, chance)
    return [voice.say("people.waiting", n=number), table, voice.say("people.how_to_answer")]


def explain(
    workspace: WorkspaceArgument,
    first: Annotated[str, typer.Argument(metavar="A", help="Person id, subject key, e-mail or phone.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    changes: Annotated[
        bool, typer.Option("--changes", help="Also what each rule of normalising changed in either record.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Why two records are one person, or are not: what ties them, what keeps them apart, and how alike they are."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    found = explanation(opened, first, second)
    asked = found.question
    rules = normalisations(opened, (asked.left, asked.right)) if changes else ()
    document = {**asdict(found), "changes": rules}
    voice.answer(document, *shown.explanation(voice, found), *shown.normalisations(voice, rules))
