"""One measured figure, as a job prints it and as the page of results shows it."""

from __future__ import annotations

import json
import operator
import resource
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDS: dict[str, Callable[[float, float], bool]] = {"≤": operator.le, "≥": operator.ge, "<": operator.lt}


@dataclass(frozen=True)
class Figure:
    """What was measured, against what, and what was to be reached.

    Attributes:
        job: what was done, with its size: "trust readings, 20 M events, 1 M people".
        measure: what the value is: "times the seconds of hand-written DuckDB SQL (2.0.0)", "GiB at the peak".
        value: the figure. A ratio wherever there is a rival, both sides measured in this run on the same data.
        target: sign and number, such as "≤ 1.5"; empty where nothing was promised.
        detail: the raw seconds behind a ratio, or what a reader must know.
    """

    job: str
    measure: str
    value: float
    target: str = ""
    detail: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return HOLDS[sign](self.value, float(bound))

    def tell(self) -> None:
        """Hand the figure to ``bench/run.py``: one JSON document on a line of standard output."""
        print(json.dumps(asdict(self), ensure_ascii=False), flush=True)

    def row(self) -> str:
        """The figure as a row of the table of results."""
        verdict = {True: "yes", False: "**no**", None: ""}[self.reached]
        return f"| {self.job} | {self.value:.3g} {self.measure} | {self.target} | {verdict} | {self.detail} |"


def peak_memory(job: str, target: str = "≤ 4") -> Figure:
    """The most memory this process has held so far: ask before a rival runs in the same process."""
    unit = 1024**3 if sys.platform == "darwin" else 1024**2
    return Figure(job, "GiB at the peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, target)
