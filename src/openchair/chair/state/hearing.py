"""What the use cases need of the state to hear: sentences as they were read, themes, what models learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa

READING_COLUMNS: Mapping[str, pa.DataType] = {
    "identifier": pa.string(),
    "fact_id": pa.string(),
    "place": pa.int64(),
    "kind": pa.string(),
    "happened_at": pa.timestamp("us", tz="UTC"),
    "channel": pa.string(),
    "begins": pa.int64(),
    "ends": pa.int64(),
    "language": pa.string(),
    "theme_id": pa.string(),
    "closeness": pa.float64(),
    "reading": pa.string(),
    "surety": pa.float64(),
    "read_by": pa.string(),
    "sentiment": pa.float64(),
}
"""A sentence: where it stands in which fact, and what it was read as. `identifier` is empty where it is nobody's."""


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme as it is kept. `names` and `telling` are by language; `centroid` is float32."""

    theme_id: str
    name: str
    names: Mapping[str, str]
    telling: Mapping[str, Sequence[str]]
    centroid: bytes
    born_on: date
    named_by: str = ""


class Hearing(Protocol):
    """Readings, themes and models."""

    def heard(self) -> pa.Table:
        """fact_id of everything that was read."""
        ...

    def add_readings(self, rows: pa.Table, *, anew: bool = False) -> None:
        """Keep sentences (READING_COLUMNS); known ones stay, or with `anew` are replaced, unless a person read them.

        Sentences of anyone erased are left out.
        """
        ...

    def sentences(
        self, *, by_person: bool = False, unplaced_since: datetime | None = None, of: Sequence[str] = (), limit: int = 0
    ) -> pa.Table:
        """Sentences (READING_COLUMNS) by fact and place: those that persons read, those of no theme since a time, those
        of some facts; at most `limit`, the newest, where one is given."""
        ...

    def moods(self, *, by_theme: bool = False) -> pa.Table:
        """fact_id, mood: the mean sentiment, -1 to 1, of the sentences of every voice; by_theme: of each of its themes,
        with theme_id between."""
        ...

    def exemplars(self, each: int) -> list[str]:
        """fact_id of some sentences of every theme, the closest to its centre first."""
        ...

    def correct(self, fact_id: str, place: int, by: str, *, reading: str = "", theme_id: str = "") -> bool:
        """What a person says a sentence is; False where there is none."""
        ...

    def model(self, name: str) -> bytes | None:
        """What a model learned."""
        ...

    def put_models(self, bodies: Mapping[str, bytes], at: datetime) -> None:
        """Keep what models learned, all at once."""
        ...

    def themes(self) -> list[ThemeRow]:
        """All themes, by id."""
        ...

    def put_themes(self, themes: Sequence[ThemeRow]) -> None:
        """Add themes or replace those with the same id; a name that a person gave stays."""
        ...

    def rename_theme(self, theme_id: str, name: str, by: str) -> bool:
        """Name a theme for good; False where there is none."""
        ...

    def heard_totals(self, since: datetime, until: datetime) -> dict[str, Any]:
        """messages, sentences, customers, unplaced of a time, and `languages`: sentences by language."""
        ...

    def heard_themes(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """A row a theme, reading and language: sentences, and the sum of their sentiment."""
        ...

    def heard_by(
        self, since: datetime, until: datetime, *, weeks: Sequence[datetime] = (), readings: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """A row a theme (and week, and reading, where these are given): messages, customers, ill (those of them who
        spoke ill), and what both are expected to spend in 12 months: value, spread, valued; ill_value, ill_spread,
        ill_valued. spread is the sum of squared half widths. theme_id None: whoever said anything."""
        ...

    def heard_together(self, since: datetime, until: datetime, readings: Sequence[str]) -> list[dict[str, Any]]:
        """Pairs of (theme, reading) that the same customers spoke of, with how many: one, one_reading, other,
        other_reading, customers; of one with itself, all who spoke of it."""
        ...

    def heard_quotes(
        self, since: datetime, until: datetime, *, each: int, theme_id: str = "", readings: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """The most telling sentences of each theme (of each reading, where readings are given): READING_COLUMNS with
        customer_id and customer."""
        ...

    def wishes_of(self, customer_id: str) -> list[dict[str, Any]]:
        """What one customer needs, wants and aspires to: reading, theme_id, name, times, last; the most said first."""
        ...
