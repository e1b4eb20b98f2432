"""Promises kept and broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.behaviour.rows import act_rows, known_by, severity_of
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from gouttes.behaviour.windows import Windows


def promises(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:  # noqa: ARG001 -- one signature for all
    """Acts ``promise.kept`` and ``promise.broken`` known at ``as_of``, one per event of that kind.

    A broken promise has the size of its severity, 1 where none is given. Promises withdrawn in agreement, or still
    open, are neither.
    """
    kept, broken = Act.PROMISE_KEPT.value, Act.PROMISE_BROKEN.value
    known = known_by(events, as_of)
    said = known.filter(known.kind.isin((kept, broken)))
    size = (said.kind == broken).ifelse(severity_of(said), 1.0)
    return act_rows(said, said.kind, size=size)
