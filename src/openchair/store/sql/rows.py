"""Rows into the state's database and out of it, one or a million: alike on SQLite and PostgreSQL."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Column, Connection, Result, Select, Table, literal, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from openchair.core.errors import BadInput
from openchair.store.sql.columns import OF_ARROW
from openchair.store.sql.database import CACHE


def pour(connection: Connection, table: str, rows: pa.RecordBatchReader | pa.Table) -> int:
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
def staged(connection: Connection, rows: pa.RecordBatchReader | pa.Table) -> Iterator[str]:
    """The rows in a temporary table of this transaction, to be joined or inserted from."""
    dialect = connection.dialect
    columns = ", ".join(f'"{f.name}" {OF_ARROW[f.type]().compile(dialect)}' for f in rows.schema)
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE staged ({columns})")
    pour(connection, "staged", rows)
    yield "staged"
    connection.exec_driver_sql("DROP TABLE staged")


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


def insertion(connection: Connection, table: Table) -> Any:
    """An INSERT that can say what happens on a conflict: the same on both, but each dialect has its own class."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def upsert(connection: Connection, table: Table, key: str) -> Any:
    """An INSERT that replaces all but the key of a row that is there."""
    put = insertion(connection, table)
    others = {c.name: put.excluded[c.name] for c in table.columns if c.name != key}
    return put.on_conflict_do_update(index_elements=[key], set_=others)


def page(
    connection: Connection,
    query: Select[Any],
    place: Sequence[Column[Any]],
    *,
    after: Any,
    limit: int,
    down: bool = True,
) -> tuple[list[dict[str, Any]], bool]:
    """Rows from a cursor on, in the order of `place`, and whether more follow.

    place: columns of which the last is unique: a cursor is its value in the last row seen. Raises BadInput for one that
    is nowhere.
    """
    if after is not None:
        cursor = connection.execute(select(*place).where(place[-1] == after)).first()
        if cursor is None:
            raise BadInput("cursor", value=after, bound="is in no list", remedy="Start from the first page.")
        here, there = tuple_(*place), tuple_(*(literal(v, c.type) for v, c in zip(cursor, place, strict=True)))
        query = query.where(here < there if down else here > there)
    found = connection.execute(query.order_by(*(c.desc() if down else c for c in place)).limit(limit + 1)).mappings()
    rows = [dict(row) for row in found]
    return rows[:limit], len(rows) > limit


def conform(rows: pa.RecordBatchReader | pa.Table, schema: pa.Schema) -> pa.RecordBatchReader:
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
