"""Subjects, keys, names and decisions as short rows, and the people that come of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from gouttes.eventlog.schema import IDENTIFIERS_IBIS
from gouttes.identity.keys import keys
from gouttes.identity.resolve import Known, Resolved, resolve
from gouttes.schemas import DECISIONS, LIKENESSES, LINKS, RECORDS
from gouttes.settings.identity import IdentitySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST, SECOND, THIRD = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
DEFAULT = IdentitySettings()

Row = tuple[str, str, str]
Pair = tuple[str, str, float]
Said = tuple[str, str, str, str]
"""Number, verdict, side, subject."""

number = itertools.count()
OF_RECORD = {"first_name": "first_root", "last_name": "last_root"}


def identifiers(connection: Any, rows: Sequence[Row]) -> Any:
    frame = pd.DataFrame(rows, columns=["subject", "field", "value"], dtype="str")
    frame["known_at"], frame["source"] = pd.Timestamp(FIRST), "test"
    return connection.create_table(f"identifiers_{next(number)}", frame, schema=IDENTIFIERS_IBIS, temp=True)


def records(connection: Any, rows: Sequence[Row]) -> Any:
    """RECORDS with the values as they stand: normalising is tested elsewhere, and the last value counts."""
    found: dict[str, dict[str, str]] = {}
    for subject, field, value in rows:
        mine = found.setdefault(subject, {"subject": subject, "source": subject.split(":", maxsplit=1)[0]})
        for name in {field, OF_RECORD.get(field, field)} & set(RECORDS.names):
            mine[name] = value
    return table(connection, [[row.get(name) for name in RECORDS.names] for row in found.values()], RECORDS)


def table(connection: Any, rows: Sequence[Sequence[Any]], schema: Any) -> Any:
    frame = pd.DataFrame([list(row) for row in rows], columns=list(schema.names), dtype="object")
    return connection.create_table(f"rows_{next(number)}", frame, schema=schema, temp=True)


def known(
    connection: Any,
    rows: Sequence[Row],
    *,
    settings: IdentitySettings = DEFAULT,
    pairs: Sequence[Pair] = (),
    said: Sequence[Said] = (),
    link_at: float = 2.0,
) -> Known:
    mine = records(connection, rows)
    held = keys(connection, identifiers(connection, rows), mine, settings, country="FR")
    ways = [(*way, chance, 0.0) for left, right, chance in pairs for way in ((left, right), (right, left))]
    taken = [(f"e{at}", *row, "Zoé", FIRST) for at, row in enumerate(said)]
    likenesses = table(connection, ways, LIKENESSES)
    return Known(held, mine, likenesses, table(connection, taken, DECISIONS), link_at)


def resolved(  # noqa: PLR0913 -- what may be known of somebody
    connection: Any,
    rows: Sequence[Row],
    *,
    previous: Any = None,
    subjects: Sequence[str] = (),
    at: datetime = FIRST,
    settings: IdentitySettings = DEFAULT,
    pairs: Sequence[Pair] = (),
    said: Sequence[Said] = (),
    link_at: float = 2.0,
) -> Resolved:
    seen = pd.DataFrame({"subject": [*subjects, *(subject for subject, _, _ in rows)]}, dtype="str")
    events = connection.create_table(f"events_{next(number)}", seen, schema={"subject": "string"}, temp=True)
    if previous is None:
        previous = connection.create_table(f"links_{next(number)}", schema=LINKS, temp=True)
    everything = known(connection, rows, settings=settings, pairs=pairs, said=said, link_at=link_at)
    return resolve(connection, events, everything, previous, settings=settings, linked_at=at)


def people(links: Any) -> set[frozenset[str]]:
    frame = links if isinstance(links, pd.DataFrame) else links.to_pandas()
    assert frame["subject"].is_unique
    return {frozenset(group) for _, group in frame.groupby("person")["subject"]}


def groups(*texts: str) -> set[frozenset[str]]:
    """People as in ``groups("a b", "c")``."""
    return {frozenset(text.split()) for text in texts}


def column(links: Any, name: str) -> dict[str, Any]:
    frame = links.to_pandas()
    return dict(zip(frame["subject"], frame[name], strict=True))


def doubts(result: Resolved) -> set[tuple[str, str, str, str]]:
    return set(result.doubts.to_pandas()[["subject", "other", "rule", "reason"]].itertuples(index=False, name=None))
