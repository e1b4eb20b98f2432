"""Which of two tellings of one fact is kept, and what a missing partner stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.core.sources.brought import CONTEXT, bring, write

from gouttes.errors import BadInputError
from gouttes.sources import Mapping, parse, plan

TWO = """
[mapping]
source = "test"
[[file]]
name = "exact"
required = ["id", "second"]
[file.columns]
id = ["id"]
second = ["second"]
[[file]]
name = "rough"
required = ["id", "month"]
[file.columns]
id = ["id"]
month = ["month"]
words = ["words"]
[[event]]
from = "exact"
kind = "order.placed"
key = "id"
subject = "'p'"
occurred_at = "moment(second)"
[[event]]
from = "rough"
kind = "order.placed"
key = "id"
subject = "'p'"
occurred_at = "moment(month)"
[[text]]
from = "exact"
event = "order.placed"
key = "id"
text = "'exact ' || id"
[[text]]
from = "rough"
event = "order.placed"
key = "id"
text = "'rough ' || id"
"""


@pytest.mark.parametrize("names", [("exact.csv", "rough.csv"), ("rough.csv", "exact.csv")])
def test_the_entry_that_the_mapping_lists_first_wins_whatever_the_order_of_the_files(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    write(tmp_path, "exact.csv", "id,second\nA1,2024-03-02 10:00:07\n")
    write(tmp_path, "rough.csv", "id,month\nA1,2024-03-01\nA2,2024-03-01\n")
    found = bring(*(tmp_path / name for name in names), using=TWO)
    assert sorted((row["occurred_at"].day, row["occurred_at"].second) for row in found.events) == [(2, 7), (29, 0)]
    assert sorted(row["text"] for row in found.texts) == ["exact A1", "rough A2"]
    assert {report.name: report.duplicates for report in found.files} == {"exact.csv": 0, "rough.csv": 2}


@pytest.mark.parametrize("names", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_within_one_entry_the_first_file_then_the_first_line_wins(tmp_path: Path, names: tuple[str, ...]) -> None:
    write(tmp_path, "a.csv", "id,second\nA1,2024-03-01 10:00:01\nA1,2024-03-01 10:00:02\n")
    write(tmp_path, "b.csv", "id,second\nA1,2024-03-01 10:00:03\n")
    (event,) = bring(*(tmp_path / name for name in names), using=TWO).events
    assert event["occurred_at"].second == {"a.csv": 1, "b.csv": 3}[names[0]]


JOINED = """
[mapping]
source = "test"
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
[[file]]
name = "visits"
required = ["visit", "seen"]
[file.columns]
visit = ["visit"]
seen = ["seen"]
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
[[event]]
from = "visits"
kind = "visit.made"
key = "visit"
subject = "'p'"
occurred_at = "moment(seen)"
"""
ALONE = r"orders.csv \(test: orders\) is read together with the file 'people'. Give both in the same import"


def test_a_file_whose_partner_is_absent_is_refused_and_the_others_are_imported(tmp_path: Path) -> None:
    orders = write(tmp_path, "orders.csv", "id,day,customer\nA1,2024-03-01,Zoé\n")
    visits = write(tmp_path, "visits.csv", "visit,seen\nV1,2024-03-01\n")
    found = bring(orders, visits, using=JOINED)
    assert [row["kind"] for row in found.events] == ["visit.made"]
    assert [report.rows for report in found.files] == [1, 1]
    assert "Give both in the same import" in str(found.files[0].refusal)
    assert (found.files[0].entries, found.files[1].refusal) == ((), None)
    with pytest.raises(BadInputError, match=ALONE):
        bring(orders, using=JOINED)


def test_blanks_around_a_cell_are_no_part_of_it(tmp_path: Path) -> None:
    narrow = "\u202f\u00a0"
    write(tmp_path, "rough.csv", f"id,month\n  A1 ,{narrow}2024-03-01{narrow}\n{narrow},2024-03-01\n")
    write(tmp_path, "rough.json", json.dumps([{"id": f"{narrow}A3 ", "month": "2024-03-01 "}]))
    found = bring(tmp_path / "rough.csv", tmp_path / "rough.json", using=TWO)
    assert sorted(row["text"] for row in found.texts) == ["rough A1", "rough A3"]
    assert found.reasons == [(3, "key", "missing")]


def test_the_same_key_in_two_sources_is_two_events_and_lends_no_text_its_event(tmp_path: Path) -> None:
    other = TWO.replace('source = "test"', 'source = "other"').replace("second", "instant").replace("month", "period")
    one = write(tmp_path, "exact.csv", "id,second\nA1,2024-03-02 10:00:07\n")
    two = write(tmp_path, "rough.csv", "id,period\nA1,2024-03-01\nA2,not a day\n")
    a2 = write(tmp_path, "more.csv", "id,month\nA2,2024-03-03\n")
    found = bring_all(one, two, a2, using=(parse(TWO, where="one"), parse(other, where="two")))
    assert sorted(row["source"] for row in found["events"]) == ["other", "test", "test"]
    assert sorted(row["text"] for row in found["texts"]) == ["exact A1", "rough A1", "rough A2"]


def bring_all(*files: Path, using: tuple[Mapping, ...]) -> dict[str, list[dict[str, Any]]]:
    with plan(files, using, CONTEXT) as imported:
        return {"events": imported.events().read_all().to_pylist(), "texts": imported.texts().read_all().to_pylist()}
