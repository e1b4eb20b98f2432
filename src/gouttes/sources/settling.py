"""What can only be known when every file has been evaluated: duplicates, texts without an event, all rejects."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gouttes.sources.contract import EventSpec, IdentifierSpec, TextSpec
from gouttes.sources.evaluate import DUPLICATE, KEPT, ORPHAN, Stage
from gouttes.sources.macros import named, quoted
from gouttes.sources.rejects import REJECTS, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly
    from collections.abc import Sequence

    import pyarrow as pa

    from gouttes.sources.sandbox import Sandbox


@dataclass(frozen=True)
class Count:
    """What became of the rows of a file under one entry: rows = made + duplicates + rejected + skipped.

    ``kinds``: what is made, by kind. ``kind`` is ``event`` where each row has its own.
    """

    label: str
    kind: str
    rows: int
    made: int
    duplicates: int
    rejected: int
    skipped: int
    kinds: ReadOnly[str, int] = field(default_factory=dict)


def settle(sandbox: Sandbox, stages: Sequence[Stage]) -> None:
    """Mark all but the first of each event and text, and the texts whose event is not in this import.

    A text without its event would outlive the person who wrote it: forgetting finds texts by their events.
    """
    events = [found for found in stages if isinstance(found.spec, EventSpec)]
    texts = [found for found in stages if isinstance(found.spec, TextSpec)]
    _once(sandbox, events)
    for found in texts:
        kept = _union(
            [
                f"select key from {event.table} where {KEPT} and {event.told} = {found.told}"
                for event in events
                if event.source == found.source and (event.kind is None or event.told == found.told)
            ]
        )
        orphaned = f"key not in ({kept})" if kept else "true"
        sandbox.run(f"update {found.table} set code = {ORPHAN} where {KEPT} and {orphaned}")
    _once(sandbox, texts)


def _once(sandbox: Sandbox, stages: Sequence[Stage]) -> None:
    """The first of each event stays: in the order of the mapping's entries, then of the files, then of the lines.

    Source, kind and key tell an event as its id does, at less cost: no source holds the ``|`` that parts them.
    """
    stages = sorted(stages, key=lambda found: (found.rank, found.place))
    union = _union(
        [
            f"select {rank} as stage, rowid as place, line, {quoted(found.source)} as source, {found.told} as kind, "
            f"key from {found.table} where {KEPT}"
            for rank, found in enumerate(stages)
        ]
    )
    if not union or sandbox.one(f"select count(*) = count(distinct hash(source, kind, key)) from ({union})"):
        return
    several = f"select source, kind, key from ({union}) group by all having count(*) > 1"
    sandbox.run(
        f"create or replace table later as select stage, place from ({union}) semi join ({several}) "
        "using (source, kind, key) "
        "qualify row_number() over (partition by source, kind, key order by stage, line, place) > 1"
    )
    for (rank,) in sandbox.rows("select distinct stage from later"):
        sandbox.run(
            f"update {stages[rank].table} set code = {DUPLICATE} "
            f"where rowid in (select place from later where stage = {rank})"
        )


def _union(selects: Sequence[str]) -> str:
    return " union all ".join(selects)


def counted(sandbox: Sandbox, stages: Sequence[Stage]) -> list[Count]:
    """What became of the rows of each stage."""
    if not stages:
        return []
    tallies: list[dict[int | None, int]] = [{} for _ in stages]
    kinds: list[dict[str, int]] = [{} for _ in stages]
    for stage, code, kind, rows in sandbox.rows(_union([_tally(rank, found) for rank, found in enumerate(stages)])):
        tallies[stage][code] = tallies[stage].get(code, 0) + rows
        if code is None:
            kinds[stage][kind] = rows
    distinct = _distinct(sandbox, stages)
    return [
        _count(found, tally, made, distinct.get(rank))
        for rank, (found, tally, made) in enumerate(zip(stages, tallies, kinds, strict=True))
    ]


def _tally(rank: int, found: Stage) -> str:
    return f"select {rank}, code, {_kind(found)} as kind, count(*) from {found.table} group by all"


def _kind(found: Stage) -> str:
    """SQL of the kind of a stage's rows."""
    return named("kind") if found.kind is None else quoted(found.kind)


def _distinct(sandbox: Sandbox, stages: Sequence[Stage]) -> dict[int, int]:
    """How many different identifiers the stages of identifiers hold."""
    counts = [
        f"select {rank}, (select count(*) from (select distinct {columns} from {found.table} where {KEPT}))"
        for rank, found in enumerate(stages)
        if isinstance(found.spec, IdentifierSpec)
        for columns in ["subject, value" if found.spec.field else "subject, field, value"]
    ]
    return dict(sandbox.rows(_union(counts))) if counts else {}


def _count(found: Stage, tally: ReadOnly[int | None, int], kinds: ReadOnly[str, int], distinct: int | None) -> Count:
    seen, made, duplicates = sum(tally.values()), tally.get(None, 0), tally.get(DUPLICATE, 0)
    if distinct is not None:
        made, duplicates = distinct, made - distinct
    rejected = seen - sum(tally.get(code, 0) for code in (None, DUPLICATE))
    return Count(
        found.spec.label, found.kind or "event", found.rows, made, duplicates, rejected, found.rows - seen, kinds
    )


def gather_rejects(
    sandbox: Sandbox, stages: Sequence[Stage], names: ReadOnly[int, str], unread: ReadOnly[int, tuple[str, pa.Table]]
) -> None:
    """The table ``rejected``: ``place`` of the file, then the columns of ``rejects.REJECTS``."""
    columns = ", ".join(f'"{column.name}" {"bigint" if column.name == "line" else "varchar"}' for column in REJECTS)
    sandbox.run(f"create table rejected (place bigint, {columns})")
    for place, (source, table) in unread.items():
        if table.num_rows:
            sandbox.add("unread", table)
            sandbox.run(
                "insert into rejected select ?, ?, line, ?, null, null, reason from unread",
                (place, names[place], source),
            )
    for found in stages:
        meanings = [(number, test.column, test.reason) for number, test in enumerate(found.checks)]
        meanings.append((ORPHAN, "text", Reason.NO_EVENT))
        values = ", ".join(f"({number}, {quoted(column)}, {quoted(reason)})" for number, column, reason in meanings)
        sandbox.run(
            f'insert into rejected select ?, ?, line, ?, {_kind(found)}, meaning."column", reason from {found.table} '
            f'join (values {values}) as meaning(code, "column", reason) using (code)',
            (found.place, names[found.place], found.source),
        )
