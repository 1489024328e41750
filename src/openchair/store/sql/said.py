"""What was said about one customer, found by whom it is about: facts of INDEXED_KINDS, in step with history.

The index is sound whenever anyone fills it: a fact that is known changes nothing, a file is remembered in the same
transaction as its facts, and what an erased person left in an old file is not taken in again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, or_, select

from openchair.chair.ports import Envelope
from openchair.core.errors import NotFound
from openchair.facts import kinds
from openchair.store.sql.database import Database
from openchair.store.sql.erasure import buried, ends_of
from openchair.store.sql.inbox import put_within
from openchair.store.sql.rows import bulk, conform, insertion, staged
from openchair.store.sql.schema import customers, identities, indexed, indexed_files


class Said:
    """What the State protocol says of the index."""

    _database: Database

    def indexed(self, kind: str) -> frozenset[str]:
        """The files of history whose facts are in the index."""
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(indexed_files.c.file).where(indexed_files.c.kind == kind)))

    def index(self, kind: str, rows: pa.RecordBatchReader | pa.Table, files: Iterable[str]) -> None:
        """Add facts (the kind's own columns; known ones change nothing), and remember which files they were all of.

        files: all that history has now. Those not remembered so far are the ones that `rows` come from; those that
        history has no more, joined into others or rewritten by an erasure, are forgotten.
        """
        shape = kinds.schema(kind)
        names = ", ".join(shape.names)
        with self._database.write() as connection:
            with (
                staged(connection, _living(connection, kind, conform(rows, shape))) as those,
                bulk(connection, indexed[kind]),
            ):
                connection.exec_driver_sql(
                    f"""INSERT INTO facts_{kind} ({names}) SELECT {names} FROM {those} WHERE true
                    ORDER BY identifier, fact_id ON CONFLICT (identifier, fact_id) DO NOTHING"""  # noqa: S608
                )
            connection.execute(delete(indexed_files).where(indexed_files.c.kind == kind))
            if remembered := [{"kind": kind, "file": file} for file in files]:
                connection.execute(insert(indexed_files), remembered)

    def drop(self, kind: str, before: datetime) -> None:
        """Take facts that happened before a time out of the index."""
        with self._database.write() as connection:
            connection.execute(delete(indexed[kind]).where(indexed[kind].c.happened_at < before))

    def said(self, kind: str, customer_id: str) -> list[dict[str, Any]]:
        """A customer's facts of a kind as rows, oldest first (happened_at, fact_id); of ties those of either end."""
        facts = indexed[kind]
        theirs = select(identities.c.identifier).where(identities.c.customer_id == customer_id)
        query = select(facts).where(or_(*(facts.c[name].in_(theirs) for name in ends_of(kind))))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(facts.c.happened_at, facts.c.fact_id)).mappings()
            return [dict(row) for row in found]

    def speakers(self, identifiers: Sequence[str]) -> list[str]:
        """The customers whom these identifiers mean, sorted."""
        asked = pa.table({"identifier": pa.array(identifiers, pa.string())})
        with self._database.read() as connection, staged(connection, asked) as those:
            found = connection.exec_driver_sql(
                f"""SELECT DISTINCT identities.customer_id FROM {those}
                JOIN identities ON identities.identifier = {those}.identifier"""  # noqa: S608  # our own table
            )
            return sorted(found.scalars())

    def owners(self, identifiers: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """The customer id and name behind each of these few identifiers; those that mean nobody are left out."""
        named = select(identities.c.identifier, identities.c.customer_id, customers.c.name)
        joined = named.join_from(
            identities, customers, customers.c.customer_id == identities.c.customer_id, isouter=True
        ).where(identities.c.identifier.in_(identifiers))
        with self._database.read() as connection:
            return {row.identifier: (row.customer_id, row.name) for row in connection.execute(joined)}

    def record(self, events: Sequence[Envelope], facts: Mapping[str, pa.Table]) -> None:
        """Put our own facts into the inbox and the index in one transaction: they hold as soon as this returns.

        facts: by kind; kinds that are not indexed are in the inbox alone. Raises NotFound for whoever was erased.
        """
        with self._database.write() as connection:
            record_within(connection, events, facts)

    def recent_traits(self, prefix: str, limit: int) -> list[dict[str, Any]]:
        """The newest traits whose name begins so (consent.), each with its `customer_id` and their name, `customer`."""
        facts = indexed["traits"]
        # In the statement's own words, so that the index of consents is used.
        low: BindParameter[str] = bindparam("low", prefix, literal_execute=True)
        high: BindParameter[str] = bindparam("high", prefix[:-1] + chr(ord(prefix[-1]) + 1), literal_execute=True)
        query = (
            select(facts, identities.c.customer_id, customers.c.name.label("customer"))
            .join(identities, identities.c.identifier == facts.c.identifier)
            .outerjoin(customers, customers.c.customer_id == identities.c.customer_id)
            .where(facts.c.name >= low, facts.c.name < high)
            .order_by(facts.c.happened_at.desc(), facts.c.fact_id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def record_within(connection: Connection, events: Sequence[Envelope], facts: Mapping[str, pa.Table]) -> None:
    """`record`, inside a transaction that also does something else."""
    put_within(connection, events)
    for kind in facts.keys() & indexed.keys():
        rows = [row for row in facts[kind].to_pylist() if row["identifier"] is not None]
        if gone := buried(connection, {row[name] for row in rows for name in ends_of(kind)}):
            raise NotFound("customer", value=min(gone), bound="was erased", remedy="Nothing can be said of them.")
        if rows:
            connection.execute(insertion(connection, indexed[kind]).on_conflict_do_nothing(), rows)


def _living(connection: Connection, kind: str, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The facts that are about somebody, and not about someone erased."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            some = batch.filter(batch["identifier"].is_valid())
            for name in ends_of(kind):
                gone = buried(connection, set(some[name].unique().to_pylist()))
                some = some.filter(pc.invert(pc.is_in(some[name], pa.array(sorted(gone), pa.string()))))
            yield some

    return pa.RecordBatchReader.from_batches(rows.schema, batches())
