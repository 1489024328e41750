"""The engine that counts, on DuckDB inside this process, over the history's own Parquet files."""

import hashlib
import threading
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.ports import Engine, History, RawFile
from openchair.facts import kinds
from openchair.facts.days import DUCKDB_MACROS

BATCH_ROWS = 100_000


def arrow_schema(expression: ir.Table) -> pa.Schema:
    """The Arrow schema of a result. Every column may be null: what an engine infers about that is its own affair."""
    return pa.schema([field.with_nullable(True) for field in expression.schema().to_pyarrow()])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class DuckEngine(Engine):
    """Ibis expressions on one DuckDB connection. Calls from several threads take turns."""

    def __init__(
        self, history: History, memory: str = "512MB", threads: int = 0, temp_dir: str | Path | None = None
    ) -> None:
        """memory: DuckDB's own limit, beyond which it spills to temp_dir. threads: 0 for one a core."""
        self.history = history
        self.backend = ibis.duckdb.connect(":memory:")
        self._lock = threading.RLock()
        self._held: list[str] = []
        self._views: dict[str, str] = {}
        self._count = 0
        settings = {
            "TimeZone": "UTC",
            "memory_limit": memory,
            "temp_directory": str(temp_dir or gettempdir()),
            "preserve_insertion_order": "true",
            "enable_progress_bar": "false",
        }
        if threads:
            settings["threads"] = str(threads)
        for name, value in settings.items():
            self._run(f"SET {name} = {_text(value)}")
        for macro in DUCKDB_MACROS:
            self._run(macro)

    def facts(self, kind: str) -> ir.Table:
        """All facts of a kind; an expression keeps reading the files it was made on."""
        schema = kinds.schema(kind)
        files = self.history.files(kind)
        name = f"{kind}_{hashlib.md5(repr(files).encode(), usedforsecurity=False).hexdigest()[:12]}"
        with self._lock:
            if self._views.get(kind) != name:
                source = f"read_parquet([{', '.join(map(_text, files))}], union_by_name=true)"
                types = ibis.Schema.from_pyarrow(schema)
                if files:
                    present = self.backend.con.sql(f"SELECT * FROM {source} LIMIT 0").columns  # noqa: S608  # quoted
                else:
                    present, source = [], "(SELECT 1) WHERE false"
                columns = ", ".join(
                    f"CAST({_quoted(c) if c in present else 'NULL'} AS {self._type(t)}) AS {_quoted(c)}"
                    for c, t in types.items()
                )
                self._run(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {columns} FROM {source}")  # noqa: S608  # quoted
                self._views[kind] = name
            return self.backend.table(name)

    def open_file(self, path: Path) -> RawFile:
        from openchair.store.counting.files import open_file

        with self._lock:
            raw = open_file(self.backend, path)
            self._held.extend(node.name for node in raw.table.op().find(ops.DatabaseTable))
        return raw

    def share(self, table: pa.Table) -> ir.Table:
        with self._lock:
            name = self._name("shared")
            self.backend.con.register(name, table)
            return self.backend.table(name)

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once, in a temporary table that spills to disk beyond the memory limit."""
        with self._lock:
            name = self._name("kept")
            self._run(f"CREATE TEMP TABLE {name} AS {self._sql(expression)}")
            return self.backend.table(name)

    def release(self) -> None:
        with self._lock:
            for name in self._held:
                what = self.backend.con.execute(
                    "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
                ).fetchone()
                if what is not None:
                    self._run(f"DROP {'VIEW' if what[0] == 'VIEW' else 'TABLE'} {_quoted(name)}")
            self._held.clear()

    def rows(self, expression: ir.Table) -> pa.Table:
        with self._lock:
            found = self.backend.con.sql(self._sql(expression)).to_arrow_table()
        return found.cast(arrow_schema(expression))

    def stream(self, expression: ir.Table) -> pa.RecordBatchReader:
        schema = arrow_schema(expression)
        reader = self.backend.con.sql(self._sql(expression)).to_arrow_reader(BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in reader))

    def splink(self) -> Any:
        """Splink on this engine's own connection."""
        from splink import DuckDBAPI

        return DuckDBAPI(connection=self.backend.con)

    def close(self) -> None:
        """Give memory and temporary files back."""
        self.backend.disconnect()

    def _run(self, sql: str) -> None:
        self.backend.con.execute(sql)

    def _type(self, dtype: Any) -> str:
        return str(self.backend.compiler.type_mapper.to_string(dtype))

    def _name(self, what: str) -> str:
        self._count += 1
        name = f"{what}_{self._count}"
        self._held.append(name)
        return name

    def _sql(self, expression: ir.Table) -> str:
        """The expression as SQL whose columns have exactly the expression's types (a DuckDB sum is a HUGEINT)."""
        for node in expression.op().find(ops.InMemoryTable):
            if node.name not in self._held:
                self.backend.con.register(node.name, node.data.to_pyarrow(node.schema))
                self._held.append(node.name)
        columns = ", ".join(
            f"CAST({_quoted(c)} AS {self._type(t)}) AS {_quoted(c)}" for c, t in expression.schema().items()
        )
        return f"SELECT {columns} FROM ({self.backend.compile(expression)})"  # noqa: S608  # Ibis wrote it
