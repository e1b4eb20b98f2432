"""What customers taught, in the report: the answer first, pictures with their tables, and what is not known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from tests.core.report.learned_sample import CURVES, LEARNED, MONTHS, RATIO, WEIGHTS
from tests.core.report.sample import sample

from gouttes.language import CODES, Language
from gouttes.report import learned, learned_chart, render
from gouttes.report.drawing import Frame
from gouttes.report.learned_chart import Taught
from gouttes.report.learned_data import Drifted, Learned
from gouttes.report.page import coded

ENGLISH, FRENCH = Language("en"), Language("fr")
KEYS = ("learned_weights", "learned_chances", "learned_memory", "learned_drift")
EMPTY = Learned()


def part(page: str) -> str:
    return page.partition('id="learned"')[2].partition('id="method"')[0]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {code: part(render(sample(learned=LEARNED), Language(code))) for code in CODES}


def test_the_first_line_answers() -> None:
    assert learned.sentence(LEARNED, ENGLISH) == (
        "Of 8 sorts of event, your customers taught the weight of 3; 1 makes no difference here; 3 are still guesses; "
        "1 was set by you."
    )
    none = replace(LEARNED, weights=WEIGHTS[5:6])
    assert learned.sentence(none, ENGLISH) == (
        "Of 1 sort of event, your customers taught the weight of 0; 1 is still a guess."
    )
    assert "vos clients vous ont appris le poids de 3" in learned.sentence(LEARNED, FRENCH)


@pytest.mark.parametrize("code", CODES)
def test_the_section_draws_every_picture_with_its_table(pages: dict[str, str], code: str) -> None:
    page = pages[code]
    assert [key for key in KEYS if f'id="{key}"' not in page] == []
    assert page.count("<table>") == 4
    assert "2026-11-20.1" in page
    assert "A <b>rule</b>" not in page
    assert "A &lt;b&gt;rule&lt;/b&gt; of ours" in page
    assert page.index(Language(code).say("learned.title.all")) < page.index('id="learned_weights"')


def test_figures_have_their_interval_n_dates_and_version() -> None:
    said = learned.words_of(LEARNED, ENGLISH)
    assert (
        "From 10,360 opportunities to come back or renew, 49.7% of them taken, of 1,323 customers, after 4 dates"
        in (said.note)
    )
    assert said.note.endswith(
        "Version 2026-11-20.1, learned on 22 November 2026. The readings of this page rest on it."
    )
    assert said.status == []
    asymmetry = dict(said.parts)["Why buckets count more: three sources"]
    assert asymmetry[0] == "Weight: a bucket weighs 2.58 drops (95% interval 1.20 to 5.55)."
    assert asymmetry[1].endswith("the interval holds 1, so no difference is shown.")
    assert "(\N{MINUS SIGN}0.57 to \N{MINUS SIGN}0.43), one unit of drops by 0.42 (0.35 to 0.48)" in asymmetry[2]
    tests = [line.replace("\N{NO-BREAK SPACE}", " ") for line in dict(said.parts)["Could it be plainer?"]]
    assert tests == [
        "No: one half-life for all does not fit (χ² = 25.9, 2 degrees of freedom, p < 0.001).",
        "Perhaps: equal weights for all events would fit as well (χ² = 3.1, 2 degrees of freedom, p = 0.212).",
    ]


def test_what_is_not_known_is_said() -> None:
    told = "\n".join(learned.unknown(replace(LEARNED, single=True), ENGLISH))
    assert "Too few data to tell, so the guess stays: Outages." in told
    assert "Never seen before an opportunity, so the guess stays: Good human contacts." in told
    assert "ran away" in told
    assert "counts for nothing: Generous gestures." in told
    assert "Too few outcomes to tell a chance: recommendation." in told
    assert "Trust tells nothing sure of unproposed expansion" in told
    assert "could not be learned and was held" in told
    assert "not what the event caused" in told
    bare = replace(LEARNED, weights=WEIGHTS[:2], curves=CURVES[:1])
    assert len(learned.unknown(bare, ENGLISH)) == 2


def test_asymmetry_that_was_not_learned_says_so() -> None:
    none = learned.asymmetry(replace(LEARNED, asymmetry=None), ENGLISH)
    assert [line.split(":")[1] for line in none] == [
        " not known, since no drop or no bucket was learned.",
        " not known, since the half-life of drops or that of buckets was not learned.",
    ]
    half = replace(LEARNED, asymmetry={"weight_ratio": replace(RATIO, low=None)}, one_half_life=None)
    assert learned.asymmetry(half, ENGLISH) == none
    assert len(learned.tests(half, ENGLISH)) == 1


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (replace(LEARNED, status="proposed"), "It is a proposal"),
        (replace(LEARNED, status="accepted"), "from the next `gouttes run` on"),
        (replace(LEARNED, leaving=True), "put aside since"),
        (replace(LEARNED, waiting="2026-11-20.2"), "Version 2026-11-20.2 was learned later"),
    ],
)
def test_a_proposal_is_never_taken_for_what_is_in_force(found: Learned, words: str) -> None:
    said = learned.words_of(found, ENGLISH)
    assert [line for line in said.status if words in line]
    assert ("rest on it." in said.note) == (found.status == "in_force")


@pytest.mark.parametrize("code", CODES)
def test_where_nothing_was_learned_the_page_says_what_to_do(code: str) -> None:
    language = Language(code)
    page = part(render(sample(learned=EMPTY), language))
    assert coded(language.say("learned.nothing")) in page
    assert "<code>gouttes learn</code>." in page
    assert "gouttes learn WORKSPACE --accept" in page
    assert coded(language.say("learned.drift.never")) in page
    assert 'id="learned_weights"' not in page
    assert language.say("chart.learned_weights.will") in page
    looked = part(
        render(sample(learned=replace(EMPTY, drift=Drifted("well", MONTHS[0].origin, months=MONTHS[1:2]))), language)
    )
    assert 'id="learned_drift"' in looked


def test_a_report_that_was_not_told_of_learning_has_no_such_part(english_page: str) -> None:
    assert 'id="learned"' not in english_page


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        (Drifted(), "Nobody has looked yet"),
        (Drifted("unknown", MONTHS[0].origin), "It cannot be told"),
        (Drifted("drifted", MONTHS[0].origin, months=MONTHS), "what came is +3.4 standard errors"),
        (Drifted("well", MONTHS[0].origin, stale=True, months=MONTHS[1:2]), "Other parameters are in force since"),
        (Drifted("well", MONTHS[0].origin, months=MONTHS[:1]), "had already learned from that month"),
    ],
)
def test_drift_is_told(drift: Drifted, words: str) -> None:
    assert words in learned.drift_sentence(replace(LEARNED, drift=drift), ENGLISH)


def test_a_curve_is_the_logistic_of_its_figures_with_its_band() -> None:
    """Chance.at and the delta method: logit P = a + b·x, variance Vaa + 2x·Vab + x²·Vbb."""
    step = learned.chance_at(CURVES[0], 0.7)
    x = math.log(0.7 / 0.3)
    middle, error = 0.1 + 0.76 * x, 1.6448536269514722 * math.sqrt(0.004 + x * x * 0.005)
    assert step.chance == pytest.approx(1 / (1 + math.exp(-middle)))
    assert step.low == pytest.approx(1 / (1 + math.exp(-middle + error)))
    assert step.high == pytest.approx(1 / (1 + math.exp(-middle - error)))


def test_where_nine_people_in_ten_are_is_read_from_the_bins() -> None:
    bins = pd.DataFrame({"low": [0.4, 0.5, 0.6], "high": [0.5, 0.6, 0.7], "people": [10, 80, 10]})
    assert learned.spread(bins) == pytest.approx((0.45, 0.65))
    assert learned.spread(bins.assign(people=0)) == (0.05, 0.95)
    assert learned.spread(bins.assign(people=[0, 0, 7])) == pytest.approx((0.605, 0.695))


def test_classes_are_named_and_a_foreign_name_stays() -> None:
    assert learned.class_name("drops 90", ENGLISH) == "Drops, 90 days at first"
    assert learned.class_name("buckets 365 set", ENGLISH) == "Buckets, 365 days, set by you"
    assert learned.class_name("weeks 12", ENGLISH) == "weeks 12"
    assert learned.class_name("drops", ENGLISH) == "drops"


def test_without_figures_there_is_no_picture() -> None:
    bins = sample().distribution
    none = learned.pictures(replace(EMPTY, curves=CURVES[3:]), bins, ENGLISH)
    assert [key for key, drawn in none.items() if drawn is not None] == []
    assert learned.pictures(None, bins, ENGLISH) == {}


def test_the_axis_holds_every_figure_and_stays_sensible() -> None:
    wide = Taught("a", 1.0, 1e-9, 1e9, "", "", prior=0.5)
    low, high = learned_chart.reach([wide])
    assert (low, high) == pytest.approx((0.5 / 8 / 1.15, 8 * 1.15))
    guess = Taught("b", 3.0, 3.0, 3.0, "", "", prior=3.0, known=False)
    assert learned_chart.reach([guess]) == pytest.approx((3 / 1.15, 3 * 1.15))


@pytest.mark.parametrize(("most", "lines"), [(0.93, 5), (0.43, 5), (0.03, 3), (1.0, 5), (0.0004, 1)])
def test_the_scale_of_a_chance_starts_at_zero_and_ends_on_a_line(most: float, lines: int) -> None:
    found = learned_chart.grid(most)
    assert found[0] == 0
    assert most <= found[-1] <= 1
    assert len(found) == lines + 1


@pytest.mark.parametrize("narrow", [True, False])
def test_guesses_are_hollow_and_have_no_interval(*, narrow: bool) -> None:
    marks: list[Any] = [
        Taught("a", 0.3, 0.2, 0.5, "0.30", "", prior=0.4),
        Taught("b", 1.2, 1.2, 1.2, "1.20", "", bucket=True, prior=1.2, known=False, faint=True),
    ]
    spec = learned_chart.beside_guess(marks, Frame(334 if narrow else 728, narrow, "en"), ticks=(0.3, 1)).to_dict()
    shapes = [layer["mark"].get("shape") for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    assert shapes == ["diamond", "circle"]
    drifting = learned_chart.drift(MONTHS, ["a", "b", "c"], Frame(334 if narrow else 728, narrow, "en")).to_dict()
    points = [layer["mark"] for layer in drifting["layer"] if layer["mark"]["type"] == "point"]
    assert sorted((point["shape"], point["fill"] == point["stroke"]) for point in points) == [
        ("circle", False),
        ("circle", True),
        ("triangle-down", True),
    ]


def test_half_lives_are_named_with_the_events_of_their_class(pages: dict[str, str]) -> None:
    assert "Promises broken, Outages" in pages["en"]


def test_code_in_a_sentence_is_code_and_everything_is_escaped() -> None:
    assert coded("run `a <b>` & <i>") == "run <code>a &lt;b&gt;</code> &amp; &lt;i&gt;"
