"""Learning from a workspace: frozen at each date, proposed, accepted, in force, rejected."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import gouttes
from gouttes.cli.app import run_command
from gouttes.errors import BadInputError, WorkspaceError
from gouttes.inforce import rules_in_force
from gouttes.learned import ParameterShelf
from gouttes.learning import Asked, History, halves, learn_from
from gouttes.trust.learning.learn import Refused, State
from gouttes.trust.learning.parameters import ParameterSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def said(*arguments: object) -> tuple[int, str, str]:
        code = run_command([str(each) for each in arguments])
        captured = capsys.readouterr()
        return code, " ".join(captured.out.split()), " ".join(captured.err.split())

    return said


def test_evidence_frozen_at_a_date_is_what_a_run_of_that_date_would_have_found(root: Path) -> None:
    opened = gouttes.open(root)
    history = History.of(opened.workspace, opened.connection, opened.as_of)
    origin = opened.as_of - timedelta(days=200)
    frozen = history.evidence(origin, opened.people().select("person")).drop("origin")
    columns = ["person", "rule", "event_id", "t", "size"]
    found = frozen.select(columns).to_pandas().sort_values(columns).reset_index(drop=True)
    opened.run(as_of=origin, full=True)
    then = gouttes.open(root).evidence().select(columns).to_pandas().sort_values(columns).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, then)
    assert len(found) > 1_000


def test_nothing_that_happened_or_became_known_later_changes_what_was_known(root: Path) -> None:
    opened = gouttes.open(root)
    history = History.of(opened.workspace, opened.connection, opened.as_of)
    origin = history.origins(90.0, 3)[0]
    rows = history.evidence(origin, opened.people().select("person"))
    day = origin.timestamp() / 86_400
    assert rows.t.max().execute() <= day
    assert rows.known.max().execute() <= day


def test_dates_are_a_horizon_apart_and_none_lies_before_the_first_event(root: Path) -> None:
    opened = gouttes.open(root)
    history = History.of(opened.workspace, opened.connection, opened.as_of)
    four = history.origins(90.0, 4)
    assert [(opened.as_of - date).days for date in four] == [360, 270, 180, 90]
    assert len(history.origins(90.0, 40)) < 10


def test_what_is_learned_counts_only_once_accepted_and_run_and_goes_when_rejected(taught: Path, say: Any) -> None:
    before = gouttes.open(taught).trust().order_by("person").to_pandas()
    [version] = ParameterShelf(gouttes.open(taught).workspace).versions()
    code, english, _ = say("learn", taught, "--version", version, "--lang", "en")
    assert code == 0
    assert "opportunities of" in english
    assert "Nothing has changed yet" in english
    pd.testing.assert_frame_equal(gouttes.open(taught).trust().order_by("person").to_pandas(), before)
    code, _, error = say("chances", taught)
    assert (code, "gouttes learn" in error) == (2, True)

    code, french, _ = say("learn", taught, "--accept", "--by", "zoé", "--lang", "fr")
    assert (code, f"Version {version} acceptée par zoé." in french) == (0, True)
    pd.testing.assert_frame_equal(gouttes.open(taught).trust().order_by("person").to_pandas(), before)
    opened = gouttes.open(taught)
    assert opened.run().mode == "full"
    opened = gouttes.open(taught)
    found = ParameterShelf(opened.workspace).get(version)
    assert opened.prior.mean == found.mean.value
    assert opened.prior.source == f"learned {version}"
    by_name = {rule.name: rule for rule in opened.rules}
    for name, weight in found.weights.items():
        rule = by_name[name]
        assert rule.weight == weight.value
        assert rule.half_life == found.half_lives[found.classes[name]].value
        assert (rule.status == "learned") == (weight.state in {State.LEARNED, State.UNSUPPORTED})
    assert not opened.trust().order_by("person").to_pandas().equals(before)
    assert gouttes.open(taught).run().mode == "unchanged"

    chances = opened.chances().to_pandas()
    assert set(chances["outcome"]) <= {"return", "renewal", "expansion", "recommendation"}
    assert ((chances["low"] < chances["chance"]) & (chances["chance"] < chances["high"])).all()
    code, told, _ = say("chances", taught, "--top", "3", "--outcome", "return", "--lang", "fr")
    assert (code, "retour spontané" in told) == (0, True)
    code, told, _ = say("chances", taught, "--person", chances["person"][0], "--json")
    assert json.loads(told)["learned"] == version

    assert say("learn", taught, "--reject")[0] == 0
    gouttes.open(taught).run()
    pd.testing.assert_frame_equal(gouttes.open(taught).trust().order_by("person").to_pandas(), before)


def test_a_set_is_shown_again_and_compared_with_the_one_in_force(taught: Path, say: Any) -> None:
    root = taught
    opened = gouttes.open(root)
    code, told, _ = say("learn", root, "--dates", "3", "--lang", "fr")
    assert code == 0
    assert "Appris de" in told
    shelf = ParameterShelf(opened.workspace)
    first, second = shelf.versions()
    assert second == first.replace(".1", ".2")
    assert len(shelf.get(second).origins) == 3
    code, told, _ = say("learn", root, "--version", first, "--json")
    assert (code, json.loads(told)["learned"]["version"]) == (0, first)
    compared = json.loads(say("learn", root, "--compare", "--json")[1])
    assert (compared["before"], compared["after"]) == (None, second)
    shelf.decide(first, "accepted", by="zoé", at=NOW)
    compared = json.loads(say("learn", root, "--compare", "--json")[1])
    assert (compared["before"], compared["after"]) == (first, second)
    assert compared["differences"][0]["before"]["value"] == shelf.get(first).strength.value
    french = say("learn", root, "--compare", "--lang", "fr")[1]
    assert "force de l" in french
    assert "demi-vie des seaux" in french


def test_the_last_accepted_that_was_not_rejected_since_is_in_force(taught: Path) -> None:
    opened = gouttes.open(taught)
    shelf = ParameterShelf(opened.workspace)
    found = shelf.get(shelf.versions()[0])
    assert shelf.accepted() is None
    shelf.propose(ParameterSet.read(found.text().replace(found.version, "2026-01-01.1")))
    shelf.decide("2026-01-01.1", "accepted", by="a", at=NOW)
    shelf.decide(found.version, "accepted", by="b", at=NOW)
    assert shelf.accepted() == found.version
    shelf.decide(found.version, "rejected", by="a", at=NOW)
    assert shelf.accepted() == "2026-01-01.1"
    with (opened.workspace.insights / "learned" / "decided.jsonl").open("a") as lines:
        lines.write('{"version": "2026-01-')  # a crash in the middle of a line
    assert shelf.accepted() == "2026-01-01.1"
    shelf.decide(found.version, "accepted", by="b", at=NOW)
    assert shelf.accepted() == found.version
    assert ParameterSet.read(found.text()) == found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--accept",), "Nothing was learned yet"),
        (("--accept", "--version", "9"), "No parameters were learned under the version '9'"),
        (("--accept", "--reject"), "Give one of"),
        (("--horizon", "0"), "a horizon above 0 and below 3,653 days"),
    ],
)
def test_wrong_input_is_told_in_words(root: Path, say: Any, arguments: tuple[str, ...], words: str) -> None:
    code, out, error = say("learn", root, *arguments)
    assert (code, out) == (2, "")
    assert words in error


def test_a_log_too_short_to_learn_from_says_so_and_the_priors_stay(root: Path, say: Any) -> None:
    code, told, _ = say("learn", root, "--horizon", "300", "--lang", "en")
    assert code == 0
    assert "the log reaches back over 2 of the 3 dates" in told
    assert "In force: the first-day priors." in told
    assert ParameterShelf(gouttes.open(root).workspace).versions() == []
    opened = gouttes.open(root)
    far = learn_from(opened.workspace, opened.connection, Asked(3_000.0), as_of=opened.as_of, now=NOW)
    assert far == Refused("no_outcome")


def test_a_file_that_holds_no_parameters_is_named(root: Path) -> None:
    shelf = ParameterShelf(gouttes.open(root).workspace)
    (root / "insights" / "learned").mkdir()
    (root / "insights" / "learned" / "2026-01-01.1.json").write_text("{}", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"2026-01-01\.1\.json holds no learned parameters"):
        shelf.get("2026-01-01.1")
    with pytest.raises(BadInputError):
        shelf.decide("none", "rejected", by="a", at=NOW)


def test_what_the_company_set_is_not_learned_and_stays(root: Path) -> None:
    text = (root / "gouttes.toml").read_text(encoding="utf-8")
    start = text.index("# [evidence")
    set_ = '[evidence.rules."unprompted return"]\nweight = 0.5\n'
    (root / "gouttes.toml").write_text(text[:start] + set_, encoding="utf-8")
    opened = gouttes.open(root)
    opened.run()
    found = learn_from(opened.workspace, opened.connection, as_of=opened.as_of, now=NOW)
    assert isinstance(found, ParameterSet)
    assert found.weights["unprompted return"].state is State.SET
    ParameterShelf(opened.workspace).decide(found.version, "accepted", by="a", at=NOW)
    gouttes.open(root).run()
    rule = next(each for each in gouttes.open(root).rules if each.name == "unprompted return")
    assert (rule.weight, rule.half_life, rule.status) == (0.5, 120.0, "set")


def test_of_many_people_some_are_learned_from_and_always_the_same(root: Path) -> None:
    opened = gouttes.open(root)
    everyone, some, again = (
        History.of(opened.workspace, opened.connection, opened.as_of, people=people) for people in (0, 300, 300)
    )
    chosen = set(some.theirs.person.to_pyarrow().to_pylist())
    assert 200 < len(chosen) < 400
    assert chosen == set(again.theirs.person.to_pyarrow().to_pylist())
    assert chosen < set(everyone.theirs.person.to_pyarrow().to_pylist())
    found = learn_from(opened.workspace, opened.connection, Asked(people=400), as_of=opened.as_of, now=NOW)
    assert isinstance(found, ParameterSet)
    assert found.people < 500


def test_the_sums_of_what_is_learned_from_are_those_of_the_same_rows_of_all(root: Path) -> None:
    opened = gouttes.open(root)
    history = History.of(opened.workspace, opened.connection, opened.as_of)
    sample = history.sample(history.origins(90.0, 3), 90.0)
    assert sample
    half_lives = np.array([rule.half_life for rule in history.known])
    rows = sample.design.trials > 0
    assert rows.sum() == sample.taught.trials.size < rows.size
    gap = sample.taught.summed(half_lives).value - sample.design.summed(half_lives).value[rows]
    assert abs(gap).max() < 1e-12
    assert (sample.taught.origin == sample.design.origin[rows]).all()


def test_the_history_of_named_people_is_all_of_theirs_however_few_are_learned_from(root: Path) -> None:
    opened = gouttes.open(root)
    whole = History.of(opened.workspace, opened.connection, opened.as_of, people=0).theirs
    chosen = opened.people().filter(lambda t: t.person.left(2).isin(["p1", "pa"])).select("person")
    theirs = History.of(opened.workspace, opened.connection, opened.as_of, people=chosen).theirs
    assert theirs.count().execute() == whole.semi_join(chosen, "person").count().execute() > 500


def test_each_half_of_the_people_is_read_as_the_other_half_taught(root: Path) -> None:
    opened = gouttes.open(root)
    history = History.of(opened.workspace, opened.connection, opened.as_of, people=400)
    sample = history.sample(history.origins(90.0, 3), 90.0)
    assert sample
    design, seen = sample.design, np.zeros(sample.design.trials.size, dtype=int)
    for rows, others in halves(sample):
        teaching = (design.trials > 0) & ~rows
        assert not set(design.person[rows]) & set(design.person[~rows])
        assert others.successes.tolist() == design.successes[teaching].tolist()
        assert others.origin.tolist() == design.origin[teaching].tolist()
        seen += rows
    assert (seen == 1).all()


def test_what_the_company_sets_after_learning_wins_over_what_was_learned(taught: Path) -> None:
    opened = gouttes.open(taught)
    shelf = ParameterShelf(opened.workspace)
    version = shelf.versions()[0]
    learned = {each.name: each for each in rules_in_force(opened.workspace, version)}["missed opportunity"]
    assert learned.status == "learned"
    text = (taught / "gouttes.toml").read_text(encoding="utf-8")
    set_ = '[evidence.rules."missed opportunity"]\nweight = 0.9\nhalf_life = 60\n'
    (taught / "gouttes.toml").write_text(text[: text.index("# [evidence")] + set_, encoding="utf-8")
    rules = {each.name: each for each in rules_in_force(gouttes.open(taught).workspace, version)}
    mine = rules["missed opportunity"]
    assert (mine.weight, mine.half_life, mine.status) == (0.9, 60.0, "set")
    assert rules["unprompted return"].status == "learned"
