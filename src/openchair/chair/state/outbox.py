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


class Outbox(Protocol):
    """What waits to be sent, and whom something could be sent to."""

    def due(self, now: datetime, channels: Sequence[str], limit: int) -> list[Message]:
        """Messages of a status in OPEN whose time has come, on these channels, the longest due first."""
        ...

    def messages(self, statuses: Sequence[str], limit: int) -> list[Message]:
        """Messages of these statuses, the latest due first."""
        ...

    def hand_over(self, before: Message, after: Message) -> bool:
        """Put a message that was pulled in place of what it was; False where somebody else was quicker."""
        ...

    def settle_message(
        self,
        message: Message,
        events: Sequence[Envelope],
        facts: Mapping[str, pa.Table],
        *,
        became: str = "",
        anyhow: bool = False,
    ) -> bool:
        """Put what became of a message in place of the one that is OPEN, with the facts of it, in one transaction.

        became: the status that its decision takes, where that is later in its course than the one it has. anyhow: also
        in place of one that is not OPEN. False, and then nothing is kept, where it is not. Raises NotFound for whoever
        was erased.
        """
        ...

    def replay(self, at: datetime, message_id: str = "") -> int:
        """Let messages that failed, or the one, wait again, from this time on and with all their tries; and their
        decisions be approved again. Gives how many."""
        ...

    def forget_addresses(self, before: datetime) -> None:
        """Blank the addresses of messages that were settled before a time."""
        ...

    def awaiting(self, kind: str) -> list[str]:
        """The customers for whom a message of a kind waits."""
        ...

    def everyone(self, columns: Sequence[str]) -> pa.Table:
        """Some of CUSTOMER_COLUMNS of every customer that is shown, by customer id, and whether an e-mail address is
        known to be theirs alone (`mailable`)."""
        ...

    def relatives(self, relations: Sequence[str] = ("family",)) -> pa.Table:
        """left_id and right_id of customers who are said to be one family, or tied so, each pair one way or other."""
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
