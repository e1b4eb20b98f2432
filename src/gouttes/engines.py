"""One door to the engines: DuckDB by default, Spark when one machine is not enough.

This is the only file that names an engine. A step receives Ibis tables and returns an Ibis expression; the
helpers below are the few functions whose SQL name differs from one engine to the other.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch

from gouttes.errors import BadInputError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

UTC_TIMESTAMP = dt.Timestamp(timezone="UTC")
MICROSECONDS_A_DAY = 86_400_000_000.0
DUCKDB_MEMORY = "3GB"

# Spark has these two functions built in; DuckDB learns them as macros when it connects.
DUCKDB_MACROS = (
    "create or replace macro unix_micros(moment) as epoch_us(moment)",
    "create or replace macro get_json_object(document, path) as json_extract_string(document, path)",
)


@ibis.udf.scalar.builtin(signature=((UTC_TIMESTAMP,), dt.int64))
def unix_micros(moment: Any) -> Any:  # noqa: ANN401 -- Ibis reads the signature above
    """Microseconds since 1970-01-01 UTC."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.string), dt.string))
def get_json_object(document: Any, path: Any) -> Any:  # noqa: ANN401 -- Ibis reads the signature above
    """The text at a JSON path, null where there is none."""


def days(moment: ir.TimestampValue) -> ir.FloatingValue:
    """A UTC timestamp as float days since 1970-01-01, the unit of every formula."""
    return unix_micros(moment) / MICROSECONDS_A_DAY


def json_text(document: ir.StringValue, key: str) -> ir.StringValue:
    """The value of a top-level key of a JSON object, as text; null where absent."""
    return get_json_object(document, f"$.{key}")


def connect(url: str = "duckdb", *, memory: str = DUCKDB_MEMORY) -> SQLBackend:
    """An Ibis connection.

    Args:
        url: ``duckdb`` (in memory), ``local`` (Spark in this process), ``spark://host:port`` or
            ``sc://host:port`` (Spark Connect).
        memory: the most that DuckDB keeps in memory before it spills to disk.

    Raises:
        BadInputError: the URL names no known engine.
        EngineError: the engine is not installed or did not start.
    """
    if url == "duckdb":
        return _duckdb(memory)
    if url == "local" or url.startswith(("spark://", "sc://", "local[")):
        return _spark(url)
    raise BadInputError(f"--engine takes 'duckdb', 'local', 'spark://host:port' or 'sc://host:port', not '{url}'.")


def _duckdb(memory: str) -> SQLBackend:
    connection = ibis.duckdb.connect(memory_limit=memory, temp_directory=str(_spill_folder()))
    for macro in DUCKDB_MACROS:
        connection.raw_sql(macro)
    connection.raw_sql("set timezone = 'UTC'")
    connection.raw_sql("set preserve_insertion_order = false")
    return connection


def _spill_folder() -> Path:
    """Spilled rows stay out of the workspace and out of other users' sight."""
    folder = Path(tempfile.gettempdir()) / f"gouttes-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _spark(url: str) -> SQLBackend:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- optional, and slow to import
    except ImportError as error:
        raise EngineError(f"Engine '{url}' needs PySpark: `pip install 'gouttes[spark]'`.") from error
    builder = SparkSession.builder.appName("gouttes").config("spark.sql.session.timeZone", "UTC")
    address = "local[*]" if url == "local" else url
    builder = builder.remote(url) if url.startswith("sc://") else builder.master(address)
    if url.startswith("local"):
        for key, value in LOCAL_SPARK.items():
            builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # PySpark raises its own, py4j's and OSError
        raise EngineError(
            f"Spark at '{url}' did not start: {error}. Check Java (17 or later) and the address."
        ) from error
    # Spark 4 loses columns of a union of a table with itself while it infers what holds of them ("key not found").
    session.conf.set("spark.sql.constraintPropagation.enabled", "false")
    return ibis.pyspark.connect(session)


LOCAL_SPARK = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.memory": "3g",
}


def close(connection: SQLBackend) -> None:
    """Give back what an engine in this process holds; a Spark session is left to whoever else uses it."""
    if connection.name == "duckdb":
        connection.disconnect()


def read_parquet(connection: SQLBackend, files: Sequence[str], schema: sch.Schema) -> ir.Table:
    """A table over Parquet files, with exactly the columns and types of ``schema``.

    An empty list of files gives an empty table, so that no step needs a special case for a new workspace.
    """
    if not files:
        return nothing(connection, schema)
    if connection.name == "pyspark":
        frame = connection._session.read.parquet(*files)  # noqa: SLF001 -- Ibis opens one path only
        name = ibis.util.gen_name("parquet")
        frame.createOrReplaceTempView(name)
        table = connection.table(name)
    else:
        table = connection.read_parquet(_single_files(files), hive_partitioning=False, union_by_name=True)
    return table.select(**{name: _as(table, name, kind) for name, kind in schema.items()})


def _single_files(paths: Sequence[str]) -> list[str]:
    """Files as they are; of a folder that Spark wrote, the files in it."""
    return [str(file) for path in map(Path, paths) for file in (path.glob("*.parquet") if path.is_dir() else [path])]


def _as(table: ir.Table, name: str, kind: dt.DataType) -> ir.Value:
    if name not in table.columns:
        return ibis.null(kind)
    column = table[name]
    return column if column.type() == kind else column.cast(kind)


def empty(schema: sch.Schema) -> ir.Table:
    """A table of no row with these columns, for any engine."""
    return ibis.memtable(sch.Schema(dict(schema)).to_pyarrow().empty_table(), schema=schema)


def nothing(connection: SQLBackend, schema: sch.Schema) -> ir.Table:
    """A table of no row with these columns, that lives on this engine and can be asked alone."""
    name = ibis.util.gen_name("empty")
    if connection.name == "pyspark":
        from ibis.backends.pyspark.datatypes import PySparkSchema  # noqa: PLC0415 -- needs PySpark

        session = connection._session  # noqa: SLF001 -- Ibis would write an empty table to Spark's warehouse
        session.createDataFrame([], schema=PySparkSchema.from_ibis(schema)).createOrReplaceTempView(name)
        return connection.table(name)
    return connection.create_table(name, schema=schema, temp=True)


def kept(connection: SQLBackend, table: ir.Table) -> ir.Table:
    """The rows of an expression, computed once and held by the engine as long as an expression refers to them."""
    name = ibis.util.gen_name("kept")
    if connection.name == "pyspark":
        connection._run_pre_execute_hooks(table)  # noqa: SLF001 -- Ibis has no public way to cut Spark's lineage
        frame = connection._session.sql(connection.compile(table))  # noqa: SLF001 -- same
        # A cache would keep the whole plan: it doubles with each round. A checkpoint forgets it.
        frame.localCheckpoint().createOrReplaceTempView(name)
        held, drop = connection.table(name), connection.drop_view
    else:
        held, drop = _created(connection, name, table), connection.drop_table
    weakref.finalize(held.op(), _dropped, drop, name).atexit = False
    return held


def _created(connection: SQLBackend, name: str, table: ir.Table) -> ir.Table:
    """A temporary table of DuckDB. Ibis's own way copies the query, and then asks for the schema that it was given."""
    connection._run_pre_execute_hooks(table)  # noqa: SLF001 -- tables in memory have to be registered first
    schema, place = table.schema(), ("temp", "main")
    columns = ", ".join(column.sql(connection.dialect) for column in schema.to_sqlglot_column_defs(connection.dialect))
    connection.raw_sql(f'create temp table "{name}" ({columns})')
    connection.raw_sql(f'insert into temp.main."{name}" {connection.compile(table)}')
    return ops.DatabaseTable(name, schema, connection, ops.Namespace(*place)).to_expr()


def _dropped(drop: Callable[..., None], name: str) -> None:
    with suppress(Exception):  # the connection may be closed by then, and the table gone with it
        drop(name, force=True)


def write_parquet(connection: SQLBackend, rows: ir.Table, path: Path, *, compression: str = "zstd") -> None:
    """Write an expression to one Parquet file (DuckDB) or one folder of them (Spark), without loading it here.

    ``lz4`` takes twice the place of ``zstd`` and is read three times as fast.
    """
    if connection.name == "pyspark":
        kept(connection, rows).to_parquet_dir(path)  # not `rows`: Ibis would forget the tables held in memory
    else:
        connection.to_parquet(rows, path, compression=compression)


def sql_for(expression: ir.Expr, engine: str) -> str:
    """The SQL that ``engine`` (``duckdb`` or ``pyspark``) would run, without running it."""
    _ = getattr(ibis, engine)  # Ibis registers an engine's options when it is first touched
    return str(ibis.to_sql(expression, dialect=engine))
