"""From columns of codes to the columns of the event log. Strings are made here, a dictionary at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gouttes.eventlog.schema import EVENTS, UTC
from gouttes.simulate.planted import LABELS
from gouttes.simulate.records import PREFIXES

if TYPE_CHECKING:
    from gouttes.simulate.company import Company
    from gouttes.simulate.crew import Crew
    from gouttes.simulate.draft import Columns
    from gouttes.simulate.records import Records

Array = npt.NDArray[Any]
SECONDS_A_DAY, MICROSECONDS = 86_400.0, 1_000_000
CURRENCY = "EUR"
FROM_LABELS = ("kind", "channel", "direction", "site", "product", "moment", "topic", "properties")
AS_THEY_ARE = ("amount", "quantity", "score", "scale_max", "severity")
HEX_PAIRS = np.frombuffer("".join(f"{value:04x}" for value in range(65_536)).encode(), dtype="u4")
"""The four hexadecimal digits of every 16-bit number, as 32-bit words."""


def compact(company: Company, crew: Crew, records: Records, events: Columns) -> pa.Table:
    """``events`` with the columns of ``EVENTS``; labels stay dictionaries, which Parquet writes as they are."""
    who, system = events["who"], events["system"]
    labels = {**LABELS, "incident": tuple(outage.name for outage in company.outages), "currency": (CURRENCY,)}
    labels |= {"agent": tuple(crew.agents), "team": tuple(crew.teams), "source": LABELS["system"]}
    key = np.zeros(who.size, dtype="i8")
    for code in range(len(PREFIXES)):
        key = np.where(system == code, records.key(code, who, events["second"]), key)
    codes = {name: events[name] for name in (*FROM_LABELS, "agent", "team", "incident")}
    codes |= {"source": system, "currency": np.where(np.isnan(events["amount"]), -1, 0)}
    columns = {name: _labelled(code, labels[name]) for name, code in codes.items()}
    columns |= {name: pa.array(events[name], from_pandas=True) for name in AS_THEY_ARE}
    columns |= {
        "event_id": identifiers(events["id"], events["id2"]),
        "occurred_at": moments(events["t"]),
        "known_at": moments(events["known"]),
        "due_at": moments(events["due"]),
        "subject": _keyed(system, PREFIXES, key),
        "thread": _keyed(events["thread_kind"], LABELS["thread_kind"], events["thread"]),
        "unprompted": pa.nulls(who.size, pa.bool_()),
    }
    return pa.table({name: columns[name] for name in EVENTS.names})


def plain(table: pa.Table) -> pa.Table:
    """The same table with exactly the types of ``EVENTS``."""
    return table.cast(EVENTS)


def moments(days: Array) -> pa.Array:
    """Days since 1970-01-01 UTC as timestamps, to the second; NaN is null."""
    missing = np.isnan(days)
    seconds = np.floor(np.where(missing, 0.0, days) * SECONDS_A_DAY + 0.5).astype("i8")
    return pa.array(seconds * MICROSECONDS, mask=missing).cast(UTC)


def identifiers(high: Array, low: Array) -> pa.StringArray:
    """16 bytes each, written like a UUID: 8-4-4-4-12 hexadecimal digits."""
    digits = HEX_PAIRS[np.stack([high, low], axis=1).view("u2")].view("u1").reshape(-1, 32)
    out = np.full((digits.shape[0], 36), ord("-"), dtype="u1")
    start = 0
    for position, length in ((0, 8), (9, 4), (14, 4), (19, 4), (24, 12)):
        out[:, position : position + length] = digits[:, start : start + length]
        start += length
    offsets = np.arange(0, 36 * (out.shape[0] + 1), 36, dtype="i4")
    return pa.StringArray.from_buffers(out.shape[0], pa.py_buffer(offsets), pa.py_buffer(out))


def _labelled(codes: Array, labels: tuple[str, ...]) -> pa.DictionaryArray:
    indices = pa.array(codes.astype("i2"), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string()))


def _keyed(code: Array, prefixes: tuple[str, ...], number: Array) -> pa.Array:
    prefix = pa.array(prefixes).take(pa.array(code.astype("i2"), mask=code < 0))
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(number), pa.string()), "")
