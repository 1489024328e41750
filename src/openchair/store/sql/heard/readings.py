"""Sentences as they were read, themes, and what models learned, in the state's database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import func, select, update

from openchair.chair.state.records import READING_COLUMNS, ThemeRow
from openchair.store.sql.rows import ASKED, Tables, add, conform, put, shape, words
from openchair.store.sql.schema import models as _models
from openchair.store.sql.schema import readings as _readings
from openchair.store.sql.schema import themes as _themes
from openchair.store.sql.who.erasure import buried

_MODEL = "model"


class Reading(Tables):
    """Readings, themes and models."""

    def heard(self) -> pa.Table:
        """fact_id of everything that was read."""
        return self._table(select(_readings.c.fact_id).distinct(), words("fact_id"))

    def add_readings(self, rows: pa.Table, *, anew: bool = False) -> None:
        """Keep sentences (READING_COLUMNS); known ones stay, or with `anew` are replaced, unless a person read them.

        Sentences of anyone erased are left out.
        """
        key = _readings.primary_key.columns
        others = ", ".join(f"{name} = excluded.{name}" for name in READING_COLUMNS if name not in key)
        known = f"DO UPDATE SET {others} WHERE readings.read_by = '{_MODEL}'" if anew else "DO NOTHING"
        whole = conform(rows, shape(READING_COLUMNS)).read_all()
        with self._database.write() as connection:
            gone = buried(connection, set(whole["identifier"].unique().to_pylist()) - {""})
            living = pc.invert(pc.is_in(whole["identifier"], pa.array(sorted(gone), pa.string())))
            add(connection, _readings, whole.filter(living), known)

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
        if of:
            query = query.where(_readings.c.fact_id.in_(ASKED))
        return self._table(query, READING_COLUMNS, of or None)

    def moods(self, *, by_theme: bool = False) -> pa.Table:
        """fact_id, mood: the mean sentiment, -1 to 1, of the sentences of every voice; by_theme: of each of its themes,
        with theme_id between."""
        keys = [_readings.c.fact_id, *([_readings.c.theme_id] if by_theme else [])]
        query = select(*keys, func.avg(_readings.c.sentiment).label("mood")).where(_readings.c.kind == "voices")
        query = query.where(_readings.c.theme_id.is_not(None)) if by_theme else query
        return self._table(query.group_by(*keys), words(*(key.name for key in keys)) | {"mood": pa.float64()})

    def exemplars(self, each: int) -> list[str]:
        """fact_id of some sentences of every theme, the closest to its centre first."""
        nearest = (_readings.c.closeness.desc(), _readings.c.fact_id)
        place = func.row_number().over(partition_by=_readings.c.theme_id, order_by=nearest)
        ranked = select(_readings.c.fact_id, place.label("rank")).where(_readings.c.theme_id.is_not(None)).subquery()
        return sorted(self._values(select(ranked.c.fact_id).where(ranked.c.rank <= each).distinct()))

    def correct(self, fact_id: str, place: int, by: str, *, reading: str = "", theme_id: str = "") -> bool:
        """What a person says a sentence is; False where there is none."""
        said: dict[str, Any] = {"read_by": by, "surety": 1.0}
        said |= {"reading": reading} if reading else {}
        said |= {"theme_id": theme_id, "closeness": 1.0} if theme_id else {}
        those = update(_readings).where(_readings.c.fact_id == fact_id, _readings.c.place == place)
        return self._change(those.values(said)) > 0

    def model(self, name: str) -> bytes | None:
        """What a model learned."""
        body: bytes | None = self._value(select(_models.c.body).where(_models.c.name == name))
        return body

    def put_models(self, bodies: Mapping[str, bytes], at: datetime) -> None:
        """Keep what models learned, all at once."""
        self._put(_models, [{"name": name, "made_at": at, "body": body} for name, body in bodies.items()], over=True)

    def themes(self) -> list[ThemeRow]:
        """All themes, by id."""
        return self._made(_theme, select(_themes).order_by(_themes.c.theme_id))

    def put_themes(self, themes: Sequence[ThemeRow]) -> None:
        """Add themes or replace those with the same id; a name that a person gave stays."""
        with self._database.write() as connection:
            chosen = select(_themes).where(_themes.c.named_by != "")
            named = {row.theme_id: (row.name, row.named_by) for row in connection.execute(chosen)}
            rows = []
            for one in themes:
                name, by = named.get(one.theme_id, (one.name, one.named_by))
                told = msgspec.json.encode({"names": one.names, "telling": one.telling}).decode()
                plain = {"theme_id": one.theme_id, "centroid": one.centroid, "born_on": one.born_on}
                rows.append({**plain, "name": name, "named_by": by, "told": told})
            put(connection, _themes, rows, over=True)

    def rename_theme(self, theme_id: str, name: str, by: str) -> bool:
        """Name a theme for good; False where there is none."""
        return self._change(update(_themes).where(_themes.c.theme_id == theme_id).values(name=name, named_by=by)) > 0


def _theme(*, told: str, **row: Any) -> ThemeRow:
    return ThemeRow(**row, **msgspec.json.decode(told))
