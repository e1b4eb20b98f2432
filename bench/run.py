"""Measure everything, or the jobs named, and write bench/results.md.

A job is a module ``bench/job_NAME.py`` that prints its figures with ``Figure.tell``. Each runs in a process of its own,
so that its peak memory is its own (``figure.peak_memory``), and one after the other, so that none slows the next.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.figure import Figure  # noqa: E402 -- found once the root of the repository is on the path

RIVALS = ("duckdb", "ibis-framework", "pandas", "numpy", "pyarrow", "deltalake")


@dataclass(frozen=True)
class Measured:
    """What a job gave: its figures, and its exit code."""

    job: str
    figures: list[Figure]
    seconds: float
    code: int


def main() -> int:
    """Run the jobs; 1 where one failed or a target was missed."""
    jobs = {path.stem.removeprefix("job_"): path.stem for path in sorted(HERE.glob("job_*.py"))}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", help=f"of: {', '.join(jobs)}; all by default")
    named = parser.parse_args().jobs or list(jobs)
    if unknown := set(named) - set(jobs):
        parser.error(f"no such job: {', '.join(sorted(unknown))}; there are {', '.join(jobs) or 'none'}")
    measured = [measure(job, jobs[job]) for job in named]
    if named == list(jobs):
        (HERE / "results.md").write_text(page(measured), encoding="utf-8")
        print("Written: bench/results.md")
    missed = [each for job in measured for each in job.figures if each.reached is False]
    return 1 if missed or any(job.code for job in measured) else 0


def measure(job: str, module: str) -> Measured:
    """Run one job in its own process and collect its figures, its peak memory among them."""
    print(f"{job} …", flush=True)
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen([sys.executable, "-m", f"bench.{module}"], cwd=HERE.parent, stdout=output)
        process.wait()
        output.seek(0)
        figures = [Figure(**json.loads(line)) for line in output if line.startswith("{")]
    for figure in figures:
        print(f"  {figure.row()}", flush=True)
    return Measured(job, figures, time.perf_counter() - started, process.returncode)


def page(measured: list[Measured]) -> str:
    """The page of results."""
    rows = [figure.row() for each in measured for figure in each.figures]
    failed = [f"**{each.job} failed** with code {each.code}." for each in measured if each.code]
    seconds = sum(each.seconds for each in measured)
    return "\n".join(
        [
            "# Measured",
            "",
            "Written by `make bench`. Where there is a rival the figure is a ratio: both measured in this run, on",
            "the same data, which the simulator makes from a fixed seed.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s in all, on {machine()}.",
            f"Versions: Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in RIVALS)}.",
            "",
            "| job | measured | to reach | reached | detail |",
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
