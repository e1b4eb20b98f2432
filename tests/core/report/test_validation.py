"""What is said of validation: the answer first, no ranking, both languages, and a line beside readings."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.core.report.sample import sample
from tests.core.trust.validation.planted import cases

from gouttes.language import CODES, Language
from gouttes.report import render, validation
from gouttes.report.page import coded
from gouttes.report.validation_data import Interval, Tried, Validated, shown
from gouttes.trust.validation.baselines import BASELINES, Absent, Why
from gouttes.trust.validation.cases import Predicted
from gouttes.trust.validation.comparing import compare, gains
from gouttes.validated import Finding, Standing, written
from gouttes.validating import Examined, Refused, Validation

ENGLISH = Language("en")
WHEN = "2026-11-26T00:00:00+00:00"
REASONS = ("no_event", "short_history", "no_outcome", "few_people", "one_class", "few_outcomes", "purchases_only")


def standing() -> Standing:
    """A finding as validation leaves it: one outcome that adds, one that does not, one of which nothing is known."""
    train, _ = cases(600, seed=1)
    test, truth = cases(600, seed=2)
    test = replace(test, labels={**test.labels, "stage": np.full(len(test), "exploration")})
    answers = {name: baseline(train, test) for name, baseline in BASELINES.items()} | {"bgnbd": Absent(Why.DEGENERATE)}
    tried = compare(test, truth, answers, base=0.5)
    outcomes = {
        "trust": Examined(comparison=tried, without_purchases=gains(test, truth, answers)),
        "order": Examined(
            comparison=tried,
            without_purchases=gains(test, Predicted.of(np.full(len(test), 0.5), 2.0), answers),
            unlearned="few_dates",
        ),
        "recommendation": Examined(Refused("few_people", 30, 4)),
    }
    day = datetime(2026, 11, 1, tzinfo=UTC)
    found = Validation(day, 90.0, (day,), (day.replace(month=12),), people=600, outcomes=outcomes)
    findings = {
        "trust": Finding("adds", "symmetric"),
        "order": Finding("none", "bgnbd"),
        "recommendation": Finding("unknown", reason="few_people"),
    }
    return Standing(WHEN, WHEN, "digest", 90.0, findings, figures=written(asdict(found)))


@pytest.fixture(scope="module")
def found() -> Standing:
    return standing()


@pytest.fixture(scope="module")
def page(found: Standing) -> Validated:
    return shown(found, digest="digest")


def test_the_first_line_says_for_what_the_reading_adds_and_where_it_does_not(page: Validated) -> None:
    assert validation.sentence(page, ENGLISH) == (
        "The reading adds to every plainer prediction of returns and renewals together. "
        "No added value found here over BG/NBD (buying again). There, go by the plainer prediction."
    )


def test_where_nothing_is_known_the_first_line_gives_the_reason() -> None:
    short = Validated(WHEN, 90.0, reason="short_history", needed=135, found=12)
    assert validation.sentence(short, ENGLISH) == (
        "It is not known whether the reading adds anything here. "
        "135 days of history are needed for one date, found 12. Wait, or give a shorter --horizon."
    )
    assert validation.facts(short, ENGLISH) == []
    few = Validated(WHEN, 90.0, outcomes=(Tried("trust", "unknown", reason="few_people", needed=30, found=4),))
    assert "30 people are needed on each side of the split, found 4." in validation.sentence(few, ENGLISH)
    nothing = validation.sentence(Validated(WHEN, 90.0), ENGLISH)
    assert nothing.endswith("there is nothing to compare with.")


@pytest.mark.parametrize("code", CODES)
def test_every_reason_baseline_and_absence_has_its_words(code: str) -> None:
    language = Language(code)
    keys = [f"validation.reason.{reason}" for reason in REASONS]
    keys += [f"validation.baseline.{name}" for name in (*BASELINES, "bgnbd")]
    keys += [f"validation.absent.{why}" for why in Why]
    keys += [f"validation.kind.{kind}" for kind in ("team", "channel", "stage")]
    outcomes = ("trust", "return", "renewal", "expansion", "recommendation", "order")
    keys += [f"validation.outcome.{name}" for name in outcomes]
    assert [key for key in keys if not language.knows(key)] == []


@pytest.mark.parametrize("code", CODES)
def test_the_page_has_the_curve_the_tables_and_the_line_beside_the_reading(code: str, found: Standing) -> None:
    language = Language(code)
    data = replace(sample(), validation=shown(found, digest="other"))
    html = render(data, language)
    assert 'id="calibration"' in html
    assert language.say("validation.title") in html
    assert coded(language.say("validation.stale")) in html
    line = validation.caution({"order": "bgnbd"}, language)
    assert html.index(line) < html.index('class="grid"')
    assert "<caption>" in html
    assert language.say("validation.absent.degenerate") in html


def test_without_validation_or_where_all_adds_there_is_no_such_line(company: Any) -> None:
    assert 'id="validation"' not in render(company, ENGLISH)
    assert validation.caution({}, ENGLISH) == ""
    assert validation.curve(None, ENGLISH) is None


def test_groups_are_in_alphabetical_order_with_interval_and_people(page: Validated) -> None:
    table = validation.groups(page.outcomes[0], ENGLISH)
    assert [row[0] for row in table.rows] == ["Team · north", "Team · south", "Stage · one or two orders"]
    assert all(" to " in row[1] for row in table.rows)


def test_facts_give_dates_sample_hold_out_and_what_is_left_without_purchases(page: Validated) -> None:
    said = validation.facts(replace(page, sampled=60_000, hold_out=True), ENGLISH)
    text = " ".join(said)
    assert "2 dates, 90 days of what followed each." in text
    assert "The protocol asks for 4 dates; the log is long enough for 2." in text
    assert "60,000 people" in text
    assert "permanent hold-out" in text
    assert "what is left still tells returns and renewals together better" in text
    assert "no added value was found for buying again even over everybody" in text
    assert "weights could not be learned" in text
    assert "For recommendation, nothing can be said. 30 people are needed" in text
    same = validation.facts(Validated(WHEN, 90.0, dates=1, tests=1, same_date=True, asked=1), ENGLISH)
    assert "at 1 date" in same[0]


def test_a_figure_that_is_not_defined_is_said_to_be_so() -> None:
    tried = Tried("trust", "none", over="rfm", auc=Interval(float("nan"), 0, 0), slope=None, coverage=None)
    (said,) = validation.facts(Validated(WHEN, 90.0, outcomes=(tried,)), ENGLISH)
    assert said.count("not defined") == 3


@pytest.mark.parametrize("code", CODES)
def test_where_several_predictions_do_better_the_first_line_stays_one_and_each_is_named_after(code: str) -> None:
    language = Language(code)
    tried = (
        Tried("return", "none", "rfm"),
        Tried("order", "none", "rfm"),
        Tried("renewal", "none", "opinion"),
        Tried("expansion", "adds", "base_rate"),
    )
    lost = {each.name: each.over for each in tried if each.verdict == "none"}
    said = validation.words(Validated("2026-11-26", 90.0, without_gain=lost, outcomes=tried), language)
    names = [language.say(f"validation.outcome.{name}") for name in ("return", "order", "renewal")]
    assert said.lead.endswith(language.say("validation.none_many", outcomes=language.listing(names)))
    assert language.say("validation.outcome.expansion") in said.lead
    assert [
        language.say(f"validation.baseline.{over}") in line
        for over, line in zip(("rfm", "opinion"), said.details, strict=True)
    ] == [True, True]
    first = {name: lost[name] for name in ("return", "order")}
    one = validation.words(Validated("2026-11-26", 90.0, without_gain=first, outcomes=tried[:2]), language)
    assert (one.lead, one.details) == (one.caution, [])
    none = validation.words(Validated("2026-11-26", 90.0, without_gain=lost, outcomes=tried[:3]), language)
    assert none.lead == language.say("validation.none_many", outcomes=language.listing(names))
