"""``gouttes trust`` and ``gouttes explain``: readings, and the ledger behind one of them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.cli.voice import (
    AsOfOption,
    EngineOption,
    JsonOption,
    LangOption,
    Voice,
    WorkspaceArgument,
    date_given,
    grid,
)
from gouttes.errors import BadInputError
from gouttes.opened import OpenedWorkspace
from gouttes.relating import would_change
from gouttes.report.counterfactual import told
from gouttes.report.explain import sentences, table
from gouttes.report.validation import caution
from gouttes.trust.interval import exact_interval
from gouttes.validated import standing

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

MOST_EXACT = 1000
"""Rows for which the exact quantiles are computed; a longer list keeps the engine's (within .0042)."""


class Format(StrEnum):
    """How readings are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("trust")(trust)
    app.command("explain")(explain)


def trust(
    workspace: WorkspaceArgument,
    top: Annotated[int, typer.Option(help="How many people; 0 for everyone.", min=0)] = 20,
    person: Annotated[str | None, typer.Option(help="One person: id, subject key, e-mail or phone.")] = None,
    form: Annotated[Format, typer.Option("--format", help="table, json, csv or parquet.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    as_of: AsOfOption = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    worst: Annotated[bool, typer.Option("--worst", help="Lowest trust first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Who trusts the company, how much, and how sure that is."""
    voice = Voice(lang, as_json or form is Format.JSON)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    chosen = opened.trust(as_of=date_given(as_of, opened.workspace.settings.zone))
    if person is not None:
        chosen = chosen.filter(chosen.person == opened.find(person))
    order = chosen.trust.asc() if worst else chosen.trust.desc()
    chosen = chosen.order_by([order, chosen.person])
    readings = (chosen.limit(top) if top else chosen).to_pandas()
    if len(readings) <= MOST_EXACT and len(readings):
        readings["low"], readings["high"] = exact_interval(readings["a"], readings["b"])
    if form in {Format.CSV, Format.PARQUET}:
        _write(readings, form, out)
        return
    caution = cautions(opened, voice)
    document = {"as_of": opened.as_of, "prior": opened.prior, "level": 0.9, "caution": caution}
    note = voice.say("trust.note", date=voice.language.date(opened.local_as_of))
    voice.answer(document | {"people": readings.to_dict("records")}, _readings(voice, readings), note, *caution)


def cautions(opened: OpenedWorkspace, voice: Voice) -> list[str]:
    """The line that stands beside a reading where validation found no added value; none where it did, or never ran."""
    found = standing(opened.workspace)
    return [caution(found.without_gain, voice.language)] if found and found.without_gain else []


def _write(readings: pd.DataFrame, form: Format, out: Path | None) -> None:
    if form is Format.CSV:
        readings.to_csv(out or sys.stdout, index=False)
        return
    if out is None and sys.stdout.isatty():
        raise BadInputError("Parquet is not for the screen: give --out FILE, or redirect standard output.")
    readings.to_parquet(out or sys.stdout.buffer, index=False)


def _readings(voice: Voice, readings: pd.DataFrame) -> Table:
    percent = voice.language.percent
    names = ("person", "trust", "interval", "prior", "credibility", "integrity", "benevolence")
    shown = grid({name: voice.say(f"trust.{name}") for name in names}, left={"person"}, whole={"person"})
    for row in readings.to_dict("records"):
        interval = voice.say("trust.range", low=voice.language.number(100 * row["low"]), high=percent(row["high"], 0))
        facets = [percent(row[facet], 0) for facet in names[4:]]
        shown.add_row(row["person"], percent(row["trust"]), interval, percent(row["ignorance"], 0), *facets)
    return shown


def explain(
    workspace: WorkspaceArgument,
    person: Annotated[str, typer.Argument(help="Person id, subject key, e-mail or phone.")],
    events: Annotated[int, typer.Option(help="How many events of the ledger to list, heaviest first.", min=0)] = 12,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Why a person's trust is what it is: every drop and bucket, in words and in figures."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    found = opened.find(person)
    account, ledger = opened.account(found), opened.ledger(found).to_pandas()
    heaviest = ledger.reindex(ledger["contribution"].abs().sort_values(ascending=False, kind="stable").index)
    change = would_change(opened, found, ledger)
    said = [*sentences(account, voice.language), *told(change, voice.language)]
    columns = [name for name in heaviest.columns if name != "person"]
    document = {"account": account, "sentences": said, "ledger": heaviest[columns].to_dict("records")}
    shown = (table(account, voice.language), "", _events(voice, heaviest.head(events)))
    beside = cautions(opened, voice)
    voice.answer(document | {"caution": beside, "counterfactual": change}, *said, *beside, "", *shown)


def _events(voice: Voice, ledger: pd.DataFrame) -> Table:
    """The heaviest lines of the ledger."""
    names = ("date", "event", "rule", "weight", "contribution")
    headings = {name: voice.say(f"explain.{name}") for name in names}
    shown = grid(headings, left=names[:3], title=voice.say("explain.events", n=len(ledger)))
    language = voice.language
    for row in ledger.to_dict("records"):
        kind, rule = language.label("kind", row["kind"]), language.label("rule.name", row["rule"])
        weight, effect = language.number(row["weight_now"], 2), language.number(row["contribution"], 2, sign=True)
        shown.add_row(language.date(row["occurred_at"], "medium"), kind, rule, weight, effect)
    return shown
