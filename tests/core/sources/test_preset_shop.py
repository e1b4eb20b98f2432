"""What the shop preset makes of orders, returns, customers and reviews, with English and with French headings."""

from pathlib import Path

import pytest
from tests.core.sources.preset_samples import Found, as_csv, event, read

ZOE = "shop:customer:7"
ORDER = {"thread": "shop:order:C1", "product": "Lampe"}
PROMISE = ORDER | {"topic": "delivery", "moment": "delivery", "due_at": "2024-03-05T22:59:59.999999Z"}
PLACED = event("order.placed", ZOE, "2024-03-01T09:00:00Z", **ORDER, amount=49.9, currency="EUR")
MADE = event("promise.made", ZOE, "2024-03-01T09:00:00Z", **PROMISE)

FRENCH = {
    "N° de commande": "C1",
    "Date": "01/03/2024 10:00:00",
    "N° client": "7",
    "Client": "Zoé Petit",
    "E-mail": "zoe@example.org",
    "Produit": "Lampe",
    "Montant": "49,90",
    "Devise": "EUR",
    "Livraison promise": "05/03/2024 18:00:00",
    "Livré le": "",
    "Annulée le": "",
    "Statut": "Expédiée",
}
ENGLISH = {
    "order_id": "C1",
    "order_date": "2024-03-01 10:00",
    "customer_id": "7",
    "product_name": "Lampe",
    "Total": "49.90",
    "Currency": "EUR",
    "estimated_delivery_date": "2024-03-05",
    "delivered_at": "",
    "cancelled_at": "",
}


@pytest.mark.parametrize("order", [FRENCH, ENGLISH])
def test_an_order_on_its_way_is_placed_and_promised(tmp_path: Path, order: dict[str, str]) -> None:
    found = read("shop", as_csv(tmp_path, "orders.csv", [order], delimiter=";"))
    assert found.events == found.ordered([PLACED, MADE])


@pytest.mark.parametrize("delivered", ["02/03/2024 08:00:00", "05/03/2024 23:59:59"])
def test_any_hour_of_the_promised_day_keeps_the_promise(tmp_path: Path, delivered: str) -> None:
    found = read("shop", as_csv(tmp_path, "orders.csv", [FRENCH | {"Livré le": delivered}], delimiter=";"))
    at = found.of("order.delivered")[0]["occurred_at"]
    assert found.of("promise.kept", "promise.broken") == [event("promise.kept", ZOE, at, **PROMISE)]


@pytest.mark.parametrize(("delivered", "severity"), [("06/03/2024", 0.2), ("09/03/2024", 0.3), ("05/05/2024", 1.0)])
def test_a_later_day_breaks_it_the_worse_the_later(tmp_path: Path, delivered: str, severity: float) -> None:
    found = read("shop", as_csv(tmp_path, "orders.csv", [FRENCH | {"Livré le": delivered}], delimiter=";"))
    (broken,) = found.of("promise.kept", "promise.broken")
    assert broken["kind"] == "promise.broken"
    assert broken["severity"] == pytest.approx(severity, abs=1e-3)
    assert broken["known_at"] == found.of("order.delivered")[0]["occurred_at"]


def test_a_cancelled_order_takes_its_promise_with_it(tmp_path: Path) -> None:
    found = read("shop", as_csv(tmp_path, "orders.csv", [FRENCH | {"Annulée le": "02/03/2024"}], delimiter=";"))
    assert [row["kind"] for row in found.of("order.cancelled", "promise.withdrawn", "promise.broken")] == [
        "order.cancelled",
        "promise.withdrawn",
    ]


def test_an_order_without_customer_number_is_its_addresss_by_a_digest(tmp_path: Path) -> None:
    row = {"Name": "#1001", "Email": "Zoe@Example.org", "Created at": "2024-03-01 10:00:00 +0100", "Total": "49.90"}
    rest = {"Name": "#1001", "Email": "Zoe@Example.org", "Created at": "2024-03-01 10:00:00 +0100", "Total": ""}
    found = read("shop", as_csv(tmp_path, "orders_export.csv", [row, rest]))
    guest = f"shop:email:{Found.digest('zoe@example.org')}"
    assert [(placed["subject"], placed["amount"]) for placed in found.events] == [(guest, 49.9)]
    assert found.identifiers == [(guest, "email", "Zoe@Example.org")]


def test_returns_customers_and_reviews_are_recognised_by_their_headings(tmp_path: Path) -> None:
    back = {
        "N° de retour": "R1",
        "N° de commande": "C1",
        "Date de retour": "10/03/2024",
        "N° client": "7",
        "Montant remboursé": "49,90",
    }
    person = {"N° client": "7", "E-mail": "zoe@example.org", "Prénom": "Zoé", "Téléphone": "0612345678"}
    review = {"Review ID": "9", "Customer ID": "7", "Rating": "4", "review_date": "2024-04-01", "body": "Jolie"}
    found = read(
        "shop",
        as_csv(tmp_path, "a.csv", [back], delimiter=";"),
        as_csv(tmp_path, "b.csv", [person], delimiter=";"),
        as_csv(tmp_path, "c.csv", [review]),
    )
    assert found.events == found.ordered(
        [
            event("order.returned", ZOE, "2024-03-09T23:00:00Z", thread="shop:order:C1", amount=49.9, currency="EUR"),
            event("review.published", ZOE, "2024-03-31T22:00:00Z", score=4.0, scale_max=5.0),
        ]
    )
    assert (ZOE, "phone", "0612345678") in found.identifiers
    assert found.texts == [("review.published", None, "Jolie")]
