"""Writing small exports as the presets' systems do, and reading them through a preset."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from gouttes.eventlog.kinds import default_direction, kind_named
from gouttes.sources.catalogue import preset
from gouttes.sources.importing import plan
from gouttes.sources.sandbox import Context

Record = dict[str, Any]
NOW = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """What an import made, in plain values and a fixed order.

    `events` hold their columns that are not null, but for the id; `identifiers` are (subject, field, value);
    `texts` are (kind, thread, text); `rejects` are (kind, column, reason); `unknown` is file → headings.
    """

    events: list[Record]
    identifiers: list[tuple[str, str, str]]
    texts: list[tuple[str, str | None, str]]
    rejects: list[tuple[str, str, str]]
    unknown: dict[str, tuple[str, ...]]

    @staticmethod
    def ordered(events: Iterable[Record]) -> list[Record]:
        """Events in the order of `events`."""
        return sorted(events, key=lambda found: json.dumps(found, sort_keys=True))

    def of(self, *kinds: str) -> list[Record]:
        """The events of these kinds."""
        return [found for found in self.events if found["kind"] in kinds]

    @staticmethod
    def digest(text: str) -> str:
        """The digest that stands for an address in a subject."""
        return sha256(text.encode()).hexdigest()[:32]


def read(name: str, *files: Path) -> Found:
    """What the preset of that name makes of the files."""
    with plan(files, preset(name), Context(now=NOW)) as imported:
        rows = imported.events().read_all().to_pylist()
        ids = {row.pop("event_id"): row for row in rows}
        assert len(ids) == len(rows)
        for row in rows:
            assert all(row[column] is not None for column in kind_named(row["kind"]).needs)
        return Found(
            events=Found.ordered(_plain(row, name) for row in rows),
            identifiers=sorted(
                (row["subject"], row["field"], row["value"]) for row in imported.identifiers().read_all().to_pylist()
            ),
            texts=sorted(
                (ids[row["event_id"]]["kind"], ids[row["event_id"]]["thread"], row["text"])
                for row in imported.texts().read_all().to_pylist()
            ),
            rejects=sorted(
                (row["kind"], row["column"], row["reason"]) for row in imported.rejects().read_all().to_pylist()
            ),
            unknown={report.name: tuple(report.unknown_columns) for report in imported.files},
        )


def _plain(row: Record, source: str) -> Record:
    assert row["source"] == source
    found = {name: value for name, value in row.items() if value is not None and name != "source"}
    for name, value in found.items():
        if isinstance(value, datetime):
            found[name] = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if "properties" in found:
        found["properties"] = json.loads(found["properties"])
    return found


def event(kind: str, subject: str, at: str, **columns: object) -> Record:
    """An expected event: known when it happened and with its kind's direction, unless said otherwise."""
    return {
        "kind": kind,
        "subject": subject,
        "occurred_at": at,
        "known_at": at,
        "direction": default_direction(kind),
        **columns,
    }


def as_json(folder: Path, name: str, document: object) -> Path:
    """One JSON document."""
    path = folder / name
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def as_lines(folder: Path, name: str, records: Iterable[Record]) -> Path:
    """JSON Lines."""
    path = folder / name
    path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n", "utf-8")
    return path


def as_csv(folder: Path, name: str, rows: Sequence[Mapping[str, object]], *, delimiter: str = ",") -> Path:
    """Delimited text whose headings are all the keys of the rows."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path
