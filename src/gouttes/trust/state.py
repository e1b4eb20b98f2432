"""What remains of the evidence: one decayed sum per person and rule, which can be merged in any order.

A state is ``(tau, value)``: ``value`` is the sum of ``size · 2^(-(tau - t)/half_life)`` over the evidence seen, and
``tau`` the time of the newest. Two states merge by ageing the older one to the newer, so every exponent is ≤ 0 and
nothing overflows, however old an event or short a half-life. This is the exponential case of forward decay
(Cormode, Shkapenyuk, Srivastava & Xu 2009, ICDE) without its landmark.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

LN2 = math.log(2.0)


@dataclass(frozen=True)
class State:
    """The decayed sum of one rule's evidence for one person.

    Merging is associative and commutative, and ``State()`` changes nothing. It is not idempotent: an event that
    arrives twice must be dropped before. An erased event is never subtracted; the sum is made again from the log.

    Attributes:
        tau: time of the newest evidence, in days since 1970-01-01 UTC; minus infinity where there is none.
        value: the sum as it stood at ``tau``.
    """

    tau: float = -math.inf
    value: float = 0.0

    def merge(self, other: State, *, half_life: float) -> State:
        """The state of both sets of evidence together; ``half_life`` in days."""
        newer, older = (self, other) if self.tau >= other.tau else (other, self)
        if older.tau == -math.inf:
            return newer
        return State(newer.tau, newer.value + older.value * _remaining(newer.tau - older.tau, half_life))

    def read(self, moment: float, *, half_life: float) -> float:
        """The sum as it stands at ``moment`` (days).

        Raises:
            BadInputError: ``moment`` is before ``tau``: a state has already forgotten what came before.
        """
        if moment < self.tau:
            raise BadInputError(
                f"A state whose newest evidence is of day {self.tau:.6f} cannot be read at day {moment:.6f}: "
                "it no longer knows what stood then. Read the past from the event log, with an earlier `as_of`."
            )
        if self.tau == -math.inf:
            return 0.0
        return self.value * _remaining(moment - self.tau, half_life)


def _remaining(age: float, half_life: float) -> float:
    return math.exp(-LN2 * age / half_life)


def day_of(moment: datetime) -> ir.FloatingValue:
    """A date as float days, computed by the engine exactly as it computed ``t``, so that equal times stay equal.

    Raises:
        BadInputError: the date has no time zone.
    """
    if moment.tzinfo is None:
        raise BadInputError(
            f"A date of reading needs a time zone, found {moment.isoformat()}. Give it in UTC, "
            "for instance datetime(2025, 1, 1, tzinfo=UTC)."
        )
    return engines.days(ibis.literal(moment, type=engines.UTC_TIMESTAMP))


def visible(evidence: ir.Table, *, as_of: datetime, since: datetime | None = None) -> ir.Table:
    """The rows of EVIDENCE that had happened and were known at ``as_of``; all columns.

    ``since``, where given, keeps only what became visible after that date: the new part of an incremental run.
    """
    seen = evidence.filter(evidence.t <= day_of(as_of), evidence.known <= day_of(as_of))
    if since is None:
        return seen
    return seen.filter((seen.t > day_of(since)) | (seen.known > day_of(since)))


def as_states(evidence: ir.Table, *, as_of: datetime, since: datetime | None = None) -> ir.Table:
    """Evidence as it was known at ``as_of``, each row being a state of its own.

    Args:
        evidence: EVIDENCE; only ``person, rule, t, known, size`` are used.
        as_of: rows that happened or became known later are left out.
        since: where given, only what became visible after that date.

    Returns:
        STATES: ``person``, ``rule``, ``tau`` (days), ``value``; not yet folded.
    """
    seen = visible(evidence, as_of=as_of, since=since)
    return seen.select("person", "rule", tau=seen.t.cast("float64"), value=seen["size"].cast("float64"))


def fold(states: ir.Table, rules: ir.Table) -> ir.Table:
    """One state per person and rule: the merge of :class:`State`, done by the engine.

    Raw evidence (through :func:`as_states`), earlier states, or the union of both may be given: the result is the
    same to rounding. A rule that is not in ``rules`` has no half-life, and its rows are left out.

    Returns:
        STATES: ``person``, ``rule``, ``tau`` (days, the newest), ``value`` (the sum as it stood at ``tau``).
    """
    newest = states.group_by("person", "rule").agg(newest=states.tau.max())
    rates = rules.select("rule", rate=LN2 / rules.half_life.cast("float64"))
    aged = states.inner_join(newest, ["person", "rule"]).inner_join(rates, "rule")
    value = (aged["value"] * ((aged.tau - aged.newest) * aged.rate).exp()).sum()
    return aged.group_by("person", "rule").agg(tau=aged.newest.max(), value=value)
