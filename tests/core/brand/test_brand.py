"""The steps of the brand: who answers for what, shares of variance, handovers, promises, network, the answer."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
import pytest

from gouttes import engines
from gouttes.brand.conditions import chart, conditions, phase
from gouttes.brand.crossed import crossed
from gouttes.brand.figures import consistency, person_dependence, share, share_of_variance, transfer_ratio
from gouttes.brand.handover import meetings, study
from gouttes.brand.lies import Counted, Lies, lies
from gouttes.brand.network import introductions, network
from gouttes.brand.served import SERVED, served
from gouttes.branding import brand
from gouttes.cli.app import run_command
from gouttes.opened import OpenedWorkspace
from gouttes.proportion import Figure, difference, wilson

if TYPE_CHECKING:
    from pathlib import Path

FACTORS = ("person", "agent", "dyad")
SPREADS = {"person": 0.8, "agent": 0.4, "dyad": 0.6}
TR = 0.64 / (0.64 + 0.36)
PDI = (0.16 + 0.36) / (0.16 + 0.36 + 0.64)


def planted(seed: int, people: int = 150, agents: int = 16, **spreads: float) -> pd.DataFrame:
    """SERVED with planted variances; scores are normal."""
    spread = SPREADS | spreads
    rng = np.random.default_rng(seed)
    own, theirs = rng.normal(0, spread["person"], people), rng.normal(0, spread["agent"], agents)
    rows = []
    for person in range(people):
        for agent in rng.choice(agents, rng.integers(1, 4), replace=False):
            base = own[person] + theirs[agent] + rng.normal(0, spread["dyad"])
            for _ in range(rng.integers(1, 5)):
                month = f"2026-{rng.integers(1, 10):02d}"
                rows.append((f"p{person}", f"a{agent}", f"t{agent % 4}", month, base + rng.normal()))
    told = pd.DataFrame(rows, columns=["person", "agent", "team", "month", "score"])
    told["dyad"] = told["person"] + "|" + told["agent"]
    told["occurred_at"] = pd.Timestamp("2026-01-01", tz="UTC")
    told["event_id"], told["kind"], told["success"] = [f"e{n}" for n in range(len(told))], "promise", 1.0
    return told[list(SERVED.names)]


def fitted(told: pd.DataFrame) -> Any:
    return crossed(told["score"].to_numpy(), {name: told[name].to_numpy() for name in FACTORS}, reml=True)


def test_a_return_belongs_to_whoever_served_last(acts: Any) -> None:
    told = served(
        acts(
            [
                ("p1", "return.unprompted", 0, "front", None),  # nobody has served yet
                ("p1", "promise.kept", 1, "a1", "t1"),
                ("p1", "return.unprompted", 5, "front", None),
                ("p1", "contact.resolved_later", 9, "a2", "t2"),
                ("p1", "return.missed", 20, None, None),
                ("p1", "return.unprompted", 130, None, None),  # too long after
                ("p1", "promise.broken", 131, None, None),  # nobody's
                ("p2", "return.prompted", 10, "front", None),
            ]
        )
    )
    rows = told.order_by("occurred_at").to_pandas()
    assert list(zip(rows["kind"], rows["agent"], rows["team"], rows["success"], strict=True)) == [
        ("promise", "a1", "t1", 1.0),
        ("return", "a1", "t1", 1.0),
        ("resolution", "a2", "t2", 0.0),
        ("return", "a2", "t2", 0.0),
    ]
    assert list(rows["dyad"]) == ["p1|a1", "p1|a1", "p1|a2", "p1|a2"]
    assert list(rows["score"]) == [0.0, 0.5, 0.0, -0.5]


def test_served_compiles_for_spark(acts: Any) -> None:
    assert "a1" not in engines.sql_for(served(acts([("p1", "promise.kept", 1, "a1", "t1")])), "pyspark").lower()


def test_pdi_and_tr_are_inside_their_intervals_nine_times_in_ten() -> None:
    """Planted as in t_icc of the prototype: TR .64, PDI .448."""
    inside = []
    for seed in range(30):
        found = fitted(planted(seed, people=100, agents=12))
        for of, truth in ((transfer_ratio, TR), (person_dependence, PDI)):
            figure = of(found, n=1)
            assert figure is not None
            inside.append(figure.low <= truth <= figure.high)
    assert 0.8 <= np.mean(inside) <= 0.98  # 60 intervals of 90 %: a standard error of .039


def test_where_a_side_is_at_nought_the_share_has_an_end() -> None:
    found = fitted(planted(1, dyad=0.0))
    figure = share_of_variance(found, ("person",), ("nobody",), n=3)
    assert figure == Figure(1.0, 1.0, 1.0, 3)
    assert share_of_variance(found, ("nobody",), ("nothing",), n=3) is None
    none = share_of_variance(found, ("nobody",), ("person",), n=3)
    assert none is not None
    assert (none.value, none.low) == (0.0, 0.0)
    assert consistency(found, n=3) == Figure(1.0, 1.0, 1.0, 3)


def test_lies_recovers_what_was_planted_by_both_ways() -> None:
    fits, pairs, ratios = [], [], []
    for seed in range(6):
        found = lies(ibis.memtable(planted(seed), schema=SERVED))
        assert found.reason == ""
        assert found.parts is not None
        assert found.by_moments is not None
        assert found.transfer is not None
        assert found.consistency is not None
        assert found.consistency.value > 0.97
        ratios.append(found.transfer.low < TR < found.transfer.high)
        for name, spread in SPREADS.items():
            fits.append(found.parts[name].low <= spread**2 <= found.parts[name].high)
            pairs.append(found.by_moments[name].low <= spread**2 <= found.by_moments[name].high)
    assert np.mean(fits) >= 0.72  # 18 intervals of 90 %: below it once in forty
    assert np.mean(pairs) >= 0.72
    assert sum(ratios) >= 4


def test_a_sample_is_said() -> None:
    found = lies(ibis.memtable(planted(3), schema=SERVED), sample=100)
    assert 60 < found.sampled < 140
    assert found.counted.people == 150


def test_a_team_of_one_agent_each_is_left_out() -> None:
    told = planted(4)
    told["team"] = told["agent"]
    found = lies(ibis.memtable(told, schema=SERVED))
    assert found.parts is not None
    assert "team" not in found.parts


def test_rows_without_a_team_leave_the_team_out() -> None:
    told = planted(4)
    told.loc[0, "team"] = None
    found = lies(ibis.memtable(told, schema=SERVED))
    assert (found.counted.teams, found.reason) == (0, "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.head(0), "nothing"),
        (lambda t: t.assign(agent="a1"), "one_agent"),
        (lambda t: t.drop_duplicates("person"), "one_each"),
        (lambda t: t.assign(score=0.5), "constant"),
        (lambda t: t.drop_duplicates("dyad"), "once"),
    ],
)
def test_what_is_not_estimable_says_why(change: Any, reason: str) -> None:
    found = lies(ibis.memtable(change(planted(5)), schema=SERVED))
    assert (found.reason, found.transfer) == (reason, None)
    assert phase(found).answer == "unknown"


def figure(low: float, high: float) -> Figure:
    return Figure((low + high) / 2, low, high, 100)


@pytest.mark.parametrize(
    ("transfer", "dependence", "consistency", "answer", "unmet"),
    [
        ((0.6, 0.8), (0.1, 0.4), (0.95, 0.99), "collective", ()),
        ((0.6, 0.8), (0.1, 0.4), (0.7, 0.99), "unknown", ("consistency",)),
        ((0.4, 0.8), (0.3, 0.7), (0.95, 0.99), "unknown", ("transfer", "dependence")),
        ((0.1, 0.4), (0.3, 0.7), (0.95, 0.99), "local", ("transfer", "dependence")),
        ((0.4, 0.8), (0.6, 0.7), (0.95, 0.99), "local", ("transfer", "dependence")),
        ((0.6, 0.8), (0.1, 0.4), None, "unknown", ("consistency",)),
    ],
)
def test_the_answer_follows_the_criterion(
    transfer: Any, dependence: Any, consistency: Any, answer: str, unmet: tuple[str, ...]
) -> None:
    found = Lies(
        "",
        Counted(),
        transfer=figure(*transfer),
        dependence=figure(*dependence),
        consistency=figure(*consistency) if consistency else None,
    )
    assert (phase(found).answer, phase(found).unmet) == (answer, unmet)


def test_meetings_are_one_a_customer(acts: Any) -> None:
    told = served(
        acts(
            [
                ("p1", "promise.kept", 1, "a1", "t"),
                ("p1", "promise.kept", 2, "a1", "t"),
                ("p1", "promise.kept", 3, "a2", "t"),  # the first change: the third meeting
                ("p1", "promise.kept", 4, "a1", "t"),
                ("p2", "promise.kept", 1, "a1", "t"),
                ("p2", "promise.kept", 2, "a1", "t"),
                ("p3", "promise.kept", 1, "a1", "t"),  # met once
                ("p4", "promise.kept", 1, "a1", "t"),
                ("p4", "promise.kept", 350, "a2", "t"),  # too late to know what followed
            ]
        )
    )
    rows = meetings(told, as_of=datetime(2026, 12, 31, tzinfo=UTC)).order_by("person").to_pandas()
    assert list(zip(rows["person"], rows["handed"], rows["number"], strict=True)) == [("p1", True, 3), ("p2", False, 2)]


def dated(effect: float, seed: int = 0, people: int = 600) -> pd.DataFrame:
    """Trust before and after; those with a new agent started lower, which matching has to undo."""
    rng = np.random.default_rng(seed)
    handed = rng.random(people) < 0.4
    before = np.clip(rng.normal(np.where(handed, 0.6, 0.7), 0.1), 0.05, 0.95)
    after = before + 0.2 * (0.7 - before) + rng.normal(0, 0.05, people) + effect * handed
    number = rng.integers(2, 4, people)
    return pd.DataFrame({"handed": handed, "number": number, "before": before, "after": after})


def test_a_handover_effect_is_recovered_and_covered() -> None:
    inside = []
    for seed in range(20):
        found = study(ibis.memtable(dated(-0.04, seed)))
        assert found.effect is not None
        inside.append(found.effect.low <= -0.04 <= found.effect.high)
    assert np.mean(inside) >= 0.75
    assert found.before is not None
    assert found.before_kept is not None
    assert found.before.value == pytest.approx(found.before_kept.value, abs=0.01)
    assert found.unmatched > 0


def test_too_few_handovers_are_not_estimable() -> None:
    assert study(ibis.memtable(dated(0.0, people=10))).reason == "few"


def test_promises_are_charted_between_limits(acts: Any) -> None:
    rows: list[Any] = [
        ("p", "promise.kept" if n % 10 else "promise.broken", 31 * month + n / 10, None, None)
        for month in range(3)
        for n in range(100)
    ]
    rows += [("p", "promise.broken", 120 + n / 10, None, None) for n in range(20)]
    rows += [("p", "promise.kept", 200, None, None)]  # a month of one promise
    found = chart(acts(rows))
    assert found.centre is not None
    assert found.centre.n == 321
    assert [(one.month, one.outside) for one in found.months][-1] == ("2026-05", True)
    assert all(one.kept.n >= 8 for one in found.months)
    first, p = found.months[0], found.centre.value
    assert first.lower == pytest.approx(p - 3 * math.sqrt(p * (1 - p) / first.kept.n))
    assert chart(acts(rows[:3])).centre is None


def events(rows: list[tuple[str, str, str]]) -> Any:
    told = pd.DataFrame(rows, columns=["person", "kind", "thread"])
    return ibis.memtable(told.assign(event_id=[f"r{n}" for n in range(len(told))]))


def company_of(people: int, brought: int) -> list[tuple[str, str, str]]:
    rows = [(f"p{n}", "order.placed", f"o{n}") for n in range(people)]
    for n in range(20):
        rows.append((f"p{n}", "referral.made", f"f{n}"))
        rows += [(f"p{n}", "referral.converted", f"f{n}")] * (n < brought)
    return rows


def free(numbers: list[int]) -> Any:
    acts = pd.DataFrame({"event_id": [f"r{n}" for n in numbers], "act": "recommendation.unrewarded"})
    return ibis.memtable(acts, schema={"event_id": "string", "act": "string"})


def test_the_network_counts_invitations_and_what_they_bring() -> None:
    rows = company_of(100, 10)
    made = [number for number, (_, kind, _) in enumerate(rows) if kind == "referral.made"]
    found = network(events(rows), free(made[:4]))
    assert found.k is not None
    assert found.k_unrewarded is not None
    assert found.conversion is not None
    assert found.reach is not None
    assert found.total is not None
    assert (found.people, found.own, found.brought) == (100, 90, {0: 90, 1: 10})
    assert (found.k.value, found.k_unrewarded.value, found.conversion.value) == (0.1, 0.04, 0.5)
    assert found.k.low < 0.1 < found.k.high
    assert found.reach.value == pytest.approx(1 / 0.9)
    assert found.total.value == pytest.approx(100)


def test_from_k_of_one_no_total_is_given() -> None:
    rows = [
        (f"p{n}", kind, f"f{n}-{m}")
        for n in range(10)
        for m in range(2)
        for kind in ("referral.made", "referral.converted")
    ]
    found = network(events(rows), free([]))
    assert found.k is not None
    assert found.k.value == 2.0
    assert (found.reach, found.total) == (None, None)
    assert found.k_unrewarded is not None
    assert found.k_unrewarded.value == 0.0
    assert 0 < found.k_unrewarded.high < 0.5
    near = [(f"p{n}", kind, f"f{n}") for n in range(9) for kind in ("referral.made", "referral.converted")]
    open_end = network(events([*near, ("p9", "order.placed", "o"), ("p8", "referral.made", "x")]), free([]))
    assert open_end.reach is not None
    assert math.isnan(open_end.reach.high)


def test_nothing_recorded_is_not_nought() -> None:
    assert network(events([("p1", "order.placed", "o1")]), free([])).reason == "none"
    assert network(events([("p1", "referral.made", "f1")]), free([])).reason == "few"


def test_who_introduced_whom_is_read_from_the_thread() -> None:
    rows = [("p1", "referral.made", "f1"), ("p2", "order.placed", "f1"), ("p1", "order.placed", "f1")]
    pairs = introductions(events(rows)).to_pandas()
    assert list(zip(pairs["introducer"], pairs["person"], strict=True)) == [("p1", "p2")]
    many = company_of(60, 20) + [(f"q{n}", "order.placed", f"f{n}") for n in range(12)]
    found = network(events(many), free([]))
    assert found.pairs == 12
    assert found.passed_on is not None
    assert found.passed_on.value == 0.0


def test_conditions_compare_those_who_recommend(acts: Any) -> None:
    rows: list[Any] = []
    for n in range(40):
        kept = 3 if n % 2 else 1
        rows += [(f"p{n}", "promise.kept", day, f"a{day % 2}", "t") for day in range(kept)]
        rows += [(f"p{n}", "recommendation.unrewarded", 9, None, None)] * (n % 4 == 1)
    told = acts(rows)
    people = told.select("person").distinct()
    found = conditions(told, served(told), people)
    assert found.recommenders is not None
    assert found.others is not None
    assert found.difference is not None
    assert (found.recommenders["both"].value, found.recommenders["both"].n) == (1.0, 10)
    assert found.others["kept"].value == pytest.approx(1 / 3)
    assert found.difference["kept"].low > 0
    assert conditions(acts(rows[:2]), served(told), people).reason == "none"
    few = acts([*rows[:1], ("p0", "recommendation.rewarded", 9, None, None)])
    assert conditions(few, served(told), people).reason == "few"


def test_the_difference_of_two_proportions_is_that_of_newcombe_1998_table_2() -> None:
    """Method 10, contrast (a): 56/70 less 48/80, 95 % from .0524 to .3339."""
    one, other = (Figure(r / n, *wilson(r, n, 0.95), n) for r, n in ((56, 70), (48, 80)))
    found = difference(one, other)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_a_share_of_fewer_than_eight_is_not_given() -> None:
    assert share(3, 7) is None


def test_no_agent_is_named_and_every_part_speaks(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = brand(OpenedWorkspace.at(company))
    assert found.network.k is not None
    assert run_command(["brand", str(company), "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["lies"]["counted"]["agents"] == 24
    assert "zendesk:" not in told


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("Who brings whom", "No agent is named")), ("fr", ("Qui amène qui", "Aucun agent"))]
)
def test_it_speaks_both_languages(
    company: Path, capsys: pytest.CaptureFixture[str], lang: str, words: tuple[str, ...]
) -> None:
    assert run_command(["brand", str(company), "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert [each for each in words if each not in said] == []
