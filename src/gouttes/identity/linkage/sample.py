"""The records on which a model is trained: a sample of them, in an engine of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import connect
from gouttes.identity.linkage.blocking import TWIN, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

TRAINED_ON = 300_000
"""Records of the largest sample (a prior: of a million records with 300,000 doubles it keeps some 27,000 pairs)."""

MOST_TWINS = 3
"""Records that are the same in everything, in the sample (a prior: most people have two or three)."""

HEX_DIGITS = 8


@dataclass(frozen=True)
class Sample:
    """Records in an engine of their own.

    Attributes:
        connection: the engine.
        table: name of a table with ``unique_id``, ``f0``… (the columns compared) and ``b0``… (the block of each key).
        names: column compared → its name there.
        rows: how many records.
    """

    connection: SQLBackend
    table: str
    names: dict[str, str]
    rows: int


def drawn(table: ir.Table, columns: Sequence[str], places: Sequence[int], count: int) -> Sample:
    """A sample of records, the same on every run and every engine: drawn by the digest of the subject.

    Args:
        table: as ``blocking.keyed`` gives it.
        columns: what is compared.
        places: of the keys of ``table``, those that are used.
        count: how many of its records say anything.
    """
    telling = table.filter(table[TWIN].notnull())
    if count > TRAINED_ON:
        bound = format(int(16**HEX_DIGITS * TRAINED_ON / count), f"0{HEX_DIGITS}x")
        telling = telling.filter(telling["subject"].hexdigest("md5").left(HEX_DIGITS) < bound)
    connection = connect()
    whole = connection.create_table("drawn", telling.to_pyarrow())
    nth = ibis.row_number().over(group_by=whole[TWIN], order_by=whole["subject"])
    some = connection.create_table("some", whole.mutate(nth=nth).filter(lambda row: row["nth"] < MOST_TWINS))
    names = {name: f"f{place}" for place, name in enumerate(columns)}
    flat = some.select("subject", **{short: name for name, short in names.items()})
    for nth_key, place in enumerate(places):
        found = blocks(some, place).select(member="subject", **{f"b{nth_key}": "block"})
        flat = flat.left_join(found, flat["subject"] == found["member"]).drop("member")
    connection.create_table("sample", flat.rename(unique_id="subject"))
    connection.drop_table("drawn")
    connection.drop_table("some")
    return Sample(connection, "sample", names, int(connection.table("sample").count().execute()))
