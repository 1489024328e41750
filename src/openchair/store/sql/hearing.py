"""Sentences as they were read, themes, and what models learned, in the state's database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, or_, select, update

from openchair.chair.state.records import READING_COLUMNS, ThemeRow
from openchair.store.sql.database import Database
from openchair.store.sql.erasure import buried
from openchair.store.sql.rows import bulk, conform, staged, table_of, upsert
from openchair.store.sql.schema import customers, identities
from openchair.store.sql.schema import models as _models
from openchair.store.sql.schema import readings as _readings
from openchair.store.sql.schema import themes as _themes

_SHAPE = pa.schema(list(READING_COLUMNS.items()))
_ILL = or_(_readings.c.reading == "pain", _readings.c.sentiment <= -0.3)
_MODEL = "model"


class Hearing:
    """What the State protocol says of readings, themes and models."""

    _database: Database

    def heard(self) -> pa.Table:
        """fact_id of everything that was read."""
        with self._database.read() as connection:
            query = select(_readings.c.fact_id).distinct()
            found = connection.execution_options(yield_per=50_000).execute(query)
            return table_of(found, pa.schema([("fact_id", pa.string())]))

    def add_readings(self, rows: pa.Table, *, anew: bool = False) -> None:
        """Keep sentences (READING_COLUMNS); known ones stay, or with `anew` are replaced, unless a person read them.

        Sentences of anyone erased are left out.
        """
        names = [*READING_COLUMNS]
        key = ("identifier", "fact_id", "place")
        others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
        found = f"DO UPDATE SET {others} WHERE readings.read_by = '{_MODEL}'" if anew else "DO NOTHING"
        with self._database.write() as connection:
            whole = conform(rows, _SHAPE).read_all()
            gone = buried(connection, set(whole["identifier"].unique().to_pylist()) - {""})
            whole = whole.filter(pc.invert(pc.is_in(whole["identifier"], pa.array(sorted(gone), pa.string()))))
            with staged(connection, whole) as those, bulk(connection, _readings):
                connection.exec_driver_sql(
                    f"""INSERT INTO readings ({", ".join(names)}) SELECT {", ".join(names)} FROM {those} WHERE true
                    ORDER BY identifier, fact_id, place ON CONFLICT (identifier, fact_id, place) {found}"""  # noqa: S608
                )

    def sentences(
        self, *, by_person: bool = False, unplaced_since: datetime | None = None, of: Sequence[str] = (), limit: int = 0
    ) -> pa.Table:
        """Sentences (READING_COLUMNS) by fact and place: those that persons read, those of no theme since a time, those
        of some facts; at most `limit`, the newest, where one is given."""
        query = select(*(_readings.c[name] for name in READING_COLUMNS))
        if by_person:
            query = query.where(_readings.c.read_by != _MODEL)
        if unplaced_since is not None:
            query = query.where(_readings.c.theme_id.is_(None), _readings.c.happened_at >= unplaced_since)
        query = query.order_by(_readings.c.happened_at.desc(), _readings.c.fact_id, _readings.c.place)
        query = query.limit(limit) if limit else query
        with self._database.read() as connection:
            if not of:
                return table_of(connection.execute(query), _SHAPE)
            with staged(connection, pa.table({"fact_id": pa.array(of, pa.string())})) as those:
                asked = literal_table(those)
                return table_of(connection.execute(query.where(_readings.c.fact_id.in_(asked))), _SHAPE)

    def moods(self, *, by_theme: bool = False) -> pa.Table:
        """fact_id, mood: the mean sentiment, -1 to 1, of the sentences of every voice; by_theme: of each of its themes,
        with theme_id between."""
        keys = [_readings.c.fact_id, *([_readings.c.theme_id] if by_theme else [])]
        query = select(*keys, func.avg(_readings.c.sentiment).label("mood")).where(_readings.c.kind == "voices")
        query = query.where(_readings.c.theme_id.is_not(None)) if by_theme else query
        shape = pa.schema([*((key.name, pa.string()) for key in keys), ("mood", pa.float64())])
        with self._database.read() as connection:
            return table_of(connection.execution_options(yield_per=50_000).execute(query.group_by(*keys)), shape)

    def exemplars(self, each: int) -> list[str]:
        """fact_id of some sentences of every theme, the closest to its centre first."""
        place = func.row_number().over(
            partition_by=_readings.c.theme_id, order_by=(_readings.c.closeness.desc(), _readings.c.fact_id)
        )
        ranked = select(_readings.c.fact_id, place.label("rank")).where(_readings.c.theme_id.is_not(None)).subquery()
        with self._database.read() as connection:
            return sorted(set(connection.scalars(select(ranked.c.fact_id).where(ranked.c.rank <= each))))

    def correct(self, fact_id: str, place: int, by: str, *, reading: str = "", theme_id: str = "") -> bool:
        """What a person says a sentence is; False where there is none."""
        said: dict[str, Any] = {"read_by": by, "surety": 1.0}
        said |= {"reading": reading} if reading else {}
        said |= {"theme_id": theme_id, "closeness": 1.0} if theme_id else {}
        where = (_readings.c.fact_id == fact_id, _readings.c.place == place)
        with self._database.write() as connection:
            return bool(connection.execute(update(_readings).where(*where).values(said)).rowcount)

    def model(self, name: str) -> bytes | None:
        """What a model learned."""
        with self._database.read() as connection:
            return connection.scalar(select(_models.c.body).where(_models.c.name == name))

    def put_models(self, bodies: Mapping[str, bytes], at: datetime) -> None:
        """Keep what models learned, all at once."""
        rows = [{"name": name, "made_at": at, "body": body} for name, body in bodies.items()]
        with self._database.write() as connection:
            connection.execute(upsert(connection, _models, "name"), rows)

    def themes(self) -> list[ThemeRow]:
        """All themes, by id."""
        with self._database.read() as connection:
            found = connection.execute(select(_themes).order_by(_themes.c.theme_id)).all()
        told = [msgspec.json.decode(row.told) for row in found]
        return [
            ThemeRow(row.theme_id, row.name, of["names"], of["telling"], row.centroid, row.born_on, row.named_by)
            for row, of in zip(found, told, strict=True)
        ]

    def put_themes(self, themes: Sequence[ThemeRow]) -> None:
        """Add themes or replace those with the same id; a name that a person gave stays."""
        rows = [
            {
                "theme_id": one.theme_id,
                "name": one.name,
                "told": msgspec.json.encode({"names": one.names, "telling": one.telling}).decode(),
                "centroid": one.centroid,
                "born_on": one.born_on,
                "named_by": one.named_by,
            }
            for one in themes
        ]
        with self._database.write() as connection:
            named = {row.theme_id: row for row in connection.execute(select(_themes).where(_themes.c.named_by != ""))}
            for row in rows:
                if row["theme_id"] in named:
                    row |= {"name": named[row["theme_id"]].name, "named_by": named[row["theme_id"]].named_by}
            if rows:
                connection.execute(upsert(connection, _themes, "theme_id"), rows)

    def rename_theme(self, theme_id: str, name: str, by: str) -> bool:
        """Name a theme for good; False where there is none."""
        put = update(_themes).where(_themes.c.theme_id == theme_id).values(name=name, named_by=by)
        with self._database.write() as connection:
            return bool(connection.execute(put).rowcount)

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

    def heard_themes(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """A row a theme, reading and language: sentences, and the sum of their sentiment."""
        keys = (_readings.c.theme_id, _readings.c.reading, _readings.c.language)
        query = select(*keys, func.count().label("sentences"), func.sum(_readings.c.sentiment).label("felt"))
        return self._rows(query.where(_within(since, until), _readings.c.theme_id.is_not(None)).group_by(*keys))

    def heard_by(
        self, since: datetime, until: datetime, *, weeks: Sequence[datetime] = (), readings: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """A row a theme (and week, and reading, where these are given): messages, customers, ill (those of them who
        spoke ill), and what both are expected to spend in 12 months: value, spread, valued; ill_value, ill_spread,
        ill_valued. spread is the sum of squared half widths. theme_id None: whoever said anything."""
        when = [_within(since, until), *([_readings.c.reading.in_(readings)] if readings else [])]
        week = case(*((_readings.c.happened_at >= at, at.date().isoformat()) for at in reversed(weeks)), else_="")
        beside = {**({"week": week} if weeks else {}), **({"reading": _readings.c.reading} if readings else {})}
        themes = [_by({"theme_id": _readings.c.theme_id} | beside, [*when, _readings.c.theme_id.is_not(None)])]
        return [row for query in [*themes, *([] if readings else [_by(beside, when)])] for row in self._rows(query)]

    def heard_together(self, since: datetime, until: datetime, readings: Sequence[str]) -> list[dict[str, Any]]:
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
    ) -> list[dict[str, Any]]:
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

    def wishes_of(self, customer_id: str) -> list[dict[str, Any]]:
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

    def _rows(self, query: Select[Any]) -> list[dict[str, Any]]:
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


_WHO = func.coalesce(identities.c.customer_id, func.nullif(_readings.c.identifier, ""))
"""Whose a sentence is: a customer, or an identifier that no turn has seen yet; NULL for nobody's."""


def literal_table(name: str) -> Select[Any]:
    """The fact ids of a staged table."""
    from sqlalchemy import column, table

    return select(table(name, column("fact_id")).c.fact_id)


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
