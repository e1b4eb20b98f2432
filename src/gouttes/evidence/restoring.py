"""What people did after a failure that was repaired, and which justice of a repair brought them back.

The weights of the facets are learned from later returns: logit P(return) = c + s·Σ θ_f·facet_f, s > 0, θ_f ≥ 0,
Σ θ_f = 1. Few repairs leave θ at its priors. The effect of repairs is a difference between people who were repaired
and people who were not, from a landmark on (Anderson, Cain & Gelber 1983), so that waiting for a repair counts for
neither; it is no cause: repairs are not given by lot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax

from gouttes import engines
from gouttes.evidence.justice import JUSTICE
from gouttes.proportion import LEVEL, Figure, Z, difference, wilson
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    Vector = npt.NDArray[np.float64]

RETURN_DAYS = 90.0
"""Prior: a return counts as later within so many days."""
LANDMARK_DAYS = 14.0
"""Prior: whoever was not repaired within so many days of the failure counts as not repaired."""
FEWEST_REPAIRS, FEWEST_EITHER = 100, 20
"""Prior: with fewer repairs, or fewer who came back or did not, nothing is learned."""
SPREAD = 0.5
"""Prior: standard deviation of the logarithm of each weight around its own prior."""
SLOPE_MEAN, SLOPE_SPREAD = 1.0, 1.0
"""Prior: the slope s is about 1, its logarithm's standard deviation 1."""
GRAIN = 0.05
FLAT = 1e-6
_DAY_US = 86_400_000_000
RETURNS = (Act.RETURN_UNPROMPTED.value, Act.RETURN_PROMPTED.value)


@dataclass(frozen=True)
class FacetWeight:
    """θ of one facet: its weight, 90 % interval and prior, and whether data could tell."""

    facet: str
    weight: float
    low: float | None
    high: float | None
    prior: float
    learned: bool


@dataclass(frozen=True)
class Weights:
    """The weights of the facets.

    Attributes:
        reason: empty where they were learned; else ``too_few``, ``one_outcome`` or ``same_facets``: the priors stand.
        repairs: repairs followed for long enough. returned: after how many the customer came back.
        facets: one per facet.
    """

    reason: str
    repairs: int
    returned: int
    facets: tuple[FacetWeight, ...]


@dataclass(frozen=True)
class Share:
    """A share, its Wilson interval (90 %), and n."""

    value: float | None
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Effect:
    """Returns of people after a failure, with and without a repair: a difference, and no cause.

    Attributes:
        reason: empty, or ``too_few`` where a side has fewer than 20 failures.
        repaired, unrepaired: share who came back.
        difference, low, high: in points as a share, with Newcombe's interval (90 %).
        landmark_days, return_days: repaired by then; came back within so many days from then.
    """

    reason: str
    repaired: Share
    unrepaired: Share
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    landmark_days: float = field(default=LANDMARK_DAYS)
    return_days: float = field(default=RETURN_DAYS)


def followed(facets: ir.Table, acts: ir.Table, *, as_of: datetime, days: float = RETURN_DAYS) -> ir.Table:
    """Repairs seen for ``days`` after, by facets rounded to .05: the facets, ``repairs``, ``returned``.

    A facet of which nothing is recorded counts 0, as it does in J. Repairs known by severity alone are left out.

    Args:
        facets: as ``evidence.justice.facets`` gives it.
        acts: ACTS.
        as_of: what is later is not read.
        days: a return counts within so many days of the repair.
    """
    known = facets.filter(ibis.or_(*(facets[name].notnull() for name in JUSTICE)))
    rounded = {name: ((known[name].fill_null(0.0) / GRAIN).round() * GRAIN).cast("float64") for name in JUSTICE}
    told = known.select("event_id", "person", at=engines.unix_micros(known.repaired_at), **rounded)
    late = _now(as_of) - round(days * _DAY_US)
    judged = _came_back(told.filter(told["at"] <= late), acts, days)
    grouped = judged.group_by(list(JUSTICE)).agg(repairs=judged.count(), returned=judged.back.sum())
    return grouped.order_by(list(JUSTICE))


def _now(as_of: datetime) -> ir.IntegerValue:
    return engines.unix_micros(ibis.literal(as_of, type=engines.UTC_TIMESTAMP))


def _came_back(rows: ir.Table, acts: ir.Table, days: float) -> ir.Table:
    """The rows (``event_id, person, at``) with ``back``: 1 where the person returned within ``days`` of ``at``."""
    came = acts.filter(acts.act.isin(RETURNS))
    returns = came.select(who="person", moment=engines.unix_micros(came.occurred_at))
    near = rows.select("event_id", "person", "at").join(returns, [("person", "who")])
    within = near.filter(near.moment > near["at"], near.moment <= near["at"] + round(days * _DAY_US))
    back = within.select(of_person="person", of_event="event_id").distinct()
    joined = rows.left_join(back, [rows.person == back.of_person, rows.event_id == back.of_event])
    return joined.mutate(back=joined.of_event.notnull().cast("int64")).drop("of_person", "of_event")


def learned(found: pd.DataFrame) -> Weights:
    """θ from the rows of :func:`followed`, by penalised likelihood, or the priors with the reason."""
    repairs, returned = int(found["repairs"].sum()), int(found["returned"].sum())
    x = found[list(JUSTICE)].to_numpy(float)
    each = found["repairs"].to_numpy(float)
    varied = np.ptp(x, axis=0) > FLAT if len(x) else np.zeros(len(JUSTICE), dtype=bool)
    fewer = min(returned, repairs - returned)
    reason = "too_few" if repairs < FEWEST_REPAIRS or 0 < fewer < FEWEST_EITHER else ""
    reason = reason or ("one_outcome" if not fewer else "" if varied.any() else "same_facets")
    if reason:
        kept = tuple(FacetWeight(name, prior, None, None, prior, learned=False) for name, prior in JUSTICE.items())
        return Weights(reason, repairs, returned, kept)
    y = found["returned"].to_numpy(float)
    best = minimize(_loss, _start(y.sum() / each.sum()), args=(x, y, each), method="BFGS")
    theta = softmax(best.x[2:])
    errors = _errors(best.x, x, y, each, theta)
    half = Z * errors
    return Weights("", repairs, returned, tuple(_weights(theta, half, varied)))


def _start(rate: float) -> Vector:
    return np.array([math.log(rate / (1.0 - rate)), math.log(SLOPE_MEAN), *np.log(list(JUSTICE.values()))])


def _loss(at: Vector, x: Vector, y: Vector, each: Vector) -> float:
    """Minus the log posterior, in c, ln s and the logarithms of θ before they are made to sum to 1."""
    linear = at[0] + np.exp(np.clip(at[1], -20, 5)) * (x @ softmax(at[2:]))
    fit = float(np.sum(y * linear - each * np.logaddexp(0.0, linear)))
    prior = ((at[1] - math.log(SLOPE_MEAN)) / SLOPE_SPREAD) ** 2
    prior += float(np.sum(((at[2:] - np.log(list(JUSTICE.values()))) / SPREAD) ** 2))
    return 0.5 * prior - fit


def _errors(at: Vector, x: Vector, y: Vector, each: Vector, theta: Vector) -> Vector:
    """Standard errors of θ by the delta method from the curvature of the posterior (Laplace)."""
    slope = np.exp(at[1])
    linear = at[0] + slope * (x @ theta)
    p = expit(linear)
    tilt = np.diag(theta) - np.outer(theta, theta)
    gradient = np.column_stack([np.ones(len(y)), slope * (x @ theta), slope * (x @ tilt)])
    penalty = np.array([0.0, 1.0 / SLOPE_SPREAD**2, *np.full(theta.size, 1.0 / SPREAD**2)])
    information = gradient.T @ (gradient * (each * p * (1 - p))[:, None]) + np.diag(penalty)
    covariance = np.linalg.inv(information)[2:, 2:]
    return np.asarray(np.sqrt(np.diag(tilt @ covariance @ tilt.T)), dtype=float)


def _weights(theta: Vector, half: Vector, varied: npt.NDArray[np.bool_]) -> list[FacetWeight]:
    rows = zip(JUSTICE.items(), theta.tolist(), half.tolist(), varied.tolist(), strict=True)
    return [
        FacetWeight(name, weight, max(0.0, weight - error), min(1.0, weight + error), prior, learned=told)
        for (name, prior), weight, error, told in rows
    ]


def outcomes(evidence: ir.Table, acts: ir.Table, *, as_of: datetime) -> ir.Table:
    """Two rows at most, ``repaired`` or not: ``failures`` and ``returned``, from the landmark on.

    Args:
        evidence: EVIDENCE. A bucket is repaired where a repair of the same rule and moment was known by the landmark.
        acts: ACTS.
        as_of: failures whose window is not over are left out.
    """
    mends = evidence.filter(evidence["size"] < 0)
    mended = mends.select(
        of_person="person", of_rule="rule", of_moment="occurred_at", repair_known=engines.unix_micros(mends.known_at)
    )
    rules = mends.select("rule").distinct()
    failures = evidence.filter(evidence["size"] > 0).semi_join(rules, "rule")
    moment = engines.unix_micros(failures.occurred_at)
    told = failures.select("person", "event_id", "rule", "occurred_at", at=moment + round(LANDMARK_DAYS * _DAY_US))
    ended = told.filter(told["at"] + round(RETURN_DAYS * _DAY_US) <= _now(as_of))
    match = [ended.person == mended.of_person, ended.rule == mended.of_rule, ended.occurred_at == mended.of_moment]
    joined = ended.left_join(mended, match)
    repaired = (joined.repair_known <= joined["at"]).fill_null(False)  # noqa: FBT003 -- a value
    each = joined.group_by("person", "event_id", "at").agg(repaired=repaired.any())
    judged = _came_back(each, acts, RETURN_DAYS)
    return judged.group_by("repaired").agg(failures=judged.count(), returned=judged.back.sum()).order_by("repaired")


def effect(found: pd.DataFrame, *, level: float = LEVEL) -> Effect:
    """The difference in returns, with Newcombe's interval (1998, *Statistics in Medicine* 17, method 10)."""
    rows = found[["repaired", "returned", "failures"]].itertuples(index=False)
    sides = {bool(repaired): (int(returned), int(failures)) for repaired, returned, failures in rows}
    (y1, n1), (y0, n0) = sides.get(True, (0, 0)), sides.get(False, (0, 0))
    repaired, unrepaired = _share(y1, n1, level), _share(y0, n0, level)
    if repaired.value is None or unrepaired.value is None or min(n1, n0) < FEWEST_EITHER:
        return Effect("too_few", repaired, unrepaired)
    apart = difference(*(Figure(side.value or 0.0, side.low, side.high, side.n) for side in (repaired, unrepaired)))
    return Effect("", repaired, unrepaired, apart.value, apart.low, apart.high)


def _share(successes: int, trials: int, level: float) -> Share:
    low, high = wilson(successes, trials, level)
    return Share(successes / trials if trials else None, low, high, trials)
