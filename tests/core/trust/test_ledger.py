"""What each event adds or takes, exactly, and the questions a ledger answers."""

from __future__ import annotations

import functools
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from tests.core.trust.small_company import AS_OF, RULES, SCHEMA, company, evidence, frame, rules

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.trust.ledger import Entry, entries_of, equivalent, ledger, to_make_up, without
from gouttes.trust.reading import Prior, readings
from gouttes.trust.state import as_states

PRIOR = Prior()
CONNECTION = engines.connect()
COLUMNS = [
    *("person", "event_id", "rule", "kind", "occurred_at", "size", "weight_now", "contribution"),
    *("episode", "channel", "team", "agent", "product", "polarity"),
]


def lines(rows: Any, prior: Prior = PRIOR) -> pd.DataFrame:
    found: pd.DataFrame = CONNECTION.to_pandas(ledger(evidence(rows), rules(), prior, as_of=AS_OF))
    return found


def trust_of(rows: Any, prior: Prior = PRIOR) -> pd.Series[float]:
    states = as_states(evidence(rows), as_of=AS_OF)
    found = CONNECTION.to_pandas(readings(states, rules(), prior, as_of=AS_OF)).set_index("person")["trust"]
    return pd.Series(found)


def row(person: str, rule: str, hours: int, size: float, repaired: float, *, lag: float = 0.0) -> list[dict[str, Any]]:
    """One event and, where ``repaired`` is not 0, its repair."""
    event = {"person": person, "rule": rule, "age": hours / 24, "size": size, "lag": lag}
    return [event] + ([event | {"size": -repaired * size, "lag": lag + 0.1}] if repaired else [])


EVENTS = st.lists(
    st.builds(
        row,
        st.sampled_from("abcdef"),
        st.sampled_from(list(RULES["rule"])),
        st.integers(0, 100),  # narrow, so that equal times and events of this very moment are frequent
        st.one_of(st.floats(1e-12, 1.0), st.just(1.0)),
        st.sampled_from([0.0, 0.0, 0.5, 1.0]),
        lag=st.sampled_from([0.0, 1.0]),
    ),
    min_size=1,
    max_size=30,
).map(lambda nested: [one for several in nested for one in several])


@functools.cache
def compiled(prior: Prior) -> str:
    """The SQL of ledger sums beside readings, over a table ``evidence``: compiling takes most of the time."""
    CONNECTION.create_table("rules", rules().to_pyarrow(), overwrite=True)
    table, names = ibis.table(SCHEMA, name="evidence"), CONNECTION.table("rules")
    entries = ledger(table, names, prior, as_of=AS_OF)
    sums = entries.group_by("person").agg(total=entries.contribution.sum())
    trust = readings(as_states(table, as_of=AS_OF), names, prior, as_of=AS_OF).select("person", "trust")
    return engines.sql_for(sums.outer_join(trust, "person"), "duckdb")


@pytest.mark.parametrize("prior", [Prior(), Prior(0.05, 100.0), Prior(0.95, 0.01)])
@given(rows=EVENTS)
@settings(max_examples=15)
def test_the_contributions_add_up_to_the_reading(prior: Prior, rows: list[dict[str, Any]]) -> None:
    CONNECTION.create_table("evidence", evidence(rows).to_pyarrow(), overwrite=True)
    both = CONNECTION.con.sql(compiled(prior)).df()
    assert len(both) == len({row["person"] for row in rows if row["age"] >= row["lag"]})
    assert np.allclose(logit(prior.mean) + both["total"], logit(both["trust"]), rtol=0, atol=1e-9)


def test_the_contributions_of_a_company_add_up_and_have_the_sign_of_their_side() -> None:
    found = lines(company())
    assert list(found.columns) == COLUMNS
    sums = found.groupby("person")["contribution"].sum()
    assert np.allclose(sums + logit(0.8), logit(trust_of(company())[sums.index]), atol=1e-9)
    assert (np.sign(found.contribution) == np.sign(found.polarity * found.weight_now)).all()
    assert (found.weight_now < 0).any()


def test_a_failure_repaired_in_full_costs_nothing_together() -> None:
    found = lines(row("ada", "promise broken", 24, 1.0, 1.0))
    assert found.contribution.abs().min() > 0.5
    assert found.contribution.sum() == pytest.approx(0.0, abs=1e-12)


def test_a_repair_whose_failure_is_not_visible_moves_nothing() -> None:
    found = lines([{"person": "ada", "rule": "promise broken", "age": 2.0, "size": -0.5}])
    assert list(found.contribution) == [0.0]


def test_someone_without_evidence_has_an_empty_ledger_and_the_prior() -> None:
    assert lines([{"person": "ada", "rule": "promise kept", "age": -1.0}]).empty
    assert without([], PRIOR) == 0.8


def ada() -> list[Entry]:
    rows = [
        {"person": "ada", "rule": "promise kept", "age": 0.0, "event_id": "kept 1"},
        {"person": "ada", "rule": "promise kept", "age": 0.0, "event_id": "kept 2"},
        {"person": "ada", "rule": "breach of integrity", "age": 0.0, "event_id": "invoice"},
        {"person": "ada", "rule": "breach of integrity", "age": 0.0, "event_id": "repair", "size": -0.5, "lag": 0.0},
    ]
    return entries_of(lines(rows))


def test_without_an_event_the_reading_is_that_of_the_other_events() -> None:
    rows = company()
    mine = rows[rows.person == "p3"]
    entries = entries_of(lines(mine))
    assert without(entries, PRIOR) == pytest.approx(trust_of(mine)["p3"], abs=1e-12)
    plain = next(e for e in entries if e.weight_now > 0 and sum(x.occurred_at == e.occurred_at for x in entries) == 1)
    rest = trust_of(mine[mine.event_id != plain.event_id])["p3"]
    assert without(entries, PRIOR, events=[plain.event_id]) == pytest.approx(rest, abs=1e-12)
    rest = trust_of(mine[mine.rule != "promise broken"])["p3"]
    assert without(entries, PRIOR, rules=["promise broken"]) == pytest.approx(rest, abs=1e-12)


def test_a_repair_leaves_with_what_it_repaired() -> None:
    assert without(ada(), PRIOR) == pytest.approx(3.8 / (3.8 + 2.3), abs=1e-12)
    assert without(ada(), PRIOR, events=["invoice"]) == pytest.approx(3.8 / 4.6, abs=1e-12)
    assert without(ada(), PRIOR, events=["repair"]) == pytest.approx(3.8 / (3.8 + 3.8), abs=1e-12)


def test_a_bucket_is_compared_with_the_drops_of_the_same_ledger() -> None:
    expected = np.log(2.3 / 0.8) / (np.log(3.8 / 3.2) / 2)
    assert equivalent(ada(), event="invoice", rule="promise kept") == pytest.approx(expected, abs=1e-9)
    assert equivalent(ada(), event="invoice", rule="unprompted return") is None


def test_as_many_new_drops_as_it_says_make_up_for_a_bucket() -> None:
    number = to_make_up(ada(), PRIOR, event="invoice", weight=0.3)
    assert (3.8 + number * 0.3) / (3.8 + number * 0.3 + 2.3) == pytest.approx(3.8 / 4.6, abs=1e-12)


def test_questions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadInputError, match="'kept 1' is not a bucket"):
        equivalent(ada(), event="kept 1", rule="promise kept")
    with pytest.raises(BadInputError, match="above 0, found 0"):
        to_make_up(ada(), PRIOR, event="invoice", weight=0)
    with pytest.raises(BadInputError, match="one person at a time, found 40"):
        entries_of(lines(company()))


def test_what_was_not_yet_known_is_not_in_the_ledger() -> None:
    found = lines(frame([{"person": "ada", "rule": "promise broken", "age": 5.0, "lag": 5.0 + 1 / 86400}]))
    assert found.empty


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_the_ledger_compiles_for(engine: str) -> None:
    expression = ledger(ibis.table(SCHEMA, name="evidence"), rules(), PRIOR, as_of=AS_OF)
    assert expression.columns == tuple(COLUMNS)
    assert "contribution" in engines.sql_for(expression, engine)


@pytest.mark.spark
def test_both_engines_keep_the_same_ledger(spark: Any) -> None:
    expression = ledger(evidence(company()), rules(), PRIOR, as_of=AS_OF).select(
        "event_id", "weight_now", "contribution"
    )
    left, right = (c.to_pandas(expression).sort_values("event_id") for c in (CONNECTION, spark))
    assert np.allclose(left.drop(columns="event_id"), right.drop(columns="event_id"), rtol=0, atol=1e-9)
