"""What a sample is asked: random pairs for u, shared keys for the prior, and splink for m; plain figures come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from splink import Linker
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import SplinkException

from gouttes.identity.linkage.comparisons import Role
from gouttes.identity.linkage.levels import sql
from gouttes.identity.linkage.sample import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gouttes.identity.linkage.blocking import BlockKey
    from gouttes.identity.linkage.comparisons import Comparison
    from gouttes.identity.linkage.sample import Sample

RULES_FIND = 0.7
"""Share of the true pairs that the rules behind the prior are taken to find (a prior)."""

RANDOM_PAIRS = 200_000
"""Random pairs from which u is estimated (a prior; full agreement, which is rare, is counted among all)."""

EM_PAIRS = 500_000
"""The most pairs of one blocking from which m is estimated (a prior)."""

START = 0.5
"""Share of true pairs in a block that expectation-maximisation starts from (a prior; it is estimated)."""

TELLING = frozenset({Role.GIVEN_NAME, Role.FAMILY_NAME, Role.FULL_NAME, Role.DATE, Role.EMAIL, Role.PHONE, Role.CODE})
"""Roles whose agreement, beside a shared key, the rules behind the prior take for proof."""


@dataclass(frozen=True)
class Met:
    """The blocks of one key: the table they are in, its pairs, and the pairs of which both records have the key."""

    key: BlockKey
    table: str
    pairs: float
    able: float


@dataclass(frozen=True)
class Session:
    """What one blocking taught: the expected number of true pairs in its blocks, and m by comparison."""

    met: Met
    true_pairs: float
    m: dict[str, tuple[float, ...]]


class Asked:
    """One sample as splink sees it.

    splink reads the columns that a condition names to know which comparisons a blocking cannot teach. Our blocks are
    columns of their own, so each blocking gets a linker with the comparisons that it can teach and no other.
    """

    def __init__(self, sample: Sample, comparisons: Sequence[Comparison]) -> None:
        self._sample = sample
        self._all = comparisons
        self._api = DuckDBAPI(sample.connection.con)

    def met(self, key: BlockKey) -> Met:
        """The blocks of a key."""
        table = self._sample.blocked(self._sample.keys[key])
        (pairs,) = self._sample.asked(
            f"select sum(held * (held - 1) / 2) from (select count(*) as held from {table} group by block)"  # noqa: S608 -- our names
        )
        told = " and ".join(f"{self._sample.names[name]} is not null" for name in key.columns)
        (covered,) = self._sample.asked(f"select count(*) from {TABLE} where {told}")  # noqa: S608 -- our names
        return Met(key, table, pairs, covered * (covered - 1) / 2)

    def alike(self, columns: Sequence[str]) -> tuple[float, float]:
        """The pairs of records that have the same in all these columns, and the pairs that have them."""
        names = [self._sample.names[column] for column in columns]
        told = " and ".join(f"{name} is not null" for name in names)
        sizes = f"select count(*) as held from {TABLE} where {told} group by {', '.join(names)}"  # noqa: S608 -- our names
        same, all_of = self._sample.asked(f"select sum(held * (held - 1) / 2), sum(held) from ({sizes})")  # noqa: S608 -- our names
        return same, all_of * (all_of - 1) / 2

    def prior(self, blockings: Sequence[Met]) -> float:
        """The probability that two records are one person, from pairs that share a key and another telling field."""
        found = [f"({self._proved(met)})" for met in blockings]
        (pairs,) = self._sample.asked(f"select count(*) from ({' union '.join(found)})")  # noqa: S608 -- our names
        return pairs / RULES_FIND / (self._sample.rows * (self._sample.rows - 1) / 2)

    def _proved(self, met: Met) -> str:
        names = self._sample.names
        others = [each for each in self._all if not touches(each, met.key)]
        telling = [each for each in others if each.field.role in TELLING] or others
        agree = " or ".join(f"l.{names[each.column]} = r.{names[each.column]}" for each in telling) or "false"
        joined = f"{met.table} l join {met.table} r on l.block = r.block and l.unique_id < r.unique_id"
        return f"select l.unique_id, r.unique_id as other from {joined} where {agree}"  # noqa: S608 -- our names

    def at_random(self, seed: int) -> tuple[tuple[float, ...], ...]:
        """Of each comparison the levels among random pairs; each pair of records once, where there are few."""
        rows, rng = self._sample.rows, np.random.default_rng(seed)
        if rows * (rows - 1) / 2 <= RANDOM_PAIRS:
            one, other = np.triu_indices(rows, 1)
        else:
            one = rng.integers(rows, size=RANDOM_PAIRS)
            other = (one + rng.integers(1, rows, size=RANDOM_PAIRS)) % rows
        self._sample.connection.create_table("random", pa.table({"one": one, "other": other}))
        names = self._sample.names.values()
        sides = [f'{side}.{name} as "{name}_{side}"' for name in names for side in "lr"]
        both = (
            f"select {', '.join(sides)} from random join {TABLE} l on l.rowid = one join {TABLE} r on r.rowid = other"  # noqa: S608 -- our names
        )
        levels = ", ".join(f"{self._level(each)} as g{place}" for place, each in enumerate(self._all))
        counts = [
            f"count(*) filter (g{place} = {level})"
            for place, each in enumerate(self._all)
            for level in range(len(each.levels) + 1)
        ]
        found = list(self._sample.asked(f"select {', '.join(counts)} from (select {levels} from ({both}))"))  # noqa: S608 -- our names
        self._sample.connection.drop_table("random")
        told = [[found.pop(0) for _ in range(len(each.levels) + 1)] for each in self._all]
        return tuple(tuple(figure / (sum(figures) or 1) for figure in figures) for figures in told)

    def _level(self, comparison: Comparison) -> str:
        """The place of the level that holds; null where a value is missing."""
        name = self._sample.names[comparison.column]
        conditions = [sql(level, self._sample.names.__getitem__) for level in comparison.levels]
        branches = " ".join(f"when {condition} then {place}" for place, condition in enumerate(conditions))
        return f'case when "{name}_l" is null or "{name}_r" is null then null {branches} else {len(conditions)} end'

    def session(self, met: Met, u: Sequence[tuple[float, ...]]) -> Session | None:
        """What the blocks of one key teach of the comparisons that it does not touch; None where splink finds nothing.

        So it is where no true pair shares the key, or none differs: m runs to the edge, and splink refuses it.
        """
        taught = [(each, figures) for each, figures in zip(self._all, u, strict=True) if not touches(each, met.key)]
        comparisons, known = [each for each, _ in taught], [figures for _, figures in taught]
        linker = self._linker(met.table, comparisons, known)
        try:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                "l.block = r.block",
                estimate_without_term_frequencies=True,
                max_pairs=EM_PAIRS if met.pairs > EM_PAIRS else None,
            )
        except (SplinkException, ValueError):
            return None
        core = session.core_model_settings
        told = zip(comparisons, core.comparisons, strict=True)
        m = {each.column: _figures(learnt.as_dict(), "m_probability") for each, learnt in told}
        return Session(met, met.pairs * core.probability_two_random_records_match, m)

    def _linker(self, table: str, comparisons: Sequence[Comparison], u: Sequence[tuple[float, ...]]) -> Linker:
        told = [settings_of(each, self._sample.names, figures) for each, figures in zip(comparisons, u, strict=True)]
        settings = {"link_type": "dedupe_only", "comparisons": told, "probability_two_random_records_match": START}
        return Linker(self._api.register(table), settings, log_level=None, validate_settings=False)


def settings_of(
    comparison: Comparison, names: Mapping[str, str], u: Sequence[float] | None, m: Sequence[float] | None = None
) -> dict[str, Any]:
    """A comparison as splink wants it told, with the figures that are known."""
    column = names[comparison.column]
    lacking = {"sql_condition": f'"{column}_l" is null or "{column}_r" is null', "is_null_level": True}
    conditions = [sql(level, names.__getitem__) for level in comparison.levels]
    told = [
        {"sql_condition": condition, "label_for_charts": f"{place}"}
        for place, condition in enumerate([*conditions, "ELSE"])
    ]
    for figures, name in ((u, "u_probability"), (m, "m_probability")):
        for level, figure in zip(told, figures or (), strict=False):
            level[name] = figure  # type: ignore[assignment]  # texts and figures in one object
    return {"output_column_name": column, "comparison_levels": [lacking, *told]}


def _figures(told: dict[str, Any], name: str) -> tuple[float, ...]:
    """The figures of a comparison's levels, 0 where splink saw none."""
    levels = [level for level in told["comparison_levels"] if not level.get("is_null_level")]
    return tuple(float(level[name]) if isinstance(level.get(name), float) else 0.0 for level in levels)


def touches(comparison: Comparison, key: BlockKey) -> bool:
    """Whether a key blocks on what a comparison looks at."""
    return bool({comparison.column, *comparison.columns} & set(key.columns))
