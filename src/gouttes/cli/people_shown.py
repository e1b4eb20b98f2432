"""How identity is shown on a terminal: figures, questions, decisions, changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gouttes.cli.upkeep import ran_sentence
from gouttes.cli.voice import grid, printable
from gouttes.figuring import figures
from gouttes.identity.linkage.waterfall import HOME, LACKING
from gouttes.opened import OpenedWorkspace
from gouttes.reviewing import queue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from gouttes.checking import Change, Trial
    from gouttes.cli.voice import Voice
    from gouttes.deciding import Decided
    from gouttes.explaining import Explanation, Normalised
    from gouttes.reviewing import Question, Side

Shown = list[Any]
OWN_WORDS = ("external_id", "email", "phone", "same_as", "human", "linkage", "self")


def rule(voice: Voice, name: str) -> str:
    """What a rule is called: in words where it is one of ours, its name where it is the company's."""
    return voice.say(f"people.rule.{name}") if name in OWN_WORDS else name


def table(voice: Voice, *columns: str, right: Iterable[str] = ()) -> Table:
    """A plain table whose headings are said in the reader's language."""
    headings = {name: voice.say(f"people.{name}") for name in columns}
    return grid(headings, left=set(columns) - set(right))


def identity_figures(opened: OpenedWorkspace) -> dict[str, Any]:
    """The figures of identity, as JSON gives them."""
    return {"identity": figures(opened)}


def identity(voice: Voice, opened: OpenedWorkspace) -> Shown:
    """The figures of identity, in words and a table."""
    found = figures(opened)
    number, percent = voice.language.number, voice.language.percent
    sentence = voice.say(
        "people.figures",
        records=number(found.records),
        people=number(found.people),
        rate=percent(found.consolidation, 1),
        largest=number(found.largest),
    )
    shown = table(voice, "brought_by", "records", right=("records",))
    for name, count in found.by_rule.items():
        shown.add_row(rule(voice, name), number(count))
    load = voice.say("people.load", n=found.waiting)
    aside = voice.say("people.aside", n=found.set_aside)
    return [sentence, shown, load, aside]


def history(voice: Voice, opened: OpenedWorkspace) -> None:
    """Decisions in force, and runs that joined or parted people, newest first."""
    moves = opened.published("moves")
    runs = moves.group_by("run").agg(
        at=moves["at"].max(),
        subjects=moves.count(),
        before=moves["before"].nunique(),
        after=moves["after"].nunique(),
    )
    rows = runs.order_by(runs["at"].desc()).to_pyarrow().to_pylist()
    taken = opened.published("decisions")
    decisions = taken.group_by("decision").agg(
        at=taken["at"].min(),
        agent=taken["agent"].min(),
        verdict=taken["verdict"].min(where=taken["verdict"] != "undone"),
        undone=(taken["verdict"] == "undone").any(),
        subjects=taken["subject"].nunique(),
    )
    said = decisions.order_by(decisions["at"].desc()).to_pyarrow().to_pylist()
    zone, language = opened.workspace.settings.zone, voice.language
    shown = table(voice, "number", "when", "what", "records", right=("records",))
    for row in rows:
        what = voice.say("people.run_moved", before=language.number(row["before"]), after=language.number(row["after"]))
        shown.add_row(row["run"], language.moment(row["at"].astimezone(zone)), what, language.number(row["subjects"]))
    for row in said:
        verdict = f"people.said.{row['verdict']}{'_undone' if row['undone'] else ''}"
        what = voice.say(verdict, agent=row["agent"] or "?")
        shown.add_row(
            row["decision"], language.moment(row["at"].astimezone(zone)), what, language.number(row["subjects"])
        )
    voice.answer({"runs": rows, "decisions": said}, shown if rows or said else voice.say("people.no_history"))


def trial(voice: Voice, found: Trial) -> Shown:
    """What would change, with examples."""
    number = voice.language.number
    if found.nothing:
        return [voice.say("people.trial.nothing", people=number(found.people_now))]
    said: Shown = [
        voice.say("people.trial.people", now=number(found.people_now), then=number(found.people_then)),
        voice.say("people.trial.joining", n=found.joining),
        voice.say("people.trial.parting", n=found.parting),
    ]
    if found.unknown:
        said.append(voice.say("people.trial.unknown", n=found.unknown))
    for name, changes in (("joined", found.joined), ("parted", found.parted)):
        said += [_change(voice, name, each) for each in changes]
    return said


def _change(voice: Voice, name: str, change: Change) -> str:
    parts = " | ".join(" ".join(part[:4]) + (" …" if len(part) > 4 else "") for part in change.parts)  # noqa: PLR2004 -- a line
    rules = ", ".join(rule(voice, each) for each in change.rules)
    why = voice.say(f"people.trial.why.{change.why}", rule=rules)
    return voice.say(f"people.trial.{name}", people=", ".join(change.people[:3]), parts=parts, why=why)


def question(voice: Voice, asked: Question) -> Shown:
    """Both records side by side, the weight of each field, and what either answer would do."""
    agrees = voice.say("people.agrees")
    headings = {"field": voice.say("people.field"), "left": asked.left, "right": asked.right, "agrees": agrees}
    shown = grid(headings, left=headings)
    for each in asked.fields:
        if each.left is None and each.right is None:
            continue
        mark = {True: "=", False: "≠", None: "?"}[each.agree]
        shown.add_row(
            voice.say(f"profile.field.{each.field}"), printable(each.left or ""), printable(each.right or ""), mark
        )
    parts: Shown = [shown, *_waterfall(voice, asked)]
    left, right = asked.people
    if left.person != right.person:
        parts += ["", *(_side(voice, name, side) for name, side in (("left", left), ("right", right)))]
        parts += [_side(voice, "together", asked.together), voice.say("people.effect.apart")]
    return parts


def _waterfall(voice: Voice, asked: Question) -> Shown:
    """The model's account: where it starts, what each field adds or takes, where it ends."""
    account = asked.waterfall
    if account is None:
        return [voice.say("people.no_model")]
    number = voice.language.number
    shown = table(voice, "field", "level", "weight", "sum", right=("weight", "sum"))
    shown.add_row(voice.say("people.start"), "", "", number(account.prior, 1, sign=True))
    for step in account.steps:
        if step.level == LACKING:
            continue
        weight = step.weight + step.adjustment
        name = "" if step.field == HOME else voice.say(f"profile.field.{step.field}")
        how = voice.say(f"people.levels.{_slug(step.level)}")
        shown.add_row(name, how, _bar(weight) + number(weight, 1, sign=True), number(step.total, 1, sign=True))
    percent = voice.language.percent(account.probability, 2)
    return [
        "",
        shown,
        voice.say("people.probability_is", probability=percent, weight=number(account.weight, 1, sign=True)),
    ]


def _slug(level: str) -> str:
    """The name of a level as the catalogue has it: ``close, 80%`` is ``close``."""
    return re.sub("[^a-z]+", "_", level.lower()).strip("_")


def _bar(weight: float) -> str:
    length = min(10, round(abs(weight)))
    return ("▲" if weight > 0 else "▼") * length + " "


def _side(voice: Voice, name: str, side: Side) -> str:
    language = voice.language
    if side.trust is None or side.low is None or side.high is None:
        trust = voice.say("people.effect.unread")
    else:
        trust = voice.say(
            "people.effect.trust",
            trust=language.percent(side.trust, 0),
            low=language.number(100 * side.low),
            high=language.percent(side.high, 0),
        )
    return voice.say(
        f"people.effect.{name}",
        person=side.person,
        records=language.number(len(side.subjects)),
        events=language.number(side.events),
        sources=", ".join(side.sources),
        trust=trust,
    )


def decided(voice: Voice, opened: OpenedWorkspace, decided: Decided) -> None:
    """Bring everything up to date after a decision, and say what became of whom."""
    if not decided.subjects:
        voice.answer({"decided": decided, "ran": None, "people": {}}, voice.say("people.decided.nothing"))
        return
    with voice.progress("run.step") as progress:
        ran = opened.run(progress=progress)
    again = OpenedWorkspace.at(opened.workspace.root, engine=opened.engine)
    links = again.links()
    mine = links.filter(links["subject"].isin(list(decided.subjects))).select("subject", "person", "rule")
    rows = mine.order_by("person", "subject").to_pyarrow().to_pylist()
    shown = table(voice, "person", "record", "by_rule")
    for row in rows[:40]:
        shown.add_row(row["person"], row["subject"], rule(voice, row["rule"]))
    numbers = ", ".join(each.decision for each in decided.taken)
    undone = ", ".join(decided.undone)
    said = [voice.say("people.decided.taken", numbers=numbers)] if numbers else []
    said += [voice.say("people.decided.undone", numbers=undone)] if undone else []
    people = {row["subject"]: row["person"] for row in rows}
    document = {"decided": decided, "ran": ran, "people": people, "waiting": int(queue(again).count().execute())}
    voice.answer(document, *said, shown, ran_sentence(voice, ran, again.workspace.settings.zone))


def normalisations(voice: Voice, found: Iterable[Normalised]) -> Shown:
    """What each rule changed, one line each."""
    shown = table(voice, "record", "field", "rule_name", "before", "after")
    for each in found:
        for change in each.changes:
            name = voice.language.say(f"step.{change.step}")
            field = voice.say(f"profile.field.{each.field}")
            shown.add_row(each.subject, field, name, printable(change.before), printable(change.after or ""))
    return ["", shown] if shown.row_count else []


def explanation(voice: Voice, found: Explanation) -> Shown:
    """Why two records are one person, or two."""
    left, _ = found.question.people
    one = "one" if found.one_person else "two"
    said: Shown = [
        voice.say(f"people.explain.{one}", left=found.question.left, right=found.question.right, person=left.person)
    ]
    for step in found.steps:
        tied = voice.say(
            "people.explain.step",
            left=step.left,
            right=step.right,
            rule=rule(voice, step.rule),
            value=printable(step.key),
        )
        said.append(f"  {tied}")
    for each in found.shared:
        why = voice.say(f"people.explain.why.{each.why}", holders=each.holders, names=each.names or 0)
        said.append(
            f"  {voice.say('people.explain.shared', rule=rule(voice, each.rule), value=printable(each.key), why=why)}"
        )
    if found.decisions:
        said.append(voice.say("people.explain.decisions", numbers=", ".join(found.decisions)))
    elif not found.one_person and not found.shared:
        said.append(voice.say("people.explain.nothing_shared"))
    return [*said, "", *question(voice, found.question)]
