"""Rows into the state's database and out of it, one or a million: alike on SQLite and PostgreSQL."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Column, Connection, Result, Select, Table, column, literal, select, table, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from openchair.chair.state.records import Many, Row
from openchair.core.errors import BadInput
from openchair.store.sql.columns import OF_ARROW
from openchair.store.sql.database import CACHE, Database

T = TypeVar("T")
Piece = TypeVar("Piece")
STREAM = {"yield_per": 50_000}
ASKED = select(table("asked", column("id")).c.id)
"""Ids that a query asks about, however many: see `asked`."""


class Tables:
    """What every part of the state has: a read or a write in one transaction of its own, rows as they are asked for."""

    _database: Database

    def _rows(self, query: Select[Any]) -> list[Row]:
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _row(self, query: Select[Any]) -> Row | None:
        return next(iter(self._rows(query)), None)

    def _made(self, made: Callable[..., T], query: Select[Any]) -> list[T]:
        """Rows as frozen records of the same fields."""
        return [made(**row) for row in self._rows(query)]

    def _one(self, made: Callable[..., T], query: Select[Any]) -> T | None:
        return next(iter(self._made(made, query)), None)

    def _values(self, query: Select[Any]) -> list[Any]:
        """What is in the first column."""
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def _value(self, query: Select[Any]) -> Any:
        with self._database.read() as connection:
            return connection.scalar(query)

    def _table(
        self, query: Select[Any], columns: Mapping[str, pa.DataType], among: Sequence[str] | None = None
    ) -> pa.Table:
        """Rows as an Arrow table; among: the ids that stand for ASKED in the query."""
        with self._database.read() as connection:
            if among is None:
                return table_of(connection.execute(query, execution_options=STREAM), shape(columns))
            with asked(connection, among):
                return table_of(connection.execute(query), shape(columns))

    def _page(
        self, made: Callable[..., T], query: Select[Any], place: Sequence[Column[Any]], *, after: Any, limit: int,
        down: bool = True,
    ) -> tuple[list[T], bool]:  # fmt: skip
        """Rows from a cursor on, in the order of `place`, and whether more follow.

        place: columns of which the last is unique: a cursor is its value in the last row seen. Raises BadInput for one
        that is nowhere.
        """
        with self._database.read() as connection:
            if after is not None:
                cursor = connection.execute(select(*place).where(place[-1] == after)).first()
                if cursor is None:
                    raise BadInput("cursor", value=after, bound="is in no list", remedy="Start from the first page.")
                here, there = tuple_(*place), tuple_(*(literal(v, c.type) for v, c in zip(cursor, place, strict=True)))
                query = query.where(here < there if down else here > there)
            query = query.order_by(*(c.desc() if down else c for c in place)).limit(limit + 1)
            rows = [made(**row) for row in connection.execute(query).mappings()]
        return rows[:limit], len(rows) > limit

    def _change(self, statement: Any) -> int:
        """How many rows a statement changed."""
        with self._database.write() as connection:
            return int(connection.execute(statement).rowcount)

    def _put(self, into: Table, rows: Sequence[Mapping[str, Any]], *, over: bool = False) -> None:
        """Add rows; those whose key is known change nothing, or with `over` are replaced."""
        if rows:
            with self._database.write() as connection:
                put(connection, into, rows, over=over)


def put(connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]], *, over: bool = False) -> None:
    """Add rows inside a transaction; those whose key is known change nothing, or with `over` are replaced."""
    if rows:
        made = insertion(connection, into)
        key = [column.name for column in into.primary_key]
        others = {column.name: made.excluded[column.name] for column in into.columns if column.name not in key}
        made = made.on_conflict_do_update(index_elements=key, set_=others) if over else made.on_conflict_do_nothing()
        connection.execute(made, list(rows))


def shape(columns: Mapping[str, pa.DataType]) -> pa.Schema:
    """Columns as Arrow has them."""
    return pa.schema(list(columns.items()))


def words(*names: str) -> dict[str, pa.DataType]:
    """Columns of text."""
    return dict.fromkeys(names, pa.string())


def pieces(rows: Sequence[Piece], size: int) -> Iterator[Sequence[Piece]]:
    """Rows so many at a time."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


@contextmanager
def asked(connection: Connection, ids: Sequence[str]) -> Iterator[None]:
    """Ids in a temporary table of this transaction, where queries find them as ASKED."""
    with staged(connection, pa.table({"id": pa.array(ids, pa.string())}), "asked"):
        yield


def pour(connection: Connection, table: str, rows: Many) -> int:
    """Insert Arrow rows into a table's columns of the same names, in batches, in the connection's transaction."""
    names = ", ".join(f'"{n}"' for n in rows.schema.names)
    raw: Any = connection.connection.driver_connection
    count = 0
    for batch in rows.to_batches(50_000) if isinstance(rows, pa.Table) else rows:
        count += batch.num_rows
        if connection.dialect.name == "sqlite":
            holes = ", ".join("?" * batch.num_columns)
            columns = [_plain(column).to_pylist() for column in batch.columns]
            raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({holes})", zip(*columns, strict=True))  # noqa: S608
        else:
            buffer = io.BytesIO()
            clean = pa.RecordBatch.from_arrays([_clean(c) for c in batch.columns], names=batch.schema.names)
            csv.write_csv(clean, buffer, csv.WriteOptions(include_header=False))
            with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(buffer.getvalue())
    return count


@contextmanager
def staged(connection: Connection, rows: Many, name: str = "staged") -> Iterator[str]:
    """The rows in a temporary table of this transaction, to be joined or inserted from."""
    columns = ", ".join(f'"{f.name}" {OF_ARROW[f.type]().compile(connection.dialect)}' for f in rows.schema)
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns})")
    pour(connection, name, rows)
    yield name
    connection.exec_driver_sql(f"DROP TABLE {name}")


@contextmanager
def bulk(connection: Connection, table: Table) -> Iterator[None]:
    """While SQLite writes very many rows into a table it keeps more of its tree in memory, else it writes pages again
    and again; and where the table was empty each index is made after the rows, several times faster."""
    if connection.dialect.name != "sqlite":
        yield
        return
    fresh = (
        [] if connection.execute(select(table).limit(1)).first() else sorted(table.indexes, key=lambda i: str(i.name))
    )
    connection.exec_driver_sql("PRAGMA cache_size = -96000")
    try:
        for index in fresh:
            index.drop(connection)
        yield
        for index in fresh:
            index.create(connection)
    finally:
        connection.exec_driver_sql(f"PRAGMA {CACHE}")


def add(connection: Connection, into: Table, rows: Many, known: str = "DO NOTHING") -> None:
    """Add very many rows by way of a temporary table, in the order of their key: its tree grows quickest so."""
    names, key = ", ".join(rows.schema.names), ", ".join(column.name for column in into.primary_key)
    with staged(connection, rows) as those, bulk(connection, into):
        connection.exec_driver_sql(
            f"""INSERT INTO {into.name} ({names}) SELECT {names} FROM {those} WHERE true
            ORDER BY {key} ON CONFLICT ({key}) {known}"""  # noqa: S608  # our own tables
        )


def insertion(connection: Connection, table: Table) -> Any:
    """An INSERT that can say what happens on a conflict: the same on both, but each dialect has its own class."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def conform(rows: Many, schema: pa.Schema) -> pa.RecordBatchReader:
    """Rows with exactly these columns and types, still as a stream."""
    batches: Iterable[pa.RecordBatch] = rows.to_batches(50_000) if isinstance(rows, pa.Table) else rows
    return pa.RecordBatchReader.from_batches(schema, (b.select(schema.names).cast(schema) for b in batches))


def table_of(result: Result[Any], schema: pa.Schema) -> pa.Table:
    """A result as an Arrow table, column by column, without a Python object for every row at once."""
    pieces = []
    for some in result.partitions(50_000):
        columns = zip(*some, strict=True)
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        pieces.append(pa.Table.from_arrays(arrays, schema=schema))
    return pa.concat_tables(pieces) if pieces else schema.empty_table()


def _clean(column: pa.Array) -> pa.Array:
    """As both databases can keep it: no NaN, which PostgreSQL would sort above all, and no U+0000."""
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if pa.types.is_string(column.type):
        return pc.replace_substring(column, "\x00", "\ufffd")
    return column


def _plain(column: pa.Array) -> pa.Array:
    """As SQLAlchemy writes it on SQLite: days and times as text."""
    if pa.types.is_date(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.string())
    return _clean(column)
