"""Columns alike on SQLite and PostgreSQL: times, words, numbers that grow, and what Arrow's types become."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Date, DateTime, Dialect, Float, Integer, Text, TypeDecorator

from openchair.core.errors import BadInput


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which has no zones, keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise BadInput("time", value=value, bound="must have a time zone", remedy="Give it in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from outside: PostgreSQL keeps no U+0000, so both keep the mark of a replaced character for it.

    Sorted by code point on both, so that pages follow one another alike.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\x00", "\ufffd") if value else value


Seq = BigInteger().with_variant(Integer, "sqlite")

OF_ARROW = {
    pa.string(): Words,
    pa.int64(): BigInteger,
    pa.float64(): Float,
    pa.date32(): Date,
    pa.timestamp("us", tz="UTC"): UtcTime,
}
"""The column that keeps what an Arrow column holds."""
