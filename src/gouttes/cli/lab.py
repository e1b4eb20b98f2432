"""``gouttes lab``: the methods on any file, without a workspace. ``lab link`` finds the records of one person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import ibis
import pyarrow as pa
import typer
from rich.table import Table

from gouttes import engines
from gouttes.cli import lab_variance
from gouttes.cli.lab_files import existing, read
from gouttes.cli.voice import EngineOption, JsonOption, LangOption, Voice
from gouttes.errors import BadInputError
from gouttes.identity.link import components
from gouttes.identity.linkage.comparisons import Field, Role
from gouttes.identity.linkage.headings import cleaned, role_of
from gouttes.identity.linkage.measures import Measures, Share, measured
from gouttes.identity.linkage.score import scored
from gouttes.identity.linkage.threshold import link_at
from gouttes.identity.linkage.train import Untrained, trained

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

USUAL = 0.5
"""Probability from which records are grouped, unless another is asked for: more likely one person than not."""

LEAST = 0.01
"""Probability from which pairs are kept, to look for the best threshold where the truth is known (a prior)."""

IGNORE = "ignore"
NONE = "\u2013"
"""What stands where there is no figure."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lab = typer.Typer(help="The methods on any file, without a workspace.", no_args_is_help=True)
    lab.callback()(about)
    lab.command("link")(link)
    lab.command("variance")(lab_variance.variance)
    app.add_typer(lab, name="lab")


def about() -> None:
    """The methods on any file, without a workspace."""


@dataclass(frozen=True)
class Best:
    """The threshold at which pairs, taken one by one, have the highest F1."""

    threshold: float
    f1: float


@dataclass(frozen=True)
class Column:
    """A column of the file and what it was taken for."""

    heading: str
    role: str


@dataclass(frozen=True)
class Linked:
    """What was found: counts, threshold, and against the truth."""

    records: int
    pairs: int
    groups: int
    largest: int
    threshold: float
    columns: list[Column]
    measures: Measures | None = None
    best: Best | None = None


def link(  # noqa: PLR0917 -- a command has one parameter per option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (any delimiter), Parquet or XLSX.")],
    identifier: Annotated[str, typer.Option("--id", metavar="COL", help="The column that names a record.")],
    truth: Annotated[str | None, typer.Option(metavar="COL", help="The column that says who it truly is.")] = None,
    precision: Annotated[
        float | None, typer.Option(help="Link from the lowest probability with this expected precision, such as 0.999.")
    ] = None,
    at: Annotated[
        float | None, typer.Option(metavar="PROB", help="Link from this probability; 0.5 by default.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="HEADING=ROLE", help="What a column is; 'ignore' leaves it out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write id, cluster and probability to this .csv or .parquet.")
    ] = None,
    lang: LangOption = None,
    engine: EngineOption = "duckdb",
    *,
    as_json: JsonOption = False,
) -> None:
    """Find the records of a file that are one person, and how good that is where the truth is known."""
    voice = Voice(lang, as_json)
    checked(precision, at)
    told = read(file)
    columns = chosen(list(told.column_names), identifier, truth, mapped or [])
    for column in columns:
        voice.tell(voice.say("lab.column", heading=column.heading, role=voice.say(f"lab.role.{column.role}")))
    connection = engines.connect(engine)
    table, fields = records_of(told, identifier, truth, columns)
    records = engines.kept(connection, ibis.memtable(table))
    model = trained(connection, records, fields)
    if isinstance(model, Untrained):
        raise BadInputError(voice.say("lab.untrained.file", file=file.name, why=voice.say(model.words)))
    pairs = scored(connection, records, model, at_least=min(LEAST, at or LEAST))
    threshold = at or (USUAL if precision is None else link_at(pairs, precision=precision))
    found = answered(connection, records, pairs, threshold=threshold, columns=columns, out=out, true=bool(truth))
    engines.close(connection)
    voice.answer(found, *shown(voice, found))


def checked(precision: float | None, at: float | None) -> None:
    """Refuse figures that make no threshold.

    Raises:
        BadInputError: both are given, or one is no probability.
    """
    if precision is not None and at is not None:
        raise BadInputError(
            "Give --precision or --at, not both: each decides from which probability records are linked."
        )
    for name, value in (("--precision", precision), ("--at", at)):
        if value is not None and not 0 < value <= 1:
            raise BadInputError(f"{name} takes a probability above 0 and up to 1, not {value}.")


def answered(
    connection: SQLBackend,
    records: ir.Table,
    pairs: ir.Table,
    *,
    threshold: float,
    columns: list[Column],
    out: Path | None,
    true: bool,
) -> Linked:
    """Group the records, write the groups where asked, and count; against the truth where it is known."""
    links = pairs.filter(pairs["probability"] >= threshold)
    grouped = engines.kept(connection, groups(connection, records, links))
    if out:
        write(grouped, out)
    found = counted(links, grouped, threshold, columns)
    return judged(found, pairs, grouped) if true else found


def chosen(headings: Sequence[str], identifier: str, truth: str | None, mapped: Sequence[str]) -> list[Column]:
    """The columns that are compared, and as what; id and truth never are.

    Raises:
        BadInputError: a column or role that does not exist, or no column left.
    """
    asked = dict(_asked(headings, each) for each in mapped)
    apart = {existing(headings, identifier), *([existing(headings, truth)] if truth else [])}
    found = [
        Column(heading, asked.get(heading) or role_of(heading).value)
        for heading in headings
        if heading not in apart and asked.get(heading) != IGNORE
    ]
    if not found:
        raise BadInputError("No column is left to compare: there must be one beside the id and the truth.")
    return found


def _asked(headings: Sequence[str], text: str) -> tuple[str, str]:
    heading, sign, role = text.rpartition("=")
    roles = [*(each.value for each in Role), IGNORE]
    if not sign or role not in roles:
        raise BadInputError(f"--map takes HEADING=ROLE, not '{text}'. Roles: {', '.join(roles)}.")
    return existing(headings, heading), role


def records_of(
    told: pa.Table, identifier: str, truth: str | None, columns: Sequence[Column]
) -> tuple[pa.Table, list[Field]]:
    """Records as linkage wants them: ``subject``, ``truth``, and a plain text per field.

    Raises:
        BadInputError: an id is missing or there twice; no record has a truth.
    """
    ids = told[identifier].to_pylist()
    if None in ids:
        raise BadInputError(f"Column '{identifier}' is empty in {ids.count(None)} row(s): every record needs an id.")
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        again = next(each for each in ids if each in seen or seen.add(each))  # type: ignore[func-returns-value]  # add gives None
        raise BadInputError(f"Column '{identifier}' has '{again}' more than once: every record needs an id of its own.")
    true = told[truth] if truth else pa.nulls(len(ids), pa.string())
    if truth and true.null_count == len(ids):
        raise BadInputError(f"Column '{truth}' is empty: there is no truth to compare with.")
    fields = [Field(f"c{place}", Role(column.role)) for place, column in enumerate(columns)]
    cells = {
        field.column: plain_cells(told[column.heading].to_pylist(), field.role)
        for field, column in zip(fields, columns, strict=True)
    }
    return pa.table({"subject": pa.array(ids, pa.string()), "truth": true, **cells}), fields


def plain_cells(values: Sequence[str | None], role: Role) -> pa.Array:
    """A column as it is compared; each distinct value is cleaned once."""
    known = {value: cleaned(value, role) for value in set(values) if value is not None}
    return pa.array([None if value is None else known[value] for value in values], pa.string())


def groups(connection: SQLBackend, records: ir.Table, links: ir.Table) -> ir.Table:
    """``id, cluster, probability, truth``: each record with its group and the probability of its surest link."""
    joined = components(connection, links.select("left", "right"))
    ends = links.select(end="left", p="probability").union(links.select(end="right", p="probability"))
    surest = ends.group_by("end").agg(probability=ends["p"].max())
    told = records.select("subject", "truth").left_join(joined, records["subject"] == joined["node"])
    told = told.select("subject", "truth", "component")
    told = told.left_join(surest, told["subject"] == surest["end"])
    cluster = ibis.coalesce(told["component"], told["subject"])
    return told.select("probability", "truth", id="subject", cluster=cluster)


def counted(links: ir.Table, grouped: ir.Table, threshold: float, columns: list[Column]) -> Linked:
    """The counts."""
    sizes = grouped.group_by("cluster").agg(held=grouped.count())
    told = sizes.agg(
        records=sizes["held"].sum(), groups=sizes.count(where=sizes["held"] > 1), largest=sizes["held"].max()
    )
    row = told.to_pyarrow().to_pylist()[0]
    pairs = int(links.count().execute())
    return Linked(row["records"], pairs, row["groups"], row["largest"], threshold, columns)


def judged(found: Linked, pairs: ir.Table, grouped: ir.Table) -> Linked:
    """With what the truth says of it."""
    measures = measured(grouped)
    true = grouped.select("id", "truth")
    one, other = true.rename(left="id", truth_l="truth"), true.rename(right="id", truth_r="truth")
    both = pairs.inner_join(one, "left").inner_join(other, "right")
    both = both.filter(both["truth_l"].notnull() & both["truth_r"].notnull())
    right = (both["truth_l"] == both["truth_r"]).cast("int64")
    told = both.select("probability", right=right).order_by(ibis.desc("probability")).to_pandas()
    if not len(told) or not measures.true_pairs:
        return Linked(**{**vars(found), "measures": measures})
    told = told.groupby("probability", sort=True)["right"].agg(["sum", "count"])[::-1].cumsum()
    f1 = 2 * told["sum"] / (told["count"] + measures.true_pairs)
    return Linked(**{**vars(found), "measures": measures, "best": Best(float(f1.idxmax()), float(f1.max()))})


def write(grouped: ir.Table, out: Path) -> None:
    """Each record with its group."""
    rows = grouped.select("id", "cluster", "probability").order_by(["cluster", "id"]).to_pandas()
    if out.suffix.lower() == ".parquet":
        rows.to_parquet(out, index=False)
    else:
        rows.to_csv(out, index=False)


def shown(voice: Voice, found: Linked) -> list[Any]:
    """The answer for people."""
    number, percent = voice.language.number, voice.language.percent
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for name in ("records", "pairs", "groups", "largest"):
        table.add_row(voice.say(f"lab.{name}"), number(getattr(found, name)))
    table.add_row(voice.say("lab.threshold"), number(found.threshold, 4))
    if found.measures is None:
        return [table, voice.say("lab.chains")]
    measures = found.measures
    for name in ("precision", "recall"):
        table.add_row(voice.say(f"lab.{name}"), _share(voice, getattr(measures, name)))
    table.add_row(voice.say("lab.f1"), NONE if measures.f1 is None else number(measures.f1, 4))
    for name in ("b_precision", "b_recall"):
        table.add_row(voice.say(f"lab.{name}"), percent(getattr(measures, name), 2))
    table.add_row(voice.say("lab.b_f1"), number(measures.b_f1, 4))
    said = [table, voice.say("lab.chains")]
    if found.best:
        best = {"threshold": number(found.best.threshold, 4), "f1": number(found.best.f1, 4)}
        said.append(voice.say("lab.best", **best))
    return said


def _share(voice: Voice, share: Share) -> str:
    if share.value is None:
        return NONE
    number, percent = voice.language.number, voice.language.percent
    return voice.say(
        "lab.share", value=percent(share.value, 2), low=number(100 * share.low, 2), high=percent(share.high, 2)
    )
