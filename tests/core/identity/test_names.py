from __future__ import annotations

from itertools import chain
from typing import Any

import ibis
import pytest

from gouttes.identity import names
from gouttes.identity.steps import cleaned, words

SPLIT = {
    # written: first name, last name
    "Jean Dupont": ("jean", "dupont"),
    "Dupont Jean": ("jean", "dupont"),
    "DUPONT Jean": ("jean", "dupont"),
    "JEAN DUPONT": ("jean", "dupont"),
    "Dupont, Jean": ("jean", "dupont"),
    "Smith, John, Jr": ("john", "smith"),
    "M. DUPONT Jean-Marc": ("jean marc", "dupont"),
    "Jean Philippe DUPONT": ("jean philippe", "dupont"),
    "J.-P. Dupont": ("j p", "dupont"),
    "John F. Kennedy": ("john f", "kennedy"),
    "Mme Élise d\u2019Artagnan": ("elise", "d artagnan"),
    "Jean de La Fontaine": ("jean", "de la fontaine"),
    "DE LA FONTAINE Jean": ("jean", "de la fontaine"),
    "LE GOFF Yann": ("yann", "le goff"),
    "Mohamed Ben Ali": ("mohamed", "ben ali"),
    "Ben Smith": ("ben", "smith"),
    "Dr. Robert Downey, Jr.": ("robert", "downey"),
    "Sean O'Brien": ("sean", "obrien"),
    "Maria Garcia Lopez": ("maria", "garcia lopez"),
    "M. et Mme Durand": (None, "durand"),
    "Marie": ("marie", None),
    "Dupont": (None, "dupont"),
    "Thomas Martin": ("thomas", "martin"),
    "Xi Li": ("xi", "li"),
    "Владимир Путин": ("владимир", "путин"),
    "Test Test": (None, None),
    "client inconnu": (None, None),
    "": (None, None),
}
COMPANIES = ("SARL Dupont", "Smith & Sons", "Garage Central", "Dupont Ltd", "Mairie de Lyon")


def split(connection: Any, *written: str) -> dict[str, Any]:
    table = connection.create_table(ibis.util.gen_name("names"), ibis.memtable({"value": written}).to_pyarrow())
    return {row["value"]: row for row in names.full_names(connection, table).to_pyarrow().to_pylist()}


def column(expression: Any, texts: list[str]) -> list[str | None]:
    table = ibis.memtable({"place": range(len(texts)), "value": texts}, schema={"place": "int64", "value": "string"})
    return table.select("place", x=expression(table["value"])).order_by("place").to_pyarrow().to_pydict()["x"]


def test_full_names_are_told_apart(duck: Any) -> None:
    found = split(duck, *SPLIT)
    assert {text: (row["first_name"], row["last_name"]) for text, row in found.items()} == SPLIT
    assert not any(row["company"] for row in found.values())


def test_an_organisation_is_no_person(duck: Any) -> None:
    found = split(duck, *COMPANIES)
    assert all(row["company"] and row["first_name"] is None and row["last_name"] is None for row in found.values())


def test_an_order_that_nobody_can_know_gives_the_same_both_ways(duck: Any) -> None:
    found = split(duck, "MARTIN THOMAS", "THOMAS MARTIN")
    assert {(row["first_name"], row["last_name"]) for row in found.values()} == {(None, "martin thomas")}


FIRST_NAMES = [
    ("Élise-Anne", "elise anne"), ("Mme Zoé", "zoe"), ("Cœline", "coeline"), ("M'Hamed", "mhamed"), ("M.", "m"),
    ("N/A", None), ("xxx", None), ("-", None), ("Anonyme", None), ("guest", None), ("Client", None), ("42", None),
]  # fmt: skip


def test_first_names() -> None:
    forms = column(lambda value: cleaned(value, names.first_name_steps()), [written for written, _ in FIRST_NAMES])
    assert forms == [becomes for _, becomes in FIRST_NAMES]


def test_last_names_keep_their_particles_and_their_roots_do_not() -> None:
    written = [
        "de La Fontaine", "d'Artagnan", "van der Berg", "El Amrani", "Mac Donald", "McDonald", "MacDonald", "Macron",
        "Le Goff", "Legoff", "O'Brien", "Silva dos Santos", "De", "Dumas fils", "Downey Jr.",
    ]  # fmt: skip
    forms = column(lambda value: cleaned(value, names.last_name_steps()), written)
    assert forms == [
        "de la fontaine", "d artagnan", "van der berg", "el amrani", "mac donald", "mcdonald", "macdonald", "macron",
        "le goff", "legoff", "obrien", "silva dos santos", "de", "dumas", "downey",
    ]  # fmt: skip
    assert column(names.last_root, [form for form in forms if form]) == [
        "lafontaine", "artagnan", "berg", "amrani", "donald", "donald", "donald", "macron",
        "legoff", "legoff", "obrien", "silva santos", "de", "dumas", "downey",
    ]  # fmt: skip


ROOTS = [
    ("bob", "robert"), ("bill", "william"), ("liz", "elizabeth"), ("elisabeth", "elizabeth"), ("kate", "catherine"),
    ("alex", "alexander"), ("alexandre", "alexander"), ("jacques", "jacques"), ("james", "james"), ("jim", "james"),
    ("pierre", "pierre"), ("peter", "peter"), ("jean philippe", "jean philippe"), ("j p", "j p"), ("zoe", "zoe"),
    ("alice marie", "alice"), ("john f", "john"), ("fred", "frederic"), ("manu", "emmanuel"),
]  # fmt: skip


def test_the_root_of_a_first_name() -> None:
    assert column(names.first_root, [name for name, _ in ROOTS]) == [root for _, root in ROOTS]


def test_a_first_name_has_one_root() -> None:
    listed = words("first_names")
    forms = list(chain.from_iterable(listed["variants"].values()))
    assert len(forms) == len(set(forms))
    assert not set(forms) & (set(listed["variants"]) | set(listed["names"]))
    assert all(name.isascii() and name == name.lower() for name in names.known_first_names())


CONTRADICTIONS = [
    # left first and last, right first and last
    (("jean", "dupont"), ("jean", "dupont"), False),
    (("jean", "dupont"), ("marie", "dupont"), True),
    (("jean", "dupont"), ("jeanne", "dupont"), True),
    (("paul", "dupont"), ("raul", "dupont"), True),  # one letter, but short
    (("sandrine", "dupont"), ("sandrinne", "dupont"), False),
    (("jean philippe", "dupont"), ("j p", "dupont"), False),
    (("jean philippe", "dupont"), ("jp", "dupont"), False),
    (("jean", "dupont"), ("j", "dupont"), False),
    (("j p", "dupont"), ("j", "dupont"), False),
    (("jean", "dupont"), ("m", "dupont"), True),
    (("marie", "dupont"), ("marie", "durand"), False),  # people marry
    (("thomas", "martin"), ("martin", "thomas"), False),
    ((None, "dupont"), ("jean", "durand"), True),
    ((None, "dupont"), ("jean", "dupond"), False),
    ((None, "martin thomas"), ("thomas", "martin"), False),
    ((None, None), ("jean", "dupont"), False),
    (("jean", None), (None, "dupont"), False),
    ((None, None), (None, None), False),
]


def contradictions(table: Any) -> list[bool]:
    told = names.names_contradict(table["lf"], table["ll"], table["rf"], table["rl"])
    return table.select("place", x=told).order_by("place").to_pyarrow().to_pydict()["x"]


def pairs() -> Any:
    kinds = {"place": "int64", "lf": "string", "ll": "string", "rf": "string", "rl": "string"}
    rows = [(place, *left, *right) for place, (left, right, _) in enumerate(CONTRADICTIONS)]
    return ibis.memtable([dict(zip(kinds, row, strict=True)) for row in rows], schema=kinds)


def test_names_contradict_and_what_is_unknown_does_not() -> None:
    assert contradictions(pairs()) == [wanted for *_, wanted in CONTRADICTIONS]


def test_names_contradict_whichever_comes_first() -> None:
    turned = pairs().rename({"lf": "rf", "ll": "rl", "rf": "lf", "rl": "ll"})
    assert contradictions(turned) == [wanted for *_, wanted in CONTRADICTIONS]


LEGAL_FORMS = [
    ("S.A.R.L. Dupont & Fils", "dupont et fils"), ("Dupont et Fils SAS", "dupont et fils"),
    ("The Acme Co., Ltd.", "acme"),
    ("Müller GmbH & Co. KG", "muller"), ("Société Générale", "generale"), ("Acme B.V.", "acme"), ("n/a", None),
    ("Smith and Sons", "smith et sons"), ("Inc", "inc"),
]  # fmt: skip


def test_companies_lose_their_legal_form() -> None:
    forms = column(lambda value: cleaned(value, names.company_steps()), [written for written, _ in LEGAL_FORMS])
    assert forms == [becomes for _, becomes in LEGAL_FORMS]


@pytest.mark.spark
def test_spark_tells_names_apart_as_duckdb_does(duck: Any, spark: Any) -> None:
    written = (*SPLIT, *COMPANIES, "MARTIN THOMAS")
    frame = spark._session.createDataFrame([(text,) for text in written], "value string")
    frame.createOrReplaceTempView("full_names")
    found = names.full_names(spark, spark.table("full_names")).to_pyarrow().to_pylist()
    assert {row["value"]: row for row in found} == split(duck, *written)
