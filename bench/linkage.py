"""Probabilistic linkage of a million records against splink itself, with the same comparisons and the same blocking.

Ours trains, scores, chooses a threshold and groups. So does splink: its own estimation of the prior, of u and of m over
the same kind of blockings, its prediction, its clusters. Both read one Parquet file and run in DuckDB with the same
memory. Ours trains on a sample of the records, splink on all of them: that is part of the comparison. Further: the
precision and recall of ours, blocks that are far too large, identical records, and one new record among all.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from _doubles import write  # type: ignore[import-not-found]  # a program's own folder is on its path
from gouttes import engines
from gouttes.identity.likening import Likening
from gouttes.identity.link import components
from gouttes.identity.linkage.asked import EM_PAIRS, RANDOM_PAIRS, RULES_FIND, settings_of
from gouttes.identity.linkage.measures import measured
from gouttes.identity.linkage.model import LinkageModel
from gouttes.identity.linkage.score import scored
from gouttes.identity.linkage.threshold import link_at
from gouttes.identity.linkage.train import trained
from gouttes.settings.identity import IdentitySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gouttes.identity.linkage.blocking import BlockKey
    from gouttes.identity.linkage.measures import Measures

MEMORY = "2500MB"
EM_RULES = ("email", "phone", "postcode + last_root")

SAME = """
copy (select 'bench:' || i as subject, 'marie' as first_name, 'marie' as first_root, 'martin' as last_name,
  'martin' as last_root, '1980-01-01' as birth_date, '1' as house_number, 'rue x' as street, '75001' as postcode,
  'paris' as city, 'FR' as country, 'm@example.org' as email, '+33612345678' as phone, null::varchar as company
  from range({rows}) r(i)) to '{path}' (format parquet)
"""

SKEWED = """
copy (select * replace (case when hash(subject) % 4 = 0 then 'info@example.org' else email end as email,
  case when hash(subject, 1) % 3 = 0 then '+33100000000' else phone end as phone,
  case when hash(subject, 2) % 3 = 0 then '1900-01-01' else birth_date end as birth_date,
  case when hash(subject, 3) % 3 = 0 then '75000' else postcode end as postcode)
  from '{source}') to '{path}' (format parquet)
"""


def say(figure: str, value: float, target: str = "", **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"figure": figure, "value": value, "target": target, **more}), flush=True)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def ours(path: Path) -> tuple[float, LinkageModel, float, Measures]:
    """The whole way and its seconds: the model, the threshold, the groups; then these against the truth."""
    started = time.perf_counter()
    connection = engines.connect(memory=MEMORY)
    records = connection.read_parquet(path)
    model = trained(connection, records)
    if not isinstance(model, LinkageModel):
        raise TypeError(model.reason)
    pairs = scored(connection, records, model)
    at = link_at(pairs)
    joined = engines.kept(
        connection, components(connection, pairs.filter(pairs["probability"] >= at).select("left", "right"))
    )
    seconds = time.perf_counter() - started
    told = records.select("subject", "truth").left_join(joined, records["subject"] == joined["node"])
    grouped = told.select("truth", cluster=ibis.coalesce(told["component"], told["subject"]))
    found = measured(grouped)
    engines.close(connection)
    return seconds, model, at, found


def rule(key: BlockKey) -> str:
    """A key of ours as splink's blocking rule."""
    if key.unordered:
        one, other = key.columns[:2]
        text = "least({s}.{a}, {s}.{b}) || '|' || greatest({s}.{a}, {s}.{b})"
        left, right = (text.format(s=side, a=one, b=other) for side in "lr")
        there = " and ".join(f"{side}.{name} is not null" for side in "lr" for name in (one, other))
        return f"({left}) = ({right}) and {there}"
    texts = [
        f"substr({{}}.{part.column}, 1, {part.first})" if part.first else f"{{}}.{part.column}" for part in key.parts
    ]
    return " and ".join(f"{text.format('l')} = {text.format('r')}" for text in texts)


def rival(path: Path, model: LinkageModel, at: float) -> int:
    """What splink does with the same comparisons and keys; how many pairs it finds."""
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(path.parent)})
    connection.execute(f"create table records as select subject as unique_id, * exclude (subject) from '{path}'")
    frame = DuckDBAPI(connection).register("records")
    names = {name: name for name in model.columns}
    comparisons = [settings_of(field.comparison, names, None) for field in model.fields]
    for told, field in zip(comparisons, model.fields, strict=True):
        if field.frequencies:
            told["comparison_levels"][1]["tf_adjustment_column"] = field.comparison.column
    rules = {key.name: rule(key) for key in model.keys}
    settings = {
        "link_type": "dedupe_only",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": list(rules.values()),
        "retain_matching_columns": False,
    }
    linker = Linker(frame, settings, log_level=None)
    exact = ["l.email = r.email and l.last_name = r.last_name", "l.phone = r.phone and l.last_name = r.last_name"]
    linker.training.estimate_probability_two_random_records_match(exact, recall=RULES_FIND)
    linker.training.estimate_u_using_random_sampling(RANDOM_PAIRS, seed=1, min_count_per_level=None, num_chunks=1)
    for name in EM_RULES:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rules[name], estimate_without_term_frequencies=True, max_pairs=EM_PAIRS
        )
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, at)
    found = connection.execute(f"select count(*) from {pairs.physical_name}").fetchone()
    connection.close()
    return int(found[0]) if found else 0


def one_more(path: Path, model: LinkageModel, folder: Path) -> tuple[float, int]:
    """Seconds to liken one new record to those of a workspace, as it does; the best of three, and the pairs it has."""
    connection, likening, settings = engines.connect(memory=MEMORY), Likening(model, 0.99), IdentitySettings()
    records = connection.read_parquet(path)
    file = folder / "blocks.parquet"
    engines.write_parquet(connection, likening.blocks(records), file)
    blocks = connection.read_parquet(file)
    twin = records.filter(records["subject"] == "bench:00000006").drop("truth")
    new = connection.create_table(
        "newcomer", twin.mutate(subject=ibis.literal("bench:new"), company=ibis.literal("new"))
    )

    def attached() -> int:
        found = likening.arriving(connection, new, records.drop("truth"), blocks, settings)
        return int(found.count().execute())

    turns = [timed(attached) for _ in range(3)]
    engines.close(connection)
    return min(turns)


def alone(path: Path) -> str:
    """Train and score a file; the reason where it cannot be trained."""
    connection = engines.connect(memory=MEMORY)
    records = connection.read_parquet(path)
    model = trained(connection, records)
    told = (
        model.reason
        if not isinstance(model, LinkageModel)
        else f"{scored(connection, records, model).count().execute()} pairs"
    )
    engines.close(connection)
    return told


def measure(rows: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder / "doubles.parquet", rows)
        seconds, model, at, found = ours(path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        theirs, pairs = timed(lambda: rival(path, model, at))
        more = {"rows": rows, "seconds": round(seconds, 1), "splink_seconds": round(theirs, 1), "splink_pairs": pairs}
        say("linkage: train, score, group / splink", seconds / theirs, "<= 2", **more)
        say("linkage, pairwise precision", found.precision.value or 0, ">= 0.999", threshold=round(at, 4))
        say("linkage, pairwise recall", found.recall.value or 0, ">= 0.99", b_cubed_f1=round(found.b_f1, 4))
        say("linkage, peak memory in GiB", peak, "<= 4")
        attached, links = one_more(path, model, folder)
        say("linkage, seconds to attach one new record", attached, "<= 1", rows=rows, pairs=links)
        harder(folder, rows)


def harder(folder: Path, rows: int) -> None:
    """Blocks that are far too large, and nothing but copies."""
    source, skewed, same = (folder / f"{name}.parquet" for name in ("quarter", "skewed", "same"))
    write(source, rows // 4)
    with duckdb.connect(config={"temp_directory": str(folder)}) as connection:
        connection.execute(SKEWED.format(source=source, path=skewed))
        connection.execute(SAME.format(rows=rows, path=same))
    seconds, told = timed(lambda: alone(skewed))
    say("linkage with blocks of tens of thousands, seconds", seconds, rows=rows // 4, found=told)
    seconds, told = timed(lambda: alone(same))
    say("linkage of identical records, seconds", seconds, rows=rows, found=told)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    measure(parser.parse_args().rows)
