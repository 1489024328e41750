"""Rows for the store's tests: whatever a test leaves out gets a sound value."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, insert

from openchair.chair.ports import CUSTOMER_COLUMNS, DECISION_COLUMNS, SITUATION_COLUMNS, Envelope
from openchair.chair.seats import Seat
from openchair.chair.state.records import Mark
from openchair.chair.views import Field, Merge
from openchair.facts.kinds import schema
from openchair.store.sql import schema as schema_of
from openchair.store.sql.state import SqlState

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
DAY = date(2026, 3, 1)
HOUR = timedelta(hours=1)

OWN: dict[str, dict[str, Any]] = {
    "traits": {"name": "city", "value": "Käln", "said_by": "customer", "confidence": 0.5},
    "contacts": {"action": "call", "status": "sent"},
    "ties": {"other": "id:9", "relation": "family"},
    "answers": {"survey_id": "nps", "metric": "nps", "score": 3.0, "text": "Läte"},
}


def people(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema(list(CUSTOMER_COLUMNS.items())))


def named(*ids: str) -> pa.Table:
    return people(*({"customer_id": one, "name": f"Name {one}", "orders": 1, "consents": 3} for one in ids))


def chosen(*rows: dict[str, Any]) -> pa.Table:
    plain = {"situation_id": "s1", "action": "call", "gain_minor": 100.0, "propensity": 0.5, "policy": "p1"}
    plain |= {"arm": "learned", "channel": "call", "features": 0, "window_days": 28}
    return pa.Table.from_pylist([{**plain, **row} for row in rows], pa.schema(list(DECISION_COLUMNS.items())))


def met(*records: tuple[str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"situation_id": s, "record": r} for s, r in records], pa.schema(list(SITUATION_COLUMNS.items()))
    )


def answered(state: SqlState, decision_id: str, status: str, event: Envelope, by: str = "ada") -> list[str]:
    """Let what was proposed take a status, with the fact of it."""
    return state.mark([Mark(decision_id, "proposed", status, "", event)], {}, by=by, at=NOW)


def linked(*rows: tuple[str, str]) -> pa.Table:
    return pa.Table.from_pylist([{"identifier": i, "base_id": b, "because": "first seen"} for i, b in rows])


def joined(left: str, right: str, status: str = "merged", **others: Any) -> Merge:
    left, right = sorted((left, right))
    evidence = (Field("name", "Ana \x00", 'An "a"', 2.5), Field("city", "Käln", "เชียงใหม่", -0.5))
    whole: dict[str, Any] = {"kind": "model", "because": "alike", "probability": 0.97, "evidence": evidence, **others}
    return Merge(f"{left}+{right}", left, right, status=status, found_at=NOW, **whole)


def facts(kind: str, *rows: dict[str, Any]) -> pa.Table:
    plain = {"source": "shop", "received_at": NOW, "happened_at": NOW, **OWN[kind]}
    return pa.Table.from_pylist([{**plain, **row} for row in rows], schema(kind))


def seat(name: str, hours: int = 0, customer_id: str = "a") -> Seat:
    return Seat(name, customer_id, "ur", NOW + hours * HOUR, "ada", NOW + 720 * HOUR)


def listened(connection: Connection, customer_id: str, identifier: str, number: int) -> None:
    """A message that waits for a customer, a call to make to them, and a sentence of theirs as it was read."""
    mail = {"message_id": f"m{number}", "kind": "survey", "subject": "nps", "channel": "e-mail", "why": "", "tries": 0}
    mail |= {"customer_id": customer_id, "address": identifier.partition(":")[2], "language": "en", "status": "waiting"}
    call = {"call_id": f"c{number}", "week": DAY, "leader": "ada", "place": 1, "customer_id": customer_id}
    heard = {"identifier": identifier, "fact_id": f"v{number}", "place": 0, "kind": "voices", "happened_at": NOW}
    heard |= {"channel": "review", "begins": 0, "ends": 9, "language": "en", "reading": "pain", "surety": 0.9}
    connection.execute(insert(schema_of.outbox).values(**mail, made_at=NOW, due_at=NOW))
    connection.execute(insert(schema_of.calls).values(**call, reason="silent", because="", questions="[]", status=""))
    connection.execute(insert(schema_of.readings).values(**heard, read_by="model", sentiment=-0.5))
