"""Small files, a small mapping, and what an import of them brings, in plain values."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gouttes.eventlog.schema import EVENTS, IDENTIFIERS, TEXTS
from gouttes.sources import REJECTS, Context, FileReport, Mapping, parse, plan

NOW = datetime(2025, 1, 1, tzinfo=UTC)
CONTEXT = Context(now=NOW, timezone="Europe/Paris", currency="EUR")

ORDERS = """
[mapping]
source = "test"
title = "Test"

[[file]]
name = "orders"
match = ["*order*"]
records = ["orders"]
required = ["id", "day"]
[file.columns]
id = ["id", "N° de commande"]
day = ["day", "Date"]
customer = ["customer", "Client"]
amount = ["amount", "Montant"]
note = ["note", "Remarque"]

[[event]]
from = "orders"
kind = "order.placed"
key = "id"
subject = "'test:' || customer"
occurred_at = "moment(day)"
amount = "number(amount)"

[[text]]
from = "orders"
event = "order.placed"
key = "id"
text = "note"

[[identifier]]
from = "orders"
subject = "'test:' || customer"
field = "name"
value = "customer"
known_at = "moment(day)"
"""


@dataclass(frozen=True)
class Brought:
    """What an import brought."""

    files: tuple[FileReport, ...]
    events: list[dict[str, Any]]
    identifiers: list[dict[str, Any]]
    texts: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def reasons(self) -> list[tuple[int, str | None, str]]:
        """(line, column, reason) of every reject of an event, or of a row that could not be read."""
        return [
            (row["line"], row["column"], row["reason"])
            for row in self.rejects
            if row["kind"] not in {"text", "identifier"}
        ]


def mapping(text: str = ORDERS) -> Mapping:
    return parse(text, where="a mapping")


def bring(*files: Path, using: Mapping | str = ORDERS, context: Context = CONTEXT) -> Brought:
    """Import the files and read everything."""
    known = mapping(using) if isinstance(using, str) else using
    with plan(files, known, context) as imported:
        tables = [imported.events(), imported.identifiers(), imported.texts(), imported.rejects()]
        assert [table.schema for table in tables] == [EVENTS, IDENTIFIERS, TEXTS, REJECTS]
        return Brought(imported.files, *(table.read_all().to_pylist() for table in tables))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def as_csv(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()
