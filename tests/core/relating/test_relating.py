"""Stages, levels, lock-ins and repairs, as a person types them and as the report shows them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.core.report.sample import sample

from gouttes import relating
from gouttes.behaviour.constraint import Pledge, TrapIndex
from gouttes.cli.app import run_command
from gouttes.errors import BadInputError
from gouttes.evidence.justice import JUSTICE
from gouttes.evidence.restoring import Effect, FacetWeight, Share, Weights
from gouttes.language import CODES, Language
from gouttes.opened import OpenedWorkspace
from gouttes.report import relation, render
from gouttes.report.relation_data import MeanOf, Relation, StageShare
from gouttes.settings import parse_settings, settings_text
from gouttes.trust.levels import LevelCell, LevelWeight
from gouttes.vocabulary import Level, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., tuple[int, str]]

COMMANDS = ("stages", "levels", "constraint", "justice")


@pytest.fixture
def gouttes(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str) -> tuple[int, str]:
        code = run_command(arguments)
        return code, capsys.readouterr().out

    return run


@pytest.fixture(scope="session")
def somebody(opened: OpenedWorkspace) -> str:
    acts = opened.acts()
    return str(acts.filter(acts.act == "promise.kept").select("person").limit(1).to_pandas().person[0])


@pytest.fixture(scope="session")
def found(opened: OpenedWorkspace) -> Relation:
    return relating.relation(opened)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_in_one_document(gouttes: Command, related: Path, command: str) -> None:
    code, out = gouttes(command, str(related), "--json")
    assert code == 0
    assert json.loads(out)["level"] == 0.9


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize("command", ["stages", "constraint", "justice"])
def test_a_command_speaks_both_languages(gouttes: Command, related: Path, command: str, lang: str) -> None:
    code, out = gouttes(command, str(related), "--lang", lang)
    assert code == 0
    assert out.strip()


def test_levels_speak_and_name_no_colleague(gouttes: Command, related: Path, opened: OpenedWorkspace) -> None:
    code, out = gouttes("levels", str(related), "--lang", "en")
    assert code == 0
    agents = opened.events().select("agent").distinct().to_pandas().agent.dropna()
    assert len(agents) > 3
    assert not any(agent in out for agent in agents)


def test_the_stages_of_one_person_sum_to_one(gouttes: Command, related: Path, somebody: str) -> None:
    (row,) = json.loads(gouttes("stages", str(related), "--person", somebody, "--json")[1])["people"]
    assert sum(row[stage] for stage in Stage) == pytest.approx(1.0)
    assert "%" in gouttes("stages", str(related), "--person", somebody)[1]


def test_where_the_trust_of_one_person_comes_from(gouttes: Command, related: Path, somebody: str) -> None:
    parts = json.loads(gouttes("levels", str(related), "--person", somebody, "--json")[1])["person"]
    assert set(parts) == {level.value for level in Level}
    assert gouttes("levels", str(related), "--person", somebody)[0] == 0
    assert gouttes("levels", str(related), "--person", "nobody@example.org")[0] == 2


def test_somebody_without_outcomes_has_no_levels_to_tell(opened: OpenedWorkspace) -> None:
    with pytest.raises(BadInputError, match="No outcome is known of nobody"):
        relating.trust_of(opened, "nobody")


def test_expected_people_add_up_to_everyone(found: Relation) -> None:
    assert sum(each.people for each in found.stages) == pytest.approx(found.stages[0].n)
    assert all(each.low <= each.share <= each.high for each in found.stages)
    assert relating.wilson_of(0.0, 0) == (0.0, 1.0)


def test_the_company_has_lock_ins_and_repairs(found: Relation) -> None:
    assert found.locked > 0
    assert found.by_source == {"stated": found.repairs}
    assert found.pledge == Pledge()


def test_a_mean_of_nothing_is_nothing() -> None:
    assert relating.mean_of(0, 0, 0) == MeanOf(None, None, None, 0)


@pytest.mark.parametrize("code", CODES)
def test_the_report_has_its_section_and_names_nobody(found: Relation, code: str, opened: OpenedWorkspace) -> None:
    page = render(replace(sample(), relation=found), Language(code))
    part = page.partition('id="relation"')[2].partition('id="method"')[0]
    assert 'id="stages"' in part
    agents = opened.events().select("agent").distinct().to_pandas().agent.dropna()
    assert not any(agent in part for agent in agents)
    assert relation.section(None, Language(code)) is None


SPREAD = {level.value: 0.3 for level in Level}


def cell(stage: str, context: str, *, reason: str = "", learned: bool = True, people: int = 900) -> LevelCell:
    told = tuple(
        LevelWeight(level.value, 0.5, 0.2, 0.8, learned=learned and level not in {Level.SECTOR, Level.COMPANY})
        for level in Level
    )
    means = {level.value: 0.4 for level in Level} | {"team": -0.1}
    return LevelCell(stage, context, reason, people, 3000, 0.4, 0.1, told, means, SPREAD)


def nothing() -> Relation:
    """A company of which little is known."""
    weights = tuple(FacetWeight(name, prior, None, None, prior, learned=False) for name, prior in JUSTICE.items())
    side = Share(None, 0.0, 1.0, 0)
    return Relation(
        stages=tuple(StageShare(stage.value, 0.0, 0.0, 0.0, 1.0, 0) for stage in Stage),
        cells=(),
        differ={"team": "not_estimable", "agent": "none", "person": "estimated"},
        sector=0.6,
        trap=TrapIndex("no_lock_in"),
        pledge=Pledge("settings", 1.5),
        locked=0,
        repairs=0,
        by_source={},
        facets=dict.fromkeys(JUSTICE, MeanOf(None, None, None, 0)),
        weights=Weights("too_few", 0, 0, weights),
        effect=Effect("too_few", side, side),
    )


def full() -> Relation:
    """A company of which much is known."""
    return replace(
        nothing(),
        stages=tuple(StageShare(stage.value, 20.0, 0.2, 0.15, 0.26, 100) for stage in Stage),
        cells=(cell("", ""), cell("decline", "relational"), cell("decline", "transactional", people=1000)),
        trap=TrapIndex("", 90, 3, 40, 2000, 1900, 1.2, 0.4, 2.0, 1.1, 0.2, 2.0),
        pledge=Pledge("events", 0.5, 0.4, 0.6, 12),
        repairs=300,
        by_source={"derived": 100, "severity": 1, "stated": 198, "unknown": 1},
        facets=dict.fromkeys(JUSTICE, MeanOf(0.5, 0.4, 0.6, 300)),
        effect=Effect("", Share(0.6, 0.5, 0.7, 100), Share(0.5, 0.4, 0.6, 120), 0.1, -0.02, 0.2),
    )


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("made", [nothing, full])
def test_little_and_much_are_both_told(code: str, made: Callable[[], Relation]) -> None:
    page = render(replace(sample(), relation=made()), Language(code))
    assert 'id="relation"' in page


def said(one: Relation) -> str:
    section: Any = relation.section(one, Language("en"))
    return " ".join([section["lead"], section["levels"], *section["facts"], *section["unknown"]])


def test_the_words_follow_the_figures() -> None:
    text = said(full())
    assert "They had stayed because they had to" in text
    assert "The constraint is no pledge" in text
    assert "Stated by 12 contracts" in text
    assert "the jump at the end is +1.10" in text
    little = said(nothing())
    assert "No lock-in recorded" in little
    assert "The company's word is pledged" in little.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    assert "there are not two of them" in little
    assert "The priors stand" in little


@pytest.mark.parametrize(
    ("trap", "words"),
    [
        (TrapIndex("", 90, 40, 3, 2000, 1900, -1.2, -2.0, -0.4), "No sign of a trap"),
        (TrapIndex("", 90, 4, 3, 2000, 1900, 0.2, -1.0, 1.4), "cannot be told yet"),
        (TrapIndex("too_few", 9, 1, 1, 200, 190), "too few to compare"),
    ],
)
def test_a_trap_is_told_only_where_its_interval_says_so(trap: TrapIndex, words: str) -> None:
    assert words in said(replace(nothing(), trap=trap))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((cell("", "", reason="one_outcome"),), "all outcomes are alike"),
        ((cell("", "", learned=False),), "every level is the same"),
        ((cell("", ""),), "sets them apart most"),
    ],
)
def test_levels_say_what_was_learned(cells: tuple[LevelCell, ...], words: str) -> None:
    assert words in said(replace(nothing(), cells=cells))


@pytest.mark.parametrize("reason", ["too_few", "one_outcome", "same_facets", ""])
def test_weights_of_justice_say_whether_they_were_learned(reason: str) -> None:
    one = replace(full(), weights=replace(full().weights, reason=reason), effect=nothing().effect)
    assert ("The priors stand" in " ".join(said(one).split("compare")[0].split("repairs:")[1:])) == bool(reason)


def test_settings_of_the_trade_and_of_pledges_are_read_written_and_refused() -> None:
    trade = "[trust]\nsector_mean = 0.6\nsector_strength = 50\n"
    text = f'[company]\nname = "L"\n{trade}[pledge]\nforfeit = 30\nexit_cost = 60\n'
    settings = parse_settings(text)
    assert (settings.trust.sector_mean, settings.pledge.forfeit) == (0.6, 30)
    assert parse_settings(settings_text(settings)) == settings
    for wrong in ("[trust]\nsector_mean = 1.5", "[trust]\nsector_mean = 'no'", "[trust]\nsector_strength = 0"):
        with pytest.raises(BadInputError, match="sector_"):
            parse_settings(f'[company]\nname = "L"\n{wrong}\n')
    for wrong in ("forfeit = -1", "exit_cost = 0", "exit_cost = 'much'"):
        with pytest.raises(BadInputError, match=r"\[pledge\]"):
            parse_settings(f'[company]\nname = "L"\n[pledge]\n{wrong}\n')


def test_the_trade_and_pledges_of_the_settings_are_used(opened: OpenedWorkspace, somebody: str) -> None:
    before = opened.workspace.settings
    stated = parse_settings(
        '[company]\nname = "L"\n[trust]\nsector_mean = 0.6\n[pledge]\nforfeit = 30\nexit_cost = 60\n'
    )
    settings = replace(before, trust=stated.trust, pledge=stated.pledge)
    other = OpenedWorkspace(replace(opened.workspace, settings=settings), opened.engine)
    assert relating.constraint(other).pledge == Pledge("settings", 0.5)
    parts, plain = relating.trust_of(other, somebody), relating.trust_of(opened, somebody)
    assert parts["sector"] == pytest.approx(math.log(0.6 / 0.4))
    assert parts["company"] + parts["sector"] == pytest.approx(plain["company"], abs=0.1)
