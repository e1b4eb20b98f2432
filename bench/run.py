"""Measure everything, or the jobs named, and write bench/results.md.

A job is a program ``bench/NAME.py`` that prints one JSON object a line: ``figure``, ``value``, ``target`` (such as
``<= 1.5``; empty where nothing was promised), and whatever else a reader must know. Where there is a rival, the figure
is a ratio, both sides measured in one run on the same data. Jobs run one after the other, each in its own process.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
VERSIONS = ("duckdb", "ibis-framework", "pandas", "numpy", "pyarrow", "deltalake")
HOLDS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}
SIGNS = {"<=": "≤", ">=": "≥"}


@dataclass(frozen=True)
class Figure:
    """One measured figure: what it is, its value, what was to be reached, and what else a reader must know."""

    figure: str
    value: float
    target: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> Figure:
        """The figure that a job printed."""
        said = json.loads(line)
        known = {name: said.pop(name) for name in ("figure", "value", "target") if name in said}
        return cls(**known, more=said)

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return HOLDS[sign](self.value, float(bound))

    def row(self) -> str:
        """The figure as a row of the table of results."""
        verdict = {True: "yes", False: "**no**", None: ""}[self.reached]
        sign, _, bound = self.target.partition(" ")
        more = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.more.items())
        return f"| {self.figure} | {self.value:.4g} | {SIGNS.get(sign, '')} {bound} | {verdict} | {more} |"


@dataclass(frozen=True)
class Measured:
    """What a job gave: its figures, and its exit code."""

    job: str
    figures: list[Figure]
    code: int


def main() -> int:
    """Run the jobs; 1 where one failed or a target was missed."""
    jobs = sorted(path.stem for path in HERE.glob("[a-z]*.py") if path != Path(__file__).resolve())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", help=f"of: {', '.join(jobs)}; all by default")
    named = parser.parse_args().jobs or jobs
    if unknown := set(named) - set(jobs):
        parser.error(f"no such job: {', '.join(sorted(unknown))}; there are {', '.join(jobs)}")
    started = time.perf_counter()
    measured = [measure(job) for job in named]
    if sorted(named) == jobs:
        (HERE / "results.md").write_text(page(measured, time.perf_counter() - started), encoding="utf-8")
        print("Written: bench/results.md")
    missed = [each for job in measured for each in job.figures if each.reached is False]
    return 1 if missed or any(job.code for job in measured) else 0


def measure(job: str) -> Measured:
    """Run one job in its own process; its figures are shown as they come."""
    print(f"{job} …", flush=True)
    figures = []
    command = [sys.executable, str(HERE / f"{job}.py")]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith("{"):
                figures.append(Figure.read(line))
                print(f"  {figures[-1].row()}", flush=True)
    return Measured(job, figures, process.returncode)


def page(measured: list[Measured], seconds: float) -> str:
    """The page of results."""
    rows = [figure.row() for each in measured for figure in each.figures]
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    failed = [f"**{each.job} failed** with code {each.code}." for each in measured if each.code]
    return "\n".join(
        [
            "# Measured",
            "",
            "Written by `make bench`. Where there is a rival the figure is a ratio: both measured in this run, on",
            "the same data, from a fixed seed.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s in all, on {machine()}.",
            f"Python {platform.python_version()}, {versions}.",
            "",
            "| figure | measured | to reach | reached | details |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            *failed,
        ]
    )


def machine() -> str:
    """The machine in a few words: system, processor, cores, memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"


if __name__ == "__main__":
    sys.exit(main())
