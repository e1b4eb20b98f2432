"""What is validated: opportunities that people had, what they did with them, and what was predicted of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln

from gouttes.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

EDGE = 1e-9
"""Probabilities are held that far from 0 and 1, so that a certainty that fails costs much, and not everything."""


@dataclass(frozen=True)
class Cases:
    """One row per person and date: of ``trials`` opportunities in a window after the date, ``successes`` were taken.

    Attributes:
        person: a number per person; rows of one person are not independent.
        successes, trials: counts; trials at least 1.
        sums: rows by rules: decayed sums of each rule's evidence at the date, unweighted.
        sides: rows by half-lives by two: drops and buckets of equal weight.
        purchases: rows by four: repeat purchases, days from the first to the last, days from the first to the date
            (NaN: never bought), and mean amount (NaN: unknown).
        opinion: last answer to a survey as a share of its scale, NaN where there is none.
        labels: by name (team, channel, stage, segment) a label per row, empty where unknown.

    Raises:
        BadInputError: lengths differ, or counts are impossible.
    """

    person: Whole
    successes: Array
    trials: Array
    sums: Array
    sides: Array
    purchases: Array
    opinion: Array
    labels: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {len(getattr(self, each.name)) for each in fields(self) if each.name != "labels"}
        sizes |= {len(each) for each in self.labels.values()}
        possible = np.all((self.successes >= 0) & (self.successes <= self.trials) & (self.trials >= 1))
        if len(sizes) != 1 or not possible:
            raise BadInputError(
                "Cases need columns of one length and 0 ≤ successes ≤ trials with trials ≥ 1, found lengths "
                f"{sorted(sizes)}. Leave out who had no opportunity."
            )

    def __len__(self) -> int:
        return len(self.person)

    @property
    def people(self) -> int:
        """How many people."""
        return len(np.unique(self.person))

    def where(self, mask: npt.NDArray[np.bool_]) -> Cases:
        """The rows that a mask keeps."""
        kept = {each.name: getattr(self, each.name)[mask] for each in fields(self) if each.name != "labels"}
        return Cases(**kept, labels={name: values[mask] for name, values in self.labels.items()})


@dataclass(frozen=True)
class Predicted:
    """Beta(a, b) of the chance to take an opportunity, one per row."""

    a: Array
    b: Array

    @classmethod
    def of(cls, mean: Array, strength: float) -> Predicted:
        """From a mean between 0 and 1 and one strength a + b for all rows."""
        held = np.clip(mean, EDGE, 1 - EDGE)
        return cls(held * strength, (1 - held) * strength)

    @property
    def mean(self) -> Array:
        """The mean a / (a + b), held off 0 and 1."""
        return np.asarray(np.clip(self.a / (self.a + self.b), EDGE, 1 - EDGE))

    def where(self, mask: npt.NDArray[np.bool_]) -> Predicted:
        """The rows that a mask keeps."""
        return Predicted(self.a[mask], self.b[mask])


def log_likelihood(successes: Array, trials: Array, predicted: Predicted) -> Array:
    """Beta-binomial log-likelihood of each row: ln C(n, y) + ln B(y + a, n - y + b) - ln B(a, b)."""
    ways = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1)
    a, b = predicted.a, predicted.b
    return np.asarray(ways + betaln(successes + a, trials - successes + b) - betaln(a, b))
