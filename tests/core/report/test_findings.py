"""The report's answer, before any word: won or lost, since when, and what changes pace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from scipy.stats import binomtest
from tests.core.report.sample import nothing, sample

from gouttes.errors import MissingColumnsError
from gouttes.proportion import wilson
from gouttes.report import Change, ReportData, findings
from gouttes.report.findings import Verdict, rhythms, verdict_of


def change(value: float, p_loss: float) -> Change:
    return Change(value, value - 0.01, value + 0.01, p_loss, date(2026, 10, 23), 30)


@pytest.mark.parametrize(
    ("value", "p_loss", "verdict"),
    [
        (-0.021, 0.95, Verdict.LOST),
        (-0.021, 0.9499, Verdict.STEADY),
        (0.012, 0.05, Verdict.WON),
        (0.012, 0.0501, Verdict.STEADY),
        (0.0004, 0.0, Verdict.STEADY),
        (-0.0004, 1.0, Verdict.STEADY),
        (float("nan"), 0.5, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_is_sure_at_95_percent_or_not_given(value: float, p_loss: float, verdict: Verdict) -> None:
    assert verdict_of(change(value, p_loss)) is verdict


def test_without_two_dates_there_is_no_verdict() -> None:
    assert verdict_of(None) is Verdict.UNKNOWN


def test_a_loss_is_dated_by_the_incident_after_which_it_came(company: ReportData) -> None:
    found = findings(company)
    assert found.verdict is Verdict.LOST
    assert found.cause is not None
    assert (found.cause.key, found.cause.day) == ("INC-233", date(2026, 11, 3))


def test_an_incident_after_the_loss_does_not_date_it(company: ReportData) -> None:
    late = company.incidents.assign(opened_at=pd.to_datetime(["2026-03-02T08:00Z", "2026-11-21T05:40Z"]))
    assert findings(replace(company, incidents=late)).cause is None


def test_a_gain_is_never_dated_by_an_incident() -> None:
    found = findings(sample(change=change(0.03, 0.001)))
    assert found.verdict is Verdict.WON
    assert found.cause is None
    assert found.onset is not None


def test_costs_and_earnings_stand_apart_dearest_first(company: ReportData) -> None:
    found = findings(company)
    assert [one.contribution for one in found.costs] == [-0.0162, -0.0048, -0.0031, -0.0018, -0.0009]
    assert [one.contribution for one in found.earns] == [0.0022, 0.0019, 0.0011, 0.0006]


def test_behaviours_have_one_row_each_and_returns_one_a_window(company: ReportData) -> None:
    found = findings(company)
    assert [one.window for one in found.returns] == [7, 14, 30]
    unprompted = found.measure("unprompted_return")
    assert unprompted is not None
    assert unprompted.window == 14
    assert len({one.name for one in found.behaviours}) == len(found.behaviours) == 7


def test_a_measure_never_tried_is_left_out(company: ReportData) -> None:
    figures = company.figures.assign(trials=0)
    assert findings(replace(company, figures=figures)).behaviours == ()


def test_share_below_one_half_has_its_wilson_interval(company: ReportData) -> None:
    bins = pd.DataFrame({"low": [0.0, 0.5], "high": [0.5, 1.0], "people": [10, 90]})
    below = findings(replace(company, distribution=bins)).below_even
    assert below is not None
    assert (below.value, below.n) == (0.1, 100)
    expected = binomtest(10, 100).proportion_ci(0.90, method="wilson")
    assert (below.low, below.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_without_trial_knows_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def paces(before: int, lately: int) -> pd.DataFrame:
    """Sixteen whole weeks before Monday 2026-11-16, and the running week, which must not count."""
    weeks = pd.date_range(end="2026-11-16", periods=17, freq="7D", tz="UTC")
    events = [before] * 12 + [lately] * 4 + [9999]
    row = {"week": weeks, "rule": "effort", "drops": 0.0, "buckets": 1.0, "events": events, "people": 1}
    return pd.DataFrame(row)


def test_a_rule_that_doubles_its_pace_is_found_and_the_running_week_left_out() -> None:
    (one,) = rhythms(paces(100, 200), as_of=date(2026, 11, 22))
    assert (one.rule, one.ratio, one.events, one.bucket) == ("effort", 2.0, 800, True)
    assert 1.8 < one.low < 2.0 < one.high < 2.2


def test_a_rule_within_its_noise_is_not_worth_a_line() -> None:
    assert rhythms(paces(100, 103), as_of=date(2026, 11, 22)) == ()
    assert rhythms(paces(1, 4), as_of=date(2026, 11, 22)) == ()


def test_an_empty_workspace_has_findings_too() -> None:
    found = findings(nothing())
    assert found.verdict is Verdict.UNKNOWN
    assert (found.facets, found.behaviours, found.costs, found.fallers, found.rhythms) == ((), (), (), (), ())


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(MissingColumnsError, match=r"ReportData\.weeks needs column\(s\) \['week'\]"):
        sample(weeks=sample().weeks.drop(columns="week"))
