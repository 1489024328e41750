"""Backup and restore: the same rows on either database, and no new event taken for an old one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from tests.store.making import DAY, NOW, chosen, facts, joined, linked, listened, met, named, seat

from openchair.chair.intake.sync import sync
from openchair.chair.ports import INDEXED_KINDS, Envelope
from openchair.chair.views import ImportReport, Reject, Review
from openchair.core.errors import BadInput, Conflict
from openchair.facts.kinds import KINDS
from openchair.store import backup
from openchair.store.history import DeltaHistory
from openchair.store.sql import schema
from openchair.store.sql.database import Database
from openchair.store.sql.schema import metadata
from openchair.store.sql.state import SqlState, open_state

MakeEvent = Callable[..., Envelope]


def as_event(body: bytes, source: str, key: str, received_at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Every envelope is an event of its key's name."""
    row = {"fact_id": key, "source": source, "received_at": received_at, "happened_at": received_at, "name": f"n{key}"}
    return [("events", row)]


def rows(database: Database) -> dict[str, set[tuple[Any, ...]]]:
    """All lasting rows by table."""
    with database.read() as connection:
        return {
            table.name: {tuple(row) for row in connection.execute(select(table))}
            for table in metadata.sorted_tables
            if table.name not in ("sessions", "leases", "idempotency")
        }


def fill(state: SqlState, history: DeltaHistory, event: MakeEvent) -> None:
    """Something in nearly every table: events in history and some still waiting, people and what was said of them."""
    state.inbox.put([event(i) for i in range(5)])
    sync(state, history, to_facts=as_event)
    state.inbox.put([event(i) for i in range(5, 8)])
    report = ImportReport("i1", "orders.csv", "orders", "shop", NOW, 1.0, 3, 1, 2, 0, {"purchases": 1})
    state.save_import(report, [Reject("orders.csv", n, "no date", f"é\u0000{n}") for n in (2, 3)])
    state.access.add_user("ada@example.org", "Ada", "a sentence only Ada says", "owner")
    state.access.create_key("till", ["ingest"])
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.replace_customers(named("a", "b"))
    state.put_merges([joined("a", "b")])
    for kind in INDEXED_KINDS:
        state.index(kind, facts(kind, {"fact_id": "1", "identifier": "id:2"}), ["one.parquet"])
    state.save_decisions(DAY, "daily", met(("s1", "{}")), chosen({"decision_id": "1", "customer_id": "a"}))
    state.open_reviews([Review("r1", "decision", "1", "a", "Look", NOW, "the customer")])
    state.add_seat(replace(seat("s1"), opened_at=NOW, session_hash=b"\x00\xff"))
    state.log("ada", "read", "a", "", NOW)
    state.choose("target", "", "{}", by="ada", at=NOW)
    survey = {"survey_id": "nps", "version": 1, "status": "live", "definition": "{}", "changed_by": "ada"}
    theme = {"theme_id": "t1", "name": "late", "told": "{}", "centroid": b"\x00\xff", "born_on": DAY, "named_by": ""}
    with state._database.write() as connection:
        listened(connection, "a", "id:1", 1)
        connection.execute(insert(schema.surveys).values(**survey, changed_at=NOW))
        connection.execute(insert(schema.themes).values(theme))
        connection.execute(insert(schema.models).values(name="letters", made_at=NOW, body=b"\x00\xff"))
    state.bury(["id:9"], NOW)


@pytest.mark.parametrize("to", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_dump_loads_into_either_database(
    state: SqlState, history: DeltaHistory, event: MakeEvent, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Row for row; and what arrives afterwards reaches history, for its number is above all that history has seen."""
    fill(state, history, event)
    (tmp_path / "dump").mkdir()
    backup.dump(state._database, tmp_path / "dump")
    url = f"sqlite:///{tmp_path / 'other.db'}" if to == "sqlite" else str(request.getfixturevalue("other_postgres_url"))
    restored = open_state(url)
    backup.load(restored._database, tmp_path / "dump", history, tuple(KINDS))
    assert rows(restored._database) == rows(state._database)
    assert {name for name, kept in rows(restored._database).items() if not kept} == {"turns", "invites"}
    restored.log("ada", "restored", None, "", NOW)
    assert [line.number for line in restored.audit()[0]] == [2, 1]
    restored.choose("target", "", "[]", by="ada", at=NOW)
    assert [one.number for one in restored.choices("target")] == [2, 1]
    assert [row["fact_id"] for row in restored.said("traits", "a")] == ["1"]
    assert restored.merge("a+b") == state.merge("a+b")
    assert restored.inbox.put([event(2), event(8)]) == [False, True]
    assert sync(restored, history, to_facts=as_event) == {"events": 4}
    assert restored.access.sign_in("ada@example.org", "a sentence only Ada says")
    with pytest.raises(Conflict):
        backup.load(restored._database, tmp_path / "dump", history, tuple(KINDS))
    restored.close()


def test_a_new_database_on_an_old_history_loses_nothing(
    history: DeltaHistory, event: MakeEvent, tmp_path: Path
) -> None:
    """Its numbers begin at 1 again, but its inbox has another name, so history does not take them for known."""
    for name in ("one", "two"):
        state = open_state(f"sqlite:///{tmp_path / name}.db")
        state.inbox.put([event(f"{name}{i}") for i in range(3)])
        assert sync(state, history, to_facts=as_event) == {"events": 3}
        state.close()


def test_what_is_no_backup_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """A wrong file makes no shop."""
    (tmp_path / "x.tar.gz").write_bytes(b"\x1f\x8bnot really")
    with pytest.raises(BadInput, match="backup"):
        backup.unpack(tmp_path / "x.tar.gz", tmp_path / "home")
    assert not (tmp_path / "home" / "openchair.toml").exists()
