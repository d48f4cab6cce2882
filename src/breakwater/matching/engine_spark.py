"""Spark: the sides are read where they lie, every step is a job of the cluster, and only results come back, as Arrow.

Texts are compared and sorted by their UTF-8 bytes, which is by code point.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pyarrow as pa
import pyarrow.parquet as pq
from ibis import Column, Table
from ibis.backends.pyspark import Backend as Ibis
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import DataFrame, SparkSession

from breakwater.errors import CallError, WorldError
from breakwater.matching import sides
from breakwater.matching.backend import Connect, Means, at_once, counted_twice, failed, first_line
from breakwater.matching.books import Kept, T
from breakwater.matching.engine_duckdb import write_fetched

_LOCAL = re.compile(r"(?:spark://)?(local(?:\[(?:[1-9][0-9]*|\*)\])?)")
_MASTER = re.compile(r"spark://[^/@:\s]+:[0-9]+(?:,[^/@:\s]+:[0-9]+)*")
_LOST = (PySparkException, Py4JError)
_TYPES = {"string": "STRING", "int64": "BIGINT", "date32[day]": "DATE"}
_SQL = {
    "spark.sql.ansi.enabled": "true",  # an amount that overflows is an error, not a null
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # products of amounts keep all their digits
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",  # ${…} in an agreement is a text like any other
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
}
# On one machine and few rows, compiling each of some two hundred queries to Java costs many times what it saves.
_SMALL_ROWS = 200_000
_SMALL = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
}
_start = Lock()


def connector(url: str) -> Connect:
    """Connections to a Spark master, spark://host:7077, or to one in this process, local[2]. CallError where it is neither."""
    local = _LOCAL.fullmatch(url)
    if not local and not _MASTER.fullmatch(url):
        raise CallError(f"'{url}' is no URL of a Spark master.", remedy="It looks like spark://host:7077, or local[2] for this machine.")
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        raise CallError("Spark needs Java, which is not installed.", remedy="Install Java 17, such as openjdk-17-jre-headless.")

    @contextmanager
    def connect(scratch: Path, means: Means) -> Iterator[Spark]:
        session = _session(local[1] if local else url, means)
        try:
            yield Spark(session.newSession(), scratch, means)
        except _LOST as lost:
            raise failed("Spark", lost) from lost

    return connect


def _session(master: str, means: Means) -> SparkSession:
    """The one of this process, begun again if its cluster went away; each run has a session of its own from it."""
    options = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.maxResultSize": "0"}
    options["spark.driver.memory"] = means.memory_limit.upper().removesuffix("B")
    if master.startswith("local"):
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    conf = SparkConf().setAppName("breakwater").setMaster(master).setAll(list(options.items()))
    with _start:
        try:
            running = SparkContext._active_spark_context
            if running and running._jsc.sc().isStopped():
                running.stop()
            if not SparkContext._gateway:
                # What Spark has to say of a failed job comes back as an error; its log would be a stack trace on somebody's terminal.
                SparkContext(conf=conf, gateway=launch_gateway(conf, {"stderr": subprocess.DEVNULL}))
            return SparkSession.builder.config(conf=conf).getOrCreate()
        except (*_LOST, RuntimeError) as refused:
            raise WorldError(f"Spark can't be started: {first_line(refused)}", remedy="Check the URL of its master, and Java.") from refused


class _Compiler(PySparkCompiler):  # type: ignore[misc]
    __slots__ = ()

    def visit_ScalarUDF(self, op: object, *, text: object) -> object:  # noqa: N802  Ibis looks for these names
        """`hash_of`, the only one we have."""
        return self.f.xxhash64(text)

    def visit_RegexReplace(self, op: object, *, arg: object, pattern: object, replacement: object) -> object:  # noqa: N802
        """Java names groups $1, where all others name them \\1."""
        return self.f.regexp_replace(arg, pattern, re.sub(r"\\([0-9])", r"$\1", op.replacement.value))  # type: ignore[attr-defined]

    def visit_ArrayCollect(self, op: object, *, arg: object, order_by: Sequence[object], **options: object) -> object:  # noqa: N802
        """Collected in an order, which is only ever that of the values themselves."""
        collected = self.f.collect_list(arg)
        return self.f.array_sort(collected) if order_by else collected


class _Ibis(Ibis):  # type: ignore[misc]
    compiler = _Compiler()

    def to_pyarrow(self, expr: object, **options: object) -> object:
        """Ibis' own way goes through pandas, where whole numbers with a null between them become floats."""
        table = expr.as_table()  # type: ignore[attr-defined]
        found = self.raw_sql(self.compile(table)).toArrow()
        return expr.__pyarrow_result__(found.cast(table.schema().to_pyarrow()))  # type: ignore[attr-defined]


class Spark:
    """See `backend.Backend`."""

    def __init__(self, session: SparkSession, scratch: Path, means: Means) -> None:
        self._session, self._scratch, self._means = session, scratch, means
        self._ibis = _Ibis()
        self._ibis.do_connect(session)
        self._set(_SQL)
        self._rows = 0
        self._is_local = session.sparkContext.master.startswith("local")
        if self._is_local:
            self._set({"spark.sql.shuffle.partitions": str(session.sparkContext.defaultParallelism)})

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        """The parts are linked under their numbers: Spark tells the name of a record's file, and would take some paths for patterns."""
        self._rows += sum(pq.read_metadata(part).num_rows for part in parts)
        folder = self._scratch / name
        folder.mkdir()
        for number, part in enumerate(parts):
            (folder / f"{number:08}.parquet").symlink_to(part.resolve())
        schema = ", ".join(f"`{field.name}` {_TYPES[str(field.type)]}" for field in sides.SCHEMA)
        found = self._session.read.schema(schema).parquet(str(folder))
        numbered = f"shiftleft(CAST(left(_metadata.file_name, 8) AS BIGINT), {sides.ROW_BITS}) + _metadata.row_index AS n"
        return self._named(name, found.selectExpr(numbered, *(f"`{column}`" for column in sides.SCHEMA.names)))

    def whole(self, name: str, table: Table) -> Table:
        if self._is_local and self._rows <= _SMALL_ROWS:
            self._set(_SMALL)
        return self.keep(name, table).table

    def keep(self, name: str, table: Table) -> Kept:
        kept = self._session.sql(self._ibis.compile(table)).localCheckpoint(eager=False)
        return Kept(self._named(name, kept), kept.count())

    def put(self, name: str, rows: pa.Table) -> Table:
        return self._named(name, self._session.createDataFrame(rows))

    def repeated(self, name: str, column: Column) -> Kept:
        return self.keep(name, counted_twice(column))

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        write_fetched(heads.to_pyarrow().to_reader(), passes, target, scratch=self._scratch, means=self._means)

    def begin(self, task: Callable[[], T]) -> Callable[[], T]:
        return at_once(task)

    def _set(self, options: Mapping[str, str]) -> None:
        for name, value in options.items():
            self._session.conf.set(name, value)

    def _named(self, name: str, rows: DataFrame) -> Table:
        rows.createTempView(name)
        return self._ibis.table(name)
