"""``gouttes stages``, ``levels``, ``constraint`` and ``justice``: how far relations have come, and what holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gouttes import relating
from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, grid
from gouttes.opened import OpenedWorkspace
from gouttes.report import relation
from gouttes.vocabulary import Level, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (stages, levels, constraint, justice):
        app.command(command.__name__)(command)


def stages(
    workspace: WorkspaceArgument,
    person: Annotated[str | None, typer.Option(help="One person: id, subject key, e-mail or phone.")] = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """How far the relation with customers has come: five stages, as probabilities."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    table = relating.stage_table(opened)
    if person is not None:
        found = opened.find(person)
        rows = table.filter(table.person == found).to_pandas().to_dict("records")
        chances = [(stage.value, float(rows[0][stage.value])) for stage in Stage] if rows else []
        told = [(voice.language.say(f"stage.{name}"), voice.language.percent(chance)) for name, chance in chances]
        note = voice.say("stages.note") if rows else voice.say("stages.nobody")
        voice.answer({"as_of": opened.as_of, "people": rows}, _grid(voice, ("stage", "chance"), told), note)
        return
    shares = relating.stage_shares(table)
    document = {"as_of": opened.as_of, "level": 0.9, "stages": shares}
    lines = relation.stage_rows(shares, voice.language)
    lead = relation.stage_sentence(shares, voice.language)
    voice.answer(
        document, lead, _grid(voice, ("stage", "people", "share", "interval"), lines), voice.say("stages.note")
    )


def levels(
    workspace: WorkspaceArgument,
    person: Annotated[str | None, typer.Option(help="Where the trust of one person comes from.")] = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Where trust comes from: the trade, the company, a team, a colleague or one's own history, by stage."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    if person is not None:
        parts = relating.trust_of(opened, opened.find(person))
        said = voice.language
        told = [(said.say(f"level.{level}"), said.number(parts[level], 2, sign=True)) for level in Level]
        grid = _grid(voice, ("level", "log_odds"), told)
        voice.answer({"as_of": opened.as_of, "person": parts}, grid, voice.say("levels.person_note"))
        return
    found = relating.levels(opened)
    lines = relation.level_rows(found.cells, voice.language)
    columns = ("stage", "people", "level", "weight", "interval", "brings")
    notes = relation.level_notes(found.differ, found.sector, voice.language)
    document = {"as_of": opened.as_of, "level": 0.9, **relating.document(found)}
    voice.answer(document, relation.level_sentence(found.cells, voice.language), _grid(voice, columns, lines), *notes)


def constraint(
    workspace: WorkspaceArgument,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Do customers stay because they want to? What happens when a lock-in ends, and what the company pledges."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    found = relating.constraint(opened)
    document = {"as_of": opened.as_of, "level": 0.9, **relating.document(found)}
    voice.answer(
        document, *relation.constraint_sentences(found.trap, found.pledge, found.locked_renewals, voice.language)
    )


def justice(
    workspace: WorkspaceArgument,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """How just repairs are, which justice brings customers back, and what they do after a repair."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    found = relating.justice(opened)
    lines = relation.justice_rows(found.facets, found.weights, voice.language)
    said = relation.justice_sentences(found.repairs, found.by_source, found.weights, found.effect, voice.language)
    document = {"as_of": opened.as_of, "level": 0.9, **relating.document(found)}
    voice.answer(
        document,
        said[0],
        _grid(voice, ("justice", "mean", "interval", "n", "weight", "weight_interval"), lines),
        *said[1:],
    )


def _grid(voice: Voice, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    shown = grid({name: voice.language.say(f"relation.{name}") for name in columns}, left=LEFT)
    for row in rows:
        shown.add_row(*row)
    return shown


LEFT = frozenset({"stage", "level", "justice"})
