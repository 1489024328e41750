"""Whom something could be sent to, and what is known of them for it, in the state's database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, FromClause, and_, case, func, select

from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.store.sql.rows import ASKED, Tables, words
from openchair.store.sql.schema import customers, identities, indexed, outbox

_mail = and_(identities.c.identifier >= "email:", identities.c.identifier < "email;")
_among = identities.c.customer_id.in_(ASKED)
_traits, _ties, _answers = (indexed[kind] for kind in ("traits", "ties", "answers"))


class Reach(Tables):
    """Customers one could write to."""

    def everyone(self, columns: Sequence[str]) -> pa.Table:
        """Some of CUSTOMER_COLUMNS of every customer that is shown, by customer id, and whether an e-mail address is
        known to be theirs alone (`mailable`)."""
        theirs = select(identities.c.customer_id).where(_mail)
        mailable = case((customers.c.customer_id.in_(theirs), 1), else_=0)
        query = select(*(customers.c[name] for name in columns), mailable.label("mailable"))
        query = query.where(customers.c.merged_into.is_(None)).order_by(customers.c.customer_id)
        return self._table(query, {name: CUSTOMER_COLUMNS[name] for name in columns} | {"mailable": pa.int64()})

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
        return self._table(query.distinct(), words("left_id", "right_id"))

    def addressed(self, customer_ids: Sequence[str]) -> pa.Table:
        """customer_id, identifier: the e-mail addresses that are theirs (email:..)."""
        query = select(identities.c.customer_id, identities.c.identifier).where(_mail, _among)
        return self._table(query, words("customer_id", "identifier"), customer_ids)

    def told(self, customer_ids: Sequence[str], names: Sequence[str]) -> pa.Table:
        """customer_id, name, value: the newest trait of each of these names that says something."""
        newest = _newest(_traits, identities.c.customer_id, _traits.c.name)
        said = (
            select(identities.c.customer_id, _traits.c.name, _traits.c.value, newest)
            .join(_traits, _traits.c.identifier == identities.c.identifier)
            .where(_traits.c.name.in_(names), _traits.c.value != "", _among)
        ).subquery()
        query = select(said.c.customer_id, said.c.name, said.c.value).where(said.c.place == 1)
        return self._table(query, words("customer_id", "name", "value"), customer_ids)

    def scored(self, metric: str, column: str, since: datetime) -> pa.Table:
        """part, score, n: each customer's newest answer of a metric since a time, by a column of their row."""
        newest = _newest(_answers, identities.c.customer_id)
        those = (
            select(customers.c[column].label("part"), _answers.c.score, newest)
            .select_from(_answers)
            .join(identities, identities.c.identifier == _answers.c.identifier)
            .join(customers, customers.c.customer_id == identities.c.customer_id)
            .where(_answers.c.metric == metric, _answers.c.score.is_not(None), _answers.c.happened_at >= since)
        ).subquery()
        query = select(those.c.part, those.c.score, func.count()).where(those.c.place == 1)
        columns = {"part": pa.string(), "score": pa.float64(), "n": pa.int64()}
        return self._table(query.group_by(those.c.part, those.c.score), columns)

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
        columns = {"part": pa.string(), "asked": pa.int64(), "answered": pa.int64()}
        return self._table(query.group_by(customers.c[column]), columns)


def _newest(facts: FromClause, *of: ColumnElement[Any]) -> ColumnElement[Any]:
    """`place`, 1 for the newest fact of each."""
    order = (facts.c.happened_at.desc(), facts.c.fact_id.desc())
    return func.row_number().over(partition_by=of, order_by=order).label("place")
