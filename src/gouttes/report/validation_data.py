"""What the report and the terminal say of validation: plain values out of the file that it left."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gouttes.validated import Standing


@dataclass(frozen=True)
class Interval:
    """A figure and its 90 % interval; NaN where it is not defined."""

    value: float
    low: float
    high: float
    n: int = 0


@dataclass(frozen=True)
class Rival:
    """The reading against one baseline: ΔLL in nats per opportunity, its AUC; or why there is no such baseline."""

    name: str
    gain: Interval | None
    auc: Interval | None
    without: Interval | None
    absent: str = ""


@dataclass(frozen=True)
class Group:
    """How one group was predicted: share taken with its interval, mean predicted chance, z, people."""

    kind: str
    label: str
    observed: Interval
    predicted: float
    z: float
    people: int


@dataclass(frozen=True)
class Point:
    """One bar of the calibration curve."""

    predicted: float
    observed: Interval
    people: int


@dataclass(frozen=True)
class Tried:
    """One outcome.

    Attributes:
        name: the outcome.
        verdict, over, reason: as ``gouttes.validated.Finding``.
        needed, found: figures that the reason speaks of.
        people, trials: of the test.
        auc, slope, coverage: how well the reading did.
        z: calibration in the large.
        rivals: every baseline.
        curve: the calibration curve.
        groups: cells of eight people and more, in alphabetical order.
        unlearned: why first-day weights were used; empty where weights were learned.
    """

    name: str
    verdict: str
    over: str = ""
    reason: str = ""
    needed: float = 0.0
    found: float = 0.0
    people: int = 0
    trials: int = 0
    auc: Interval | None = None
    slope: Interval | None = None
    coverage: Interval | None = None
    z: float = math.nan
    rivals: tuple[Rival, ...] = ()
    curve: tuple[Point, ...] = ()
    groups: tuple[Group, ...] = ()
    unlearned: str = ""


@dataclass(frozen=True)
class Validated:
    """What validation last found.

    Attributes:
        validated_at: the day, ISO 8601.
        horizon: days after each date in which outcomes were counted.
        dates, tests: how many dates people were learned from, and tested at.
        asked: how many dates the protocol asks for.
        same_date: learned and tested at one date, on different people.
        sampled: people of the sample; None where all were.
        hold_out: the permanent hold-out was asked.
        stale: settings or rules have changed since.
        without_gain: outcomes for which no added value was found, each with the baseline to fall back on.
        outcomes: each outcome.
        reason, needed, found: why nothing at all can be said.
    """

    validated_at: str
    horizon: float
    dates: int = 0
    tests: int = 0
    asked: int = 4
    same_date: bool = False
    sampled: int | None = None
    hold_out: bool = False
    stale: bool = False
    without_gain: Mapping[str, str] = field(default_factory=dict)
    outcomes: tuple[Tried, ...] = field(default_factory=tuple)
    reason: str = ""
    needed: float = 0.0
    found: float = 0.0

    @property
    def total_dates(self) -> int:
        """How many dates there were."""
        return self.dates if self.same_date else self.dates + self.tests


def shown(found: Standing, *, digest: str) -> Validated:
    """The figures of a standing; ``digest`` is that of the settings and rules in force now."""
    figures = found.figures
    refused = figures.get("refused") or {}
    trained, tested = figures.get("trained_at", []), figures.get("tested_at", [])
    return Validated(
        validated_at=found.validated_at,
        horizon=found.horizon,
        dates=len(trained),
        tests=len(tested),
        asked=figures.get("asked_origins", 0),
        same_date=bool(trained) and trained == tested,
        sampled=figures.get("sampled"),
        hold_out=bool(figures.get("hold_out")),
        stale=found.digest != digest,
        without_gain=found.without_gain,
        outcomes=tuple(_tried(name, each, found) for name, each in figures.get("outcomes", {}).items()),
        reason=found.reason,
        needed=refused.get("needed", 0.0),
        found=refused.get("found", 0.0),
    )


def _tried(name: str, figures: Mapping[str, Any], found: Standing) -> Tried:
    finding, refused, compared = found.findings[name], figures["refused"] or {}, figures["comparison"]
    if not compared:
        reason = finding.reason
        return Tried(name, finding.verdict, "", reason, refused.get("needed", 0.0), refused.get("found", 0.0))
    scored, without = compared["scored"], figures["without_purchases"]
    return Tried(
        name,
        finding.verdict,
        finding.over,
        people=compared["people"],
        trials=compared["trials"],
        auc=_interval(scored["auc"]),
        slope=_interval(scored["calibration"]["slope"]),
        coverage=_interval(scored["coverage"]),
        z=_number(scored["calibration"]["z"]),
        rivals=tuple(_rival(each, without.get(each["name"])) for each in compared["against"]),
        curve=tuple(
            Point(bar["predicted"], Interval(bar["observed"], bar["low"], bar["high"], bar["trials"]), bar["people"])
            for bar in compared["curve"]
        ),
        groups=tuple(_group(kind, cell) for kind, cells in compared["cells"].items() for cell in cells),
        unlearned=figures["unlearned"],
    )


def _rival(figures: Mapping[str, Any], without: Mapping[str, Any] | None) -> Rival:
    if figures["absent"]:
        return Rival(figures["name"], None, None, None, figures["absent"])
    gain, auc = _interval(figures["gain"]), _interval(figures["scored"]["auc"])
    return Rival(figures["name"], gain, auc, _interval(without) if without else None)


def _group(kind: str, cell: Mapping[str, Any]) -> Group:
    observed = _interval(cell["observed"])
    return Group(kind, cell["label"], observed, cell["predicted"], _number(cell["z"]), cell["people"])


def _interval(figures: Mapping[str, Any]) -> Interval:
    value, low, high = (_number(figures[name]) for name in ("value", "low", "high"))
    return Interval(value, low, high, figures["n"])


def _number(value: float | None) -> float:
    return math.nan if value is None else value
