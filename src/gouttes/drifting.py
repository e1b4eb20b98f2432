"""Does the reading still keep its word? Month by month: what it said people would do, and what they did.

What was found is kept in a small file, figures of everyone together, for the report and the model card.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from gouttes.inforce import prior_in_force
from gouttes.learned import ParameterShelf
from gouttes.learning import LEARNED_FROM, History
from gouttes.proportion import Z
from gouttes.workspace import disk_errors, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt
    from ibis.backends.sql import SQLBackend

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.learning import Sample
    from gouttes.trust.learning.design import Array, Design
    from gouttes.trust.reading import Prior
    from gouttes.workspace import Workspace

FILE = "drift.json"
SECONDS_A_DAY = 86_400.0
MONTH = 30.0
"""Days of one month of looking back."""
MONTHS = 6
"""How far back (prior)."""
TOO_FAR = 3.0
"""Standard errors from what was said, beyond which new parameters are proposed."""
FEWEST = 30
"""Prior: fewer opportunities than this make no month."""


@dataclass(frozen=True)
class Month:
    """One month, what was said of it and what came.

    Attributes:
        origin: its first day; what was known then is what the reading rests on.
        people, trials: with an opportunity, and how many.
        observed: the share of opportunities that were taken.
        expected, low, high: the share that the reading expected, and where 90 of 100 such months would end.
        z: standard errors, clustered by person, between the two: above 0 where more was done than said.
        told: whether the parameters in force had already learned from this month.
    """

    origin: datetime
    people: int
    trials: int
    observed: float
    expected: float
    low: float
    high: float
    z: float
    told: bool


@dataclass(frozen=True)
class Drift:
    """Calibration in the large, by month.

    Attributes:
        as_of: the date of the readings.
        learned: version of the parameters in force; empty for the priors.
        months: the oldest first; those with too few opportunities are left out.
        state: ``well``, ``drifted`` (the last month is too far from what was said) or ``unknown`` (no month to tell).
    """

    as_of: datetime
    learned: str
    months: tuple[Month, ...]
    state: str

    @classmethod
    def last(cls, workspace: Workspace) -> Drift | None:
        """What was found when somebody last looked; None where nobody did, or the file is none of ours."""
        try:
            raw = json.loads((workspace.insights / FILE).read_text(encoding="utf-8"))
            months = tuple(
                Month(**{**each, "origin": datetime.fromisoformat(each["origin"])}) for each in raw["months"]
            )
            return cls(datetime.fromisoformat(raw["as_of"]), raw["learned"], months, raw["state"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, workspace: Workspace) -> None:
        """Put it where the report and the model card look for it."""
        with disk_errors(workspace.root):
            replace_file(workspace.insights / FILE, json.dumps(asdict(self), default=str, indent=1, allow_nan=False))


def drift(
    workspace: Workspace,
    connection: SQLBackend,
    *,
    as_of: datetime,
    learned: str,
    rules: Sequence[EvidenceRule],
    months: int = MONTHS,
    progress: Callable[[str], None] = lambda _: None,
) -> Drift:
    """How far what people did is from what the reading said, in each of the last months.

    Args:
        workspace: one that was run.
        connection: its engine.
        as_of: the date of the run.
        learned: version of the parameters that the run used; empty for the priors.
        rules: the rules in force.
        months: how many to look back on.
        progress: called with the name of each step.
    """
    progress("events")
    history = History.of(workspace, connection, as_of)
    origins = history.origins(MONTH, months)
    sample = history.sample(origins, MONTH, outcomes=LEARNED_FROM, progress=progress)
    if sample is None:
        return Drift(as_of, learned, (), "unknown")
    prior = prior_in_force(workspace, learned, history.acts)
    told = _learned_until(workspace, learned)
    found = tuple(_months(sample, rules, prior, told))
    if not found or found[-1].origin != origins[-1]:
        return Drift(as_of, learned, found, "unknown")
    return Drift(as_of, learned, found, "drifted" if abs(found[-1].z) > TOO_FAR else "well")


def _learned_until(workspace: Workspace, version: str) -> datetime | None:
    """The end of what was learned from: months before it were not new to the parameters."""
    if not version:
        return None
    found = ParameterShelf(workspace).get(version)
    return datetime.fromisoformat(found.origins[-1]) + timedelta(days=found.horizon)


def _months(sample: Sample, rules: Sequence[EvidenceRule], prior: Prior, until: datetime | None) -> Iterator[Month]:
    a, b = _shapes(sample.design, rules, prior)
    for number, origin in enumerate(sample.origins):
        day = origin.timestamp() / SECONDS_A_DAY
        rows = (np.abs(sample.design.origin - day) < 1e-6) & (sample.design.trials > 0)  # noqa: PLR2004 -- one instant
        if sample.design.trials[rows].sum() >= FEWEST:
            yield _month(sample.design, rows, (a, b), sample.origins[number], until)


def _shapes(design: Design, rules: Sequence[EvidenceRule], prior: Prior) -> tuple[Array, Array]:
    """Beta(a, b) of every row, by the rules in force."""
    by_name = {rule.name: rule for rule in rules}
    half_lives = np.array([by_name[each.name].half_life for each in design.rules])
    weights = np.array([by_name[each.name].weight for each in design.rules])
    drops = np.array([each.polarity > 0 for each in design.rules])
    value = design.summed(half_lives).value
    return prior.a + value @ np.where(drops, weights, 0.0), prior.b + value @ np.where(drops, 0.0, weights)


def _month(
    design: Design, rows: npt.NDArray[np.bool_], shapes: tuple[Array, Array], origin: datetime, until: datetime | None
) -> Month:
    y, n = design.successes[rows], design.trials[rows]
    a, b = (np.maximum(each[rows], 0.0) for each in shapes)
    said = n * a / (a + b)
    _, whose = np.unique(design.person[rows], return_inverse=True)
    off = np.bincount(whose, y - said)
    error = float(np.sqrt((off**2).sum()))
    trials, expected = float(n.sum()), float(said.sum() / n.sum())
    reach = Z * error / trials
    return Month(
        origin=origin,
        people=int(off.size),
        trials=int(trials),
        observed=float(y.sum() / trials),
        expected=expected,
        low=max(0.0, expected - reach),
        high=min(1.0, expected + reach),
        z=float(off.sum() / error) if error > 0 else 0.0,
        told=until is not None and origin < until,
    )
