"""The records on which a model is trained: a sample of them, in an engine of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import connect
from gouttes.identity.linkage.blocking import TWIN, blocks, keyed, telling, usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.blocking import BlockKey

TRAINED_ON = 200_000
"""Records of the largest sample (a prior: of a million records with 300,000 doubles it keeps some 12,000 pairs)."""

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
        keys: those that are of use.
        names: column compared → its name in :data:`TABLE`.
        rows: how many records.
    """

    connection: SQLBackend
    keyed: ir.Table
    keys: tuple[BlockKey, ...]
    names: dict[str, str]
    rows: int

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
    held = connection.create_table("drawn", some.to_pyarrow())
    used = usable(held, keys, known, share=share)
    whole = keyed(held, columns, used)
    nth = ibis.row_number().over(group_by=whole[TWIN], order_by=whole["subject"])
    whole = connection.create_table("keyed", whole.mutate(nth=nth).filter(lambda row: row["nth"] < MOST_TWINS))
    names = {name: f"f{place}" for place, name in enumerate(columns)}
    flat = whole.select(**{short: name for name, short in names.items()}, unique_id="subject")
    flat = connection.create_table(TABLE, flat.mutate(place=ibis.row_number().over(order_by=flat["unique_id"])))
    connection.drop_table("drawn")
    return Sample(connection, whole, used, names, int(flat.count().execute()))
