"""The relation with customers as the report shows it: plain values, and nobody's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gouttes.behaviour.constraint import Pledge, TrapIndex
    from gouttes.evidence.restoring import Effect, Weights
    from gouttes.trust.levels import LevelCell


@dataclass(frozen=True)
class StageShare:
    """A stage: how many people are expected in it, the share of everyone with its 90 % interval, and n, everyone."""

    stage: str
    people: float
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class MeanOf:
    """A mean from 0 to 1, its 90 % interval, and n; null where nothing is known."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Relation:
    """How far relations have come, where trust comes from, and what holds customers.

    Attributes:
        stages: one per stage.
        cells: the weights of levels: everyone, then each stage and context.
        differ: by level, whether its groups differ.
        sector: the mean of the trade, where the settings give it.
        trap, pledge: lock-ins, and what the company pledges.
        locked: renewals under a lock-in, which are evidence of nothing.
        repairs: how many; by_source: where their justice comes from.
        facets: the mean of each justice. weights: what each weighs in coming back. effect: returns after repairs.
    """

    stages: tuple[StageShare, ...]
    cells: tuple[LevelCell, ...]
    differ: Mapping[str, str]
    sector: float | None
    trap: TrapIndex
    pledge: Pledge
    locked: int
    repairs: int
    by_source: Mapping[str, int]
    facets: Mapping[str, MeanOf]
    weights: Weights
    effect: Effect
