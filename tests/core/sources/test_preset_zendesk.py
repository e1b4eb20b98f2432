"""What the Zendesk preset makes of Zendesk's own exports."""

from pathlib import Path

import pytest
from tests.core.sources.preset_samples import Record, as_csv, as_json, as_lines, event, read
from tests.core.sources.zendesk_samples import AUDITS, BAD_TICKETS, COMMENTS, METRICS, RATINGS, SURVEYS, TICKETS, USERS

from gouttes.errors import BadInputError

ANA, MAX = "zendesk:user:42", "zendesk:user:43"
ONE, TWO = "zendesk:ticket:101", "zendesk:ticket:102"
DESK = {"agent": "zendesk:user:900", "team": "zendesk:group:30"}
CSAT = {"topic": "csat", "channel": "survey"}
GOOD: Record = {**CSAT, "score": 1.0, "scale_max": 1.0, "properties": {"estimated": "true"}}

OPENED_ONE = event(
    "ticket.opened",
    ANA,
    "2024-03-01T09:00:00Z",
    thread=ONE,
    channel="email",
    site="zendesk:brand:5",
    incident="zendesk:problem:7",
    properties={"type": "incident", "priority": "high"},
    **DESK,
)
TOUCHED_ONE = event(
    "incident.touched",
    ANA,
    "2024-03-01T09:00:00Z",
    known_at="2024-03-05T10:00:00Z",
    thread=ONE,
    incident="zendesk:problem:7",
)
RATED_ONE_BY_TICKET = event(
    "survey.answered",
    ANA,
    "2024-03-05T10:00:00Z",
    thread=ONE,
    score=1.0,
    scale_max=1.0,
    properties={"estimated": "true"},
    **CSAT,
    **DESK,
)
OPENED_TWO = event(
    "ticket.opened",
    MAX,
    "2024-03-02T08:00:00Z",
    thread=TWO,
    channel="web",
    direction="none",
    agent="zendesk:user:900",
    properties={"type": "task"},
)
PROMISED_TWO = event(
    "promise.made",
    MAX,
    "2024-03-02T08:00:00Z",
    thread=TWO,
    agent="zendesk:user:900",
    due_at="2024-03-10T12:00:00Z",
)
CLOSED_TWO = event("ticket.closed", MAX, "2024-03-20T08:00:00Z", thread=TWO, agent="zendesk:user:900")
TICKET_EVENTS = [OPENED_ONE, TOUCHED_ONE, RATED_ONE_BY_TICKET, OPENED_TWO, PROMISED_TWO, CLOSED_TWO]


def page(folder: Path, key: str, records: list[Record]) -> Path:
    return as_json(folder, f"{key}.json", {key: records, "count": len(records), "end_of_stream": True})


def test_a_page_of_the_incremental_export_gives_tickets_incidents_promises_and_ratings(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "tickets", TICKETS))
    assert found.events == found.ordered(TICKET_EVENTS)
    assert found.texts == [
        ("survey.answered", ONE, "Merci"),
        ("ticket.opened", ONE, "Plus de connexion\nRien ne marche depuis ce matin."),
        ("ticket.opened", TWO, "Rappeler le client\nDevis promis"),
    ]
    assert found.rejects == []


def test_json_lines_give_the_same_events_as_the_page(tmp_path: Path) -> None:
    assert read("zendesk", as_lines(tmp_path, "tickets.jsonl", TICKETS)).events == (
        read("zendesk", page(tmp_path, "tickets", TICKETS)).events
    )


ENGLISH = (
    "Id",
    "Requester id",
    "Requester email",
    "Created at",
    "Updated at",
    "Solved at",
    "Due date",
    "Ticket type",
    "Priority",
    "Status",
    "Via",
    "Subject",
    "Satisfaction Score",
)
FRENCH = (
    "N° du ticket",
    "ID du demandeur",
    "E-mail du demandeur",
    "Créé le",
    "Mis à jour le",
    "Résolu le",
    "Échéance",
    "Type de ticket",
    "Priorité",
    "Statut",
    "Canal",
    "Sujet",
    "Note de satisfaction",
)


ENGLISH_ROWS = (
    "7|42||2024-03-01 10:00|2024-03-04 09:00|2024-03-02 10:00|2024-03-02|Task|Normal|Solved|Mail|Devis|Good",
    "8||Max@example.org|2024-03-01 11:00|2024-03-06 09:00|2024-03-05 10:00|2024-03-02|Task||Closed|Web form|Rappel|",
)
FRENCH_ROWS = (
    "7|42||01/03/2024 10:00|04/03/2024 09:00|02/03/2024 10:00|02/03/2024|Tâche|Normal|Résolu|Courriel|Devis|Good",
    "8||Max@example.org|01/03/2024 11:00|06/03/2024 09:00|05/03/2024 10:00|02/03/2024|Tâche||Clos|Formulaire|Rappel|",
)


@pytest.mark.parametrize(
    ("headings", "rows"), [(ENGLISH, ENGLISH_ROWS), (FRENCH, FRENCH_ROWS)], ids=["English", "French"]
)
def test_the_csv_of_a_view_gives_promises_kept_and_broken(
    tmp_path: Path, headings: tuple[str, ...], rows: tuple[str, ...]
) -> None:
    path = as_csv(tmp_path, "tickets.csv", [dict(zip(headings, row.split("|"), strict=True)) for row in rows])
    found = read("zendesk", path)
    max_mail = f"zendesk:email:{found.digest('max@example.org')}"
    seven, eight = {"thread": "zendesk:ticket:7"}, {"thread": "zendesk:ticket:8"}
    kind = rows[0].split("|")[7].lower()
    due = "2024-03-02T22:59:59.999999Z"  # the end of the day in Paris
    assert found.events == found.ordered(
        [
            event(
                "ticket.opened",
                ANA,
                "2024-03-01T09:00:00Z",
                channel="email",
                properties={"type": kind, "priority": "normal"},
                **seven,
            ),
            event("promise.made", ANA, "2024-03-01T09:00:00Z", due_at=due, **seven),
            event("promise.kept", ANA, "2024-03-02T09:00:00Z", **seven),
            event("ticket.solved", ANA, "2024-03-02T09:00:00Z", **seven),
            event("survey.answered", ANA, "2024-03-04T08:00:00Z", **GOOD, **seven),
            event("ticket.opened", max_mail, "2024-03-01T10:00:00Z", channel="web", properties={"type": kind}, **eight),
            event("promise.made", max_mail, "2024-03-01T10:00:00Z", due_at=due, **eight),
            event("promise.broken", max_mail, due, **eight),
            event("ticket.solved", max_mail, "2024-03-05T09:00:00Z", **eight),
            event("ticket.closed", max_mail, "2024-03-06T08:00:00Z", **eight),
        ]
    )
    assert found.identifiers == [(max_mail, "email", "Max@example.org")]
    assert found.unknown == {"tickets.csv": ()}


def test_comments_go_in_or_out_by_the_requester_of_their_ticket(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "tickets", TICKETS[:1]), page(tmp_path, "comments", COMMENTS))
    assert found.of("message.received", "ticket.replied") == found.ordered(
        [
            event("message.received", ANA, "2024-03-02T11:30:00Z", thread=ONE, channel="app", **DESK),
            event("ticket.replied", ANA, "2024-03-01T10:00:00Z", thread=ONE, channel="web", **DESK),
        ]
    )
    assert [words for words in found.texts if words[0] in {"message.received", "ticket.replied"}] == [
        ("message.received", ONE, "Toujours rien."),
        ("ticket.replied", ONE, "Bonjour, nous regardons."),
    ]


def test_comments_without_their_tickets_are_refused_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="'tickets'"):
        read("zendesk", page(tmp_path, "comments", COMMENTS))


def test_a_comment_whose_ticket_is_not_in_the_export_is_refused(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "tickets", TICKETS[1:2]), page(tmp_path, "comments", COMMENTS[1:3]))
    assert found.of("message.received", "ticket.replied") == []
    assert ("ticket.replied", "subject", "missing") in found.rejects


def test_only_end_users_are_identified_and_a_shared_phone_is_nobodys(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "users", USERS))
    assert found.identifiers == [
        (ANA, "email", "ana@example.org"),
        (ANA, "external_id", "C-9"),
        (ANA, "language", "fr"),
        (ANA, "name", "Ana Roy"),
        (ANA, "phone", "+33612345678"),
        (MAX, "email", "max@example.org"),
        (MAX, "name", "Max Petit"),
    ]


def test_ratings_are_one_or_nought_and_an_offer_is_a_question(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "satisfaction_ratings", RATINGS))
    assert found.events == found.ordered(
        [
            event("survey.answered", ANA, "2024-03-04T09:00:00Z", thread=ONE, score=1.0, scale_max=1.0, **CSAT, **DESK),
            event("survey.answered", MAX, "2024-03-12T08:00:00Z", thread=TWO, score=0.0, scale_max=1.0, **CSAT),
            event("survey.asked", "zendesk:user:44", "2024-03-13T08:00:00Z", thread="zendesk:ticket:110", **CSAT),
        ]
    )
    assert found.texts == [("survey.answered", ONE, "Merci")]


@pytest.mark.parametrize("way", [1, -1])
def test_a_rating_and_its_ticket_tell_one_answer_with_the_ratings_date(tmp_path: Path, way: int) -> None:
    files = [page(tmp_path, "satisfaction_ratings", RATINGS[:1]), page(tmp_path, "tickets", TICKETS)]
    found = read("zendesk", *files[::way])
    assert found.of("survey.answered") == [
        event("survey.answered", ANA, "2024-03-04T09:00:00Z", thread=ONE, score=1.0, scale_max=1.0, **CSAT, **DESK)
    ]


def test_each_rated_answer_of_the_newer_survey_is_an_event(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "survey_responses", SURVEYS))
    assert found.events == found.ordered(
        [
            event(
                "survey.answered",
                ANA,
                "2024-04-01T10:01:00Z",
                thread=ONE,
                score=4.0,
                scale_max=5.0,
                properties={"survey": "01SV", "category": "good"},
                **CSAT,
            ),
            event(
                "survey.answered",
                MAX,
                "2024-04-02T10:00:00Z",
                thread=TWO,
                score=1.0,
                scale_max=5.0,
                properties={"survey": "01SV", "category": "bad"},
                **CSAT,
            ),
        ]
    )
    assert found.texts == [("survey.answered", TWO, "Trop long")]


SOLVED_ONE = event(
    "ticket.solved",
    ANA,
    "2024-03-03T15:00:00Z",
    thread=ONE,
    properties={"reopens": "1", "replies": "2", "first_reply_minutes": "60"},
    **DESK,
)
SOLVED_TWO = event(
    "ticket.solved",
    MAX,
    "2024-03-12T08:00:00Z",
    thread=TWO,
    agent="zendesk:user:900",
    properties={"reopens": "0", "replies": "0"},
)
STATUS = ("ticket.solved", "ticket.reopened", "ticket.closed", "ticket.assigned", "ticket.escalated")


def test_metrics_alone_give_the_solvings_and_bound_the_reopening(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "tickets", TICKETS), page(tmp_path, "ticket_metrics", METRICS))
    known = {"known_at": "2024-03-05T10:00:00Z", "thread": ONE}
    assert found.of(*STATUS) == found.ordered(
        [
            CLOSED_TWO,
            SOLVED_ONE,
            SOLVED_TWO,
            event("ticket.solved", ANA, "2024-03-01T11:00:00Z", properties={"estimated": "true"}, **known, **DESK),
            event(
                "ticket.reopened",
                ANA,
                "2024-03-01T11:01:00Z",
                properties={"estimated": "true", "reopens": "1"},
                **known,
                **DESK,
            ),
        ]
    )
    broken = event("promise.broken", MAX, "2024-03-10T12:00:00Z", thread=TWO, agent="zendesk:user:900")
    assert found.of("promise.made", "promise.kept", "promise.broken") == found.ordered([PROMISED_TWO, broken])


AUDITED = [
    event("ticket.assigned", ANA, "2024-03-01T11:00:20Z", thread=ONE, **DESK),
    event("ticket.solved", ANA, "2024-03-01T11:00:20Z", thread=ONE, **DESK),
    event("ticket.reopened", ANA, "2024-03-02T11:30:00Z", thread=ONE, **DESK),
    event("ticket.escalated", ANA, "2024-03-02T11:30:00Z", thread=ONE, **DESK),
    event("ticket.solved", ANA, "2024-03-03T15:00:00Z", thread=ONE, team="zendesk:group:30"),
    event("ticket.closed", ANA, "2024-03-07T15:00:00Z", thread=ONE, **DESK),
]


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("also", [[], METRICS[:1]], ids=["audits", "audits and metrics"])
def test_audits_give_exact_times_and_metrics_add_nothing_to_them(tmp_path: Path, also: list[Record], way: int) -> None:
    files = [page(tmp_path, "audits", AUDITS), page(tmp_path, "tickets", TICKETS[:1])]
    files += [page(tmp_path, "ticket_metrics", also)] if also else []
    found = read("zendesk", *files[::way])
    assert found.of(*STATUS) == found.ordered(AUDITED)
    assert found.rejects == []


def test_bad_rows_are_refused_with_a_reason_and_the_rest_is_kept(tmp_path: Path) -> None:
    found = read("zendesk", page(tmp_path, "tickets", [*TICKETS, *BAD_TICKETS]))
    assert found.events == found.ordered(TICKET_EVENTS)
    assert found.rejects == [
        ("ticket.opened", "key", "missing"),
        ("ticket.opened", "occurred_at", "time_not_understood"),
        ("ticket.opened", "subject", "missing"),
    ]


def test_columns_that_the_preset_does_not_use_are_told(tmp_path: Path) -> None:
    rows = [{"Id": "7", "Requester id": "42", "Created at": "2024-03-01", "Status": "Open", "Humeur": "bleue"}]
    assert read("zendesk", as_csv(tmp_path, "export.csv", rows)).unknown == {"export.csv": ("Humeur",)}
