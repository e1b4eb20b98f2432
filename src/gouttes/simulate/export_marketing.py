"""HubSpot: contacts as the screen exports them, answers to surveys and e-mail events as the API gives them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gouttes.simulate.truth import Truth

CONTACTS_SQL = """
select r.key as "Record ID", first as "First name", last as "Last name", email as "Email address",
    phone as "Phone number", city as "City", postcode as "Postal code", country as "Country/Region",
    case when french then 'fr' else 'en' end as "Preferred language",
    strftime(since, '%Y-%m-%d %H:%M') as "Create date",
    strftime(since, '%Y-%m-%dT%H:%M:%SZ') as "Last modified date"
from records r join (
    select who, second, min(occurred_at) as since from log where source = 'hubspot' group by who, second
) s on r.system = 2 and s.who = r.who and s.second = r.second
order by r.key
"""

FEEDBACK_SQL = """
select 400000000 + line as hs_object_id, r.key as contact_id, r.email as hs_contact_email_rollup,
    case when scale_max = 10 then 'NPS' else 'CES' end as hs_survey_type,
    case when scale_max = 10 then '310' else '320' end as hs_survey_id, 'EMAIL' as hs_survey_channel,
    cast(score as integer) as hs_value,
    case when score >= .9 * scale_max - 0.3 then 'PROMOTER' when score >= .7 * scale_max - 0.3 then 'PASSIVE'
         else 'DETRACTOR' end as hs_response_group,
    strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ') as hs_submission_timestamp
from log l join records r on r.system = 2 and r.who = l.who and r.second = l.second
where kind = 'survey.answered' and source = 'hubspot' order by line
"""

EMAILS_SQL = """
select md5('mail' || line) as id,
    case kind when 'email.delivered' then 'DELIVERED' when 'email.opened' then 'OPEN' else 'CLICK' end as type,
    r.email as recipient, epoch_ms(occurred_at) as created, 55000 + week(occurred_at) as "emailCampaignId",
    false as "filteredEvent"
from log l join records r on r.system = 2 and r.who = l.who and r.second = l.second
where kind like 'email.%' order by line
"""


def write(connection: Any, folder: Path, truth: Truth) -> list[Path]:  # noqa: ANN401, ARG001 -- a DuckDB connection; same call for every system
    """Write the marketing tool's tables."""
    paths = []
    queries = {"contacts": CONTACTS_SQL, "feedback_submissions": FEEDBACK_SQL, "email_events": EMAILS_SQL}
    for name, query in queries.items():
        path = folder / f"{name}.csv"
        connection.sql(query).write_csv(str(path))
        paths.append(path)
    return paths
