"""Customers whose parameters are known: three drops, three buckets, three half-lives (the design of the literature's
recovery studies): opportunities after three dates, evidence before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from gouttes.trust.learning.design import Classes, Design, Known, summing

if TYPE_CHECKING:
    from gouttes.trust.learning.design import Array, Codes

NAMES = ("promise kept", "good contact", "unprompted return", "promise broken", "repeat contact", "integrity breach")
POLARITY = np.array([1, 1, 1, -1, -1, -1])
OF_CLASS = np.array([0, 0, 0, 1, 1, 2])
WEIGHTS = np.array([0.35, 0.20, 0.90, 1.6, 0.9, 4.0])
HALF_LIVES = np.array([90.0, 200.0, 540.0])
STRENGTH, MEAN = 4.0, 0.70
THETA = np.concatenate([[np.log(STRENGTH), np.log(MEAN / (1 - MEAN))], np.log(WEIGHTS), np.log(HALF_LIVES)])
PRIOR_WEIGHTS = (0.30, 0.20, 0.80, 1.2, 0.8, 3.0)
PRIOR_HALF_LIVES = (120.0, 180.0, 365.0)
RULES = tuple(
    Known(name, int(sign), weight, PRIOR_HALF_LIVES[group])
    for name, sign, weight, group in zip(NAMES, POLARITY, PRIOR_WEIGHTS, OF_CLASS, strict=True)
)
SPAN, DATES = 1095.0, (365.0, 730.0, 1095.0)
YEARLY = np.array([9.0, 6.0, 2.0, 1.2, 1.8, 0.25])
BURSTS, BURST_DAYS = 0.3, 10.0


def evidence(rng: np.random.Generator, people: int) -> tuple[Codes, Codes, Array, Array]:
    """Person, rule, day and size: people differ in pace and in luck; some events come in bursts."""
    pace, good, bad = (
        rng.gamma(2.0, 0.5, (people, 1)),
        rng.gamma(2.0, 0.5, (people, 1)),
        rng.gamma(1.0, 1.0, (people, 1)),
    )
    counts = rng.poisson(YEARLY * SPAN / 365.0 * np.where(POLARITY > 0, good, bad) * pace)
    person = np.repeat(np.arange(people), counts.sum(axis=1))
    rule = np.repeat(np.tile(np.arange(len(NAMES)), people), counts.ravel())
    start, burst = rng.uniform(0.0, SPAN * 0.6, people), rng.uniform(0.0, 1.0, people)
    day = start[person] + rng.uniform(0.0, 1.0, person.size) * (SPAN - start[person])
    together = start[person] + burst[person] * (SPAN - start[person]) + rng.normal(0.0, BURST_DAYS, person.size)
    day = np.where(rng.uniform(size=person.size) < BURSTS, np.clip(together, 0.0, SPAN), day)
    size = np.where(POLARITY[rule] > 0, 1.0, rng.uniform(0.5, 1.5, person.size))
    return person, rule, day, size


def designed(connection: Any, seed: int, people: int = 3_000, *, trials: int = 0) -> tuple[Design, Array]:
    """A design with its true chances. ``trials``: so many opportunities a row; where 0, 1 + Poisson(1.5)."""
    rng = np.random.default_rng(seed)
    person, rule, day, size = evidence(rng, people)
    who = np.repeat(np.arange(people), len(DATES))
    origin = np.tile(np.array(DATES), people)
    spread = [(person * len(DATES) + at, date - day) for at, date in enumerate(DATES)]
    row = np.concatenate([rows for rows, _ in spread])
    age = np.concatenate([ages for _, ages in spread])
    before = age >= 0
    row, age = row[before], age[before]
    code, weight = np.tile(rule, len(DATES))[before], np.tile(size, len(DATES))[before]
    left = weight * np.exp2(-age / HALF_LIVES[OF_CLASS[code]]) * WEIGHTS[code]
    drops, buckets = (np.bincount(row[side], left[side], who.size) for side in (POLARITY[code] > 0, POLARITY[code] < 0))
    a, b = STRENGTH * MEAN + drops, STRENGTH * (1 - MEAN) + buckets
    chance = rng.beta(a, b)
    n: Array = np.full(who.size, float(trials or 1))
    n = n if trials else n + rng.poisson(1.5, who.size)
    y = rng.binomial(n.astype(int), chance).astype(float)
    frame = {"row": row, "rule": code, "age": age, "size": weight}
    table = connection.create_table(f"pairs_{seed}_{people}", ibis.memtable(frame), temp=True, overwrite=True)
    design = Design(y, n, who, origin, RULES, Classes.of(RULES), summing(table, who.size, len(RULES)))
    return design, np.column_stack([a, b])
