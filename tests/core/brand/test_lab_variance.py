"""``gouttes lab variance``: published answers from a file, and what it says when it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from gouttes.cli.app import run_command

if TYPE_CHECKING:
    from pathlib import Path


def found(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert run_command(["lab", "variance", *map(str, arguments), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run_command(["lab", "variance", *map(str, arguments), "--lang", "en"]) == 2
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    client, agent = rng.integers(0, 40, 400), rng.integers(0, 8, 400)
    y = 10 + rng.normal(0, 2, 40)[client] + rng.normal(0, 1, 8)[agent] + rng.normal(0, 1, 400)
    told = pd.DataFrame({"client": client, "agent": agent, "durée": rng.uniform(0, 9, 400), "note": y})
    told["note"] += 0.5 * told["durée"]
    return told.round(6)


@pytest.fixture(scope="module")
def french(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Semicolons and decimal commas; three cells are empty, two are no number."""
    told = frame.astype(str).apply(lambda column: column.str.replace(".", ","))
    told.loc[[0, 1], "client"], told.loc[2, "durée"], told.loc[[3, 4], "note"] = "", "", "n.c."
    file = tmp_path_factory.mktemp("variance") / "notes.csv"
    told.to_csv(file, sep=";", index=False)
    return file


def test_dyestuff_from_the_command_line(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shared_data / "variance" / "lme4_Dyestuff.csv"
    told = found(capsys, file, "--outcome", "Yield", "--crossed", "Batch", "--method", "ml")
    assert told["deviance"] == pytest.approx(327.3271, abs=5e-5)
    assert [each["variance"] for each in told["components"]] == pytest.approx([1388.33, 2451.25], abs=0.02)


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_any_kind_of_file_says_the_same(
    frame: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    file = tmp_path / f"notes.{kind}"
    getattr(frame, {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}[kind])(file, index=False)
    told = found(capsys, file, "--outcome", "note", "--crossed", "client,agent", "--fixed", "durée")
    assert (told["rows"], told["method"], told["converged"]) == (400, "reml", True)
    slope = told["fixed"][1]
    assert slope["name"] == "durée"
    assert slope["low"] < 0.5 < slope["high"]
    planted = {"client": 4.0, "agent": 1.0, "residual": 1.0}
    assert all(each["low"] <= planted[each["name"]] <= each["high"] for each in told["components"])


def test_rows_left_out_are_counted_with_their_reason(french: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = found(capsys, french, "--outcome", "note", "--crossed", "client,agent", "--fixed", "durée")
    assert (told["rows"], told["missing"], told["not_numbers"]) == (395, 3, 2)


def test_moments_agree_with_reml_and_know_their_uncertainty(french: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (french, "--outcome", "note", "--crossed", "client,agent")
    moments, reml = (found(capsys, *arguments, "--method", method) for method in ("moments", "reml"))
    for one, other in zip(moments["components"], reml["components"], strict=True):
        assert one["name"] == other["name"]
        assert one["low"] < other["variance"] < one["high"]
    assert moments["deviance"] is None


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("395 rows used", "3 rows left out", "Converged", "intercept", "standard error")),
        ("fr", ("395 lignes utilisées", "3 lignes laissées", "A convergé", "constante", "erreur type")),
    ],
)
def test_it_speaks_both_languages(
    french: Path, capsys: pytest.CaptureFixture[str], lang: str, words: tuple[str, ...]
) -> None:
    arguments = ["--outcome", "note", "--crossed", "client,agent", "--fixed", "durée", "--lang", lang]
    assert run_command(["lab", "variance", str(french), *arguments]) == 0
    said = capsys.readouterr().out
    assert [each for each in words if each not in said] == []


def test_moments_are_shown_without_a_likelihood(french: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--outcome", "note", "--crossed", "client", "--method", "moments", "--lang", "en"]
    assert run_command(["lab", "variance", str(french), *arguments]) == 0
    said = capsys.readouterr().out
    assert "jackknife" in said
    assert "log-likelihood" not in said


def test_what_has_not_converged_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "flat.csv"
    file.write_text("a,y\n" + "".join(f"{n // 3},{(n // 3) ** 2}\n" for n in range(24)), encoding="utf-8")
    assert run_command(["lab", "variance", str(file), "--outcome", "y", "--crossed", "a", "--lang", "en"]) == 0
    assert "Not converged: hardly anything is left for the residual" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--outcome", "notes", "--crossed", "client"], "There is no column 'notes'. Did you mean 'note'?"),
        (["--outcome", "note", "--crossed", "clientt"], "Did you mean 'client'?"),
        (["--outcome", "note", "--crossed", ","], "--crossed takes one column or more"),
        (["--outcome", "note", "--crossed", "client,client"], "names 'client' twice"),
        (["--outcome", "note", "--crossed", "note"], "cannot be two things"),
        (["--outcome", "note", "--crossed", "client", "--fixed", "client"], "cannot be two things"),
        (["--outcome", "note", "--crossed", "client", "--fixed", "durée", "--method", "moments"], "no fixed effects"),
    ],
)
def test_what_cannot_be_is_said(
    french: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refused(capsys, french, *arguments)


@pytest.mark.parametrize("method", ["ml", "moments"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,y\n", "no row"),
        ("a,b,y\n1,1,\n2,2,\n", "No row has all of"),
        ("a,b,y\n1,1,x\n2,2,y\n1,2,z\n", "'y' must be numbers, and is text: 'x'"),
        ("a,b,y\n1,1,2\n1,2,3\n1,1,4\n1,2,5\n1,2,5\n", "'a' has one level only"),
        ("a,b,y\n1,1,2\n2,2,3\n3,1,4\n4,2,5\n5,1,7\n", "Every level of 'a' is there once"),
        ("a,b,y\n1,1,2\n2,2,2\n1,1,2\n2,2,2\n1,2,2\n", "one value in every row"),
        ("a,b,y\n1,x,2\n2,y,3\n1,x,4\n2,y,5\n2,y,6\n", "'a' and 'b' group the rows alike"),
        ("a,b,y\n1,1,2\n2,1,3\n", "too few"),
    ],
)
def test_files_that_cannot_be_fitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str, method: str
) -> None:
    file = tmp_path / "some.csv"
    file.write_text(text, encoding="utf-8")
    assert words in refused(capsys, file, "--outcome", "y", "--crossed", "a,b", "--method", method)


def test_pairs_that_do_not_tell_factors_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.csv"
    rows = [(1, 1, 2), (1, 2, 3), (2, 3, 4), (2, 4, 5), (3, 5, 9), (3, 5, 9.5)]
    file.write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in rows), encoding="utf-8")
    told = found(capsys, file, "--outcome", "y", "--crossed", "a,b", "--method", "moments")
    assert told["rows"] == 6  # nested, and still told apart
