"""Training: what was planted is found again, and what cannot be learnt is told."""

from __future__ import annotations

import hashlib
import logging
import random
from math import sqrt
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.core.identity.linkage.conftest import table

from gouttes.engines import connect
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.linkage.comparisons import Field, Role
from gouttes.identity.linkage.estimate import PSEUDO_PAIRS, _settled, _without
from gouttes.identity.linkage.model import FEWEST, RAREST, LinkageModel
from gouttes.identity.linkage.train import Untrained, Why, trained
from gouttes.language import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

PLANTED = {"given": (0.9, 200), "family": (0.8, 300), "mail": (0.95, 5000), "place": (0.7, 500), "number": (0.85, 2000)}
"""Field → m of full agreement, and how many values there are, all equally common: u = 1 / values."""

PLANTED_FIELDS = (
    Field("given", Role.GIVEN_NAME),
    Field("family", Role.FAMILY_NAME),
    Field("mail", Role.CODE),
    Field("place", Role.CITY),
    Field("number", Role.CODE),
)


def word(field: str, value: int) -> str:
    """Words so far apart that none is taken for a misspelling of another."""
    return hashlib.sha256(f"{field}{value}".encode()).hexdigest()[:16]


def planted(people: int, doubles: int) -> pd.DataFrame:
    rng = random.Random(3)  # noqa: S311 -- a simulation, no secret
    first = [{field: rng.randrange(values) for field, (_, values) in PLANTED.items()} for _ in range(people)]
    again = []
    for number in rng.sample(range(people), doubles):
        row = dict(first[number])
        for field, (m, values) in PLANTED.items():
            if rng.random() > m:
                row[field] = rng.randrange(values)
        again.append(row)
    rows = [{field: word(field, value) for field, value in row.items()} for row in first + again]
    return pd.DataFrame(rows).assign(subject=[f"s{place:06}" for place in range(len(rows))])


def test_planted_parameters_are_found_again() -> None:
    people, doubles = 6000, 3000
    connection = connect()
    model = trained(connection, connection.create_table("planted", planted(people, doubles)), PLANTED_FIELDS)
    assert isinstance(model, LinkageModel)
    records = people + doubles
    assert model.prior == pytest.approx(doubles / (records * (records - 1) / 2), rel=0.1)
    for field in model.fields:
        m, values = PLANTED[field.comparison.column]
        true = m + (1 - m) / values
        assert field.m[0] == pytest.approx(true, abs=4 * sqrt(true * (1 - true) / doubles)), field.comparison.column
        assert field.u[0] == pytest.approx(1 / values, rel=0.05), field.comparison.column
        assert sum(field.u) == pytest.approx(1)
        assert sum(field.m) == pytest.approx(1, abs=0.01)


def test_training_twice_gives_one_model(people: Any, model: LinkageModel) -> None:
    connection = connect()
    again = trained(connection, table(connection, people[0]))
    assert isinstance(again, LinkageModel)
    assert again.prior == pytest.approx(model.prior, rel=1e-9)
    for one, other in zip(again.fields, model.fields, strict=True):
        assert [*one.m, *one.u] == pytest.approx([*other.m, *other.u], rel=1e-9)


@pytest.mark.slow
@pytest.mark.spark
def test_spark_trains_the_same_model(spark: Any, people: Any, model: LinkageModel) -> None:
    found = trained(spark, table(spark, people[0], "trained"))
    assert isinstance(found, LinkageModel)
    assert found.keys == model.keys
    assert found.prior == pytest.approx(model.prior, rel=1e-9)
    for one, other in zip(found.fields, model.fields, strict=True):
        assert [*one.m, *one.u] == pytest.approx([*other.m, *other.u], rel=1e-9)
        assert one.frequencies == other.frequencies


def row(subject: str, **known: str) -> dict[str, Any]:
    return {"subject": subject, "source": "test", **known}


NAMED = {"first_name": "ana", "first_root": "ana", "last_name": "roy", "last_root": "roy", "email": "a@x.org"}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], Why.NO_RECORD),
        ([row("a"), row("b")], Why.NOTHING_KNOWN),
        ([row("a", **NAMED), row("b")], Why.ONE_RECORD),
        ([row(str(place), **NAMED) for place in range(500)], Why.ALL_SAME),
        ([row("a", **NAMED), row("b", **NAMED), row("c")], Why.ALL_SAME),
        ([row(str(place), email=f"{place:09}@x.org") for place in range(50)], Why.NO_KEY),
        ([row("a", **NAMED), row("b", **{**NAMED, "first_name": "bob"})], Why.FEW_PAIRS),
    ],
)
def test_what_cannot_be_learnt_is_told(duck: Any, rows: list[dict[str, Any]], reason: Why) -> None:
    assert trained(duck, table(duck, rows)) == Untrained(reason)


def test_one_field_alone_teaches_nothing(duck: Any) -> None:
    rows = [row(str(place), email=f"{place % 40}@x.org", phone=str(place)) for place in range(400)]
    assert trained(duck, table(duck, rows), [Field("email", Role.EMAIL)]) == Untrained(Why.FEW_FIELDS)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("reason", Why)
def test_both_languages_say_why(reason: Why, lang: str) -> None:
    assert Language(lang).say(f"cli.{Untrained(reason).words}").endswith(".")


def test_training_is_silent_and_leaves_nothing_behind_even_where_no_two_are_one_person(
    duck: Any, people: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = table(duck, people[0][:300])
    with caplog.at_level(logging.DEBUG):
        found = trained(duck, rows)
    assert isinstance(found, Untrained) or found.prior < 1e-3
    assert capfd.readouterr() == ("", "")
    assert [each for each in caplog.records if each.name.startswith("splink")] == []
    names = {name for (name,) in duck.raw_sql("select table_name from duckdb_tables()").fetchall()}
    assert {name for name in names if "splink" in name} == set()


def test_a_missing_column_is_named(duck: Any, people: Any) -> None:
    with pytest.raises(MissingColumnsError, match="phone"):
        trained(duck, table(duck, people[0]).drop("phone"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [([], "Nothing to compare"), ([Field("city", Role.CITY), Field("city", Role.TEXT)], "given twice")],
)
def test_fields_that_make_no_sense_are_refused(duck: Any, people: Any, fields: Sequence[Field], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        trained(duck, table(duck, people[0]), fields)


def test_the_model_holds_no_rare_value(people: Any, model: LinkageModel) -> None:
    text, rows = model.to_json(), people[0]
    counts: dict[str, int] = {}
    for each in rows:
        for name in ("first_name", "last_name", "city", "company", "email", "phone", "birth_date", "street"):
            if each[name] is not None:
                counts[each[name]] = counts.get(each[name], 0) + 1
    rare = {value for value, times in counts.items() if times < FEWEST}
    assert len(rare) > 500
    assert {value for value in rare if f'"{value}"' in text} == set()
    for field in model.fields:
        if field.frequencies:
            assert min(field.frequencies.common.values(), default=1) >= RAREST


def test_a_model_is_read_back_as_it_was(model: LinkageModel) -> None:
    assert LinkageModel.from_json(model.to_json()) == model
    assert LinkageModel.from_json(model.to_json()).to_json() == model.to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1}', '{"format": 1, "prior": 0.1}'])
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="train it again"):
        LinkageModel.from_json(text)


def test_true_pairs_are_taken_out_of_the_random_ones() -> None:
    u, m, prior = (0.2, 0.8), (0.9, 0.1), 0.05
    mixed = tuple(prior * a + (1 - prior) * b for a, b in zip(m, u, strict=True))
    assert _without(mixed, m, prior, 1e6) == pytest.approx(u)
    assert min(_without((0.0, 1.0), m, prior, 1e6)) == pytest.approx(PSEUDO_PAIRS / 1e6, rel=0.1)


def test_a_level_never_seen_weighs_no_more_than_the_next() -> None:
    m, u = (0.9, 0.0005, 0.05, 0.0495), (1e-5, 1e-6, 0.01, 0.98)
    settled = _settled(m, u, true_pairs=100, pairs=1e5)
    assert settled[1] / u[1] == pytest.approx(m[2] / u[2])
    assert settled[:1] + settled[2:] == m[:1] + m[2:]
