"""Trust readings of everyone: ours (Ibis on DuckDB), the same result in hand-written DuckDB SQL, and in pandas.

``python bench/readings.py --events 20000000 --people 1000000`` prints one JSON object a line:
``{"figure": …, "value": …, "target": …, …}``. Each side runs in a process of its own, on the same Parquet file (made
in the engine from a fixed seed), so that peak memory is told apart; ours and the hand-written SQL take turns, the
pairs are compared, and the median ratio is given. pandas reads the same file, or a share of the people
(``--pandas-share``, where memory is short), its time being scaled by the number of rows.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from pyarrow.parquet import ParquetFile
from scipy.special import expit, polygamma

from gouttes import engines
from gouttes.proportion import Z
from gouttes.trust.interval import FARTHEST, TAIL
from gouttes.trust.reading import FACETS, Prior, readings
from gouttes.trust.state import LN2, as_states

if TYPE_CHECKING:
    from collections.abc import Callable

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
MOMENT = AS_OF.timestamp() / 86400.0
PRIOR = Prior(0.8, 4.0, "bench")
MEMORY = "3GB"
TURNS = 3
"""Each side reads everything so many times in its process; the median leaves out what is only slow the first time."""

RULES = pd.DataFrame(
    [
        ("promise kept", 1, 0.3, 90.0, 1.0, 0.0, 0.0),
        ("resolved at first contact", 1, 0.3, 90.0, 1.0, 0.0, 0.0),
        ("good human contact", 1, 0.2, 90.0, 0.0, 0.0, 1.0),
        ("unprompted return", 1, 0.8, 120.0, 0.5, 0.0, 0.5),
        ("generous gesture", 1, 1.0, 180.0, 0.0, 0.4, 0.6),
        ("promise broken", -1, 1.2, 180.0, 1.0, 0.0, 0.0),
        ("outage", -1, 1.2, 180.0, 1.0, 0.0, 0.0),
        ("effort", -1, 0.8, 180.0, 0.0, 0.0, 1.0),
        ("breach of integrity", -1, 3.0, 365.0, 0.0, 1.0, 0.0),
        ("incident badly handled", -1, 2.0, 365.0, 0.0, 0.4, 0.6),
        ("missed opportunity", -1, 0.3, 120.0, 0.5, 0.0, 0.5),
    ],
    columns=["rule", "polarity", "weight", "half_life", *FACETS],
)

DATA = """
copy (
  with drawn as (
    select i, hash(i, 1) as h1, hash(i, 2) as h2, hash(i, 3) as h3, hash(i, 4) as h4
    from range({events}) as numbers(i)
  )
  select 'p' || (h1 % {people}) as person, r.rule, {moment} - (h3 % 94608000) / 86400.0 as t,
         {moment} - (h3 % 94608000) / 86400.0 + case when h4 % 10 = 0 then h4 // 10 % 30 else 0 end::double as known,
         case when h4 % 3 = 0 then 0.25 + (h4 // 100 % 750) / 1000.0 else 1.0 end::double as size
  from drawn join rules r on r.number = h2 % 11
) to '{path}' (format parquet)
"""

# The best we know how to write by hand: one pass over the events with the weights of each sum in the small table,
# then the interval of the whole and of the facets, each polygamma written once by a macro.
HAND_MACROS = (
    "create macro s1(x) as 1/x+1/(x+1)+1/(x+2)+1/(x+3)",
    "create macro s2(x) as 1/(x*x)+1/((x+1)*(x+1))+1/((x+2)*(x+2))+1/((x+3)*(x+3))",
    *(f"create macro s{n}(x) as " + "+".join("/".join(["1"] + [f"(x+{i})"] * n) for i in range(4)) for n in (3, 4, 5)),
    "create macro a0(v) as -ln(v)-v/2-v*v*(1/12-v*v*(1/120-v*v/252))",
    "create macro a1(v) as v+v*v/2+v*v*v*(1/6-v*v*(1/30-v*v/42))",
    "create macro a2(v) as -v*v*(1+v+v*v*(1/2-v*v*(1/6-v*v/6)))",
    "create macro a3(v) as v*v*v*(2+3*v+v*v*(2-v*v*(1-v*v*4/3)))",
    "create macro a4(v) as -v*v*v*v*(6+12*v+v*v*(10-v*v*(7-12*v*v)))",
    "create macro pg0(x) as a0(1/(x+4))-(s1(x))",
    "create macro pg1(x) as a1(1/(x+4))+(s2(x))",
    "create macro pg2(x) as a2(1/(x+4))-2*(s3(x))",
    "create macro pg3(x) as a3(1/(x+4))+6*(s4(x))",
    "create macro pg4(x) as a4(1/(x+4))-24*(s5(x))",
)


NAMES = ("trust", *FACETS)


def hand_written(path: str) -> str:
    """The whole statement: every column of READINGS."""
    side = {name: ("" if name == "trust" else f"_{name}") for name in NAMES}
    coefficients = ", ".join(
        f"case when polarity {sign} 0 then weight else 0 end * {n} as {s}{side[n]}"
        for s, sign in (("u", ">"), ("d", "<"))
        for n in FACETS
    )
    sums = ", ".join(f"sum(now * {s}{side[n]}) as {s}{side[n]}" for s in "ud" for n in FACETS)
    # The facets of a rule share it whole: a side is the total of its facets.
    wholes = {s: f"greatest({'+'.join(s + side[n] for n in FACETS)}, 0) as {s}" for s in "ud"}
    totals = ", ".join(
        [*wholes.values(), *(f"greatest({s}{side[n]}, 0) as {s}{side[n]}" for s in "ud" for n in FACETS)]
    )
    shapes = ", ".join(f"{PRIOR.a} + u{side[n]} as a_{n}, {PRIOR.b} + d{side[n]} as b_{n}" for n in NAMES)
    cumulants = ", ".join(f"pg{n}(a_{x}) {'-+-+-'[n]} pg{n}(b_{x}) as k{n + 1}_{x}" for x in NAMES for n in range(5))
    standard = ", ".join(
        f"k1_{n} as m_{n}, sqrt(k2_{n}) as sd_{n}, k3_{n}/(k2_{n}*sqrt(k2_{n})) as g_{n}, "
        f"k4_{n}/(k2_{n}*k2_{n}) as q_{n}, k5_{n}/(k2_{n}*k2_{n}*sqrt(k2_{n})) as f_{n}"
        for n in NAMES
    )
    quantiles, ends = ", ".join(_quantiles(n) for n in NAMES), ", ".join(_ends(n) for n in NAMES)
    return f"""
      create or replace table by_hand as
      with r as materialized (select rule, {LN2}::double / half_life as rate, {coefficients} from rules),
      aged as (select person, size * exp((t - {MOMENT}::double) * rate) as now, r.* exclude (rule, rate)
               from '{path}' e join r using (rule) where t <= {MOMENT}::double and known <= {MOMENT}::double),
      f as (select person, {sums} from aged group by person), s as (select person, {totals} from f),
      ab as (select person, u, d, {shapes} from s),
      k as (select *, {cumulants} from ab), g as (select *, {standard} from k), q as (select *, {quantiles} from g)
      select person, u as drops, d as buckets, {PRIOR.strength} / (a_trust + b_trust) as ignorance,
             a_trust as a, b_trust as b, {ends} from q"""


def _quantiles(n: str) -> str:
    """The two quantiles of one reading, as logits."""
    z2 = Z * Z
    shift = (
        f"{(z2 - 1) / 6}::double*g_{n} + {(z2 * z2 - 6 * z2 + 3) / 120}::double*f_{n} "
        f"- ({(z2 * z2 - 5 * z2 + 2) / 24})::double*g_{n}*q_{n} "
        f"+ ({(12 * z2 * z2 - 53 * z2 + 17) / 324})::double*g_{n}*g_{n}*g_{n}"
    )
    half = f"{Z} + ({Z * (z2 - 3) / 24})::double*q_{n} - ({Z * (2 * z2 - 5) / 36})::double*g_{n}*g_{n}"
    return ", ".join(
        f"m_{n} + sd_{n}*({shift} {sign} ({half} + {TAIL}*pow(greatest({tail}g_{n}, 0), 4))) as {end}_{n}"
        for end, sign, tail in (("l", "-", ""), ("h", "+", "-"))
    )


def _ends(n: str) -> str:
    """Mean and interval of one reading."""
    mean, held = f"a_{n}/(a_{n}+b_{n})", f"1/(1+exp(-least(greatest({{x}}_{n}, -{FARTHEST}), {FARTHEST})))"
    low, high = held.format(x="l"), held.format(x="h")
    return f"{mean} as {n}, least({low}, {mean}) as {n}_low, greatest({high}, {mean}) as {n}_high"


def in_pandas(path: str) -> float:
    """Seconds of the same readings in pandas and NumPy, from the file to the data frame."""
    start = time.perf_counter()
    frame = pd.read_parquet(path)
    seen = frame[(frame.t <= MOMENT) & (frame.known <= MOMENT)].merge(RULES, on="rule")
    seen["now"] = seen["size"] * seen.weight * np.exp((seen.t - MOMENT) * (LN2 / seen.half_life))
    columns = {}
    for sign, prefix in ((1, "a"), (-1, "b")):
        for name in ("trust", *FACETS):
            share_of = seen.now.where(seen.polarity == sign, 0.0)
            columns[f"{prefix}_{name}"] = share_of if name == "trust" else share_of * seen[name]
    sums = pd.DataFrame(columns).groupby(seen.person).sum().clip(lower=0.0)
    result = {}
    for name in ("trust", *FACETS):
        a, b = PRIOR.a + sums[f"a_{name}"].to_numpy(), PRIOR.b + sums[f"b_{name}"].to_numpy()
        result[name] = a / (a + b)
        result[f"{name}_low"], result[f"{name}_high"] = _interval(a, b)
    pd.DataFrame(result, index=sums.index)
    return time.perf_counter() - start


def _interval(a: Any, b: Any) -> tuple[Any, Any]:  # noqa: ANN401 -- arrays
    k = [polygamma(n, a) + (-1) ** (n + 1) * polygamma(n, b) for n in range(5)]
    sd = np.sqrt(k[1])
    g, q, f = k[2] / sd**3, k[3] / sd**4, k[4] / sd**5
    z2 = Z * Z
    shift = (z2 - 1) / 6 * g + (z2**2 - 6 * z2 + 3) / 120 * f - (z2**2 - 5 * z2 + 2) / 24 * g * q
    shift = shift + (12 * z2**2 - 53 * z2 + 17) / 324 * g**3
    half = Z + Z * (z2 - 3) / 24 * q - Z * (2 * z2 - 5) / 36 * g * g
    low = shift - half - TAIL * np.maximum(g, 0) ** 4
    high = shift + half + TAIL * np.maximum(-g, 0) ** 4
    return expit(k[0] + sd * low), expit(k[0] + sd * high)


def with_rules(connection: Any) -> Any:  # noqa: ANN401 -- an Ibis connection
    """The connection, with RULES as a table."""
    numbered = RULES.assign(number=range(len(RULES)))
    connection.create_table("rules", ibis.memtable(numbered).to_pyarrow(), overwrite=True)
    return connection


def ours(connection: Any, path: str) -> float:  # noqa: ANN401 -- an Ibis connection
    """Seconds from building the expression to the last row of the table."""
    start = time.perf_counter()
    states = as_states(connection.read_parquet(path), as_of=AS_OF)
    expression = readings(states, connection.table("rules"), PRIOR, as_of=AS_OF)
    connection.raw_sql(f"create or replace table ours as {connection.compile(expression)}")
    return time.perf_counter() - start


def theirs(connection: Any, path: str) -> float:  # noqa: ANN401 -- an Ibis connection
    """Seconds of the hand-written statement."""
    start = time.perf_counter()
    connection.raw_sql(hand_written(path))
    return time.perf_counter() - start


def median(turn: Callable[[], float]) -> float:
    """The median seconds of a few turns."""
    return statistics.median(turn() for _ in range(TURNS))


def engine_side(path: str, side: str) -> None:
    """One run of one side, in this process: prints seconds and peak memory, and on the side ``both`` the agreement."""
    connection = with_rules(engines.connect(memory=MEMORY))
    for macro in HAND_MACROS:
        connection.raw_sql(macro)
    found: dict[str, float] = {}
    if side in {"ours", "both"}:
        found["seconds"] = median(lambda: ours(connection, path))
        found["rows"] = int(connection.table("ours").count().execute())
    if side in {"hand", "both"}:
        found["seconds"] = median(lambda: theirs(connection, path))
    if side == "both":
        left, right = connection.table("ours"), connection.table("by_hand").rename(low="trust_low", high="trust_high")
        pairs = left.join(right, "person", rname="{name}_hand")
        gaps = [(pairs[n] - pairs[f"{n}_hand"]).abs().max() for n in left.columns if n != "person"]
        found["gap"] = float(pairs.agg(gap=ibis.greatest(*gaps))["gap"].execute().iloc[0])
    found["cpu_seconds"] = time.process_time()
    found["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps(found))


def run(*arguments: str) -> dict[str, float]:
    """A side in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def say(figure: str, value: float, target: str, **more: object) -> None:
    """One line of results."""
    print(json.dumps({"figure": figure, "value": float(f"{value:.4g}"), "target": target} | more), flush=True)


def compare(path: str, options: argparse.Namespace) -> None:
    """Runs every side and prints the figures."""
    size = {"events": options.events, "people": options.people}
    versions = {name: importlib.metadata.version(name) for name in ("duckdb", "ibis-framework", "pandas")}
    pairs = [(run("--side", "ours", path), run("--side", "hand", path)) for _ in range(options.pairs)]
    mine, hand = (statistics.median(pair[side]["seconds"] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(one["seconds"] / other["seconds"] for one, other in pairs)
    say("readings seconds", mine, "", rows=pairs[0][0]["rows"], **size)
    say("readings / hand-written SQL", ratio, "<= 1.5", hand_written_seconds=round(hand, 3), duckdb=versions["duckdb"])
    say("readings peak memory GiB", max(pair[0]["peak_gib"] for pair in pairs), "<= 4", memory_limit=MEMORY)
    part = f"{path}.part"
    few = f"copy (from '{path}' where substr(person, 2)::bigint < {options.people * options.pandas_share}) to '{part}'"
    engines.connect(memory=MEMORY).raw_sql(f"{few} (format parquet)")
    slow = run("--side", "pandas", part)
    scaled = slow["seconds"] * options.events / slow["rows"]
    say("pandas / readings", scaled / mine, ">= 20", pandas=versions["pandas"], pandas_rows=slow["rows"])
    say("greatest gap with hand-written SQL", run("--side", "both", path)["gap"], "<= 1e-9")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", help="where one side finds its data; made in a temporary folder otherwise")
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--pandas-share", type=float, default=1.0)
    parser.add_argument("--side", choices=["ours", "hand", "both", "pandas"])
    options = parser.parse_args()
    if options.side == "pandas":
        rows = ParquetFile(options.path).metadata.num_rows
        seconds = median(lambda: in_pandas(options.path))
        print(json.dumps({"seconds": seconds, "rows": rows, "cpu_seconds": time.process_time()}))
    elif options.side:
        engine_side(options.path, options.side)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "evidence.parquet")
            statement = DATA.format(events=options.events, people=options.people, moment=f"{MOMENT}::double", path=path)
            with_rules(engines.connect(memory=MEMORY)).raw_sql(statement)
            compare(path, options)


if __name__ == "__main__":
    main()
