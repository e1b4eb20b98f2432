"""The brand in the report: every part in both languages, what is not estimable, and its pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.core.report.brand_sample import BRAND, EMPTY, LIES, MONTHS
from tests.core.report.sample import sample

from gouttes.brand.conditions import Chart, Phase
from gouttes.language import CODES, Language
from gouttes.proportion import Figure
from gouttes.report import brand, render
from gouttes.report.brand_chart import control
from gouttes.report.drawing import Frame

KEYS = ("brand_lies", "brand_handover", "brand_chart", "brand_network")
ENGLISH = Language("en")


def said(found: Any, language: Language = ENGLISH) -> str:
    return "\n".join(line for _, lines in brand.parts(found, language) for line in lines)


@pytest.fixture(scope="module")
def page() -> str:
    return render(sample(brand=BRAND), ENGLISH)


def test_the_page_answers_first_and_draws_every_picture(page: str) -> None:
    part = page.partition('id="brand"')[2].partition('id="method"')[0]
    assert part.index("It is not known whether trust is local or collective.") < part.index("brand_lies")
    assert [key for key in KEYS if f'id="{key}"' not in part] == []
    assert "No agent is named" in part


def test_a_report_without_a_brand_has_no_such_part(english_page: str) -> None:
    assert 'id="brand"' not in english_page


@pytest.mark.parametrize("code", CODES)
def test_what_is_not_estimable_says_why_and_draws_nothing(code: str) -> None:
    language = Language(code)
    head = brand.sentence(EMPTY, language)
    assert head.detail == language.say("brand.reason.one_each")
    told = said(EMPTY, language)
    for key in ("brand.handover_few", "brand.chart_few", "brand.network_none", "brand.conditions_none"):
        assert language.say(key) in told
    assert [key for key, drawn in brand.pictures(EMPTY, language).items() if drawn is not None] == []


def test_every_figure_has_its_interval_and_n() -> None:
    told = said(BRAND)
    assert "72.6% hangs on who served (90% interval 37.4 to 92.2%, n = 500 customers)" in told
    assert "fitted on a sample of 500 customers" in told
    assert "trust moves by \N{MINUS SIGN}2.1 points" in told
    assert "goes with a loss of trust" in told
    assert "Outside the limits: Nov 2026 with 75.0% (70.4 to 79.1%, n = 264)." in told
    assert "0.118 (90% interval 0.104 to 0.134, n = 1,518 customers)" in told
    assert "25.0% brought somebody in turn" in told


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase("collective", ()), "All three conditions of the criterion are met"),
        (Phase("local", ("transfer",)), "Not met: more than half of what sets a customer apart"),
    ],
)
def test_the_answer_says_what_is_met(phase: Phase, words: str) -> None:
    assert words in brand.sentence(replace(BRAND, phase=phase), ENGLISH).detail


def test_a_reason_without_words_of_its_own_has_common_ones() -> None:
    odd = replace(BRAND, lies=replace(LIES, reason="rows"))
    assert brand.sentence(odd, ENGLISH).detail == "Not estimable from these rows."
    assert "Not estimable from these rows." in said(odd)


def test_effects_and_months_are_told_apart() -> None:
    for low, high, words in ((-0.01, 0.02, "holds nought"), (0.01, 0.02, "goes with a gain")):
        study = replace(BRAND.handover, effect=Figure((low + high) / 2, low, high, 200), unmatched=0)
        assert words in said(replace(BRAND, handover=study))
    calm = replace(BRAND, chart=Chart(BRAND.chart.centre, MONTHS[:2]))
    assert "All 2 months are inside the limits." in said(calm)


def test_from_k_of_one_no_total_is_told() -> None:
    net = replace(BRAND.network, k=Figure(1.2, 0.9, 1.6, 90), reach=None, passed_on=None, conversion=None)
    told = said(replace(BRAND, network=replace(net, k_unrewarded=None)))
    assert "no total can be given" in told
    assert "The log says of 12 customers who introduced them" in told
    wide = replace(BRAND.network, reach=Figure(10.0, 3.0, float("nan"), 90))
    assert "3.00 to without end" in said(replace(BRAND, network=wide))


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("months", [MONTHS, MONTHS[:2]])
def test_the_control_chart_draws_at_both_widths(*, narrow: bool, months: Any) -> None:
    spec = control(
        months, 0.92, Frame(334 if narrow else 728, narrow, "en"), names=[one.month for one in months]
    ).to_dict()
    assert len(spec["layer"]) == (6 if len(months) == 3 else 4)
    low, high = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert 0 <= low < 0.9 < high <= 1
