"""Who was erased, without saying who: keyed digests that keep a nightly import from bringing a person back.

``people/erased.jsonl`` holds one line per erasure: when, how much, and the HMAC-SHA-256 of each subject key under a
key drawn for this workspace. Nobody can read a subject from it; an import can recognise one it is given.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gouttes.eventlog.tables import EventLog


def _register(log: EventLog) -> Path:
    return log.workspace.people / "erased.jsonl"


def _key(log: EventLog) -> bytes:
    path = log.workspace.people / "erased.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text())


def digests(log: EventLog, subjects: Iterable[str]) -> list[str]:
    """The digest of each subject key, under this workspace's own key."""
    key = _key(log)
    return [hmac.new(key, subject.encode(), hashlib.sha256).hexdigest() for subject in subjects]


def record(log: EventLog, receipt: dict[str, Any]) -> None:
    """Add one erasure to the register, durably."""
    with _register(log).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(receipt, ensure_ascii=False, sort_keys=True) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def receipts(log: EventLog) -> list[dict[str, Any]]:
    """Every erasure of this workspace, oldest first. A line that a crash cut short is left out."""
    if not _register(log).exists():
        return []
    lines = _register(log).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def without_erased(log: EventLog, rows: pa.Table) -> pa.Table:
    """The rows whose subject was not erased."""
    gone = {digest for receipt in receipts(log) for digest in receipt["subject_digests"]}
    if not gone:
        return rows
    subjects = pc.unique(rows["subject"]).to_pylist()
    erased = [s for s, digest in zip(subjects, digests(log, subjects), strict=True) if digest in gone]
    return rows.filter(pc.invert(pc.is_in(rows["subject"], pa.array(erased, pa.string())))) if erased else rows
