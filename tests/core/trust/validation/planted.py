"""Rows drawn from a known truth, so that every measure has a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from gouttes.trust.validation.cases import Cases, Predicted

STRENGTH, MEAN = 4.0, 0.6
DROP, BUCKET = 0.8, 1.2


def cases(people: int, seed: int, *, rows: int = 1, trials: int = 4, blind: bool = False) -> tuple[Cases, Predicted]:
    """Opportunities of people whose chance is Beta(a, b), and that very Beta; ``blind``: the sums tell nothing."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rows)
    drops, buckets = rng.gamma(0.7, 3.0, person.size), rng.gamma(0.4, 2.5, person.size)
    a, b = STRENGTH * MEAN + DROP * drops, STRENGTH * (1 - MEAN) + BUCKET * buckets
    if blind:
        a, b = np.full(person.size, 2.0), np.full(person.size, 3.0)
    n = rng.integers(1, trials + 1, person.size).astype(float)
    y = rng.binomial(n.astype(int), rng.beta(a, b)).astype(float)
    return gathered(person, y, n, drops, buckets, rng), Predicted(a, b)


def gathered(person: Any, y: Any, n: Any, drops: Any, buckets: Any, rng: Any) -> Cases:
    age = rng.uniform(30, 400, person.size)
    x = rng.poisson(2, person.size).astype(float)
    purchases = np.column_stack(
        [x, np.where(x > 0, age * rng.random(person.size), 0), age, rng.gamma(2, 20, person.size)]
    )
    purchases[::10] = np.nan
    sums = np.column_stack([drops, buckets])
    return Cases(
        person=person,
        successes=y,
        trials=n,
        sums=sums,
        sides=np.stack([sums, sums / 2], axis=1),
        purchases=purchases,
        opinion=np.where(rng.random(person.size) < 0.4, rng.random(person.size), np.nan),
        labels={"team": np.where(person % 3 == 0, "north", np.where(person % 3 == 1, "south", ""))},
    )
