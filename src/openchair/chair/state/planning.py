"""What the use cases need of the state to plan a day: what was decided, what was used, and many answers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from openchair.chair.ports import Envelope
from openchair.chair.state.outbox import Message

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


class Planning(Protocol):
    """The plan of a day, and what is said to it."""

    def planned(
        self,
        *,
        day: date | None = None,
        statuses: Sequence[str] = (),
        action: str = "",
        decision_ids: Sequence[str] | None = None,
        limit: int,
    ) -> pa.Table:
        """Daily decisions to do something (PLAN_COLUMNS), best gain first: of a day, of some statuses, of an action;
        or those with these ids, whatever their day and occasion."""
        ...

    def tallies(self, day: date) -> pa.Table:
        """How many of a day's plan there are by action, channel, status and `stopped_by` (who decided, where it is
        dismissed or deferred) and `why`: columns of these, n, and gain_minor, gain_low, gain_high summed."""
        ...

    def done(self, since: date, day: date) -> pa.Table:
        """action, channel, today (whether of `day`), times: what was approved of the days from `since` to `day`."""
        ...

    def acted_at_home(self, customer_ids: Sequence[str], day: date, relations: Sequence[str]) -> set[str]:
        """Those of these customers beside whom another, tied to them so, was acted on: of whose decisions of a day one
        was approved."""
        ...

    def became(self, since: date, day: date) -> dict[str, int]:
        """How many decisions to do something, of the days from `since` to `day`, have each status."""
        ...

    def mark(self, marks: Sequence[Mark], facts: Mapping[str, pa.Table], *, by: str, at: datetime,
                 seen: tuple[date, date, int] | None = None) -> list[str]:  # fmt: skip
        """Set decisions' statuses and put the facts of it in inbox and index, with what carries them out, all at once.

        facts: of kind contacts, those of the events. by: empty for nobody. Decisions that have another status by now
        stay as they are, and so do their facts; gives the ids of those that were marked. seen: days from and to, and
        how many were approved of them when it was reckoned what still fits; raises Conflict where there are more.
        """
        ...
