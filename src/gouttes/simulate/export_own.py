"""What no other system carries, in Gouttes' own columns: promises, incidents, contracts, referrals, gestures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gouttes.simulate.truth import Truth

# Written in order of knowledge: an event that arrives late stands after later ones.
EVENTS_SQL = """
select event_id, kind, iso_time(occurred_at) as occurred_at, iso_time(known_at) as known_at, source, subject,
    channel, direction, agent, team, site, product, moment, topic, thread, incident, amount, currency, quantity, score,
    scale_max, iso_time(due_at) as due_at, severity, unprompted, properties
from log where source = 'gouttes' order by log.known_at, line
"""

IDENTIFIERS_SQL = """
with used as (
    select who, second, min(known_at) as known_at from log where source = 'gouttes' group by who, second
), each as (
    select r.*, u.known_at from records r join used u on r.system = 3 and u.who = r.who and u.second = r.second
), long as (
    unpivot (select key, known_at, email, phone, first as first_name, last as last_name, city, postcode, country,
                    case when french then 'fr' else 'en' end as language from each)
    on email, phone, first_name, last_name, city, postcode, country, language into name field value value
)
select 'gouttes:account:' || key as subject, field, value, iso_time(known_at) as known_at, 'gouttes' as source
from long order by key, field
"""

MACRO = "create or replace macro iso_time(moment) as strftime(moment, '%Y-%m-%dT%H:%M:%SZ')"


def write(connection: Any, folder: Path, truth: Truth) -> list[Path]:  # noqa: ANN401, ARG001 -- a DuckDB connection; same call for every system
    """Write ``events.csv`` and ``identifiers.csv``."""
    connection.execute(MACRO)
    paths = []
    for name, query in {"events": EVENTS_SQL, "identifiers": IDENTIFIERS_SQL}.items():
        path = folder / f"{name}.csv"
        connection.sql(query).write_csv(str(path))
        paths.append(path)
    return paths
