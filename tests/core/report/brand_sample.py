"""The brand of the invented company, written by hand."""

from __future__ import annotations

from tests.core.report.sample import AS_OF

from gouttes.brand.conditions import Chart, Conditions, Month, Phase
from gouttes.brand.handover import Handover
from gouttes.brand.lies import Counted, Lies
from gouttes.brand.network import Network
from gouttes.proportion import Figure
from gouttes.report.brand_data import Brand

LIES = Lies(
    "",
    Counted(4747, 878, 24, 6, 3, 350),
    sampled=500,
    parts={
        "person": Figure(0.0048, 0.0017, 0.0138, 500),
        "agent": Figure(0.0035, 0.0017, 0.0071, 24),
        "dyad": Figure(0.0092, 0.0044, 0.0191, 1443),
        "residual": Figure(0.2175, 0.2094, 0.226, 4747),
    },
    dependence=Figure(0.726, 0.374, 0.922, 500),
    transfer=Figure(0.342, 0.091, 0.731, 500),
    consistency=Figure(0.994, 0.987, 0.997, 500),
)
MONTHS = (
    Month("2026-09", Figure(0.935, 0.910, 0.953, 352), 0.879, 0.965),
    Month("2026-10", Figure(0.930, 0.905, 0.950, 365), 0.880, 0.964),
    Month("2026-11", Figure(0.750, 0.704, 0.791, 264), 0.872, 0.971),
)
THREE = {name: Figure(0.6, 0.55, 0.65, 573) for name in ("kept", "met", "both")}
BRAND = Brand(
    as_of=AS_OF,
    phase=Phase("unknown", ("transfer", "dependence")),
    lies=LIES,
    handover=Handover(
        "",
        Figure(-0.021, -0.033, -0.009, 200),
        Figure(0.702, 0.702, 0.702, 200),
        Figure(0.687, 0.679, 0.694, 200),
        Figure(0.700, 0.700, 0.700, 101),
        Figure(0.706, 0.697, 0.715, 101),
        unmatched=53,
    ),
    chart=Chart(Figure(0.922, 0.916, 0.927, 6364), MONTHS),
    network=Network(
        "",
        1518,
        invitations=Figure(0.42, 0.40, 0.46, 1518),
        conversion=Figure(0.278, 0.25, 0.308, 644),
        k=Figure(0.118, 0.104, 0.134, 1518),
        k_unrewarded=Figure(0.066, 0.056, 0.078, 1518),
        reach=Figure(1.134, 1.116, 1.154, 1518),
        own=1339,
        pairs=12,
        passed_on=Figure(0.25, 0.1, 0.5, 12),
        brought={0: 1352, 1: 153, 2: 13},
    ),
    conditions=Conditions("", THREE, THREE, {name: Figure(0.0, -0.05, 0.05, 573) for name in THREE}),
)
EMPTY = Brand(
    as_of=AS_OF,
    phase=Phase("unknown", ()),
    lies=Lies("one_each", Counted(30, 30, 4)),
    handover=Handover("few"),
    chart=Chart(None, ()),
    network=Network("none", 30),
    conditions=Conditions("none"),
)
