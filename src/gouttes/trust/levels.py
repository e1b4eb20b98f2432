"""What each level weighs in what people do next, by stage and context, and where a person's trust comes from.

Levels nest, so each is written as what it adds to the one above, in log-odds: δ_team = logit m_team - logit m_company.
Then logit P = g₀ + Σ_level g_level·δ_level, a ridge whose penalty draws each weight to 1: at 1 the pooled mean is right
as it stands, at 0 the level tells nothing of what comes. It is the model logit P = g₀ + Σ h_level·logit m_level with
h_level = g_level - g_(level below). Weights of few data stay at 1: a prior.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from scipy.special import expit

from gouttes.errors import MissingColumnsError
from gouttes.proportion import Z
from gouttes.trust.pooling import COMPANY, LEAST, Heterogeneity, shapes_of
from gouttes.vocabulary import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from gouttes.trust.pooling import Sector

    Vector = npt.NDArray[np.float64]

NESTED = (Level.TEAM.value, Level.AGENT.value, Level.PERSON.value)
SPREAD = 1.0
"""Prior: standard deviation of a weight around 1."""
FEWEST_PEOPLE, FEWEST_EITHER = 50, 10
"""Prior: a cell of fewer people, or of fewer successes or failures, keeps the priors."""
GRAIN = 0.05
"""Log-odds to which a person's own level is rounded, so that the fit sees cells and not people."""
FLAT = 1e-6
MOST_STEPS = 100

ORIGINS = ibis.schema({"person": "string", **{f"d_{level.value}": "float64" for level in Level}})
"""What each level adds for each person, in log-odds; it sums to the logit of the person's pooled mean. Where the trade
is not known ``d_sector`` is nought and ``d_company`` the logit of the company's own mean."""


@dataclass(frozen=True)
class LevelWeight:
    """The weight of one level.

    Attributes:
        level: which.
        weight, low, high: g and its 90 % interval.
        learned: False where the data could not tell, and the prior stands.
    """

    level: str
    weight: float
    low: float
    high: float
    learned: bool


@dataclass(frozen=True)
class LevelCell:
    """The weights of the levels in one stage and context.

    Attributes:
        stage, context: of the people, before the window of the outcome.
        reason: empty where weights were learned; else ``too_few`` or ``one_outcome``: the priors stand.
        people, trials: person-windows and opportunities. rate: share of these taken.
        intercept: g₀.
        weights: one per level.
        means, spreads: mean and standard deviation of what each level adds there, in log-odds.
    """

    stage: str
    context: str
    reason: str
    people: int
    trials: int
    rate: float
    intercept: float
    weights: tuple[LevelWeight, ...]
    means: dict[str, float]
    spreads: dict[str, float]

    def parts(self, added: dict[str, float]) -> dict[str, float]:
        """The log-odds that each level brings, weighted, for somebody for whom levels add so much."""
        return {each.level: each.weight * added[each.level] for each in self.weights}


def homes(events: ir.Table) -> ir.Table:
    """``person, team, agent``: who served each person most; of equals the latest, then the first by name.

    The team is the one in which that agent most served the person. People nobody is known to have served are absent.

    Args:
        events: ``person, team, agent, occurred_at``; filter it to what was known before.
    """
    served = events.filter(events.agent.notnull() | events.team.notnull())
    each = served.group_by("person", "agent", "team").agg(n=served.count(), last=served.occurred_at.max())
    of_agent = each.group_by("person", "agent").mutate(total=each.n.sum())
    order = ibis.window(
        group_by="person",
        order_by=[
            of_agent.agent.isnull(),  # noqa: PD003 -- Ibis, not pandas
            *(of_agent[name].desc() for name in ("total", "n", "last")),
            of_agent.agent,
            of_agent.team,
        ],
    )
    ranked = of_agent.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).select("person", "team", "agent")


def added_by_level(counts: ir.Table, home: ir.Table, *, sector: Sector | None = None) -> ir.Table:
    """What each level adds for each person, in the columns of :data:`ORIGINS` and ``team``, ``agent``.

    Args:
        counts: ``person, successes, trials``: outcomes known before, one row per person at most.
        home: as :func:`homes` gives it.
        sector: what is believed of the trade, where the settings say.
    """
    if missing := {"person", "successes", "trials"} - set(counts.columns):
        raise MissingColumnsError("trust.added_by_level", missing, counts.columns, "Give outcomes by person.")
    joined = counts.left_join(home.rename(of="person"), [("person", "of")]).drop("of")
    means = shapes_of(joined, NESTED, sector=sector)
    rows = means[Level.PERSON.value].select(*NESTED, logit_person=_logit(means[Level.PERSON.value]))
    for depth, level in enumerate(NESTED[:-1], start=1):
        keys = NESTED[:depth]
        above = means[level]
        named = above.select(**{f"of_{key}": above[key] for key in keys}, **{f"logit_{level}": _logit(above)})
        matched = [rows[key].identical_to(named[f"of_{key}"]) for key in keys]
        rows = rows.left_join(named, matched).select(*rows.columns, f"logit_{level}")
    company = means[COMPANY]
    rows = rows.cross_join(company.select(logit_company=_logit(company)))
    trade = 0.0 if sector is None else math.log(sector.mean / (1.0 - sector.mean))
    chain = (COMPANY, *NESTED)
    steps = {
        f"d_{below}": rows[f"logit_{below}"] - rows[f"logit_{above}"] for above, below in itertools.pairwise(chain)
    }
    return rows.select(
        "person", "team", "agent", d_sector=ibis.literal(trade), d_company=rows.logit_company - trade, **steps
    )


def _logit(means: ir.Table) -> ir.FloatingValue:
    return ibis.greatest(means.a, LEAST).ln() - ibis.greatest(means.b, LEAST).ln()


COLUMNS = tuple(f"d_{level.value}" for level in Level)


def cells(rows: ir.Table) -> ir.Table:
    """What the fit sees: people of one stage, context, team and agent, at about one distance from their agent.

    Args:
        rows: ``person, origin, stage, context, successes, trials`` and the columns of :data:`ORIGINS`.

    Returns:
        ``stage, context``, the mean of each ``d_``, ``people``, ``successes, trials`` and the sums of squares ``yy``,
        ``yn``, ``nn`` over people, from which a variance clustered by person and window follows exactly.
    """
    grain = (rows.d_person / GRAIN).round().cast("int64")
    y, n = rows.successes.cast("float64"), rows.trials.cast("float64")
    keyed = rows.mutate(grain=grain, y=y, n=n)
    keys = ["stage", "context", "origin", "team", "agent", "grain"]
    grouped = keyed.group_by(keys).agg(
        **{name: keyed[name].mean() for name in COLUMNS},
        people=keyed.count(),
        successes=keyed.y.sum(),
        trials=keyed.n.sum(),
        yy=(keyed.y * keyed.y).sum(),
        yn=(keyed.y * keyed.n).sum(),
        nn=(keyed.n * keyed.n).sum(),
    )
    return grouped.drop("origin", "team", "agent", "grain")


def weights(found: pd.DataFrame) -> tuple[LevelCell, ...]:
    """The weights of each stage and context from :func:`cells`, in alphabetical order, and of everyone together.

    The first cell is of everyone: its stage and context are empty.
    """
    grouped = [("", "", found)] if len(found) else []
    for key, part in found.groupby(["stage", "context"]):
        stage, context = map(str, key)
        grouped.append((stage, context, part))
    return tuple(_cell(*each) for each in grouped)


def _cell(stage: str, context: str, part: pd.DataFrame) -> LevelCell:
    people, trials, taken = int(part["people"].sum()), float(part["trials"].sum()), float(part["successes"].sum())
    x = part[list(COLUMNS)].to_numpy(float)
    each = part["people"].to_numpy(float)
    means = (x * each[:, None]).sum(axis=0) / each.sum()
    spread = np.sqrt(((x - means) ** 2 * each[:, None]).sum(axis=0) / each.sum())
    named, apart = (
        {level.value: float(value) for level, value in zip(Level, found, strict=True)} for found in (means, spread)
    )
    rate = taken / trials if trials else math.nan
    reason = "one_outcome" if min(taken, trials - taken) <= 0 else ""
    if people < FEWEST_PEOPLE or (not reason and min(taken, trials - taken) < FEWEST_EITHER):
        reason = "too_few"
    if reason:
        half = Z * SPREAD
        kept = tuple(LevelWeight(level.value, 1.0, 1.0 - half, 1.0 + half, learned=False) for level in Level)
        return LevelCell(stage, context, reason, people, int(trials), rate, 0.0, kept, named, apart)
    intercept, fitted = _fit(part, x, spread)
    return LevelCell(stage, context, "", people, int(trials), rate, intercept, fitted, named, apart)


def _fit(part: pd.DataFrame, x: Vector, spread: Vector) -> tuple[float, tuple[LevelWeight, ...]]:
    """Penalised logistic regression by Newton's method, with a sandwich variance clustered by person and window."""
    y, n = part["successes"].to_numpy(float), part["trials"].to_numpy(float)
    # What is the same for everyone at a date, as the trade and the company are, cannot be told from the intercept.
    told = (spread > FLAT) & np.array([level.value in NESTED for level in Level])
    offset = x[:, ~told].sum(axis=1)
    design = np.column_stack([np.ones(len(part)), x[:, told]])
    prior = np.array([0.0, *np.ones(told.sum())])
    penalty = np.diag([0.0, *np.full(told.sum(), 1.0 / SPREAD**2)])
    beta = prior.copy()
    for _ in range(MOST_STEPS):
        p = expit(design @ beta + offset)
        hessian = design.T @ (design * (n * p * (1 - p))[:, None]) + penalty
        step = np.linalg.solve(hessian, design.T @ (y - n * p) - penalty @ (beta - prior))
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004 -- converged to rounding
            break
    p = expit(design @ beta + offset)
    squares = part["yy"].to_numpy(float) - 2 * p * part["yn"].to_numpy(float) + p**2 * part["nn"].to_numpy(float)
    inverse = np.linalg.inv(design.T @ (design * (n * p * (1 - p))[:, None]) + penalty)
    # The penalty is information of the prior: it counts once on either side, so that no data leave the prior's width.
    variance = inverse @ (design.T @ (design * squares[:, None]) + penalty) @ inverse
    errors = Z * np.sqrt(np.diag(variance))
    return float(beta[0]), tuple(_weights(told, beta[1:], errors[1:]))


def _weights(told: npt.NDArray[np.bool_], beta: Vector, errors: Vector) -> Sequence[LevelWeight]:
    half = Z * SPREAD
    found = iter(zip(beta.tolist(), errors.tolist(), strict=True))
    made = []
    for level, known in zip(Level, told, strict=True):
        value, error = next(found) if known else (1.0, half)
        made.append(LevelWeight(level.value, value, value - error, value + error, learned=bool(known)))
    return made


def heterogeneities(counts: ir.Table, home: ir.Table, *, sector: Sector | None = None) -> dict[str, tuple[str, float]]:
    """For each nested level whether its groups differ (:class:`Heterogeneity`), and the strength of its parent."""
    joined = counts.left_join(home.rename(of="person"), [("person", "of")]).drop("of")
    told = {}
    for level, table in shapes_of(joined, NESTED, sector=sector).items():
        if level != COMPANY:
            row = table.select("heterogeneity", "strength").limit(1).to_pyarrow().to_pylist()
            told[level] = _told(row)
    return told


def _told(rows: list[dict[str, object]]) -> tuple[str, float]:
    if not rows:
        return Heterogeneity.NOT_ESTIMABLE.value, math.nan
    strength = rows[0]["strength"]
    return str(rows[0]["heterogeneity"]), math.nan if strength is None else float(str(strength))
