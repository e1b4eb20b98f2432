"""Pairs with their probability: one Ibis expression, the same on every engine, of two records and the model alone."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.linkage.blocking import TWIN, candidates, keyed
from gouttes.identity.linkage.levels import distances, holds

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.linkage.model import LinkageModel, Weighted


BEYOND = 1e6
"""Bits that no weight reaches."""


def published(records: ir.Table, model: LinkageModel) -> ir.Table:
    """Records with what finds their blocks: written to a file or table, it lets :func:`scored_new` answer at once.

    Args:
        records: ``subject`` and the model's columns, such as ``schemas.RECORDS``.
        model: whose keys are made.

    Returns:
        As :func:`gouttes.identity.linkage.blocking.keyed`.

    Raises:
        MissingColumnsError: a column of the model is not there.
    """
    if missing := {"subject", *model.columns} - set(records.columns):
        raise MissingColumnsError("identity.linkage", missing, records.columns, "Pass the records it was trained on.")
    if TWIN in records.columns and f"key_{len(model.keys) - 1}" in records.columns:
        return records
    return keyed(records, model.columns, model.keys)


def scored(connection: SQLBackend, records: ir.Table, model: LinkageModel, *, at_least: float = 0.5) -> ir.Table:
    """Every pair of records that may be one person.

    Args:
        connection: holds tables on the way.
        records: ``subject`` (each once, never null) and the model's columns, or what :func:`published` made of them.
        model: what was trained.
        at_least: the lowest probability that is given.

    Returns:
        PAIRS. Of records that are the same in all that is compared, each pairs with the smallest alone.

    Raises:
        MissingColumnsError: a column of the model is not there.
        BadInputError: ``at_least`` is no probability.
    """
    table = kept(connection, published(records, model))
    pairs = kept(connection, candidates(connection, table, len(model.keys)))
    return weighed(connection, pairs, table, model, at_least=at_least)


def scored_new(
    connection: SQLBackend, new: ir.Table, records: ir.Table, model: LinkageModel, *, at_least: float = 0.5
) -> ir.Table:
    """The rows of :func:`scored` of all records that have one of the new, without looking at the other pairs.

    Args:
        connection: holds tables on the way.
        new: a few records; where a subject is also among ``records``, this is what it says now.
        records: all the others. As :func:`published` made them, the answer takes a fraction of a second at a million.
        model: what was trained.
        at_least: the lowest probability that is given.

    Returns:
        PAIRS with one side or both in ``new``.

    Raises:
        MissingColumnsError: a column of the model is not there.
        BadInputError: ``at_least`` is no probability.
    """
    fresh = kept(connection, published(new, model))
    others = published(records, model)
    near = _near(fresh, others.anti_join(fresh, "subject"), model).select(*fresh.columns)
    table = kept(connection, fresh.union(near))
    pairs = kept(connection, candidates(connection, table, len(model.keys)))
    subjects = fresh.select("subject")
    concerned = ibis.union(
        pairs.semi_join(subjects, pairs["left"] == subjects["subject"]),
        pairs.semi_join(subjects, pairs["right"] == subjects["subject"]),
        distinct=True,
    )
    return weighed(connection, kept(connection, concerned), table, model, at_least=at_least)


def _near(fresh: ir.Table, others: ir.Table, model: LinkageModel) -> ir.Table:
    """The records that share a key with a new one, or are the same as it."""
    names = [TWIN, *(f"key_{place}" for place in range(len(model.keys)))]
    found = [
        others.semi_join(fresh.filter(fresh[name].notnull()).select(name).distinct(), name).select("subject")
        for name in names
    ]
    return others.semi_join(ibis.union(*found, distinct=True), "subject")


def weighed(
    connection: SQLBackend, pairs: ir.Table, table: ir.Table, model: LinkageModel, *, at_least: float
) -> ir.Table:
    """PAIRS of the pairs given (``left, right``) that reach a probability.

    The weight is the prior's plus each field's, in bits; the probability 1 / (1 + 2^-weight).
    """
    if not 0 <= at_least <= 1:
        raise BadInputError(f"`at_least` is a probability from 0 to 1, not {at_least}.")
    sides = table.select("subject", *model.columns)
    one, other = (sides.rename({f"{name}_{side}": name for name in sides.columns}) for side in "lr")
    both = pairs.inner_join(one, pairs["left"] == one["subject_l"]).inner_join(
        other, pairs["right"] == other["subject_r"]
    )
    for place, field in enumerate(model.fields):
        both = _with_adjustment(both, field, place)
        apart = distances(field.comparison.levels, *_sides(both))
        both = both.mutate(**{f"apart_{place}_{column}": edits for column, edits in apart.items()})
    bits = {f"bits_{place}": _weight(both, field, place) for place, field in enumerate(model.fields)}
    told = both.select("left", "right", **bits)
    given = told.select("left", "right", weight=_together(told, model).cast("float64"))
    given = kept(connection, given.filter(given["weight"] >= _weight_of(at_least)))
    probability = 1 / (1 + ibis.literal(2.0).pow(-given["weight"]))
    return given.select("left", "right", probability=probability.cast("float64"), weight="weight")


def _together(told: ir.Table, model: LinkageModel) -> ir.FloatingValue:
    """Prior and fields; those of a home no more than a home weighs."""
    shared = model.home.columns if model.home else ()
    apart, home = ibis.literal(model.prior_weight), ibis.literal(0.0)
    for place, field in enumerate(model.fields):
        if field.comparison.column in shared:
            home += told[f"bits_{place}"]
        else:
            apart += told[f"bits_{place}"]
    return apart + (ibis.least(home, model.home.most) if model.home else home)


def _weight_of(probability: float) -> float:
    if probability in {0, 1}:
        return BEYOND if probability else -BEYOND
    return log2(probability / (1 - probability))


def _with_adjustment(both: ir.Table, field: Weighted, place: int) -> ir.Table:
    """The column ``adjustment_n`` where agreement on a field is weighed by the frequency of its value."""
    if field.frequencies is None:
        return both
    rest = log2(field.u[0] / field.frequencies.rest)
    if not field.frequencies.common:
        return both.mutate(**{f"adjustment_{place}": ibis.literal(rest)})
    known = ibis.memtable(
        {
            f"value_{place}": list(field.frequencies.common),
            f"bits_{place}": [field.adjustment(value) for value in field.frequencies.common],
        }
    )
    joined = both.left_join(known, both[f"{field.comparison.column}_l"] == known[f"value_{place}"])
    bits = joined[f"bits_{place}"].fill_null(rest)
    return joined.mutate(**{f"adjustment_{place}": bits}).drop(f"value_{place}", f"bits_{place}")


def _sides(both: ir.Table) -> tuple[Callable[[str], ir.Value], Callable[[str], ir.Value]]:
    """From a column's name to its value on either side."""
    return (lambda name: both[f"{name}_l"]), (lambda name: both[f"{name}_r"])


def _weight(both: ir.Table, field: Weighted, place: int) -> ir.FloatingValue:
    """The weight of one field: of the first level that holds; 0 where either record lacks it."""
    comparison, weights = field.comparison, field.weights
    left, right = _sides(both)
    lacking = left(comparison.column).isnull() | right(comparison.column).isnull()
    branches = [(lacking, ibis.literal(0.0))]
    for at, (level, bits) in enumerate(zip(comparison.levels, weights, strict=False)):
        weight = ibis.literal(bits)
        if at == 0 and field.frequencies is not None:
            weight += both[f"adjustment_{place}"]
        holding = holds(level, left, right, lambda name: both[f"apart_{place}_{name}"])
        branches.append((holding, weight))
    return ibis.cases(*branches, else_=ibis.literal(weights[-1]))
