"""A small Chatwoot export, as the system writes it; every name in it is invented."""

from typing import Any

Record = dict[str, Any]

CONTACTS: list[Record] = [
    {
        "id": 12,
        "name": "Ana Roy",
        "email": "ana@example.org",
        "phone_number": "+33612345678",
        "identifier": "C-9",
        "created_at": 1704067200,
        "last_activity_at": 1709283600,
    },
]

CONVERSATIONS: list[Record] = [
    {
        "id": 3,
        "uuid": "9b1c",
        "status": "resolved",
        "priority": "high",
        "inbox_id": 1,
        "created_at": 1709283600,  # 2024-03-01 09:00:00 UTC
        "first_reply_created_at": 1709284200,  # 09:10:00
        "last_activity_at": 1709290800,  # 11:00:00
        "waiting_since": 0,
        "meta": {
            "sender": {"id": 12, "name": "Ana Roy"},
            "assignee": {"id": 4, "name": "Léa"},
            "team": {"id": 2, "name": "Support"},
            "channel": "Channel::WebWidget",
        },
    },
    {
        "id": 4,
        "status": "open",
        "inbox_id": 1,
        "created_at": 1709370000,  # 2024-03-02 09:00:00 UTC
        "last_activity_at": 1709370000,
        "meta": {"sender": {"id": 12}, "channel": "Channel::Email"},
    },
]


def _message(number: int, kind: int, at: int, content: str, **more: object) -> Record:
    return {
        "id": number,
        "conversation_id": 3,
        "message_type": kind,
        "content_type": "text",
        "content": content,
        "created_at": at,
        "private": False,
        **more,
    }


MESSAGES: list[Record] = [
    _message(31, 0, 1709283600, "Bonjour", sender={"id": 12, "type": "contact"}),
    _message(32, 1, 1709284200, "Bonjour Ana", sender={"id": 4, "type": "user"}),
    _message(33, 1, 1709284300, "note", sender={"id": 4, "type": "user"}, private=True),
    _message(34, 0, 1709287200, "Toujours là ?", sender={"id": 12, "type": "contact"}),  # 10:00:00
    _message(35, 2, 1709290800, "La conversation a été marquée résolue par Léa"),  # 11:00:00
    _message(36, 3, 1709290801, "Veuillez évaluer la conversation", content_type="input_csat"),
]

CSAT: list[Record] = [
    {
        "id": 71,
        "account_id": 1,
        "conversation_id": 3,
        "message_id": 36,
        "rating": 4,
        "feedback_message": "Bien",
        "contact": {"id": 12, "name": "Ana Roy", "email": "ana@example.org"},
        "assigned_agent": {"id": 4},
        "created_at": 1709294400,  # 2024-03-01 12:00:00 UTC
    },
]
