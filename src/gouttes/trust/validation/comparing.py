"""Whether a reading adds anything to plainer predictions, and to which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from gouttes.proportion import Figure, wilson
from gouttes.trust.validation import measures
from gouttes.trust.validation.baselines import Absent
from gouttes.trust.validation.cases import log_likelihood
from gouttes.trust.validation.resampling import summed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gouttes.trust.validation.baselines import Answer
    from gouttes.trust.validation.cases import Cases, Predicted
    from gouttes.trust.validation.measures import Bar, Calibration

SMALLEST_CELL = 8
"""People below whom no figure of a team or a segment is shown (as for staff)."""
FEWEST_OUTCOMES = 10
"""Prior: a cell with fewer taken, or fewer missed, opportunities says nothing of how well it is predicted."""


class Verdict(StrEnum):
    """Whether the reading adds anything."""

    ADDS = "adds"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Scored:
    """How well one prediction did on the test people.

    Attributes:
        auc: area under the ROC curve.
        brier, skill: Brier score, and what it gains on the training people's rate.
        log_loss: in nats per opportunity.
        calibration: slope, intercept and z.
        coverage: share of counts inside their 90 % prediction.
    """

    auc: Figure
    brier: Figure
    skill: Figure
    log_loss: Figure
    calibration: Calibration
    coverage: Figure


@dataclass(frozen=True)
class Against:
    """The reading against one baseline.

    Attributes:
        name: the baseline.
        gain: ΔLL in nats per opportunity, above 0 where the reading is better; None where there is no such baseline.
        scored: how well the baseline itself did.
        absent: why there is no such baseline here; empty where there is one.
    """

    name: str
    gain: Figure | None
    scored: Scored | None
    absent: str = ""


@dataclass(frozen=True)
class Cell:
    """How one group was predicted. In alphabetical order, never by how well it did.

    Attributes:
        label: the team, channel, stage or segment.
        people, trials: what it rests on.
        observed: share of opportunities taken, with its Wilson interval.
        predicted: mean predicted chance.
        z: successes less those predicted, over their standard error by customer.
        auc: NaN where the cell has only one class.
    """

    label: str
    people: int
    trials: int
    observed: Figure
    predicted: float
    z: float
    auc: Figure


@dataclass(frozen=True)
class Comparison:
    """A reading against every baseline, on the test people.

    Attributes:
        verdict: ``adds`` where the lower bound of ΔLL is above 0 against all, else ``none``.
        best: the baseline under which the test people are most likely: what to fall back on where none is added.
        people, trials, successes: of the test.
        scored: how well the reading did.
        against: each baseline.
        curve: the calibration curve of the reading.
        cells: by kind of label, its cells.
    """

    verdict: Verdict
    best: str
    people: int
    trials: int
    successes: int
    scored: Scored
    against: tuple[Against, ...]
    curve: tuple[Bar, ...]
    cells: Mapping[str, tuple[Cell, ...]]


def gains(test: Cases, ours: Predicted, answers: Mapping[str, Answer]) -> dict[str, Figure]:
    """ΔLL of a reading against each baseline there is, in nats per opportunity."""
    return {
        name: measures.gain(test.person, test.successes, test.trials, ours, answer)
        for name, answer in answers.items()
        if not isinstance(answer, Absent)
    }


def compare(test: Cases, ours: Predicted, answers: Mapping[str, Answer], *, base: float) -> Comparison:
    """The reading against baselines.

    Args:
        test: test people, with both taken and missed opportunities among them.
        ours: what the reading predicted for each row.
        answers: what each baseline predicted, or why it has nothing to say; at least one has.
        base: rate of the training people, against which skill is measured.
    """
    against = tuple(_against(name, test, ours, answer, base) for name, answer in answers.items())
    likely = {
        name: float(log_likelihood(test.successes, test.trials, answer).sum())
        for name, answer in answers.items()
        if not isinstance(answer, Absent)
    }
    added = all(each.gain.low > 0 for each in against if each.gain is not None)
    return Comparison(
        verdict=Verdict.ADDS if added else Verdict.NONE,
        best=max(likely, key=lambda name: likely[name]),
        people=test.people,
        trials=int(test.trials.sum()),
        successes=int(test.successes.sum()),
        scored=_scored(test, ours, base),
        against=against,
        curve=tuple(measures.curve(test.person, ours.mean, test.successes, test.trials)),
        cells={kind: found for kind in test.labels if (found := _cells(test, ours, kind))},
    )


def _against(name: str, test: Cases, ours: Predicted, answer: Answer, base: float) -> Against:
    if isinstance(answer, Absent):
        return Against(name, None, None, answer.reason)
    gain = measures.gain(test.person, test.successes, test.trials, ours, answer)
    return Against(name, gain, _scored(test, answer, base))


def _scored(test: Cases, predicted: Predicted, base: float) -> Scored:
    who, mean, y, n = test.person, predicted.mean, test.successes, test.trials
    return Scored(
        auc=measures.auc_interval(who, mean, y, n),
        brier=measures.brier(who, mean, y, n),
        skill=measures.brier_skill(who, mean, y, n, base),
        log_loss=measures.log_loss(who, mean, y, n),
        calibration=measures.calibration(who, mean, y, n),
        coverage=measures.coverage(who, y, n, predicted),
    )


def _cells(test: Cases, ours: Predicted, kind: str) -> tuple[Cell, ...]:
    labels = test.labels[kind]
    found = (_cell(test, ours, labels == label, str(label)) for label in np.unique(labels) if label)
    return tuple(cell for cell in found if cell is not None)


def _cell(test: Cases, ours: Predicted, mask: np.ndarray[tuple[int], np.dtype[np.bool_]], label: str) -> Cell | None:
    here, said = test.where(mask), ours.where(mask)
    y, n = int(here.successes.sum()), int(here.trials.sum())
    if here.people < SMALLEST_CELL or min(y, n - y) < FEWEST_OUTCOMES:
        return None
    low, high = wilson(y, n)
    excess = summed(here.person, here.successes - here.trials * said.mean)
    return Cell(
        label=label,
        people=here.people,
        trials=n,
        observed=Figure(y / n, low, high, n),
        predicted=float(np.average(said.mean, weights=here.trials)),
        z=float(excess.sum() / np.sqrt(np.sum(excess**2))),
        auc=measures.auc_interval(here.person, said.mean, here.successes, here.trials),
    )
