"""Drift by hand, and the two papers: what runs, in both languages, whatever names the company and its rules bear."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.core.learned.sets import hand_made

import gouttes
from gouttes import drifting
from gouttes.behaviour.opportunities import opportunities
from gouttes.carding import Card, card, facts, plain
from gouttes.cli.app import run_command
from gouttes.drifting import FEWEST, FILE, MONTH, Drift, Month, drift
from gouttes.language import CODES, Language
from gouttes.learned import ParameterShelf
from gouttes.learning import LEARNED_FROM, History
from gouttes.report.validation_data import Tried, Validated
from gouttes.vocabulary import DataCategory, LegalBasis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gouttes.learning import Sample
    from gouttes.opened import OpenedWorkspace

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
HOSTILE = "A | B <script>alert(1)</script> `x` [y](z) # _w_"


@pytest.fixture(scope="session")
def sample_once(lived_once: Path) -> Sample | None:
    opened = gouttes.open(lived_once)
    history = History.of(opened.workspace, opened.connection, opened.as_of)
    return history.sample(history.origins(MONTH, 1), MONTH, outcomes=LEARNED_FROM)


@pytest.fixture
def soon(sample_once: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample of the last month, which takes seconds to gather, is gathered once."""
    monkeypatch.setattr(History, "sample", lambda *_, **__: sample_once)
    monkeypatch.setattr(History, "origins", lambda *_: sample_once.origins)


def looked(opened: OpenedWorkspace, months: int = 1) -> Drift:
    return drift(
        opened.workspace,
        opened.connection,
        as_of=opened.as_of,
        learned=opened.manifest.learned,
        rules=opened.rules,
        months=months,
    )


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def said(*arguments: object) -> tuple[int, str, str]:
        code = run_command([str(each) for each in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return said


@pytest.mark.usefixtures("soon")
def test_a_month_is_what_a_computation_by_hand_gives(root: Path) -> None:
    """By the readings of a run of that date, with today's prior: z is what is left over its clustered error."""
    opened = gouttes.open(root)
    found = looked(opened)
    [month] = found.months
    assert found.state == ("drifted" if abs(month.z) > 3 else "well")
    history, now = History.of(opened.workspace, opened.connection, opened.as_of), opened.prior
    table = opportunities(opened.acts(), history.theirs, origin=month.origin, days=30.0)
    rows = table.filter(table.outcome.isin([each.value for each in LEARNED_FROM])).to_pandas()
    counts = rows.groupby("person")[["successes", "trials"]].sum()
    counts = counts[counts["trials"] > 0]
    gouttes.open(root).run(as_of=month.origin, full=True)
    then = gouttes.open(root)
    known = then.trust().select("person", "a", "b").to_pandas().set_index("person").reindex(counts.index)
    a = known["a"].fillna(then.prior.a) - then.prior.a + now.a
    b = known["b"].fillna(then.prior.b) - then.prior.b + now.b
    said = counts["trials"] * a / (a + b)
    left = counts["successes"] - said
    error = np.sqrt((left**2).sum())
    assert (month.people, month.trials) == (len(counts), counts["trials"].sum())
    assert month.observed == pytest.approx(counts["successes"].sum() / month.trials)
    assert month.expected == pytest.approx(said.sum() / month.trials, abs=1e-6)
    assert month.z == pytest.approx(left.sum() / error, abs=1e-3)
    assert month.high - month.expected == pytest.approx(1.6448536269514722 * error / month.trials, abs=1e-6)
    assert month.told is False


@pytest.mark.usefixtures("soon")
def test_a_month_of_few_opportunities_is_left_out_and_then_nothing_can_be_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = gouttes.open(root)
    assert FEWEST == 30
    monkeypatch.setattr(drifting, "FEWEST", 1_000_000)
    found = looked(opened)
    assert (found.months, found.state) == ((), "unknown")
    monkeypatch.setattr(drifting, "FEWEST", 30)
    monkeypatch.setattr(drifting, "TOO_FAR", 0.0)
    assert looked(opened).state == "drifted"


def test_before_the_first_event_there_is_no_month(root: Path) -> None:
    opened = gouttes.open(root)
    first = opened.events().occurred_at.min().to_pyarrow().as_py()
    found = drift(
        opened.workspace, opened.connection, as_of=first + timedelta(days=1), learned="", rules=opened.rules, months=1
    )
    assert (found.months, found.state) == ((), "unknown")


@pytest.mark.usefixtures("soon")
def test_what_was_found_is_kept_and_read_again_and_no_other_file_is_taken_for_it(root: Path, say: Any) -> None:
    workspace = gouttes.open(root).workspace
    assert Drift.last(workspace) is None
    code, english, _ = say("drift", root, "--months", "1", "--lang", "en")
    assert (code, "standard errors" in english, "opportunities" in english) == (0, True, True)
    kept = Drift.last(workspace)
    assert kept == looked(gouttes.open(root))
    assert "erreurs types" in say("drift", root, "--months", "1", "--lang", "fr")[1]
    document = json.loads(say("drift", root, "--months", "1", "--json")[1])
    assert (document["state"], len(document["months"])) == (kept.state, 1)
    for text in ("{", "[]", '{"as_of": "2026-11-20"}', '{"as_of": 3, "learned": "", "months": [], "state": "well"}'):
        (workspace.insights / FILE).write_text(text, encoding="utf-8")
        assert Drift.last(workspace) is None


@pytest.mark.usefixtures("soon")
def test_a_drift_without_a_month_is_told_as_unknown(root: Path, say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifting, "FEWEST", 1_000_000)
    code, told, _ = say("drift", root, "--months", "1", "--lang", "en")
    assert (code, "cannot be told" in told) == (0, True)


@pytest.mark.usefixtures("soon")
def test_months_that_were_learned_from_are_marked_and_the_card_says_whence(root: Path) -> None:
    opened = gouttes.open(root)
    shelf, version = ParameterShelf(opened.workspace), "2026-11-20.1"
    shelf.propose(hand_made(opened, version))
    shelf.decide(version, "accepted", by="zoé | <b>", at=NOW)
    vars(opened)["manifest"] = replace(opened.manifest, learned=version)
    found = looked(opened)
    assert (found.learned, [month.told for month in found.months]) == (version, [True])
    found.keep(opened.workspace)
    english, french = (card(opened, Card.MODEL, Language(code)) for code in ("en", "fr"))
    assert f"Parameters {version}, learned on 27 November 2026" in english
    assert f"(learned from customers, parameters {version})" in english
    assert f"Paramètres {version}, appris le 27 novembre 2026" in french
    assert f"- 27 November 2026: {version} accepted by zoé b" in english
    assert "\n\n| from | opportunities |" in english


def tables(text: str) -> list[list[str]]:
    """Every Markdown table as its lines; a table stands after a blank line, or it is none."""
    blocks = [block.split("\n") for block in text.split("\n\n")]
    return [block for block in blocks if block[0].startswith("|")]


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line))


def test_a_month_already_learned_from_has_its_mark_on_the_terminal(
    root: Path, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = Month(NOW, 20, 90, 0.5, 0.5, 0.4, 0.6, 0.1, told=True)
    monkeypatch.setattr("gouttes.cli.oversight.drift", lambda *_, **__: Drift(NOW, "x", (month,), "well"))
    assert "had already learned" in " ".join(say("drift", root, "--lang", "en")[1].split())


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", list(Card))
def test_no_name_breaks_a_table_or_becomes_markup(root: Path, kind: Card, code: str) -> None:
    path = root / "gouttes.toml"
    text = path.read_text(encoding="utf-8").replace('name = "Maison Lenoir"', f"name = '{HOSTILE}'")
    rule = (
        f"\n[evidence.rules.'{HOSTILE}']\nevents = ['visit.made']\npolarity = 'drop'\nweight = 0.5\nhalf_life = 90\n"
        "facets = { credibility = 1.0 }\n"
    )
    path.write_text(text + rule, encoding="utf-8")
    opened = gouttes.open(root)
    Drift(opened.as_of, "", (Month(opened.as_of, 20, 90, 0.5, 0.5, 0.4, 0.6, 0.1, told=False),), "well").keep(
        opened.workspace
    )
    text = card(opened, kind, Language(code))
    assert plain(HOSTILE) in text.split("\n", 1)[0]
    assert "<" not in text
    assert "`x`" not in text
    found = tables(text)
    assert len(found) == 2
    lines = [line for line in text.split("\n") if line.startswith("|")]
    assert lines == [line for block in found for line in block]
    for block in found:
        assert {cells(line) for line in block} == {cells(block[0])}
    assert sum(plain(HOSTILE) in line for line in lines) == 1
    assert "\n\n\n" not in text


@pytest.mark.parametrize("code", CODES)
def test_legal_bases_and_sorts_of_data_are_in_the_readers_words(root: Path, code: str) -> None:
    language = Language(code)
    keys = [f"category.{each}" for each in DataCategory] + [f"basis.{each}" for each in LegalBasis]
    assert [key for key in keys if not language.knows(key)] == []
    opened = gouttes.open(root)
    text = card(opened, Card.IMPACT, language)
    assert "legitimate_interest" not in text
    assert "legal_obligation" not in text
    kinds = {each.kind for each in facts(opened)["recorded"]}
    assert all(f"{language.label('kind', kind)} (`{kind}`)" in text for kind in kinds)
    model = card(opened, Card.MODEL, language)
    assert language.say("card.prior.pooled") in model
    assert f"| {language.say('facet.credibility')} |" in model
    assert "gouttes drift" in model
    assert "gouttes validate" in model


@pytest.mark.parametrize("code", CODES)
def test_what_validation_found_is_told_outcome_by_outcome(
    root: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``trust`` and ``order`` are outcomes of validation only: they too have words."""
    tried = (
        Tried("trust", "adds", "base_rate"),
        Tried("order", "none", "rfm"),
        Tried("return", "unknown", reason="few_people", needed=50, found=12),
    )
    found = Validated("2026-11-25T23:30:00+00:00", 90.0, outcomes=tried)
    monkeypatch.setattr("gouttes.carding.standing", lambda _: found)
    monkeypatch.setattr("gouttes.carding.shown", lambda each, **_: each)
    language, opened = Language(code), gouttes.open(root)
    model, impact = card(opened, Card.MODEL, language), card(opened, Card.IMPACT, language)
    for text in (model, impact):
        assert language.date(datetime(2026, 11, 26, tzinfo=UTC)) in text
        assert language.say("validation.outcome.order") in text
    assert language.say("validation.reason.few_people", needed="50", found="12") in model
    monkeypatch.setattr(
        "gouttes.carding.standing", lambda _: Validated("2026-11-25T10:00:00+00:00", 90.0, reason="no_event")
    )
    assert language.say("validation.reason.no_event") in card(opened, Card.MODEL, language)


def test_the_command_writes_prints_and_tells_in_json(root: Path, say: Any, tmp_path: Path) -> None:
    code, printed, _ = say("card", root, "--lang", "en")
    assert (code, printed.startswith("# Model card")) == (0, True)
    out = tmp_path / "card.md"
    code, told, _ = say("card", root, "--kind", "impact", "--lang", "fr", "--out", out)
    assert (code, "card.md" in told) == (0, True)
    assert out.read_text(encoding="utf-8").startswith("# Analyse d’impact")  # noqa: RUF001 -- as it is printed
    document = json.loads(say("card", root, "--json")[1])
    assert document["company"] == "Maison Lenoir"
    assert {each["name"] for each in document["rules"]} >= {"promise kept", "outage"}
