"""Which customer an identifier means: bases for good, and merges that join them and can be taken back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from openchair.chair.views import Field, Merge
from openchair.core.ids import IDENTIFIER_KINDS, identifier
from openchair.store.sql.rows import Tables, bulk, conform, put, shape, staged, words
from openchair.store.sql.schema import customers
from openchair.store.sql.schema import identities as _identities
from openchair.store.sql.schema import merges as _merges


class Identities(Tables):
    """Identifiers and merges."""

    def identities(self) -> pa.Table:
        """identifier, base_id, customer_id: how facts find their customer."""
        return self._whole(_identities, "identifier", "base_id", "customer_id")

    def link(self, identities: pa.Table, at: datetime) -> None:
        """Add identifiers (identifier, base_id, because); those known already stay as they are.

        One whose base is known belongs to the customer that this base is part of now.
        """
        rows = conform(identities, shape(words("identifier", "base_id", "because"))).read_all()
        told = rows.append_column("linked_at", pa.array([at] * rows.num_rows, pa.timestamp("us", tz="UTC")))
        with self._database.write() as connection:
            with staged(connection, told) as those, bulk(connection, _identities):
                connection.exec_driver_sql(
                    f"""INSERT INTO identities (identifier, base_id, customer_id, linked_at, because)
                    SELECT identifier, base_id, base_id, linked_at, because FROM {those}
                    WHERE true ORDER BY identifier ON CONFLICT (identifier) DO NOTHING"""  # noqa: S608  # our own table
                )
                merged = connection.exec_driver_sql(
                    f"""SELECT DISTINCT base_id FROM {those} WHERE base_id IN (
                    SELECT left_id FROM merges WHERE status = 'merged'
                    UNION SELECT right_id FROM merges WHERE status = 'merged')"""  # noqa: S608
                )
                bases = [str(base) for base in merged.scalars()]
            regroup(connection, bases)

    def identifiers_of(self, customer_id: str) -> list[str]:
        """All identifiers of a customer, sorted."""
        return sorted(self._values(select(_identities.c.identifier).where(_identities.c.customer_id == customer_id)))

    def known_by(self, base_ids: Sequence[str]) -> dict[str, list[str]]:
        """The identifiers of each of these few bases, sorted: what somebody was known by before any merge."""
        found: dict[str, list[str]] = {}
        query = select(_identities.c.base_id, _identities.c.identifier).where(_identities.c.base_id.in_(base_ids))
        with self._database.read() as connection:
            for base, name in connection.execute(query.order_by(_identities.c.identifier)):
                found.setdefault(base, []).append(name)
        return found

    def find(self, text: str) -> str | None:
        """The customer id behind a customer id (a merged one too), an identifier, or its bare value (17850)."""
        with self._database.read() as connection:
            return found_each(connection, [text])[0]

    def merge(self, merge_id: str) -> Merge | None:
        """One merge."""
        return self._one(_merge, select(_merges).where(_merges.c.merge_id == merge_id))

    def merges(
        self, *, status: str = "", customer_id: str = "", limit: int = 50, after: str | None = None
    ) -> tuple[list[Merge], bool]:
        """Merges, newest first, of a status, of a customer; from a cursor (a merge id) on; whether more follow."""
        query = select(_merges)
        if status:
            query = query.where(_merges.c.status == status)
        if customer_id:
            theirs = bases_of(customer_id)
            query = query.where(or_(_merges.c.left_id.in_(theirs), _merges.c.right_id.in_(theirs)))
        return self._page(_merge, query, (_merges.c.found_at, _merges.c.merge_id), after=after, limit=limit)

    def merge_graph(self) -> pa.Table:
        """merge_id, left_id, right_id, status of every merge: what a check for cycles and contradictions needs."""
        return self._whole(_merges, "merge_id", "left_id", "right_id", "status")

    def put_merges(self, merges: Sequence[Merge]) -> None:
        """Add merges or replace those with the same id, and give every base concerned its customer id anew.

        A customer that is now part of another keeps its row, hidden from lists until it is its own again.
        """
        # Field by field: `dataclasses.asdict` copies deep, and takes a minute for a hundred thousand.
        plain = [column.name for column in _merges.c if column.name != "evidence"]
        rows = [
            {name: getattr(one, name) for name in plain} | {"evidence": msgspec.json.encode(one.evidence).decode()}
            for one in merges
        ]
        with self._database.write() as connection:
            put(connection, _merges, rows, over=True)
            regroup(connection, {base for one in merges for base in (one.left_id, one.right_id)})

    def _whole(self, table: Any, *names: str) -> pa.Table:
        return self._table(select(*(table.c[name] for name in names)), words(*names))


def bases_of(customer_id: str) -> CompoundSelect[tuple[str]]:
    """The ids of all customers that are this one now, to be looked for; rows of before a merge carry their own."""
    theirs = select(_identities.c.base_id).where(_identities.c.customer_id == customer_id)
    return union(theirs, select(literal(customer_id)))


def regroup(connection: Connection, bases: Iterable[str]) -> None:
    """Give these bases, and all that they are or were merged with, their customer id: the least base id of the group.

    Whatever group a row that is gone has held together, each of its parts holds one of that row's two ends: so all
    concerned are found by walking along the merges that hold now.
    """
    part_of = {base: base for base in bases}
    part_of |= _least(_edges(connection, part_of))
    if not part_of:
        return
    table = pa.table({"base_id": [*part_of], "customer_id": [*part_of.values()]})
    with staged(connection, table) as those:
        connection.exec_driver_sql(
            f"""UPDATE identities SET customer_id = {those}.customer_id FROM {those}
            WHERE identities.base_id = {those}.base_id AND identities.customer_id <> {those}.customer_id"""  # noqa: S608
        )
        hide(connection, f"SELECT base_id FROM {those}")  # noqa: S608


def _edges(connection: Connection, bases: Iterable[str]) -> list[tuple[str, str]]:
    """The two ends of every merge that holds these bases together with others, directly or through more of them."""
    edges: list[tuple[str, str]] = []
    seen: set[str] = set()
    fresh = set(bases)
    while fresh:
        seen |= fresh
        with staged(connection, pa.table({"base_id": sorted(fresh)})) as those:
            # By their ends: an empty string added to the status keeps SQLite from looking among all that are merged.
            sides = (
                f"""SELECT left_id, right_id FROM {those} JOIN merges ON merges.{side}_id = {those}.base_id
                WHERE merges.status || '' = 'merged'"""  # noqa: S608  # our own names
                for side in ("left", "right")
            )
            found = [(row.left_id, row.right_id) for row in connection.exec_driver_sql(" UNION ".join(sides))]
        edges += found
        fresh = {base for edge in found for base in edge} - seen
    return edges


def hide(connection: Connection, among: str) -> None:
    """Of the customers in a SELECT, hide the rows of those that are part of another now, and show the others'."""
    connection.exec_driver_sql(
        f"""UPDATE customers SET merged_into = (
            SELECT nullif(identities.customer_id, identities.base_id) FROM identities
            WHERE identities.base_id = customers.customer_id LIMIT 1)
        WHERE customer_id IN ({among})"""  # noqa: S608  # our own statement
    )


def _least(edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each end of these edges the least that it is connected with."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while above.setdefault(one, one) != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for left, right in edges:
        less, more = sorted((top(left), top(right)))
        above[more] = less
    return {one: top(one) for one in above}


_OWNER = func.coalesce(customers.c.merged_into, customers.c.customer_id)
_ASKED: BindParameter[Any] = bindparam("asked", expanding=True, type_=Text())
_NAMED: BindParameter[Any] = bindparam("named", expanding=True, type_=Text())
_FOUND = union_all(
    select(literal_column("0"), _identities.c.base_id, _identities.c.customer_id)
    .where(_identities.c.base_id.in_(_ASKED))
    .distinct(),
    select(literal_column("1"), customers.c.customer_id, _OWNER).where(customers.c.customer_id.in_(_ASKED)),
    select(literal_column("2"), _identities.c.identifier, _identities.c.customer_id).where(
        _identities.c.identifier.in_(_NAMED)
    ),
)


def found_each(connection: Connection, texts: Sequence[str]) -> list[str | None]:
    """The customer ids behind a few customer ids, identifiers or bare values (17850, ada@example.org).

    For the id of a customer that is part of another now, it is the other's.
    """
    texts = [text.replace("\x00", "\ufffd") for text in texts]  # as columns.Words keeps them
    names = {text: _names(text) for text in texts}
    found: tuple[dict[str, str], ...] = ({}, {}, {})
    asked = {"asked": list(names), "named": [name for each in names.values() for name in each]}
    for way, name, who in connection.execute(_FOUND, asked) if names else ():
        found[way][name] = who
    bases, known, called = found
    return [
        bases.get(text) or known.get(text) or next((called[name] for name in names[text] if name in called), None)
        for text in texts
    ]


def _names(text: str) -> list[str]:
    """The identifiers that a text may be, the likeliest first."""
    kind, colon, value = text.partition(":")
    names = [identifier(kind, value)] if colon and kind in IDENTIFIER_KINDS else []
    return [text, *names, *(identifier(each, text) for each in IDENTIFIER_KINDS)]


def _merge(*, evidence: str, **row: Any) -> Merge:
    return Merge(**row, evidence=msgspec.json.decode(evidence, type=tuple[Field, ...]))
