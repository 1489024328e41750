"""What was said about one customer, found by whom it is about: facts of INDEXED_KINDS, in step with history.

The index is sound whenever anyone fills it: a fact that is known changes nothing, a file is remembered in the same
transaction as its facts, and what an erased person left in an old file is not taken in again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BindParameter, Connection, bindparam, delete, or_, select

from openchair.chair.ports import Envelope
from openchair.chair.state.records import Facts, Many, Row
from openchair.core.errors import NotFound
from openchair.facts import kinds
from openchair.store.sql.post.inbox import put_within
from openchair.store.sql.rows import ASKED, Tables, add, asked, conform, put
from openchair.store.sql.schema import customers, identities, indexed, indexed_files
from openchair.store.sql.who.erasure import buried, ends_of


class Said(Tables):
    """The index of facts."""

    def indexed(self, kind: str) -> frozenset[str]:
        """The files of history whose facts are in the index."""
        return frozenset(self._values(select(indexed_files.c.file).where(indexed_files.c.kind == kind)))

    def index(self, kind: str, rows: Many, files: Iterable[str]) -> None:
        """Add facts (the kind's own columns; known ones change nothing), and remember which files they were all of.

        files: all that history has now. Those not remembered so far are the ones that `rows` come from; those that
        history has no more, joined into others or rewritten by an erasure, are forgotten.
        """
        told = conform(rows, kinds.schema(kind))
        with self._database.write() as connection:
            add(connection, indexed[kind], _living(connection, kind, told))
            connection.execute(delete(indexed_files).where(indexed_files.c.kind == kind))
            put(connection, indexed_files, [{"kind": kind, "file": file} for file in files])

    def drop(self, kind: str, before: datetime) -> None:
        """Take facts that happened before a time out of the index."""
        self._change(delete(indexed[kind]).where(indexed[kind].c.happened_at < before))

    def said(self, kind: str, customer_id: str) -> list[Row]:
        """A customer's facts of a kind as rows, oldest first (happened_at, fact_id); of ties those of either end."""
        facts = indexed[kind]
        theirs = select(identities.c.identifier).where(identities.c.customer_id == customer_id)
        query = select(facts).where(or_(*(facts.c[name].in_(theirs) for name in ends_of(kind))))
        return self._rows(query.order_by(facts.c.happened_at, facts.c.fact_id))

    def speakers(self, identifiers: Sequence[str]) -> list[str]:
        """The customers whom these identifiers mean, sorted."""
        query = select(identities.c.customer_id).where(identities.c.identifier.in_(ASKED)).distinct()
        with self._database.read() as connection, asked(connection, identifiers):
            return sorted(connection.scalars(query))

    def owners(self, identifiers: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """The customer id and name behind each of these few identifiers; those that mean nobody are left out."""
        query = (
            select(identities.c.identifier, identities.c.customer_id, customers.c.name)
            .outerjoin_from(identities, customers, customers.c.customer_id == identities.c.customer_id)
            .where(identities.c.identifier.in_(identifiers))
        )
        return {row["identifier"]: (row["customer_id"], row["name"]) for row in self._rows(query)}

    def record(self, events: Sequence[Envelope], facts: Facts) -> None:
        """Put our own facts into the inbox and the index in one transaction: they hold as soon as this returns.

        facts: by kind; kinds that are not indexed are in the inbox alone. Raises NotFound for whoever was erased.
        """
        with self._database.write() as connection:
            record_within(connection, events, facts)

    def recent_traits(self, prefix: str, limit: int) -> list[Row]:
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
        return self._rows(query)


def record_within(connection: Connection, events: Sequence[Envelope], facts: Facts) -> None:
    """`record`, inside a transaction that also does something else."""
    put_within(connection, events)
    for kind in facts.keys() & indexed.keys():
        rows = [row for row in facts[kind].to_pylist() if row["identifier"] is not None]
        if gone := buried(connection, {row[name] for row in rows for name in ends_of(kind)}):
            raise NotFound("customer", value=min(gone), bound="was erased", remedy="Nothing can be said of them.")
        put(connection, indexed[kind], rows)


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
