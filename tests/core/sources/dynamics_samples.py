"""A small Dynamics 365 export, as the system writes it; every name in it is invented."""

from typing import Any

Record = dict[str, Any]

ANA, MAX, LENOIR = "A1B2C3D4-0000-0000-0000-000000000001", "a1b2c3d4-0000-0000-0000-000000000002", "acc0-1"
LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"

CONTACTS: list[Record] = [
    {
        "@odata.etag": 'W/"1"',
        "contactid": ANA,
        "firstname": "Ana",
        "lastname": "Roy",
        "emailaddress1": "ana@example.org",
        "emailaddress2": "roy@example.org",
        "telephone1": None,
        "mobilephone": "06 12 34 56 78",
        "address1_city": "Lyon",
        "address1_postalcode": "69001",
        "_masterid_value": None,
        "statecode": 0,
        "modifiedon": "2024-01-05T10:00:00Z",
    },
    {
        "@odata.etag": 'W/"2"',
        "contactid": MAX,
        "firstname": None,
        "lastname": "Roy",
        "emailaddress1": None,
        "_masterid_value": ANA,
        "statecode": 1,
        "modifiedon": "2024-02-05T10:00:00Z",
    },
]

INCIDENTS: list[Record] = [
    {
        "incidentid": "i-1",
        "ticketnumber": "CAS-1",
        "title": "Panne",
        "description": "Ne démarre pas",
        "_customerid_value": LENOIR,
        f"_customerid_value{LOOKUP}": "account",
        "_primarycontactid_value": ANA,
        "caseorigincode": 1,
        "casetypecode": 2,
        "prioritycode": 1,
        "customersatisfactioncode": 2,
        "responseby": "2024-03-01T11:00:00Z",
        "firstresponseslastatus": 3,
        "resolveby": "2024-03-02T09:00:00Z",
        "resolvebyslastatus": 4,
        "isescalated": True,
        "escalatedon": "2024-03-02T10:00:00Z",
        "merged": False,
        "statecode": 1,
        "_ownerid_value": "U-1",
        "createdon": "2024-03-01T09:00:00Z",
        "modifiedon": "2024-03-03T09:00:00Z",
    },
    {
        "incidentid": "i-2",
        "ticketnumber": "CAS-2",
        "title": "Question",
        "_customerid_value": LENOIR,
        f"_customerid_value{LOOKUP}": "account",
        "_primarycontactid_value": None,
        "caseorigincode": 3986,
        "customersatisfactioncode": None,
        "isescalated": False,
        "merged": False,
        "statecode": 0,
        "createdon": "2024-03-04T09:00:00Z",
        "modifiedon": "2024-03-04T09:00:00Z",
    },
    {
        "incidentid": "i-3",
        "ticketnumber": "CAS-3",
        "title": "Doublon",
        "_primarycontactid_value": ANA,
        "caseorigincode": 2,
        "merged": True,
        "statecode": 2,
        "createdon": "2024-03-05T09:00:00Z",
        "modifiedon": "2024-03-05T09:00:00Z",
    },
]

RESOLUTIONS: list[Record] = [
    {"activityid": "r-1", "_incidentid_value": "i-1", "actualend": "2024-03-02T15:00:00Z", "subject": "Réglé"},
]

OPPORTUNITIES: list[Record] = [
    {
        "opportunityid": "o-1",
        "_parentcontactid_value": ANA,
        "_customerid_value": LENOIR,
        "estimatedvalue": 1000,
        "actualvalue": 1250.75,
        "actualclosedate": "2024-04-01",
        "statecode": 1,
        "_ownerid_value": "U-1",
    },
    {
        "opportunityid": "o-2",
        "_parentcontactid_value": ANA,
        "estimatedvalue": 1000,
        "actualclosedate": "2024-04-02",
        "statecode": 2,
    },
]

SURVEYS: list[Record] = [
    {
        "activityid": "s-1",
        "msfp_npsscore": 9,
        "msfp_satisfactionmetricvalue": "4",
        "msfp_respondentemailaddress": "ana@example.org",
        "msfp_submitdate": "2024-05-01T10:00:00Z",
        "_regardingobjectid_value": ANA,
        f"_regardingobjectid_value{LOOKUP}": "contact",
    },
    {
        "activityid": "s-2",
        "msfp_npsscore": 3,
        "msfp_satisfactionmetricvalue": None,
        "msfp_respondentemailaddress": "Max@example.org",
        "msfp_submitdate": "2024-05-02T10:00:00Z",
        "_regardingobjectid_value": "i-2",
        f"_regardingobjectid_value{LOOKUP}": "incident",
    },
]
