"""Where the variance of what became of customers lies: with the customer, the agent, both, the team, the month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.brand.crossed import crossed
from gouttes.brand.design import NotEstimableError
from gouttes.brand.figures import LEAST, consistency, person_dependence, transfer_ratio
from gouttes.brand.moments import moments
from gouttes.lots import sampled
from gouttes.proportion import Figure

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.brand.crossed import Crossed
    from gouttes.brand.moments import Moments

SAMPLE = 20_000
"""People on whom the mixed model is fitted, at most; beyond, a sample that the person's id decides (prior)."""
FACTORS = ("person", "agent", "dyad", "team", "month")
BY_MOMENTS = ("person", "agent", "dyad")
SAMPLED = ("person", "agent")


@dataclass(frozen=True)
class Counted:
    """Outcomes, customers, agents, teams, months, and customers who met several agents."""

    rows: int = 0
    people: int = 0
    agents: int = 0
    teams: int = 0
    months: int = 0
    several: int = 0


@dataclass(frozen=True)
class Lies:
    """Where the variance lies.

    Attributes:
        reason: empty, or why it is not estimable: ``nothing`` (no outcome with an agent), ``one_agent``, ``one_each``
            (people meet one agent only), ``constant``, ``once`` (no customer meets an agent twice), ``confounded``,
            ``stopped`` (the fit has not converged), ``none`` (neither customers nor agents differ).
        counted: what there is.
        sampled: people whom the mixed model was fitted on.
        parts: by factor and ``residual``, the variance by the mixed model (REML), n = its levels.
        by_moments: those of customer, agent, pair and residual by GROUP BY on everybody, where they can be solved.
        dependence, transfer, consistency: the three shares.
        fitted: the mixed model.
    """

    reason: str
    counted: Counted
    sampled: int = 0
    parts: dict[str, Figure] | None = None
    by_moments: dict[str, Figure] | None = None
    dependence: Figure | None = None
    transfer: Figure | None = None
    consistency: Figure | None = None


def lies(served: ir.Table, *, sample: int = SAMPLE) -> Lies:
    """The components of variance of what became of customers, by mixed model and by moments.

    Args:
        served: SERVED.
        sample: people on whom the mixed model is fitted, at most.
    """
    counted = _counted(served)
    reason = _reason(counted)
    if reason:
        return Lies(reason, counted)
    factors = [name for name in FACTORS if name not in {"team", "month"} or getattr(counted, f"{name}s") > 1]
    chosen = sampled(served, sample).select("score", *factors).to_pandas()
    try:
        fitted = _fitted(chosen, factors)
    except NotEstimableError as error:
        return Lies(error.reason, counted)
    number = int(chosen["person"].nunique())
    figures = {each.name: Figure(each.variance, each.low, each.high, each.levels) for each in fitted.components}
    transfer, dependence = transfer_ratio(fitted, n=number), person_dependence(fitted, n=number)
    left = [each.name for each in fitted.components if each.name != "residual"]
    return Lies(
        "stopped" if not fitted.converged else "" if transfer and dependence else "none",
        counted,
        sampled=number,
        parts=figures,
        by_moments=_by_moments(served),
        dependence=dependence if fitted.converged else None,
        transfer=transfer if fitted.converged else None,
        consistency=consistency(fitted, n=number) if "month" in left and fitted.converged else None,
    )


def _counted(served: ir.Table) -> Counted:
    met = served.group_by("person").agg(agents=served.agent.nunique())
    several = met.agg(several=(met.agents > 1).sum())
    counts = served.agg(
        rows=served.count(),
        people=served.person.nunique(),
        agents=served.agent.nunique(),
        teams=served.team.nunique(),
        unknown=served.team.isnull().sum(),
        months=served.month.nunique(),
    )
    row = counts.cross_join(several).to_pyarrow().to_pylist()[0]
    found = {name: int(value or 0) for name, value in row.items()}
    unknown = found.pop("unknown")  # a row without a team would be lost
    return Counted(**(found | ({"teams": 0} if unknown else {})))


def _reason(counted: Counted) -> str:
    if not counted.rows:
        return "nothing"
    if counted.agents < 2:  # noqa: PLR2004 -- one agent is everybody's
        return "one_agent"
    return "one_each" if counted.several < LEAST else ""


def _fitted(chosen: object, factors: list[str]) -> Crossed:
    """The mixed model; a team or month that groups the rows as another factor does is left out."""
    names = list(factors)
    while True:
        try:
            columns = {name: chosen[name].to_numpy() for name in names}  # type: ignore[index]  # a data frame
            return crossed(chosen["score"].to_numpy(), columns, reml=True)  # type: ignore[index]  # same
        except NotEstimableError as error:
            spare = [name for name in error.about if name in {"team", "month"}]
            if not spare:
                raise
            names.remove(spare[0])


def _by_moments(served: ir.Table) -> dict[str, Figure] | None:
    """Customer, agent and their pair, of everybody; teams and months are then part of the agents and the residual."""
    found: Moments | None = moments(served, "score", BY_MOMENTS, sampled=SAMPLED)
    if found is None:
        return None
    told = {}
    for name in found.names:
        each = found.component(name)
        told[name] = Figure(each.value, each.low, each.high, found.levels.get(name, found.rows))
    return told
