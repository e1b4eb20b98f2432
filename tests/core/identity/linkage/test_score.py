"""Scores: those of splink, those of the waterfall, the same on every engine and for one new record."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from splink import Linker
from splink.backends.duckdb import DuckDBAPI
from tests.core.identity.linkage.conftest import table

from gouttes.engines import connect
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.linkage import blocking, score
from gouttes.identity.linkage.asked import settings_of
from gouttes.identity.linkage.score import published, scored, scored_new, weighed
from gouttes.identity.linkage.train import quiet
from gouttes.identity.linkage.waterfall import HOME, waterfall
from gouttes.schemas import PAIRS

if TYPE_CHECKING:
    from gouttes.identity.linkage.model import LinkageModel

People = tuple[list[dict[str, Any]], dict[str, int]]


def rows_of(connection: Any, pairs: Any) -> list[tuple[str, str, float, float]]:
    found = connection.to_pyarrow(pairs).to_pylist()
    return sorted((row["left"], row["right"], row["probability"], row["weight"]) for row in found)


def same(found: list[tuple[str, str, float, float]], expected: list[tuple[str, str, float, float]]) -> None:
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in expected], abs=1e-12)
    assert [row[3] for row in found] == pytest.approx([row[3] for row in expected], abs=1e-9)


def test_scored_gives_pairs(duck: Any, people: People, model: LinkageModel) -> None:
    found = scored(duck, table(duck, people[0]), model)
    assert found.schema() == PAIRS
    pairs = rows_of(duck, found)
    assert pairs == sorted(set(pairs))
    assert all(left < right and probability >= 0.5 for left, right, probability, _ in pairs)


def test_nearly_all_doubles_are_found_and_nearly_nobody_else(duck: Any, people: People, model: LinkageModel) -> None:
    rows, truth = people
    pairs = rows_of(duck, scored(duck, table(duck, rows), model))
    right = sum(truth[left] == truth[other] for left, other, *_ in pairs)
    assert right >= 0.98 * 242
    assert right >= 0.99 * len(pairs)


def splink_weights(rows: list[dict[str, Any]], model: LinkageModel) -> dict[tuple[str, str], tuple[float, float]]:
    """Every pair as splink itself predicts it with our parameters and our frequencies."""
    connection = connect()
    table(connection, rows)
    connection.raw_sql("create table input as select subject as unique_id, * exclude (subject) from records")
    names = {name: name for name in model.columns}
    comparisons = [settings_of(field.comparison, names, field.u, field.m) for field in model.fields]
    for told, field in zip(comparisons, model.fields, strict=True):
        if field.frequencies:
            told["comparison_levels"][1]["tf_adjustment_column"] = field.comparison.column
    settings = {
        "link_type": "dedupe_only",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": ["l.country = r.country"],
        "probability_two_random_records_match": model.prior,
    }
    api = DuckDBAPI(connection.con)
    with quiet():
        linker = Linker(api.register("input"), settings, log_level=None)
        for field in model.fields:
            if field.frequencies:
                column = field.comparison.column
                values = sorted({row[column] for row in rows if row[column] is not None}) or ["none"]
                shares = pd.DataFrame({column: values, f"tf_{column}": [field.frequencies.of(each) for each in values]})
                linker.table_management.register_term_frequency_lookup(api.register(shares), column)
        found = linker.inference.predict().as_record_list()
    return {
        tuple(sorted((row["unique_id_l"], row["unique_id_r"]))): (row["match_weight"], row["match_probability"])
        for row in found
    }


def all_pairs(connection: Any, rows: list[dict[str, Any]]) -> Any:
    subjects = sorted(row["subject"] for row in rows)
    return connection.create_table(
        "everyone", pd.DataFrame(combinations(subjects, 2), columns=["left", "right"]), temp=True
    )


def test_our_scores_are_splinks(duck: Any, people: People, model: LinkageModel) -> None:
    some = people[0][:90] + people[0][600:690]
    plain = replace(model, home=None)
    expected = splink_weights(some, plain)
    pairs = rows_of(duck, weighed(duck, all_pairs(duck, some), table(duck, some), plain, at_least=0))
    assert len(pairs) == len(expected) == 180 * 179 / 2
    for left, right, probability, weight in pairs:
        assert (weight, probability) == pytest.approx(expected[left, right], abs=1e-9)


def test_the_waterfall_ends_where_the_score_does(duck: Any, people: People, model: LinkageModel) -> None:
    some = people[0][:20] + people[0][600:620] + people[0][-2:]
    by_subject = {row["subject"]: row for row in some}
    pairs = rows_of(duck, weighed(duck, all_pairs(duck, some), table(duck, some), model, at_least=0))
    for left, right, probability, weight in pairs:
        account = waterfall(by_subject[left], by_subject[right], model)
        assert waterfall(by_subject[right], by_subject[left], model).weight == pytest.approx(weight, abs=1e-9)
        assert (account.weight, account.probability) == pytest.approx((weight, probability), abs=1e-9)
        assert account.steps[-1].total == account.weight
        assert sum(step.weight + step.adjustment for step in account.steps) + account.prior == pytest.approx(weight)


def test_a_couple_is_not_one_person(people: People, model: LinkageModel) -> None:
    one = {**people[0][0], "birth_date": None, "email": None}
    other = {**one, "first_name": "zebulon", "first_root": "zebulon"}
    account = waterfall(one, other, model)
    assert account.steps[-1].field == HOME
    assert account.steps[-1].weight < 0
    assert account.probability < 0.5


def test_a_waterfall_needs_every_column(model: LinkageModel) -> None:
    with pytest.raises(MissingColumnsError, match="email"):
        waterfall({}, {}, model)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("ready", [False, True])
def test_a_new_record_gets_the_pairs_that_it_would_get_among_all(
    duck: Any, people: People, model: LinkageModel, monkeypatch: pytest.MonkeyPatch, seed: int, *, ready: bool
) -> None:
    rows = people[0]
    if ready:  # as where there are many
        monkeypatch.setattr(blocking, "FEW", 0)
        monkeypatch.setattr(score, "FEW", 0)
    new = random.Random(seed).sample(rows, 25) + rows[-1:]  # noqa: S311 -- which rows, no secret
    subjects = {row["subject"] for row in new}
    old = table(duck, [row for row in rows if row["subject"] not in subjects], "old")
    old = duck.create_table("ready", published(old, model), temp=True) if ready else old
    found = rows_of(duck, scored_new(duck, table(duck, new, "fresh"), old, model))
    everything = rows_of(duck, scored(duck, table(duck, rows), model))
    same(found, [row for row in everything if row[0] in subjects or row[1] in subjects])


def test_what_a_record_says_now_counts(duck: Any, people: People, model: LinkageModel) -> None:
    rows = people[0]
    changed = {**rows[3], "email": None, "phone": None}
    others = [changed if row["subject"] == changed["subject"] else row for row in rows]
    found = rows_of(duck, scored_new(duck, table(duck, [changed], "fresh"), table(duck, rows, "old"), model))
    everything = rows_of(duck, scored(duck, table(duck, others), model))
    same(found, [row for row in everything if changed["subject"] in row[:2]])


def test_copies_pair_with_the_smallest(duck: Any, people: People, model: LinkageModel) -> None:
    pairs = {row[:2] for row in rows_of(duck, scored(duck, table(duck, people[0]), model))}
    first = people[0][5]["subject"]
    smallest, *others = sorted([first, "test:copy0", "test:copy1"])
    assert {(smallest, other) for other in others} <= pairs
    assert tuple(others) not in pairs


def test_a_thousand_copies_make_a_star(duck: Any, people: People, model: LinkageModel) -> None:
    copies = [{**people[0][0], "subject": f"same:{place:04}"} for place in range(1000)]
    pairs = rows_of(duck, scored(duck, table(duck, copies), model))
    assert {row[0] for row in pairs} == {"same:0000"}
    assert len(pairs) == 999


def test_blank_records_pair_with_nobody(duck: Any, people: People, model: LinkageModel) -> None:
    blank = [{**dict.fromkeys(people[0][0]), "subject": f"blank:{place}", "source": "test"} for place in range(5)]
    assert rows_of(duck, scored(duck, table(duck, blank), model, at_least=0)) == []


def test_no_record_gives_no_pair(duck: Any, people: People, model: LinkageModel) -> None:
    assert rows_of(duck, scored(duck, table(duck, []), model)) == []
    assert rows_of(duck, scored_new(duck, table(duck, []), table(duck, people[0], "old"), model)) == []


def test_a_block_that_is_too_large_is_split_or_left_out_and_told(
    duck: Any, people: People, model: LinkageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MOST_IN_BLOCK", 5)
    shared = [{**row, "email": "info@example.org"} for row in people[0][:100]]
    keyed = published(table(duck, shared), model)
    told = {row["key"]: row for row in duck.to_pyarrow(blocking.skew(keyed, model.keys)).to_pylist()}
    assert told["email"]["split"] + told["email"]["left_out"] == 100
    assert told["email"]["split"] > 50
    place = [key.name for key in model.keys].index("email")
    members = duck.to_pyarrow(blocking.blocks(keyed, [place])).to_pylist()
    assert all("info" in row["block"] and "\x1f" in row["block"] for row in members)


@pytest.mark.parametrize("at_least", [-0.1, 1.1])
def test_at_least_is_a_probability(duck: Any, people: People, model: LinkageModel, at_least: float) -> None:
    with pytest.raises(BadInputError, match="probability from 0 to 1"):
        scored(duck, table(duck, people[0]), model, at_least=at_least)


def test_at_least_1_is_certainty_which_nothing_has(duck: Any, people: People, model: LinkageModel) -> None:
    assert rows_of(duck, scored(duck, table(duck, people[0]), model, at_least=1)) == []


def test_a_missing_column_is_named(duck: Any, people: People, model: LinkageModel) -> None:
    with pytest.raises(MissingColumnsError, match="phone"):
        scored(duck, table(duck, people[0]).drop("phone"), model)


@pytest.mark.slow
@pytest.mark.spark
def test_spark_gives_the_same_pairs(duck: Any, spark: Any, people: People, model: LinkageModel) -> None:
    some = people[0][:60] + people[0][600:660] + people[0][-2:]
    fresh, rest = some[-20:], some[:-20]
    same(
        rows_of(spark, scored(spark, table(spark, some, "some"), model, at_least=0.01)),
        rows_of(duck, scored(duck, table(duck, some), model, at_least=0.01)),
    )
    same(
        rows_of(spark, scored_new(spark, table(spark, fresh, "fresh"), table(spark, rest, "rest"), model)),
        rows_of(duck, scored_new(duck, table(duck, fresh, "fresh"), table(duck, rest, "rest"), model)),
    )
