"""What would change a reading: computed by making it again, and said as an offer of care."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pytest
from scipy.special import logit
from tests.core.trust.small_company import AS_OF, frame, rules

from gouttes import engines
from gouttes.cli.app import run_command
from gouttes.language import CODES, Language
from gouttes.opened import OpenedWorkspace
from gouttes.relating import would_change
from gouttes.report.counterfactual import Counterfactual, counterfactual, next_friday, told
from gouttes.trust.ledger import entries_of, equivalent, ledger, to_make_up
from gouttes.trust.reading import Prior, readings
from gouttes.trust.state import as_states

if TYPE_CHECKING:
    import pandas as pd

PRIOR = Prior()
CONNECTION = engines.connect()


def adding_up(opened: OpenedWorkspace) -> pd.DataFrame:
    """The reading of everyone beside the sum of their ledger."""
    lines = opened.ledger()
    sums = lines.group_by("person").agg(total=lines.contribution.sum())
    trust = opened.trust().select("person", "trust")
    found: pd.DataFrame = opened.connection.to_pandas(trust.left_join(sums, "person"))
    return found.fillna({"total": 0.0})


def assert_adds_up(opened: OpenedWorkspace) -> None:
    found = adding_up(opened)
    assert len(found) > 100
    assert np.allclose(logit(opened.prior.mean) + found.total, logit(found.trust), rtol=0, atol=1e-9)


def test_the_ledger_of_everyone_adds_up_to_their_reading(opened: OpenedWorkspace) -> None:
    assert_adds_up(opened)


@pytest.mark.spark
def test_the_ledger_of_everyone_adds_up_on_spark_too(related: Path, spark: Any) -> None:
    assert spark is not None
    assert_adds_up(OpenedWorkspace.at(related, engine="local"))


def story() -> list[dict[str, Any]]:
    kept = [{"person": "ada", "rule": "promise kept", "age": 5.0 * n, "event_id": f"k{n}"} for n in range(4)]
    broken = [{"person": "ada", "rule": "promise broken", "age": 30.0 * n + 3, "event_id": f"b{n}"} for n in range(3)]
    repair = {"person": "ada", "rule": "promise broken", "age": 3.0, "event_id": "r", "size": -0.4}
    breach = {"person": "ada", "rule": "breach of integrity", "age": 40.0, "event_id": "i"}
    return [*kept, *broken, repair, breach]


def found(rows: list[dict[str, Any]], topics: dict[str, str], times: dict[tuple[str, str], int]) -> Counterfactual:
    lines = ledger_of(rows)
    return counterfactual(entries_of(lines), lines, PRIOR, as_of=AS_OF, topics=topics, times=times)


def ledger_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table: pd.DataFrame = CONNECTION.to_pandas(ledger(ibis.memtable(frame(rows)), rules(), PRIOR, as_of=AS_OF))
    return table


def trust_of(rows: list[dict[str, Any]]) -> float:
    states = as_states(ibis.memtable(frame(rows)), as_of=AS_OF)
    return float(CONNECTION.to_pandas(readings(states, rules(), PRIOR, as_of=AS_OF)).trust[0])


TOPICS = {"b0": "invoice", "b1": "invoice", "b2": "delivery"}


def test_a_matter_gathers_the_buckets_about_one_topic_and_their_repairs() -> None:
    told_of = found(story(), TOPICS, {("promise broken", "invoice"): 3})
    assert told_of.trust == pytest.approx(trust_of(story()), abs=1e-12)
    (invoice,) = [matter for matter in told_of.matters if matter.topic == "invoice"]
    assert set(invoice.events) == {"b0", "b1"}
    assert invoice.times == 3
    rest = [row for row in story() if row["event_id"] not in {"b0", "b1", "r"}]
    assert invoice.trust_without == pytest.approx(trust_of(rest), abs=1e-12)
    lines = ledger_of(story()).set_index("event_id").contribution
    assert invoice.contribution == pytest.approx(lines[["b0", "b1", "r"]].sum(), abs=1e-12)
    assert invoice.drops == pytest.approx(-invoice.contribution / lines[["k0", "k1", "k2", "k3"]].mean(), abs=1e-9)


def test_matters_come_dearest_first() -> None:
    costs = [matter.contribution for matter in found(story(), TOPICS, {}).matters]
    assert costs == sorted(costs)
    assert len(costs) == 3


def test_a_single_bucket_is_compared_as_the_ledger_compares_it() -> None:
    told_of, entries = found(story(), TOPICS, {}), entries_of(ledger_of(story()))
    (breach,) = [matter for matter in told_of.matters if matter.rule == "breach of integrity"]
    assert breach.drops == pytest.approx(equivalent(entries, event="i", rule="promise kept"), abs=1e-9)
    assert breach.to_make_up == pytest.approx(to_make_up(entries, PRIOR, event="i", weight=0.3), abs=1e-9)


def test_one_act_of_care_is_the_reading_with_one_drop_more() -> None:
    told_of = found(story(), TOPICS, {})
    more = {"person": "ada", "rule": "promise kept", "age": 0.0, "event_id": "new"}
    assert told_of.trust_with_care == pytest.approx(trust_of([*story(), more]), abs=1e-12)
    made_up = told_of.matters[0].to_make_up
    many = [more | {"event_id": f"n{n}"} for n in range(math.ceil(made_up))]
    assert trust_of([*story(), *many]) >= told_of.matters[0].trust_without - 1e-9
    assert trust_of([*story(), *many[:-1]]) < told_of.matters[0].trust_without


@pytest.mark.parametrize(("day", "friday"), [(4, 6), (2, 6), (5, 13), (6, 13)])
def test_an_offer_leaves_two_days_and_ends_on_a_friday(day: int, friday: int) -> None:
    assert next_friday(datetime(2026, 11, day, 12, tzinfo=UTC)) == date(2026, 11, friday)


def test_it_is_said_with_the_offer_the_warning_and_a_person_to_ask() -> None:
    said = told(found(story(), {"i": "invoice"}, {("breach of integrity", "invoice"): 3}), Language("en"))
    assert said[0].startswith("3 broken promises") or "about the same matter (the invoice)" in said[0]
    text = " ".join(said)
    assert "a colleague calls back" in text
    assert "neither what caused" in text
    assert "may only add care" in text
    assert "answered by a person" in text


@pytest.mark.parametrize("code", CODES)
def test_somebody_without_drops_or_without_anything_is_told_too(code: str) -> None:
    language = Language(code)
    alone = [row for row in story() if row["event_id"] == "i"]
    only = found(alone, {}, {})
    assert only.matters[0].drops is None
    assert len(told(only, language)) == 6
    nothing = counterfactual([], ledger_of(alone).head(0), PRIOR, as_of=AS_OF, topics={}, times={})
    assert nothing.matters == ()
    assert nothing.trust == 0.8
    assert len(told(nothing, language)) == 4


def dearest(opened: OpenedWorkspace) -> str:
    lines = opened.ledger()
    costs = lines.filter(lines.rule == "effort").group_by("person").agg(cost=lines.contribution.sum())
    return str(opened.connection.to_pandas(costs.order_by("cost").limit(1)).person[0])


def test_the_story_of_a_customer_counts_contacts_and_knows_topics(opened: OpenedWorkspace) -> None:
    person = dearest(opened)
    change = would_change(opened, person)
    reading = opened.trust().filter(lambda t: t.person == person).to_pandas().trust[0]
    assert change.trust == pytest.approx(reading, abs=1e-9)
    assert all(matter.times >= len(matter.events) for matter in change.matters)
    assert any(matter.topic for matter in change.matters)


@pytest.mark.parametrize("code", CODES)
def test_explain_tells_it(
    opened: OpenedWorkspace, related: Path, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    person = dearest(opened)
    assert run_command(["explain", str(related), person, "--json", "--lang", code]) == 0
    document = json.loads(capsys.readouterr().out)
    change = document["counterfactual"]
    assert change["trust_with_care"] > change["trust"]
    assert Language(code).say("care.human") in document["sentences"]


def test_a_bucket_is_not_told_in_drops_that_are_long_forgotten() -> None:
    old = [{**row, "age": row["age"] + (9_000.0 if row["rule"] == "promise kept" else 0.0)} for row in story()]
    told_of = found(old, TOPICS, {})
    assert all(matter.drops > 100 for matter in told_of.matters if matter.drops)
    said = " ".join(told(told_of, Language("en")))
    assert "as much as" not in said
    assert "promise kept" in said or "promises kept" in said
