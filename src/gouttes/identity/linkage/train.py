"""Training: splink estimates the parameters of Fellegi & Sunter's model, on a sample, in a DuckDB of its own.

The prior comes from rules that hardly ever err, u from random pairs, m from expectation-maximisation over several
blockings (Winkler 1988), each of which estimates the fields that it does not block on. What comes out is a
:class:`LinkageModel` in which no trace of splink or of the engine is left.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from splink.internals.exceptions import SplinkException

from gouttes.engines import kept
from gouttes.errors import MissingColumnsError
from gouttes.identity.linkage import estimate
from gouttes.identity.linkage.blocking import PAIRS_A_RECORD, PAIRS_BY_WEAK, TWIN, blocks, keyed, keys_for
from gouttes.identity.linkage.comparisons import RECORDS_FIELDS, comparisons_for
from gouttes.identity.linkage.model import FEWEST, RAREST, Frequencies, LinkageModel, Weighted
from gouttes.identity.linkage.sample import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.blocking import BlockKey
    from gouttes.identity.linkage.comparisons import Comparison, Field


@dataclass(frozen=True)
class Untrained:
    """No model, and why: too few records, or nothing that tells one from another."""

    reason: str


def trained(
    connection: SQLBackend, records: ir.Table, fields: Sequence[Field] = RECORDS_FIELDS, *, seed: int = 1
) -> LinkageModel | Untrained:
    """A model for these records.

    Args:
        connection: where the records are.
        records: ``subject`` (each once, never null) and the columns of ``fields``, as text.
        fields: what is compared.
        seed: of the random pairs from which u is estimated.

    Returns:
        The model; :class:`Untrained` where the records do not suffice for one.

    Raises:
        MissingColumnsError: a column of ``fields`` is not there.
        BadInputError: no field, or a column twice.
    """
    comparisons, keys = comparisons_for(fields), keys_for(fields)
    columns = columns_of(comparisons)
    if missing := {"subject", *columns} - set(records.columns):
        raise MissingColumnsError("identity.linkage", missing, records.columns, "Name the columns that are there.")
    table = kept(connection, keyed(records, columns, keys))
    count, known, different = _counted(table)
    if reason := _too_little(count, known, different):
        return Untrained(reason)
    places = _usable(table, keys, known)
    if not places:
        return Untrained("No two records share a key by which they could meet.")
    used = tuple(keys[place] for place in places)
    learning = [place for place in places if not keys[place].weak] or places
    sample = drawn(table, columns, learning, known)
    with quiet():
        try:
            found = estimate.estimated(sample, comparisons, [keys[place] for place in learning], seed=seed)
        except estimate.NoPairsError as error:
            return Untrained(str(error))
        except SplinkException as error:
            return Untrained(f"The records are too few or too much alike to learn from ({str(error).splitlines()[0]}).")
    weighted = [
        Weighted(comparison, m, u, _frequencies(table, comparison) if comparison.by_frequency else None)
        for comparison, m, u in zip(comparisons, found.m, found.u, strict=True)
    ]
    return LinkageModel(found.prior, tuple(weighted), used, found.home)


def columns_of(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Every column that these look at, each once."""
    return tuple(dict.fromkeys(name for each in comparisons for name in (each.column, *each.columns)))


@contextmanager
def quiet() -> Iterator[None]:
    """Splink tells of its progress and of levels that no pair shows; neither is for our users."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def _counted(table: ir.Table) -> tuple[int, int, int]:
    """Records, those that say anything, and how many of these differ."""
    told = table.agg(count=table.count(), known=table[TWIN].count(), different=table[TWIN].nunique())
    row = told.to_pyarrow().to_pylist()[0]
    return row["count"], row["known"], row["different"]


def _too_little(count: int, known: int, different: int) -> str:
    if count == 0:
        return "There is no record."
    if known == 0:
        return "No record says anything that could be compared."
    if known == 1:
        return "One record alone has nothing to be compared with."
    if different == 1:
        return "All records are the same."
    return ""


def _usable(table: ir.Table, keys: Sequence[BlockKey], known: int) -> list[int]:
    """The places of the keys that are used: those that make pairs, and not too many."""
    used = []
    for place, key in enumerate(keys):
        members = blocks(table, place)
        sizes = members.group_by("block").agg(held=members.count())
        pairs = (sizes["held"] * (sizes["held"] - 1)).sum().fill_null(0).execute() / 2
        most = PAIRS_BY_WEAK if key.weak else PAIRS_A_RECORD
        if 0 < pairs <= most * known:
            used.append(place)
    return used


def _frequencies(table: ir.Table, comparison: Comparison) -> Frequencies:
    """Of the values of a column: those that many share by themselves, and one figure for the rest.

    The rest's is the sum of squares over the sum: the chance that a record which holds a rare value meets it again.
    """
    column = comparison.column
    values = table.filter(table[column].notnull()).select(value=column)
    counts = values.group_by("value").agg(times=values.count()).to_pandas()
    total = int(counts["times"].sum())
    if not total:
        return Frequencies({}, 1.0)
    share = counts["times"] / total
    common = (share >= RAREST) & (counts["times"] >= FEWEST)
    rare = share[~common]
    rest = float((rare**2).sum() / rare.sum()) if len(rare) else min(RAREST, 1 / total)
    named = counts.assign(share=share)[common].sort_values(["share", "value"], ascending=[False, True])
    return Frequencies(dict(zip(named["value"], named["share"].astype(float), strict=True)), rest)
