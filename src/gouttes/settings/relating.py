"""What a company states of its own terms: what it pledges, and what leaving costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gouttes.settings.checks import require

NOT_STATED: Literal["not stated"] = "not stated"


@dataclass(frozen=True)
class PledgeSettings:
    """What binds either side of a contract, where the events do not say.

    Attributes:
        forfeit: what the company forfeits to a customer when it breaks its word, in its currency, or ``"not stated"``.
        exit_cost: what leaving costs a customer, in the same currency, above 0, or ``"not stated"``.
    """

    forfeit: float | Literal["not stated"] = NOT_STATED
    exit_cost: float | Literal["not stated"] = NOT_STATED

    def __post_init__(self) -> None:
        forfeit, cost = self.forfeit, self.exit_cost
        good = forfeit == NOT_STATED if isinstance(forfeit, str) else forfeit >= 0
        require(good, "[pledge] forfeit", "'not stated' or an amount of 0 or more", forfeit)
        good = cost == NOT_STATED if isinstance(cost, str) else cost > 0
        require(good, "[pledge] exit_cost", "'not stated' or an amount above 0", cost)
