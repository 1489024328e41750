"""The plan of a day in the state's database: what was decided, what was used, and many answers at once."""

from collections.abc import Sequence
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Text, and_, bindparam, case, func, select, text

from openchair.chair.state.records import PLAN_COLUMNS, UNDONE, Facts, Mark
from openchair.core.errors import Conflict
from openchair.store.sql.columns import UtcTime
from openchair.store.sql.post.inbox import WRITERS
from openchair.store.sql.post.outbox import follow
from openchair.store.sql.rows import ASKED, Tables, asked, shape, staged, words
from openchair.store.sql.schema import customers, decisions, identities, indexed
from openchair.store.sql.who.erasure import ERASED
from openchair.store.sql.who.facts import record_within

_acting = text("decisions.action <> 'wait'")  # in these words, so that the partial index is used
_MARKED = ("decision_id", "before", "status", "why")
_GAINS = ("gain_minor", "gain_low", "gain_high")


class Planning(Tables):
    """The plan of a day."""

    def planned(
        self, *, day: date | None = None, statuses: Sequence[str] = (), action: str = "",
        decision_ids: Sequence[str] | None = None, limit: int,
    ) -> pa.Table:  # fmt: skip
        """Daily decisions to do something (PLAN_COLUMNS), best gain first: of a day, of some statuses, of an action;
        or those with these ids, whatever their day and occasion."""
        columns = dict(decisions.c.items()) | {
            "customer_id": func.coalesce(customers.c.merged_into, decisions.c.customer_id),
            "decided_for": decisions.c.customer_id,
            "name": customers.c.name,
        }
        query = (
            select(*(columns[name].label(name) for name in PLAN_COLUMNS))
            .outerjoin(customers, customers.c.customer_id == decisions.c.customer_id)
            .where(_acting)
            .order_by(decisions.c.gain_minor.desc(), decisions.c.decision_id)
            .limit(limit)
        )
        wanted: list[ColumnElement[bool]] = []
        if day is not None:
            wanted += [decisions.c.day == day, decisions.c.moment == "daily", customers.c.merged_into.is_(None)]
        if statuses:
            wanted.append(decisions.c.status.in_(statuses))
        if action:
            wanted.append(decisions.c.action == action)
        if decision_ids is not None:
            wanted.append(decisions.c.decision_id.in_(ASKED))
        return self._table(query.where(*wanted), PLAN_COLUMNS, decision_ids)

    def tallies(self, day: date) -> pa.Table:
        """How many of a day's plan there are by action, channel, status and `stopped_by` (who decided, where it is
        dismissed or deferred) and `why`: columns of these, n, and gain_minor, gain_low, gain_high summed."""
        stopped = case((decisions.c.status.in_(("dismissed", "deferred")), func.coalesce(decisions.c.decided_by, "")),
                       else_="")  # fmt: skip
        parts = (decisions.c.action, decisions.c.channel, decisions.c.status, stopped.label("stopped_by"),
                 decisions.c.why)  # fmt: skip
        sums = [func.sum(decisions.c[name]) for name in _GAINS]
        theirs = (decisions.c.day == day, decisions.c.moment == "daily", decisions.c.customer_id.not_like(f"{ERASED}%"))
        query = (
            select(*parts, func.count().label("n"), *sums)
            .outerjoin(customers, customers.c.customer_id == decisions.c.customer_id)
            .where(_acting, *theirs, customers.c.merged_into.is_(None))
            .group_by(*parts)
            .order_by(*parts)
        )
        names = words("action", "channel", "status", "stopped_by", "why")
        return self._table(query, names | {"n": pa.int64()} | dict.fromkeys(_GAINS, pa.float64()))

    def done(self, since: date, day: date) -> pa.Table:
        """action, channel, today (whether of `day`), times: what was approved of the days from `since` to `day`."""
        today = case((decisions.c.day == day, 1), else_=0)
        parts = (decisions.c.action, decisions.c.channel, today)
        query = select(*parts, func.count()).where(_done(since, day)).group_by(*parts).order_by(*parts)
        return self._table(query, words("action", "channel") | dict.fromkeys(("today", "times"), pa.int64()))

    def acted_at_home(self, customer_ids: Sequence[str], day: date, relations: Sequence[str]) -> set[str]:
        """Those of these customers beside whom another, tied to them so, was acted on: of whose decisions of a day one
        was approved."""
        one, other, ties = identities.alias(), identities.alias(), indexed["ties"]
        found: set[str] = set()
        with self._database.read() as connection, asked(connection, customer_ids):
            among = one.c.customer_id.in_(ASKED)
            for mine, theirs in ((ties.c.identifier, ties.c.other), (ties.c.other, ties.c.identifier)):
                query = (
                    select(one.c.customer_id)
                    .join(ties, mine == one.c.identifier)
                    .join(other, theirs == other.c.identifier)
                    .join(decisions, decisions.c.customer_id == other.c.customer_id)
                    .where(among, ties.c.relation.in_(relations), one.c.customer_id != other.c.customer_id)
                    .where(_done(day, day))
                )
                found.update(connection.scalars(query.distinct()))
        return found

    def became(self, since: date, day: date) -> dict[str, int]:
        """How many decisions to do something, of the days from `since` to `day`, have each status."""
        theirs = (_acting, decisions.c.day.between(since, day))
        query = select(decisions.c.status, func.count().label("n")).where(*theirs).group_by(decisions.c.status)
        return {row["status"]: row["n"] for row in self._rows(query.order_by(decisions.c.status))}

    def mark(
        self, marks: Sequence[Mark], facts: Facts, *, by: str, at: datetime,
        seen: tuple[date, date, int] | None = None,
    ) -> list[str]:  # fmt: skip
        """Set decisions' statuses and put the facts of it in inbox and index, with what carries them out, all at once.

        facts: of kind contacts, those of the events. by: empty for nobody. Decisions that have another status by now
        stay as they are, and so do their facts; gives the ids of those that were marked. seen: days from and to, and
        how many were approved of them when it was reckoned what still fits; raises Conflict where there are more.
        """
        told = {name: [getattr(one, name) for one in marks] for name in _MARKED} | {"who": [by] * len(marks)}
        rows = pa.table(told, shape(words(*told)))
        with self._database.write() as connection:
            if not self._database.lite:  # SQLite has one writer anyway
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
            if seen is not None and _count(connection, *seen[:2]) > seen[2]:
                bound, remedy = "more was approved in the meantime", "Look at what is left, and approve again."
                raise Conflict("plan", value=seen[2], bound=bound, remedy=remedy)
            with staged(connection, rows) as those:
                marked = connection.execute(
                    text(
                        f"""UPDATE decisions SET status = {those}.status, why = {those}.why, decided_by = :who,
                        decided_at = :at FROM {those} WHERE decisions.decision_id = {those}.decision_id
                        AND decisions.status = {those}.before RETURNING decisions.decision_id"""  # noqa: S608
                    ).bindparams(bindparam("who", by or None, Text), bindparam("at", at, UtcTime))
                )
                taken = sorted(marked.scalars())
                kept = frozenset(taken)
                lost = text(f"DELETE FROM {those} WHERE decision_id = :one")  # noqa: S608  # our own table
                if gone := [{"one": one.decision_id} for one in marks if one.decision_id not in kept]:
                    connection.execute(lost, gone)
                mine = [one for one in marks if one.decision_id in kept]
                follow(connection, those, [one.message for one in mine if one.message])
            events = [one.event for one in mine if one.event]
            theirs = pa.array(taken, pa.string())
            said = {kind: table.filter(pc.is_in(table["decision_id"], theirs)) for kind, table in facts.items()}
            record_within(connection, events, said)
            return taken


def _done(since: date, day: date) -> ColumnElement[bool]:
    return and_(_acting, decisions.c.day.between(since, day), decisions.c.status.not_in(UNDONE))


def _count(connection: Connection, since: date, day: date) -> int:
    return connection.scalar(select(func.count()).select_from(decisions).where(_done(since, day))) or 0
