"""Event ids are the UUIDs that Python would give."""

from __future__ import annotations

import hashlib
import uuid

import pyarrow as pa

from gouttes.sources import GOUTTES_NAMESPACE
from gouttes.sources.delivering import event_ids


def test_event_ids_are_uuids_of_version_5_whatever_is_named() -> None:
    names = [f"source|{number}|kind é" for number in range(500)]
    digests = [uuid.uuid5(GOUTTES_NAMESPACE, name) for name in names]
    hashed = pa.array([_sha1(name) for name in names])
    assert event_ids(hashed).to_pylist() == [str(one) for one in digests]
    assert event_ids(hashed.slice(3, 5)).to_pylist() == [str(one) for one in digests[3:8]]
    assert event_ids(hashed.slice(0, 0)).to_pylist() == []


def _sha1(name: str) -> str:
    return hashlib.sha1(GOUTTES_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
