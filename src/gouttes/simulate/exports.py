"""Files that look like what a company's systems export, so that a simulated company comes in by the usual door."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from gouttes.simulate import export_helpdesk, export_marketing, export_own, export_shop
from gouttes.simulate.arrow import compact, plain
from gouttes.simulate.names import REMARKS, WORDS
from gouttes.simulate.people_sql import load_records
from gouttes.simulate.truth import Truth, write_truth

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


def write_exports(truth: Truth, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the exports of a simulated company and return their paths; ``folder`` is made if need be.

    One folder per system, named like the preset that reads it: ``zendesk`` (tickets, comments, users, ticket_audits,
    satisfaction_ratings: JSON), ``shop`` (orders, returns: CSV with French headings), ``hubspot`` (contacts,
    feedback_submissions, email_events: CSV), ``gouttes`` (events, identifiers: CSV in Gouttes' own columns). Beside
    them ``truth.json``, which no preset reads: it is not in the list.
    """
    root = Path(folder)
    paths = []
    with _loaded(truth) as connection:
        for system, write in WRITERS.items():
            (root / system).mkdir(parents=True, exist_ok=True)
            paths += write(connection, root / system, truth)
    write_truth(truth, root)
    return paths


WRITERS = {
    "zendesk": export_helpdesk.write,
    "shop": export_shop.write,
    "hubspot": export_marketing.write,
    "gouttes": export_own.write,
}


@contextmanager
def _loaded(truth: Truth) -> Iterator[Any]:
    """A DuckDB connection with the tables ``log``, ``records``, ``words`` and ``remarks``."""
    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set threads = 2")
        load_records(connection, truth.records)
        connection.register("log", _log(truth))
        connection.register("words", pa.Table.from_pylist(WORDS))
        connection.register("remarks", pa.Table.from_pylist(REMARKS))
        yield connection
    finally:
        connection.close()


def _log(truth: Truth) -> pa.Table:
    """The events with their columns, plus what joins them to records: ``who``, ``second`` and ``number``."""
    events = truth.events
    table = plain(compact(truth.company, truth.crew, truth.records, events))
    key = pa.array(np.arange(events["t"].size))
    second = events["second"] & (truth.records.second_in[events["who"]] == events["system"])
    extra = {"line": key, "who": events["who"], "second": second, "number": events["thread"]}
    for name, column in extra.items():
        table = table.append_column(name, pa.array(column))
    return table
