"""What the Chatwoot preset makes of Chatwoot's API answers and of its screen's files."""

from pathlib import Path

import pytest
from tests.core.sources.brought import CONTEXT, write
from tests.core.sources.chatwoot_samples import CONTACTS, CONVERSATIONS, CSAT, MESSAGES
from tests.core.sources.preset_samples import Found, Record, as_csv, as_json, event, read

from gouttes.errors import BadInputError
from gouttes.sources import plan
from gouttes.sources.catalogue import preset, presets

ANA = "chatwoot:contact:12"
MAX = f"chatwoot:email:{Found.digest('max@example.org')}"
ONE = "chatwoot:conversation:3"
TEAM = {"agent": "chatwoot:user:4", "team": "chatwoot:team:2"}

OPENED = [
    event(
        "ticket.opened",
        ANA,
        "2024-03-01T09:00:00Z",
        thread=ONE,
        channel="chat",
        properties={"priority": "high", "inbox": "1"},
        **TEAM,
    ),
    event(
        "ticket.opened",
        ANA,
        "2024-03-02T09:00:00Z",
        thread="chatwoot:conversation:4",
        channel="email",
        properties={"inbox": "1"},
    ),
]
REPLIED = event("ticket.replied", ANA, "2024-03-01T09:10:00Z", thread=ONE, **TEAM)
SOLVED = event("ticket.solved", ANA, "2024-03-01T11:00:00Z", thread=ONE, **TEAM)


def conversations(folder: Path) -> Path:
    return as_json(folder, "conversations.json", {"data": {"meta": {"all_count": 2}, "payload": CONVERSATIONS}})


def messages(folder: Path, records: list[Record]) -> Path:
    return as_json(folder, "messages.json", {"meta": {}, "payload": records})


def test_a_contact_gives_its_identifiers(tmp_path: Path) -> None:
    found = read("chatwoot", as_json(tmp_path, "contacts.json", {"meta": {"count": 1}, "payload": CONTACTS}))
    assert found.identifiers == [
        (ANA, "email", "ana@example.org"),
        (ANA, "external_id", "C-9"),
        (ANA, "name", "Ana Roy"),
        (ANA, "phone", "+33612345678"),
    ]


def test_conversations_alone_are_opened_replied_and_solved_at_their_last_activity(tmp_path: Path) -> None:
    found = read("chatwoot", conversations(tmp_path))
    solved = {**SOLVED, "properties": {"estimated": "true"}}
    assert found.events == found.ordered([*OPENED, REPLIED, solved])


@pytest.mark.parametrize("way", [1, -1])
def test_messages_and_conversations_together_count_nothing_twice(tmp_path: Path, way: int) -> None:
    found = read("chatwoot", *[messages(tmp_path, MESSAGES), conversations(tmp_path)][::way])
    assert found.events == found.ordered(
        [
            *OPENED,
            REPLIED,
            SOLVED,
            event("message.received", ANA, "2024-03-01T10:00:00Z", thread=ONE, **TEAM),
            event("survey.asked", ANA, "2024-03-01T11:00:01Z", thread=ONE, topic="csat", channel="survey"),
        ]
    )
    assert found.texts == [
        ("message.received", ONE, "Toujours là ?"),
        ("ticket.opened", ONE, "Bonjour"),
        ("ticket.replied", ONE, "Bonjour Ana"),
    ]


@pytest.mark.parametrize("words", ["Conversation was reopened by Léa", "La conversation a été ré-ouverte par Léa"])
def test_a_line_that_says_reopened_is_a_reopening(tmp_path: Path, words: str) -> None:
    line = {**MESSAGES[4], "id": 40, "created_at": 1709373600, "content": words}
    found = read("chatwoot", conversations(tmp_path), messages(tmp_path, [line]))
    assert found.of("ticket.reopened") == [event("ticket.reopened", ANA, "2024-03-02T10:00:00Z", thread=ONE, **TEAM)]


ANSWER = {"thread": ONE, "topic": "csat", "channel": "survey", "score": 4.0, "scale_max": 5.0}


def test_an_answer_is_out_of_five(tmp_path: Path) -> None:
    found = read("chatwoot", as_json(tmp_path, "csat_survey_responses.json", CSAT))
    assert found.events == [event("survey.answered", ANA, "2024-03-01T12:00:00Z", agent="chatwoot:user:4", **ANSWER)]
    assert found.texts == [("survey.answered", ONE, "Bien")]
    assert found.identifiers == [(ANA, "email", "ana@example.org")]


SCREEN = ("Rating", "Feedback Comment", "Contact Email Address", "Link to the conversation", "Recorded date")
SCREEN_FRENCH = (
    "Note",
    "Commentaire",
    "Adresse e-mail du contact",
    "Lien vers la conversation",
    "Date d'enregistrement",
)


@pytest.mark.parametrize("headings", [SCREEN, SCREEN_FRENCH], ids=["English", "French"])
def test_the_file_of_the_screen_names_the_contact_by_its_address(tmp_path: Path, headings: tuple[str, ...]) -> None:
    link = "https://chat.lenoir.example/app/accounts/1/conversations/3"
    row = dict(zip(headings, ("4", "Bien", "max@example.org", link, "2024-03-01 12:00:00 UTC"), strict=True))
    found = read("chatwoot", as_csv(tmp_path, "csat_report.csv", [{**row, "Humeur": "bleue"}]))
    assert found.events == [event("survey.answered", MAX, "2024-03-01T12:00:00Z", **ANSWER)]
    assert found.identifiers == [(MAX, "email", "max@example.org")]
    assert found.unknown == {"csat_report.csv": ("Humeur",)}


def test_a_rating_beyond_five_a_missing_contact_and_a_bad_date_are_refused(tmp_path: Path) -> None:
    bad = [
        {**CSAT[0], "rating": 6},
        {**CSAT[0], "contact": None, "conversation_id": 8},
        {**CSAT[0], "created_at": "2024-02-30", "conversation_id": 9},
    ]
    found = read("chatwoot", as_json(tmp_path, "csat.json", [*bad, *CSAT]))
    assert [one["thread"] for one in found.events] == [ONE]
    assert {reject for reject in found.rejects if reject[0] == "survey.answered"} == {
        ("survey.answered", "score", "score_outside_its_scale"),
        ("survey.answered", "subject", "missing"),
        ("survey.answered", "key", "missing"),
    }


def test_conversations_without_their_inbox_are_told_what_they_lack(tmp_path: Path) -> None:
    file = write(tmp_path, "conversations.json", '[{"id": 7, "created_at": 1709300000, "status": "open"}]')
    lacks = r"It has: id, created_at, status.*chatwoot \(conversations\) needs inbox_id"
    with pytest.raises(BadInputError, match=lacks):
        plan([file], preset("chatwoot"), CONTEXT, others=presets())
