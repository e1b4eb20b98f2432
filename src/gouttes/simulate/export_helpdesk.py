"""Zendesk: one JSON document per endpoint, with the field names of its API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gouttes.simulate.crew import AGENT_NUMBER
from gouttes.simulate.names import AGENTS

if TYPE_CHECKING:
    from gouttes.simulate.truth import Truth

BEGIN_SQL = """
create or replace macro iso(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%SZ');
create or replace macro zendesk_number(key) as cast(regexp_extract(key, '\\d+$') as bigint);
create or replace table desk as
select l.*, zendesk_number(subject) as requester, zendesk_number(agent) as assignee, zendesk_number(team) as grouped,
       r.french,
       case channel when 'email' then 'email' when 'web' then 'web' when 'chat' then 'chat' when 'phone' then 'voice'
            else 'twitter' end as via
from log l join records r on r.system = 0 and r.who = l.who and r.second = l.second
where source = 'zendesk' order by line;
create or replace table desk_words as
select *, row_number() over (partition by topic, french order by subject) - 1 as number,
       count(*) over (partition by topic, french) as variants
from words;
create or replace table fate as
select number, max(occurred_at) as updated_at,
       arg_max(kind, occurred_at) filter (kind in ('ticket.opened', 'ticket.solved', 'ticket.reopened')) as last_turn,
       bool_or(kind = 'ticket.escalated') as urgent,
       max(score) as score
from desk group by number;
create or replace table opened as
select d.*, f.updated_at, f.score as rated, f.urgent, f.last_turn = 'ticket.solved' as solved,
       w.subject as said_subject, w.body, w.answer, w.again
from desk d join fate f using (number)
join desk_words w on w.topic = d.topic and w.french = d.french and w.number = d.number % w.variants
where d.kind = 'ticket.opened';
"""

TICKETS_SQL = """
select to_json({
    'tickets': coalesce(list({
        'url': 'https://maisonlenoir.example/api/v2/tickets/' || number || '.json', 'id': number, 'external_id': null,
        'via': {'channel': via}, 'created_at': iso(occurred_at), 'updated_at': iso(updated_at),
        'type': 'question', 'subject': said_subject, 'raw_subject': said_subject, 'description': body,
        'priority': case when urgent then 'urgent' else 'normal' end,
        'status': case when solved then 'solved' else 'open' end,
        'recipient': null, 'requester_id': requester, 'submitter_id': requester, 'assignee_id': assignee,
        'organization_id': null, 'group_id': grouped, 'problem_id': null, 'has_incidents': false, 'is_public': true,
        'due_at': null, 'tags': [topic],
        'satisfaction_rating': {'score': case rated when 1 then 'good' when 0 then 'bad' else 'unoffered' end},
        'brand_id': 77001, 'allow_channelback': false, 'allow_attachments': true
    } order by number), []),
    'count': count(*), 'end_of_stream': true
}) from opened
"""

COMMENTS_SQL = """
with comment as (
    select number, occurred_at as at_, requester as author, body, via from opened
    union all
    select d.number, d.occurred_at, case when d.kind = 'message.received' then d.requester else d.assignee end,
           case when d.kind = 'message.received' then o.again else o.answer end, d.via
    from desk d join opened o using (number) where d.kind in ('message.received', 'ticket.replied')
), numbered as (
    select *, row_number() over (order by at_, number, author) as place from comment
)
select to_json({
    'comments': coalesce(list({
        'id': 800000000 + place, 'type': 'Comment', 'ticket_id': number, 'author_id': author, 'body': body,
        'html_body': '<div class="zd-comment" dir="auto">' || body || '</div>', 'plain_body': body, 'public': true,
        'audit_id': 900000000 + place, 'via': {'channel': via}, 'created_at': iso(at_)
    } order by place), []),
    'count': count(*), 'next_page': null, 'previous_page': null
}) from numbered
"""

AUDITS_SQL = """
with turn as (
    select number, occurred_at as at_, line,
        case kind when 'ticket.reopened' then requester else assignee end as author,
        case kind when 'ticket.escalated' then 'priority' else 'status' end as field_name,
        case kind when 'ticket.solved' then 'solved' when 'ticket.reopened' then 'open' else 'urgent' end as value_,
        case kind when 'ticket.solved' then 'open' when 'ticket.reopened' then 'solved' else 'normal' end as previous
    from desk where kind in ('ticket.solved', 'ticket.reopened', 'ticket.escalated')
)
select to_json({
    'audits': coalesce(list({
        'id': 700000000 + line, 'ticket_id': number, 'created_at': iso(at_), 'author_id': author,
        'via': {'channel': 'web'},
        'events': [{'id': 710000000 + line, 'type': 'Change', 'field_name': field_name, 'value': value_,
                    'previous_value': previous}]
    } order by line), []),
    'count': count(*), 'end_of_stream': true
}) from turn
"""

RATINGS_SQL = """
with asked as (
    select d.*, a.occurred_at as answered_at, a.score as answer, m.remark
    from desk d
    left join desk a on a.number = d.number and a.kind = 'survey.answered'
    left join remarks m on m.french = d.french and m.good = (a.score = 1)
    where d.kind = 'survey.asked'
)
select to_json({
    'satisfaction_ratings': coalesce(list({
        'url': 'https://maisonlenoir.example/api/v2/satisfaction_ratings/' || (600000000 + line) || '.json',
        'id': 600000000 + line, 'ticket_id': number, 'requester_id': requester, 'assignee_id': assignee,
        'group_id': grouped, 'score': case answer when 1 then 'good' when 0 then 'bad' else 'offered' end,
        'comment': case when number % 3 = 0 then remark end, 'reason': null,
        'created_at': iso(occurred_at), 'updated_at': iso(coalesce(answered_at, occurred_at))
    } order by line), []),
    'count': count(*), 'next_page': null, 'previous_page': null
}) from asked
"""

USERS_SQL = """
with known as (
    select key as id, first || ' ' || last as name, email, phone, case when french then 'fr' else 'en-GB' end as locale,
           'end-user' as role, c.created_at
    from records r join (select requester, min(occurred_at) as created_at from desk group by requester) c
      on r.system = 0 and c.requester = r.key
    union all
    select id, name, email, null, 'fr', 'agent', timestamptz '2024-01-02 08:00:00+00' from agents
)
select to_json({
    'users': coalesce(list({
        'id': id, 'url': 'https://maisonlenoir.example/api/v2/users/' || id || '.json', 'name': name, 'email': email,
        'created_at': iso(created_at), 'updated_at': iso(created_at), 'time_zone': 'Paris', 'phone': phone,
        'shared_phone_number': null, 'locale': locale, 'role': role, 'verified': true, 'external_id': null,
        'active': true, 'shared': false, 'suspended': false, 'tags': []::varchar[]
    } order by id), []),
    'count': count(*), 'end_of_stream': true
}) from known
"""

DOCUMENTS = {
    "tickets": TICKETS_SQL,
    "comments": COMMENTS_SQL,
    "ticket_audits": AUDITS_SQL,
    "satisfaction_ratings": RATINGS_SQL,
    "users": USERS_SQL,
}


def write(connection: Any, folder: Path, truth: Truth) -> list[Path]:  # noqa: ANN401 -- a DuckDB connection
    """Write the helpdesk's documents."""
    connection.register("agents", _agents(truth))
    connection.execute(BEGIN_SQL)
    paths = []
    for name, query in DOCUMENTS.items():
        path = folder / f"{name}.json"
        path.write_text(connection.execute(query).fetchone()[0] + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _agents(truth: Truth) -> pa.Table:
    codes = range(len(truth.crew.team_of))
    rows = [{"id": AGENT_NUMBER + code, "name": AGENTS[code % len(AGENTS)]} for code in codes]
    return pa.Table.from_pylist([{**row, "email": f"agent{row['id']}@example.org"} for row in rows])
