"""A small Salesforce export, as the system writes it; every name in it is invented."""

from typing import Any

Record = dict[str, Any]

CONTACTS: list[Record] = [
    {
        "Id": "0035e00000AbCdEAAV",
        "IsDeleted": "false",
        "MasterRecordId": "",
        "LastName": "Roy",
        "FirstName": "Ana",
        "Email": "ana@example.org",
        "Phone": "01 44 55 66 77",
        "MobilePhone": "",
        "MailingCity": "Lyon",
        "LastModifiedDate": "2024-01-05T10:00:00.000Z",
    },
    {
        "Id": "0035e00000ZzZzZAAV",
        "IsDeleted": "true",
        "MasterRecordId": "0035e00000AbCdEAAV",
        "LastName": "Roy",
        "FirstName": "A.",
        "Email": "old@example.org",
        "Phone": "",
        "MobilePhone": "",
        "MailingCity": "",
        "LastModifiedDate": "2024-02-05T10:00:00.000Z",
    },
]

CASES: list[Record] = [
    {
        "Id": "5005e000001aaaaAAA",
        "CaseNumber": "00001001",
        "IsDeleted": "false",
        "ContactId": "0035e00000AbCdE",
        "Origin": "Phone",
        "Reason": "Installation",
        "Type": "Problem",
        "Priority": "High",
        "Subject": "Panne",
        "Description": "Ne démarre pas",
        "IsClosed": "true",
        "ClosedDate": "2024-03-03T09:00:00.000+0000",
        "IsEscalated": "true",
        "OwnerId": "0055e000001bbbbAAA",
        "SuppliedEmail": "",
        "CreatedDate": "2024-03-01T09:00:00.000+0000",
        "LastModifiedDate": "2024-03-03T09:30:00.000+0000",
    },
    {
        "Id": "5005e000001aaabAAA",
        "CaseNumber": "00001002",
        "IsDeleted": "false",
        "ContactId": "",
        "Origin": "Web",
        "Subject": "Devis",
        "IsClosed": "false",
        "ClosedDate": "",
        "IsEscalated": "false",
        "OwnerId": "0055e000001bbbbAAA",
        "SuppliedEmail": "Max@example.org",
        "CreatedDate": "2024-03-02T09:00:00.000+0000",
        "LastModifiedDate": "2024-03-02T09:00:00.000+0000",
    },
    {
        "Id": "5005e000001aaacAAA",
        "CaseNumber": "00001003",
        "IsDeleted": "true",
        "ContactId": "0035e00000AbCdE",
        "Origin": "Email",
        "IsClosed": "false",
        "CreatedDate": "2024-03-02T09:00:00.000+0000",
        "LastModifiedDate": "2024-03-02T09:00:00.000+0000",
    },
]


def _opportunity(number: str, kind: str, *, won: bool, **more: str) -> Record:
    return {
        "Id": f"0065e000002{number}AAA",
        "IsDeleted": "false",
        "AccountId": "0015e000003ccccAAA",
        "ContactId": "0035e00000AbCdEAAV",
        "StageName": "Closed Won" if won else "Closed Lost",
        "Amount": "1500.5",
        "CurrencyIsoCode": "EUR",
        "CloseDate": "2024-04-30",
        "Type": kind,
        "IsClosed": "true",
        "IsWon": str(won).lower(),
        "LastStageChangeDate": "2024-04-30T10:00:00.000Z",
        "OwnerId": "0055e000001bbbbAAA",
        **more,
    }


OPPORTUNITIES: list[Record] = [
    _opportunity("dda1", "New Customer", won=True, ContactId=""),
    _opportunity("dda2", "Renewal", won=True),
    _opportunity("dda3", "Renewal", won=False),
    _opportunity("dda4", "Existing Customer - Upgrade", won=True),
    _opportunity("dda5", "Existing Customer - Downgrade", won=True),
    _opportunity("dda6", "New Customer", won=False),
]

INVITATIONS: list[Record] = [
    {
        "Id": "0Ki5e0000000001AAA",
        "ContactId": "",
        "ParticipantId": "0035e00000AbCdEAAV",
        "SurveyId": "0Kd5e0000000001AAA",
        "CreatedDate": "2024-05-01T09:00:00.000Z",
    },
]

ANSWERS: list[Record] = [
    {
        "Id": "0Ky5e0000000001AAA",
        "InvitationId": "0Ki5e0000000001AAA",
        "QuestionId": "0Kq5e0000000001AAA",
        "Question.QuestionType": "NPS",
        "Datatype": "Number",
        "NumberValue": "8.0",
        "ChoiceValue": "",
        "CreatedDate": "2024-05-02T09:00:00.000Z",
    },
    {
        "Id": "0Ky5e0000000002AAA",
        "InvitationId": "0Ki5e0000000001AAA",
        "QuestionId": "0Kq5e0000000002AAA",
        "Question.QuestionType": "Rating",
        "Datatype": "Number",
        "NumberValue": "4",
        "ChoiceValue": "",
        "CreatedDate": "2024-05-02T09:00:10.000Z",
    },
    {
        "Id": "0Ky5e0000000003AAA",
        "InvitationId": "0Ki5e0000000001AAA",
        "QuestionId": "0Kq5e0000000003AAA",
        "Question.QuestionType": "FreeText",
        "Datatype": "String",
        "NumberValue": "",
        "ChoiceValue": "Bien",
        "CreatedDate": "2024-05-02T09:00:20.000Z",
    },
]
