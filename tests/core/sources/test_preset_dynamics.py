"""What the Dynamics 365 preset makes of Dataverse records and of Excel exports."""

from pathlib import Path

import pytest
from tests.core.sources.dynamics_samples import ANA as ANA_ID
from tests.core.sources.dynamics_samples import CONTACTS, INCIDENTS, OPPORTUNITIES, RESOLUTIONS, SURVEYS
from tests.core.sources.preset_samples import Found, Record, as_csv, as_json, event, read

ANA = f"dynamics:contact:{ANA_ID.lower()}"
TWIN = "dynamics:contact:a1b2c3d4-0000-0000-0000-000000000002"
MAX = f"dynamics:email:{Found.digest('max@example.org')}"
OWNER = {"agent": "dynamics:user:u-1"}
ONE = "dynamics:incident:i-1"


def page(folder: Path, name: str, records: list[Record]) -> Path:
    return as_json(folder, f"{name}.json", {"@odata.context": "$metadata", "value": records})


def test_a_contact_has_three_addresses_and_a_merged_one_points_to_its_master(tmp_path: Path) -> None:
    found = read("dynamics", page(tmp_path, "contacts", CONTACTS))
    assert found.identifiers == [
        (ANA, "city", "Lyon"),
        (ANA, "email", "ana@example.org"),
        (ANA, "email", "roy@example.org"),
        (ANA, "first_name", "Ana"),
        (ANA, "last_name", "Roy"),
        (ANA, "phone", "06 12 34 56 78"),
        (ANA, "postcode", "69001"),
        (TWIN, "last_name", "Roy"),
        (TWIN, "same_as", ANA),
    ]


def promise(kind: str, at: str, about: str, due: str) -> Record:
    topic = "first_response" if about == "response" else "resolution"
    return event(kind, ANA, at, due_at=due, thread=f"{ONE}:{about}", topic=topic, **OWNER)


RESPONSE_DUE, RESOLVE_DUE = "2024-03-01T11:00:00Z", "2024-03-02T09:00:00Z"
ESTIMATED = {"properties": {"estimated": "true"}}
SOLVED_AT_LAST_CHANGE = event("ticket.solved", ANA, "2024-03-03T09:00:00Z", thread=ONE, **OWNER, **ESTIMATED)
INCIDENT_EVENTS = [
    event(
        "ticket.opened",
        ANA,
        "2024-03-01T09:00:00Z",
        thread=ONE,
        channel="phone",
        properties={"type": "2", "priority": "1"},
        **OWNER,
    ),
    event("ticket.escalated", ANA, "2024-03-02T10:00:00Z", thread=ONE, **OWNER),
    event(
        "survey.answered",
        ANA,
        "2024-03-03T09:00:00Z",
        thread=ONE,
        topic="csat",
        channel="survey",
        score=2.0,
        scale_max=5.0,
        **OWNER,
        **ESTIMATED,
    ),
    promise("promise.made", "2024-03-01T09:00:00Z", "response", RESPONSE_DUE),
    promise("promise.kept", RESPONSE_DUE, "response", RESPONSE_DUE),
    promise("promise.made", "2024-03-01T09:00:00Z", "resolve", RESOLVE_DUE),
    promise("promise.broken", RESOLVE_DUE, "resolve", RESOLVE_DUE),
    event(
        "ticket.opened",
        "dynamics:account:acc0-1",
        "2024-03-04T09:00:00Z",
        thread="dynamics:incident:i-2",
        channel="social",
    ),
]


def test_a_case_gives_its_promises_its_escalation_and_its_satisfaction(tmp_path: Path) -> None:
    found = read("dynamics", page(tmp_path, "incidents", INCIDENTS))
    assert found.events == found.ordered([*INCIDENT_EVENTS, SOLVED_AT_LAST_CHANGE])
    assert found.texts == [
        ("ticket.opened", ONE, "Panne\nNe démarre pas"),
        ("ticket.opened", "dynamics:incident:i-2", "Question"),
    ]
    assert found.rejects == []


@pytest.mark.parametrize("way", [1, -1])
def test_the_resolution_of_a_case_dates_its_solving(tmp_path: Path, way: int) -> None:
    files = [page(tmp_path, "incidentresolutions", RESOLUTIONS), page(tmp_path, "incidents", INCIDENTS)]
    found = read("dynamics", *files[::way])
    assert found.of("ticket.solved") == [event("ticket.solved", ANA, "2024-03-02T15:00:00Z", thread=ONE, **OWNER)]


ENGLISH = {
    "(Do Not Modify) Case": "I-7",
    "Case Number": "CAS-7",
    "Case Title": "Panne",
    "Contact ID": ANA_ID,
    "Origin": "Email",
    "Satisfaction": "Very Satisfied",
    "Resolve By": "02/03/2024 10:00",
    "Resolve By SLA Status": "Succeeded",
    "Status": "Resolved",
    "Created On": "01/03/2024 10:00",
    "Modified On": "01/03/2024 18:00",
}
FRENCH = {
    "(Ne pas modifier) Incident": "I-7",
    "Numéro d'incident": "CAS-7",
    "Titre de l'incident": "Panne",
    "ID du contact": ANA_ID,
    "Origine": "Courrier électronique",
    "Satisfaction du client": "Très satisfait",
    "Résoudre avant le": "02/03/2024 10:00",
    "Statut SLA de la résolution": "Réussi",
    "Statut": "Résolu",
    "Créé le": "01/03/2024 10:00",
    "Modifié le": "01/03/2024 18:00",
}


@pytest.mark.parametrize("row", [ENGLISH, FRENCH], ids=["English", "French"])
def test_choices_are_read_by_their_label_too(tmp_path: Path, row: Record) -> None:
    found = read("dynamics", as_csv(tmp_path, "incidents.csv", [{**row, "Humeur": "bleue"}], delimiter=";"))
    seven, last = "dynamics:incident:i-7", "2024-03-01T17:00:00Z"
    promised = {"thread": f"{seven}:resolve", "topic": "resolution", "due_at": RESOLVE_DUE}
    assert found.events == found.ordered(
        [
            event("ticket.opened", ANA, "2024-03-01T09:00:00Z", thread=seven, channel="email"),
            event("ticket.solved", ANA, last, thread=seven, **ESTIMATED),
            event(
                "survey.answered",
                ANA,
                last,
                thread=seven,
                topic="csat",
                channel="survey",
                score=5.0,
                scale_max=5.0,
                **ESTIMATED,
            ),
            event("promise.made", ANA, "2024-03-01T09:00:00Z", **promised),
            event("promise.kept", ANA, last, **promised),
        ]
    )
    assert found.unknown == {"incidents.csv": ("Humeur",)}


def test_a_won_opportunity_is_an_order_of_its_actual_value(tmp_path: Path) -> None:
    found = read("dynamics", page(tmp_path, "opportunities", OPPORTUNITIES))
    assert found.events == [
        event(
            "order.placed",
            ANA,
            "2024-03-31T22:00:00Z",
            thread="dynamics:opportunity:o-1",
            amount=1250.75,
            currency="EUR",
            **OWNER,
        )
    ]


def test_a_survey_response_goes_to_the_contact_it_regards_else_to_the_respondents_address(tmp_path: Path) -> None:
    found = read("dynamics", page(tmp_path, "surveys", SURVEYS))
    nps = {"topic": "nps", "channel": "survey", "scale_max": 10.0}
    assert found.events == found.ordered(
        [
            event("survey.answered", ANA, "2024-05-01T10:00:00Z", score=9.0, **nps),
            event(
                "survey.answered",
                ANA,
                "2024-05-01T10:00:00Z",
                score=4.0,
                scale_max=5.0,
                topic="csat",
                channel="survey",
            ),
            event("survey.answered", MAX, "2024-05-02T10:00:00Z", score=3.0, **nps),
        ]
    )
    assert found.identifiers == [(ANA, "email", "ana@example.org"), (MAX, "email", "Max@example.org")]


def test_a_case_of_nobody_an_impossible_date_and_a_missing_number_are_refused(tmp_path: Path) -> None:
    plain = {"ticketnumber": "CAS-9", "statecode": 0, "_primarycontactid_value": ANA_ID}
    bad = [
        {**plain, "incidentid": "i-4", "createdon": "2024-03-01T09:00:00Z", "_primarycontactid_value": None},
        {**plain, "incidentid": "i-5", "createdon": "yesterday"},
        {**plain, "incidentid": None, "createdon": "2024-03-01T09:00:00Z"},
    ]
    found = read("dynamics", page(tmp_path, "incidents", [*INCIDENTS, *bad]))
    assert found.events == found.ordered([*INCIDENT_EVENTS, SOLVED_AT_LAST_CHANGE])
    assert found.rejects == [
        ("ticket.opened", "key", "missing"),
        ("ticket.opened", "occurred_at", "time_not_understood"),
        ("ticket.opened", "subject", "missing"),
    ]
