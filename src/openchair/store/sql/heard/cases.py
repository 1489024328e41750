"""Cases: reviews of someone unhappy, by whose they are and until when, in the state's database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, exists, func, or_, select, update

from openchair.chair.ports import CUSTOMER_COLUMNS, Envelope
from openchair.chair.state.records import Facts, Page, Row
from openchair.store.sql import schema
from openchair.store.sql.rows import Tables
from openchair.store.sql.schema import calls as _calls
from openchair.store.sql.schema import customers, identities, low, reviews
from openchair.store.sql.who.facts import record_within

_answers = schema.indexed["answers"]


class Caring(Tables):
    """Cases, each with the answer that opened it."""

    def unopened(self, since: datetime, until: datetime, limit: int) -> list[Row]:
        """Low answers of a time that no case covers, the earliest of each customer: fact_id, base_id, happened_at,
        words, and `owner`, who reached them last by telephone.

        A case covers its own answer, and whatever the same customer answered until it was closed.
        """
        who, covers = identities.alias("who"), identities.alias("covers")
        covered = exists().where(
            reviews.c.kind == "case",
            covers.c.base_id == reviews.c.customer_id,
            covers.c.customer_id == who.c.customer_id,
            or_(reviews.c.verdict == "", reviews.c.decided_at >= _answers.c.received_at,
                reviews.c.subject == _answers.c.fact_id),
        )  # fmt: skip
        first = (_answers.c.happened_at, _answers.c.fact_id)
        place = func.row_number().over(partition_by=who.c.customer_id, order_by=first)
        ranked = (
            select(_answers, who.c.base_id, who.c.customer_id, place.label("place"))
            .join(who, who.c.identifier == _answers.c.identifier)
            .where(low, _answers.c.happened_at >= since, _answers.c.happened_at <= until, ~covered)
            .subquery()
        )
        owner = (
            select(_calls.c.leader)
            .join(identities, identities.c.base_id == _calls.c.customer_id)
            .where(identities.c.customer_id == ranked.c.customer_id, _calls.c.status == "reached")
            .order_by(_calls.c.done_at.desc(), _calls.c.call_id)
            .limit(1)
        )
        words = func.coalesce(func.nullif(ranked.c.text, ""), _words(ranked.c), "")
        told = (words.label("words"), func.coalesce(owner.scalar_subquery(), "").label("owner"))
        query = select(ranked.c.fact_id, ranked.c.base_id, ranked.c.happened_at, *told).where(ranked.c.place == 1)
        return self._rows(query.order_by(ranked.c.happened_at, ranked.c.fact_id).limit(limit))

    def cases(self, *, closed: bool, owner: str | None, limit: int, after: str | None) -> Page:
        """Cases with score, metric, answered_at, words and later_score: open ones by when they are due, closed ones
        newest first; of an owner (empty: of nobody); from a cursor (a case id) on, and whether more follow."""
        query = _cases().where(reviews.c.verdict != "" if closed else reviews.c.verdict == "")
        if owner is not None:
            query = query.where(reviews.c.owner == owner)
        place = (reviews.c.decided_at if closed else reviews.c.due_at, reviews.c.review_id)
        return self._page(dict, query, place, after=after, limit=limit, down=closed)

    def case(self, case_id: str) -> Row | None:
        """One case, likewise."""
        return self._row(_cases().where(reviews.c.review_id == case_id))

    def case_times(self, since: datetime) -> list[Row]:
        """Of cases that are open, or were opened from a time on: opened_at, due_at, decided_at, answered_at, score,
        metric, later_score."""
        query = _cases(*(reviews.c[name] for name in ("opened_at", "due_at", "decided_at")), of_customers=False)
        query = query.where(or_(reviews.c.verdict == "", reviews.c.opened_at >= since))
        return self._rows(query)

    def own_case(self, case_id: str, owner: str) -> bool:
        """Give an open case to somebody, or to nobody; False where none of that id is open."""
        mine = update(reviews).where(reviews.c.review_id == case_id, reviews.c.kind == "case", reviews.c.verdict == "")
        return self._change(mine.values(owner=owner)) > 0

    def close_case(
        self, case_id: str, verdict: str, by: str, at: datetime, why: str, events: Sequence[Envelope], facts: Facts
    ) -> bool:
        """Close an open case and keep the facts of it, in one transaction; False, and nothing kept, where none is."""
        waits = update(reviews).where(reviews.c.review_id == case_id, reviews.c.verdict == "")
        with self._database.write() as connection:
            done = connection.execute(waits.values(verdict=verdict, decided_by=by, decided_at=at, why=why)).rowcount
            if done:
                record_within(connection, events, facts)
            return bool(done)


def current_of(base: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whom a base id means now."""
    now = select(func.min(identities.c.customer_id)).where(identities.c.base_id == base)
    return func.coalesce(now.correlate_except(identities).scalar_subquery(), base)


def with_customer(query: Select[Any], base: Column[Any]) -> Select[Any]:
    """With the row of the customer that a base id means now, whose id is `who_id`."""
    current = current_of(base)
    columns = [customers.c[name] for name in CUSTOMER_COLUMNS if name != "customer_id"]
    told = query.add_columns(current.label("who_id"), *columns)
    return told.outerjoin_from(base.table, customers, customers.c.customer_id == current)


def _words(of: Any) -> ColumnElement[Any]:
    """The words that were given with an answer, or soon after, to the same survey: a fact of their own."""
    later = _answers.alias("later")
    return (
        select(later.c.text)
        .where(
            later.c.identifier == of.identifier,
            later.c.survey_id == of.survey_id,
            later.c.metric == of.metric,
            later.c.happened_at >= of.happened_at,
            later.c.text != "",
        )
        .order_by(later.c.happened_at, later.c.fact_id)
        .limit(1)
        .scalar_subquery()
    )


def _cases(*columns: Column[Any], of_customers: bool = True) -> Select[Any]:
    """Cases with the answer that opened each (score, metric, answered_at), its words, and the next score after it."""
    said, who = _answers.alias("said"), identities.alias("who")
    following, them = _answers.alias("following"), identities.alias("them")
    theirs = (who.c.base_id == reviews.c.customer_id, said.c.fact_id == reviews.c.subject)

    def answer(what: ColumnElement[Any]) -> ColumnElement[Any]:
        return (
            select(what).join_from(said, who, who.c.identifier == said.c.identifier).where(*theirs).limit(1)
            .correlate(reviews).scalar_subquery()
        )  # fmt: skip

    later = (
        select(following.c.score)
        .join_from(following, them, them.c.identifier == following.c.identifier)
        .where(
            them.c.customer_id == current_of(reviews.c.customer_id),
            following.c.metric == answer(said.c.metric),
            following.c.score.is_not(None),
            following.c.happened_at > reviews.c.decided_at,
        )
        .order_by(following.c.happened_at, following.c.fact_id)
        .limit(1)
        .correlate(reviews)
        .scalar_subquery()
    )
    query = select(
        *(columns or reviews.c),
        answer(said.c.score).label("score"),
        func.coalesce(answer(said.c.metric), "").label("metric"),
        answer(said.c.happened_at).label("answered_at"),
        later.label("later_score"),
    ).where(reviews.c.kind == "case")
    if not of_customers:
        return query
    words = func.coalesce(func.nullif(reviews.c.text, ""), answer(_words(said.c)), "")
    return with_customer(query.add_columns(words.label("words")), reviews.c.customer_id)
