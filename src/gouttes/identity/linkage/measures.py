"""How good a grouping is against the truth: by pairs, and by records (B-cubed), from counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError
from gouttes.proportion import wilson

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Share:
    """A proportion with its 90 % interval; null where there was nothing to count.

    The interval is Wilson's (1927), JASA 22: it takes the counts as independent, which pairs of one group are not, so
    it is a lower bound of the uncertainty.
    """

    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, total: int) -> Share:
        """The proportion of ``hits`` among ``total``."""
        return cls(hits / total if total else None, *wilson(hits, total))


@dataclass(frozen=True)
class Measures:
    """What :func:`measured` found.

    Attributes:
        records: how many were compared.
        true_pairs: pairs together in truth.
        found_pairs: pairs together in the grouping.
        right_pairs: pairs together in both.
        precision: of the pairs found, those that are right.
        recall: of the true pairs, those found.
        f1: the harmonic mean of both; null where neither has a pair.
        b_precision: B-cubed precision (Bagga & Baldwin 1998): the mean over records of the share of its group that
            belongs with it.
        b_recall: the mean over records of the share of those who belong with it that are in its group.
        b_f1: the harmonic mean of the two.
    """

    records: int
    true_pairs: int
    found_pairs: int
    right_pairs: int
    precision: Share
    recall: Share
    f1: float | None
    b_precision: float
    b_recall: float
    b_f1: float


def measured(grouped: ir.Table) -> Measures:
    """How far the column ``cluster`` agrees with the column ``truth``.

    Args:
        grouped: one row per record, ``cluster`` and ``truth`` of any type; rows without a truth are left out.

    Raises:
        BadInputError: no row has a truth.
    """
    known = grouped.filter(grouped["truth"].notnull() & grouped["cluster"].notnull())
    cells = known.group_by("cluster", "truth").agg(both=known.count().cast("int64"))
    found = cells.group_by("cluster").agg(found=cells["both"].sum())
    true = cells.group_by("truth").agg(true=cells["both"].sum())
    joined = cells.inner_join(found, "cluster").inner_join(true, "truth")
    both = joined["both"].cast("float64")
    inside = joined.agg(
        records=joined["both"].sum(),
        right=(joined["both"] * (joined["both"] - 1)).sum(),
        precise=(both * both / joined["found"]).sum(),
        recalled=(both * both / joined["true"]).sum(),
    )
    told = inside.to_pyarrow().to_pylist()[0]
    if not told["records"]:
        raise BadInputError("No record has a truth to compare with: its column is empty.")
    records, right = int(told["records"]), int(told["right"]) // 2
    found_pairs, true_pairs = _pairs(found, "found"), _pairs(true, "true")
    precise, recalled = told["precise"] / records, told["recalled"] / records
    return Measures(
        records=records,
        true_pairs=true_pairs,
        found_pairs=found_pairs,
        right_pairs=right,
        precision=Share.of(right, found_pairs),
        recall=Share.of(right, true_pairs),
        f1=2 * right / (found_pairs + true_pairs) if found_pairs + true_pairs else None,
        b_precision=precise,
        b_recall=recalled,
        b_f1=2 * precise * recalled / (precise + recalled),
    )


def _pairs(sizes: ir.Table, name: str) -> int:
    """The pairs inside groups of these sizes."""
    held = sizes[name]
    return int((held * (held - 1)).sum().execute()) // 2
