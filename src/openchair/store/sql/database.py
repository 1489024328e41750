"""Opening the state's database, and transactions on it: alike on SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from openchair.core.errors import BadInput, StorageFull
from openchair.store.sql.migrations import HEAD, upgrade

BUSY_SECONDS = 60.0
"""How long a writer waits for another's transaction: longer than a turn needs to replace a million customers."""

CACHE = "cache_size = -16000"
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 8000", CACHE)

_FULL = ("disk is full", "No space left", "disk I/O error", "readonly database", "unable to open")


class Database:
    """A migrated database: `read` and `write` give a connection inside one transaction."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.lite = self.engine.dialect.name == "sqlite"
        with named_errors():
            if not self.migrated():
                with self.write() as connection:
                    upgrade(connection)

    def migrated(self) -> bool:
        """Whether the tables are those that this version expects."""
        with self.read() as connection:
            if not connection.dialect.has_table(connection, "alembic_version"):
                return False
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database."""
        with named_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection whose changes are kept together or not at all; on SQLite the only writer from its start."""
        with named_errors(), self.engine.connect() as plain:
            connection = plain.execution_options(openchair_write=True)
            with connection.begin():
                yield connection

    def compact(self) -> None:
        """Write a SQLite file anew, without what was deleted; PostgreSQL's own vacuum does so in its time."""
        self._outside("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    def checkpoint(self) -> None:
        """Move what SQLite's log holds into its file while others read and write, so that no commit stops to do it."""
        self._outside("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _outside(self, *statements: str) -> None:
        """Do on SQLite what no transaction may hold."""
        if not self.lite:
            return
        with named_errors():
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                for one in statements:
                    cursor.execute(one)
                cursor.close()
            finally:
                raw.close()


def _engine(text: str) -> Engine:
    try:
        url = make_url(text)
        if url.get_backend_name() == "postgresql":
            return _postgres(url.set(drivername="postgresql+psycopg"))
        if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
            raise ArgumentError("not a file")
    except (ArgumentError, NoSuchModuleError):
        raise BadInput(
            "state",
            value=text,
            bound="must be sqlite:///FILE or postgresql+psycopg://...",
            remedy="Correct the setting.",
        ) from None
    except ModuleNotFoundError:
        raise BadInput("state", value=text, bound="needs psycopg", remedy="Install openchair[postgres].") from None
    file = Path(url.database)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as wrong:
        raise StorageFull("state", value=str(wrong), bound="must be writable", remedy="Free or allow it.") from None
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=16)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        prepare(connection)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("openchair_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgres(url: Any) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, pool_size=16)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    return engine


def prepare(connection: sqlite3.Connection) -> None:
    """Make a SQLite connection durable and strict; transactions begin when we say so, not when the driver thinks."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def named_errors() -> Iterator[None]:
    """A full or failing disk, a lock that is never given and a server that is gone become StorageFull."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as failed:
        raise storage_error(failed) from failed


def storage_error(failed: Exception) -> Exception:
    """What a driver's error means to a caller: StorageFull where waiting may help, else the error itself."""
    cause = getattr(failed, "orig", failed)
    text = str(cause)
    code = getattr(cause, "sqlstate", None) or ""
    lost = isinstance(failed, DBAPIError) and failed.connection_invalidated
    if lost or code[:2] in ("08", "53", "57", "58") or any(sign in text for sign in _FULL) or "locked" in text:
        return StorageFull(
            "state", value=text, bound="must be writable", remedy="Nothing was kept; send it again later."
        )
    return failed


def sqlite_file(engine: Engine) -> str:
    """The file behind a SQLite engine."""
    return cast(str, engine.url.database)
