"""What the use cases need of the state to send: messages that wait for their time, and whom one could write to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from openchair.chair.ports import Envelope


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox: something for one customer, and what became of it.

    kind: survey. subject: which one. channel: e-mail, webhook or link. status: waiting, sent, given, failed or dropped.
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


class Outbox(Protocol):
    """What waits to be sent, and whom something could be sent to."""

    def due(self, now: datetime, channels: Sequence[str], limit: int) -> list[Message]:
        """Messages that wait and whose time has come, on these channels, the longest due first."""
        ...

    def settle_message(self, message: Message, events: Sequence[Envelope], facts: Mapping[str, pa.Table]) -> bool:
        """Put what became of a message in place of the one that waits, with the facts of it, in one transaction.

        False, and then nothing is kept, where it waits no more. Raises NotFound for whoever was erased.
        """
        ...

    def replay(self, at: datetime) -> int:
        """Let messages that failed wait again, from this time on and with all their tries; gives how many."""
        ...

    def awaiting(self, kind: str) -> list[str]:
        """The customers for whom a message of a kind waits."""
        ...

    def everyone(self, columns: Sequence[str]) -> pa.Table:
        """Some of CUSTOMER_COLUMNS of every customer that is shown, by customer id, and whether an e-mail address is
        known to be theirs alone (`mailable`)."""
        ...

    def relatives(self) -> pa.Table:
        """left_id and right_id of customers who are said to be one family, each pair one way or the other."""
        ...

    def addressed(self, customer_ids: Sequence[str]) -> pa.Table:
        """customer_id, identifier: the e-mail addresses that are theirs (email:..)."""
        ...

    def told(self, customer_ids: Sequence[str], names: Sequence[str]) -> pa.Table:
        """customer_id, name, value: the newest trait of each of these names that says something."""
        ...

    def scored(self, metric: str, column: str, since: datetime) -> pa.Table:
        """part, score, n: each customer's newest answer of a metric since a time, by a column of their row."""
        ...

    def responded(self, subjects: Sequence[str], column: str, since: datetime, until: datetime) -> pa.Table:
        """part, asked, answered: who was sent one of these surveys between two times, by a column of their row."""
        ...
