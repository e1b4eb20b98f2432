"""Did they stay because they wanted to? Churn on either side of the end of a lock-in, and what the company pledges.

Trap index = ln(churn hazard in the 30 days after a lock-in ends / in the 30 days before): nought where customers had
stayed because they wanted to. A pledge: what the company forfeits when it breaks its word, over what leaving costs
the customer; from 1 on it binds the company at least as much as the customer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import numpy as np

from gouttes.behaviour.rows import flag, known_by, micros
from gouttes.engines import MICROSECONDS_A_DAY, json_text, unix_micros
from gouttes.proportion import Z

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

STARTED, RENEWED, ENDED = "subscription.started", "subscription.renewed", "subscription.ended"
DAYS = 30
"""Definition: the days on either side of the end of the lock-in that are compared."""
REACH = 90
"""Prior: days on either side in which the slopes of the regression are sought."""
FEWEST_EXITS = 5
"""Prior: with fewer exits on both sides together nothing is said."""
HALF = 0.5
"""Added to each count of exits, so that a side without any has a finite ratio (Haldane 1956, Anscombe 1956)."""
MOST_STEPS = 50

LOCK_INS = ibis.schema({"person": "string", "contract": "string", "first": "int64", "last": "int64", "left": "boolean"})
"""One row per contract whose lock-in came to an end: the ``first`` and the ``last`` whole day it was observed, counted
from that end (day 0 begins at the end of the lock-in), and whether it ``left`` on the last."""


@dataclass(frozen=True)
class TrapIndex:
    """The trap index, or why there is none.

    Attributes:
        reason: empty where there is an index; else ``no_lock_in`` (the log records none) or ``too_few`` exits.
        contracts: whose lock-in ended.
        before, after: exits in the 30 days on either side.
        days_before, days_after: contract-days at risk there.
        index, low, high: ln of the ratio of hazards, and its 90 % interval.
        jump, jump_low, jump_high: the jump of the log hazard at the end, slopes on either side allowed for; None where
            the days around it are too empty for slopes.
    """

    reason: str = ""
    contracts: int = 0
    before: int = 0
    after: int = 0
    days_before: int = 0
    days_after: int = 0
    index: float | None = None
    low: float | None = None
    high: float | None = None
    jump: float | None = None
    jump_low: float | None = None
    jump_high: float | None = None


@dataclass(frozen=True)
class Pledge:
    """The pledge ratio, or that it is not stated.

    Attributes:
        source: ``events``, ``settings`` or ``not_stated``.
        ratio, low, high: total forfeit over total exit cost; the 90 % interval is over contracts, and is absent for a
            term that the settings state.
        n: contracts that state both.
    """

    source: str = "not_stated"
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


def lock_ins(events: ir.Table, *, as_of: datetime) -> ir.Table:
    """The contracts whose lock-in had ended by ``as_of``, in the columns of :data:`LOCK_INS`.

    A lock-in ends at the date that the property ``locked_until`` of ``subscription.started`` or ``.renewed`` gives
    (ISO 8601); where none is given, at the first due date after the last renewal that says ``locked``. A contract is
    the ``thread`` of a person's subscription events, else the product.

    Args:
        events: the log's events with a ``person``.
        as_of: nothing later, or known later, is read.
    """
    known = known_by(events, as_of)
    seen = known.filter(known.kind.isin((STARTED, RENEWED, ENDED)))
    rows = seen.select(
        "person",
        contract=ibis.coalesce(seen.thread, seen["product"], ibis.literal("")),
        moment=unix_micros(seen.occurred_at),
        due=unix_micros(seen.due_at.cast(seen.occurred_at.type())),
        ended=seen.kind == ENDED,
        locked=flag((json_text(seen.properties, "locked") == "true") & (seen.kind == RENEWED)),
        until=_moment(json_text(seen.properties, "locked_until")),
    )
    key = ["person", "contract"]
    told = rows.group_by(key).agg(
        began=rows.moment.min(),
        last_locked=rows.moment.max(where=rows.locked),
        until=rows.until.max(),
        exit=rows.moment.max(where=rows.ended),
    )
    # The locked renewal's own due date may be still to come when it is renewed: it is not the one that frees.
    dues = rows.filter(~rows.locked).join(told.select(*key, "last_locked"), key).filter(ibis._.due > ibis._.last_locked)
    freed = dues.group_by(key).agg(next_due=dues.due.min())
    joined = told.left_join(freed, key)
    dated = joined.mutate(over=ibis.coalesce(joined.until, joined.next_due)).filter(lambda t: t.over <= micros(as_of))
    left = flag(dated.exit.notnull())
    last = left.ifelse(dated.exit, micros(as_of))
    return dated.select(*key, first=_day(dated.began - dated.over), last=_day(last - dated.over), left=left).cast(
        LOCK_INS
    )


def _moment(text: ir.StringValue) -> ir.IntegerValue:
    return unix_micros(text.try_cast(dt.Timestamp(timezone="UTC")))


def _day(microseconds: ir.IntegerValue) -> ir.IntegerValue:
    return (microseconds.cast("float64") / MICROSECONDS_A_DAY).floor().cast("int64")


def around(contracts: ir.Table, *, reach: int = REACH) -> ir.Table:
    """How many contracts first appear, and how many are last seen or leave, on each day around the end of the lock-in.

    Returns:
        ``day`` (from -reach to reach; days beyond are at these ends), ``entered``, ``gone`` and ``left``.
    """
    first = contracts.select(day=contracts["first"].clip(-reach, reach), entered=1, gone=0, left=0)
    last = contracts.select(
        day=contracts["last"].clip(-reach - 1, reach), entered=0, gone=1, left=contracts.left.cast("int8")
    )
    both = ibis.union(first.cast(_COUNTED), last.cast(_COUNTED))
    return both.group_by("day").agg(entered=both.entered.sum(), gone=both.gone.sum(), left=both.left.sum())


_COUNTED = ibis.schema({"day": "int64", "entered": "int64", "gone": "int64", "left": "int64"})


def trap_index(days: pd.DataFrame, *, reach: int = REACH) -> TrapIndex:
    """The trap index from the counts of :func:`around`, by Poisson regression of exits on contract-days at risk."""
    contracts = int(days["entered"].sum())
    if not contracts:
        return TrapIndex("no_lock_in")
    every = np.arange(-reach - 1, reach + 1)
    counts = days.groupby("day")[["entered", "gone", "left"]].sum().reindex(every, fill_value=0)
    # Whoever is last seen on a day was at risk that day. The outermost day gathers what lies beyond, and is left out.
    risk = (counts["entered"].cumsum() - counts["gone"].cumsum().shift(fill_value=0)).to_numpy(float)
    inside = (every >= -reach) & (every < reach)
    every, risk, left = every[inside], risk[inside], counts["left"].to_numpy(float)[inside]
    sides = [(every >= -DAYS) & (every < 0), (every >= 0) & (every < DAYS)]
    (before, after), (at_before, at_after) = ([float(each[side].sum()) for side in sides] for each in (left, risk))
    told = TrapIndex("", contracts, int(before), int(after), int(at_before), int(at_after))
    if before + after < FEWEST_EXITS or not at_before or not at_after:
        return replace(told, reason="too_few")
    index = math.log((after + HALF) / at_after) - math.log((before + HALF) / at_before)
    error = Z * math.sqrt(1 / (before + HALF) + 1 / (after + HALF))
    jump, low, high = _jump(every, risk, left)
    found = replace(told, index=index, low=index - error, high=index + error)
    return replace(found, jump=jump, jump_low=low, jump_high=high)


def _jump(
    day: npt.NDArray[np.int64], risk: npt.NDArray[np.float64], left: npt.NDArray[np.float64]
) -> tuple[float | None, float | None, float | None]:
    """The jump at day 0 of a log-linear hazard with a slope of its own on either side, and its 90 % interval.

    Regression discontinuity in time (Hausman & Rapson 2018); standard errors robust to over-dispersion.
    """
    at_risk = risk > 0
    side = (day >= 0).astype(float)
    time = (day + 0.5) / REACH
    x = np.column_stack([np.ones(day.size), side, time * (1 - side), time * side])[at_risk]
    y, exposure = left[at_risk], risk[at_risk]
    enough = [y[x[:, 1] == each].sum() >= FEWEST_EXITS for each in (0.0, 1.0)]
    if not all(enough):
        return None, None, None
    beta = np.array([math.log(y.sum() / exposure.sum()), 0.0, 0.0, 0.0])
    for _ in range(MOST_STEPS):
        mean = exposure * np.exp(np.clip(x @ beta, -30, 5))
        information = x.T @ (x * mean[:, None])
        step = np.linalg.lstsq(information, x.T @ (y - mean), rcond=None)[0]
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 -- converged to rounding
            break
    else:  # pragma: no cover -- a guard: with exits on both sides the likelihood is concave
        return None, None, None
    mean = exposure * np.exp(x @ beta)
    inverse = np.linalg.pinv(x.T @ (x * mean[:, None]))
    variance = inverse @ (x.T @ (x * ((y - mean) ** 2)[:, None])) @ inverse
    error = Z * math.sqrt(variance[1, 1])
    return float(beta[1]), float(beta[1]) - error, float(beta[1]) + error


def stated_pledges(events: ir.Table, *, as_of: datetime) -> ir.Table:
    """One row: ``n`` contracts that state both sides, and the sums that a ratio of totals and its interval need.

    Read from the properties ``forfeit`` (what the company loses when it breaks its word) and ``exit_cost`` (what
    leaving costs the customer) of ``subscription.started`` and ``.renewed``, the last stated of each contract.
    """
    known = known_by(events, as_of)
    seen = known.filter(known.kind.isin((STARTED, RENEWED)))
    rows = seen.select(
        "person",
        contract=ibis.coalesce(seen.thread, seen["product"], ibis.literal("")),
        moment=unix_micros(seen.occurred_at),
        forfeit=json_text(seen.properties, "forfeit").try_cast(dt.float64),
        cost=json_text(seen.properties, "exit_cost").try_cast(dt.float64),
    ).filter(lambda t: (t.forfeit >= 0) & (t.cost > 0))
    last = ibis.window(group_by=["person", "contract"], order_by=rows.moment.desc())
    each = rows.mutate(place=ibis.row_number().over(last)).filter(lambda t: t.place == 0)
    return each.agg(
        n=each.count(),
        forfeit=each.forfeit.sum(),
        cost=each.cost.sum(),
        forfeit2=(each.forfeit * each.forfeit).sum(),
        cost2=(each.cost * each.cost).sum(),
        both=(each.forfeit * each.cost).sum(),
    )


def pledge(stated: dict[str, float], *, forfeit: float | None = None, exit_cost: float | None = None) -> Pledge:
    """The pledge ratio of what the events state, else of what the settings state, else that it is not stated.

    The interval of the ratio of totals is by linearisation (Cochran 1977, *Sampling Techniques*, 6.4).
    """
    n = int(stated["n"])
    if n:
        ratio = stated["forfeit"] / stated["cost"]
        squares = stated["forfeit2"] - 2 * ratio * stated["both"] + ratio**2 * stated["cost2"]
        error = Z * math.sqrt(max(squares, 0.0) * n / max(n - 1, 1)) / stated["cost"]
        return Pledge("events", ratio, max(0.0, ratio - error), ratio + error, n)
    if forfeit is not None and exit_cost is not None:
        return Pledge("settings", forfeit / exit_cost)
    return Pledge()
