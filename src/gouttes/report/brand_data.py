"""What the report and the command line say of the brand, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from gouttes.brand.conditions import Chart, Conditions, Phase
    from gouttes.brand.handover import Handover
    from gouttes.brand.lies import Lies
    from gouttes.brand.network import Network


@dataclass(frozen=True)
class Brand:
    """Everything that is said of the brand; no agent is named, and no cell has fewer than 8.

    Attributes:
        as_of: the date.
        phase: local, collective, or not known.
        lies: where the variance lies; person dependence, transfer ratio, consistency.
        handover: what a change of agent does.
        chart: promises kept by month.
        network: who brings whom.
        conditions: what those who recommend have lived.
    """

    as_of: datetime
    phase: Phase
    lies: Lies
    handover: Handover
    chart: Chart
    network: Network
    conditions: Conditions
