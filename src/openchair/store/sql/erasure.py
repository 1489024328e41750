"""Erasure: what is left of an erased person is a salted hash of each identifier, by which they stay erased."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select, update

from openchair.store.sql.database import Database
from openchair.store.sql.schema import customers, decisions, erased, identities, notes, rejects, turns

SALT = "erasure_salt"


class Erasure:
    """What the State protocol says of erasing."""

    _database: Database

    def bury(self, identifiers: Sequence[str], at: datetime) -> None:
        """Remember for ever, as hashes, that whoever had these identifiers is erased."""
        salt, known = self.erased()
        with self._database.write() as connection:
            if not salt:
                salt = secrets.token_hex(16)
                connection.execute(insert(notes).values(key=SALT, value=salt))
            new = {hashed(salt, text) for text in identifiers} - known
            if new:
                connection.execute(insert(erased), [{"hash": h, "erased_at": at} for h in sorted(new)])

    def erased(self) -> tuple[str, frozenset[str]]:
        """The salt of the home and the hashes of erased identifiers: sha256 over salt and identifier, hexadecimal."""
        with self._database.read() as connection:
            salt = connection.scalar(select(notes.c.value).where(notes.c.key == SALT)) or ""
            return salt, frozenset(connection.scalars(select(erased.c.hash))) if salt else frozenset()

    def forget(self, customer_id: str, identifiers: Sequence[str]) -> None:
        """Remove a customer's rows: identifiers, standing, decisions, words in turns, rejected rows that name them.

        On SQLite the file is written anew, for deleted rows stay readable in its free pages.
        """
        values = [text.partition(":")[2] for text in identifiers]
        with self._database.write() as connection:
            for table in (identities, customers, decisions):
                connection.execute(delete(table).where(table.c.customer_id == customer_id))
            told = select(turns.c.turn_id, turns.c.report).where(turns.c.report.contains(customer_id))
            for turn_id, text in connection.execute(told).all():
                report = msgspec.json.decode(text)
                if report["voice_of"] == customer_id:
                    silent = msgspec.json.encode(report | {"voice": None, "voice_of": None}).decode()
                    connection.execute(update(turns).where(turns.c.turn_id == turn_id).values(report=silent))
            for value in values:
                # Short ids such as "17" are part of a thousand other rows; what is long enough names one person.
                if len(value) >= 5:
                    connection.execute(delete(rejects).where(rejects.c.row.contains(value, autoescape=True)))
        self._database.compact()


def hashed(salt: str, identifier: str) -> str:
    """The hash that stays of an erased identifier."""
    return hashlib.sha256(f"{salt}{identifier}".encode()).hexdigest()
