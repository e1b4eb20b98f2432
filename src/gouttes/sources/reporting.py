"""What a person is shown of an import, file by file."""

# ruff: noqa: S608 -- names of tables are ours, texts are quoted, expressions passed expressions.check

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gouttes.sources.contract import EventSpec
from gouttes.sources.delivering import first_events
from gouttes.sources.evaluate import KEPT, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly
    from collections.abc import Sequence

    from gouttes.sources.sandbox import Sandbox
    from gouttes.sources.settling import Count

EXAMPLES = 3


@dataclass(frozen=True)
class FileReport:
    """What one file, sheet or archive member brings.

    Attributes:
        name: the file's name, without its folder.
        what: delimited text, JSON, Parquet, a workbook; empty where it could not be opened.
        recognised_as: ``source: file``, or none.
        rows: how many rows it has, those that could not be read included.
        events: kind → how many.
        identifiers: how many different ones.
        texts: how many.
        duplicates: rows that repeat an event, text or identifier.
        unknown_columns: headings that the mapping does not use.
        rejects: reason (``rejects.Reason``) → how many.
        examples: its first three events, without their empty columns.
        currencies: currency → how many events with an amount; more than one is told in ``notices``.
        notices: what a person should know.
        entries: what became of the rows under each entry of the mapping.
        refusal: why the whole file could not be used, or none.
    """

    name: str
    what: str = ""
    recognised_as: str | None = None
    rows: int = 0
    events: ReadOnly[str, int] = field(default_factory=dict)
    identifiers: int = 0
    texts: int = 0
    duplicates: int = 0
    unknown_columns: tuple[str, ...] = ()
    rejects: ReadOnly[str, int] = field(default_factory=dict)
    examples: tuple[dict[str, Any], ...] = ()
    currencies: ReadOnly[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    entries: tuple[Count, ...] = ()
    refusal: str | None = None


def report(
    sandbox: Sandbox, place: int, stages: Sequence[Stage], entries: Sequence[Count], blank: FileReport
) -> FileReport:
    """``blank`` (name, what it is, rows, notices) with what its stages hold; ``entries`` are their counts."""
    events: Counter[str] = Counter()
    for entry, found in zip(entries, stages, strict=True):
        if isinstance(found.spec, EventSpec):
            events.update(entry.kinds)
    rejects = dict(
        sandbox.rows("select reason, count(*) from rejected where place = ? group by 1 order by 2 desc, 1", (place,))
    )
    currencies = _currencies(sandbox, stages)
    mixed = (
        (f"Amounts in {' and '.join(currencies)}: kept as they are, never converted.",) if len(currencies) > 1 else ()
    )
    return replace(
        blank,
        events=dict(sorted((+events).items())),
        identifiers=sum(entry.made for entry in entries if entry.kind == "identifier"),
        texts=sum(entry.made for entry in entries if entry.kind == "text"),
        duplicates=sum(entry.duplicates for entry in entries),
        rejects=rejects,
        examples=_examples(sandbox, stages),
        currencies=currencies,
        notices=(*blank.notices, *mixed),
        entries=tuple(entries),
    )


def _currencies(sandbox: Sandbox, stages: Sequence[Stage]) -> dict[str, int]:
    union = " union all ".join(
        f"select currency from {one.table} where {KEPT} and currency is not null"
        for one in stages
        if "currency" in one.columns
    )
    if not union:
        return {}
    return dict(sandbox.rows(f"select currency, count(*) from ({union}) group by 1 order by 2 desc, 1"))


def _examples(sandbox: Sandbox, stages: Sequence[Stage]) -> tuple[dict[str, Any], ...]:
    """The first events in the order of the file."""
    found = [
        (line, rank, event)
        for rank, one in enumerate(one for one in stages if isinstance(one.spec, EventSpec))
        for line, event in first_events(sandbox, one, EXAMPLES)
    ]
    return tuple(event for _, _, event in sorted(found, key=lambda one: one[:2])[:EXAMPLES])
