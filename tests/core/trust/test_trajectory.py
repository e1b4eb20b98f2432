"""Trust over time, of a person and of the company."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from tests.core.trust.small_company import AS_OF, RULES, SCHEMA, company, days, evidence, frame, rules

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.proportion import Z
from gouttes.trust.reading import FACETS, Prior, readings
from gouttes.trust.state import as_states
from gouttes.trust.trajectory import _normal_cdf, by_week, change, changes, since, trajectory, weeks_between

PRIOR = Prior(0.7, 3.0)
WEEK = timedelta(days=7)
WEEKS = weeks_between(AS_OF - timedelta(days=70), AS_OF)
PEOPLE_SCHEMA = ibis.schema({"person": "string", "first_seen": engines.UTC_TIMESTAMP})


def people(rows: pd.DataFrame, silent: int = 3) -> pd.DataFrame:
    """PEOPLE: those of the evidence since their first event, and some without evidence, seen fifty days before."""
    first = rows.groupby("person", as_index=False).agg(first_seen=("occurred_at", "min"))
    others = pd.DataFrame({"person": [f"s{n}" for n in range(silent)], "first_seen": AS_OF - timedelta(days=50)})
    return pd.concat([first, others], ignore_index=True)


def known(table: pd.DataFrame) -> Any:
    return ibis.memtable(table, schema=PEOPLE_SCHEMA)


def shapes(rows: pd.DataFrame, persons: pd.Series[str], moment: datetime) -> pd.DataFrame:
    """By person, a and b of the whole and of each facet at a date, by pandas: the definition, row by row."""
    seen = rows[(rows.t <= days(moment)) & (rows.known <= days(moment))].merge(RULES, on="rule")
    seen["now"] = seen["size"] * seen.weight * 2.0 ** (-(days(moment) - seen.t) / seen.half_life)
    result = {}
    for name in ("trust", *FACETS):
        share = seen.now * (1.0 if name == "trust" else seen[name])
        for side, start, sign in (("a", PRIOR.a, 1), ("b", PRIOR.b, -1)):
            total = share[seen.polarity == sign].groupby(seen.person).sum().clip(lower=0)
            result[f"{name}_{side}"] = start + total.reindex(persons, fill_value=0.0)
    return pd.DataFrame(result)


def mean_of(frame: pd.DataFrame, name: str = "trust") -> Any:
    return frame[f"{name}_a"] / (frame[f"{name}_a"] + frame[f"{name}_b"])


def test_a_trajectory_is_the_readings_of_each_date(duck: Any) -> None:
    rows = company()
    mine = rows[rows.person.isin(["p1", "p2"])]
    dates = [AS_OF - timedelta(days=n) for n in (900, 200, 100, 0)]
    found = duck.to_pandas(trajectory(evidence(mine), rules(), PRIOR, dates=dates))
    assert list(found.columns) == ["person", "date", "trust", "low", "high"]
    assert len(found) == 8
    persons = ibis.memtable({"person": ["p1", "p2"]})
    for date in dates:
        states = as_states(evidence(mine), as_of=date)
        wanted = duck.to_pandas(readings(states, rules(), PRIOR, as_of=date, people=persons)).set_index("person")
        got = found[found.date == date].set_index("person").loc[wanted.index]
        assert np.allclose(got[["trust", "low", "high"]], wanted[["trust", "low", "high"]], rtol=0, atol=1e-9)
    assert found[found.date == dates[0]].trust.to_list() == pytest.approx([0.7, 0.7])


def test_weeks_start_on_monday_in_utc() -> None:
    sunday = datetime(2025, 6, 1, 23, 59, tzinfo=UTC)
    assert weeks_between(sunday, sunday) == [datetime(2025, 5, 26, tzinfo=UTC)]
    assert len(weeks_between(sunday, sunday + timedelta(minutes=1))) == 2


def test_the_company_by_week_is_the_mean_of_its_persons(duck: Any) -> None:
    rows = company()
    persons = people(rows)
    found = duck.to_pandas(by_week(evidence(rows), rules(), PRIOR, weeks=WEEKS, people=known(persons), as_of=AS_OF))
    columns = ["week", "trust", "low", "high", "people", "drops", "buckets", "credibility", "integrity", "benevolence"]
    assert list(found.columns) == columns
    assert [week.to_pydatetime() for week in found.week] == WEEKS
    late = rows[(rows.known <= days(AS_OF)) & (rows.t <= days(AS_OF))].merge(RULES, on="rule")
    for row in found.itertuples():
        close = min(row.week.to_pydatetime() + WEEK, AS_OF)
        expected = shapes(rows, persons.person[persons.first_seen <= close], close)
        a, b = expected.trust_a, expected.trust_b
        error = np.sqrt((a * b / ((a + b) ** 2 * (a + b + 1))).mean() / len(expected))
        assert row.people == len(expected)
        assert row.trust == pytest.approx(mean_of(expected).mean(), abs=1e-9)
        assert [row.low, row.high] == pytest.approx([row.trust - Z * error, row.trust + Z * error], abs=1e-9)
        for facet in FACETS:
            assert getattr(row, facet) == pytest.approx(mean_of(expected, facet).mean(), abs=1e-9)
        dated = late[(late.t >= days(row.week)) & (late.t < days(row.week + WEEK))]
        weight = (dated["size"] * dated.weight).groupby(dated.polarity).sum().reindex([1, -1], fill_value=0.0)
        assert [row.drops, row.buckets] == pytest.approx(list(weight), abs=1e-9)


def test_a_sample_is_the_same_each_time_and_widens_the_band_by_what_it_left_out(duck: Any) -> None:
    rows = company()
    persons = people(rows)
    options: dict[str, Any] = {"weeks": WEEKS[-3:-2], "people": known(persons), "sample": 15}
    found = duck.to_pandas(by_week(evidence(rows), rules(), PRIOR, **options)).iloc[0]
    order = persons.person.map(lambda p: hashlib.md5(p.encode()).hexdigest())  # noqa: S324 -- no secret here
    chosen = persons.loc[order.sort_values().index[:15], "person"]
    close = WEEKS[-3] + WEEK
    assert (persons.first_seen <= close).all()
    expected, everyone = shapes(rows, chosen, close), len(persons)
    a, b, mean = expected.trust_a, expected.trust_b, mean_of(expected)
    variance = (a * b / ((a + b) ** 2 * (a + b + 1))).mean() / everyone
    error = np.sqrt(variance + mean.var(ddof=1) / 15 * (1 - 15 / everyone))
    assert [found.trust, found.people] == pytest.approx([mean.mean(), everyone], abs=1e-9)
    assert [found.low, found.high] == pytest.approx([mean.mean() - Z * error, mean.mean() + Z * error], abs=1e-9)


def test_weeks_before_anyone_was_seen_are_left_out(duck: Any) -> None:
    rows = frame([{"person": "ada", "rule": "promise kept", "age": 10.0}])
    found = duck.to_pandas(
        by_week(evidence(rows), rules(), PRIOR, weeks=WEEKS, people=known(people(rows, 0)), as_of=AS_OF)
    )
    assert [week.to_pydatetime() for week in found.week] == WEEKS[-3:]


@pytest.mark.parametrize("weeks", [[], [AS_OF], WEEKS[:1] + WEEKS[2:3], [datetime(2025, 6, 2)]])  # noqa: DTZ001 -- refused
def test_weeks_that_are_not_consecutive_mondays_are_refused(weeks: list[datetime]) -> None:
    with pytest.raises(BadInputError, match="consecutive Mondays"):
        by_week(evidence(company()), rules(), PRIOR, weeks=weeks, people=known(people(company())))


def test_a_week_after_the_date_of_reading_is_refused() -> None:
    with pytest.raises(BadInputError, match="leave it out"):
        by_week(
            evidence(company()),
            rules(),
            PRIOR,
            weeks=WEEKS,
            people=known(people(company())),
            as_of=AS_OF - timedelta(days=2),
        )


def test_each_person_is_compared_with_themselves_as_known_then(duck: Any) -> None:
    rows = company()
    persons, before = people(rows), AS_OF - timedelta(days=60)
    options: dict[str, Any] = {"as_of": AS_OF, "people": known(persons), "days": 60.0}
    each = duck.to_pandas(changes(evidence(rows), rules(), PRIOR, **options)).set_index("person").sort_index()
    old = persons.person[persons.first_seen <= before].sort_values()
    assert list(each.index) == list(old)
    assert not any(person.startswith("s") for person in each.index)
    assert np.allclose(each.before, mean_of(shapes(rows, old, before)), rtol=0, atol=1e-9)
    assert np.allclose(each.after, mean_of(shapes(rows, old, AS_OF)), rtol=0, atol=1e-9)
    row = duck.to_pandas(change(evidence(rows), rules(), PRIOR, **options)).iloc[0]
    error = each.change.std(ddof=1) / np.sqrt(len(each))
    assert row.people == len(each)
    assert [row.change, row.low, row.high] == pytest.approx(
        [each.change.mean(), each.change.mean() - Z * error, each.change.mean() + Z * error], abs=1e-12
    )
    assert row.p_loss == pytest.approx(norm.cdf(-each.change.mean() / error), abs=1e-7)


@pytest.mark.parametrize(("rule", "p_loss"), [("promise kept", 0.0), ("promise broken", 1.0), (None, 0.5)])
def test_a_change_that_is_the_same_for_all_is_sure(duck: Any, rule: str | None, p_loss: float) -> None:
    rows = frame([{"person": p, "rule": rule or "promise kept", "age": 1.0} for p in "ab" if rule])
    persons = pd.DataFrame({"person": ["a", "b"], "first_seen": AS_OF - timedelta(days=90)})
    row = duck.to_pandas(change(evidence(rows), rules(), PRIOR, as_of=AS_OF, people=known(persons))).iloc[0]
    assert row.p_loss == p_loss


def test_one_person_says_nothing_of_how_sure_a_change_is(duck: Any) -> None:
    rows = frame([{"person": "ada", "rule": "promise broken", "age": 1.0}])
    persons = pd.DataFrame({"person": ["ada"], "first_seen": AS_OF - timedelta(days=90)})
    row = duck.to_pandas(change(evidence(rows), rules(), PRIOR, as_of=AS_OF, people=known(persons))).iloc[0]
    assert row.change < 0
    assert row[["low", "high", "p_loss"]].isna().all()


def test_the_normal_distribution_in_elementary_functions(duck: Any) -> None:
    z = np.linspace(-40, 40, 2001)
    table = ibis.memtable({"z": z})
    found = duck.to_pandas(table.mutate(p=_normal_cdf(table.z))).sort_values("z")
    assert np.allclose(found.p, norm.cdf(found.z), rtol=0, atol=1e-7)


def test_the_turning_point_is_the_top_of_the_hill() -> None:
    weeks = [datetime(2025, 1, 6, tzinfo=UTC) + n * WEEK for n in range(30)]
    trust = [0.7 + 0.01 * min(n, 40 - n) for n in range(30)]
    noise = np.random.default_rng(3).normal(0, 0.002, 30)
    assert since(pd.DataFrame({"week": pd.to_datetime(weeks), "trust": trust + noise})) == weeks[20]
    assert since(pd.DataFrame({"week": pd.to_datetime(weeks).tz_localize(None), "trust": trust})) == weeks[20]


def test_a_straight_line_or_three_weeks_have_no_turning_point() -> None:
    weeks = pd.DataFrame({"week": pd.to_datetime(WEEKS), "trust": np.linspace(0.6, 0.7, len(WEEKS))})
    assert since(weeks) is None
    assert since(weeks.assign(trust=weeks.trust**2).head(3)) is None
    assert since(weeks.assign(trust=weeks.trust**2)) is not None


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_all_of_it_compiles_for(engine: str) -> None:
    table, persons = ibis.table(SCHEMA, name="evidence"), ibis.table(PEOPLE_SCHEMA, name="people")
    for expression in (
        trajectory(table, rules(), PRIOR, dates=[AS_OF]),
        by_week(table, rules(), PRIOR, weeks=WEEKS, people=persons, as_of=AS_OF),
        change(table, rules(), PRIOR, as_of=AS_OF, people=persons),
    ):
        assert "SELECT" in engines.sql_for(expression, engine)


@pytest.mark.spark
def test_both_engines_tell_the_same_story(duck: Any, spark: Any) -> None:
    rows = company()
    persons = known(people(rows))
    weekly = by_week(evidence(rows), rules(), PRIOR, weeks=WEEKS[-4:], people=persons, sample=20, as_of=AS_OF)
    path = trajectory(evidence(rows[rows.person == "p1"]), rules(), PRIOR, dates=WEEKS[-3:]).order_by("date")
    turn = change(evidence(rows), rules(), PRIOR, as_of=AS_OF, people=persons)
    for expression in (weekly, path, turn):
        left, right = (c.to_pandas(expression).select_dtypes("number") for c in (duck, spark))
        assert len(left) > 0
        assert np.allclose(left, right, rtol=0, atol=1e-9)
