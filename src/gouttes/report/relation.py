"""The relation with customers in words and pictures: stages, levels, lock-ins, the justice of repairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gouttes.report.charts import Mark, bars, dots
from gouttes.report.drawing import LARGE, SMALL, pictured
from gouttes.report.tables import Table
from gouttes.vocabulary import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gouttes.behaviour.constraint import Pledge, TrapIndex
    from gouttes.evidence.restoring import Effect, Weights
    from gouttes.language import Language
    from gouttes.report.drawing import Picture
    from gouttes.report.relation_data import MeanOf, Relation, StageShare
    from gouttes.trust.levels import LevelCell

PLEDGED = 1.0
"""Definition: from this ratio on, a constraint is a pledge."""


def between(low: float | None, high: float | None, language: Language, digits: int = 2) -> str:
    """An interval of plain numbers; a dash where there is none."""
    ends = [language.number(math.nan if each is None else each, digits) for each in (low, high)]
    return language.say("unit.interval", low=ends[0], high=ends[1])


def _shares(low: float, high: float, language: Language) -> str:
    return language.say("unit.interval", low=language.number(100 * low, 1), high=language.percent(high))


def stage_sentence(shares: Sequence[StageShare], language: Language) -> str:
    """In which stage most customers are, and how many decline."""
    if not shares or not shares[0].n:
        return language.say("relation.no_stage")
    most = max(shares, key=lambda each: each.people)
    decline = shares[-1]
    return language.say(
        "relation.stages",
        n=most.n,
        stage=language.say(f"stage.{most.stage}"),
        share=language.percent(most.share),
        decline=language.percent(decline.share),
        interval=_shares(decline.low, decline.high, language),
    )


def stage_rows(shares: Sequence[StageShare], language: Language) -> list[tuple[str, ...]]:
    """Stage, people expected, share, interval."""
    return [
        (
            language.say(f"stage.{each.stage}"),
            language.number(each.people),
            language.percent(each.share),
            _shares(each.low, each.high, language),
        )
        for each in shares
    ]


def level_sentence(cells: Sequence[LevelCell], language: Language) -> str:
    """Which level sets customers apart most in what they do next, or why nothing is learned."""
    if not cells or cells[0].reason:
        reason = cells[0].reason if cells else "too_few"
        return language.say(f"relation.levels_{reason}", n=cells[0].people if cells else 0)
    whole = cells[0]
    learned = [each for each in whole.weights if each.learned]
    if not learned:
        return language.say("relation.levels_same", n=whole.people)
    most = max(learned, key=lambda each: abs(each.weight) * whole.spreads[each.level])
    return language.say(
        "relation.levels",
        n=whole.people,
        level=language.say(f"level.{most.level}"),
        apart=language.number(most.weight * whole.spreads[most.level], 2, sign=True),
        weight=language.number(most.weight, 2),
        interval=between(most.low, most.high, language),
    )


def level_rows(cells: Sequence[LevelCell], language: Language) -> list[tuple[str, ...]]:
    """Stage and context, people, level, weight, interval, what it brings on average."""
    made: list[tuple[str, ...]] = []
    for cell in cells:
        for each in cell.weights:
            if each.level == Level.SECTOR and not cell.means[each.level]:
                continue
            interval = between(each.low, each.high, language) if each.learned else language.say("relation.prior")
            brings = language.number(each.weight * cell.means[each.level], 2, sign=True)
            weight = language.number(each.weight, 2)
            people = language.number(cell.people)
            made.append((_cell(cell, language), people, language.say(f"level.{each.level}"), weight, interval, brings))
    return made


def _cell(cell: LevelCell, language: Language) -> str:
    if not cell.stage:
        return language.say("relation.everyone")
    return language.say(
        "relation.cell", stage=language.say(f"stage.{cell.stage}"), context=language.say(f"context.{cell.context}")
    )


def level_notes(differ: Mapping[str, str], sector: float | None, language: Language) -> list[str]:
    """What the levels cannot tell."""
    said = [
        language.say(f"relation.differ_{kind}", level=language.say(f"level.{level}"))
        for level, kind in differ.items()
        if kind != "estimated"
    ]
    said.append(language.say("relation.no_sector" if sector is None else "relation.sector"))
    return [*said, language.say("relation.levels_note")]


def constraint_sentences(trap: TrapIndex, pledge: Pledge, locked: int, language: Language) -> list[str]:
    """Whether they stay because they want to; what the company pledges; what counts as no evidence."""
    said = [_trap(trap, language)]
    if trap.jump is not None:
        interval = between(trap.jump_low, trap.jump_high, language)
        said.append(language.say("relation.jump", jump=language.number(trap.jump, 2, sign=True), interval=interval))
    said.append(_pledge(pledge, language))
    return [*said, language.say("relation.locked", n=locked)]


def _trap(trap: TrapIndex, language: Language) -> str:
    if trap.index is None or trap.low is None or trap.high is None:
        return language.say(f"relation.trap_{trap.reason}", n=trap.contracts, exits=trap.before + trap.after)
    verdict = "trap_held" if trap.low > 0 else "trap_free" if trap.high < 0 else "trap_unsure"
    return language.say(
        f"relation.{verdict}",
        n=trap.contracts,
        index=language.number(trap.index, 2, sign=True),
        interval=between(trap.low, trap.high, language),
        before=trap.before,
        after=trap.after,
    )


def _pledge(pledge: Pledge, language: Language) -> str:
    if pledge.ratio is None:
        return language.say("relation.pledge_not_stated")
    kind = "pledge" if pledge.ratio >= PLEDGED else "no_pledge"
    said = language.say(f"relation.{kind}", ratio=language.number(pledge.ratio, 2))
    if pledge.source == "settings":
        return f"{said} {language.say('relation.pledge_settings')}"
    interval = between(pledge.low, pledge.high, language)
    return f"{said} {language.say('relation.pledge_events', n=pledge.n, interval=interval)}"


def justice_rows(facets: Mapping[str, MeanOf], weights: Weights, language: Language) -> list[tuple[str, ...]]:
    """Facet, mean, its interval, n, weight, its interval."""
    made: list[tuple[str, ...]] = []
    for each in weights.facets:
        mean = facets[each.facet]
        learned = between(each.low, each.high, language) if each.low is not None else language.say("relation.prior")
        value = language.number(math.nan if mean.value is None else mean.value, 2)
        interval = between(mean.low, mean.high, language)
        weight = language.number(each.weight, 2)
        made.append((language.say(f"justice.{each.facet}"), value, interval, language.number(mean.n), weight, learned))
    return made


def justice_sentences(
    repairs: int, by_source: Mapping[str, int], weights: Weights, effect: Effect, language: Language
) -> list[str]:
    """How many repairs, where their justice comes from, what was learned, and what followed."""
    if not repairs:
        return [language.say("relation.no_repair"), language.say("relation.outweighs")]
    parts = [language.say(f"relation.from_{name}", n=n) for name, n in by_source.items()]
    said = [language.say("relation.repairs", n=repairs, sources=language.listing(parts))]
    key = f"weights_{weights.reason}" if weights.reason else "weights_learned"
    said.append(language.say(f"relation.{key}", n=weights.repairs))
    if effect.difference is None or effect.low is None or effect.high is None:
        n = min(effect.repaired.n, effect.unrepaired.n)
        said.append(language.say("relation.effect_too_few", n=n))
    else:
        interval = language.say("unit.interval", low=language.points(effect.low), high=language.points(effect.high))
        said.append(
            language.say(
                "relation.effect",
                points=language.points(effect.difference),
                interval=interval,
                repaired=language.number(effect.repaired.n),
                unrepaired=language.number(effect.unrepaired.n),
            )
        )
    return [*said, language.say("relation.outweighs")]


def unknown(found: Relation, language: Language) -> list[str]:
    """What the section does not know."""
    return level_notes(found.differ, found.sector, language)


def stage_picture(found: Relation | None, language: Language) -> Picture | None:
    """Customers by stage."""
    if found is None or not found.stages or not found.stages[0].n:
        return None
    rows = stage_rows(found.stages, language)
    marks = [
        Mark(row[0], each.share, each.low, each.high, row[2], row[3], bucket=each.stage == "decline")
        for each, row in zip(found.stages, rows, strict=True)
    ]
    top = max(each.high for each in found.stages)
    return pictured(
        "stages",
        lambda frame: dots(marks, frame, domain=(0.0, top)),
        SMALL,
        language,
        rows,
        columns="stage people share interval",
        list=_spoken(marks, language),
        n=found.stages[0].n,
    )


def level_picture(found: Relation | None, language: Language) -> Picture | None:
    """What each level brings on average, by stage."""
    cells = [] if found is None else [cell for cell in _widest(found.cells) if not cell.reason]
    marks = []
    for cell in cells:
        for each in cell.weights:
            mean = cell.means[each.level]
            if mean:
                ends = sorted((each.low * mean, each.high * mean)) if each.learned else [math.nan, math.nan]
                stage = language.say(f"stage.{cell.stage}" if cell.stage else "relation.everyone")
                label = language.say("relation.cell", stage=stage, context=language.say(f"level.{each.level}"))
                text = language.number(each.weight * mean, 2, sign=True)
                detail = between(ends[0], ends[1], language) if each.learned else language.say("relation.prior")
                marks.append(
                    Mark(label, each.weight * mean, ends[0], ends[1], text, detail, bucket=each.weight * mean < 0)
                )
    if not marks or found is None:
        return None
    return pictured(
        "levels",
        lambda frame: bars(marks, frame),
        LARGE,
        language,
        level_rows(found.cells, language),
        columns="stage people level weight interval contribution",
        list=_spoken(marks, language),
    )


def _widest(cells: Sequence[LevelCell]) -> list[LevelCell]:
    """Everyone, and of each stage the context that has most people."""
    chosen: dict[str, LevelCell] = {}
    for cell in cells:
        if cell.stage not in chosen or cell.people > chosen[cell.stage].people:
            chosen[cell.stage] = cell
    return list(chosen.values())


def _spoken(marks: Sequence[Mark], language: Language) -> str:
    return language.say("unit.separator").join(f"{mark.label} {mark.text} ({mark.detail})" for mark in marks)


def section(found: Relation | None, language: Language) -> dict[str, Any] | None:
    """What the template says of the relation."""
    if found is None:
        return None
    headings = tuple(language.say(f"relation.{name}") for name in JUSTICE_COLUMNS)
    return {
        "lead": stage_sentence(found.stages, language),
        "levels": level_sentence(found.cells, language),
        "facts": [
            *constraint_sentences(found.trap, found.pledge, found.locked, language),
            *justice_sentences(found.repairs, found.by_source, found.weights, found.effect, language),
        ],
        "justice": Table(
            language.say("relation.justice"), headings, tuple(justice_rows(found.facets, found.weights, language))
        ),
        "unknown": unknown(found, language),
    }


JUSTICE_COLUMNS = ("justice", "mean", "interval", "n", "weight", "weight_interval")
