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
from enum import StrEnum
from typing import TYPE_CHECKING

from gouttes.engines import close, kept
from gouttes.errors import MissingColumnsError
from gouttes.identity.linkage import estimate
from gouttes.identity.linkage.blocking import keys_for, telling
from gouttes.identity.linkage.comparisons import RECORDS_FIELDS, comparisons_for
from gouttes.identity.linkage.model import FEWEST, RAREST, Frequencies, LinkageModel, Weighted
from gouttes.identity.linkage.sample import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.comparisons import Comparison, Field
    from gouttes.identity.linkage.sample import Sample


class Why(StrEnum):
    """Why there is no model. What each means is in the catalogues of words, under ``cli.lab.untrained``."""

    NO_RECORD = "no_record"
    NOTHING_KNOWN = "nothing_known"
    ONE_RECORD = "one_record"
    ALL_SAME = "all_same"
    NO_KEY = "no_key"
    FEW_PAIRS = "few_pairs"
    FEW_FIELDS = "few_fields"
    TOO_ALIKE = "too_alike"


@dataclass(frozen=True)
class Untrained:
    """No model, and why: too few records, or nothing that tells one from another."""

    reason: Why

    @property
    def words(self) -> str:
        """Where the catalogues of words say it."""
        return f"lab.untrained.{self.reason}"


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
    table = kept(connection, records.select("subject", *columns))
    known, reason = _counted(table, columns)
    if reason:
        return Untrained(reason)
    sample = drawn(table, columns, keys, known)
    found = _estimated(sample, comparisons, seed=seed)
    if isinstance(found, Untrained):
        return found
    weighted = [
        Weighted(comparison, m, u, _frequencies(table, comparison) if comparison.by_frequency else None)
        for comparison, m, u in zip(comparisons, found.m, found.u, strict=True)
    ]
    return LinkageModel(found.prior, tuple(weighted), tuple(sample.keys), found.home)


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


def _estimated(sample: Sample, comparisons: Sequence[Comparison], *, seed: int) -> estimate.Estimate | Untrained:
    """The parameters that a sample supports; the sample's engine is closed."""
    try:
        with quiet():
            return estimate.estimated(sample, comparisons, seed=seed)
    except estimate.NoPairsError as error:
        return Untrained(Why(str(error)))
    finally:
        close(sample.connection)


def _counted(table: ir.Table, columns: Sequence[str]) -> tuple[int, Why | None]:
    """How many records say anything, and why these are too few."""
    said = telling(table, columns)
    ends = {f"{end}_{place}": find(table[name]) for place, name in enumerate(columns) for end, find in ENDS.items()}
    told = table.agg(count=table.count(), known=said.sum().fill_null(0), **ends).to_pyarrow().to_pylist()[0]
    known = int(told["known"])
    alike = all(
        told[f"known_{place}"] in {0, known} and told[f"first_{place}"] == told[f"last_{place}"]
        for place in range(len(columns))
    )
    reasons = {Why.NO_RECORD: not told["count"], Why.NOTHING_KNOWN: not known, Why.ONE_RECORD: known == 1}
    return known, next((why for why, holds in {**reasons, Why.ALL_SAME: alike}.items() if holds), None)


ENDS: dict[str, Callable[[ir.StringColumn], ir.Scalar]] = {
    "known": lambda column: column.count(),
    "first": lambda column: column.min(),
    "last": lambda column: column.max(),
}
"""A column has one value where its first in order is its last."""


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
