"""Learning: planted parameters found again, and a whole company learned from.

The first figures are of 3,000 planted people (see tests/core/trust/learning/planted.py, whose design this uses); the
others of the workspace that ``flow.py`` left behind: 1 M people, 20 M events, three dates.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.flow import FULL, ROOT, fill, say, simulated
from tests.core.trust.learning.planted import THETA, designed

import gouttes
from gouttes import engines, pipeline
from gouttes.learning import Asked, learn_from
from gouttes.trust.learning.fit import Beliefs, Ties, fit
from gouttes.trust.learning.parameters import ParameterSet
from gouttes.workspace import Workspace

SEEDS = 40
DATES = 3


def planted() -> None:
    """A fit, and how often the intervals of 95 % hold the truth."""
    connection = engines.connect()
    seconds, covered = [], []
    for seed in range(200, 200 + SEEDS):
        design, _ = designed(connection, seed)
        beliefs = Beliefs.of(design, strength=4.0, mean=0.8)
        started = time.perf_counter()
        found = fit(design, beliefs, Ties.of(beliefs.centre, np.arange(beliefs.centre.size)))
        seconds.append(time.perf_counter() - started)
        covered.append(np.abs(found.theta - THETA) < 1.96 * np.sqrt(np.diag(found.covariance)))
        connection.drop_table(f"pairs_{seed}_3000")
    say("learning, a fit of 3,000 people and 22 k opportunities, seconds", float(np.median(seconds)), "<= 2")
    coverage = float(np.mean(covered))
    say(
        "learning, coverage of 95 % intervals over 40 seeds, distance from .95",
        abs(coverage - 0.95),
        "<= 0.02",
        coverage=coverage,
    )


def whole(people: int, events_per_person: int) -> None:
    """Everything that ``gouttes learn`` does, on the workspace of ``flow.py``."""
    if not (ROOT / "insights" / "manifest.json").exists():
        fill(simulated(people, events_per_person))
        pipeline.run(Workspace.open(ROOT))
    opened = gouttes.open(ROOT)
    started = time.perf_counter()
    steps: dict[str, float] = {}
    found = learn_from(
        opened.workspace,
        opened.connection,
        Asked(dates=DATES),
        as_of=opened.as_of,
        now=datetime.now(UTC),
        progress=lambda step: steps.update({step: round(time.perf_counter() - started, 1)}),
    )
    seconds = time.perf_counter() - started
    if not isinstance(found, ParameterSet):
        raise SystemExit(str(found))
    title = f"learning from {opened.people().count().execute() / 1e6:.1f} M people, {DATES} dates, seconds"
    say(title, seconds, "<= 120", opportunities=found.trials, people=found.people, **steps)
    say("learning, peak memory in GiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "<= 4")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=FULL)
    parser.add_argument("--events-per-person", type=int, default=20)
    given = parser.parse_args()
    whole(given.people, given.events_per_person)
    planted()
