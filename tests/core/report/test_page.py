"""The HTML report: complete in itself, in both languages, readable by all, and safe with hostile names."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from tests.core.report.sample import nothing, sample

from gouttes.language import Language
from gouttes.report import Change, ReportData, render
from gouttes.report.theme import DARK, LIGHT

NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TRUST = ("trend", "mirror", "facets", "returns", "movers", "behaviours", "distribution", "prior")
CHARTS = (*TRUST, "sizes", "brought", "origins", "waiting")


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text of some."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def text_of(html: str) -> str:
    return "".join(Page(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)).text)


def first_line(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>", "", found[1])


def test_the_first_line_answers_in_french(french_page: str) -> None:
    assert first_line(french_page) == (
        f"La confiance se perd{NARROW}: {MINUS}2,1 points en 30 jours, depuis le 3 novembre 2026 (Panne du réseau)."
    )
    text = text_of(french_page)
    assert f"Intervalle à 90{NARROW}%{NARROW}: {MINUS}3,0 à {MINUS}1,3 points." in text
    assert f"plus de 99,9{NARROW}%" in text
    assert f"arrêté au 22 novembre 2026, 9{NARROW}h{NARROW}40." in text


def test_the_first_line_answers_in_english(english_page: str) -> None:
    expected = f"Trust is being lost: {MINUS}2.1 points in 30 days, since 3 November 2026 (Panne du réseau)."
    assert first_line(english_page) == expected


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change(0.012, 0.004, 0.02, 0.004, date(2026, 10, 23), 30), "Trust is being won: +1.2 points in 30 days"),
        (Change(-0.002, -0.01, 0.006, 0.66, date(2026, 10, 23), 30), f"Trust shows no clear move: {MINUS}0.2 points"),
        (None, "There is not yet enough to say whether trust is being won or lost."),
    ],
)
def test_the_first_line_says_won_steady_or_not_enough(change: Change | None, line: str) -> None:
    bare = replace(nothing(), change=change, counts=sample().counts)
    assert first_line(render(bare, Language("en"))).startswith(line)


@pytest.mark.parametrize("code", ["fr", "en"])
def test_an_empty_workspace_says_what_to_do(code: str) -> None:
    html = render(nothing(), Language(code))
    assert "gouttes import" in html
    assert "<svg role" not in html
    assert 'id="will"' in html


def test_the_page_reads_nothing_from_the_network(french_page: str) -> None:
    page = Page(french_page)
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "http" not in re.sub(r'http-equiv="', "", french_page)
    assert "url(" not in re.sub(r"url\(#", "", french_page)
    assert "@import" not in french_page
    assert not page.all("script")
    assert "default-src 'none'" in french_page


def test_the_page_is_light(french_page: str) -> None:
    assert len(french_page.encode()) < 400_000


def test_every_chart_has_words_two_widths_and_a_table(french_page: str) -> None:
    for key in CHARTS:
        figure = re.search(rf'<figure class="picture" id="{key}">(.*?)</figure>', french_page, re.DOTALL)
        assert figure, key
        for svg in re.findall(r"<svg.*?</svg>", figure[1], re.DOTALL):
            assert re.match(r'<svg[^>]* role="img" aria-labelledby="[\w-]+ [\w-]+"><title id=', svg)
            assert len(re.findall(r"<desc [^>]*>[^<]{20,}</desc>", svg)) == 1
        assert "<caption>" in figure[1]
        assert 'scope="col"' in figure[1]
        assert 'scope="row"' in figure[1]
    assert french_page.count('<div class="narrow">') == 6


def test_ids_are_unique_and_labels_point_to_them(french_page: str) -> None:
    page = Page(french_page)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)
        clip = re.match(r"url\(#(.*)\)", attributes.get("clip-path") or "")
        assert clip is None or clip[1] in ids


def test_headings_never_skip_a_level(french_page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(french_page).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("code", ["fr", "en"])
def test_the_page_says_its_language_and_lets_readers_skip(code: str, french_page: str, english_page: str) -> None:
    page = Page(french_page if code == "fr" else english_page)
    assert page.all("html") == [{"lang": code}]
    assert page.all("a")[0] == {"class": "skip", "href": "#content"}


def test_every_estimate_stands_with_its_interval_and_n(company: ReportData, english_page: str) -> None:
    english, text = Language("en"), text_of(english_page)
    for row in company.figures.itertuples():
        low, high = english.number(100 * float(str(row.low)), 1), english.percent(float(str(row.high)))
        assert f"{low} to {high} · n = {english.number(int(str(row.trials)))}" in text, row.measure
    assert "70.2 to 72.5%" in text
    assert "Mean trust of 18,204 customers" in text


def test_simulated_data_are_labelled_and_real_data_are_not(english_page: str) -> None:
    assert "Simulated data" in english_page
    bare = replace(nothing(), counts=sample().counts)
    assert "Simulated data" not in render(bare, Language("en"))


def test_the_page_says_that_it_explains_the_figure_and_not_the_cause(french_page: str, english_page: str) -> None:
    assert "Ceci explique le chiffre, non la cause." in french_page
    assert "This explains the figure, not the cause." in english_page


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def test_names_and_labels_cannot_become_markup() -> None:
    data = sample(company=HOSTILE)
    data = replace(
        data,
        incidents=data.incidents.assign(label=HOSTILE),
        movers=data.movers.assign(label=HOSTILE, rule=HOSTILE),
        fallers=data.fallers.assign(name=HOSTILE),
        reasons=data.reasons.assign(rule=HOSTILE),
        rules=data.rules.assign(rule=HOSTILE),
        rule_weeks=data.rule_weeks.assign(rule=HOSTILE),
        facets=data.facets.assign(facet=HOSTILE),
    )
    page = Page(render(data, Language("en")))
    assert not page.all("script")
    assert not page.all("img")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_a_hostile_label_is_still_readable(company: ReportData) -> None:
    labelled = company.incidents.assign(label="a < b & 1.23456")
    html = render(replace(company, incidents=labelled), Language("en"))
    assert "a &lt; b &amp; 1.23456" in html


def test_fallers_are_shown_worst_first_with_their_reasons(english_page: str) -> None:
    text = text_of(english_page)
    assert text.index("Camille Renard") < text.index("Hugo Marchetti") < text.index("p8f3a22db3c")
    assert f"3 efforts asked ({MINUS}0.69), 1 breach of integrity ({MINUS}0.60), 1 outage ({MINUS}0.52)" in text


def test_the_table_behind_a_chart_has_its_figures(company: ReportData, english_page: str) -> None:
    week = company.weeks.iloc[-1]
    cells = f'<td class="figure">{Language("en").percent(week["trust"])}</td>'
    assert f'<th scope="row">16 Nov 2026</th>{cells}' in english_page


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_reads_and_marks_are_seen(colours: object) -> None:
    """WCAG 2.2 AA: 4.5 for text on every ground it stands on, 3 for marks."""
    c = asdict(colours)  # type: ignore[call-overload]  # a dataclass in fact
    grounds = {
        "ink": ("paper", "ground", "drop_soft", "bucket_soft"),
        "muted": ("paper", "ground"),
        "drop_ink": ("paper", "ground", "drop_soft"),
        "bucket_ink": ("paper", "ground", "bucket_soft"),
    }
    assert all(contrast(c[text], c[ground]) >= 4.5 for text, on in grounds.items() for ground in on)
    assert all(contrast(c[mark], c["paper"]) >= 3 for mark in ("drop", "bucket"))


def test_every_colour_of_a_chart_has_a_dark_twin(french_page: str) -> None:
    drawn = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6}|black|white|gray)"', french_page))
    assert drawn <= set(asdict(LIGHT).values())
    assert len(drawn) >= 6


def test_many_weeks_and_a_single_week_can_both_be_drawn(company: ReportData) -> None:
    assert '<figure class="picture" id="trend">' in render(
        replace(company, weeks=company.weeks.tail(1)), Language("en")
    )
    long = pd.concat([company.weeks, company.weeks.assign(week=company.weeks["week"] - pd.Timedelta(weeks=52))])
    html = render(replace(company, weeks=long), Language("en"))
    assert '<th scope="row">17 Nov 2025</th>' in html
    assert '<th scope="row">10 Nov 2025</th>' not in html
