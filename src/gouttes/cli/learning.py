"""``gouttes learn`` and ``gouttes chances``: what customers taught, and what their trust makes likely."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice, WorkspaceArgument, grid
from gouttes.errors import BadInputError
from gouttes.inforce import chances_in_force
from gouttes.learned import ParameterShelf
from gouttes.learning import DATES, HORIZON, MOST_PEOPLE, Asked, learn_from
from gouttes.opened import OpenedWorkspace
from gouttes.trust.learning.learn import Refused, State
from gouttes.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from gouttes.trust.learning.learn import Parameter, RatioTest
    from gouttes.trust.learning.parameters import ParameterSet

SURE = 0.05
NONE = "\u2013"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("learn")(learn)
    app.command("chances")(chances)


@dataclass(frozen=True)
class Difference:
    """One parameter in two sets; None where a set has none of that name."""

    name: str
    before: Parameter | None
    after: Parameter | None


def learn(
    workspace: WorkspaceArgument,
    horizon: Annotated[float, typer.Option(help="Days after each date in which outcomes are counted.")] = HORIZON,
    dates: Annotated[int, typer.Option(help="How many dates to learn from, a horizon apart; three at least.")] = DATES,
    people: Annotated[
        int, typer.Option(help="About how many people to learn from, where there are more; 0 for everyone.", min=0)
    ] = MOST_PEOPLE,
    version: Annotated[str | None, typer.Option(help="Which set; the latest by default.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; by default who is logged in here.")] = None,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Put a set in force, from the next run on.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Put a set aside, or out of force.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="A set beside the one in force, or beside the priors.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """What your own customers teach: what each drop and bucket weighs, and how long it is remembered."""
    voice = Voice(lang, as_json)
    if accept + reject + compare > 1:
        raise BadInputError("Give one of --accept, --reject and --compare.")
    opened = OpenedWorkspace.at(workspace, engine=engine)
    shelf = ParameterShelf(opened.workspace)
    if accept or reject:
        _decide(voice, shelf, version or _latest(shelf), by or getpass.getuser(), accept=accept)
    elif compare:
        _compare(voice, shelf, version or _latest(shelf))
    elif version:
        _show(voice, shelf.get(version), shelf.accepted())
    else:
        _show(voice, _learned(voice, opened, Asked(horizon, dates, people)), shelf.accepted())


def _learned(voice: Voice, opened: OpenedWorkspace, asked: Asked) -> ParameterSet | Refused:
    as_of, now = opened.as_of, datetime.now(UTC)
    with voice.progress("learn.step") as progress:
        return learn_from(opened.workspace, opened.connection, asked, as_of=as_of, now=now, progress=progress)


def _latest(shelf: ParameterShelf) -> str:
    versions = shelf.versions()
    if not versions:
        raise BadInputError("Nothing was learned yet in this workspace: `gouttes learn WORKSPACE` first.")
    return versions[-1]


def _decide(voice: Voice, shelf: ParameterShelf, version: str, by: str, *, accept: bool) -> None:
    decision = shelf.decide(version, "accepted" if accept else "rejected", by=by, at=datetime.now(UTC))
    in_force = shelf.accepted()
    said = voice.say(f"learn.{decision.verdict}", version=version, by=by)
    after = voice.say("learn.in_force", version=in_force) if in_force else voice.say("learn.priors_in_force")
    voice.answer({"decision": decision, "in_force": in_force}, said, after, voice.say("learn.next_run"))


def _show(voice: Voice, found: ParameterSet | Refused, in_force: str | None) -> None:
    if isinstance(found, Refused):
        number = voice.language.number
        said = voice.say(f"learn.refused.{found.reason}", needed=number(found.needed), found=number(found.found))
        stays = voice.say("learn.in_force", version=in_force) if in_force else voice.say("learn.priors_in_force")
        voice.answer({"refused": found, "in_force": in_force}, said, stays)
        return
    document = {"learned": found, "in_force": in_force}
    after = "learn.is_in_force" if in_force == found.version else "learn.proposed"
    shown = [_first(voice, found), "", _table(voice, found), "", *_asymmetry(voice, found), *_tests(voice, found)]
    voice.answer(document, *shown, "", _chances_table(voice, found), "", voice.say(after, version=found.version))


def _first(voice: Voice, found: ParameterSet) -> str:
    """The answer, in one sentence."""
    states = [each.state for each in found.weights.values()]
    number = voice.language.number
    parts = [
        voice.say(f"learn.count.{state}", n=states.count(state))
        for state in (State.LEARNED, State.UNSUPPORTED, State.UNDECIDED, State.UNSEEN, State.BOUND, State.SET)
        if states.count(state)
    ]
    return voice.say(
        "learn.first",
        trials=number(found.trials),
        people=number(found.people),
        dates=len(found.origins),
        counts=voice.language.listing(parts),
        version=found.version,
    )


def _table(voice: Voice, found: ParameterSet) -> Table:
    names = ("what", "weight", "interval", "prior", "half_life", "state")
    shown = grid(_headings(voice, names), left={"what", "state"})
    shown.add_row(voice.say("learn.strength"), *_figures(voice, found.strength), "", _state(voice, found.strength))
    shown.add_row(voice.say("learn.mean"), *_figures(voice, found.mean), "", _state(voice, found.mean))
    for name, weight in found.weights.items():
        memory = found.half_lives[found.classes[name]]
        days = voice.language.days(round(memory.value))
        if memory.low is not None and memory.high is not None:
            ends = (voice.language.number(memory.low, 0), voice.language.number(memory.high, 0))
            days = f"{days} ({voice.say('learn.range', low=ends[0], high=ends[1])})"
        shown.add_row(voice.language.label("rule.name", name), *_figures(voice, weight), days, _state(voice, weight))
    return shown


def _headings(voice: Voice, names: Iterable[str]) -> dict[str, str]:
    return {name: voice.say(f"learn.column.{name}") for name in names}


def _figures(voice: Voice, each: Parameter) -> tuple[str, str, str]:
    number = voice.language.number
    known = each.low is not None and each.high is not None
    interval = voice.say("learn.range", low=number(each.low, 2), high=number(each.high, 2)) if known else NONE  # type: ignore[arg-type]  # known
    return number(each.value, 2), interval, number(each.prior, 2)


def _state(voice: Voice, each: Parameter) -> str:
    return voice.say(f"learn.state.{each.state}")


def _asymmetry(voice: Voice, found: ParameterSet) -> Iterable[str]:
    """The three sources of asymmetry, apart."""
    number = voice.language.number
    yield voice.say("learn.asymmetry.title")
    for name, each in found.asymmetry.items():
        if each.low is not None and each.high is not None:
            ends = voice.say("learn.range", low=number(each.low, 2), high=number(each.high, 2))
            yield f"  {voice.say(f'learn.asymmetry.{name}', value=number(each.value, 2), interval=ends)}"


def _tests(voice: Voice, found: ParameterSet) -> Iterable[str]:
    for name, test in (("one_half_life", found.one_half_life), ("equal_weights", found.equal_weights)):
        if test is not None:
            yield voice.say(f"learn.test.{name}.{'no' if test.p < SURE else 'yes'}", **_tested(voice, test))


def _tested(voice: Voice, test: RatioTest) -> dict[str, str]:
    number = voice.language.number
    small = 0.001
    p = f"p < {number(small, 3)}" if test.p < small else f"p = {number(test.p, 3)}"
    return {"statistic": number(test.statistic, 1), "degrees": str(test.degrees), "p": p}


def _chances_table(voice: Voice, found: ParameterSet) -> Table:
    headings = _headings(voice, ("outcome", "rate", "slope", "people"))
    shown = grid(headings, left={"outcome"}, title=voice.say("learn.chances"))
    for name, each in found.chances.items():
        rate = voice.language.percent(each.successes / each.trials) if each.trials else NONE
        error = 1.96 * max(each.covariance[2], 0.0) ** 0.5
        number = voice.language.number
        ends = voice.say("learn.range", low=number(each.slope - error, 2), high=number(each.slope + error, 2))
        slope = voice.say("learn.too_few") if each.reason else f"{number(each.slope, 2)} ({ends})"
        shown.add_row(voice.say(f"outcome.{name}"), rate, slope, number(each.people))
    return shown


def _compare(voice: Voice, shelf: ParameterShelf, version: str) -> None:
    """A set beside the one in force."""
    after = shelf.get(version)
    in_force = shelf.accepted()
    before = shelf.get(in_force) if in_force and in_force != version else None
    pairs = [Difference(name, _of(before, name), _of(after, name)) for name in _names(after)]
    headings = _headings(voice, ("what", "prior", "weight", "interval", "state"))
    headings |= {"weight": version} | ({"prior": in_force} if before and in_force else {})
    shown = grid(headings, left={"what", "state"})
    for pair in pairs:
        if pair.after is None:
            continue
        value, interval, prior = _figures(voice, pair.after)
        old = voice.language.number(pair.before.value, 2) if pair.before else prior
        shown.add_row(_name(voice, pair.name, after), old, value, interval, _state(voice, pair.after))
    voice.answer({"before": in_force if before else None, "after": version, "differences": pairs}, shown)


def _name(voice: Voice, name: str, found: ParameterSet) -> str:
    if name in {"strength", "mean"}:
        return voice.say(f"learn.{name}")
    if name in found.half_lives:
        side, days = name.split()[:2]
        return voice.say(f"learn.memory_of_{side}", days=days)
    return voice.language.label("rule.name", name)


def _names(found: ParameterSet) -> list[str]:
    return ["strength", "mean", *found.weights, *found.half_lives]


def _of(found: ParameterSet | None, name: str) -> Parameter | None:
    if found is None:
        return None
    own = {"strength": found.strength, "mean": found.mean}
    return own.get(name) or found.weights.get(name) or found.half_lives.get(name)


def chances(
    workspace: WorkspaceArgument,
    outcome: Annotated[Outcome, typer.Option(help="Which outcome.")] = Outcome.RETURN,
    person: Annotated[str | None, typer.Option(help="One person: id, subject key, e-mail or phone.")] = None,
    top: Annotated[int, typer.Option(help="How many people; 0 for everyone.", min=0)] = 20,
    engine: EngineOption = "duckdb",
    lang: LangOption = None,
    *,
    least: Annotated[bool, typer.Option("--least", help="The least likely first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How likely each person is to return, renew, take more or recommend, with the interval of each chance."""
    voice = Voice(lang, as_json)
    opened = OpenedWorkspace.at(workspace, engine=engine)
    told = chances_in_force(opened.workspace, opened.manifest.learned)
    table = opened.chances()
    if person is None:
        table = table.filter(table.outcome == outcome.value)
        table = table.order_by([table.chance.asc() if least else table.chance.desc(), table.person])
        table = table.limit(top) if top else table
    else:
        table = table.filter(table.person == opened.find(person)).order_by("outcome")
    rows = table.to_pyarrow().to_pylist()
    headings = _headings(voice, ("person", "outcome", "chance", "interval"))
    shown = grid(headings, left={"person", "outcome"}, whole={"person"})
    percent = voice.language.percent
    for row in rows:
        ends = voice.say("learn.range", low=percent(row["low"], 0), high=percent(row["high"], 0))
        shown.add_row(row["person"], voice.say(f"outcome.{row['outcome']}"), percent(row["chance"], 0), ends)
    note = voice.say("learn.chances_note", version=opened.manifest.learned)
    voice.answer({"learned": opened.manifest.learned, "level": 0.9, "outcomes": told, "people": rows}, shown, note)
