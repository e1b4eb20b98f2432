"""The protocol: who is on which side, at which dates, and what is said where there is too little."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pytest
from tests.core.validation.logs import FIRST, contacts, workspace

import gouttes
from gouttes.assembling import of_rules, sided
from gouttes.cli.app import run_command
from gouttes.errors import BadInputError, WorkspaceError
from gouttes.intake import take
from gouttes.lots import sampled
from gouttes.settings import Settings
from gouttes.sources.declared import load
from gouttes.validated import FILE, Finding, Standing, keep, standing
from gouttes.validating import SIDES, Plan, Refused, planned, validate
from gouttes.workspace import Workspace

if TYPE_CHECKING:
    from gouttes.opened import OpenedWorkspace

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MAPPINGS = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "mappings"


def validated(opened: OpenedWorkspace, horizon: float = 88, **more: Any) -> Standing:
    return validate(opened.workspace, opened.connection, as_of=opened.as_of, now=NOW, horizon=horizon, **more)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> OpenedWorkspace:
    return workspace(tmp_path_factory.mktemp("validated") / "ws", contacts(360, 400, seed=5))


@pytest.fixture(scope="session")
def found(company: OpenedWorkspace) -> Standing:
    return validated(company)


def test_dates_are_a_horizon_apart_and_training_windows_end_before_the_test_begins() -> None:
    plan = planned(FIRST, FIRST + timedelta(days=1000), 90)
    assert isinstance(plan, Plan)
    assert len(plan.origins) == 6
    assert {after - before for before, after in zip(plan.origins, plan.origins[1:], strict=False)} == {
        timedelta(days=90)
    }
    assert plan.train[-1] + timedelta(days=90) <= plan.test[0]
    assert plan.test[-1] + timedelta(days=90) == FIRST + timedelta(days=1000)


@pytest.mark.parametrize(("days", "train", "test"), [(135, 1, 1), (230, 1, 1), (320, 2, 1), (410, 3, 1), (500, 3, 2)])
def test_with_less_history_there_are_fewer_dates(days: float, train: int, test: int) -> None:
    plan = planned(FIRST, FIRST + timedelta(days=days), 90)
    assert isinstance(plan, Plan)
    assert (len(plan.train), len(plan.test)) == (train, test)
    assert plan.same_date is (days == 135)


def test_with_too_little_history_it_says_how_much_is_needed() -> None:
    assert planned(FIRST, FIRST + timedelta(days=100), 90) == Refused("short_history", 135.0, 100.0)


def test_sides_are_drawn_for_good_and_nobody_is_on_two(duck: Any) -> None:
    people = ibis.memtable({"person": [f"p{number}" for number in range(20_000)]})
    first = duck.to_pandas(sided(people, SIDES)).set_index("person")["side"]
    some = duck.to_pandas(sided(people.limit(500), SIDES)).set_index("person")["side"]
    assert first.index.is_unique
    assert first.value_counts(normalize=True).to_dict() == pytest.approx(SIDES, abs=0.015)
    assert (first.loc[some.index] == some).all()
    fewer = duck.to_pandas(sided(sampled(duck.create_table("many", people, temp=True), 2000, lot="sample|"), SIDES))
    assert len(fewer) == pytest.approx(2000, rel=0.1)
    assert fewer["side"].value_counts(normalize=True).to_dict() == pytest.approx(SIDES, abs=0.05)


def test_every_baseline_is_tried_on_the_test_people_and_the_finding_is_kept(
    company: OpenedWorkspace, found: Standing
) -> None:
    assert standing(company.workspace) == replace(found, hold_out_used=())
    assert set(found.findings) == {"trust", "order"}
    assert found.digest == company.manifest.digest
    trust = found.figures["outcomes"]["trust"]["comparison"]
    assert [each["name"] for each in trust["against"]] == [
        *("base_rate", "rfm", "opinion", "symmetric", "plain_logistic", "bgnbd")
    ]
    absent = {each["name"]: each["absent"] for each in trust["against"] if each["absent"]}
    assert absent.get("opinion") == "no_answers"
    assert 20 < trust["people"] < 0.4 * 360
    assert len(found.figures["trained_at"]) == 3


def test_the_file_holds_nothing_of_anybody(company: OpenedWorkspace, found: Standing) -> None:
    text = (company.workspace.insights / FILE).read_text(encoding="utf-8")
    people = company.people().to_pandas()["person"]
    assert not any(person in text for person in people)
    assert "shop:c:" not in text
    assert found.reason == ""


@pytest.mark.slow
def test_the_hold_out_is_asked_only_when_said_and_that_is_written_down(tmp_path: Path) -> None:
    opened = workspace(tmp_path / "ws", contacts(360, 200, seed=6))
    asked = validated(opened, horizon=120, hold_out=True)
    assert asked.hold_out_used == (NOW.isoformat(),)
    tried = asked.figures["outcomes"]["order"]
    assert tried["comparison"] is None or tried["comparison"]["people"] < 0.2 * 360
    assert validated(opened, horizon=1000).hold_out_used == (NOW.isoformat(),)


@pytest.mark.slow
def test_on_cdnow_the_learned_reading_is_as_good_as_bg_nbd_and_adds_nothing(tmp_path: Path, shared_data: Path) -> None:
    """Will they buy again in the next 39 weeks? 2,357 customers, purchases only."""
    sample = (shared_data / "cdnow" / "CDNOW_sample.txt").read_text(encoding="utf-8").splitlines()
    lines = ["customer_id date number_of_cds dollar_value", *(line.split(maxsplit=1)[1] for line in sample)]
    path = tmp_path / "cdnow.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    root = tmp_path / "ws"
    shop = Workspace.create(root, Settings(name="CDNOW", timezone="America/New_York"))
    take(shop, [path], mapping=load(MAPPINGS / "cdnow.toml"))
    gouttes.open(root).run()
    found = validated(gouttes.open(root), horizon=39 * 7)
    assert found.findings["trust"].reason == "purchases_only"
    assert found.findings["order"].verdict == "none"
    order = found.figures["outcomes"]["order"]["comparison"]
    other = next(each for each in order["against"] if each["name"] == "bgnbd")
    assert order["scored"]["auc"]["value"] == pytest.approx(other["scored"]["auc"]["value"], abs=0.01)
    assert other["gain"]["low"] < 0


BAD = {
    "ten people": (contacts(10, 300, seed=1), "few_people"),
    "all on one day": ([(person, 3.0, "order.placed") for person in range(200)], "short_history"),
    "too short a history": (contacts(80, 70, seed=2), "short_history"),
    "no outcome": (
        [(person, person % 7 / 7, "page.viewed") for person in range(200)] + [(0, 300.0, "page.viewed")],
        "no_outcome",
    ),
    "nobody came back": (
        [(p, p % 9 / 9, "order.placed") for p in range(200)] + [(200, 300.0, "page.viewed")],
        "one_class",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_where_there_is_too_little_the_first_line_says_why_and_the_code_is_nought(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, reason = BAD[what]
    opened = workspace(tmp_path / "ws", rows)
    code = run_command(["validate", str(opened.workspace.root), "--lang", "en", "--horizon", "140"])
    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("It is not known whether the reading adds anything here.")
    kept = standing(opened.workspace)
    assert kept is not None
    assert reason in {kept.reason, *(each.reason for each in kept.findings.values())}
    assert {each.verdict for each in kept.findings.values()} <= {"unknown"}


def test_a_horizon_of_no_days_and_a_workspace_that_was_not_run_are_refused(
    tmp_path: Path, company: OpenedWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInputError, match="--horizon takes a number of days above 0, found 0"):
        validated(company, horizon=0)
    Workspace.create(tmp_path / "ws", Settings(name="Nobody"))
    assert run_command(["validate", str(tmp_path / "ws")]) == 2
    assert "`gouttes run` first" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    shop = Workspace.create(tmp_path / "ws", Settings(name="Nobody"))
    assert standing(shop) is None
    keep(shop, Standing(NOW.isoformat(), NOW.isoformat(), "d", 90.0))
    assert standing(shop) == Standing(NOW.isoformat(), NOW.isoformat(), "d", 90.0)
    for text in ("{", "[]", '{"findings": {}}', '{"findings": {"a": {"what": 1}}}'):
        (shop.insights / FILE).write_text(text, encoding="utf-8")
        with pytest.raises(WorkspaceError, match="Remove it, then run `gouttes validate`"):
            standing(shop)


def test_the_answer_as_json_is_one_document(
    tmp_path: Path, company: OpenedWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(company.workspace.root, tmp_path / "ws")
    assert run_command(["validate", str(root), "--json", "--lang", "en", "--horizon", "260"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["validation"]["horizon"] == 260
    assert told["answer"]
    assert set(told["validation"]["findings"]) == {"trust", "order"}


def test_every_screen_that_shows_the_reading_says_where_no_added_value_was_found(
    tmp_path: Path, company: OpenedWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(company.workspace.root, tmp_path / "ws")
    shop = Workspace.open(root)
    person = company.people().limit(1).to_pandas()["person"][0]
    page = str(tmp_path / "report.html")
    commands = (["trust", str(root)], ["explain", str(root), person], ["report", str(root), "--out", page])
    line = "No added value found here over BG/NBD (buying again). There, go by the plainer prediction."
    for verdict, said in (("none", [line]), ("adds", [])):
        keep(shop, Standing(NOW.isoformat(), NOW.isoformat(), "d", 90.0, {"order": Finding(verdict, "bgnbd")}))
        for command in commands:
            assert run_command([*command, "--lang", "en"]) == 0
            assert (line in " ".join(capsys.readouterr().out.split())) is bool(said)
        for command in commands:
            assert run_command([*command, "--lang", "en", "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["caution"] == said


def test_a_design_of_some_rules_has_their_sums_only() -> None:
    import numpy as np  # noqa: PLC0415 -- only here
    from scipy.sparse import csr_matrix  # noqa: PLC0415 -- only here

    from gouttes.trust.learning.design import Classes, Design, Known, Sums  # noqa: PLC0415 -- only here

    rules = (Known("a", 1, 1.0, 90.0), Known("b", -1, 1.0, 180.0), Known("c", 1, 1.0, 30.0))

    def summed(half_lives: Any) -> Sums:
        matrix = csr_matrix(np.tile(half_lives, (2, 1)))
        return Sums(matrix, matrix, matrix)

    ones = np.ones(2)
    design = Design(ones, ones, np.arange(2), ones, rules, Classes.of(rules), summed)
    kept = of_rules(design, [0, 2])
    assert [rule.name for rule in kept.rules] == ["a", "c"]
    assert kept.summed(np.array([7.0, 8.0])).value.toarray().tolist() == [[7.0, 8.0]] * 2
