"""What the invented company's customers taught, written by hand."""

from __future__ import annotations

from datetime import timedelta

from tests.core.report.sample import AS_OF

from gouttes.report.learned_data import Curve, Drifted, Figure, Learned, Month, Ratio

ORIGINS = tuple(AS_OF - timedelta(days=90 * step) for step in (4, 3, 2, 1))
WEIGHTS = (
    Figure("promise kept", 0.32, 0.21, 0.47, 0.3, "learned"),
    Figure("unprompted return", 0.22, 0.13, 0.35, 0.8, "learned"),
    Figure("generous gesture", 0.0, None, None, 1.0, "unsupported"),
    Figure("good human contact", 0.2, None, None, 0.2, "unseen"),
    Figure("promise broken", 1.8, 1.1, 2.9, 1.2, "learned", bucket=True),
    Figure("outage", 1.2, None, None, 1.2, "undecided", bucket=True),
    Figure("effort", 0.8, None, None, 0.8, "bound", bucket=True),
    Figure("A <b>rule</b> of ours", 0.5, None, None, 0.5, "set", bucket=True),
)
MEMORIES = (
    Figure("drops 90", 70.0, 41.0, 118.0, 90.0, "learned"),
    Figure("drops 180", 180.0, None, None, 180.0, "undecided"),
    Figure("buckets 180", 210.0, 130.0, 340.0, 180.0, "learned", bucket=True),
    Figure("buckets 365 set", 365.0, None, None, 365.0, "set", bucket=True),
)
RATIO = Figure("weight_ratio", 2.58, 1.2, 5.55, 4.0, "learned")
SHIFT = Figure("drop_shift", 0.42, 0.35, 0.48, 0.4, "learned")
CURVES = (
    Curve("return", 0.1, 0.76, (0.004, 0.0, 0.005), 1271, 4000, 8300),
    Curve("renewal", 0.6, 0.6, (0.006, 0.0, 0.025), 440, 500, 750),
    Curve("expansion", -1.1, 0.15, (0.004, 0.0, 0.01), 1307, 900, 3700),
    Curve("recommendation", 0.0, 0.0, (0.0, 0.0, 0.0), 1472, 12, 4000, "few"),
)


def month(back: int, observed: float, z: float, *, told: bool = False, far: bool = False) -> Month:
    return Month(AS_OF - timedelta(days=30 * back), 640, 950, observed, 0.5, 0.47, 0.53, z, told, far)


MONTHS = (month(3, 0.52, 1.3, told=True), month(2, 0.49, -0.5), month(1, 0.56, 3.4, far=True))
LEARNED = Learned(
    status="in_force",
    version="2026-11-20.1",
    learned_at=AS_OF,
    origins=ORIGINS,
    horizon=90.0,
    people=1323,
    successes=5149,
    trials=10360,
    weights=WEIGHTS,
    memories=MEMORIES,
    classes={"drops 90": ("promise kept",), "buckets 180": ("promise broken", "outage")},
    asymmetry={
        "weight_ratio": RATIO,
        "half_life_ratio": Figure("half_life_ratio", 1.4, 0.7, 2.8, 2.0, "learned"),
        "drop_shift": SHIFT,
        "bucket_shift": Figure("bucket_shift", -0.5, -0.57, -0.43, -0.5, "learned"),
    },
    one_half_life=Ratio(25.9, 2, 0.0000021),
    equal_weights=Ratio(3.1, 2, 0.212),
    curves=CURVES,
    drift=Drifted("drifted", AS_OF, months=MONTHS),
)
