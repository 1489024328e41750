"""What was heard, counted by theme, reading and customer: how many said it, what they are worth, in whose words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, or_, select

from openchair.chair.state.records import READING_COLUMNS, Row
from openchair.store.sql.rows import Tables
from openchair.store.sql.schema import customers, identities
from openchair.store.sql.schema import readings as _readings
from openchair.store.sql.schema import themes as _themes

_ILL = or_(_readings.c.reading == "pain", _readings.c.sentiment <= -0.3)


class Told(Tables):
    """Figures of what customers said."""

    def heard_totals(self, since: datetime, until: datetime) -> dict[str, Any]:
        """messages, sentences, customers, unplaced of a time, and `languages`: sentences by language."""
        when = _within(since, until)
        totals = _joined(
            select(
                func.count(distinct(_readings.c.fact_id)).label("messages"),
                func.count().label("sentences"),
                func.count(distinct(_WHO)).label("customers"),
                func.count().filter(_readings.c.theme_id.is_(None)).label("unplaced"),
            )
        ).where(when)
        spoken = select(_readings.c.language, func.count()).where(when).group_by(_readings.c.language)
        with self._database.read() as connection:
            found = dict(connection.execute(totals).mappings().one())
            by = sorted(connection.execute(spoken), key=lambda row: (-row[1], row[0]))
        return found | {"languages": dict(by)}

    def heard_themes(self, since: datetime, until: datetime) -> list[Row]:
        """A row a theme, reading and language: sentences, and the sum of their sentiment."""
        keys = (_readings.c.theme_id, _readings.c.reading, _readings.c.language)
        query = select(*keys, func.count().label("sentences"), func.sum(_readings.c.sentiment).label("felt"))
        return self._rows(query.where(_within(since, until), _readings.c.theme_id.is_not(None)).group_by(*keys))

    def heard_by(
        self, since: datetime, until: datetime, *, weeks: Sequence[datetime] = (), readings: Sequence[str] = ()
    ) -> list[Row]:
        """A row a theme (and week, and reading, where these are given): messages, customers, ill (those of them who
        spoke ill), and what both are expected to spend in 12 months: value, spread, valued; ill_value, ill_spread,
        ill_valued. spread is the sum of squared half widths. theme_id None: whoever said anything."""
        when = [_within(since, until), *([_readings.c.reading.in_(readings)] if readings else [])]
        week = case(*((_readings.c.happened_at >= at, at.date().isoformat()) for at in reversed(weeks)), else_="")
        beside = {**({"week": week} if weeks else {}), **({"reading": _readings.c.reading} if readings else {})}
        themes = [_by({"theme_id": _readings.c.theme_id} | beside, [*when, _readings.c.theme_id.is_not(None)])]
        return [row for query in [*themes, *([] if readings else [_by(beside, when)])] for row in self._rows(query)]

    def heard_together(self, since: datetime, until: datetime, readings: Sequence[str]) -> list[Row]:
        """Pairs of (theme, reading) that the same customers spoke of, with how many: one, one_reading, other,
        other_reading, customers; of one with itself, all who spoke of it."""
        spoke = _joined(select(_WHO.label("who"), _readings.c.theme_id, _readings.c.reading)).where(
            _within(since, until), _readings.c.reading.in_(readings), _readings.c.theme_id.is_not(None)
        )
        one, other = spoke.distinct().subquery("one"), spoke.distinct().subquery("other")
        keys = (one.c.theme_id, one.c.reading, other.c.theme_id, other.c.reading)
        named = [k.label(n) for k, n in zip(keys, ("one", "one_reading", "other", "other_reading"), strict=True)]
        query = select(*named, func.count().label("customers")).join(other, one.c.who == other.c.who)
        return self._rows(query.group_by(*keys))

    def heard_quotes(
        self, since: datetime, until: datetime, *, each: int, theme_id: str = "", readings: Sequence[str] = ()
    ) -> list[Row]:
        """The most telling sentences of each theme (of each reading, where readings are given): READING_COLUMNS with
        customer_id and customer."""
        by = [_readings.c.theme_id, *([_readings.c.reading] if readings else [])]
        # Other words first: of sentences with the same closeness, which are mostly the same words, the newest.
        same = func.row_number().over(
            partition_by=(*by, _readings.c.closeness),
            order_by=(_readings.c.happened_at.desc(), _readings.c.fact_id, _readings.c.place),
        )
        where = [_within(since, until), _readings.c.theme_id.is_not(None)]
        where += [_readings.c.reading.in_(readings)] if readings else [_readings.c.reading != "other"]
        where += [_readings.c.theme_id == theme_id] if theme_id else []
        first = select(_readings, same.label("same")).where(*where).subquery()
        order = (first.c.same, (first.c.surety * first.c.closeness).desc(), first.c.fact_id, first.c.place)
        keys = [first.c.theme_id, *([first.c.reading] if readings else [])]
        ranked = select(first, func.row_number().over(partition_by=keys, order_by=order).label("rank")).subquery()
        query = (
            select(
                *(ranked.c[name] for name in READING_COLUMNS),
                identities.c.customer_id,
                func.coalesce(customers.c.name, "").label("customer"),
            )
            .outerjoin(identities, identities.c.identifier == ranked.c.identifier)
            .outerjoin(customers, customers.c.customer_id == identities.c.customer_id)
            .where(ranked.c.rank <= each)
            .order_by(ranked.c.theme_id, ranked.c.rank)
        )
        return self._rows(query)

    def wishes_of(self, customer_id: str) -> list[Row]:
        """What one customer needs, wants and aspires to: reading, theme_id, name, times, last; the most said first."""
        keys = (_readings.c.reading, _readings.c.theme_id, _themes.c.name)
        query = (
            select(*keys, func.count().label("times"), func.max(_readings.c.happened_at).label("last"))
            .join(identities, identities.c.identifier == _readings.c.identifier)
            .outerjoin(_themes, _themes.c.theme_id == _readings.c.theme_id)
            .where(identities.c.customer_id == customer_id, _readings.c.reading.in_(("need", "want", "aspiration")))
            .group_by(*keys)
            .order_by(func.count().desc(), func.max(_readings.c.happened_at).desc(), _readings.c.theme_id)
        )
        return self._rows(query)


_WHO = func.coalesce(identities.c.customer_id, func.nullif(_readings.c.identifier, ""))
"""Whose a sentence is: a customer, or an identifier that no turn has seen yet; NULL for nobody's."""


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(_readings.c.happened_at >= since, _readings.c.happened_at < until)


def _joined(query: Any, *, valued: bool = False) -> Any:
    found = query.select_from(_readings).outerjoin(identities, identities.c.identifier == _readings.c.identifier)
    return found.outerjoin(customers, customers.c.customer_id == identities.c.customer_id) if valued else found


def _by(keys: Mapping[str, Any], when: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Customers by some keys: one row a customer first, so that who spoke twice is worth what they are worth once."""
    named = [column.label(name) for name, column in keys.items()]
    spoke = select(
        *named,
        _WHO.label("who"),
        func.count(distinct(_readings.c.fact_id)).label("messages"),
        func.max(case((_ILL, 1), else_=0)).label("ill"),
        func.max(customers.c.value_minor).label("value"),
        func.max(customers.c.value_minor - customers.c.value_low).label("half"),
    )
    one = _joined(spoke, valued=True).where(*when).group_by(*keys.values(), _WHO).subquery()
    own = [one.c[name] for name in keys]
    ill = and_(one.c.ill == 1, one.c.who.is_not(None))
    return select(
        *own,
        func.sum(one.c.messages).label("messages"),
        func.count(one.c.who).label("customers"),
        func.sum(case((ill, 1), else_=0)).label("ill"),
        *_worth(one, one.c.who.is_not(None), ""),
        *_worth(one, ill, "ill_"),
    ).group_by(*own)


def _worth(one: Any, which: ColumnElement[bool], prefix: str) -> list[ColumnElement[Any]]:
    """The sum of values of some customers, of the squares of half their intervals, and how many have one."""
    valued = and_(which, one.c.value.is_not(None))
    return [
        func.sum(case((valued, one.c.value), else_=0.0)).label(f"{prefix}value"),
        func.sum(case((valued, one.c.half * one.c.half), else_=0.0)).label(f"{prefix}spread"),
        func.sum(case((valued, 1), else_=0)).label(f"{prefix}valued"),
    ]
