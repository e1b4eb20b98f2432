"""Events on a narrow clock: whole hours, most of them multiples of six as the lengths of time are, within three days,
two threads, few topics, so that ties and edges happen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gouttes.behaviour.windows import Windows
from gouttes.eventlog.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000_000
START = 1_700_000_000_000_000 // HOUR * HOUR
PERSON_EVENTS = EVENTS.append(pa.field("person", pa.string(), nullable=False))
PLAIN: dict[str, Any] = dict.fromkeys([*EVENTS.names, "person", "at", "known"])

# Every length is some hours, so that an event often falls exactly on an edge.
NARROW = Windows(
    window_days=0.5,
    topic_days=1.0,
    reopen_days=0.75,
    minimum_rhythm_days=0.25,
    missed_cap=3,
    strain_days=1.5,
)

KINDS = (
    *("message.received", "message.received", "order.placed", "order.placed", "ticket.opened", "complaint.filed"),
    *("message.sent", "email.delivered", "reward.granted", "survey.asked", "action.proposed", "page.viewed"),
    *("ticket.solved", "ticket.closed", "ticket.reopened", "ticket.escalated", "promise.kept", "promise.broken"),
    *("subscription.started", "subscription.renewed", "subscription.ended", "subscription.upgraded"),
    *("referral.made", "referral.converted", "review.published", "incident.repaired", "incident.touched"),
)
PROPERTIES = (
    *(None, None, None, '{"locked": true}', '{"discount": "0"}', '{"discount": 0}', '{"discount": 10}'),
    *('{"rewarded": true}', '{"distributive": 1}', '{"distributive": 0.5, "procedural": 1.5}'),
)


def moment(hours: float) -> int:
    """Microseconds of so many hours after the start of the clock."""
    return START + round(hours * HOUR)


def date(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, tz=UTC).replace(microsecond=micros % 1_000_000)


def event(
    kind: str, hours: float, *, known: float = 0, number: int = 0, due: float | None = None, **fields: Any
) -> dict[str, Any]:
    """One event, ``known`` hours after it happened; anything not given is null."""
    at = moment(hours)
    given = {"event_id": f"e{number:04d}", "kind": kind, "at": at, "known": at + round(known * HOUR), "person": "ada"}
    given |= {"source": "test", "subject": "test:1", "due_at": None if due is None else moment(due)}
    return {**PLAIN, **given, **fields}


def crowd(seed: int, *, people: int = 200, kinds: Sequence[str] = KINDS, most: int = 14) -> list[dict[str, Any]]:
    """The events of many people, each with a short history of their own; no two events with the same id."""
    dice = Random(seed)  # noqa: S311 -- a draw of examples, not a secret
    sizes = [dice.randint(1, most) for _ in range(people)]
    ids = dice.sample(range(sum(sizes)), sum(sizes))
    return [_drawn(dice, f"p{person:03d}", kinds, ids.pop()) for person in range(people) for _ in range(sizes[person])]


def _drawn(dice: Random, person: str, kinds: Sequence[str], number: int) -> dict[str, Any]:
    return event(
        dice.choice(kinds),
        dice.choice([6 * dice.randint(0, 10), 6 * dice.randint(0, 10), dice.randint(0, 60)]),
        known=dice.choice([0, 0, 0, 0, 1, 6, 24]),
        number=number,
        due=dice.choice([None, 12, 30, 48]),
        person=person,
        thread=dice.choice([None, None, "a", "b"]),
        topic=dice.choice([None, None, None, "x", "reminder", "retention"]),
        incident=dice.choice([None, None, None, "i"]),
        product=dice.choice([None, "p", "q"]),
        moment=dice.choice([None, None, None, "contract"]),
        direction=dice.choice([None, None, "in", "out"]),
        unprompted=dice.choice([None, None, None, True, False]),
        severity=dice.choice([None, 0.25, 2.0]),
        properties=dice.choice(PROPERTIES),
    )


def arrow(events: Sequence[dict[str, Any]]) -> pa.Table:
    """The events as the table a step receives."""
    columns = {name: [event[name] for event in events] for name in PERSON_EVENTS.names if name in PLAIN}
    columns["occurred_at"] = [event["at"] for event in events]
    columns["known_at"] = [event["known"] for event in events]
    arrays = [
        pa.array(columns[field.name], pa.int64()).cast(field.type)
        if pa.types.is_timestamp(field.type)
        else pa.array(columns[field.name], field.type)
        for field in PERSON_EVENTS
    ]
    return pa.Table.from_arrays(arrays, schema=PERSON_EVENTS)


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows with times as whole microseconds, under the names of the reference."""
    names = {"occurred_at": "at", "known_at": "known"}
    columns = {
        names.get(name, name): (
            table[name].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            if pa.types.is_timestamp(table.schema.field(name).type)
            else table[name]
        ).to_pylist()
        for name in table.column_names
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
