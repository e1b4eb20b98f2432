"""The small tables that the report shows, reduced by the engine from the large ones."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from gouttes.branding import brand
from gouttes.drifting import TOO_FAR, Drift
from gouttes.figuring import figures
from gouttes.learned import ParameterShelf
from gouttes.proportion import Z
from gouttes.relating import relation
from gouttes.report.data import Change, Counts, Estimate, Identity, ReportData
from gouttes.report.data import Prior as ShownPrior
from gouttes.report.learned_data import Drifted, Learned, months
from gouttes.report.learned_data import shown as shown_learned
from gouttes.report.validation_data import shown
from gouttes.trust import trajectory
from gouttes.trust.interval import exact_interval
from gouttes.validated import standing
from gouttes.version import VERSION
from gouttes.vocabulary import Facet

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.opened import OpenedWorkspace
    from gouttes.report.learned_data import Status
    from gouttes.report.validation_data import Validated

WEEKS = 78
"""A year and a half of weeks: long enough for a season to show twice (prior)."""
DAYS = 30
BINS = 20
FALLERS, LEAST_FALL = 10, 0.005
"""Prior: who fell by less than half a point is not shown as having fallen."""
MONTH_MOVERS = 40
RESOLVED = frozenset({"links", "keys", "records", "doubts", "likenesses", "decisions"})
"""What a run publishes of who is who; an older version's published less."""


def report_data(opened: OpenedWorkspace, *, names: bool = False) -> ReportData:
    """Everything the report says.

    Args:
        opened: a workspace that was run.
        names: show the names of the people whose trust fell most; otherwise their ids only.

    Raises:
        BadInputError: nothing was run yet.
    """
    settings = opened.workspace.settings
    readings = opened.trust().cache()
    ledger = _recent(opened, readings).cache()
    fallers = _fallers(opened, readings, names=names)
    return ReportData(
        company=settings.name,
        as_of=opened.local_as_of,
        counts=_counts(opened),
        today=_mean(readings, "trust"),
        change=_change(opened),
        prior=ShownPrior(opened.prior.mean, opened.prior.strength, _source(opened.prior.source)),
        ignorance=_number(readings.ignorance.mean()),
        days=DAYS,
        window_days=int(settings.behaviour.window_days),
        currency=settings.currency,
        simulated=settings.simulated,
        version=VERSION,
        identity=_identity(opened),
        brand=brand(opened),
        weeks=_weeks(opened),
        facets=_facets(readings),
        figures=opened.figures().to_pandas(),
        distribution=_distribution(readings),
        rule_weeks=_rule_weeks(opened),
        movers=_movers(opened, ledger, people=_count(readings)),
        fallers=fallers,
        reasons=_reasons(ledger, fallers),
        incidents=_incidents(opened),
        rules=_rules(opened),
        validation=_validation(opened),
        relation=relation(opened) if _count(opened.people()) else None,
        learned=learned(opened),
    )


def _validation(opened: OpenedWorkspace) -> Validated | None:
    """What validation last found, or nothing where it never ran."""
    found = standing(opened.workspace)
    return shown(found, digest=opened.manifest.digest) if found else None


def learned(opened: OpenedWorkspace) -> Learned:
    """The parameters that the readings rest on, or else the latest that may come; and the last look at drift."""
    shelf, used, zone = ParameterShelf(opened.workspace), opened.manifest.learned, opened.workspace.settings.zone
    accepted, last = shelf.accepted(), Drift.last(opened.workspace)
    decided, versions = {each.version for each in shelf.decisions()}, shelf.versions()
    basis = used or accepted
    later = versions[versions.index(basis) + 1 :] if basis in versions else versions
    waiting = next((each for each in reversed(later) if each not in decided), "")
    version = basis or waiting
    status: Status = "in_force" if used else "accepted" if accepted else "proposed"
    found = shown_learned(shelf.get(version), status, zone) if version else Learned()
    looked = last and Drifted(
        state=last.state,
        as_of=last.as_of.astimezone(zone),
        stale=last.learned != used,
        months=months(asdict(last)["months"], zone, far=TOO_FAR),
    )
    return replace(
        found,
        waiting="" if waiting == version else waiting,
        leaving=bool(used) and accepted != used,
        drift=looked or Drifted(),
    )


def _identity(opened: OpenedWorkspace) -> Identity | None:
    """Who is who in figures, or nothing where the last run was an older version's."""
    if not RESOLVED.issubset(opened.manifest.tables):
        return None
    found = figures(opened)
    return Identity(
        records=found.records,
        people=found.people,
        consolidation=found.consolidation,
        sizes=found.sizes,
        largest=found.largest,
        alarm=opened.workspace.settings.identity.alarm,
        alarming=found.alarming,
        by_rule=found.by_rule,
        by_source=found.by_source,
        waiting=found.waiting_by_reason,
        set_aside=found.set_aside,
        decisions=found.decisions,
    )


def _number(scalar: ir.Scalar) -> float | None:
    value = scalar.execute()
    return None if value is None or value != value else float(value)  # noqa: PLR0124 -- a mean of nothing is NaN


def _count(table: ir.Table) -> int:
    return int(table.count().execute())


def _source(words: str) -> str:
    return next((kind for kind in ("pooled", "set") if words.startswith(kind)), "prior")


def _counts(opened: OpenedWorkspace) -> Counts:
    people = opened.people().filter(lambda t: t.events > 0)
    row = (
        people.agg(
            people=people.count(),
            events=people.events.sum(),
            first=people.first_seen.min(),
            last=people.last_seen.max(),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    if not row["people"]:
        return Counts()
    return Counts(row["people"], row["events"], row["first"].date(), row["last"].date())


def _mean(readings: ir.Table, name: str) -> Estimate | None:
    """The mean over people of their readings, and the 90 % interval that their own uncertainty leaves to it."""
    low, high = ("low", "high") if name == "trust" else (f"{name}_low", f"{name}_high")
    spread = (readings[high] - readings[low]) / (2 * Z)
    row = readings.agg(n=readings.count(), mean=readings[name].mean(), squares=(spread * spread).sum()).to_pyarrow()
    found: dict[str, Any] = row.to_pylist()[0]
    if not found["n"] or found["mean"] is None:
        return None
    error = Z * found["squares"] ** 0.5 / found["n"]
    return Estimate(found["mean"], max(0.0, found["mean"] - error), min(1.0, found["mean"] + error), found["n"], name)


def _facets(readings: ir.Table) -> pd.DataFrame:
    found = [(facet.value, _mean(readings, facet.value)) for facet in Facet]
    rows = [(name, each.value, each.low, each.high, each.n) for name, each in found if each]
    return pd.DataFrame(rows, columns=["facet", "value", "low", "high", "n"])


def _change(opened: OpenedWorkspace) -> Change | None:
    table = trajectory.change(
        opened.evidence(), opened.rules_table(), opened.prior, as_of=opened.as_of, people=_active(opened), days=DAYS
    )
    row = table.to_pyarrow().to_pylist()[0]
    if not row["people"] or row["low"] is None:
        return None
    since = (opened.as_of - timedelta(days=DAYS)).astimezone(opened.workspace.settings.zone).date()
    return Change(row["change"], row["low"], row["high"], row["p_loss"], since, DAYS)


def _active(opened: OpenedWorkspace) -> ir.Table:
    people = opened.people()
    return people.filter(people.events > 0).select("person", "first_seen")


def _weeks(opened: OpenedWorkspace) -> pd.DataFrame:
    first = _active(opened).first_seen.min().to_pyarrow().as_py()
    if first is None:
        return pd.DataFrame(columns=["week", "trust", "low", "high", "people", "drops", "buckets"])
    begin = max(first, opened.as_of - timedelta(weeks=WEEKS))
    weeks = trajectory.weeks_between(begin, opened.as_of)
    return trajectory.by_week(
        opened.evidence(), opened.rules_table(), opened.prior, weeks=weeks, people=_active(opened), as_of=opened.as_of
    ).to_pandas()


def _distribution(readings: ir.Table) -> pd.DataFrame:
    binned = readings.mutate(bin=ibis.least((readings.trust * BINS).floor(), BINS - 1.0).cast("int64"))
    found = binned.group_by("bin").agg(people=binned.count()).to_pandas().set_index("bin")["people"]
    rows = [(step / BINS, (step + 1) / BINS, int(found.get(step, 0))) for step in range(BINS)]
    return pd.DataFrame(rows, columns=["low", "high", "people"])


def _rule_weeks(opened: OpenedWorkspace) -> pd.DataFrame:
    since = _moment(opened.as_of - timedelta(weeks=WEEKS))
    evidence = opened.evidence().filter(lambda t: t.occurred_at >= since).inner_join(opened.rules_table(), "rule")
    weight = evidence["size"] * evidence.weight
    up = evidence.polarity > 0
    by_week = evidence.mutate(
        week=evidence.occurred_at.truncate("week"), up=up.ifelse(weight, 0.0), down=up.ifelse(0.0, weight)
    ).group_by("week", "rule")
    return (
        by_week.agg(
            drops=lambda t: t.up.sum(),
            buckets=lambda t: t.down.sum(),
            events=lambda t: t.count(),
            people=lambda t: t.person.nunique(),
        )
        .order_by("week", "rule")
        .to_pandas()
    )


def _moment(instant: datetime) -> ir.TimestampScalar:
    return ibis.literal(instant, type="timestamp('UTC')")


def _recent(opened: OpenedWorkspace, readings: ir.Table) -> ir.Table:
    """The ledger of the last days with, for each line, the points of trust it stands for.

    A person's distance from the prior, τ - m, is shared among their events as the logit distance is, so that the
    points of all events add up to it exactly.
    """
    since = _moment(opened.as_of - timedelta(days=DAYS))
    ledger = opened.ledger().filter(lambda t: t.occurred_at >= since)
    mean = opened.prior.mean
    moved = readings.select("person", "trust").mutate(
        logits=lambda t: (t.trust / (1.0 - t.trust)).ln() - float(_logit(mean)), points=lambda t: t.trust - mean
    )
    steep = moved.logits.abs() < 1e-9  # noqa: PLR2004 -- nothing moved: the derivative of the logistic stands in
    slope = steep.ifelse(moved.trust * (1.0 - moved.trust), moved.points / moved.logits.nullif(0.0))
    return ledger.inner_join(moved.select("person", slope=slope), "person").mutate(
        points=lambda t: t.contribution * t.slope
    )


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _movers(opened: OpenedWorkspace, recent: ir.Table, *, people: int) -> pd.DataFrame:
    """What cost and earned most lately, by rule or by incident, as points of the company's mean trust."""
    labels = ibis.memtable(_incidents(opened)[["key", "label"]].astype("object")).rename(episode="key")
    known = recent.left_join(labels, "episode")
    each = known.group_by("rule", "label", "person").agg(points=known.points.sum(), events=_happened(known))
    table = (
        each.group_by("rule", "label")
        .agg(events=each.events.sum(), people=each.count(), total=each.points.sum(), squares=(each.points**2).sum())
        .to_pandas()
    )
    table["contribution"] = table["total"] / max(people, 1)
    error = (
        Z
        * (table["squares"] / max(people, 1) - table["contribution"] ** 2).clip(lower=0) ** 0.5
        / max(people, 1) ** 0.5
    )
    table["low"], table["high"] = table["contribution"] - error, table["contribution"] + error
    ranked = table.reindex(table["contribution"].abs().sort_values(ascending=False).index)
    return ranked.drop(columns=["total", "squares"]).head(MONTH_MOVERS).reset_index(drop=True)


def _fallers(opened: OpenedWorkspace, readings: ir.Table, *, names: bool) -> pd.DataFrame:
    changes = trajectory.changes(
        opened.evidence(), opened.rules_table(), opened.prior, as_of=opened.as_of, people=_active(opened), days=DAYS
    )
    worst = changes.filter(changes.change <= -LEAST_FALL).order_by(changes.change, changes.person).limit(FALLERS)
    table = worst.inner_join(readings.select("person", "a", "b"), "person").inner_join(
        opened.people().select("person", "events"), "person"
    )
    found = table.order_by("change", "person").to_pandas()
    found["low"], found["high"] = exact_interval(found["a"], found["b"]) if len(found) else ([], [])
    found["name"] = _names(opened, list(found["person"])) if names else None
    return found[["person", "name", "before", "after", "low", "high", "events"]]


def _names(opened: OpenedWorkspace, people: list[str]) -> list[str | None]:
    """What to call each person: the name a source gives, or else first and last name."""
    known = opened.links().filter(lambda t: t.person.isin(people or [""])).inner_join(opened.identifiers(), "subject")
    value = known["value"]
    table = (
        known.group_by("person")
        .agg(**{field: value.max(where=known.field == field) for field in ("name", "first_name", "last_name")})
        .to_pandas()
    )
    parts = table["first_name"].fillna("").str.cat(table["last_name"].fillna(""), sep=" ").str.strip()
    names = dict(zip(table["person"], table["name"].fillna(parts), strict=True))
    return [names.get(person) or None for person in people]


def _happened(lines: ir.Table) -> ir.IntegerScalar:
    """How many events these lines of the ledger are: a repair is a line, and no new event."""
    return (lines["size"] > 0).sum()


def _reasons(recent: ir.Table, fallers: pd.DataFrame) -> pd.DataFrame:
    chosen = recent.filter(recent.person.isin(list(fallers["person"]) or [""]))
    return (
        chosen.group_by("person", "rule")
        .agg(events=_happened(chosen), contribution=chosen.contribution.sum())
        .order_by("person", "contribution")
        .to_pandas()
    )


def _incidents(opened: OpenedWorkspace) -> pd.DataFrame:
    events = opened.events(known_by=opened.as_of)
    about = events.filter(events.incident.notnull())
    opening = about.kind == "incident.opened"
    return (
        about.group_by(key=about.incident)
        .agg(
            opened_at=ibis.coalesce(about.occurred_at.min(where=opening), about.occurred_at.min()),
            label=ibis.coalesce(
                about.topic.max(where=opening), about.topic.max(where=about.kind.startswith("incident."))
            ),
            people=about.subject.nunique(where=about.kind == "incident.touched"),
        )
        .filter(lambda t: t.people > 0)
        .order_by("opened_at", "key")
        .to_pandas()
    )


def _rules(opened: OpenedWorkspace) -> pd.DataFrame:
    table = opened.rules_table().to_pandas()
    return table.merge(pd.DataFrame([{"rule": rule.name, "status": rule.status} for rule in opened.rules]), on="rule")
