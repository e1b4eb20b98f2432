"""What the report says of learning: plain values out of the sets of parameters, and of the last look at drift."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from gouttes.trust.learning.learn import Parameter, RatioTest
    from gouttes.trust.learning.parameters import ParameterSet

Status = Literal["in_force", "accepted", "proposed", "nothing"]


@dataclass(frozen=True)
class Figure:
    """One parameter.

    Attributes:
        name: of the rule, the class or the ratio.
        value, low, high: in its own unit (a weight in pseudo-events, a half-life in days), with an interval of 95 %;
            the ends are None where it was not estimated.
        prior: what it was before.
        state: ``learned``, ``unsupported``, ``undecided``, ``unseen``, ``bound`` or ``set``.
        bucket: of a bucket.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    prior: float
    state: str
    bucket: bool = False


@dataclass(frozen=True)
class Ratio:
    """A likelihood-ratio test: the statistic, its degrees of freedom and its p."""

    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True)
class Curve:
    """From trust to the chance of one outcome: P = 1/(1 + exp(-level - slope·logit τ̂)).

    Attributes:
        outcome: which.
        level, slope: with their ``covariance``: variance of the level, covariance, variance of the slope.
        people, successes, trials: what it was fitted on.
        reason: why there is no chance to tell; empty where there is.
    """

    outcome: str
    level: float
    slope: float
    covariance: tuple[float, float, float]
    people: int
    successes: int
    trials: int
    reason: str = ""


@dataclass(frozen=True)
class Month:
    """One month: the share of opportunities expected (with its 90 % interval) and taken.

    Attributes:
        origin: its first day, in the company's time zone.
        people, trials: with an opportunity, and how many.
        observed, expected, low, high: shares.
        z: standard errors between the two.
        told: the parameters had already learned from it.
        far: too far from what was said.
    """

    origin: datetime
    people: int
    trials: int
    observed: float
    expected: float
    low: float
    high: float
    z: float
    told: bool
    far: bool = False


@dataclass(frozen=True)
class Drifted:
    """The last look at drift.

    Attributes:
        state: ``well``, ``drifted``, ``unknown`` (no month to tell) or ``never`` (nobody looked).
        as_of: the day of the readings that were looked at.
        stale: other parameters are in force since.
        months: the oldest first.
    """

    state: str = "never"
    as_of: datetime | None = None
    stale: bool = False
    months: tuple[Month, ...] = ()


@dataclass(frozen=True)
class Learned:
    """What customers taught.

    Attributes:
        status: ``in_force`` (the readings rest on it), ``accepted`` (they will with the next run), ``proposed``
            (nobody accepted it) or ``nothing``.
        version: of the set shown; empty for ``nothing``.
        learned_at: the moment, in the company's time zone; None for ``nothing``.
        origins: the dates after which outcomes were counted, for ``horizon`` days each.
        people, successes, trials: what was learned from.
        weights: of each rule.
        memories: half-lives of each class.
        classes: by class, the rules that are in it.
        asymmetry: by name, its sources.
        one_half_life, equal_weights: tests of two simplifications.
        single: one opportunity for each person and date: the strength of the prior was held.
        curves: from trust to each outcome.
        waiting: version of a later set that waits for somebody's decision; empty where none does.
        leaving: the set in force was put aside, and goes with the next run.
        drift: the last look at drift.
    """

    status: Status = "nothing"
    version: str = ""
    learned_at: datetime | None = None
    origins: tuple[datetime, ...] = ()
    horizon: float = 0.0
    people: int = 0
    successes: int = 0
    trials: int = 0
    weights: tuple[Figure, ...] = ()
    memories: tuple[Figure, ...] = ()
    classes: Mapping[str, tuple[str, ...]] | None = None
    asymmetry: Mapping[str, Figure] | None = None
    one_half_life: Ratio | None = None
    equal_weights: Ratio | None = None
    single: bool = False
    curves: tuple[Curve, ...] = ()
    waiting: str = ""
    leaving: bool = False
    drift: Drifted = Drifted()


def shown(found: ParameterSet, status: Status, zone: tzinfo) -> Learned:
    """The figures of a set, its dates in the company's time zone."""
    buckets = {name for name in found.half_lives if name.startswith("buckets")}
    return Learned(
        status=status,
        version=found.version,
        learned_at=_local(found.learned_at, zone),
        origins=tuple(_local(each, zone) for each in found.origins),
        horizon=found.horizon,
        people=found.people,
        successes=found.successes,
        trials=found.trials,
        weights=tuple(_figure(each, bucket=found.classes[name] in buckets) for name, each in found.weights.items()),
        memories=tuple(_figure(each, bucket=name in buckets) for name, each in found.half_lives.items()),
        classes={
            each: tuple(rule for rule, whose in found.classes.items() if whose == each) for each in found.half_lives
        },
        asymmetry={name: _figure(each) for name, each in found.asymmetry.items()},
        one_half_life=_test(found.one_half_life),
        equal_weights=_test(found.equal_weights),
        single=found.single,
        curves=tuple(Curve(name, **asdict(each)) for name, each in found.chances.items()),
    )


def months(found: Iterable[Mapping[str, Any]], zone: tzinfo, *, far: float) -> tuple[Month, ...]:
    """Months in the company's time zone; beyond ``far`` standard errors one is too far from what was said."""
    each = (Month(**{**month, "far": abs(month["z"]) > far}) for month in found)
    return tuple(replace(month, origin=month.origin.astimezone(zone)) for month in each)


def _local(moment: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(moment).astimezone(zone)


def _figure(each: Parameter, *, bucket: bool = False) -> Figure:
    return Figure(each.name, each.value, each.low, each.high, each.prior, each.state.value, bucket)


def _test(found: RatioTest | None) -> Ratio | None:
    return Ratio(found.statistic, found.degrees, found.p) if found else None
