from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.identity import places
from gouttes.identity.fields import steps_of
from gouttes.identity.steps import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable


def said(field: str, texts: Iterable[str], country: str = "FR") -> dict[str, str | None]:
    table = ibis.memtable({"value": list(texts)})
    steps = steps_of(field, country=country)
    rows = table.select("value", x=cleaned(table["value"], steps)).to_pyarrow().to_pylist()
    return {row["value"]: row["x"] for row in rows}


LINES = [
    ("12, av. de la Paix", "12", "avenue de la paix"),
    ("12bis, r. St-Jean", "12bis", "rue saint jean"),
    ("12 bis rue Saint Jean", "12bis", "rue saint jean"),
    ("5 Bd du Gal. de Gaulle, 75011 Paris", "5", "boulevard du general de gaulle"),
    ("Bât. B, 5 boulevard Ste Anne", "5", "boulevard sainte anne"),
    ("12-14 rue X, 3e étage", "12", "rue x"),
    ("12 rue de la Porte d'Arras", "12", "rue de la porte d arras"),
    ("7 rue du Dr Roux", "7", "rue du docteur roux"),
    ("3 ter ch. des Dames", "3ter", "chemin des dames"),
    ("Le Bourg", None, "le bourg"),
    ("123 Main St Apt 4B", "123", "main street"),
    ("Flat 2, 10 High St.", "10", "high street"),
    ("7 Oak Dr", "7", "oak drive"),
    ("1 St John Rd", "1", "saint john road"),
    ("Hauptstraße 12", "12", "hauptstrasse"),
    ("n/a", None, None),
]  # fmt: skip
POSTCODES = [
    ("75011", "FR", "75011"), ("F-75011", "FR", "75011"), ("1000", "FR", "01000"), ("1000", "BE", "1000"),
    ("1000.0", "FR", "01000"), (" 01 000", "FR", "01000"), ("B-1000", "BE", "1000"), ("sw1a1aa", "GB", "SW1A 1AA"),
    ("SW1A 1AA", "GB", "SW1A 1AA"), ("e1 6an", "GB", "E1 6AN"), ("90210-1234", "US", "90210"),
    ("00000", "FR", None), ("n/a", "FR", None), ("", "FR", None),
]  # fmt: skip
CITIES = [
    ("PARIS CEDEX 08", "paris"), ("Paris 11e", "paris"), ("75011 Paris", "paris"), ("St-Denis", "saint denis"),
    ("Saint Denis", "saint denis"), ("Ste Foy", "sainte foy"), ("Chalon s/ Saône", "chalon sur saone"),
    ("Chalon-sur-Saône", "chalon sur saone"), ("Lyon 3ème arrondissement", "lyon"), ("St. Albans", "saint albans"),
    ("L'Haÿ-les-Roses", "l hay les roses"), ("test", None),
]  # fmt: skip
COUNTRIES = [
    ("France", "FR"), ("fr", "FR"), ("FRA", "FR"), ("Allemagne", "DE"), ("Germany", "DE"), ("ÉTATS-UNIS", "US"),
    ("U.S.A.", "US"), ("uk", "GB"), ("Angleterre", "GB"), ("Côte d\u2019Ivoire", "CI"), ("Nowhere", None), ("-", None),
]  # fmt: skip


def test_an_address_line_is_a_number_and_a_street() -> None:
    lines = [line for line, _, _ in LINES]
    assert said("house_number", lines) == {line: number for line, number, _ in LINES}
    assert said("street", lines) == {line: street for line, _, street in LINES}


def test_postcodes() -> None:
    for country in ("FR", "BE", "GB", "US"):
        wanted = {written: becomes for written, of, becomes in POSTCODES if of == country}
        assert said("postcode", wanted, country) == wanted


def test_cities() -> None:
    assert said("city", dict(CITIES)) == dict(CITIES)


def test_countries_in_french_and_in_english() -> None:
    assert said("country", dict(COUNTRIES)) == dict(COUNTRIES)


def test_every_country_code_is_itself() -> None:
    codes = places.countries()
    assert all(codes[code.lower()] == code for code in codes.values())
    assert {"FR", "GB", "US", "CI"} <= set(codes.values())
