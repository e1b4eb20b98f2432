"""The records on which a model is trained: a sample of them, in an engine of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import connect
from gouttes.identity.linkage.blocking import MOST_IN_BLOCK, TWIN, blocks, keyed, telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.blocking import BlockKey

TRAINED_ON = 200_000
"""Records of the largest sample (a prior: of a million records with 300,000 doubles it keeps some 12,000 pairs)."""

PAIRS_A_RECORD = 10
"""Pairs per record that all keys together may make: a key that makes more than is left is not used (a prior)."""

PAIRS_BY_WEAK = 4
"""Pairs per record that a weak key may make (a prior)."""

MOST_KEYS = 8
"""Keys of a large file: each one more is one more way through all records (a prior)."""

FREE_PAIRS = 300_000
"""Pairs by all keys together up to which a file is small, and any key that is of use is used (a prior)."""

MOST_TWINS = 3
"""Records that are the same in everything, in the sample (a prior: most people have two or three)."""

HEX_DIGITS = 8

TABLE = "sample"
"""Name of the table of a sample: ``unique_id``, ``place`` (0, 1… in order) and ``f0``…, the columns compared."""


@dataclass(frozen=True)
class Sample:
    """Records in an engine of their own.

    Attributes:
        connection: the engine.
        keyed: the records with their keys, as ``blocking.keyed`` gives them.
        names: column compared → its name in :data:`TABLE`.
        rows: how many records.
        keys: those that are of use, each with its place in ``keyed``.
    """

    connection: SQLBackend
    keyed: ir.Table
    names: dict[str, str]
    rows: int
    keys: dict[BlockKey, int] = field(default_factory=dict)

    def asked(self, query: str) -> tuple[float, ...]:
        """The figures of a query's first row, 0 where null."""
        (row,) = self.connection.raw_sql(query).fetchall()
        return tuple(float(figure or 0) for figure in row)

    def blocked(self, place: int) -> str:
        """Name of a table like :data:`TABLE`, with ``block`` by the n-th key and the records that meet by it."""
        name = f"block_{place}"
        flat, met = self.connection.table(TABLE), blocks(self.keyed, [place])
        told = flat.inner_join(met, flat["unique_id"] == met["subject"]).select(*flat.columns, "block")
        self.connection.create_table(name, told)
        return name


def drawn(records: ir.Table, columns: Sequence[str], keys: Sequence[BlockKey], known: int) -> Sample:
    """A sample of records, the same on every run and every engine: drawn by the digest of the subject.

    Args:
        records: ``subject`` and ``columns``.
        columns: what is compared.
        keys: those that may be used, the strong first.
        known: how many of the records say anything.
    """
    some, share = records.filter(telling(records, columns)), min(1.0, TRAINED_ON / known)
    if share < 1:
        bound = format(int(16**HEX_DIGITS * share), f"0{HEX_DIGITS}x")
        some = some.filter(some["subject"].hexdigest("md5").left(HEX_DIGITS) < bound)
    connection = connect()
    whole = keyed(connection.create_table("drawn", some.to_pyarrow()), columns, keys)
    nth = ibis.row_number().over(group_by=whole[TWIN], order_by=whole["subject"])
    whole = connection.create_table("keyed", whole.mutate(nth=nth).filter(lambda row: row["nth"] < MOST_TWINS))
    names = {name: f"f{place}" for place, name in enumerate(columns)}
    flat = whole.select(**{short: name for name, short in names.items()}, unique_id="subject")
    flat = connection.create_table(TABLE, flat.mutate(place=ibis.row_number().over(order_by=flat["unique_id"])))
    connection.drop_table("drawn")
    sample = Sample(connection, whole, names, int(flat.count().execute()))
    return replace(sample, keys=_usable(sample, keys, known, share))


def _usable(sample: Sample, keys: Sequence[BlockKey], known: int, share: float) -> dict[BlockKey, int]:
    """The keys that are used: of those that make pairs, and not too many, the first.

    Args:
        sample: where they are counted.
        keys: the strong ones first.
        known: how many records say anything.
        share: of them, those in the sample, which has the square of that share of the pairs.
    """
    used: dict[BlockKey, int] = {}
    total = 0.0
    for place, key in enumerate(keys):
        if len(used) >= MOST_KEYS and total > FREE_PAIRS:
            break
        pairs = _pairs(sample, place, MOST_IN_BLOCK * share) / share**2
        most = PAIRS_A_RECORD * known if len(used) < MOST_KEYS else 0
        if 0 < pairs <= max(most, FREE_PAIRS) - total and not (key.weak and pairs > PAIRS_BY_WEAK * known):
            used[key] = place
            total += pairs
    return used


def _pairs(sample: Sample, place: int, most: float) -> float:
    """The pairs that a key makes, a block of more than ``most`` being split or left out."""
    (pairs,) = sample.asked(f"""
        with parts as (
            select key_{place} as block, finer_{place} as finer, count(*) as held from keyed
            where key_{place} is not null group by block, finer
        ), whole as (
            select sum(held) as held, sum(held * (held - 1)) filter (finer is not null and held <= {most}) as split
            from parts group by block
        )
        select sum(case when held <= {most} then held * (held - 1) else split end) / 2 from whole
    """)  # noqa: S608 -- our names
    return pairs
