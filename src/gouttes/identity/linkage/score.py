"""Pairs with their probability: one Ibis expression, the same on every engine, of two records and the model alone."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.linkage.blocking import FEW, TWIN, candidates, holders, keyed
from gouttes.identity.linkage.levels import distances, double, holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    others = others if others is records else kept(connection, others)
    others = others.select(*fresh.columns).anti_join(fresh, "subject")
    if others.count().execute() > FEW:
        met = _ways(fresh, model).select("block").distinct()
        others = others.semi_join(_ways(others, model).semi_join(met, "block").select("subject"), "subject")
    table = fresh.union(kept(connection, others))  # held: Spark cannot plan it inside a union
    pairs = candidates(connection, table, len(model.keys))
    concerned = pairs["left"].isin(fresh["subject"]) | pairs["right"].isin(fresh["subject"])
    return weighed(connection, kept(connection, pairs.filter(concerned)), table, model, at_least=at_least)


def _ways(table: ir.Table, model: LinkageModel) -> ir.Table:
    """``subject, block``: by what each record meets others, its being the same included."""
    twin = table.filter(table[TWIN].notnull()).select("subject", block=TWIN)
    return holders(table, range(len(model.keys))).select("subject", "block").union(twin)


def weighed(
    connection: SQLBackend, pairs: ir.Table, table: ir.Table, model: LinkageModel, *, at_least: float
) -> ir.Table:
    """PAIRS of the pairs given (``left, right``) that reach a probability.

    The weight is the prior's plus each field's, in bits; the probability 1 / (1 + 2^-weight).
    """
    if not 0 <= at_least <= 1:
        raise BadInputError(f"`at_least` is a probability from 0 to 1, not {at_least}.")
    both = _beside(pairs, table, model)
    bits = [_weight(both, field, place) for place, field in enumerate(model.fields)]
    given = both.select("left", "right", weight=_together(bits, model).cast("float64"))
    given = kept(connection, given.filter(given["weight"] >= _weight_of(at_least)))
    probability = 1 / (1 + ibis.literal(2.0).pow(-given["weight"]))
    return given.select("left", "right", probability=probability.cast("float64"), weight="weight")


def _beside(pairs: ir.Table, table: ir.Table, model: LinkageModel) -> ir.Table:
    """The pairs with what both records say, ``apart_n_column`` (the edits between them) and ``adjustment_n``."""
    names = ("subject", *model.columns)
    one, other = (table.select(**{f"{name}_{side}": name for name in names}) for side in "lr")
    both = pairs.inner_join(one, pairs["left"] == one["subject_l"])
    both = both.inner_join(other, pairs["right"] == other["subject_r"])
    adjusted = {place: field for place, field in enumerate(model.fields) if field.frequencies}
    for place, field in adjusted.items():
        if (known := _known(field, place)) is not None:
            both = both.left_join(known, both[f"{field.comparison.column}_l"] == known[f"value_{place}"])
    apart = {
        f"apart_{place}_{column}": edits
        for place, field in enumerate(model.fields)
        for column, edits in distances(field.comparison.levels, *_sides(both)).items()
    }
    adjustments = {f"adjustment_{place}": _adjustment(both, field, place) for place, field in adjusted.items()}
    told = [f"{name}_{side}" for name in model.columns for side in "lr"]
    return both.select("left", "right", *told, **apart, **adjustments)


def _together(bits: Sequence[ir.FloatingValue], model: LinkageModel) -> ir.FloatingValue:
    """Prior and fields; those of a home no more than a home weighs."""
    shared = model.home.columns if model.home else ()
    apart, home = double(model.prior_weight), double(0)
    for field, weight in zip(model.fields, bits, strict=True):
        if field.comparison.column in shared:
            home += weight
        else:
            apart += weight
    return apart + (ibis.least(home, double(model.home.most)) if model.home else home)


def _weight_of(probability: float) -> float:
    if probability in {0, 1}:
        return BEYOND if probability else -BEYOND
    return log2(probability / (1 - probability))


def _known(field: Weighted, place: int) -> ir.Table | None:
    """``value_n, bits_n``: what agreement on the common values of a field adds; None where none is common."""
    common = field.frequencies.common if field.frequencies else {}
    if not common:
        return None
    bits = [field.adjustment(value) for value in common]
    return ibis.memtable({f"value_{place}": list(common), f"bits_{place}": bits})


def _adjustment(both: ir.Table, field: Weighted, place: int) -> ir.FloatingValue:
    """What agreement on a field adds by the frequency of its value."""
    rest = double(log2(field.u[0] / field.frequencies.rest) if field.frequencies else 0)
    known = f"bits_{place}"
    return both[known].fill_null(rest) if known in both.columns else rest


def _sides(both: ir.Table) -> tuple[Callable[[str], ir.Value], Callable[[str], ir.Value]]:
    """From a column's name to its value on either side."""
    return (lambda name: both[f"{name}_l"]), (lambda name: both[f"{name}_r"])


def _weight(both: ir.Table, field: Weighted, place: int) -> ir.FloatingValue:
    """The weight of one field: of the first level that holds; 0 where either record lacks it."""
    comparison, weights = field.comparison, field.weights
    left, right = _sides(both)
    lacking = left(comparison.column).isnull() | right(comparison.column).isnull()
    branches = [(lacking, double(0))]
    for at, (level, bits) in enumerate(zip(comparison.levels, weights, strict=False)):
        weight = double(bits)
        if at == 0 and field.frequencies is not None:
            weight += both[f"adjustment_{place}"]
        holding = holds(level, left, right, lambda name: both[f"apart_{place}_{name}"])
        branches.append((holding, weight))
    return ibis.cases(*branches, else_=double(weights[-1]))
