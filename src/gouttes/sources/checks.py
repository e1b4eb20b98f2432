"""What an event must satisfy, as SQL conditions over its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.eventlog.kinds import KINDS
from gouttes.sources.contract import IDENTIFIER_FIELDS
from gouttes.sources.macros import named, quoted
from gouttes.sources.rejects import Reason
from gouttes.vocabulary import Channel, Direction

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator
    from collections.abc import Mapping as ReadOnly

    from gouttes.sources.expressions import Expression

MOST = 1e12  # prior: no amount, in any currency, that one customer's event can have
DUE_YEARS = 100  # prior: a promise due later than this is a placeholder such as 9999-12-31
BLANKS = "('-', '--', 'n/a', 'na', 'null', 'none', 'nan', '0000-00-00', '0000-00-00 00:00:00')"
TIMES = ("known_at", "due_at")
NUMBERS = ("amount", "quantity", "score", "scale_max", "severity")


@dataclass(frozen=True)
class Check:
    """A row fails where ``sql`` is true; ``column`` is to blame. ``cells``: what it reads of the row as it came."""

    sql: str
    reason: Reason
    column: str
    cells: tuple[str, ...] = ()


def cell_of(column: str) -> str:
    """How a check calls a cell of the row as it came."""
    return f'"cell {column}"'


def of_event(kind: str | None, written: ReadOnly[str, Expression], now: dt.datetime) -> list[Check]:
    """The checks of one event, in the order in which they are told.

    Args:
        kind: of the event; none where the column ``kind`` holds each row's.
        written: column → its expression, for the columns that the mapping gives.
        now: the moment of the import; a day more is allowed for clocks that disagree.
    """
    return [
        *([] if kind else _registered("kind", KINDS, Reason.KIND)),
        *_present(written),
        *_understood(written),
        *_times(written, now),
        *_needed(kind),
        *_numbers(written),
        *_signs(kind, written),
        *_words(written),
    ]


def of_identifier(written: ReadOnly[str, Expression], now: str) -> Iterator[Check]:
    """The checks of one identifier; ``now`` is the moment of the import, in SQL."""
    if "field" in written:
        yield from _registered("field", IDENTIFIER_FIELDS, Reason.FIELD)
    yield Check("subject is null", Reason.MISSING, "subject")
    if "known_at" in written:
        yield Check("known_at < '1970-01-01 00:00:00+00'::timestamptz", Reason.EARLY, "known_at")
        yield Check(f"known_at > {now} + interval 1 day", Reason.FUTURE, "known_at")


def _registered(column: str, known: Collection[str], otherwise: Reason) -> Iterator[Check]:
    yield Check(f"{named(column)} is null", Reason.MISSING, column)
    yield Check(f"{named(column)} not in {listed(known)}", otherwise, column)


def _needed(kind: str | None) -> Iterator[Check]:
    """The columns that the kind, or the row's, must have."""
    if kind:
        yield from (Check(f"{named(column)} is null", Reason.MISSING, column) for column in KINDS[kind].needs)
        return
    for column in dict.fromkeys(column for one in KINDS.values() for column in one.needs):
        those = [name for name, one in KINDS.items() if column in one.needs]
        yield Check(f"{named(column)} is null and {named('kind')} in {listed(those)}", Reason.MISSING, column)


def _present(written: ReadOnly[str, Expression]) -> Iterator[Check]:
    yield Check("subject is null", Reason.MISSING, "subject")
    yield Check("key is null", Reason.MISSING, "key")
    cells = written["occurred_at"].columns
    if cells:
        some = " or ".join(f"{cell_of(name)} is not null" for name in cells)
        yield Check(f"occurred_at is null and ({some})", Reason.TIME, "occurred_at", cells)
    yield Check("occurred_at is null", Reason.MISSING, "occurred_at")


def _understood(written: ReadOnly[str, Expression]) -> Iterator[Check]:
    """A cell that holds something else than the time or number that the mapping reads from it."""
    for column in (*TIMES, *NUMBERS, "unprompted"):
        cell = written[column].simple if column in written else None
        if cell:
            reason = Reason.TIME if column in TIMES else Reason.NUMBER
            yield Check(f'"{column}" is null and lower({cell_of(cell)}) not in {BLANKS}', reason, column, (cell,))


def _times(written: ReadOnly[str, Expression], now: dt.datetime) -> Iterator[Check]:
    soon = f"{quoted(now.isoformat())}::timestamptz + interval "
    for column, latest in (("occurred_at", "1 day"), ("known_at", "1 day"), ("due_at", f"{DUE_YEARS} years")):
        if column in written:
            yield Check(f"\"{column}\" < '1970-01-01 00:00:00+00'::timestamptz", Reason.EARLY, column)
            yield Check(f'"{column}" > {soon}{latest}', Reason.FUTURE, column)


def _signs(kind: str | None, written: ReadOnly[str, Expression]) -> Iterator[Check]:
    """Amounts and quantities of the kinds that cannot have negative ones."""
    signed = [name for name, one in KINDS.items() if not one.positive]
    if kind in signed:
        return
    but = f" and {named('kind')} not in {listed(signed)}" if signed and not kind else ""
    for column in ("amount", "quantity"):
        if column in written:
            yield Check(f"{named(column)} < 0{but}", Reason.NEGATIVE, column)


def _numbers(written: ReadOnly[str, Expression]) -> Iterator[Check]:
    for column in NUMBERS:
        if column in written:
            yield Check(f'not isfinite("{column}") or abs("{column}") > {MOST}', Reason.HUGE, column)
    if "score" in written:
        limit = " or score > scale_max" if "scale_max" in written else ""
        yield Check(f"score < 0{limit}", Reason.SCORE, "score")
    if "scale_max" in written:
        yield Check("scale_max <= 0", Reason.SCORE, "scale_max")
    if "severity" in written:
        yield Check("severity < 0 or severity > 1", Reason.SEVERITY, "severity")


def _words(written: ReadOnly[str, Expression]) -> Iterator[Check]:
    if "currency" in written:
        yield Check("not regexp_full_match(currency, '[A-Z]{3}')", Reason.CURRENCY, "currency")
    if "channel" in written:
        yield Check(f"channel not in {listed(tuple(Channel))}", Reason.CHANNEL, "channel")
    if "direction" in written:
        yield Check(f"direction not in {listed(tuple(Direction))}", Reason.DIRECTION, "direction")


def listed(words: Collection[str]) -> str:
    """A list of texts, in SQL."""
    return "(" + ", ".join(quoted(str(word)) for word in words) + ")"
