from __future__ import annotations

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.fields import FIELDS, steps_of
from gouttes.identity.mailboxes import EmailRules
from gouttes.identity.names import (
    company_steps,
    first_name_steps,
    first_root_steps,
    last_name_steps,
    last_root_steps,
    name_steps,
)
from gouttes.identity.places import address_steps, city_steps
from gouttes.identity.steps import Change, after, changes, changes_in, cleaned, folded, folded_text, quickly
from gouttes.language import CODES
from gouttes.language.catalogue import catalogue

PIECES = (
    "Élise", "Jean-Marc", "d'Artagnan", "DUPONT", "M.", "Mme", "Jr",
    "O'Brien", "de", "La", "Œuvre", "Straße", "N/A",
    "12", "bis", "av.", "St", "Dr", "apt 4", "75011", "Paris", "cedex", "SARL", "S.A.", "&", ",",
    "-", "x", "31/01/1980",
    "janvier", "  ", "Ștefan", "e\u0301", "Владимир", "1000", "SW1A1AA", "Mac", "Le", "inconnu", "1er", "et",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(" ".join)
RULES = EmailRules(ignore_dots=("gmail.com",), drop_plus=("gmail.com",))


def said(field: str, texts: list[str], country: str = "FR") -> list[str | None]:
    table = ibis.memtable({"place": range(len(texts)), "value": texts}, schema={"place": "int64", "value": "string"})
    steps = steps_of(field, country=country, email_rules=RULES)
    found = table.select("place", said=cleaned(table["value"], steps)).order_by("place")
    return [row["said"] for row in found.to_pyarrow().to_pylist()]


def test_every_change_is_told_in_the_order_of_the_rules() -> None:
    assert changes("Mme Élise-Anne", first_name_steps()) == (
        Change("case_and_accents", "Mme Élise-Anne", "mme elise-anne"),
        Change("titles", "mme elise-anne", "elise-anne"),
        Change("punctuation", "elise-anne", "elise anne"),
    )


def test_a_placeholder_is_told_and_says_nothing() -> None:
    assert changes("n/a", city_steps())[-1] == Change("placeholder", "n a", None)
    assert changes("paris", city_steps()) == ()


def test_the_changes_of_a_table_are_those_of_its_texts() -> None:
    table = ibis.memtable({"value": ["Élise", "elise", "Dr Ana"]})
    told = changes_in(table, first_name_steps()).order_by("value", "place").to_pyarrow().to_pylist()
    assert [(row["value"], row["step"], row["after"]) for row in told] == [
        ("Dr Ana", "case_and_accents", "dr ana"),
        ("Dr Ana", "titles", "ana"),
        ("Élise", "case_and_accents", "elise"),
    ]
    with pytest.raises(MissingColumnsError, match="value"):
        changes_in(table.rename(text="value"), first_name_steps())


def test_the_last_change_is_what_the_field_becomes() -> None:
    for field, text in [("phone", "06 12 34 56 78"), ("birth_date", "31/01/80"), ("email", " A.B+c@gmail.com")]:
        told = changes(text, steps_of(field, country="FR", email_rules=RULES))
        assert [told[-1].after] == said(field, [text])


@given(st.lists(TEXTS, min_size=30, max_size=60, unique=True))
@settings(max_examples=3)
def test_cleaning_twice_is_cleaning_once(texts: list[str]) -> None:
    # A number alone is no address line, and a street may end in what would be a line's number (rue du 8 mai 1945).
    for field in set(FIELDS) - {"house_number", "street"}:
        once = [text for text in said(field, texts) if text is not None]
        if once:
            assert said(field, once) == once, field


@given(st.lists(TEXTS, min_size=30, max_size=60))
@settings(max_examples=3)
def test_the_short_way_for_plain_words_gives_the_same(texts: list[str]) -> None:
    table = ibis.memtable({"value": texts})
    value = table["value"]
    for steps in (first_name_steps(), last_name_steps(), name_steps(), company_steps(), address_steps(), city_steps()):
        both = table.select(short=quickly(value, steps), long=after(value, steps)).to_pyarrow().to_pydict()
        assert both["short"] == both["long"]


@given(st.text(max_size=20).filter(lambda text: "\x00" not in text))
@settings(max_examples=10)
def test_word_lists_are_folded_as_columns_are(text: str) -> None:
    latin = "".join(letter for letter in text if ord(letter) < 0x250)
    table = ibis.memtable({"value": [latin]})
    assert table.select(x=folded(table["value"])).to_pyarrow().to_pydict()["x"] == [folded_text(latin)]


def test_letters_of_several_languages_fold() -> None:
    written = "Œuvre Æther STRASSE Straße Ørsted Łódź Đặng Þór Ștefan e\u0301 İzmir Ñandú Ça l\u2019Été Владимир"
    folds = "oeuvre aether strasse strasse orsted lodz dang tor stefan e izmir nandu ca l'ete владимир"
    table = ibis.memtable({"value": [written]})
    assert table.select(x=folded(table["value"])).to_pyarrow().to_pydict()["x"] == [folds]


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_its_text_and_no_other(code: str) -> None:
    of_fields = {step.name for field in FIELDS for step in steps_of(field, country="FR", email_rules=RULES)}
    of_roots = {step.name for step in (*first_root_steps(), *last_root_steps())}
    texts = {key.removeprefix("step.") for key in catalogue(code) if key.startswith("step.")}
    assert texts == of_fields | of_roots


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"no field 'shoe_size' to compare\. Fields: email, phone"):
        steps_of("shoe_size", country="FR")


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
@pytest.mark.parametrize("field", FIELDS)
def test_every_field_compiles_for_both_engines(engine: str, field: str) -> None:
    table = ibis.table({"value": "string"}, name="values")
    steps = steps_of(field, country="FR", email_rules=RULES)
    assert "select" in engines.sql_for(table.select(x=after(table["value"], steps)), engine).lower()
