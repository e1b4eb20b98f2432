"""What splink is asked for: the prior, u and m of a sample, with names of our own in and plain figures out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from gouttes.identity.linkage.comparisons import Role
from gouttes.identity.linkage.levels import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gouttes.identity.linkage.blocking import BlockKey
    from gouttes.identity.linkage.comparisons import Comparison
    from gouttes.identity.linkage.sample import Sample

RULES_FIND = 0.7
"""Share of the true pairs that the rules behind the prior are taken to find (a prior)."""

RULES = 4
"""Keys of which rules are made (a prior: the strongest come first)."""

RANDOM_PAIRS = 500_000
"""Random pairs from which u is estimated (a prior; full agreement, which is rare, is counted among all)."""

EM_PAIRS = 1_000_000
"""The most pairs of one blocking from which m is estimated (a prior)."""

START = 0.5
"""Share of true pairs in a block that expectation-maximisation starts from (a prior; it is estimated)."""

TELLING = frozenset({Role.GIVEN_NAME, Role.FAMILY_NAME, Role.FULL_NAME, Role.DATE, Role.EMAIL, Role.PHONE, Role.CODE})
"""Roles whose agreement, beside a shared key, the rules behind the prior take for proof."""


@dataclass(frozen=True)
class Met:
    """The blocks of one key: the pairs in them, and the pairs of which both records have the key."""

    place: int
    key: BlockKey
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
        self._frame = DuckDBAPI(sample.connection.con).register(sample.table)

    def met(self, place: int, key: BlockKey) -> Met:
        """The blocks of a key."""
        table = self._sample.connection.table(self._sample.table)
        held = table.filter(table[f"b{place}"].notnull())
        sizes = held.group_by(f"b{place}").agg(held=held.count())
        pairs = (sizes["held"] * (sizes["held"] - 1)).sum().fill_null(0).execute() / 2
        told = [table[self._sample.names[name]].notnull() for name in key.columns]
        covered = table.filter(told).count().execute()
        return Met(place, key, float(pairs), covered * (covered - 1) / 2)

    def alike(self, columns: Sequence[str]) -> tuple[float, float]:
        """The pairs of records that have the same in all these columns, and the pairs that have them."""
        table = self._sample.connection.table(self._sample.table)
        names = [self._sample.names[column] for column in columns]
        held = table.filter([table[name].notnull() for name in names])
        sizes = held.group_by(names).agg(held=held.count())
        pairs = sizes["held"] * (sizes["held"] - 1)
        told = (
            sizes.agg(same=pairs.sum().fill_null(0), all=sizes["held"].sum().fill_null(0)).to_pyarrow().to_pylist()[0]
        )
        return float(told["same"]) / 2, float(told["all"]) * (float(told["all"]) - 1) / 2

    def prior(self, keys: Sequence[BlockKey]) -> float:
        """The probability that two records are one person, from pairs that share a key and another telling field."""
        rules = [rule for place, key in enumerate(keys[:RULES]) if (rule := self._rule(place, key))]
        linker = self._linker(self._all)
        if rules:
            with suppress(ValueError):  # the rules find more than all pairs: near-copies throughout
                linker.training.estimate_probability_two_random_records_match(rules, recall=RULES_FIND)
        return float(linker.misc.save_model_to_json()["probability_two_random_records_match"])

    def _rule(self, place: int, key: BlockKey) -> str:
        names = self._sample.names
        telling = [each.column for each in self._all if each.field.role in TELLING and not touches(each, key)]
        others = telling or [each.column for each in self._all if not touches(each, key)]
        agree = " or ".join(f'l."{names[column]}" = r."{names[column]}"' for column in others)
        return f'l."b{place}" = r."b{place}" and ({agree})' if agree else ""

    def at_random(self, seed: int) -> tuple[tuple[float, ...], ...]:
        """Of each comparison the levels among random pairs."""
        linker = self._linker(self._all)
        linker.training.estimate_u_using_random_sampling(
            RANDOM_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
        )
        told = linker.misc.save_model_to_json()["comparisons"]
        return tuple(_figures(each, "u_probability") for each in told)

    def session(self, met: Met, u: Sequence[tuple[float, ...]]) -> Session | None:
        """What the blocks of one key teach; None where no comparison is left to learn."""
        taught = [(each, figures) for each, figures in zip(self._all, u, strict=True) if not touches(each, met.key)]
        if not taught:
            return None
        comparisons, known = [each for each, _ in taught], [figures for _, figures in taught]
        session = self._linker(comparisons, known).training.estimate_parameters_using_expectation_maximisation(
            f'l."b{met.place}" = r."b{met.place}"',
            estimate_without_term_frequencies=True,
            max_pairs=EM_PAIRS if met.pairs > EM_PAIRS else None,
        )
        core = session.core_model_settings
        told = zip(comparisons, core.comparisons, strict=True)
        m = {each.column: _figures(learnt.as_dict(), "m_probability") for each, learnt in told}
        return Session(met, met.pairs * core.probability_two_random_records_match, m)

    def _linker(self, comparisons: Sequence[Comparison], u: Sequence[tuple[float, ...]] | None = None) -> Linker:
        known: Sequence[tuple[float, ...] | None] = u or [None] * len(comparisons)
        told = [
            settings_of(each, self._sample.names, figures) for each, figures in zip(comparisons, known, strict=True)
        ]
        settings = {"link_type": "dedupe_only", "comparisons": told, "probability_two_random_records_match": START}
        return Linker(self._frame, settings, log_level=None, validate_settings=False)


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
