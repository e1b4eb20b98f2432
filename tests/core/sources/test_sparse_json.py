"""A path that only a late record holds is found, in every shape of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.core.sources.brought import ORDERS, Brought, bring, write

from gouttes.sources import documents

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = documents.SAMPLED + 200
USING = ORDERS.replace('["amount", "Montant"]', '["amount", "billing.total", "paid[0].sum"]')


def records(last: dict[str, Any], **each: Any) -> list[dict[str, Any]]:
    plain = [{"id": f"A{number}", "day": "2024-03-01", "customer": "Zoé"} | each for number in range(MANY)]
    return [*plain, {"id": "LAST", "day": "2024-03-02", "customer": "Bob"} | last]


SHAPES: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "array.json": json.dumps,
    "lines.jsonl": lambda found: "\n".join(json.dumps(record) for record in found),
    "wrapped.json": lambda found: json.dumps({"orders": found}),
}


def amounts(found: Brought) -> list[Any]:
    return [row["amount"] for row in found.events]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "last",
    [{"amount": 5}, {"Montant": 5, "billing": {"total": 5}}, {"billing": {"total": 5}}, {"paid": [{"sum": 5}]}],
    ids=["plain", "nested", "nested twice", "in an array"],
)
def test_an_alias_that_only_the_last_record_has_is_read(tmp_path: Path, shape: str, last: dict[str, Any]) -> None:
    found = bring(write(tmp_path, shape, SHAPES[shape](records(last))), using=USING)
    assert amounts(found) == [*[None] * MANY, 5.0]


def test_a_file_is_recognised_by_a_column_that_only_a_late_record_has(tmp_path: Path) -> None:
    using = USING.replace('required = ["id", "day"]', 'required = ["id", "note"]')
    found = bring(write(tmp_path, "x.json", json.dumps(records({"note": "here"}))), using=using)
    assert [row["text"] for row in found.texts] == ["here"]


@pytest.mark.parametrize("early", ["", 3, ["x"]])
def test_a_path_into_what_is_now_an_object_and_now_not_is_read(tmp_path: Path, early: object) -> None:
    content = records({"billing": {"total": 5}}, billing=early)
    for number in (MANY, 3):  # also where the object stands among the first records
        found = bring(write(tmp_path, f"{number}.json", json.dumps(content[-number - 1 :])), using=USING)
        assert amounts(found)[-2:] == [None, 5.0]


def test_keys_that_are_data_are_not_listed_and_a_late_alias_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_PATHS", 50)
    content = records({"amount": 5, "billing": {"total": 6}})
    for number, record in enumerate(content):
        record["extra"] = {f"customer {number}": 1}
    assert amounts(bring(write(tmp_path, "x.json", json.dumps(content)), using=USING))[-1] == 5.0


def test_an_element_of_each_is_read_where_only_a_late_record_has_any(tmp_path: Path) -> None:
    using = ORDERS.replace('name = "orders"', 'name = "orders"\neach = "lines"', 1).replace(
        '["id", "N° de commande"]', '["each.sku"]'
    )
    content = records({"lines": [{"sku": "S1"}, {"sku": "S2"}]})
    found = bring(write(tmp_path, "x.json", json.dumps(content)), using=using)
    assert [row["subject"] for row in found.events] == ["test:Bob"] * 2
