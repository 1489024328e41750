"""Calls to make, and whom there is a reason to call, in the state's database."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, Subquery, case, cast, exists, func, null, or_, select

from openchair.chair.ports import CUSTOMER_COLUMNS, Envelope
from openchair.chair.state.records import Facts, Row
from openchair.dossier.consent import CHANNELS
from openchair.store.sql import schema
from openchair.store.sql.columns import UtcTime, Words
from openchair.store.sql.heard.cases import with_customer
from openchair.store.sql.rows import Tables, insertion
from openchair.store.sql.schema import calls as _calls
from openchair.store.sql.schema import customers, identities, low, readings, reviews, themes, users
from openchair.store.sql.who.facts import record_within
from openchair.store.sql.who.identities import bases_of

CALLED_DAYS = 28
"""Whoever was called, or listed and seen to, in so many days is on no new list; an unhappy answer is fresh so long."""
NEED_DAYS = 180
RARE = 5
"""A need that so many customers have, or fewer, is unusual."""
AT_RISK_ORDERS, SILENT_ORDERS = 3, 2

_BY_CALL = ("call", *(word for word, channel in CHANNELS.items() if channel == "call"))
_WANTING = readings.c.reading.in_(("need", "aspiration"))
_THEIRS = identities.c.customer_id == customers.c.customer_id
_answers, _contacts = schema.indexed["answers"], schema.indexed["contacts"]


class Calling(Tables):
    """Calls to make."""

    def leaders(self) -> list[str]:
        """The e-mails of everyone who may sign in, sorted."""
        return self._values(select(users.c.email).order_by(users.c.email))

    def candidates(
        self, reason: str, *, now: datetime, week: date, limit: int, after: int = 0, chance: str = "",
        among: Sequence[str] = (),
    ) -> list[Row]:  # fmt: skip
        """Customers whom a reason (listening.calls.REASONS) names, the most telling first, from a place on.

        Without those called in the last weeks and those on a list of this week. Rows with CUSTOMER_COLUMNS, and what
        the reason is about: `found` (a need's name), `found_n` (a score, how many have a need), `found_at`; and whether
        a need or ties of theirs are known, `has_need`, `has_ties`. chance: the id from which customers are drawn.
        among: the customers who sent friends, whom only history knows.
        """
        query = _POOLS[reason](now, chance, among).where(customers.c.merged_into.is_(None), *_callable(now, week))
        return self._rows(query.limit(limit).offset(after))

    def put_calls(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep calls to make; one whose id is known changes nothing."""
        self._put(_calls, rows)

    def calls(self, week: date, leader: str = "") -> list[Row]:
        """A week's calls with the customer's row, by leader and place; those on no list come last."""
        query = with_customer(select(_calls), _calls.c.customer_id).where(_calls.c.week == week)
        if leader:
            query = query.where(_calls.c.leader == leader)
        query = query.order_by(_calls.c.leader, _calls.c.reason == "noted", _calls.c.place, _calls.c.call_id)
        return self._rows(query)

    def call(self, call_id: str) -> Row | None:
        """One call, likewise."""
        query = with_customer(select(_calls), _calls.c.customer_id).where(_calls.c.call_id == call_id)
        return self._row(query)

    def waiting_call(self, week: date, customer_id: str) -> str | None:
        """The call to this customer that a list of the week holds and nobody has reached."""
        query = select(_calls.c.call_id).where(
            _calls.c.week == week, _calls.c.customer_id.in_(bases_of(customer_id)), _calls.c.status != "reached"
        )
        found: str | None = self._value(query.order_by(_calls.c.call_id).limit(1))
        return found

    def end_call(self, row: Mapping[str, Any], events: Sequence[Envelope], facts: Facts) -> bool:
        """Keep what became of a call (a row of calls, new or known) and the facts of it, in one transaction.

        False, and nothing kept, where that call was reached already.
        """
        with self._database.write() as connection:
            put = insertion(connection, _calls).values(dict(row))
            put = put.on_conflict_do_update(
                index_elements=["call_id"],
                set_={name: put.excluded[name] for name in ("status", "done_at")},
                where=_calls.c.status != "reached",
            )
            done = connection.execute(put.returning(_calls.c.call_id)).first() is not None
            if done:
                record_within(connection, events, facts)
            return done

    def call_counts(self, since: date) -> list[Row]:
        """By week and leader, newest first: week, leader, listed, reached, tried (reached or not)."""

        def many(condition: ColumnElement[bool]) -> Any:
            return func.sum(case((condition, 1), else_=0))

        by = (_calls.c.week, _calls.c.leader)
        listed = many(_calls.c.reason != "noted").label("listed")
        reached = many(_calls.c.status == "reached").label("reached")
        tried = many(_calls.c.status.in_(("reached", "not reached"))).label("tried")
        query = select(*by, listed, reached, tried).where(_calls.c.week >= since).group_by(*by)
        return self._rows(query.order_by(_calls.c.week.desc(), _calls.c.leader))


# --- whom to call ---------------------------------------------------------------------------------------------------


def _callable(now: datetime, week: date) -> tuple[ColumnElement[bool], ...]:
    """Not called of late, on whatever occasion, and on no list of this week."""
    since = now - timedelta(days=CALLED_DAYS)
    listed = (
        select(identities.c.customer_id)
        .join_from(_calls, identities, identities.c.base_id == _calls.c.customer_id)
        .where(or_(_calls.c.week == week, (_calls.c.status != "") & (_calls.c.done_at > since)))
    )
    called = exists().where(
        _THEIRS,
        _contacts.c.identifier == identities.c.identifier,
        func.lower(_contacts.c.channel).in_(_BY_CALL),
        _contacts.c.status.in_(("approved", "sent", "delivered", "opened", "clicked", "answered")),
        _contacts.c.happened_at > since,
    )
    fresh = or_(customers.c.contacted_on.is_(None), customers.c.contacted_on < since.date(), ~called)
    return customers.c.customer_id.not_in(listed), fresh


def _pool(what: Any = None, number: Any = None, at: Any = None) -> Select[Any]:
    found = (cast(null(), Words) if what is None else what).label("found")
    found_n = (cast(null(), Float) if number is None else number).label("found_n")
    found_at = (cast(null(), UtcTime) if at is None else at).label("found_at")
    need = exists().where(_THEIRS, readings.c.identifier == identities.c.identifier, _WANTING).label("has_need")
    ends = (schema.indexed["ties"].c[end] == identities.c.identifier for end in ("identifier", "other"))
    ties = exists().where(_THEIRS, or_(*ends)).label("has_ties")
    return select(*(customers.c[name] for name in CUSTOMER_COLUMNS), found, found_n, found_at, need, ties)


_MOST = (customers.c.value_minor.desc().nulls_last(), customers.c.customer_id)


def _at_risk(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    usual = select(func.avg(customers.c.spent_minor)).where(customers.c.orders > 0).correlate(None).scalar_subquery()
    risk = customers.c.stage.in_(("slipping", "lapsed")), customers.c.orders >= AT_RISK_ORDERS
    return _pool().where(*risk, customers.c.spent_minor >= usual).order_by(*_MOST)


def _silent(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    answered = exists().where(_THEIRS, _answers.c.identifier == identities.c.identifier)
    heard = exists().where(_THEIRS, readings.c.identifier == identities.c.identifier)
    reached = exists().where(_THEIRS, _calls.c.customer_id == identities.c.base_id, _calls.c.status == "reached")
    quiet = (customers.c.nps_score.is_(None), customers.c.complained_on.is_(None), ~answered, ~heard, ~reached)
    return _pool().where(customers.c.orders >= SILENT_ORDERS, *quiet).order_by(*_MOST)


def _unhappy(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    """Whose case somebody has is called by them, not by another."""
    worst = _fresh_low(now)
    open_ = (reviews.c.kind == "case", reviews.c.verdict == "", reviews.c.owner != "")
    taken = exists().where(*open_, identities.c.base_id == reviews.c.customer_id, _THEIRS)
    query = _pool(number=worst.c.score, at=worst.c.happened_at)
    return (
        query.join(worst, worst.c.customer_id == customers.c.customer_id)
        .where(worst.c.place == 1, ~taken)
        .order_by(worst.c.happened_at.desc(), customers.c.customer_id)
    )


def _fresh_low(now: datetime) -> Subquery:
    newest = (_answers.c.happened_at.desc(), _answers.c.fact_id.desc())
    place = func.row_number().over(partition_by=identities.c.customer_id, order_by=newest)
    fresh = _answers.c.happened_at > now - timedelta(days=CALLED_DAYS), _answers.c.happened_at <= now
    return (
        select(identities.c.customer_id, _answers.c.score, _answers.c.happened_at, place.label("place"))
        .join_from(_answers, identities, identities.c.identifier == _answers.c.identifier)
        .where(low, *fresh)
        .subquery()
    )


def _needs(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    """Those who speak of a need that few have, the rarest first."""
    spoken = (
        select(readings.c.theme_id, identities.c.customer_id, func.max(readings.c.happened_at).label("at"))
        .join_from(readings, identities, identities.c.identifier == readings.c.identifier)
        .where(_WANTING, readings.c.theme_id.is_not(None), readings.c.happened_at > now - timedelta(days=NEED_DAYS))
        .group_by(readings.c.theme_id, identities.c.customer_id)
        .cte("spoken")
    )
    counted = select(spoken.c.theme_id, func.count().label("n")).group_by(spoken.c.theme_id)
    few = counted.having(func.count() <= RARE).subquery()
    place = func.row_number().over(partition_by=spoken.c.customer_id, order_by=(few.c.n, spoken.c.theme_id))
    rare = (
        select(spoken.c.customer_id, spoken.c.at, themes.c.name, few.c.n, place.label("place"))
        .join_from(spoken, few, few.c.theme_id == spoken.c.theme_id)
        .join(themes, (themes.c.theme_id == spoken.c.theme_id) & (themes.c.name != ""))
        .subquery()
    )
    return (
        _pool(rare.c.name, cast(rare.c.n, Float), rare.c.at)
        .join(rare, rare.c.customer_id == customers.c.customer_id)
        .where(rare.c.place == 1)
        .order_by(rare.c.n, customers.c.customer_id)
    )


def _senders(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    return _pool().where(customers.c.customer_id.in_(among)).order_by(*_MOST)


def _by_chance(now: datetime, chance: str, among: Sequence[str]) -> Select[Any]:
    """Those whose ids follow a point: ids are hashes, so everyone is as likely to be drawn."""
    return _pool().where(customers.c.orders >= 1, customers.c.customer_id >= chance).order_by(customers.c.customer_id)


_POOLS = {
    "champion at risk": _at_risk,
    "silent": _silent,
    "unhappy": _unhappy,
    "new sender": _senders,
    "unusual need": _needs,
    "chance": _by_chance,
}
