"""A small HubSpot export, as the system writes it; every name in it is invented."""

from collections.abc import Sequence
from typing import Any

Record = dict[str, Any]


def hubspot_object(number: str, properties: Record, *, contacts: Sequence[str] = (), archived: bool = False) -> Record:
    """One record of the CRM API v3: values are texts under `properties`."""
    found: Record = {
        "id": number,
        "properties": {"hs_object_id": number, **properties},
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": "2024-06-01T00:00:00.000Z",
        "archived": archived,
    }
    if contacts:
        links = [{"id": contact, "type": "deal_to_contact"} for contact in contacts]
        found["associations"] = {"contacts": {"results": links}}
    return found


CONTACTS: list[Record] = [
    hubspot_object(
        "501",
        {
            "email": "ana@example.org",
            "firstname": "Ana",
            "lastname": "Roy",
            "phone": "06 12 34 56 78",
            "company": "Lenoir",
            "hs_calculated_merged_vids": "301:1704067200000;302:1706745600000",
            "salesforcecontactid": "0035e00000AbCdEAAV",
            "lastmodifieddate": "2024-06-01T00:00:00.000Z",
        },
    ),
    hubspot_object("502", {"email": "gone@example.org", "lastname": "Parti"}, archived=True),
]

DEALS: list[Record] = [
    hubspot_object(
        "9001",
        {
            "dealname": "Contrat annuel",
            "dealstage": "closedwon",
            "pipeline": "default",
            "amount": "1200.50",
            "deal_currency_code": "EUR",
            "closedate": "2024-02-10T15:00:00Z",
            "hubspot_owner_id": "88",
        },
        contacts=["501", "777"],
    ),
    hubspot_object(
        "9002",
        {
            "dealstage": "1234567",
            "hs_is_closed_won": "true",
            "pipeline": "77",
            "amount": "80",
            "closedate": "2024-02-11T15:00:00Z",
            "dealtype": "existingbusiness",
        },
        contacts=["501"],
    ),
    hubspot_object(
        "9003",
        {"dealstage": "closedlost", "hs_is_closed_won": "false", "amount": "10", "closedate": "2024-02-12T15:00:00Z"},
        contacts=["501"],
    ),
    hubspot_object("9004", {"dealstage": "closedwon", "amount": "10", "closedate": "2024-02-13T15:00:00Z"}),
]

TICKETS: list[Record] = [
    hubspot_object(
        "7001",
        {
            "subject": "Facture",
            "content": "Le montant est faux",
            "hs_pipeline_stage": "4",
            "hs_ticket_category": "BILLING_ISSUE",
            "hs_ticket_priority": "HIGH",
            "source_type": "EMAIL",
            "createdate": "2024-03-01T09:00:00Z",
            "first_agent_reply_date": "2024-03-01T10:00:00Z",
            "closed_date": "2024-03-02T09:00:00Z",
            "hubspot_owner_id": "88",
        },
        contacts=["501"],
    ),
    hubspot_object(
        "7002",
        {"subject": "Question", "hs_pipeline_stage": "1", "createdate": "2024-03-03T09:00:00Z"},
        contacts=["501"],
    ),
]


def _feedback(number: str, survey: str, value: str, group: str, content: str | None = None) -> Record:
    return hubspot_object(
        number,
        {
            "hs_survey_id": "11",
            "hs_survey_type": survey,
            "hs_survey_channel": "EMAIL",
            "hs_value": value,
            "hs_response_group": group,
            "hs_content": content,
            "hs_submission_timestamp": "2024-04-01T12:00:00Z",
        },
        contacts=["501"],
    )


FEEDBACK: list[Record] = [
    _feedback("6001", "NPS", "9", "PROMOTER", "Parfait"),
    _feedback("6002", "CES", "6", "PROMOTER"),
    _feedback("6003", "CSAT", "1", "PASSIVE"),
    _feedback("6004", "CSAT", "1", "DETRACTOR"),
    _feedback("6005", "CSAT", "5", "PROMOTER"),
    _feedback("6006", "NPS", "11", "PROMOTER"),
]

THREADS: list[Record] = [
    {
        "id": "40",
        "inboxId": "3",
        "status": "OPEN",
        "associatedContactId": "501",
        "originalChannelId": "1000",
        "spam": False,
    },
]

MESSAGES: list[Record] = [
    {
        "type": "MESSAGE",
        "id": "m1",
        "conversationsThreadId": "40",
        "createdAt": "2024-05-01T08:00:00Z",
        "senders": [{"actorId": "V-999", "name": "Ana"}],
        "recipients": [],
        "archived": False,
        "text": "Bonjour",
        "direction": "INCOMING",
        "channelId": "1000",
    },
    {
        "type": "MESSAGE",
        "id": "m2",
        "conversationsThreadId": "40",
        "createdAt": "2024-05-01T08:01:00Z",
        "senders": [{"actorId": "A-12", "name": "Agent"}],
        "recipients": [{"actorId": "V-999"}],
        "archived": False,
        "text": "Bonjour, que puis-je faire ?",
        "direction": "OUTGOING",
        "channelId": "1002",
    },
    {
        "type": "MESSAGE",
        "id": "m3",
        "conversationsThreadId": "41",
        "createdAt": "2024-05-02T08:00:00Z",
        "senders": [{"actorId": "V-502"}],
        "recipients": [],
        "archived": False,
        "text": "Merci",
        "direction": "INCOMING",
        "channelId": "1003",
    },
    {
        "type": "COMMENT",
        "id": "m4",
        "conversationsThreadId": "40",
        "createdAt": "2024-05-01T08:02:00Z",
        "senders": [{"actorId": "A-12"}],
        "recipients": [],
        "archived": False,
        "text": "note interne",
        "direction": "OUTGOING",
        "channelId": "1000",
    },
]

EMAIL_EVENTS: list[Record] = [
    {"id": "e1", "type": "SENT", "recipient": "Ana@example.org", "created": 1704103200000, "emailCampaignId": 55},
    {"id": "e2", "type": "DELIVERED", "recipient": "Ana@example.org", "created": 1704103201000, "emailCampaignId": 55},
    {
        "id": "e3",
        "type": "OPEN",
        "recipient": "Ana@example.org",
        "created": 1704106800000,
        "emailCampaignId": 55,
        "filteredEvent": False,
    },
    {
        "id": "e4",
        "type": "CLICK",
        "recipient": "Ana@example.org",
        "created": 1704106801000,
        "emailCampaignId": 55,
        "filteredEvent": True,
    },
    {
        "id": "e5",
        "type": "CLICK",
        "recipient": "Ana@example.org",
        "created": 1704106900000,
        "emailCampaignId": 55,
        "filteredEvent": False,
    },
]

FORMS: list[Record] = [
    {
        "timestamp": 1704106900000,
        "form_id": "f-1",
        "contact_id": 501,
        "conversion_id": "cv-1",
        "page_id": "p-1",
        "page_url": "https://lenoir.example/?email=ana@example.org",
        "portal_id": 1,
        "title": "Contact",
    },
]
