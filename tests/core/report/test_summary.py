"""The terminal summary: the same answer, with shapes where colour is absent."""

from __future__ import annotations

import pytest
from tests.core.report.sample import nothing
from tests.core.report.terminal import printed

from gouttes.language import Language
from gouttes.report import ReportData, summary

MINUS = "\N{MINUS SIGN}"


def test_the_summary_answers_first_and_needs_no_colour(company: ReportData) -> None:
    text = printed(summary(company, Language("en")))
    assert text.startswith(f"▼ Trust is being lost: {MINUS}2.1 points in 30 days, since 3 November 2026")
    assert "\x1b" not in text
    assert "71.4%" in text
    assert "70.2 to 72.5% · n = 18,204" in text
    assert "Unprompted return, L = 30 days" in text
    assert f"▼ Panne du réseau                     {MINUS}1.62 pt" in text
    assert "▲ Promises kept              +0.22 pt" in text
    assert "79% → 41%" in text
    assert "This explains the figure, not the cause." in text
    assert "Simulated data" in text


def test_colour_only_doubles_the_shape(company: ReportData) -> None:
    assert "\x1b[1;31m▼" in printed(summary(company, Language("fr")), colour=True)


@pytest.mark.parametrize(("code", "words"), [("fr", "Importez un export"), ("en", "Import an export")])
def test_an_empty_workspace_says_what_to_do(code: str, words: str) -> None:
    text = printed(summary(nothing(), Language(code)))
    assert words in text
    assert "gouttes run WORKSPACE" in text


def test_a_name_is_never_read_as_rich_markup(company: ReportData) -> None:
    hostile = company.fallers.assign(name="[link=file:///etc]x[/link]")
    changed = ReportData(**{**company.__dict__, "fallers": hostile})
    assert "[link=file:///etc]x[/link]" in printed(summary(changed, Language("en")))
