"""Records and columns that the use cases and the state hand to one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from openchair.chair.ports import Envelope

Row = dict[str, Any]
Page = tuple[list[Row], bool]
"""Rows, and whether more follow."""
Facts = Mapping[str, pa.Table]
"""Facts by kind."""
Many = pa.RecordBatchReader | pa.Table


PLACED = ("customer_id", "stage", "orders", "value_minor")
"""Columns of a customer's row that scores are weighted by."""

UNDONE = ("proposed", "dismissed", "deferred", "vetoed", "failed")
"""Statuses of decisions that take nothing of any budget."""

PLAN_COLUMNS: Mapping[str, pa.DataType] = {
    "decision_id": pa.string(),
    "customer_id": pa.string(),
    "decided_for": pa.string(),
    "name": pa.string(),
    "action": pa.string(),
    "channel": pa.string(),
    "status": pa.string(),
    "why": pa.string(),
    "decided_by": pa.string(),
    "decided_at": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "gain_minor": pa.float64(),
    "gain_low": pa.float64(),
    "gain_high": pa.float64(),
}
"""decided_for: the record that a decision is about, which may be part of the customer by now."""

READING_COLUMNS: Mapping[str, pa.DataType] = {
    "identifier": pa.string(),
    "fact_id": pa.string(),
    "place": pa.int64(),
    "kind": pa.string(),
    "happened_at": pa.timestamp("us", tz="UTC"),
    "channel": pa.string(),
    "begins": pa.int64(),
    "ends": pa.int64(),
    "language": pa.string(),
    "theme_id": pa.string(),
    "closeness": pa.float64(),
    "reading": pa.string(),
    "surety": pa.float64(),
    "read_by": pa.string(),
    "sentiment": pa.float64(),
}
"""A sentence: where it stands in which fact, and what it was read as. `identifier` is empty where it is nobody's."""

LOT_COLUMNS = {"customer_id": pa.string(), "arm": pa.string(), "entered": pa.date32(), "home": pa.string()}
TALLY_COLUMNS = {
    "day": pa.date32(), "arm": pa.string(), "action": pa.string(), "done": pa.bool_(), "n": pa.int64(),
    "settled": pa.int64(),
}  # fmt: skip
LOG_COLUMNS = {
    "customer_id": pa.string(), "record_id": pa.string(), "action": pa.string(), "propensity": pa.float64(),
    "done": pa.bool_(), "outcome_minor": pa.float64(), "expected_minor": pa.float64(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox: something for one customer, and what became of it.

    kind: survey or decision. subject: which one. channel: as consents name it, or link. status: waiting; pulled (given
    to whoever delivers it, until due_at); sent; given (handed over here); failed or dropped.
    """

    message_id: str
    """16 hexadecimal digits, made of chance."""
    kind: str
    subject: str
    customer_id: str
    channel: str
    address: str
    language: str
    made_at: datetime
    due_at: datetime
    status: str
    tries: int = 0
    why: str = ""
    sent_at: datetime | None = None
    answered_at: datetime | None = None


OPEN = ("waiting", "pulled")
"""Statuses of messages of which it is not settled what becomes of them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of a decision: the status it has, the one it takes, and why; with the fact and the message of it.

    event: None where nothing was said to anybody, as when a budget was used.
    """

    decision_id: str
    before: str
    status: str
    why: str
    event: Envelope | None = None
    message: Message | None = None


SINCE = "decisions since"
"""The name under which what is believed between turns is kept (chair.learning.between)."""


class Faced(NamedTuple):
    """Those who wait for a decision. stands: what changes whenever that may have which decisions rest on: the newest
    turn, the newest choice of a person, and when it was last learned from what came since (SINCE). found: the customer
    behind each name. rows: CUSTOMER_COLUMNS by customer. decided: what was decided for them on the day, by decision id,
    joined with its situation and customer.
    """

    stands: tuple[object, ...]
    found: list[str | None]
    rows: dict[str, Row]
    decided: dict[str, Row]


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme as it is kept. `names` and `telling` are by language; `centroid` is float32."""

    theme_id: str
    name: str
    names: Mapping[str, str]
    telling: Mapping[str, Sequence[str]]
    centroid: bytes
    born_on: date
    named_by: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided of a subject, as JSON; the newest of a kind and subject holds, the others are its past.

    number: from 1, by kind and subject.

    >>> from datetime import UTC, datetime
    >>> Choice(1, "target", "", '{"language": "en"}', "ada", datetime(2026, 7, 1, tzinfo=UTC), "who we opened for").by
    'ada'
    """

    number: int
    kind: str
    subject: str
    body: str
    by: str
    at: datetime
    why: str
