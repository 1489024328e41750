"""Erasure: what is left of an erased person is a salted hash of each identifier, by which they stay erased."""

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, update

from openchair.chair.intake import own
from openchair.store.sql import schema
from openchair.store.sql.rows import Tables, pieces, put
from openchair.store.sql.schema import audit, decisions, erased, identities, inbox, indexed, merges, reviews, turns
from openchair.store.sql.who.identities import bases_of

ERASED = "erased-"
"""How the customer id begins of settled decisions about someone who is erased; the rest is chance."""
LONG = 5
"""Letters from which a bare identifier names one person; short ones such as "17" are part of a thousand rows."""
_AT_ONCE = 10_000
_STREAMED = {"yield_per": _AT_ONCE}

NAMING: dict[str, tuple[str, ...]] = {
    "rejects": ("file", "reason", "row"),
    "reviews": ("subject", "text", "why"),
    "merges": ("because", "evidence", "why"),
    "idempotency": ("body",),
    "choices": ("body", "why"),
}
"""Tables whose rows go when one of these columns names the erased person, whomever else they are about."""


class Erasure(Tables):
    """Erasing for good."""

    def bury(self, identifiers: Sequence[str], at: datetime) -> None:
        """Remember for ever, as hashes, that whoever had these identifiers is erased."""
        with self._database.write() as connection:
            salt = _salt(connection)
            _engrave(connection, salt, (hashed(salt, one) for one in identifiers), at)

    def erased(self) -> Mapping[str, frozenset[str]]:
        """The hashes of erased identifiers by their salt: sha256 over salt and identifier, hexadecimal.

        A home has one salt of its own; others come with tombstones of another home.
        """
        found: dict[str, set[str]] = {}
        with self._database.read() as connection:
            for salt, one in connection.execute(select(erased.c.salt, erased.c.hash)):
                found.setdefault(salt, set()).add(one)
        return {salt: frozenset(hashes) for salt, hashes in found.items()}

    def tombstones(self, salt: str, hashes: Iterable[str], at: datetime) -> list[str]:
        """Take over another home's tombstones (its salt comes with them); gives known identifiers that they mean."""
        told = frozenset(hashes)
        with self._database.write() as connection:
            _engrave(connection, salt, told, at)
            known = connection.scalars(select(identities.c.identifier), execution_options=_STREAMED)
            return sorted(one for one in known if hashed(salt, one) in told)

    def forget(self, customer_id: str, identifiers: Sequence[str], words: Sequence[str]) -> None:
        """Remove a customer's rows everywhere: of all that they are now, of what was said of both ends of their ties.

        Rows of others that name them go too (NAMING): by an identifier, or by any of `words`, in any letters. Settled
        decisions stay under ids made of chance: what was learned from them is about no one. In the audit log a hash
        stands for them. On SQLite the file is written anew, for deleted rows stay readable in its free pages.
        """
        with self._database.write() as connection:
            bases = [str(base) for base in connection.scalars(bases_of(customer_id))]
            joined = or_(merges.c.left_id.in_(bases), merges.c.right_id.in_(bases))
            subjects = [*identifiers, *connection.scalars(select(merges.c.merge_id).where(joined))]
            subjects += connection.scalars(select(decisions.c.decision_id).where(decisions.c.customer_id.in_(bases)))
            _disown(connection, bases, customer_id)
            gone: dict[Table, ColumnElement[bool]]
            whole = (identities, schema.customers, schema.seats, decisions, schema.outbox, schema.calls)
            gone = {t: t.c.customer_id.in_(bases) for t in whole}
            gone[schema.readings] = schema.readings.c.identifier.in_(identifiers)
            gone |= {t: or_(*(t.c[end].in_(identifiers) for end in ends_of(kind))) for kind, t in indexed.items()}
            gone |= {merges: joined, reviews: or_(reviews.c.customer_id.in_(bases), reviews.c.subject.in_(subjects))}
            for table, condition in gone.items():
                connection.execute(delete(table).where(condition))
            after_them = update(schema.customers).where(schema.customers.c.household.in_(bases))
            connection.execute(after_them.values(household=schema.customers.c.customer_id))
            naming = _naming([*identifiers, *subjects, *bases], words)
            for name, columns in NAMING.items():
                _delete(connection, schema.metadata.tables[name], columns, naming)
            _silence(connection, bases, naming)
            _unlisten(connection, frozenset(identifiers), naming)
        self._database.compact()


def hashed(salt: str, identifier: str) -> str:
    """The hash that stays of an erased identifier."""
    return hashlib.sha256(f"{salt}{identifier}".encode()).hexdigest()


def buried(connection: Connection, identifiers: Collection[str]) -> set[str]:
    """Those of these identifiers that someone had who is erased."""
    salts = connection.scalars(select(erased.c.salt).distinct()).all()
    named = {hashed(salt, one): one for salt in salts for one in identifiers}
    parts = (select(erased.c.hash).where(erased.c.hash.in_(part)) for part in pieces([*named], _AT_ONCE))
    return {named[one] for part in parts for one in connection.scalars(part)}


def ends_of(kind: str) -> tuple[str, ...]:
    """The columns of an indexed kind that name whom a fact is about."""
    return tuple(name for name in ("identifier", "other") if name in indexed[kind].c)


def _salt(connection: Connection) -> str:
    """The salt of this home's first tombstone; a new one where there is none."""
    known = connection.scalar(select(erased.c.salt).order_by(erased.c.erased_at, erased.c.salt).limit(1))
    return known or secrets.token_hex(16)


def _engrave(connection: Connection, salt: str, hashes: Iterable[str], at: datetime) -> None:
    put(connection, erased, [{"hash": one, "salt": salt, "erased_at": at} for one in sorted(set(hashes))])


def _disown(connection: Connection, bases: Sequence[str], customer_id: str) -> None:
    """Let settled decisions, and what the audit log says, be about no one."""
    settled = select(decisions.c.decision_id).where(
        decisions.c.customer_id.in_(bases), decisions.c.outcome_minor.is_not(None)
    )
    for decision_id in connection.scalars(settled).all():
        nobody = {"decision_id": secrets.token_hex(16), "customer_id": ERASED + secrets.token_hex(10), "why": ""}
        connection.execute(update(decisions).where(decisions.c.decision_id == decision_id).values(nobody))
    nobody = {"customer_id": hashed(_salt(connection), customer_id), "detail": ""}
    connection.execute(update(audit).where(audit.c.customer_id.in_(bases)).values(nobody))


def _naming(ids: Iterable[str], words: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text names a person: by an id long enough to be theirs alone, by one in quotes, by any of the words."""
    values = [one.partition(":")[2] or one for one in ids]
    texts = {*(f'"{one}"' for one in ids), *(one for one in values if len(one) >= LONG), *words}
    # As JSON writes them, too.
    texts |= {json.dumps(one, ensure_ascii=plain)[1:-1] for one in texts for plain in (True, False)}
    parts = {text.lower() for text in texts if text.strip()}

    def naming(text: str) -> bool:
        low = text.lower()
        return any(part in low for part in parts)

    return naming


def _texts(connection: Connection, table: Table, columns: Sequence[str]) -> Iterator[tuple[Any, str]]:
    """The key of each row and what it says in these columns."""
    query = select(*table.primary_key.columns, *(table.c[name] for name in columns))
    with connection.execute(query, execution_options=_STREAMED) as found:
        for key, *said in found:
            yield (
                key,
                "\n".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else one or "" for one in said),
            )


def _delete(connection: Connection, table: Table, columns: Sequence[str], naming: Callable[[str], bool]) -> None:
    """Delete the rows that name the erased person."""
    key = next(iter(table.primary_key.columns))
    found = [one for one, text in _texts(connection, table, columns) if naming(text)]
    for part in pieces(found, _AT_ONCE):
        connection.execute(delete(table).where(key.in_(part)))


def _silence(connection: Connection, bases: Sequence[str], naming: Callable[[str], bool]) -> None:
    """Take their voice out of what turns told, and what names them out of the audit log."""
    for number, text in list(_texts(connection, audit, ("detail",))):
        if naming(text):
            connection.execute(update(audit).where(audit.c.number == number).values(detail=""))
    for turn_id, text in list(_texts(connection, turns, ("report",))):
        report = msgspec.json.decode(text)
        if report["voice_of"] in bases or naming(msgspec.json.encode(report["voice"]).decode()):
            silent = msgspec.json.encode(report | {"voice": None, "voice_of": None}).decode()
            connection.execute(update(turns).where(turns.c.turn_id == turn_id).values(report=silent))


def _unlisten(connection: Connection, identifiers: frozenset[str], naming: Callable[[str], bool]) -> None:
    """Take out of the inbox what arrived about them in the meantime."""
    for row in connection.execute(select(inbox)).all():
        try:
            facts = own.to_facts(row.body, row.source, row.key, row.received_at)
            theirs = any(
                fact.get(end) in identifiers for _, fact in facts for end in ("identifier", "invitee", "other")
            )
        except Exception:  # noqa: BLE001  # whatever our reader trips over
            theirs = naming(row.body.decode("utf-8", "replace"))
        if theirs:
            connection.execute(delete(inbox).where(inbox.c.seq == row.seq))
