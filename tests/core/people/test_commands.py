"""`gouttes people`: asked in both languages, answered, undone, and killed in the middle."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.core.people.conftest import identifiers, opened

from gouttes.cli.app import run_command
from gouttes.eventlog.append import append_identifiers
from gouttes.identity.likening import Likening, model_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED = 20261125
EITHER, JEAN = "zendesk:user:50", "shop:c:2"


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def said(*arguments: object) -> tuple[int, str, str]:
        code = run_command([str(each) for each in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return said


@pytest.fixture
def answer(say: Any) -> Callable[..., Any]:
    def answered(*arguments: object) -> Any:
        code, out, err = say(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return answered


def test_the_queue_is_told_in_both_languages_with_what_either_answer_would_do(say: Any, root: Path) -> None:
    code, english, _ = say("people", "review", root, "--lang", "en")
    assert code == 0
    assert "3 pairs wait for an answer." in english
    assert "customer numbers" in " ".join(english.split())
    assert "If they are one: 2 records, 8 events, about trust" in " ".join(english.split())
    _, french, _ = say("people", "review", root, "--lang", "fr")
    assert "3 paires attendent une réponse." in french
    assert "Si elles sont deux : elles restent séparées" in " ".join(french.split())


def test_an_answer_is_written_down_the_readings_follow_and_a_second_one_is_stale(
    say: Any,
    answer: Any,
    root: Path,
) -> None:
    told = answer("people", "review", root, "--same", EITHER, JEAN, "--by", "zoé")
    assert told["ran"]["mode"] == "incremental"
    assert told["people"][EITHER] == told["people"][JEAN]
    assert answer("people", "review", root)["waiting"] == 1
    code, out, err = say("people", "review", root, "--apart", EITHER, JEAN, "--by", "ali")
    assert (code, out) == (1, "")
    assert "zoé said on" in err
    number = told["decided"]["taken"][0]["decision"]
    assert answer("people", "undo", root, number)["decided"]["undone"] == [number]
    assert answer("people", "review", root)["waiting"] == 3
    history = answer("people", "resolve", root, "--history")
    assert [each["undone"] for each in history["decisions"]] == [True]


def test_why_two_records_are_one_person_and_why_two_others_are_not(say: Any, answer: Any, root: Path) -> None:
    told = answer("people", "explain", root, "shop:c:1", "crm:contact:7")
    assert [(step["rule"], step["key"]) for step in told["steps"]] == [
        ("email", "ana.roy@mail.fr"),
        ("phone", "+33612345678"),
    ]
    _, french, _ = say("people", "explain", root, "crm:contact:8", "crm:contact:9", "--lang", "fr")
    assert "deux numéros de client" in " ".join(french.split())
    _, english, _ = say("people", "explain", root, JEAN, "shop:c:3", "--lang", "en")
    assert "their names contradict each other" in " ".join(english.split())


def test_a_rule_is_tried_before_it_is_applied_and_nothing_is_written(say: Any, answer: Any, root: Path) -> None:
    text = (root / "gouttes.toml").read_text(encoding="utf-8")
    start = text.index('\n[[identity.rules]]\nname = "phone"')
    other = root.parent / "try.toml"
    other.write_text(text[:start], encoding="utf-8")
    before = sorted(path for path in root.rglob("*.parquet"))
    told = answer("people", "resolve", root, "--dry-run", "--settings", other)
    assert (told["joining"], told["parting"]) == (0, 1)
    assert [(each["why"], each["rules"]) for each in told["parted"]] == [("gone", ["phone"])]
    assert sorted(path for path in root.rglob("*.parquet")) == before
    code, english, _ = say("people", "resolve", root, "--check", "--lang", "en")
    assert code == 0
    assert "Nothing would change" in english
    (root / "gouttes.toml").write_text(text[:start], encoding="utf-8")
    code, french, _ = say("people", "resolve", root, "--check", "--lang", "fr")
    assert code == 1
    assert "1 personne se séparerait." in french
    assert "shop:c:1" in french


def test_what_a_new_rule_would_join_is_told_by_its_name(answer: Any, root: Path) -> None:
    append_identifiers(opened(root).log, identifiers([(each, "last_name", "Roy") for each in (JEAN, "crm:contact:8")]))
    answer("run", root)
    other = root.parent / "try.toml"
    rule = '\n[[identity.rules]]\nname = "a family"\nall = ["last_name"]\n'
    other.write_text((root / "gouttes.toml").read_text(encoding="utf-8") + rule, encoding="utf-8")
    told = answer("people", "resolve", root, "--dry-run", "--settings", other)
    assert (told["joining"], told["parting"]) == (2, 0)
    assert [each["rules"] for each in told["joined"]] == [["a family"]]


def test_a_rule_on_a_field_that_does_not_exist_is_refused_with_the_nearest(say: Any, root: Path) -> None:
    text = (root / "gouttes.toml").read_text(encoding="utf-8")
    (root / "gouttes.toml").write_text(text.replace('all = ["email"]', 'all = ["emial"]'), encoding="utf-8")
    code, out, err = say("people", "resolve", root)
    assert (code, out) == (2, "")
    assert "Did you mean 'email'" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resolve", "--settings", "x.toml"), "add --dry-run"),
        (("resolve", "--dry-run", "--settings", "none.toml"), "There is no file none.toml"),
        (("review", "--same", "a", "b", "--apart", "a", "b"), "not both"),
        (("review", "--same", "nobody", JEAN), "nobody"),
        (("explain", "nobody", JEAN), "nobody"),
        (("lists", "none.csv"), "--always or --never"),
        (("lists", "none.csv", "--never"), "cannot be read"),
        (("undo", "d1"), "has the number 'd1'"),
    ],
)
def test_wrong_use_is_told_in_words(say: Any, root: Path, arguments: tuple[str, ...], message: str) -> None:
    name, *others = arguments
    code, out, err = say("people", name, root, *others)
    assert (code, out) == (2, "")
    assert message in err


def test_before_any_run_there_is_nobody_to_decide_about(say: Any, tmp_path: Path) -> None:
    say("init", tmp_path / "ws", "--name", "L")
    code, _, err = say("people", "resolve", tmp_path / "ws", "--dry-run")
    assert code == 2
    assert "gouttes run" in err


# --- killed -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_resolve_killed_at_any_point_leaves_the_former_links_in_force(root: Path) -> None:
    def links() -> list[tuple[Any, ...]]:
        table = opened(root).links().order_by("subject").to_pandas()
        return list(table[["subject", "person", "rule"]].itertuples(index=False, name=None))

    before, chance = links(), random.Random(SEED)  # noqa: S311 -- not for secrets
    command = [sys.executable, "-m", "gouttes", "people", "resolve", str(root)]
    text = (root / "gouttes.toml").read_text(encoding="utf-8")
    start = text.index('\n[[identity.rules]]\nname = "phone"')
    (root / "gouttes.toml").write_text(text[:start], encoding="utf-8")
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(1.0, 4.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = links()
        assert now == before or len({person for _, person, _ in now}) == len({person for _, person, _ in before}) + 1
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert len({person for _, person, _ in links()}) == len({person for _, person, _ in before}) + 1


def test_a_model_file_that_is_none_of_ours_is_refused_in_words(say: Any, root: Path) -> None:
    model_file(opened(root).workspace).write_text("{}", encoding="utf-8")
    code, _, err = say("people", "review", root)
    assert code == 2
    assert "people resolve --train" in err


def test_no_model_is_no_likening(root: Path) -> None:
    assert Likening.load(opened(root).workspace) is None


# --- profile ----------------------------------------------------------------------------------------------------------


def test_a_profile_leads_each_value_to_its_source_in_both_languages(say: Any, answer: Any, root: Path) -> None:
    told = answer("people", "profile", root, "shop:c:1")
    fields = {row["field"]: row for row in told["fields"]}
    assert (fields["phone"]["value"], fields["phone"]["subject"]) in {
        ("06 12 34 56 78", "zendesk:user:42"),
        ("+33612345678", "crm:contact:7"),
    }
    assert {row["value"] for row in told["contacts"]} == {"ana.roy@mail.fr", "+33612345678"}
    _, french, _ = say("people", "profile", root, "shop:c:1", "--lang", "fr")
    assert "aucun trouvé." in french


def test_circles_are_listed_with_their_reading_and_its_interval(say: Any, answer: Any, root: Path) -> None:
    homes = [("shop:c:2", "Petit"), ("shop:c:3", "Petit")]
    rows = [(subject, "last_name", name) for subject, name in homes]
    rows += [(subject, "address", "3 rue du Bac") for subject, _ in homes]
    rows += [(subject, "postcode", "75007") for subject, _ in homes]
    rows += [(subject, "company", "Petit SARL") for subject, _ in homes]
    append_identifiers(opened(root).log, identifiers(rows))
    assert say("run", root)[0] == 0
    (home,) = answer("people", "households", root)["households"]
    assert len(home["people"]) == 2
    assert 0 < home["low"] < home["trust"] < home["high"] <= 1
    for command in (("households",), ("households", "--address-only", "--worst"), ("companies", "--worst")):
        code, out, err = say("people", command[0], root, *command[1:], "--lang", "en")
        assert code == 0, err
        assert "%" in out
    _, french, _ = say("people", "profile", root, "shop:c:2", "--lang", "fr")
    assert "Foyer " in french
    assert "2 personnes" in french
    _, english, _ = say("people", "explain", root, "shop:c:2", "shop:c:3", "--changes", "--lang", "en")
    assert "without the legal form" in " ".join(english.split())


def test_everyone_is_resolved_anew_with_the_figures_of_identity(say: Any, answer: Any, root: Path) -> None:
    told = answer("people", "resolve", root)
    assert told["ran"]["mode"] == "full"
    assert told["identity"]["people"] == len(set(opened(root).links()["person"].to_pyarrow().to_pylist()))
    assert told["identity"]["waiting_by_reason"] == {"names": 2, "strong": 1}
    answer("people", "merge", root, "crm:contact:8", "crm:contact:9")
    _, french, _ = say("people", "resolve", root, "--lang", "fr")
    assert "décision humaine" in french
    assert "2 paires attendent une réponse" in " ".join(french.split())
    _, english, _ = say("people", "resolve", root, "--history", "--lang", "en")
    assert "one person" in english
    path = root.parent / "never.csv"
    path.write_text("a,b\nshop:c:2,shop:c:3\n", encoding="utf-8")
    assert len(answer("people", "lists", root, path, "--never")["decided"]["taken"]) == 1
    assert answer("people", "lists", root, path, "--never")["decided"]["taken"] == []
    answer("people", "split", root, "shop:c:1", "crm:contact:7")
    answer("people", "apart", root, "crm:contact:8", "shop:c:3")


def test_what_a_source_wrote_does_not_steer_the_terminal(say: Any, root: Path) -> None:
    hostile = "a\x1b[2Jb@x.fr"
    append_identifiers(opened(root).log, identifiers([(JEAN, "email", hostile), ("shop:c:3", "email", hostile)]))
    assert say("run", root)[0] == 0
    for command in (("explain", JEAN, "shop:c:3", "--changes"), ("profile", JEAN)):
        name, *others = command
        code, out, err = say("people", name, root, *others)
        assert code == 0, err
        assert "\x1b" not in out
