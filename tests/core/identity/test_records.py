from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pytest

from gouttes.errors import MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.mailboxes import EmailRules
from gouttes.identity.records import records
from gouttes.schemas import RECORDS

START = datetime(2024, 1, 1, tzinfo=UTC)
ANA, BOB, ACME, NOBODY = "zendesk:user:42", "crm:contact:1", "shop:customer:7", "shop:customer:8"
ROWS = [
    # subject, field, value, day
    (ANA, "name", "Mme Ana de la Torre", 0),
    (ANA, "email", "ana@old.fr", 0),
    (ANA, "email", "Ana.T+shop@gmail.com ", 2),
    (ANA, "email", "none", 3),
    (ANA, "phone", "06 12 34 56 78", 0),
    (ANA, "phone", "n/a", 1),
    (ANA, "birth_date", "31/01/1980", 0),
    (ANA, "address", "12 bis, av. de la Paix", 0),
    (ANA, "postcode", "1000", 0),
    (ANA, "city", "Bourg-en-Bresse CEDEX", 0),
    (BOB, "first_name", "Bob", 0),
    (BOB, "last_name", "Mac Donald", 0),
    (BOB, "name", "Robert Somebody", 1),
    (BOB, "company", "Acme SAS", 0),
    (BOB, "city", "Lyon", 0),
    (BOB, "city", "Bron", 0),  # of the same moment: the smallest
    (BOB, "postcode", "1000", 0),
    (BOB, "country", "Belgique", 0),
    (ACME, "name", "Acme Ltd", 0),
    (ACME, "external_id", "7", 0),
    (NOBODY, "name", "guest", 0),
    (NOBODY, "external_id", "8", 0),
    (NOBODY, "country", "Nowhere", 0),
]
BLANK = dict.fromkeys(RECORDS)
WANTED = {
    ANA: {
        "source": "zendesk", "first_name": "ana", "first_root": "ana", "last_name": "de la torre",
        "last_root": "latorre", "email": "anat@gmail.com", "phone": "+33612345678", "birth_date": "1980-01-31",
        "house_number": "12bis", "street": "avenue de la paix", "postcode": "01000", "city": "bourg en bresse",
    },
    BOB: {
        "source": "crm", "first_name": "bob", "first_root": "robert", "last_name": "mac donald", "last_root": "donald",
        "company": "acme", "city": "bron", "postcode": "1000", "country": "BE",
    },
    ACME: {"source": "shop", "company": "acme"},
}  # fmt: skip
RULES = EmailRules(ignore_dots=("gmail.com",), drop_plus=("gmail.com",))


def identifiers() -> list[dict[str, Any]]:
    return [
        {"subject": subject, "field": field, "value": value, "known_at": START + timedelta(days=day), "source": "x"}
        for subject, field, value, day in ROWS
    ]


def found(connection: Any, table: Any, rules: EmailRules = RULES) -> dict[str, dict[str, Any]]:
    made = records(connection, table, country="FR", email_rules=rules)
    assert made.schema() == RECORDS
    return {row["subject"]: row for row in made.to_pyarrow().to_pylist()}


def of_duck(duck: Any) -> Any:
    return duck.create_table("identifiers", ibis.memtable(identifiers(), schema=IDENTIFIERS_IBIS).to_pyarrow())


def wanted() -> dict[str, dict[str, Any]]:
    return {subject: BLANK | {"subject": subject} | said for subject, said in WANTED.items()}


def test_a_record_is_what_a_subject_said_last(duck: Any) -> None:
    assert found(duck, of_duck(duck)) == wanted()


def test_without_rules_a_mailbox_keeps_its_dots_and_no_row_gives_no_record(duck: Any) -> None:
    table = of_duck(duck)
    assert found(duck, table, EmailRules())[ANA]["email"] == "ana.t+shop@gmail.com"
    assert found(duck, table.filter(ibis.literal(False))) == {}  # noqa: FBT003 -- Ibis has no keyword for it


def test_a_missing_column_is_named(duck: Any) -> None:
    with pytest.raises(MissingColumnsError, match=r"identity.records needs column\(s\) \['known_at'\]"):
        records(duck, of_duck(duck).drop("known_at"), country="FR")


@pytest.mark.spark
def test_spark_gives_the_same_records(spark: Any) -> None:
    frame = spark._session.createDataFrame(
        identifiers(), "subject string, field string, value string, known_at timestamp, source string"
    )
    frame.createOrReplaceTempView("identifiers_of_records")
    table = spark.table("identifiers_of_records")
    assert found(spark, table.mutate(known_at=table["known_at"].cast(IDENTIFIERS_IBIS["known_at"]))) == wanted()
