"""What the HubSpot preset makes of HubSpot's own exports."""

from pathlib import Path

import pytest
from tests.core.sources.hubspot_samples import (
    CONTACTS,
    DEALS,
    EMAIL_EVENTS,
    FEEDBACK,
    FORMS,
    MESSAGES,
    THREADS,
    TICKETS,
)
from tests.core.sources.preset_samples import Found, Record, as_csv, as_json, as_lines, event, read

ANA = "hubspot:contact:501"
MAIL = f"hubspot:email:{Found.digest('ana@example.org')}"


def page(folder: Path, name: str, records: list[Record]) -> Path:
    return as_json(folder, f"{name}.json", {"results": records, "paging": {"next": {"after": "100"}}})


def test_a_contact_gives_its_identifiers_its_merged_records_and_its_salesforce_twin(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "contacts", CONTACTS))
    assert found.events == []
    assert found.identifiers == [
        (ANA, "company", "Lenoir"),
        (ANA, "email", "ana@example.org"),
        (ANA, "first_name", "Ana"),
        (ANA, "last_name", "Roy"),
        (ANA, "phone", "06 12 34 56 78"),
        (ANA, "same_as", "hubspot:contact:301"),
        (ANA, "same_as", "hubspot:contact:302"),
        (ANA, "same_as", "salesforce:contact:0035e00000AbCdE"),
    ]


@pytest.mark.parametrize(
    "headings",
    [
        ("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Company Name"),
        ("Contact ID", "First name", "Last name", "Email address", "Phone number", "Company"),
        ("ID de fiche d'informations", "Prénom", "Nom", "Adresse e-mail", "Numéro de téléphone", "Nom de l'entreprise"),
    ],
    ids=["English", "other English", "French"],
)
def test_the_labels_of_a_screen_export_are_understood(tmp_path: Path, headings: tuple[str, ...]) -> None:
    cells = ("501", "Ana", "Roy", "ana@example.org", "06 12 34 56 78", "Lenoir")
    path = as_csv(tmp_path, "contacts.csv", [dict(zip(headings, cells, strict=True)) | {"Score": "3"}])
    found = read("hubspot", path)
    assert found.identifiers == [
        (ANA, "company", "Lenoir"),
        (ANA, "email", "ana@example.org"),
        (ANA, "first_name", "Ana"),
        (ANA, "last_name", "Roy"),
        (ANA, "phone", "06 12 34 56 78"),
    ]
    assert found.unknown == {"contacts.csv": ("Score",)}


def test_the_merge_audit_declares_links(tmp_path: Path) -> None:
    rows = [{"canonical_vid": "501", "vid_to_merge": "303", "timestamp": "2024-02-01 00:00:00", "user_id": "8"}]
    assert read("hubspot", as_csv(tmp_path, "contact_merge_audit.csv", rows)).identifiers == [
        (ANA, "same_as", "hubspot:contact:303")
    ]


def test_a_won_deal_is_an_order_of_its_first_contact_and_one_without_contact_is_refused(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "deals", DEALS))
    assert found.events == found.ordered(
        [
            event(
                "order.placed",
                ANA,
                "2024-02-10T15:00:00Z",
                thread="hubspot:deal:9001",
                agent="hubspot:owner:88",
                amount=1200.5,
                currency="EUR",
                properties={"pipeline": "default"},
            ),
            event(
                "order.placed",
                ANA,
                "2024-02-11T15:00:00Z",
                thread="hubspot:deal:9002",
                amount=80.0,
                currency="EUR",
                properties={"pipeline": "77", "type": "existingbusiness"},
            ),
        ]
    )
    assert found.rejects == [("order.placed", "subject", "missing")]


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        (
            {
                "Record ID": "9001",
                "Deal Stage": "Closed Won",
                "Close Date": "2024-02-10 16:00",
                "Amount": "1,200.50",
                "Associated Contact IDs": "501;777",
            },
            1200.5,
        ),
        (
            {
                "ID de l'enregistrement": "9001",
                "Phase de la transaction": "Fermée gagnée",
                "Date de fermeture": "10/02/2024 16:00",
                "Montant": "1 200,50",
                "ID des contacts associés": "501; 777",
            },
            1200.5,
        ),
    ],
    ids=["English", "French"],
)
def test_deals_of_the_screen(tmp_path: Path, row: Record, amount: float) -> None:
    found = read("hubspot", as_csv(tmp_path, "deals.csv", [row], delimiter=";" if "Montant" in row else ","))
    assert found.events == [
        event("order.placed", ANA, "2024-02-10T15:00:00Z", thread="hubspot:deal:9001", amount=amount, currency="EUR")
    ]
    assert found.unknown == {"deals.csv": ()}


TICKET = {"thread": "hubspot:ticket:7001", "agent": "hubspot:owner:88"}
TICKET_EVENTS = [
    event(
        "ticket.opened",
        ANA,
        "2024-03-01T09:00:00Z",
        channel="email",
        properties={"category": "billing_issue", "priority": "high"},
        **TICKET,
    ),
    event("ticket.replied", ANA, "2024-03-01T10:00:00Z", channel="email", **TICKET),
    event("ticket.solved", ANA, "2024-03-02T09:00:00Z", **TICKET),
    event("ticket.opened", ANA, "2024-03-03T09:00:00Z", thread="hubspot:ticket:7002"),
]


def test_a_ticket_is_opened_replied_and_solved(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "tickets", TICKETS))
    assert found.events == found.ordered(TICKET_EVENTS)
    assert found.texts == [
        ("ticket.opened", "hubspot:ticket:7001", "Facture\nLe montant est faux"),
        ("ticket.opened", "hubspot:ticket:7002", "Question"),
    ]
    assert read("hubspot", as_lines(tmp_path, "tickets.jsonl", TICKETS)).events == found.events


def test_tickets_of_a_french_screen(tmp_path: Path) -> None:
    row = {
        "ID du ticket": "7001",
        "Nom du ticket": "Facture",
        "Statut du ticket": "Fermé",
        "Catégorie": "BILLING_ISSUE",
        "Priorité": "HIGH",
        "Source": "E-mail",
        "Date de création": "01/03/2024 10:00",
        "Date de la première réponse": "01/03/2024 11:00",
        "Date de fermeture": "02/03/2024 10:00",
        "ID des contacts associés": "501",
    }
    found = read("hubspot", as_csv(tmp_path, "tickets.csv", [row], delimiter=";"))
    expected = [{name: value for name, value in one.items() if name != "agent"} for one in TICKET_EVENTS[:3]]
    assert found.events == found.ordered(expected)


def test_feedback_keeps_each_surveys_own_scale(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "feedback_submissions", FEEDBACK))

    def answer(topic: str, score: float, scale_max: float, group: str) -> Record:
        return event(
            "survey.answered",
            ANA,
            "2024-04-01T12:00:00Z",
            topic=topic,
            channel="survey",
            score=score,
            scale_max=scale_max,
            properties={"survey": "11", "group": group, "sent_by": "email"},
        )

    assert found.events == found.ordered(
        [
            answer("nps", 9, 10, "promoter"),
            answer("ces", 6, 7, "promoter"),
            answer("csat", 1, 2, "passive"),
            answer("csat", 1, 5, "detractor"),
            answer("csat", 5, 5, "promoter"),
        ]
    )
    assert found.texts == [("survey.answered", None, "Parfait")]
    assert found.rejects == [("survey.answered", "score", "score_outside_its_scale")]


def test_messages_find_their_contact_by_the_thread_else_by_the_visitor(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "messages", MESSAGES), page(tmp_path, "threads", THREADS))
    first, other = {"thread": "hubspot:thread:40"}, {"thread": "hubspot:thread:41"}
    assert found.events == found.ordered(
        [
            event("message.received", ANA, "2024-05-01T08:00:00Z", channel="chat", **first),
            event("message.sent", ANA, "2024-05-01T08:01:00Z", channel="email", agent="hubspot:actor:A-12", **first),
            event("message.received", "hubspot:contact:502", "2024-05-02T08:00:00Z", channel="web", **other),
        ]
    )
    assert found.texts == [
        ("message.received", "hubspot:thread:40", "Bonjour"),
        ("message.received", "hubspot:thread:41", "Merci"),
        ("message.sent", "hubspot:thread:40", "Bonjour, que puis-je faire ?"),
    ]


def test_marketing_mail_is_put_on_a_digest_that_the_address_ties_to_its_contact(tmp_path: Path) -> None:
    found = read("hubspot", as_json(tmp_path, "email_events.json", {"hasMore": False, "events": EMAIL_EVENTS}))
    mail = {"channel": "email", "properties": {"campaign": "55"}}
    assert found.events == found.ordered(
        [
            event("email.delivered", MAIL, "2024-01-01T10:00:01Z", **mail),
            event("email.opened", MAIL, "2024-01-01T11:00:00Z", direction="in", **mail),
            event("email.clicked", MAIL, "2024-01-01T11:01:40Z", direction="in", **mail),
        ]
    )
    assert found.identifiers == [(MAIL, "email", "Ana@example.org")]


def test_a_form_is_a_contact_and_its_address_with_personal_data_is_left_out(tmp_path: Path) -> None:
    found = read("hubspot", page(tmp_path, "form_submissions", FORMS))
    assert found.events == [
        event(
            "form.submitted",
            ANA,
            "2024-01-01T11:01:40Z",
            channel="web",
            properties={"form": "f-1", "page": "p-1"},
        )
    ]
    assert found.unknown == {"form_submissions.json": ("page_url", "portal_id", "title")}


def test_a_ticket_without_a_number_or_with_an_impossible_date_is_refused(tmp_path: Path) -> None:
    rows = [
        {"Ticket ID": "", "Ticket status": "New", "Create date": "2024-03-01", "Associated Contact IDs": "501"},
        {"Ticket ID": "2", "Ticket status": "New", "Create date": "2024-02-31", "Associated Contact IDs": "501"},
        {"Ticket ID": "3", "Ticket status": "New", "Create date": "2024-03-01", "Associated Contact IDs": "501"},
    ]
    found = read("hubspot", as_csv(tmp_path, "tickets.csv", rows))
    assert [one["thread"] for one in found.events] == ["hubspot:ticket:3"]
    assert found.rejects == [
        ("ticket.opened", "key", "missing"),
        ("ticket.opened", "occurred_at", "time_not_understood"),
    ]
