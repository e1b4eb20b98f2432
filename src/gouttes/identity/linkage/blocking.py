"""Which records are compared at all: those that share a key, in blocks that stay small.

A key is a text made of the beginnings of some columns; where one of them is missing there is no key. A block of more
than :data:`MOST_IN_BLOCK` records is split by the key's second part, and left out where the parts are still larger, so
that the number of pairs grows with the records and never with their square. Records that are the same in everything
that is compared are one record here: the others pair with the smallest of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.linkage.comparisons import Role, only

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.comparisons import Field

MOST_IN_BLOCK = 100
"""Records of the largest block (a prior: a record meets at most 99 others by one key)."""

FEW = 50_000
"""Records up to which all keys are taken in one query (a prior)."""

MARK = "\x1f"  # between the parts of a key: ASCII's unit separator, which no name holds
MISSING = "\x1e"
TWIN = "twin"


@dataclass(frozen=True)
class Part:
    """A column, or its first letters."""

    column: str
    first: int | None = None

    def of(self, records: ir.Table) -> ir.StringValue:
        """Its value, null where blank or missing."""
        value = records[self.column]
        return (value if self.first is None else value.left(self.first)).nullif("")


@dataclass(frozen=True)
class BlockKey:
    """A key by which records meet.

    Attributes:
        parts: what makes it; all must be there.
        then: what splits a block that is too large.
        weak: it is used only where it makes few pairs.
        unordered: its first two parts may stand in either order (names exchanged).
    """

    parts: tuple[Part, ...]
    then: tuple[Part, ...] = ()
    weak: bool = False
    unordered: bool = False

    @property
    def name(self) -> str:
        """What a report calls it."""
        joined = " + ".join(part.column + (f"[{part.first}]" if part.first else "") for part in self.parts)
        return joined + (" in either order" if self.unordered else "")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return tuple(dict.fromkeys(part.column for part in self.parts))

    def text(self, records: ir.Table) -> ir.StringValue:
        """The key of each record, null where a part is missing."""
        return _joined(records, self.parts, unordered=self.unordered)

    def finer(self, records: ir.Table) -> ir.StringValue:
        """What splits the record's block where it is too large; null where nothing does."""
        return _joined(records, self.then) if self.then else ibis.null("string")


def _joined(records: ir.Table, parts: Sequence[Part], *, unordered: bool = False) -> ir.StringValue:
    texts = [part.of(records) for part in parts]
    if unordered:
        one, other, *rest = texts
        texts = [_in_order(one, other, ibis.least), _in_order(one, other, ibis.greatest), *rest]
    return reduce(lambda joined, text: joined + MARK + text, texts)


def _in_order(one: ir.StringValue, other: ir.StringValue, which: object) -> ir.StringValue:
    both = one.notnull() & other.notnull()  # DuckDB's least() takes the one that is there
    return ibis.ifelse(both, which(one, other), ibis.null("string"))  # type: ignore[operator]  # ibis.least


def keys_for(fields: Sequence[Field]) -> tuple[BlockKey, ...]:
    """The keys for any set of fields: the strong ones, which few share, then the weak.

    Several that have nothing in common, so that a pair which differs in one field still meets by another.
    """
    names = [_root(field) for field in fields if field.role in {Role.FAMILY_NAME, Role.FULL_NAME}]
    given = [_root(field) for field in fields if field.role is Role.GIVEN_NAME]
    found = [*_alone(fields, [*names, *given]), *_dated(fields, [*names, *given]), *_placed(fields, [*names, *given])]
    found += [*_named(fields, names, given), *_at_home(fields, names, given), *_weak(fields, names, given)]
    return tuple(dict.fromkeys(found or _any_two(fields)))


def _root(field: Field) -> Part:
    return Part(field.root or field.column)


def _of(fields: Sequence[Field], *roles: Role) -> list[Field]:
    return [field for field in fields if field.role in roles]


def _alone(fields: Sequence[Field], names: Sequence[Part]) -> Iterable[BlockKey]:
    """What one person alone usually has; where many share it their names part them."""
    for field in _of(fields, Role.EMAIL, Role.PHONE, Role.CODE):
        yield BlockKey((Part(field.column),), tuple(names[:1]))


def _dated(fields: Sequence[Field], names: Sequence[Part]) -> Iterable[BlockKey]:
    for field in _of(fields, Role.DATE):
        for name in names:
            yield BlockKey((Part(field.column), Part(name.column, 3)), (name,))


def _placed(fields: Sequence[Field], names: Sequence[Part]) -> Iterable[BlockKey]:
    number = only(fields, Role.NUMBER)
    for place in _of(fields, Role.POSTCODE, Role.CITY)[:1]:
        for name in names:
            yield BlockKey((Part(place.column), name), (Part(number.column),) if number else ())


def _named(fields: Sequence[Field], names: Sequence[Part], given: Sequence[Part]) -> Iterable[BlockKey]:
    for one, other in zip(given[:1], names[:1], strict=False):
        date = only(fields, Role.DATE)
        yield BlockKey((one, other), (Part(date.column, 4),) if date else (), unordered=True)


def _at_home(fields: Sequence[Field], names: Sequence[Part], given: Sequence[Part]) -> Iterable[BlockKey]:
    """A home or a place of work, under whatever name."""
    street, number = only(fields, Role.STREET), only(fields, Role.NUMBER)
    if street and number:
        yield BlockKey((Part(number.column), Part(street.column)), tuple(names[:1]))
    for date in _of(fields, Role.DATE):
        for place in _of(fields, Role.POSTCODE):
            yield BlockKey((Part(date.column), Part(place.column)))
    for company in _of(fields, Role.COMPANY):
        for name in names[:1]:
            yield BlockKey((Part(company.column), name), tuple(given[:1]))


def _weak(fields: Sequence[Field], names: Sequence[Part], given: Sequence[Part]) -> Iterable[BlockKey]:
    """What is shared by many in a large file and by few in a small one."""
    for field in _of(fields, Role.DATE):
        yield BlockKey((Part(field.column),), weak=True)
    for name in [*names, *given]:
        for field in _of(fields, Role.DATE):
            yield BlockKey((Part(name.column, 4), Part(field.column, 7)), weak=True)
        yield BlockKey((name,), weak=True)
    for field in _of(fields, Role.STREET, Role.POSTCODE, Role.TEXT):
        yield BlockKey((Part(field.column),), weak=True)


def _any_two(fields: Sequence[Field]) -> Iterable[BlockKey]:
    """For fields of which none is a name, a date or the like: two together, and each alone."""
    for one, other in combinations(fields, 2):
        yield BlockKey((Part(one.column), Part(other.column)))
    for field in fields:
        yield BlockKey((Part(field.column),), weak=True)


def keyed(records: ir.Table, columns: Sequence[str], keys: Sequence[BlockKey]) -> ir.Table:
    """Records with their keys, which may be published so that a new record finds its block at once.

    Returns:
        ``subject``, the columns compared, ``twin`` (equal where all that is compared is equal, null where nothing is
        known), and for the n-th key ``key_n`` and, for blocks that are too large, ``finer_n``.
    """
    whole = reduce(lambda one, other: one + MARK + other, (records[name].fill_null(MISSING) for name in columns))
    made = {TWIN: ibis.ifelse(telling(records, columns), whole.hexdigest("md5"), ibis.null("string"))}
    for place, key in enumerate(keys):
        made[f"key_{place}"], made[f"finer_{place}"] = key.text(records), key.finer(records)
    return records.select("subject", *columns, **made)


def telling(records: ir.Table, columns: Sequence[str]) -> ir.BooleanValue:
    """Whether a record says anything that could be compared."""
    return reduce(lambda one, other: one | other, (records[name].notnull() for name in columns))


def twins(table: ir.Table) -> ir.Table:
    """``left, right``: each record that is the same as a smaller one, with the smallest that it is the same as."""
    first = table.group_by(TWIN).agg(left=table["subject"].min(), held=table.count())
    several = first.filter(first[TWIN].notnull() & (first["held"] > 1))
    pairs = table.select(TWIN, right="subject").inner_join(several, TWIN).select("left", "right")
    return pairs.filter(pairs["left"] != pairs["right"])


def holders(table: ir.Table, places: Iterable[int]) -> ir.Table:
    """``subject, block, finer``: each record with its keys of these places, as one text each, and what splits them."""
    held = ibis.union(*(_keys(table, place) for place in places))
    return held.filter(held["block"].notnull())


def _keys(table: ir.Table, place: int) -> ir.Table:
    block = ibis.literal(f"{place}{MARK}") + table[f"key_{place}"]
    return table.select("subject", block=block, finer=f"finer_{place}")


def blocks(table: ir.Table, places: Iterable[int]) -> ir.Table:
    """``subject, block``: the blocks of two to :data:`MOST_IN_BLOCK` records, by the keys of these places."""
    held = holders(table, places)
    sizes = held.group_by("block").agg(held=held.count())
    met = held.inner_join(sizes.filter(sizes["held"] > 1), "block")
    whole = met.filter(met["held"] <= MOST_IN_BLOCK).select("subject", "block")
    large = met.filter((met["held"] > MOST_IN_BLOCK) & met["finer"].notnull())
    split = large.select("subject", block=large["block"] + MARK + large["finer"])
    parts = split.group_by("block").agg(held=split.count())
    return whole.union(split.semi_join(parts.filter(parts["held"].between(2, MOST_IN_BLOCK)), "block"))


def candidates(connection: SQLBackend, table: ir.Table, keys: int) -> ir.Table:
    """``left, right``: every pair that shares a block, each once, ``left`` the smaller; twins by their smallest.

    A query costs the same for one record as for a thousand, so that few records take all keys in one; many take one
    key after the other, which needs less memory.
    """
    same = kept(connection, twins(table))
    one_each = table.anti_join(same, table["subject"] == same["right"])
    one_each = kept(connection, one_each.select("subject", *_key_columns(table)))
    few = one_each.count().execute() <= FEW
    ways = [range(keys)] if few else [range(place, place + 1) for place in range(keys)]
    found = [same]
    for places in ways:
        members = kept(connection, blocks(one_each, places))
        others = members.rename(right="subject", shared="block")
        met = members.inner_join(others, members["block"] == others["shared"])
        found.append(met.filter(met["subject"] < met["right"]).select(left="subject", right="right"))
    return ibis.union(*found, distinct=True)


def _key_columns(table: ir.Table) -> list[str]:
    return [name for name in table.columns if name.startswith(("key_", "finer_"))]


def skew(table: ir.Table, keys: Sequence[BlockKey]) -> ir.Table:
    """What was done with blocks that were too large.

    Args:
        table: as :func:`keyed` gives it.
        keys: the same keys.

    Returns:
        One row per key that has such a block: ``key`` (its name), ``split`` (records in blocks split by the second
        part) and ``left_out`` (records in blocks left out because that did not help).
    """
    return ibis.union(*(_skew(table, place, key) for place, key in enumerate(keys)))


def _skew(table: ir.Table, place: int, key: BlockKey) -> ir.Table:
    held = holders(table, [place])
    sizes = held.group_by("block").agg(held=held.count())
    large = held.semi_join(sizes.filter(sizes["held"] > MOST_IN_BLOCK), "block")
    parts = large.group_by("block", "finer").agg(held=large.count())
    fits = parts["finer"].notnull() & (parts["held"] <= MOST_IN_BLOCK)
    split, left_out = parts["held"].sum(where=fits), parts["held"].sum(where=~fits)
    told = parts.agg(split=split.fill_null(0), left_out=left_out.fill_null(0))
    told = told.select(key=ibis.literal(key.name), split=told["split"], left_out=told["left_out"])
    return told.filter(told["split"] + told["left_out"] > 0)
