"""One new record at a million people: three systems, a name in two of them, an e-mail and a phone that tie the three.

The record comes with the e-mail, the phone and the name of somebody known. What is timed is the whole step of
identity in an incremental run: reading what is new, normalising, finding whom it concerns, deciding, writing. The best
of the turns is given: the engine starts cold in each.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

import gouttes
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.schema import IDENTIFIERS
from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.workspace import Workspace

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
TIME = pa.timestamp("us", "UTC")
TURNS = 3
STATED = """
with people as (
  select i, 'user' || i || '@mail' || (i % 97) || '.example' as email, '+336' || lpad(i::text, 8, '0') as phone,
         ['Jean', 'Marie', 'Paul', 'Anne', 'Luc', 'Zoe', 'Alice', 'Bruno', 'Chloe', 'Denis'][1 + i % 10]
           || ' Nom' || (i % 50021) as name
  from range({people}) t(i))
select unnest(['shop:c:' || i, 'shop:c:' || i, 'desk:u:' || i, 'desk:u:' || i, 'crm:c:' || i, 'crm:c:' || i])
         as subject,
       unnest(['email', 'name', 'email', 'phone', 'phone', 'name']) as field,
       unnest([email, name, email, phone, phone, name]) as value,
       timestamptz '2026-11-01 00:00:00+00' as known_at, 'bench' as source
from people
"""


def made(people: int, root: Path) -> Workspace:
    """A workspace of so many people, each with three records; one event, so that there is a date."""
    workspace = Workspace.create(root, Settings(name="Bench", simulated=True))
    log = EventLog(workspace)
    connection = duckdb.connect(config={"temp_directory": str(root.parent)})
    log.identifiers.append(connection.sql(STATED.format(people=people)).to_arrow_table().cast(IDENTIFIERS))
    told = {name: [value] for name, value in {"event_id": "e", "kind": "order.placed", "source": "bench"}.items()}
    dates = {name: pa.array([MOMENT], TIME) for name in ("occurred_at", "known_at")}
    append_events(log, pa.table({**told, **dates, "subject": ["shop:c:0"]}))
    return workspace


def attached(workspace: Workspace, turn: int) -> float:
    """Seconds of identity for one new record, which must find its person."""
    subject, known = f"new:u:{turn}", 77 + turn
    stated = {"email": f"USER{known}@mail{known % 97}.example", "phone": f"+336{known:08d}"}
    rows = pa.table(
        {
            "subject": [subject] * len(stated),
            "field": [*stated],
            "value": [*stated.values()],
            "known_at": pa.array([MOMENT] * len(stated), TIME),
            "source": ["bench"] * len(stated),
        }
    )
    append_identifiers(EventLog(workspace), rows)
    ran = gouttes.open(workspace.root).run()
    opened = gouttes.open(workspace.root)
    if ran.mode != "incremental" or opened.find(subject) != opened.find(f"shop:c:{known}"):
        raise SystemExit(f"The new record was not attached: {ran}")
    return ran.seconds["identity"]


def main() -> None:
    """Print the figures, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as folder:
        workspace = made(people, Path(folder) / "ws")
        whole = gouttes.open(workspace.root).run().seconds["identity"]
        seconds = [attached(workspace, turn) for turn in range(TURNS)]
    named = f"{people / 1e6:g} M people"
    print(json.dumps({"figure": f"who is who, {named}, everyone, seconds", "value": whole, "records": 3 * people}))
    more = {"turns": TURNS, "slowest": max(seconds)}
    print(json.dumps({"figure": f"one new record, {named}, seconds", "value": min(seconds), "target": "<= 1", **more}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"figure": "who is who, peak memory in GiB", "value": peak, "target": "<= 4"}))


if __name__ == "__main__":
    main()
