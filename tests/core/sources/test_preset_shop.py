"""What the shop preset makes of orders, returns, customers and reviews, with English and with French headings."""

from pathlib import Path

import pytest
from tests.core.sources.preset_samples import Found, Record, as_csv, as_json, event, read

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


CUSTOMER = ["Customer number", "Customer no.", "Client ID", "Numéro client", "N° de client"]
PROMISED = ["Promised delivery", "Promised date", "Delivery promised", "Expected delivery date", "Scheduled for"]
PROMISED += ["Livraison prévue", "Date de livraison prévue", "Date prévue de livraison", "Livraison annoncée le"]
DELIVERED = ["Delivered on", "Actual delivery", "Livrée le", "Date de livraison effective"]


@pytest.mark.parametrize(
    "headings",
    [
        *((one, PROMISED[0], DELIVERED[0]) for one in CUSTOMER),
        *((CUSTOMER[0], one, DELIVERED[0]) for one in PROMISED),
        *((CUSTOMER[0], PROMISED[0], one) for one in DELIVERED),
    ],
)
def test_headings_that_shops_give_by_hand_are_known(tmp_path: Path, headings: tuple[str, str, str]) -> None:
    row = {"Order no.": "C1", "Ordered on": "2024-03-01 10:00"}
    row |= dict(zip(headings, ("7", "2024-03-05", "2024-03-04"), strict=True))
    found = read("shop", as_csv(tmp_path, "export.csv", [row]))
    assert {row["subject"] for row in found.events} == {ZOE}
    assert len(found.of("promise.made", "promise.kept", "order.delivered")) == 3
    assert found.unknown == {"export.csv": ()}


SHOPIFY = {
    "id": 450789469,
    "created_at": "2024-03-01T10:00:00+01:00",
    "customer": {"id": 7, "email": "zoe@example.org"},
    "billing_address": {"name": "Zoé Petit", "zip": "38000", "city": "Grenoble", "country_code": "FR"},
    "current_total_price": "49.90",
    "currency": "EUR",
    "discount_codes": [{"code": "MARS"}],
    "line_items": [{"title": "Lampe", "quantity": 2}],
    "source_name": "web",
}
WOOCOMMERCE = {
    "id": 727,
    "number": "C1",
    "date_created": "2024-03-01T10:00:00",
    "customer_id": 0,
    "billing": {"email": "zoe@example.org", "postcode": "38000"},
    "total": "49.90",
    "currency": "EUR",
    "coupon_lines": [{"code": "mars"}],
    "line_items": [{"name": "Lampe", "quantity": 2}],
    "created_via": "checkout",
}


@pytest.mark.parametrize(
    ("record", "order", "subject"),
    [(SHOPIFY, "450789469", ZOE), (WOOCOMMERCE, "C1", f"shop:email:{Found.digest('zoe@example.org')}")],
    ids=["Shopify", "WooCommerce, a guest"],
)
def test_orders_of_an_api_are_read(tmp_path: Path, record: Record, order: str, subject: str) -> None:
    found = read("shop", as_json(tmp_path, "orders.json", {"orders": [record]}))
    assert found.events == [
        event(
            "order.placed",
            subject,
            "2024-03-01T09:00:00Z",
            thread=f"shop:order:{order}",
            amount=49.9,
            currency="EUR",
            quantity=2.0,
            product="Lampe",
            channel="web",
            properties={"discount": True},
        )
    ]
    assert (subject, "email", "zoe@example.org") in found.identifiers
    assert (subject, "postcode", "38000") in found.identifiers


def test_the_headings_of_an_order_export_plugin_of_woocommerce_are_known(tmp_path: Path) -> None:
    row = {
        "Order Number": "C1",
        "Order Status": "Processing",
        "Order Date": "2024-03-01 10:00",
        "Email (Billing)": "zoe@example.org",
        "Phone (Billing)": "0612345678",
        "Postcode (Billing)": "38000",
        "City (Billing)": "Grenoble",
        "Country Code (Billing)": "FR",
        "Order Total Amount": "49.90",
        "Item Name": "Lampe",
        "Quantity (- Refund)": "2",
        "Coupon Code": "",
    }
    found = read("shop", as_csv(tmp_path, "orders.csv", [row]))
    (placed,) = found.events
    assert (placed["amount"], placed["quantity"], placed["product"]) == (49.9, 2.0, "Lampe")
    assert {field for _, field, _ in found.identifiers} == {"email", "phone", "postcode", "city", "country"}
    assert found.unknown == {"orders.csv": ()}


def test_a_day_of_noughts_is_a_day_that_has_not_come(tmp_path: Path) -> None:
    never = "0000-00-00 00:00:00"
    row = {
        "id_order": "12",
        "reference": "XKBKNABJK",
        "id_customer": "7",
        "date_add": "2024-03-01 10:00:00",
        "total_paid_real": "49.900000",
        "current_state": "2",
        "delivery_date": never,
    }
    found = read("shop", as_csv(tmp_path, "ps_orders.csv", [row], delimiter=";"))
    assert [(placed["kind"], placed["thread"], placed["amount"]) for placed in found.events] == [
        ("order.placed", "shop:order:12", 49.9)
    ]
    cancelled = FRENCH | {"Annulée le": "02/03/2024", "Livré le": never}
    found = read("shop", as_csv(tmp_path, "orders.csv", [cancelled], delimiter=";"))
    assert [row["kind"] for row in found.of("order.delivered", "promise.withdrawn")] == ["promise.withdrawn"]
    assert found.rejects == []


@pytest.mark.parametrize("way", [1, -1])
def test_a_return_that_two_files_tell_is_that_of_the_returns(tmp_path: Path, way: int) -> None:
    back = {"N° de commande": "C1", "Date de retour": "10/03/2024", "N° client": "7", "Montant remboursé": "49,90"}
    files = [
        as_csv(tmp_path, "orders.csv", [FRENCH | {"Retourné le": "10/03/2024"}], delimiter=";"),
        as_csv(tmp_path, "retours.csv", [back], delimiter=";"),
    ]
    (returned,) = read("shop", *files[::way]).of("order.returned")
    assert returned["amount"] == 49.9
