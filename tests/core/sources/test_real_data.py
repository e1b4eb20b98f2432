"""The mappings of the how-to pages on the published data they are for, against the counts known of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.core.sources.brought import Brought, bring

from gouttes.sources import Context, load

MAPPINGS = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "mappings"
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def brought(name: str, *files: Path, zone: str) -> Brought:
    return bring(*files, using=load(MAPPINGS / f"{name}.toml"), context=Context(now=NOW, timezone=zone))


def people(found: Brought) -> int:
    return len({row["subject"] for row in found.events})


def test_olist_breaks_7_668_percent_of_its_delivery_promises_to_7_969_people(shared_data: Path) -> None:
    files = [shared_data / "shop" / f"olist_{name}_dataset.csv" for name in ("orders", "customers")]
    found = brought("olist", *files, zone="America/Sao_Paulo")
    events = found.files[0].events
    assert (events["order.placed"], people(found), found.rejects) == (8000, 7969, [])
    assert events["promise.kept"] + events["promise.broken"] == events["order.delivered"]
    assert events["promise.broken"] / events["order.delivered"] == pytest.approx(0.07668, abs=5e-6)
    assert all(0.2 <= row["severity"] <= 1 for row in found.events if row["kind"] == "promise.broken")


def test_online_retail_has_12_468_invoices_4_350_returned_lines_and_2_974_customers(shared_data: Path) -> None:
    (file,) = (shared_data / "online_retail").glob("*.parquet")
    found = brought("online_retail", file, zone="Europe/London")
    placed, returned, _ = found.files[0].entries
    assert people(found) == 2974
    assert returned.made + returned.rejected == 4350
    assert placed.rows == placed.made + placed.duplicates + placed.rejected + placed.skipped == 240_007
    assert set(found.files[0].rejects) == {"missing"}
    assert {row["column"] for row in found.rejects} == {"subject"}
    invoices = {row["thread"] for row in found.events}
    assert len(invoices) < 12_468  # the rest are invoices of no customer, set aside


def test_cdnow_has_69_659_purchases_of_23_570_customers_in_aligned_columns(shared_data: Path) -> None:
    found = brought("cdnow", shared_data / "cdnow" / "CDNOW_master.txt", zone="America/New_York")
    assert (len(found.events), people(found), found.rejects) == (69_659, 23_570, [])
    assert {row["currency"] for row in found.events} == {"USD"}


def test_each_of_the_280_complaints_is_an_event_known_when_it_was_sent_on(shared_data: Path) -> None:
    found = brought("complaints", shared_data / "complaints" / "complaints-subset.csv", zone="America/New_York")
    assert (len(found.events), people(found), found.rejects) == (280, 280, [])
    assert max((row["known_at"] - row["occurred_at"]).days for row in found.events) > 30
