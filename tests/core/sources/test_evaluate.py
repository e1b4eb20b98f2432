"""What the entries of a mapping make of rows."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.core.sources.brought import CONTEXT, ORDERS, as_csv, bring, mapping, write

from gouttes.errors import BadInputError
from gouttes.eventlog.schema import EVENTS
from gouttes.sources import GOUTTES_NAMESPACE, plan

TABLE = as_csv(
    [
        ("id", "day", "customer", "amount", "note"),
        ("A1", "2024-03-01 10:00", "Zoé", "12.5", "thanks"),
        ("A2", "2024-03-02", "Bob", "", ""),
    ]
)

EVENT = """
[[event]]
from = "orders"
kind = "{kind}"
key = "id"
subject = "'test:' || customer"
occurred_at = "moment(day)"
"""


def orders(folder: Path, text: str = TABLE) -> Path:
    return write(folder, "orders.csv", text)


def test_an_event_has_the_columns_of_the_log_and_the_defaults_of_its_kind(tmp_path: Path) -> None:
    first = bring(orders(tmp_path)).events[0]
    at = datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert first == dict.fromkeys(EVENTS.names) | {
        "event_id": str(uuid.uuid5(GOUTTES_NAMESPACE, "test|A1|order.placed")),
        "kind": "order.placed",
        "occurred_at": at,
        "known_at": at,
        "source": "test",
        "subject": "test:Zoé",
        "direction": "in",
        "amount": 12.5,
        "currency": "EUR",
    }


def test_texts_and_identifiers_go_apart(tmp_path: Path) -> None:
    found = bring(orders(tmp_path))
    assert found.texts == [{"event_id": found.events[0]["event_id"], "text": "thanks", "language": None}]
    assert [(row["subject"], row["field"], row["value"]) for row in found.identifiers] == [
        ("test:Zoé", "name", "Zoé"),
        ("test:Bob", "name", "Bob"),
    ]


def test_one_row_yields_as_many_events_as_apply(tmp_path: Path) -> None:
    using = ORDERS + EVENT.format(kind="order.delivered") + "when = \"customer = 'Bob'\"\n"
    found = bring(orders(tmp_path), using=using)
    assert found.files[0].events == {"order.delivered": 1, "order.placed": 2}
    assert [(entry.kind, entry.made, entry.skipped) for entry in found.files[0].entries][1] == ("order.delivered", 1, 1)
    assert [example["kind"] for example in found.files[0].examples] == [
        "order.placed",
        "order.placed",
        "order.delivered",
    ]


def test_every_column_is_read_as_its_type(tmp_path: Path) -> None:
    using = (
        ORDERS
        + EVENT.format(kind="survey.answered")
        + """
score = "amount"
scale_max = "20"
due_at = "day::timestamp + interval 1 day"
known_at = "moment(day) + interval 1 hour"
unprompted = "'oui'"
severity = "0.5"
channel = "'survey'"
direction = "'in'"
properties = { locked = "customer = 'Zoé'", discount = "number(amount)", nothing = "null" }
"""
    )
    found = bring(orders(tmp_path), using=using)
    (answer,) = [row for row in found.events if row["kind"] == "survey.answered"]
    assert (answer["score"], answer["scale_max"], answer["unprompted"], answer["severity"]) == (12.5, 20.0, True, 0.5)
    assert answer["due_at"] == datetime(2024, 3, 2, 9, tzinfo=UTC)
    assert answer["known_at"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert json.loads(answer["properties"]) == {"locked": True, "discount": 12.5}
    assert found.reasons == [(3, "score", "missing")]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("score", "21", "score_outside_its_scale"),
        ("score", "-1", "score_outside_its_scale"),
        ("severity", "1.5", "severity_outside_0_to_1"),
        ("channel", "'pigeon'", "channel_unknown"),
        ("direction", "'up'", "direction_unknown"),
        ("quantity", "-1", "negative"),
        ("due_at", "moment('2200-01-01')", "in_the_future"),
        ("known_at", "moment('2026-01-01')", "in_the_future"),
        ("due_at", "moment(note)", "time_not_understood"),
    ],
)
def test_what_a_column_may_hold_is_checked(tmp_path: Path, column: str, value: str, reason: str) -> None:
    given = {"score": "1", "scale_max": "20"} | {column: value}
    lines = "".join(f'{name} = "{sql}"\n' for name, sql in given.items())
    using = (
        ORDERS.replace('kind = "order.placed"', 'kind = "page.viewed"') + EVENT.format(kind="survey.answered") + lines
    )
    found = bring(orders(tmp_path), using=using.replace('event = "order.placed"', 'event = "page.viewed"'))
    assert (2, column, reason) in found.reasons


JOINED = """
[mapping]
source = "test"
title = "Test"
[[file]]
name = "orders"
required = ["id", "day"]
[file.columns]
id = ["id"]
day = ["day"]
customer = ["customer"]
[[file]]
name = "people"
required = ["customer", "person"]
[file.columns]
customer = ["customer"]
person = ["person"]
[[join]]
name = "both"
left = "orders"
right = "people"
on = "customer"
[[event]]
from = "both"
kind = "order.placed"
key = "id"
subject = "'p:' || people_person"
occurred_at = "moment(day)"
"""


def test_a_join_gives_each_row_its_first_partner_and_loses_none(tmp_path: Path) -> None:
    people = write(tmp_path, "people.csv", "customer,person\nZoé,1\nZoé,2\n,3\n")
    found = bring(orders(tmp_path), people, using=JOINED)
    assert [row["subject"] for row in found.events] == ["p:1"]
    assert found.reasons == [(3, "subject", "missing")]


def test_a_join_without_its_other_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"orders.csv .* together with the file 'people'. Give both"):
        bring(orders(tmp_path), using=JOINED)


def test_moments_of_a_join_are_read_in_the_order_of_days_of_their_own_file(tmp_path: Path) -> None:
    using = (
        JOINED.replace('name = "people"', 'name = "people"\ndate_order = "mdy"', 1)
        .replace('person = ["person"]', 'person = ["person"]\nborn = ["born"]')
        .replace(
            'occurred_at = "moment(day)"', 'occurred_at = "moment(day)"\ndue_at = "end_of_day(moment(people_born))"'
        )
    )
    left = write(tmp_path, "orders.csv", "id,day,customer\nA1,02/01/2024,Zoé\n")
    (event,) = bring(left, write(tmp_path, "p.csv", "customer,person,born\nZoé,1,02/01/2024\n"), using=using).events
    assert (event["occurred_at"].month, event["due_at"].month) == (1, 2)


def test_a_join_on_what_is_no_column_is_refused() -> None:
    with pytest.raises(BadInputError, match="has no column 'id' to join on"):
        mapping(JOINED.replace('on = "customer"', 'on = "id"'))


def test_a_text_whose_event_is_not_imported_is_not_kept(tmp_path: Path) -> None:
    found = bring(orders(tmp_path, TABLE.replace("2024-03-01 10:00", "never")))
    assert found.texts == []
    assert [row["reason"] for row in found.rejects if row["kind"] == "text"] == ["text_without_its_event"]


def test_the_first_of_equal_keys_wins_across_files(tmp_path: Path) -> None:
    first, second = orders(tmp_path), write(tmp_path, "more.csv", TABLE.replace("Zoé", "Eve"))
    found = bring(first, second)
    assert [row["subject"] for row in found.events] == ["test:Zoé", "test:Bob"]
    assert [report.duplicates for report in found.files] == [0, 3]  # two events and a text


def test_importing_twice_gives_the_same_ids(tmp_path: Path) -> None:
    once, again = bring(orders(tmp_path)), bring(orders(tmp_path))
    assert once.events == again.events


IN_FRENCH = ORDERS.replace('"day"', '"jour"').replace("moment(day)", "moment(jour)").replace("day =", "jour =")


def test_a_file_of_another_source_is_read_with_a_notice(tmp_path: Path) -> None:
    other = mapping(IN_FRENCH.replace("*order*", "*visit*"))
    with plan([orders(tmp_path)], other, CONTEXT, others=[mapping()]) as imported:
        (report,) = imported.files
        assert report.recognised_as == "test: orders"
        assert report.notices == ("Not a file of Test: read as Test (orders).",)


def test_a_file_with_the_name_of_one_asked_that_lacks_its_columns_is_refused_and_not_taken_for_another(
    tmp_path: Path,
) -> None:
    with pytest.raises(BadInputError, match=r"answers to no known file.*needs jour"):
        plan([orders(tmp_path)], mapping(IN_FRENCH), CONTEXT, others=[mapping()])


def test_the_name_of_a_file_decides_between_two_that_suit(tmp_path: Path) -> None:
    two = ORDERS.split("[[event]]", maxsplit=1)[0]
    other = two.split("[[file]]")[1].replace('name = "orders"', 'name = "sales"').replace("*order*", "*sale*")
    using = f"{two}\n[[file]]{other}"
    for name, file in {"my-sales.csv": "sales", "orders.csv": "orders"}.items():
        assert bring(write(tmp_path, name, TABLE), using=using).files[0].recognised_as == f"test: {file}"
