"""The commands, as a person types them: one small shop from its export to an erasure."""

from __future__ import annotations

import json
import shutil
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gouttes.cli.app import run_command

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., tuple[int, str, str]]


ORDERS = """N° de commande;Date;N° client;Client;E-mail;Montant;Devise;Livraison promise;Livré le;Statut
1;03/01/2026 10:00;A;Alice Martin;alice@example.org;40,00;EUR;06/01/2026;05/01/2026;Livrée
2;10/03/2026 10:00;A;Alice Martin;alice@example.org;55,50;EUR;13/03/2026;20/03/2026;Livrée
3;15/03/2026 11:00;B;Bob Durand;bob@example.org;20,00;EUR;18/03/2026;17/03/2026;Livrée
4;01/06/2026 09:00;B;Bob Durand;bob@example.org;35,00;EUR;04/06/2026;03/06/2026;Livrée
5;02/06/2026 09:00;C;Alice Petit;alice@example.org;12,00;EUR;05/06/2026;05/06/2026;Livrée
6;31/02/2026 09:00;D;Dan Impossible;dan@example.org;9,00;EUR;05/03/2026;05/03/2026;Livrée
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was imported into and run once; tests work on copies."""
    folder = tmp_path_factory.mktemp("made")
    orders = folder / "commandes.csv"
    orders.write_text(ORDERS, encoding="utf-8")
    ws = str(folder / "ws")
    assert run_command(["init", ws, "--name", "Maison Lenoir", "--lang", "fr"]) == 0
    assert run_command(["import", ws, str(orders), "--as", "shop"]) == 0
    assert run_command(["run", ws]) == 0
    return folder


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> str:
    return str(shutil.copytree(made / "ws", tmp_path / "ws"))


@pytest.fixture
def gouttes(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def document(out: str) -> Any:
    return json.loads(out)


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(gouttes: Command, made: Path, tmp_path: Path) -> None:
    fresh = str(tmp_path / "fresh")
    gouttes("init", fresh, "--name", "L")
    code, out, _ = gouttes("import", fresh, str(made / "commandes.csv"), "--dry-run", "--json")
    (file,) = document(out)["files"]
    assert (code, file["rows"], file["events"]["order.placed"]) == (0, 6, 5)
    assert sum(file["rejects"].values()) > 0
    assert not any((Path(fresh) / "log").iterdir())


def test_importing_twice_adds_nothing(gouttes: Command, ws: str, made: Path) -> None:
    _, out, _ = gouttes("import", ws, str(made / "commandes.csv"), "--as", "shop", "--json")
    assert document(out)["events"]["added"] == 0


def test_strict_import_of_a_bad_row_exits_with_two(gouttes: Command, ws: str, made: Path) -> None:
    assert gouttes("import", ws, str(made / "commandes.csv"), "--strict")[0] == 2


def test_rejected_rows_are_listed_without_what_they_hold(made: Path) -> None:
    (rejects,) = (made / "ws" / "rejects").glob("*.csv")
    text = rejects.read_text(encoding="utf-8")
    assert "commandes.csv" in text
    assert "dan@example.org" not in text
    assert "31/02/2026" not in text


def test_one_json_document_and_nothing_else_on_standard_output(gouttes: Command, ws: str) -> None:
    for command in (["run"], ["trust"], ["doctor"], ["explain", "alice@example.org"]):
        code, out, _ = gouttes(command[0], ws, *command[1:], "--json")
        assert code == 0, command
        document(out)


def test_two_records_with_one_mail_are_one_person(gouttes: Command, ws: str) -> None:
    people = [document(gouttes("trust", ws, "--person", f"shop:customer:{key}", "--json")[1]) for key in "AC"]
    assert people[0]["people"][0]["person"] == people[1]["people"][0]["person"]


def test_the_worst_come_first_and_every_reading_has_its_interval(gouttes: Command, ws: str) -> None:
    readings = document(gouttes("trust", ws, "--worst", "--json")[1])["people"]
    assert [each["trust"] for each in readings] == sorted(each["trust"] for each in readings)
    assert all(each["low"] < each["trust"] < each["high"] for each in readings)


@pytest.mark.parametrize(("lang", "word"), [("fr", "confiance"), ("en", "trust")])
def test_both_languages_are_spoken(gouttes: Command, ws: str, lang: str, word: str) -> None:
    for command in (["trust"], ["doctor"], ["explain", "alice@example.org"]):
        code, out, _ = gouttes(command[0], ws, *command[1:], "--lang", lang)
        assert code == 0
        assert out.strip()
    assert word in gouttes("trust", ws, "--lang", lang)[1]


def test_readings_leave_as_csv_and_parquet(gouttes: Command, ws: str, tmp_path: Path) -> None:
    assert gouttes("trust", ws, "--format", "csv")[1].startswith("person,trust,low,high")
    target = tmp_path / "trust.parquet"
    assert gouttes("trust", ws, "--format", "parquet", "--out", str(target))[0] == 0
    assert target.read_bytes()[:4] == b"PAR1"


def test_the_explanation_adds_up(gouttes: Command, ws: str) -> None:
    told = document(gouttes("explain", ws, "alice@example.org", "--json")[1])
    prior = document(gouttes("trust", ws, "--json")[1])["prior"]["mean"]
    total = log(prior / (1 - prior)) + sum(line["contribution"] for line in told["ledger"])
    trust = told["account"]["trust"]
    assert total == pytest.approx(log(trust / (1 - trust)), abs=1e-9)


def test_the_report_needs_no_network(gouttes: Command, ws: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert gouttes("report", ws, "--out", str(page), "--lang", "fr")[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "Maison Lenoir" in text
    assert 'src="http' not in text
    assert 'href="http' not in text


def test_forgetting_asks_before_it_erases(gouttes: Command, ws: str) -> None:
    code, _, err = gouttes("forget", ws, "bob@example.org")
    assert code == 2
    assert "add --yes" in err
    assert gouttes("trust", ws, "--person", "bob@example.org", "--json")[0] == 0


def test_a_forgotten_person_is_gone_and_the_receipt_says_so(gouttes: Command, ws: str, made: Path) -> None:
    receipt = document(gouttes("forget", ws, "bob@example.org", "--yes", "--json")[1])
    assert receipt["traces"] == []
    assert receipt["erased"]["events"] > 0
    code, _, err = gouttes("trust", ws, "--person", "bob@example.org")
    assert code == 2
    assert "No person answers to 'bob@example.org'" in err
    again = document(gouttes("import", ws, str(made / "commandes.csv"), "--as", "shop", "--json")[1])
    assert again["events"]["erased"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trust", "nowhere"], 1, "is not a workspace"),
        (["import", "{ws}", "absent.csv"], 2, "absent.csv"),
        (["import", "{ws}", "x.csv", "--as", "sap"], 2, "There is no preset 'sap'. Presets:"),
        (["import", "{ws}", "x.csv", "--as", "shop", "--map", "m.toml"], 2, "not both"),
        (["run", "{ws}", "--as-of", "yesterday"], 2, "takes a date such as"),
        (["run", "{ws}", "--engine", "oracle"], 2, "--engine takes"),
        (["trust", "{ws}", "--lang", "de"], 2, "--lang takes fr or en"),
        (["explain", "{ws}", "nobody@example.org"], 2, "No person answers"),
        (["init", "{ws}", "--name", "Again"], 1, "is a workspace already"),
        (["init", "new", "--name", "L", "--currency", "euros"], 2, "ISO 4217"),
    ],
)
def test_a_wrong_word_is_answered_with_what_to_do(
    gouttes: Command,
    ws: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    found, out, err = gouttes(*(argument.replace("{ws}", ws) for argument in arguments))
    assert (found, out) == (code, "")
    assert words in err
    assert "Traceback" not in err


def test_an_unknown_option_exits_with_two(gouttes: Command, ws: str) -> None:
    assert gouttes("trust", ws, "--colour")[0] == 2


def test_a_date_of_the_past_reads_what_was_known_then(gouttes: Command, ws: str) -> None:
    then = document(gouttes("trust", ws, "--as-of", "2026-01-04", "--json")[1])["people"]
    assert len(then) == 1
