"""Events being written, as columns of codes: strings are made once, at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.planted import CODES, DEFAULT_DIRECTION, KIND_NAMES

Array = npt.NDArray[Any]
Columns = dict[str, Array]

COLUMNS: dict[str, tuple[str, float]] = {
    "kind": ("i2", 0),
    "who": ("i4", 0),
    "t": ("f8", 0),
    "system": ("i1", 3),
    "channel": ("i1", -1),
    "direction": ("i1", -1),
    "agent": ("i2", -1),
    "team": ("i2", -1),
    "site": ("i1", -1),
    "product": ("i1", -1),
    "moment": ("i1", -1),
    "topic": ("i1", -1),
    "thread": ("i8", -1),
    "thread_kind": ("i1", -1),
    "incident": ("i1", -1),
    "amount": ("f8", np.nan),
    "quantity": ("f8", np.nan),
    "score": ("f8", np.nan),
    "scale_max": ("f8", np.nan),
    "due": ("f8", np.nan),
    "severity": ("f8", np.nan),
    "unprompted": ("i1", -1),
    "properties": ("i2", -1),
}
"""Column of the draft: NumPy type and value where an event says nothing (-1 and NaN stand for null)."""


class Draft:
    """An append-only list of small columnar frames."""

    def __init__(self) -> None:
        self._frames: list[tuple[int, dict[str, Any]]] = []

    def emit(self, kind: str, who: Array, t: Array, **columns: Any) -> None:  # noqa: ANN401 -- arrays, labels or numbers
        """Add one event per element of ``who``, at days ``t``; a label stands for its code."""
        if who.size == 0:
            return
        coded = {name: CODES[name][value] if isinstance(value, str) else value for name, value in columns.items()}
        self._frames.append((who.size, {"kind": CODES["kind"][kind], "who": who, "t": t, **coded}))

    def columns(self, start: float, end: float) -> Columns:
        """Every event of ``start`` ≤ t < ``end``, in order of time."""
        sizes = np.array([size for size, _ in self._frames], dtype="i8")
        stops = np.cumsum(sizes)
        out: Columns = {}
        for name, (kind, default) in COLUMNS.items():
            column = np.full(int(stops[-1]) if stops.size else 0, default, dtype=kind)
            for (size, frame), stop in zip(self._frames, stops, strict=True):
                if name in frame:
                    column[stop - size : stop] = frame[name]
            out[name] = column
        self._frames.clear()
        order = np.argsort(out["t"], kind="stable")
        order = order[(out["t"][order] >= start) & (out["t"][order] < end)]
        out = {name: column[order] for name, column in out.items()}
        usual = np.array(DEFAULT_DIRECTION, dtype="i1")[out["kind"]]
        out["direction"] = np.where(out["direction"] < 0, usual, out["direction"]).astype("i1")
        return out


def joined(parts: list[Columns]) -> Columns:
    """Several drafts as one, in order of time."""
    if len(parts) == 1:
        return parts[0]
    out = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(out["t"], kind="stable")
    return {name: column[order] for name, column in out.items()}


def of_kind(columns: Columns, *kinds: str) -> Columns:
    """The events of these kinds."""
    wanted = np.isin(columns["kind"], [KIND_NAMES.index(kind) for kind in kinds])
    return {name: column[wanted] for name, column in columns.items()}
