"""The relation with customers: what would change a reading, stages, levels, lock-ins and the justice of repairs.

The steps give tables and values; here a workspace's tables are put into them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import ibis

from gouttes import engines
from gouttes.behaviour.constraint import Pledge, TrapIndex, around, lock_ins, pledge, stated_pledges, trap_index
from gouttes.behaviour.figures import outcomes_by_person
from gouttes.behaviour.opportunities import opportunities
from gouttes.behaviour.rows import known_by
from gouttes.errors import BadInputError
from gouttes.evidence.justice import JUSTICE, facets
from gouttes.evidence.restoring import Effect, Weights, effect, followed, learned
from gouttes.evidence.restoring import outcomes as outcomes_of_repairs
from gouttes.proportion import Z, wilson
from gouttes.report.counterfactual import CARE_RULE, CARE_WEIGHT, Counterfactual, counterfactual
from gouttes.report.relation_data import MeanOf, Relation, StageShare
from gouttes.trust.ledger import entries_of
from gouttes.trust.levels import LevelCell, added_by_level, cells, heterogeneities, homes, weights
from gouttes.trust.pooling import Sector
from gouttes.trust.stage import stages
from gouttes.vocabulary import Act, Level, Stage

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from gouttes.opened import OpenedWorkspace


def would_change(opened: OpenedWorkspace, person: str, ledger: pd.DataFrame | None = None) -> Counterfactual:
    """What would change the reading of a person: see ``report.counterfactual``.

    Args:
        opened: a workspace that was run.
        person: a person id.
        ledger: their LEDGER where it was computed already.
    """
    rows = opened.ledger(person).to_pandas() if ledger is None else ledger
    events = opened.lived().filter(lambda t: t.person == person).select("event_id", "kind", "topic").to_pandas()
    topics = dict(events.dropna(subset=["topic"])[["event_id", "topic"]].itertuples(index=False))
    acts = opened.acts().filter(lambda t: t.person == person).select("event_id", "act").to_pandas()
    counted = events.rename(columns={"kind": "act"})[["event_id", "act"]]
    happened = [counted, acts[~acts["act"].isin(set(counted["act"]))]]
    times: dict[tuple[str, str], int] = {}
    for table in happened:
        for event, kind in table.itertuples(index=False):
            key = (kind, topics.get(event, ""))
            times[key] = times.get(key, 0) + 1
    weight = next((rule.weight for rule in opened.rules if rule.name == CARE_RULE and rule.weight > 0), CARE_WEIGHT)
    return counterfactual(
        entries_of(rows),
        rows,
        opened.prior,
        as_of=opened.local_as_of,
        topics=topics,
        times=times,
        care_weight=weight,
    )


HORIZON_DAYS = 90
"""Prior: an outcome is looked for in so many days after a date at which what was known is frozen."""
WINDOWS = 4
"""Definition: rolling origins."""


@dataclass(frozen=True)
class LevelsFound:
    """What each level weighs.

    Attributes:
        cells: of everyone, then of each stage and context: see ``trust.levels.LevelCell``.
        sector: the mean of the trade that the settings give; None where absent.
        differ: by level, whether its groups differ (``estimated``, ``none``, ``not_estimable``).
        strength: by level, how many outcomes the level above is worth; null where groups do not differ.
        windows: how many windows of ``days`` were looked at.
        days: length of a window.
    """

    cells: tuple[LevelCell, ...]
    sector: float | None
    differ: dict[str, str]
    strength: dict[str, float | None]
    windows: int
    days: int = HORIZON_DAYS


@dataclass(frozen=True)
class ConstraintFound:
    """Lock-ins: the trap index, the pledge ratio, and the renewals under lock-in that no evidence is made of."""

    trap: TrapIndex
    pledge: Pledge
    locked_renewals: int


@dataclass(frozen=True)
class JusticeFound:
    """The justice of repairs.

    Attributes:
        repairs: how many the log holds. by_source: where their justice comes from: ``stated``, ``severity``,
            ``derived`` or ``unknown``.
        facets: by facet, its mean where it is known, with a 90 % interval and n.
        weights: θ, and whether it was learned. effect: returns with and without a repair.
    """

    repairs: int
    by_source: dict[str, int]
    facets: dict[str, MeanOf]
    weights: Weights
    effect: Effect


def stage_table(opened: OpenedWorkspace, *, as_of: datetime | None = None) -> ir.Table:
    """STAGES of everyone who has an event: see ``trust.stage``."""
    return _stages_at(opened, opened.lived(), as_of or opened.as_of)


def _stages_at(opened: OpenedWorkspace, events: ir.Table, moment: datetime) -> ir.Table:
    people = opened.people().filter(lambda t: t.events > 0)
    seen = people.filter(people.first_seen <= ibis.literal(moment, type="timestamp('UTC')"))
    return stages(events, opened.acts(), seen, as_of=moment)


def stage_shares(table: ir.Table) -> tuple[StageShare, ...]:
    """How many people are expected in each stage, from their probabilities.

    The interval adds to the uncertainty of each person's stage that of who happens to be a customer.
    """
    row = table.agg(n=table.count(), **{stage.value: table[stage.value].sum().fill_null(0.0) for stage in Stage})
    found = row.to_pyarrow().to_pylist()[0]
    n = int(found["n"])
    made = []
    for stage in Stage:
        expected = float(found[stage.value])
        low, high = wilson_of(expected, n)
        made.append(StageShare(stage.value, expected, expected / n if n else 0.0, low, high, n))
    return tuple(made)


def wilson_of(expected: float, n: int) -> tuple[float, float]:
    """Wilson's interval of an expected count, which need not be whole: between those of the counts around it."""
    if not n:
        return 0.0, 1.0
    below = min(math.floor(expected), n)
    above = min(below + 1, n)
    part = expected - below
    first, second = wilson(below, n), wilson(above, n)
    return first[0] + part * (second[0] - first[0]), first[1] + part * (second[1] - first[1])


def levels(opened: OpenedWorkspace) -> LevelsFound:
    """What each level weighs in what people did in later windows, by stage and context."""
    given = opened.workspace.settings.trust
    sector = None if isinstance(given.sector_mean, str) else Sector(given.sector_mean, given.sector_strength)
    origins = [opened.as_of - timedelta(days=HORIZON_DAYS * number) for number in range(WINDOWS, 0, -1)]
    events = engines.kept(opened.connection, opened.lived())
    acts = opened.acts()
    parts = [engines.kept(opened.connection, _window(opened, events, acts, origin, sector)) for origin in origins]
    found = weights(cells(ibis.union(*parts)).to_pandas())
    hold = partial(engines.kept, opened.connection)
    told = heterogeneities(hold(_counts(acts, opened.as_of)), hold(homes(events)), sector=sector)
    return LevelsFound(
        found,
        None if sector is None else sector.mean,
        {level: kind for level, (kind, _) in told.items()},
        {level: None if math.isnan(strength) else strength for level, (_, strength) in told.items()},
        len(origins),
    )


def _counts(acts: ir.Table, moment: datetime) -> ir.Table:
    """``person, successes, trials``: the outcomes that went well, of all that could go either way."""
    known = known_by(acts, moment)
    both = outcomes_by_person(known)
    return both.filter(both.trials > 0)


def _window(
    opened: OpenedWorkspace, events: ir.Table, acts: ir.Table, origin: datetime, sector: Sector | None
) -> ir.Table:
    """What levels added for people at a date, their stage then, and what they did after."""
    before = known_by(events, origin)
    told = acts.filter(acts.occurred_at <= ibis.literal(origin, type="timestamp('UTC')"))
    hold = partial(engines.kept, opened.connection)
    # Each part is held: the engine compiles four small queries faster than a large one.
    added = hold(added_by_level(hold(_counts(told, origin)), hold(homes(before)), sector=sector))
    done = hold(opportunities(acts, events, origin=origin, days=HORIZON_DAYS))
    later = done.group_by("person").agg(successes=done.successes.sum(), trials=done.trials.sum())
    stage = hold(_stages_at(opened, events, origin)).select(of="person", stage="stage", context="context")
    rows = added.join(later.rename(who="person"), [("person", "who")]).join(stage, [("person", "of")])
    some = rows.filter(rows.trials > 0).mutate(origin=engines.days(ibis.literal(origin, type="timestamp('UTC')")))
    names = ("person", "origin", "stage", "context", "team", "agent", "successes", "trials")
    return some.select(*names, *(name for name in some.columns if name.startswith("d_")))


def constraint(opened: OpenedWorkspace) -> ConstraintFound:
    """What lock-ins hide, and what the company pledges."""
    events, as_of = opened.lived(), opened.as_of
    days = around(lock_ins(events, as_of=as_of)).to_pandas()
    stated = stated_pledges(events, as_of=as_of).to_pandas().fillna(0.0).to_dict("records")[0]
    given = opened.workspace.settings.pledge
    amounts = [None if isinstance(each, str) else each for each in (given.forfeit, given.exit_cost)]
    locked = opened.acts().filter(lambda t: t.act == Act.RENEWAL_LOCKED.value).count().execute()
    found = pledge(
        {str(name): float(value) for name, value in stated.items()}, forfeit=amounts[0], exit_cost=amounts[1]
    )
    return ConstraintFound(trap_index(days), found, int(locked))


def justice(opened: OpenedWorkspace) -> JusticeFound:
    """How just repairs were, which justice brings people back, and what they did after a repair."""
    table = engines.kept(opened.connection, facets(opened.lived()))
    acts, as_of = opened.acts(), opened.as_of
    sums = {
        f"{name}_{what}": value.fill_null(0)
        for name in JUSTICE
        for what, value in (
            ("n", table[name].count()),
            ("sum", table[name].sum()),
            ("squares", (table[name] * table[name]).sum()),
        )
    }
    row = table.agg(repairs=table.count(), **sums).to_pyarrow().to_pylist()[0]
    sources = table.group_by(source=table.justice_from.fill_null("unknown")).agg(n=table.count())
    by_source = {each["source"]: int(each["n"]) for each in sources.order_by("source").to_pyarrow().to_pylist()}
    means = {name: mean_of(*(float(row[f"{name}_{what}"]) for what in ("n", "sum", "squares"))) for name in JUSTICE}
    return JusticeFound(
        int(row["repairs"]),
        by_source,
        means,
        learned(followed(table, acts, as_of=as_of).to_pandas()),
        effect(outcomes_of_repairs(opened.evidence(), acts, as_of=as_of).to_pandas()),
    )


def mean_of(n: float, total: float, squares: float) -> MeanOf:
    """A mean and its normal interval, held between 0 and 1."""
    if not n:
        return MeanOf(None, None, None, 0)
    mean = total / n
    error = Z * math.sqrt(max(squares / n - mean * mean, 0.0) / n)
    return MeanOf(mean, max(0.0, mean - error), min(1.0, mean + error), int(n))


def document(found: LevelsFound | ConstraintFound | JusticeFound) -> dict[str, Any]:
    """The result as a document, its fields at the top."""
    return asdict(found)


def trust_of(opened: OpenedWorkspace, person: str) -> dict[str, float]:
    """What each level brings to the pooled mean of one person, in log-odds; nobody else is named.

    Raises:
        BadInputError: nothing is known yet of how this person was served.
    """
    given = opened.workspace.settings.trust
    sector = None if isinstance(given.sector_mean, str) else Sector(given.sector_mean, given.sector_strength)
    added = added_by_level(_counts(opened.acts(), opened.as_of), homes(opened.lived()), sector=sector)
    rows = added.filter(added.person == person).to_pandas().to_dict("records")
    if not rows:
        raise BadInputError(
            f"No outcome is known of {person} yet, so that levels cannot be told apart. Ask again after a return, a "
            "promise kept or broken, a solved ticket or a renewal; `gouttes explain` tells what is known."
        )
    return {level.value: float(rows[0][f"d_{level.value}"]) for level in Level}


def relation(opened: OpenedWorkspace) -> Relation:
    """Everything the report says of the relation with customers."""
    weighed, held, repaired = levels(opened), constraint(opened), justice(opened)
    return Relation(
        stages=stage_shares(stage_table(opened)),
        cells=weighed.cells,
        differ=weighed.differ,
        sector=weighed.sector,
        trap=held.trap,
        pledge=held.pledge,
        locked=held.locked_renewals,
        repairs=repaired.repairs,
        by_source=repaired.by_source,
        facets=repaired.facets,
        weights=repaired.weights,
        effect=repaired.effect,
    )
