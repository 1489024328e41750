"""What waits to be sent, and whom something could be sent to, in the state's database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, and_, case, func, select, text, update

from openchair.chair.ports import CUSTOMER_COLUMNS, Envelope
from openchair.chair.state.records import OPEN, Message
from openchair.store.sql.database import Database
from openchair.store.sql.rows import insertion, staged, table_of
from openchair.store.sql.said import record_within
from openchair.store.sql.schema import customers, decisions, identities, indexed, outbox

COURSE = (
    "proposed", "deferred", "approved", "dismissed", "sent", "failed", "delivered", "opened", "clicked", "answered",
)  # fmt: skip
"""Statuses of a decision in their order; what is heard late takes none of them back, and a veto stands for ever."""
BACK = ("proposed", "deferred", "dismissed", "vetoed", "failed")
"""Statuses with which a decision takes back what waited to carry it out."""
_STREAMED = {"yield_per": 50_000}
_mail = and_(identities.c.identifier >= "email:", identities.c.identifier < "email;")
_among = text("identities.customer_id IN (SELECT asked_id FROM staged)")
_traits, _ties, _answers = (indexed[kind] for kind in ("traits", "ties", "answers"))


def _words(*names: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


class Outbox:
    """What the State protocol says of sending."""

    _database: Database

    def due(self, now: datetime, channels: Sequence[str], limit: int) -> list[Message]:
        """Messages of a status in OPEN whose time has come, on these channels, the longest due first."""
        ready = (outbox.c.status.in_(OPEN), outbox.c.due_at <= now, outbox.c.channel.in_(channels))
        return self._found(select(outbox).where(*ready).order_by(outbox.c.due_at, outbox.c.message_id).limit(limit))

    def messages(self, statuses: Sequence[str], limit: int) -> list[Message]:
        """Messages of these statuses, the latest due first."""
        query = select(outbox).where(outbox.c.status.in_(statuses))
        return self._found(query.order_by(outbox.c.due_at.desc(), outbox.c.message_id).limit(limit))

    def hand_over(self, before: Message, after: Message) -> bool:
        """Put a message that was pulled in place of what it was; False where somebody else was quicker."""
        here = [outbox.c[name] == getattr(before, name) for name in ("message_id", "status", "due_at")]
        with self._database.write() as connection:
            return bool(connection.execute(update(outbox).where(*here).values(_row(after))).rowcount)

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
        with self._database.write() as connection:
            connection.execute(update(outbox).where(outbox.c.address != "", *settled).values(address=""))

    def awaiting(self, kind: str) -> list[str]:
        """The customers for whom a message of a kind waits."""
        waits = and_(outbox.c.status == "waiting", outbox.c.kind == kind)
        query = select(identities.c.customer_id).join(outbox, outbox.c.customer_id == identities.c.base_id)
        with self._database.read() as connection:
            return list(connection.scalars(query.where(waits).distinct()))

    def everyone(self, columns: Sequence[str]) -> pa.Table:
        """Some of CUSTOMER_COLUMNS of every customer that is shown, by customer id, and whether an e-mail address is
        known to be theirs alone (`mailable`)."""
        theirs = select(identities.c.customer_id).where(_mail)
        mailable = case((customers.c.customer_id.in_(theirs), 1), else_=0)
        query = select(*(customers.c[name] for name in columns), mailable.label("mailable"))
        query = query.where(customers.c.merged_into.is_(None)).order_by(customers.c.customer_id)
        shape = pa.schema([*((name, CUSTOMER_COLUMNS[name]) for name in columns), ("mailable", pa.int64())])
        with self._database.read() as connection:
            return table_of(connection.execute(query, execution_options=_STREAMED), shape)

    def relatives(self, relations: Sequence[str] = ("family",), before: datetime | None = None) -> pa.Table:
        """left_id and right_id of customers who are said to be one family, or tied so, each pair one way or other.

        before: only ties that there were by then.
        """
        one, other = identities.alias(), identities.alias()
        query = (
            select(one.c.customer_id, other.c.customer_id)
            .select_from(_ties)
            .join(one, one.c.identifier == _ties.c.identifier)
            .join(other, other.c.identifier == _ties.c.other)
            .where(_ties.c.relation.in_(relations), one.c.customer_id != other.c.customer_id)
        )
        if before is not None:
            query = query.where(_ties.c.happened_at < before)
        with self._database.read() as connection:
            return table_of(connection.execute(query.distinct()), _words("left_id", "right_id"))

    def addressed(self, customer_ids: Sequence[str]) -> pa.Table:
        """customer_id, identifier: the e-mail addresses that are theirs (email:..)."""
        query = select(identities.c.customer_id, identities.c.identifier).where(_mail, _among)
        return self._of(customer_ids, query, _words("customer_id", "identifier"))

    def told(self, customer_ids: Sequence[str], names: Sequence[str]) -> pa.Table:
        """customer_id, name, value: the newest trait of each of these names that says something."""
        newest = func.row_number().over(
            partition_by=(identities.c.customer_id, _traits.c.name),
            order_by=(_traits.c.happened_at.desc(), _traits.c.fact_id.desc()),
        )
        said = (
            select(identities.c.customer_id, _traits.c.name, _traits.c.value, newest.label("place"))
            .join(_traits, _traits.c.identifier == identities.c.identifier)
            .where(_traits.c.name.in_(names), _traits.c.value != "", _among)
        ).subquery()
        query = select(said.c.customer_id, said.c.name, said.c.value).where(said.c.place == 1)
        return self._of(customer_ids, query, _words("customer_id", "name", "value"))

    def scored(self, metric: str, column: str, since: datetime) -> pa.Table:
        """part, score, n: each customer's newest answer of a metric since a time, by a column of their row."""
        newest = func.row_number().over(
            partition_by=identities.c.customer_id,
            order_by=(_answers.c.happened_at.desc(), _answers.c.fact_id.desc()),
        )
        those = (
            select(customers.c[column].label("part"), _answers.c.score, newest.label("place"))
            .select_from(_answers)
            .join(identities, identities.c.identifier == _answers.c.identifier)
            .join(customers, customers.c.customer_id == identities.c.customer_id)
            .where(_answers.c.metric == metric, _answers.c.score.is_not(None), _answers.c.happened_at >= since)
        ).subquery()
        query = select(those.c.part, those.c.score, func.count()).where(those.c.place == 1)
        shape = pa.schema([("part", pa.string()), ("score", pa.float64()), ("n", pa.int64())])
        with self._database.read() as connection:
            return table_of(connection.execute(query.group_by(those.c.part, those.c.score)), shape)

    def responded(self, subjects: Sequence[str], column: str, since: datetime, until: datetime) -> pa.Table:
        """part, asked, answered: who was sent one of these surveys between two times, by a column of their row."""
        answered = func.sum(case((outbox.c.answered_at.is_not(None), 1), else_=0))
        query = (
            select(customers.c[column], func.count(), answered)
            .select_from(outbox)
            # The row of one who is now part of another is hidden, not gone.
            .join(customers, customers.c.customer_id == outbox.c.customer_id)
            .where(outbox.c.subject.in_(subjects), outbox.c.sent_at.between(since, until))
        )
        shape = pa.schema([("part", pa.string()), ("asked", pa.int64()), ("answered", pa.int64())])
        with self._database.read() as connection:
            return table_of(connection.execute(query.group_by(customers.c[column])), shape)

    def _found(self, query: Select[Any]) -> list[Message]:
        with self._database.read() as connection:
            return [Message(**row) for row in connection.execute(query).mappings()]

    def _of(self, customer_ids: Sequence[str], query: Select[Any], shape: pa.Schema) -> pa.Table:
        asked = pa.table({"asked_id": pa.array(customer_ids, pa.string())})
        with self._database.read() as connection, staged(connection, asked):
            return table_of(connection.execute(query), shape)


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
