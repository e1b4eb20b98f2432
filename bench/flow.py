"""The whole flow on a simulated company: the log written, a full run, an update after new events.

``python bench/flow.py --people 1000000`` prints one JSON object a line. The update is timed against the full run of
the same workspace, in one run: the median of three updates against the mean of the full runs before and after. The
results of the updates and of the second full run are compared row by row.
The company is simulated once and kept under ``.bench/`` (remove it to simulate again).
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import gouttes
from gouttes import pipeline
from gouttes.eventlog.append import append_events, append_identifiers
from gouttes.eventlog.tables import EventLog
from gouttes.settings import Settings
from gouttes.simulate.company import Company
from gouttes.simulate.log import write_log
from gouttes.workspace import Workspace

CACHE = Path(".bench")
ROOT, NEWEST = CACHE / "ws", CACHE / "newest.parquet"
NEW_EVENTS, TURNS = 10_000, 3
SEED = 7
FULL = 1_000_000


def say(figure: str, value: float, target: str = "", **more: object) -> None:
    """One figure, as ``bench/run.py`` reads it."""
    print(json.dumps({"figure": figure, "value": value, "target": target, **more}), flush=True)


def peak_gib() -> float:
    """The most memory this process has held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def simulated(people: int, events_per_person: int) -> Path:
    """The company's log as Parquet files, made once."""
    folder = CACHE / f"log-{people}-{events_per_person}"
    done = folder / "done.json"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        started = time.perf_counter()
        write_log(Company.large(people, events_per_person=events_per_person, seed=SEED), folder)
        seconds = time.perf_counter() - started
        events = sum(pq.read_metadata(path).num_rows for path in folder.glob("events/*/*.parquet"))
        done.write_text(json.dumps({"seconds": seconds, "events": events}), encoding="utf-8")
    told = json.loads(done.read_text(encoding="utf-8"))
    target = "<= 120" if people == FULL else ""
    say(f"simulate {told['events'] / 1e6:.1f} M events, seconds", told["seconds"], target, measured="when it was made")
    return folder


def fill(folder: Path) -> None:
    """Make a workspace with all of the company but its newest events, which are put beside it."""
    workspace = Workspace.create(ROOT, Settings(name="Bench", simulated=True))
    log = EventLog(workspace)
    parts = sorted(folder.glob("events/*/*.parquet"))
    newest = pc.select_k_unstable(
        pq.read_table(parts[-1], columns=["known_at"]), TURNS * NEW_EVENTS, [("known_at", "descending")]
    )
    last = pq.read_table(parts[-1])
    pq.write_table(last.take(newest), NEWEST)
    others = np.ones(len(last), dtype=bool)
    others[newest.to_numpy()] = False
    last = last.filter(pa.array(others))
    started, appended = time.perf_counter(), 0
    for stream in (*map(streamed, parts[:-1]), last.to_reader()):
        appended += append_events(log, stream).added
    append_identifiers(log, streamed(folder / "identifiers.parquet"))
    seconds = time.perf_counter() - started
    say("append, seconds a million events", seconds / appended * 1e6, events=appended)
    say("append, peak memory in GiB", peak_gib(), "<= 4")


def streamed(path: Path) -> pa.RecordBatchReader:
    """A Parquet file as an import would bring it, a batch at a time."""
    file = pq.ParquetFile(path)
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(122_880))


def measure(people: int, events_per_person: int) -> None:
    """Run everything and print the figures."""
    folder = simulated(people, events_per_person)
    shutil.rmtree(ROOT, ignore_errors=True)
    # In a process of its own, as imports are: the memory of each is told apart.
    subprocess.run([sys.executable, __file__, "--fill", str(folder)], check=True)
    workspace = Workspace.open(ROOT)
    started = time.perf_counter()
    ran = pipeline.run(workspace)
    full = time.perf_counter() - started
    say(f"full run, {ran.people / 1e6:g} M people, seconds", full, "", **ran.seconds)
    updates = [updated(workspace, pq.read_table(NEWEST).slice(turn * NEW_EVENTS, NEW_EVENTS)) for turn in range(TURNS)]
    patched = gouttes.open(workspace.root).trust().order_by("person").to_pandas()
    started = time.perf_counter()
    pipeline.run(workspace, full=True)
    full = (full + time.perf_counter() - started) / 2
    update, seconds = sorted(updates, key=lambda one: one[1])[TURNS // 2]
    more = {"seconds": round(seconds, 2), "people_touched": update.touched, "mode": update.mode, **update.seconds}
    say("update after 10 k events / full run", seconds / full, "<= 0.05", turns=TURNS, **more)
    anew = gouttes.open(workspace.root).trust().order_by("person").to_pandas()
    same = patched["person"].equals(anew["person"])
    figures = patched.columns.drop("person")
    gap = float(np.abs(patched[figures].to_numpy() - anew[figures].to_numpy()).max()) if same else float("inf")
    say("update against everyone anew, greatest difference", gap, "<= 1e-9", people=len(anew))
    say("full run and update, peak memory in GiB", peak_gib(), "<= 4")


def updated(workspace: Workspace, newest: pa.Table) -> tuple[pipeline.Ran, float]:
    """What a run does after new events, and its seconds."""
    append_events(EventLog(workspace), newest)
    started = time.perf_counter()
    return pipeline.run(workspace), time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=FULL)
    parser.add_argument("--events-per-person", type=int, default=20)
    parser.add_argument("--fill", type=Path, help="only fill the workspace from this folder")
    given = parser.parse_args()
    if given.fill:
        fill(given.fill)
        sys.exit()
    measure(given.people, given.events_per_person)
