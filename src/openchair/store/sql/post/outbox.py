"""What waits to be sent, and whom something could be sent to, in the state's database."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from openchair.chair.ports import Envelope
from openchair.chair.state.records import OPEN, Facts, Message
from openchair.store.sql.rows import Tables, insertion
from openchair.store.sql.schema import decisions, identities, outbox
from openchair.store.sql.who.facts import record_within

COURSE = (
    "proposed", "deferred", "approved", "dismissed", "sent", "failed", "delivered", "opened", "clicked", "answered",
)  # fmt: skip
"""Statuses of a decision in their order; what is heard late takes none of them back, and a veto stands for ever."""
BACK = ("proposed", "deferred", "dismissed", "vetoed", "failed")
"""Statuses with which a decision takes back what waited to carry it out."""


class Outbox(Tables):
    """Messages that wait for their time, and what became of them."""

    def add_messages(self, messages: Sequence[Message]) -> None:
        """Put messages into the outbox; one whose id is known changes nothing."""
        self._put(outbox, [asdict(one) for one in messages])

    def message(self, message_id: str) -> Message | None:
        """One message."""
        return self._one(Message, select(outbox).where(outbox.c.message_id == message_id))

    def due(self, now: datetime, channels: Sequence[str], limit: int) -> list[Message]:
        """Messages of a status in OPEN whose time has come, on these channels, the longest due first."""
        ready = (outbox.c.status.in_(OPEN), outbox.c.due_at <= now, outbox.c.channel.in_(channels))
        query = select(outbox).where(*ready).order_by(outbox.c.due_at, outbox.c.message_id)
        return self._made(Message, query.limit(limit))

    def messages(self, statuses: Sequence[str], limit: int) -> list[Message]:
        """Messages of these statuses, the latest due first."""
        query = select(outbox).where(outbox.c.status.in_(statuses))
        return self._made(Message, query.order_by(outbox.c.due_at.desc(), outbox.c.message_id).limit(limit))

    def hand_over(self, before: Message, after: Message) -> bool:
        """Put a message that was pulled in place of what it was; False where somebody else was quicker."""
        here = [outbox.c[name] == getattr(before, name) for name in ("message_id", "status", "due_at")]
        return self._change(update(outbox).where(*here).values(_row(after))) > 0

    def settle_message(
        self, message: Message, events: Sequence[Envelope], facts: Facts, *, became: str = "", anyhow: bool = False
    ) -> bool:
        """Put what became of a message in place of the one that is OPEN, with the facts of it, in one transaction.

        became: the status that its decision takes, where that is later in its course than the one it has. anyhow: also
        in place of one that is not OPEN. False, and then nothing is kept, where it is not. Raises NotFound for whoever
        was erased.
        """
        here = [outbox.c.message_id == message.message_id, *([] if anyhow else [outbox.c.status.in_(OPEN)])]
        with self._database.write() as connection:
            if not connection.execute(update(outbox).where(*here).values(_row(message))).rowcount:
                return False
            if message.kind == "decision" and became:
                earlier = decisions.c.status.in_(COURSE[: COURSE.index(became)])
                whose = (decisions.c.decision_id == message.subject, earlier)
                connection.execute(update(decisions).where(*whose).values(status=became))
            record_within(connection, events, facts)
            return True

    def replay(self, at: datetime, message_id: str = "") -> int:
        """Let messages that failed, or the one, wait again, from this time on and with all their tries; and their
        decisions be approved again. Gives how many."""
        those = [outbox.c.status == "failed", *([outbox.c.message_id == message_id] if message_id else [])]
        of_decisions = select(outbox.c.subject).where(*those, outbox.c.kind == "decision")
        failed = (decisions.c.status == "failed", decisions.c.decision_id.in_(of_decisions))
        with self._database.write() as connection:
            connection.execute(update(decisions).where(*failed).values(status="approved"))
            again = update(outbox).where(*those).values(status="waiting", due_at=at, tries=0)
            return int(connection.execute(again).rowcount)

    def forget_addresses(self, before: datetime) -> None:
        """Blank the addresses of messages that were settled before a time."""
        settled = (outbox.c.status.not_in((*OPEN, "failed")), func.coalesce(outbox.c.sent_at, outbox.c.due_at) < before)
        self._change(update(outbox).where(outbox.c.address != "", *settled).values(address=""))

    def awaiting(self, kind: str) -> list[str]:
        """The customers for whom a message of a kind waits."""
        query = select(identities.c.customer_id).join(outbox, outbox.c.customer_id == identities.c.base_id)
        return self._values(query.where(outbox.c.status == "waiting", outbox.c.kind == kind).distinct())


def follow(connection: Connection, marked: str, messages: Sequence[Message]) -> None:
    """Let what waits to carry decisions out follow what was said of them.

    marked: the name of a table of decision_id and status, and by whom. messages: of those that were approved; each
    comes in place of one that was taken back, and changes nothing where one waits or has left. Of the others, what
    waits is taken back, or, where the decision was carried out by hand, given.
    """
    if messages:
        put = insertion(connection, outbox)
        again = {name: put.excluded[name] for name in Message.__slots__ if name != "message_id"}
        put = put.on_conflict_do_update(index_elements=["message_id"], set_=again, where=outbox.c.status == "dropped")
        connection.execute(put, [{name: getattr(one, name) for name in Message.__slots__} for one in messages])
    back, open_ = (", ".join(f"'{one}'" for one in some) for some in (BACK, OPEN))
    connection.exec_driver_sql(
        f"""UPDATE outbox SET status = CASE WHEN {marked}.status IN ({back}) THEN 'dropped' ELSE 'given' END,
        why = {marked}.status || ' by ' || {marked}.who FROM {marked} WHERE outbox.subject = {marked}.decision_id
        AND outbox.kind = 'decision' AND outbox.status IN ({open_}) AND {marked}.status <> 'approved'"""  # noqa: S608
    )


def _row(message: Message) -> dict[str, Any]:
    # When it was answered is for the answer to say, which may come in before the post says that it went out.
    return {name: value for name, value in asdict(message).items() if name != "answered_at"}
