"""Identifiers and the customers behind them: the part of the state that a turn replaces and pages look through."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Select, or_, select, tuple_

from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.core.errors import BadInput
from openchair.core.ids import IDENTIFIER_KINDS, identifier
from openchair.store.sql.database import Database, conform, pour, roomy, staged, table_of
from openchair.store.sql.schema import customers, identities

ORDERS: dict[str, tuple[str, bool]] = {
    "worth": ("value_minor", True),
    "recent": ("last_on", True),
    "name": ("folded", False),
    "orders": ("orders", True),
}
"""Order -> column and whether the greatest comes first; customers without a value come last in each."""

_CUSTOMERS = pa.schema(list(CUSTOMER_COLUMNS.items()))
_IDENTITIES = pa.schema([("identifier", pa.string()), ("customer_id", pa.string()), ("because", pa.string())])


class Customers:
    """What the State protocol says of identifiers and customers."""

    _database: Database

    def identities(self) -> pa.Table:
        """identifier, customer_id: how facts find their customer."""
        with self._database.read() as connection:
            query = select(identities.c.identifier, identities.c.customer_id)
            names = pa.schema([("identifier", pa.string()), ("customer_id", pa.string())])
            return table_of(connection.execution_options(yield_per=50_000).execute(query), names)

    def link(self, identities: pa.Table, at: datetime) -> None:
        """Add or move identifiers (identifier, customer_id, because)."""
        rows = conform(identities, _IDENTITIES).read_all()
        times = pa.array([at] * rows.num_rows, pa.timestamp("us", tz="UTC"))
        with self._database.write() as connection, staged(connection, rows.append_column("linked_at", times)) as those:
            connection.exec_driver_sql(
                f"""INSERT INTO identities (identifier, customer_id, linked_at, because)
                SELECT identifier, customer_id, linked_at, because FROM {those} WHERE true
                ON CONFLICT (identifier) DO UPDATE
                SET customer_id = excluded.customer_id, linked_at = excluded.linked_at, because = excluded.because
                WHERE identities.customer_id <> excluded.customer_id"""  # noqa: S608  # our own table's name
            )

    def identifiers_of(self, customer_id: str) -> list[str]:
        """All identifiers of a customer, sorted."""
        with self._database.read() as connection:
            return sorted(
                connection.scalars(select(identities.c.identifier).where(identities.c.customer_id == customer_id))
            )

    def find(self, text: str) -> str | None:
        """The customer id behind a customer id, an identifier, or its bare value (17850, ada@example.org)."""
        kind, colon, value = text.partition(":")
        names = [identifier(kind, value)] if colon and kind in IDENTIFIER_KINDS else []
        names += [identifier(each, text) for each in IDENTIFIER_KINDS]
        with self._database.read() as connection:
            known = connection.scalar(select(customers.c.customer_id).where(customers.c.customer_id == text))
            if known is None:
                known = connection.scalar(
                    select(identities.c.customer_id).where(identities.c.customer_id == text).limit(1)
                )
            if known is not None:
                return str(known)
            query = select(identities).where(identities.c.identifier.in_([text, *names]))
            found = {row.identifier: row.customer_id for row in connection.execute(query)}
        return next((found[name] for name in [text, *names] if name in found), None)

    def replace_customers(self, rows: pa.RecordBatchReader | pa.Table) -> int:
        """Put this turn's rows (CUSTOMER_COLUMNS) in place of the last turn's, all at once."""
        told = _with_folded(conform(rows, _CUSTOMERS))
        with self._database.write() as connection:
            connection.exec_driver_sql("DELETE FROM customers")
            if not self._database.lite:
                return pour(connection, "customers", told)
            # A tree is built several times faster from rows in its own order, and so is each index after the rows.
            names = ", ".join(told.schema.names)
            with staged(connection, told) as those, roomy(connection):
                for index in customers.indexes:
                    index.drop(connection)
                count = connection.exec_driver_sql(
                    f"INSERT INTO customers ({names}) SELECT {names} FROM {those} ORDER BY customer_id"  # noqa: S608
                ).rowcount
                for index in customers.indexes:
                    index.create(connection)
            return count

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        """The row of one customer."""
        with self._database.read() as connection:
            row = connection.execute(_chosen().where(customers.c.customer_id == customer_id)).mappings().first()
            return dict(row) if row else None

    def customers(
        self, *, search: str = "", order: str = "worth", limit: int = 50, after: str | None = None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Rows in an order (worth, recent, name, orders) from a cursor (a customer id) on, and whether more follow."""
        if order not in ORDERS:
            raise BadInput("order", value=order, bound=f"one of {', '.join(ORDERS)}", remedy="Name one of these.")
        column, down = customers.c[ORDERS[order][0]], ORDERS[order][1]
        query = _chosen()
        if search.strip():
            query = query.where(_matching(search.strip()))
        with self._database.read() as connection:
            cursor = None if after is None else _cursor(connection, column, after)
            rows: list[dict[str, Any]] = []
            for part in _pages(query, column, down, cursor):
                found = connection.execute(part.limit(limit + 1 - len(rows))).mappings()
                rows.extend(dict(row) for row in found)
                if len(rows) > limit:
                    break
        return rows[:limit], len(rows) > limit


def _chosen() -> Select[Any]:
    return select(*(customers.c[name] for name in CUSTOMER_COLUMNS))


def _cursor(connection: Connection, column: ColumnElement[Any], after: str) -> tuple[Any, str]:
    row = connection.execute(select(column).where(customers.c.customer_id == after)).first()
    if row is None:
        raise BadInput("cursor", value=after, bound="is no longer a customer", remedy="Start from the first page.")
    return row[0], after


def _pages(
    query: Select[Any], column: ColumnElement[Any], down: bool, cursor: tuple[Any, str] | None
) -> Iterator[Select[Any]]:
    """First those with a value, then those without: each a walk along the index from the cursor, never a sort."""
    key = customers.c.customer_id
    value, last = cursor or (None, None)
    ordered = [column.desc(), key.desc()] if down else [column, key]
    if cursor is None or value is not None:
        present = query.where(column.is_not(None)).order_by(*ordered)
        if cursor is not None:
            here, there = tuple_(column, key), tuple_(value, last)
            present = present.where(here < there if down else here > there)
        yield present
    absent = query.where(column.is_(None)).order_by(ordered[1])
    if cursor is not None and value is None:
        absent = absent.where(key < last if down else key > last)
    yield absent


def _matching(search: str) -> ColumnElement[bool]:
    """Part of the name, or of an identifier, in capital or small letters."""
    text = search.lower()
    # Identifiers keep the letters they came with: found as typed, in small letters or in capitals.
    owners = select(identities.c.customer_id).where(
        or_(
            identities.c.identifier.contains(text, autoescape=True),
            identities.c.identifier.contains(search, autoescape=True),
            identities.c.identifier.contains(search.upper(), autoescape=True),
        )
    )
    return or_(
        customers.c.folded.contains(text, autoescape=True),
        customers.c.customer_id == search,
        customers.c.customer_id.in_(owners),
    )


def _with_folded(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    wanted = rows.schema.append(pa.field("folded", pa.string()))
    return pa.RecordBatchReader.from_batches(
        wanted,
        (pa.RecordBatch.from_arrays([*b.columns, pc.utf8_lower(b.column("name"))], schema=wanted) for b in rows),
    )
