"""Everything customers were seen to do, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.behaviour.expansion import expansion
from gouttes.behaviour.promises import promises
from gouttes.behaviour.recommendation import recommendation
from gouttes.behaviour.renewal import renewal
from gouttes.behaviour.resolution import resolution
from gouttes.behaviour.rows import ACTS
from gouttes.behaviour.unprompted import unprompted
from gouttes.behaviour.windows import Windows
from gouttes.errors import MissingColumnsError
from gouttes.eventlog.schema import EVENTS_IBIS

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

__all__ = ["ACTS", "Windows", "acts"]

BEHAVIOURS = (unprompted, resolution, promises, renewal, expansion, recommendation)


def acts(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Every act known at ``as_of``, in the columns of :data:`gouttes.behaviour.rows.ACTS`.

    A person's acts rest on that person's events alone, so acts computed for some people equal those of the full run.

    Args:
        events: the log's events with one more column, ``person``.
        as_of: nothing later, or known later, is read.
        window: lengths of time.

    Raises:
        MissingColumnsError: ``events`` lacks a column of the log, or ``person``.
    """
    needed = {*EVENTS_IBIS.names, "person"}
    if missing := needed - set(events.columns):
        raise MissingColumnsError("behaviour.acts", missing, events.columns, "Join the links to the log first.")
    return ibis.union(*(behaviour(events, as_of=as_of, window=window) for behaviour in BEHAVIOURS))
