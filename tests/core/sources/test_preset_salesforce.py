"""What the Salesforce preset makes of Salesforce's own exports."""

from pathlib import Path

import pytest
from tests.core.sources.preset_samples import Found, Record, as_csv, as_json, event, read
from tests.core.sources.salesforce_samples import ANSWERS, CASES, CONTACTS, INVITATIONS, OPPORTUNITIES

ANA, TWIN = "salesforce:contact:0035e00000AbCdE", "salesforce:contact:0035e00000ZzZzZ"
MAX = f"salesforce:email:{Found.digest('max@example.org')}"
DESK = {"agent": "salesforce:user:0055e000001bbbb"}
CASE_ONE, CASE_TWO = "salesforce:case:5005e000001aaaa", "salesforce:case:5005e000001aaab"


def test_a_merged_contact_is_linked_to_the_one_that_won_and_says_nothing_more(tmp_path: Path) -> None:
    found = read("salesforce", as_csv(tmp_path, "Contact.csv", CONTACTS))
    assert found.identifiers == [
        (ANA, "city", "Lyon"),
        (ANA, "email", "ana@example.org"),
        (ANA, "first_name", "Ana"),
        (ANA, "last_name", "Roy"),
        (ANA, "phone", "01 44 55 66 77"),
        (TWIN, "same_as", ANA),
    ]
    assert found.unknown == {"Contact.csv": ()}


CASE_EVENTS = [
    event(
        "ticket.opened",
        ANA,
        "2024-03-01T09:00:00Z",
        thread=CASE_ONE,
        channel="phone",
        properties={"type": "problem", "reason": "installation", "priority": "high"},
        **DESK,
    ),
    event("ticket.solved", ANA, "2024-03-03T09:00:00Z", thread=CASE_ONE, **DESK),
    event(
        "ticket.escalated",
        ANA,
        "2024-03-01T09:00:00Z",
        known_at="2024-03-03T09:30:00Z",
        thread=CASE_ONE,
        properties={"estimated": "true"},
        **DESK,
    ),
    event("ticket.opened", MAX, "2024-03-02T09:00:00Z", thread=CASE_TWO, channel="web", **DESK),
]


def test_a_case_is_opened_solved_and_escalated_and_a_deleted_one_is_left_out(tmp_path: Path) -> None:
    found = read("salesforce", as_csv(tmp_path, "Case.csv", CASES))
    assert found.events == found.ordered(CASE_EVENTS)
    assert found.identifiers == [(MAX, "email", "Max@example.org")]
    assert found.texts == [("ticket.opened", CASE_ONE, "Panne\nNe démarre pas"), ("ticket.opened", CASE_TWO, "Devis")]


def test_the_answer_of_a_query_gives_the_same_as_the_weekly_export(tmp_path: Path) -> None:
    records = [
        {"attributes": {"type": "Case"}, **{name: value or None for name, value in case.items()}} for case in CASES
    ]
    path = as_json(tmp_path, "Case.json", {"totalSize": 3, "done": True, "records": records})
    found = read("salesforce", path)
    assert found.events == found.ordered(CASE_EVENTS)
    assert found.unknown == {"Case.json": ("attributes.type",)}


@pytest.mark.parametrize(
    "headings",
    [
        ("Case ID", "Case Number", "Contact ID", "Case Origin", "Subject", "Date/Time Opened", "Date/Time Closed"),
        (
            "ID de la requête",
            "Numéro de requête",
            "ID du contact",
            "Origine de la requête",
            "Objet",
            "Date/Heure d'ouverture",
            "Date/Heure de fermeture",
        ),
    ],
    ids=["English", "French"],
)
def test_a_report_is_understood_in_both_languages(tmp_path: Path, headings: tuple[str, ...]) -> None:
    origin = "Téléphone" if "Objet" in headings else "Phone"
    cells = ("5005e000001aaaa", "00001001", "0035e00000AbCdE", origin, "Panne", "01/03/2024 10:00", "03/03/2024 10:00")
    path = as_csv(tmp_path, "report.csv", [dict(zip(headings, cells, strict=True)) | {"Humeur": "bleue"}])
    found = read("salesforce", path)
    assert found.events == found.ordered(
        [
            event("ticket.opened", ANA, "2024-03-01T09:00:00Z", thread=CASE_ONE, channel="phone"),
            event("ticket.solved", ANA, "2024-03-03T09:00:00Z", thread=CASE_ONE),
        ]
    )
    assert found.unknown == {"report.csv": ("Humeur",)}


def sale(kind: str, number: str, at: str, subject: str = ANA, **columns: object) -> Record:
    return event(kind, subject, at, thread=f"salesforce:opportunity:0065e000002{number}", **DESK, **columns)


def test_the_type_of_an_opportunity_decides_what_was_won(tmp_path: Path) -> None:
    found = read("salesforce", as_csv(tmp_path, "Opportunity.csv", OPPORTUNITIES))
    day = "2024-04-29T22:00:00Z"
    money: Record = {"amount": 1500.5, "currency": "EUR"}
    account = "salesforce:account:0015e000003cccc"
    assert found.events == found.ordered(
        [
            sale("order.placed", "dda1", day, account, properties={"type": "new customer"}, **money),
            sale("subscription.renewed", "dda2", "2024-04-30T10:00:00Z", due_at="2024-04-30T21:59:59.999999Z", **money),
            sale("subscription.ended", "dda3", "2024-04-30T10:00:00Z"),
            sale("subscription.upgraded", "dda4", day, **money),
            sale("subscription.downgraded", "dda5", day, **money),
        ]
    )


def test_a_renewal_in_a_french_report_is_due_by_the_end_of_its_close_date(tmp_path: Path) -> None:
    row = {
        "ID de l'opportunité": "0065e000002dda2",
        "ID du contact": "0035e00000AbCdE",
        "Étape": "Clôturée gagnée",
        "Type": "Renouvellement",
        "Montant": "1 500,50",
        "Date de clôture": "30/04/2024",
    }
    found = read("salesforce", as_csv(tmp_path, "opportunites.csv", [row], delimiter=";"))
    assert found.events == [
        event(
            "subscription.renewed",
            ANA,
            "2024-04-29T22:00:00Z",
            due_at="2024-04-30T21:59:59.999999Z",
            thread="salesforce:opportunity:0065e000002dda2",
            amount=1500.5,
            currency="EUR",
        )
    ]


def test_survey_answers_find_their_contact_through_the_invitation(tmp_path: Path) -> None:
    found = read(
        "salesforce",
        as_csv(tmp_path, "SurveyInvitation.csv", INVITATIONS),
        as_csv(tmp_path, "SurveyQuestionResponse.csv", ANSWERS),
    )
    survey = {"survey": "0Kd5e0000000001"}
    assert found.events == found.ordered(
        [
            event("survey.asked", ANA, "2024-05-01T09:00:00Z", channel="survey", properties=survey),
            event(
                "survey.answered",
                ANA,
                "2024-05-02T09:00:00Z",
                channel="survey",
                topic="nps",
                score=8.0,
                scale_max=10.0,
                properties={**survey, "question": "0Kq5e0000000001"},
            ),
            event(
                "survey.answered",
                ANA,
                "2024-05-02T09:00:10Z",
                channel="survey",
                topic="csat",
                score=4.0,
                scale_max=5.0,
                properties={**survey, "question": "0Kq5e0000000002"},
            ),
        ]
    )


def test_a_case_of_nobody_and_an_impossible_date_are_refused(tmp_path: Path) -> None:
    bad = [
        {**CASES[1], "Id": "5005e000001aaadAAA", "SuppliedEmail": ""},
        {**CASES[1], "Id": "5005e000001aaaeAAA", "CreatedDate": "2024-13-01T00:00:00.000Z"},
        {**CASES[1], "Id": ""},
    ]
    found = read("salesforce", as_csv(tmp_path, "Case.csv", [*CASES, *bad]))
    assert found.events == found.ordered(CASE_EVENTS)
    assert [reject for reject in found.rejects if reject[0] == "ticket.opened"] == [
        ("ticket.opened", "key", "missing"),
        ("ticket.opened", "occurred_at", "time_not_understood"),
        ("ticket.opened", "subject", "missing"),
    ]
