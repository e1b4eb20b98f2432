from __future__ import annotations

import random
from typing import Any

import ibis
import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat

from gouttes import engines
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.normalise import dialling, normalised

COUNTRIES = ("FR", "BE", "CH", "GB", "US", "DE")


def identifiers(field: str, *values: str) -> Any:
    rows = {"subject": [f"s{at}" for at in range(len(values))], "field": [field] * len(values), "value": list(values)}
    return ibis.memtable({**rows, "source": ["shop"] * len(values)})


def keys(field: str, *values: str, country: str = "FR") -> list[str | None]:
    found = normalised(identifiers(field, *values), country=country).to_pandas()
    by_subject = dict(zip(found["subject"], found["key"], strict=True))
    return [by_subject.get(f"s{at}") for at in range(len(values))]


def valid_numbers(region: str, count: int) -> list[PhoneNumber]:
    draw = random.Random(region)  # noqa: S311 -- examples, not secrets
    metadata: Any = PhoneMetadata.metadata_for_region(region)
    numbers: list[PhoneNumber] = []
    while len(numbers) < count:
        length = draw.choice([size for size in metadata.general_desc.possible_length if size > 5])
        digits = int("".join(draw.choices("0123456789", k=length)))
        number = PhoneNumber(country_code=metadata.country_code, national_number=digits)
        if phonenumbers.is_valid_number(number):
            numbers.append(number)
    return numbers


def writings(number: PhoneNumber, home: str) -> list[str]:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    abroad = [
        e164,
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).replace(" ", "\u00a0"),
        phonenumbers.format_out_of_country_calling_number(number, home),
        e164.replace(f"+{number.country_code}", f"+{number.country_code} (0)"),
    ]
    if number.country_code != phonenumbers.country_code_for_region(home):
        return abroad
    return [*abroad, national, national.replace(" ", "."), e164[1:], phonenumbers.national_significant_number(number)]


@pytest.mark.parametrize("home", COUNTRIES)
def test_phones_are_written_as_phonenumbers_writes_them(home: str) -> None:
    written = [text for region in COUNTRIES for number in valid_numbers(region, 60) for text in writings(number, home)]
    found = keys("phone", *written, country=home)
    wrong, agreed = [], 0
    for text, key in zip(written, found, strict=True):
        number = phonenumbers.parse(text, home)
        if phonenumbers.is_valid_number(number):
            agreed += 1
            expected = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            if key != expected:
                wrong.append((text, key, expected))
    assert wrong == []
    assert agreed > 1400


@pytest.mark.parametrize(
    "text",
    ["", "12", "06 12 34 56 7", "06 12 34 56 78 90", "0000000000", "+999 12345678", "++33612345678", "06+12345678",
     "0800 FLOWERS", "+33 1 23 45 67 89 ext. 12", "unknown", "+800 1234 5678", "+33"],
)  # fmt: skip
def test_what_is_no_ones_phone_gives_no_key(text: str) -> None:
    assert keys("phone", text) == [None]


def test_a_number_without_calling_code_belongs_to_the_home_country() -> None:
    assert keys("phone", "06 12 34 56 78", country="FR") == ["+33612345678"]
    assert keys("phone", "0475 12 34 56", country="BE") == ["+32475123456"]
    assert keys("phone", "(212) 555-0123", "011 33 6 12 34 56 78", country="US") == ["+12125550123", "+33612345678"]


def test_an_e_mail_is_trimmed_and_lowered_and_nothing_more() -> None:
    assert keys("email", " Ana.B+Shop@Mail.Example.FR\u00a0", "É@Écoles.fr") == [
        "ana.b+shop@mail.example.fr",
        "é@écoles.fr",
    ]


@pytest.mark.parametrize(
    "text", ["", "ana", "ana@mail", "@mail.fr", "a@b@c.fr", "a b@c.fr", "a@.fr", "a@c.", "a@c..fr"]
)
def test_what_is_no_e_mail_gives_no_key(text: str) -> None:
    assert keys("email", text) == [None]


def test_an_external_id_keeps_its_case_and_a_placeholder_is_none() -> None:
    assert keys("external_id", " Ab-12 ", "ab-12", "007", "N/A", "null", "0", "--", "") == [
        "Ab-12", "ab-12", "007", None, None, None, None, None,
    ]  # fmt: skip


def test_a_declared_link_is_the_other_subjects_key() -> None:
    assert keys("same_as", " zendesk:user:4 ", "  ") == ["zendesk:user:4", None]


def test_names_and_addresses_give_no_key() -> None:
    assert keys("name", "Ana B") == [None]


def test_repeated_rows_give_one_key_for_each_source() -> None:
    rows = ibis.memtable(
        {"subject": ["s"] * 3, "field": ["email"] * 3, "value": ["a@b.fr", "A@b.fr ", "a@b.fr"], "source": [*"xxy"]}
    )
    found = normalised(rows, country="FR").order_by("source").to_pandas()
    assert found.to_dict("list") == {
        "subject": ["s", "s"], "field": ["email"] * 2, "key": ["a@b.fr"] * 2, "source": ["x", "y"],
    }  # fmt: skip


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"two-letter code such as 'FR'.*not 'France'"):
        dialling("France")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnsError, match=r"identity.normalised needs column\(s\) \['source'\]"):
        normalised(identifiers("email", "a@b.fr").drop("source"), country="FR")


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_normalising_compiles_for_both_engines(engine: str) -> None:
    table = ibis.table(IDENTIFIERS_IBIS, name="identifiers")
    assert "select" in engines.sql_for(normalised(table, country="BE"), engine).lower()
