"""Agents and teams, whose effects are planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from gouttes.simulate.company import Company

Array = npt.NDArray[Any]
AGENT_NUMBER, TEAM_NUMBER = 9_001, 501
"""Number of the first agent and of the first team in the helpdesk."""


@dataclass(frozen=True)
class Crew:
    """Who serves. Effects are on the log-odds of solving at once and of keeping a promise; they average to zero.

    Attributes:
        team_of: team code of each agent.
        agent_effect: own effect of each agent.
        team_effect: effect of each team.
    """

    team_of: Array
    agent_effect: Array
    team_effect: Array

    @property
    def effect(self) -> Array:
        """Agent and team together."""
        return self.agent_effect + self.team_effect[self.team_of]

    @property
    def agents(self) -> list[str]:
        """Keys of the agents, by code, as the helpdesk numbers them."""
        return [f"zendesk:user:{AGENT_NUMBER + code}" for code in range(len(self.team_of))]

    @property
    def teams(self) -> list[str]:
        """Keys of the teams, by code, as the helpdesk numbers them."""
        return [f"zendesk:group:{TEAM_NUMBER + code}" for code in range(len(self.team_effect))]


def hire(company: Company, rng: np.random.Generator) -> Crew:
    """Draw the agents and teams of a company."""
    spread = company.behaviour
    own = rng.normal(0.0, spread.agent_spread, company.agents)
    shared = rng.normal(0.0, spread.team_spread, company.teams)
    return Crew(np.arange(company.agents) % company.teams, own - own.mean(), shared - shared.mean())
