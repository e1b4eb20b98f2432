"""Trust over time: of one person at any dates, of the company by week, and whether it is being won or lost.

Each date reads only what was known at that date: the past is not rewritten by what was learned later.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.proportion import Z
from gouttes.trust.interval import with_intervals
from gouttes.trust.reading import FACETS, sums, weigh
from gouttes.trust.state import day_of, visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from gouttes.trust.reading import Prior

WEEK = timedelta(days=7)
SAMPLE = 20_000
"""Prior: persons read each week; the mean of 20,000 is known to about .002, and the rest would only cost time."""
TURN_WEEKS = 26
"""Prior: how far back a turning point is looked for."""
ROUNDING = 1e-12
FEWEST_WEEKS = 4
"""Prior: with fewer weeks there is no line to turn from."""


def trajectory(evidence: ir.Table, rules: ir.Table, prior: Prior, *, dates: Sequence[datetime]) -> ir.Table:
    """The trust of one person, or a few, at several dates.

    Args:
        evidence: EVIDENCE, filtered to these persons: each row is read at each date.
        rules: RULES.
        prior: the one the readings were made with.
        dates: when to read, in UTC.

    Returns:
        ``person, date, trust, low, high`` (90 %): one row for each person of ``evidence`` and each date, the prior
        before the first event.
    """
    moments = _dates(dates)
    weighed = weigh(_at_each(evidence, moments), rules)
    summed = weighed.group_by("person", "date").agg(**sums(weighed, ("drops", "buckets")))
    grid = evidence.select("person").distinct().cross_join(moments.select("date"))
    table = grid.left_join(summed.rename(of="person", on="date"), [("person", "of"), ("date", "on")])
    shapes = table.select(
        "person",
        "date",
        trust_a=prior.a + ibis.coalesce(table.drops, 0.0),
        trust_b=prior.b + ibis.coalesce(table.buckets, 0.0),
    )
    read = with_intervals(shapes, ["trust"])
    return read.select("person", "date", "trust", low=read.trust_low, high=read.trust_high)


def weeks_between(first: datetime, last: datetime) -> list[datetime]:
    """The Mondays (00:00 UTC) of the weeks from that of ``first`` to that of ``last``."""
    monday = _monday(first)
    return [monday + i * WEEK for i in range((_monday(last) - monday) // WEEK + 1)]


def by_week(
    evidence: ir.Table,
    rules: ir.Table,
    prior: Prior,
    *,
    weeks: Sequence[datetime],
    people: ir.Table,
    sample: int = SAMPLE,
    as_of: datetime | None = None,
) -> ir.Table:
    """The company's trust week by week.

    Trust is the mean over the persons first seen by the end of the week, as known then. Its 90 % band has two
    parts: what is not known of each person (the mean posterior variance over their number, as if persons were
    independent given the prior) and, where there are more persons than ``sample``, what is not known of those left
    out (s²/n·(1 - n/N), simple random sampling: Cochran 1977, *Sampling Techniques*, ch. 2). The sample is the same
    each time: the persons whose md5 comes first. Each piece of their evidence is read at each later week (a join,
    not a loop): the cost is the evidence of the sample times the number of weeks.

    Args:
        evidence: EVIDENCE.
        rules: RULES.
        prior: the one the readings were made with.
        weeks: consecutive Mondays at 00:00 UTC, as ``weeks_between`` gives them.
        people: ``person``, ``first_seen``.
        sample: the most persons to read.
        as_of: where given, a week that has not ended is read at this date, and nothing known later is counted.

    Returns:
        WEEKS: ``week, trust, low, high``; ``people``, those first seen by then; ``drops`` and ``buckets``, the weight
        of the evidence dated in that week, of all persons, undecayed and net of repairs; ``credibility, integrity,
        benevolence``. Weeks before anyone was seen are left out.

    Raises:
        BadInputError: ``weeks`` are not consecutive Mondays, or one starts after ``as_of``.
    """
    closes = _closes(weeks, as_of)
    seen = evidence if as_of is None else visible(evidence, as_of=as_of)
    chosen = people.order_by(people.person.hexdigest("md5"), people.person).limit(sample)
    # In order of person, so that the sums of one person stay in the processor's cache: half the time.
    theirs = seen.semi_join(chosen, "person").order_by("person")
    means = _means(theirs, rules, prior, closes)
    counts = _seen_by(people, closes, "people").inner_join(_seen_by(chosen, closes, "n"), "date")
    table = counts.left_join(means.rename(on="date"), [("date", "on")])
    table = table.left_join(_weekly(seen, rules, weeks).rename(of="date"), [("date", "of")])
    return _company(table, prior)


def _means(evidence: ir.Table, rules: ir.Table, prior: Prior, closes: ir.Table) -> ir.Table:
    """By week, sums over the persons of how far evidence has moved them from the prior: the others have not moved."""
    weighed = weigh(_at_each(evidence, closes), rules)
    summed = weighed.group_by("person", "date").agg(**sums(weighed))
    a, b = prior.a + summed.drops, prior.b + summed.buckets
    facets = {f: _mean(prior.a + summed[f"drops_{f}"], prior.b + summed[f"buckets_{f}"]) - prior.mean for f in FACETS}
    moved = summed.select("date", move=_mean(a, b) - prior.mean, variance=_variance(a, b), **facets)
    return moved.group_by("date").agg(
        moved=moved.count(),
        move=moved.move.sum(),
        squares=(moved.move * moved.move).sum(),
        variance=moved.variance.sum(),
        **{facet: moved[facet].sum() for facet in FACETS},
    )


def _company(table: ir.Table, prior: Prior) -> ir.Table:
    """WEEKS from the counts and the sums over persons."""
    n, everyone = table.n.cast("float64"), table["people"].cast("float64")
    move, squares = ibis.coalesce(table.move, 0.0), ibis.coalesce(table.squares, 0.0)
    still = n - ibis.coalesce(table.moved, 0).cast("float64")
    posterior = (ibis.coalesce(table.variance, 0.0) + still * _variance(prior.a, prior.b)) / n
    spread = ibis.greatest(squares - move * move / n, 0.0) / ibis.greatest(n - 1.0, 1.0)
    error = (posterior / everyone + spread / n * (1.0 - n / everyone)).sqrt()
    trust = move / n + prior.mean
    return table.select(
        week="date",
        trust=trust,
        low=ibis.greatest(trust - Z * error, 0.0),
        high=ibis.least(trust + Z * error, 1.0),
        people="people",
        drops=ibis.coalesce(table.drops, 0.0),
        buckets=ibis.coalesce(table.buckets, 0.0),
        **{facet: ibis.coalesce(table[facet], 0.0) / n + prior.mean for facet in FACETS},
    ).order_by("week")


def _weekly(evidence: ir.Table, rules: ir.Table, weeks: Sequence[datetime]) -> ir.Table:
    """The weight of drops and of buckets dated in each week."""
    number = ((evidence.t - day_of(weeks[0])) / 7.0).floor().cast("int64")
    dated = evidence.select("rule", "size", number=number).filter(
        lambda t: t.number >= 0, lambda t: t.number < len(weeks)
    )
    counted = dated.group_by("rule", "number").agg(size=dated["size"].sum()).inner_join(rules, "rule")
    weight = counted["size"] * counted.weight
    up = counted.polarity > 0
    total = counted.group_by("number").agg(drops=up.ifelse(weight, 0.0).sum(), buckets=up.ifelse(0.0, weight).sum())
    starts = ibis.memtable({"number": list(range(len(weeks))), "date": list(weeks)}, schema=_WEEK_NUMBERS)
    return total.inner_join(starts, "number").select("date", "drops", "buckets")


_DATE = ibis.schema({"date": engines.UTC_TIMESTAMP})
_WEEK_NUMBERS = ibis.schema({"number": "int64", "date": engines.UTC_TIMESTAMP})
_CLOSES = ibis.schema({"date": engines.UTC_TIMESTAMP, "close": engines.UTC_TIMESTAMP})


def _dates(dates: Sequence[datetime]) -> ir.Table:
    """``date`` and ``at``, the same in float days."""
    for date in dates:
        day_of(date)
    table = ibis.memtable({"date": sorted(set(dates))}, schema=_DATE)
    return table.mutate(at=engines.days(table.date))


def _closes(weeks: Sequence[datetime], as_of: datetime | None) -> ir.Table:
    """``date``, the Monday of each week, and ``at``, the moment when it is read: its end, or ``as_of`` before that."""
    if not weeks or any(w.tzinfo is None for w in weeks) or list(weeks) != weeks_between(weeks[0], weeks[-1]):
        raise BadInputError(
            "`by_week` needs consecutive Mondays at 00:00 UTC, in order; found "
            f"{[w.isoformat() for w in weeks[:3]]}… Make them with `weeks_between(first, last)`."
        )
    if as_of is not None and weeks[-1] > as_of:
        raise BadInputError(f"The week of {weeks[-1]:%Y-%m-%d} starts after `as_of` ({as_of:%Y-%m-%d}): leave it out.")
    ends = [week + WEEK if as_of is None else min(week + WEEK, as_of) for week in weeks]
    table = ibis.memtable({"date": list(weeks), "close": ends}, schema=_CLOSES)
    return table.select("date", at=engines.days(table.close))


def _at_each(evidence: ir.Table, moments: ir.Table) -> ir.Table:
    """Each row of evidence once for each date at which it was visible, as states to be weighed there."""
    narrow = evidence.select(
        "person",
        "rule",
        tau=evidence.t.cast("float64"),
        value=evidence["size"].cast("float64"),
        since=ibis.greatest(evidence.t, evidence.known).cast("float64"),
    )
    return moments.inner_join(narrow, moments["at"] >= narrow.since).drop("since")


def _seen_by(people: ir.Table, closes: ir.Table, name: str) -> ir.Table:
    """How many persons had been seen by the end of each week."""
    first = people.select(day=engines.days(people.first_seen))
    per_day = first.group_by("day").agg(newcomers=first.count())
    pairs = per_day.inner_join(closes, per_day.day <= closes["at"])
    return pairs.group_by("date").agg(**{name: pairs.newcomers.sum()})


def changes(
    evidence: ir.Table,
    rules: ir.Table,
    prior: Prior,
    *,
    as_of: datetime,
    people: ir.Table,
    days: float = 30.0,
) -> ir.Table:
    """Each person's trust ``days`` before ``as_of`` and at ``as_of``, each as known at its date.

    Only persons first seen by the earlier date: the others have nothing to be compared with.

    Args:
        evidence: EVIDENCE.
        rules: RULES.
        prior: the one the readings were made with.
        as_of: the later date, in UTC.
        people: ``person``, ``first_seen``.
        days: how far back the earlier date is.

    Returns:
        ``person, before, after, change`` (``after - before``, in trust).
    """
    earlier = day_of(as_of - timedelta(days=days))
    seen = visible(evidence, as_of=as_of)
    states = seen.select(
        "person", "rule", tau=seen.t, value=seen["size"].cast("float64"), at=day_of(as_of), known=seen.known
    )
    weighed = weigh(states, rules)
    then = (ibis.greatest(weighed.tau, weighed.known) <= earlier).ifelse(
        weighed["value"] * (ibis.least(weighed.tau - earlier, 0.0) * weighed.rate).exp(), 0.0
    )
    summed = weighed.group_by("person").agg(
        **{
            f"{side}_{when}": ibis.greatest((value * weighed[f"share_{side}"]).sum(), 0.0)
            for side in ("drops", "buckets")
            for when, value in (("before", then), ("after", weighed.now))
        }
    )
    known = people.filter(engines.days(people.first_seen) <= earlier).select("person")
    table = known.left_join(summed.rename(of="person"), [("person", "of")])
    read = table.select(
        "person",
        **{
            when: _mean(
                prior.a + ibis.coalesce(table[f"drops_{when}"], 0.0),
                prior.b + ibis.coalesce(table[f"buckets_{when}"], 0.0),
            )
            for when in ("before", "after")
        },
    )
    return read.mutate(change=read.after - read.before)


def change(
    evidence: ir.Table,
    rules: ir.Table,
    prior: Prior,
    *,
    as_of: datetime,
    people: ir.Table,
    days: float = 30.0,
) -> ir.Table:
    """Whether the company's trust is being won or lost: the mean of :func:`changes`, and how sure it is.

    Each person is compared with themselves, so that what differs between persons cancels; the standard error is
    that of a mean of paired differences (central limit theorem across persons). Growing silent moves a person back
    towards the prior, and is part of the change.

    Returns:
        One row: ``people, before, after, change, low, high`` (90 %) and ``p_loss``, the probability that the mean
        change is below 0. With fewer than two persons ``low``, ``high`` and ``p_loss`` are null.
    """
    each = changes(evidence, rules, prior, as_of=as_of, people=people, days=days)
    mean = each.agg(
        people=each.count(),
        before=each.before.mean(),
        after=each.after.mean(),
        change=each.change.mean(),
        error=each.change.std(how="sample") / each.count().cast("float64").sqrt(),
    )
    sure = (mean.error > 0.0).ifelse(_normal_cdf(-mean.change / mean.error.nullif(0.0)), _sign_of_loss(mean.change))
    return mean.select(
        *("people", "before", "after", "change"),
        low=mean.change - Z * mean.error,
        high=mean.change + Z * mean.error,
        p_loss=mean.error.notnull().ifelse(sure, ibis.null("float64")),
    )


def since(weeks: pd.DataFrame) -> datetime | None:
    """The Monday of the turning point: the week after which trust took its present direction.

    The extreme of the cumulative sum of the weekly changes, less their mean, over the last 26 weeks (CUSUM, Page
    1954, used as Taylor 2000 does to date a change): in other words the week whose trust lies furthest from the
    straight line between the first and the last. It dates a turn; it does not prove that there was one.

    Args:
        weeks: WEEKS as a data frame, in order.

    Returns:
        The Monday in UTC, or nothing where there are fewer than four weeks or the line is straight.
    """
    recent = weeks.tail(TURN_WEEKS)
    if len(recent) < FEWEST_WEEKS:
        return None
    steps = np.diff(recent["trust"].to_numpy(dtype=float))
    departure = np.abs(np.cumsum(steps - steps.mean()))
    if departure.max() < ROUNDING:
        return None
    moment: datetime = list(recent["week"])[1 + int(departure.argmax())].to_pydatetime()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _monday(moment: datetime) -> datetime:
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def _mean(a: ir.FloatingValue, b: ir.FloatingValue) -> ir.FloatingValue:
    return a / (a + b)


def _variance(a: ir.FloatingValue, b: ir.FloatingValue) -> ir.FloatingValue:
    total = a + b
    return a * b / (total * total * (total + 1.0))


def _sign_of_loss(change: ir.FloatingValue) -> ir.FloatingValue:
    return ibis.cases((change < 0.0, 1.0), (change > 0.0, 0.0), else_=0.5)


def _normal_cdf(z: ir.FloatingValue) -> ir.FloatingValue:
    """Φ(z) to 1e-7 in elementary functions (Abramowitz & Stegun 26.2.17): no error function is on every engine."""
    t = 1.0 / (1.0 + 0.2316419 * z.abs())
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = (-z * z / 2.0).exp() * 0.3989422804014327 * series
    return (z > 0.0).ifelse(1.0 - upper, upper)
