"""A small Zendesk export, as the system writes it; every name in it is invented."""

from typing import Any

Record = dict[str, Any]

TICKETS: list[Record] = [
    {
        "id": 101,
        "url": "https://lenoir.zendesk.com/api/v2/tickets/101.json",
        "created_at": "2024-03-01T09:00:00Z",
        "updated_at": "2024-03-05T10:00:00Z",
        "type": "incident",
        "problem_id": 7,
        "subject": "Plus de connexion",
        "description": "Rien ne marche depuis ce matin.",
        "priority": "high",
        "status": "solved",
        "requester_id": 42,
        "submitter_id": 42,
        "assignee_id": 900,
        "group_id": 30,
        "brand_id": 5,
        "due_at": None,
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "satisfaction_rating": {"score": "good", "id": 77, "comment": "Merci"},
    },
    {
        "id": 102,
        "created_at": "2024-03-02T08:00:00Z",
        "updated_at": "2024-03-20T08:00:00Z",
        "type": "task",
        "problem_id": None,
        "subject": "Rappeler le client",
        "description": "Devis promis",
        "priority": None,
        "status": "closed",
        "requester_id": 43,
        "submitter_id": 900,
        "assignee_id": 900,
        "group_id": None,
        "brand_id": None,
        "due_at": "2024-03-10T12:00:00Z",
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "satisfaction_rating": {"score": "unoffered"},
    },
    {
        "id": 103,
        "created_at": "2024-03-02T09:00:00Z",
        "updated_at": "2024-03-02T09:05:00Z",
        "status": "deleted",
        "requester_id": 44,
        "via": {"channel": "web"},
    },
]

BAD_TICKETS: list[Record] = [
    {
        "id": 104,
        "created_at": "2024-03-02T09:00:00Z",
        "status": "open",
        "requester_id": None,
        "via": {"channel": "chat"},
    },
    {"id": 105, "created_at": "2024-02-30T09:00:00Z", "status": "open", "requester_id": 45, "via": {"channel": "chat"}},
    {
        "id": None,
        "created_at": "2024-03-02T09:00:00Z",
        "status": "open",
        "requester_id": 46,
        "via": {"channel": "chat"},
    },
]

COMMENTS: list[Record] = [
    # The first comment is the ticket's own description.
    {
        "id": 1001,
        "ticket_id": 101,
        "type": "Comment",
        "author_id": 42,
        "body": "Rien ne marche depuis ce matin.",
        "public": True,
        "created_at": "2024-03-01T09:00:00Z",
        "via": {"channel": "email"},
    },
    {
        "id": 1002,
        "ticket_id": 101,
        "type": "Comment",
        "author_id": 900,
        "body": "<p>Bonjour</p>",
        "plain_body": "Bonjour, nous regardons.",
        "public": True,
        "created_at": "2024-03-01T10:00:00Z",
        "via": {"channel": "web"},
    },
    {
        "id": 1003,
        "ticket_id": 101,
        "type": "Comment",
        "author_id": 900,
        "body": "Note interne",
        "public": False,
        "created_at": "2024-03-01T10:05:00Z",
        "via": {"channel": "web"},
    },
    {
        "id": 1004,
        "ticket_id": 101,
        "type": "Comment",
        "author_id": 42,
        "body": "Toujours rien.",
        "public": True,
        "created_at": "2024-03-02T11:30:00Z",
        "via": {"channel": "mobile_sdk"},
    },
]

USERS: list[Record] = [
    {
        "id": 42,
        "name": "Ana Roy",
        "email": "ana@example.org",
        "phone": "+33612345678",
        "shared_phone_number": False,
        "external_id": "C-9",
        "role": "end-user",
        "locale": "fr",
        "updated_at": "2024-01-01T00:00:00Z",
    },
    {
        "id": 43,
        "name": "Max Petit",
        "email": "max@example.org",
        "phone": "+33144556677",
        "shared_phone_number": True,
        "external_id": None,
        "role": "end-user",
        "locale": None,
        "updated_at": "2024-01-02T00:00:00Z",
    },
    {
        "id": 900,
        "name": "Agent",
        "email": "agent@lenoir.example",
        "role": "agent",
        "updated_at": "2024-01-01T00:00:00Z",
    },
]

RATINGS: list[Record] = [
    {
        "id": 77,
        "ticket_id": 101,
        "requester_id": 42,
        "assignee_id": 900,
        "group_id": 30,
        "score": "good_with_comment",
        "comment": "Merci",
        "reason": None,
        "created_at": "2024-03-04T08:00:00Z",
        "updated_at": "2024-03-04T09:00:00Z",
    },
    {
        "id": 78,
        "ticket_id": 102,
        "requester_id": 43,
        "score": "bad",
        "comment": None,
        "created_at": "2024-03-11T08:00:00Z",
        "updated_at": "2024-03-12T08:00:00Z",
    },
    {
        "id": 79,
        "ticket_id": 110,
        "requester_id": 44,
        "score": "offered",
        "created_at": "2024-03-13T08:00:00Z",
        "updated_at": "2024-03-13T08:00:00Z",
    },
    {
        "id": 80,
        "ticket_id": 111,
        "requester_id": 44,
        "score": "unoffered",
        "created_at": "2024-03-14T08:00:00Z",
        "updated_at": "2024-03-14T08:00:00Z",
    },
]

SURVEYS: list[Record] = [
    {
        "id": "01HA",
        "expires_at": "2024-05-01T00:00:00Z",
        "responder_id": 42,
        "survey": {"id": "01SV", "version": 3, "state": "enabled"},
        "subjects": [{"id": "101", "type": "ticket", "zrn": "zen:ticket:101"}],
        "answers": [
            {
                "id": "01A1",
                "type": "rating_scale",
                "rating": 4,
                "rating_category": "good",
                "created_at": "2024-04-01T10:00:00Z",
                "updated_at": "2024-04-01T10:01:00Z",
            },
            {
                "id": "01A2",
                "type": "open_ended",
                "value": "Rapide",
                "created_at": "2024-04-01T10:00:00Z",
                "updated_at": "2024-04-01T10:02:00Z",
            },
        ],
    },
    {
        "id": "01HB",
        "responder_id": 43,
        "survey": {"id": "01SV", "version": 3, "state": "enabled"},
        "subjects": [{"id": "102", "type": "ticket", "zrn": "zen:ticket:102"}],
        "answers": [
            {
                "id": "01B1",
                "type": "rating_scale",
                "rating": None,
                "rating_category": "bad",
                "comment": "Trop long",
                "created_at": "2024-04-02T10:00:00Z",
                "updated_at": "2024-04-02T10:00:00Z",
            }
        ],
    },
]

METRICS: list[Record] = [
    {
        "id": 5001,
        "ticket_id": 101,
        "created_at": "2024-03-01T09:00:00Z",
        "updated_at": "2024-03-05T10:00:00Z",
        "reopens": 1,
        "replies": 2,
        "status_updated_at": "2024-03-03T15:00:00Z",
        "solved_at": "2024-03-03T15:00:00Z",
        "reply_time_in_minutes": {"calendar": 60, "business": 60},
        "first_resolution_time_in_minutes": {"calendar": 120, "business": 120},
        "full_resolution_time_in_minutes": {"calendar": 3240, "business": 900},
    },
    {
        "id": 5002,
        "ticket_id": 102,
        "created_at": "2024-03-02T08:00:00Z",
        "updated_at": "2024-03-20T08:00:00Z",
        "reopens": 0,
        "replies": 0,
        "status_updated_at": "2024-03-20T08:00:00Z",
        "solved_at": "2024-03-12T08:00:00Z",
        "first_resolution_time_in_minutes": {"calendar": 14400, "business": 4000},
        "full_resolution_time_in_minutes": {"calendar": 14400, "business": 4000},
    },
]


def _change(number: int, field: str, value: Any, before: Any, kind: str = "Change") -> Record:
    return {"id": number, "type": kind, "field_name": field, "value": value, "previous_value": before}


AUDITS: list[Record] = [
    {
        "id": 3001,
        "ticket_id": 101,
        "created_at": "2024-03-01T09:00:00Z",
        "author_id": 42,
        "events": [
            {"id": 1, "type": "Comment", "author_id": 42, "body": "Rien ne marche depuis ce matin.", "public": True},
            _change(2, "status", "new", None, "Create"),
            _change(3, "priority", "urgent", None, "Create"),
        ],
    },
    {
        "id": 3002,
        "ticket_id": 101,
        "created_at": "2024-03-01T11:00:20Z",
        "author_id": 900,
        "events": [_change(4, "assignee_id", "900", None), _change(5, "status", "solved", "new")],
    },
    {
        "id": 3003,
        "ticket_id": 101,
        "created_at": "2024-03-02T11:30:00Z",
        "author_id": 42,
        "events": [_change(6, "status", "open", "solved"), _change(7, "priority", "urgent", "high")],
    },
    {
        "id": 3004,
        "ticket_id": 101,
        "created_at": "2024-03-03T15:00:00Z",
        "author_id": -1,
        "events": [_change(8, "status", "solved", "open")],
    },
    {
        "id": 3005,
        "ticket_id": 101,
        "created_at": "2024-03-07T15:00:00Z",
        "author_id": -1,
        "events": [_change(9, "status", "closed", "solved")],
    },
]
