"""``gouttes people profile``, ``households`` and ``companies``: who a person is, and the circles they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, printable
from gouttes.opened import OpenedWorkspace
from gouttes.trust.interval import exact_interval
from gouttes.vocabulary import Facet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

Row = dict[str, Any]

MOST_EXACT = 1000
"""Rows for which the exact quantiles are computed; a longer list keeps the engine's (within .0042)."""

FIELD_ORDER = (
    *("name", "first_name", "last_name", "birth_date", "email", "phone", "external_id"),
    *("address", "postcode", "city", "country", "company", "language"),
)

TopOption = Annotated[int, typer.Option("--top", help="How many; 0 for all.", min=0)]
WorstOption = Annotated[bool, typer.Option("--worst", help="Lowest trust first.")]


def profile(
    workspace: WorkspaceArgument,
    person: Annotated[str, typer.Argument(help="Person id, subject key, e-mail or phone.")],
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Who a person is: the best value of each field and why, every way to reach them, their household and company."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    found = opened.find(person)
    fields = sorted(_rows(opened.profile(found)), key=lambda row: FIELD_ORDER.index(row["field"]))
    contacts = _rows(opened.contacts(found))
    home, work = _circle_of(opened, found, opened.households(near=found), "household"), _company_of(opened, found)
    document = {
        "person": found,
        "as_of": opened.as_of,
        "level": 0.9,
        "fields": [_without(row, "person") for row in fields],
        "contacts": [_without(row, "person") for row in contacts],
        "household": home,
        "company": work,
    }
    zone = opened.workspace.settings.zone
    for row in (*fields, *contacts):
        row["date"] = voice.language.date(row["known_at"].astimezone(zone), "medium")
    circles = (_told(voice, "household", home), _told(voice, "company", work))
    note = voice.say("profile.note", date=voice.language.date(opened.local_as_of))
    voice.answer(document, _fields(voice, fields), "", _contacts(voice, contacts), "", *circles, note)


def households(
    workspace: WorkspaceArgument,
    top: TopOption = 20,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    address_only: Annotated[
        bool, typer.Option("--address-only", help="Whoever lives at one address, whatever their names.")
    ] = False,
    worst: WorstOption = False,
    as_json: JsonOption = False,
) -> None:
    """People who live together, and how much each household trusts the company."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    members = opened.households(same_name=not address_only)
    circles = _read(opened, members, "household", top=top, worst=worst)
    shown = _circles(voice, circles, "households.household", "household")
    note = "households.note_address" if address_only else "households.note"
    _answer(voice, opened, "households", circles, shown, note)


def companies(
    workspace: WorkspaceArgument,
    top: TopOption = 20,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    worst: WorstOption = False,
    as_json: JsonOption = False,
) -> None:
    """Where customers work, and how much each company's people trust yours."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    members = opened.companies()
    circles = _read(opened, members, "company", top=top, worst=worst)
    named = {row["company"]: row for row in _rows(_of(members, "company", [row["company"] for row in circles]))}
    for row in circles:
        row |= {key: named[row["company"]][key] for key in ("name", "domain")}
        row["label"] = _label(row)
    shown = _circles(voice, circles, "companies.company", "label")
    _answer(voice, opened, "companies", [_without(row, "label") for row in circles], shown, "companies.note")


def _rows(table: ir.Table) -> list[Row]:
    rows: list[Row] = table.to_pyarrow().to_pylist()
    return rows


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


def _of(members: ir.Table, kind: str, ids: Sequence[str]) -> ir.Table:
    return members.filter(members[kind].isin(list(ids)))


def _read(opened: OpenedWorkspace, members: ir.Table, kind: str, *, top: int, worst: bool) -> list[Row]:
    """The readings of circles, sorted, each with its id under ``kind`` and the ids of its ``people``."""
    read = opened.circle_readings(members.select("person", circle=kind))
    ordered = read.order_by([read["trust"].asc() if worst else read["trust"].desc(), read["circle"]])
    frame = (ordered.limit(top) if top else ordered).to_pandas()
    if 0 < len(frame) <= MOST_EXACT:
        frame["low"], frame["high"] = exact_interval(frame["a"], frame["b"])
    who = _of(members, kind, frame["circle"].tolist()) if top else members
    people: dict[str, list[str]] = {}
    for row in sorted(_rows(who), key=lambda row: row["person"]):
        people.setdefault(row[kind], []).append(row["person"])
    rows: list[Row] = frame.to_dict("records")
    return [{kind: row["circle"], **_without(row, "circle"), "people": people[row["circle"]]} for row in rows]


def _circle_of(opened: OpenedWorkspace, person: str, members: ir.Table, kind: str) -> Row | None:
    """The reading of the circle of one person; None where there is none."""
    ids = [row[kind] for row in _rows(members.filter(members["person"] == person))]
    return _read(opened, _of(members, kind, ids), kind, top=1, worst=False)[0] if ids else None


def _company_of(opened: OpenedWorkspace, person: str) -> Row | None:
    members = opened.companies(near=person)
    circle = _circle_of(opened, person, members, "company")
    if circle is None:
        return None
    (row,) = _rows(members.filter(members["person"] == person))
    return {**circle, "name": row["name"], "domain": row["domain"]}


def _label(row: Row) -> str:
    """What to call a circle: the company's name and domain, or the household's id."""
    name, domain = row.get("name"), row.get("domain")
    both = f"{name} ({domain})" if name and domain else name or domain
    return printable(both) if both else row.get("household") or row["company"]


def _answer(voice: Voice, opened: OpenedWorkspace, kind: str, circles: list[Row], shown: Table, note: str) -> None:
    document = {"as_of": opened.as_of, "prior": opened.prior, "level": 0.9, kind: circles}
    if not circles:
        voice.answer(document, voice.say(f"{kind}.none"))
        return
    voice.answer(document, shown, voice.say(note, date=voice.language.date(opened.local_as_of)))


def _table(title: str = "") -> Table:
    return Table(box=None, header_style="bold", padding=(0, 1, 0, 0), title=title or None, title_justify="left")


def _fields(voice: Voice, fields: list[Row]) -> Table:
    shown = _table()
    for name in ("what", "value", "source", "date", "rule"):
        shown.add_column(voice.say(f"profile.{name}"))
    for row in fields:
        what, why = voice.say(f"profile.field.{row['field']}"), voice.say(f"profile.why.{row['rule']}")
        shown.add_row(what, printable(row["value"]), row["source"], row["date"], why)
    return shown


def _contacts(voice: Voice, contacts: list[Row]) -> Table:
    shown = _table(voice.say("profile.contacts", n=len(contacts)))
    for name in ("what", "value", "source", "date", "sources"):
        shown.add_column(voice.say(f"profile.{name}"), justify="right" if name == "sources" else "left")
    for row in contacts:
        what, sources = voice.say(f"profile.field.{row['field']}"), voice.language.number(row["sources"])
        shown.add_row(what, printable(row["value"]), row["source"], row["date"], sources)
    return shown


def _range(voice: Voice, row: Row) -> str:
    low, high = voice.language.number(100 * row["low"]), voice.language.percent(row["high"], 0)
    return voice.say("trust.range", low=low, high=high)


def _told(voice: Voice, kind: str, circle: Row | None) -> str:
    """One sentence on a circle: its size, its trust and the interval."""
    if circle is None:
        return voice.say(f"profile.no_{kind}")
    trust, interval = voice.language.percent(circle["trust"], 0), _range(voice, circle)
    return voice.say(f"profile.{kind}", name=_label(circle), n=int(circle["members"]), trust=trust, interval=interval)


def _circles(voice: Voice, circles: list[Row], heading: str, label: str) -> Table:
    shown = _table()
    percent = voice.language.percent
    shown.add_column(voice.say(heading), no_wrap=True)
    shown.add_column(voice.say("households.people"), justify="right")
    for name in ("trust", "interval", "prior", *Facet):
        shown.add_column(voice.say(f"trust.{name}"), justify="right")
    for row in circles:
        figures = [percent(row["trust"], 0), _range(voice, row), percent(row["ignorance"], 0)]
        facets = [percent(row[facet], 0) for facet in Facet]
        shown.add_row(row[label], voice.language.number(row["members"]), *figures, *facets)
    return shown
