"""Columns alike on SQLite and PostgreSQL: times, words, numbers that grow, and what Arrow's types become."""

import base64
import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from openchair.core.errors import BadInput


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which has no zones, keeps it as text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise BadInput("time", value=value, bound="must have a time zone", remedy="Give it in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[str]):
    """Text from outside: PostgreSQL keeps no U+0000, so both keep the mark of a replaced character for it.

    Sorted by code point on both, so that pages follow one another alike.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value.replace("\x00", "\ufffd") if value else value


PACKED = "zlib:"
"""How a long text begins that is kept packed."""
LONG = 8_192
"""Characters from which on a text is packed: what a long catalogue has to say repeats itself."""


def packed(text: str) -> str:
    """A text as it is kept: a long one compressed, in letters; lines before the last, which are often alike, once.

    >>> packed("short"), unpacked(packed("what was ruled out " * 9_000)) == "what was ruled out " * 9_000
    ('short', True)
    """
    if len(text) < LONG:
        return text
    lines, end, rest = text.rpartition("\n")
    begun, pack = _packed(lines + end)
    pack = pack.copy()
    return PACKED + base64.b64encode(begun + pack.compress(rest.encode()) + pack.flush()).decode()


@lru_cache(maxsize=16)
def _packed(lines: str) -> tuple[bytes, Any]:
    """How texts that begin with these lines begin when they are packed, and what packs the rest."""
    pack = zlib.compressobj(1, wbits=13, memLevel=6)
    return pack.compress(lines.encode()) + pack.flush(zlib.Z_SYNC_FLUSH), pack


def unpacked(text: str) -> str:
    """The text that was kept."""
    return zlib.decompress(base64.b64decode(text[len(PACKED) :])).decode() if text.startswith(PACKED) else text


class Packed(Words):
    """Text that may be long and says much alike, such as a record of a thousand actions."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        clean = super().process_bind_param(value, dialect)
        return packed(clean) if clean else clean

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return unpacked(value) if value else value


Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")

OF_ARROW = {
    pa.string(): Words,
    pa.int64(): sa.BigInteger,
    pa.float64(): sa.Float,
    pa.date32(): sa.Date,
    pa.timestamp("us", tz="UTC"): UtcTime,
}
"""The column that keeps what an Arrow column holds."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""How indexes and constraints are called."""
_TYPES: dict[str, Any] = {
    "": Words, "seq": Seq, "time": UtcTime, "day": sa.Date, "int": sa.Integer, "big": sa.BigInteger, "float": sa.Float,
    "bytes": sa.LargeBinary, "hash": sa.LargeBinary(32), "packed": Packed,
}  # fmt: skip


def described(text: str) -> list[sa.Column[Any]]:
    """Columns as `name:type`, words where no type is named; `!` key, `?` may be null, `+` has an index, `=` a default.

    >>> [(c.name, c.primary_key, c.nullable) for c in described("key! value at:time? arm=learned")]
    [('key', True, False), ('value', False, False), ('at', False, True), ('arm', False, False)]
    """
    columns = []
    for one in text.split():
        one, _, default = one.partition("=")
        name, _, kind = one.rstrip("!?+").partition(":")
        marks: dict[str, Any] = {"index": True} if "+" in one else {}
        marks |= {"server_default": default.strip("'")} if default else {}
        columns.append(sa.Column(name, _TYPES[kind], primary_key="!" in one, nullable="?" in one, **marks))
    return columns
