"""Where customers stand: the part of the state that a turn replaces, words bind at once, and pages look through.

A customer that is part of another is hidden: in no list, no count, no search; its row is still given by its id.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from openchair.chair.ports import CUSTOMER_COLUMNS, STANDING_COLUMNS
from openchair.chair.state.records import PLACED, Many, Page, Row
from openchair.core.errors import BadInput
from openchair.store.sql.rows import ASKED, bulk, conform, shape, staged
from openchair.store.sql.schema import customers, identities
from openchair.store.sql.who.identities import Identities, hide

ORDERS: dict[str, tuple[str, bool]] = {
    "worth": ("value_minor", True),
    "recent": ("last_on", True),
    "name": ("folded", False),
    "orders": ("orders", True),
}
"""Order -> column and whether the greatest comes first; customers without a value come last in each."""

_FEW = 500
"""Customers who are named in the query itself."""


class Customers(Identities):
    """Rows of customers."""

    def replace_customers(self, rows: Many) -> int:
        """Put this turn's rows (CUSTOMER_COLUMNS) in place of the last turn's, all at once."""
        told = _with_folded(conform(rows, shape(CUSTOMER_COLUMNS)))
        names = ", ".join(told.schema.names)
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "CREATE TEMPORARY TABLE hidden AS SELECT * FROM customers WHERE merged_into IS NOT NULL"
            )
            connection.exec_driver_sql("DELETE FROM customers")
            # A tree is built several times faster from rows in its own order.
            with staged(connection, told) as those, bulk(connection, customers):
                count = connection.exec_driver_sql(
                    f"INSERT INTO customers ({names}) SELECT {names} FROM {those} ORDER BY customer_id"  # noqa: S608
                ).rowcount
            connection.exec_driver_sql(
                "INSERT INTO customers SELECT * FROM hidden WHERE true ON CONFLICT (customer_id) DO NOTHING"
            )
            connection.exec_driver_sql("DROP TABLE hidden")
            # Some may have been merged while the turn was at work.
            merged = "SELECT {}_id FROM merges WHERE status = 'merged'"
            hide(connection, f"{merged.format('left')} UNION {merged.format('right')}")
            return count

    def restand(self, rows: pa.Table) -> None:
        """Set STANDING_COLUMNS of these customers; those without a row are passed over."""
        told = conform(rows, shape(STANDING_COLUMNS)).read_all()
        with self._database.write() as connection, staged(connection, told) as those:
            values = ", ".join(f"{name} = {those}.{name}" for name in told.schema.names[1:])
            connection.exec_driver_sql(
                f"UPDATE customers SET {values} FROM {those} WHERE customers.customer_id = {those}.customer_id"  # noqa: S608
            )

    def customer(self, customer_id: str) -> Row | None:
        """The row of one customer, hidden or not."""
        return self._row(_chosen().where(customers.c.customer_id == customer_id))

    def rows_of(self, customer_ids: Sequence[str]) -> pa.Table:
        """The rows (CUSTOMER_COLUMNS) of these customers, hidden or not, by customer id; some may have none."""
        query = _chosen().order_by(customers.c.customer_id)
        if len(customer_ids) <= _FEW:
            return self._table(query.where(customers.c.customer_id.in_(customer_ids)), CUSTOMER_COLUMNS)
        return self._table(query.where(customers.c.customer_id.in_(ASKED)), CUSTOMER_COLUMNS, customer_ids)

    def customers(self, *, search: str = "", order: str = "worth", limit: int = 50, after: str | None = None) -> Page:
        """Rows in an order (worth, recent, name, orders) from a cursor (a customer id) on, and whether more follow."""
        if order not in ORDERS:
            raise BadInput("order", value=order, bound=f"one of {', '.join(ORDERS)}", remedy="Name one of these.")
        column, down = customers.c[ORDERS[order][0]], ORDERS[order][1]
        query = _chosen().where(customers.c.merged_into.is_(None))
        if search.strip():
            query = query.where(self._matching(search.strip()))
        with self._database.read() as connection:
            cursor = None if after is None else _cursor(connection, column, after)
            rows: list[Row] = []
            for part in _pages(query, column, down, cursor):
                found = connection.execute(part.limit(limit + 1 - len(rows))).mappings()
                rows.extend(dict(row) for row in found)
                if len(rows) > limit:
                    break
        return rows[:limit], len(rows) > limit

    def placed(self, columns: Sequence[str] = PLACED) -> pa.Table:
        """Columns of every customer that is shown; by themselves those that scores are weighted by."""
        query = select(*(customers.c[name] for name in columns)).where(customers.c.merged_into.is_(None))
        return self._table(query, {name: CUSTOMER_COLUMNS[name] for name in columns})

    def consent_counts(self) -> dict[int, int]:
        """How many customers have each distinct set of consent bits."""
        query = select(customers.c.consents, func.count()).where(customers.c.merged_into.is_(None))
        with self._database.read() as connection:
            return {bits or 0: n for bits, n in connection.execute(query.group_by(customers.c.consents))}

    def _matching(self, search: str) -> ColumnElement[bool]:
        """A whole identifier with a digit or @ in it, else part of the name or of an identifier, in any letters."""
        if any(letter.isdigit() or letter == "@" for letter in search) and (known := self.find(search)):
            return customers.c.customer_id == known
        text = search.lower()
        # Identifiers keep the letters they came with: found as typed, in small letters or in capitals.
        parts = (identities.c.identifier.contains(one, autoescape=True) for one in (text, search, search.upper()))
        owners = select(identities.c.customer_id).where(or_(*parts))
        return or_(
            customers.c.folded.contains(text, autoescape=True),
            customers.c.customer_id == search,
            customers.c.customer_id.in_(owners),
        )


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


def _with_folded(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    wanted = rows.schema.append(pa.field("folded", pa.string()))
    return pa.RecordBatchReader.from_batches(
        wanted,
        (pa.RecordBatch.from_arrays([*b.columns, pc.utf8_lower(b.column("name"))], schema=wanted) for b in rows),
    )
