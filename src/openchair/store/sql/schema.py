"""Every table of the state, once, for SQLite and PostgreSQL. Migrations make it so; a test holds the two together.

Times are UTC and aware on both. Money is integer minor units where it is counted, float where it is estimated.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

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


_names = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=_names)
Seq = BigInteger().with_variant(Integer, "sqlite")

notes = Table("notes", metadata, Column("key", Words, primary_key=True), Column("value", Words, nullable=False))

inbox = Table(
    "inbox",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("key", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
messages = Table(
    "messages",
    metadata,
    # md5 of source and key: what was once acknowledged is known for ever, in 16 bytes.
    Column("hash", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,
)

identities = Table(
    "identities",
    metadata,
    Column("identifier", Words, primary_key=True),
    Column("customer_id", Words, nullable=False, index=True),
    Column("linked_at", UtcTime, nullable=False),
    Column("because", Words, nullable=False),
)
erased = Table(
    "erased",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("erased_at", UtcTime, nullable=False),
)
customers = Table(
    "customers",
    metadata,
    Column("customer_id", Words, primary_key=True),
    Column("name", Words),
    Column("stage", Words),
    Column("first_on", Date),
    Column("last_on", Date),
    Column("orders", BigInteger),
    Column("spent_minor", BigInteger),
    Column("gap_days", Float),
    Column("value_minor", Float),
    Column("value_low", Float),
    Column("value_high", Float),
    Column("p_alive", Float),
    Column("expected_orders", Float),
    Column("rules", BigInteger),
    Column("food_safety", Words),
    Column("consents", BigInteger),
    Column("nps_score", Float),
    Column("sent_friends", BigInteger),
    Column("complained_on", Date),
    Column("contacted_on", Date),
    # The name in small letters, for search and order; SQLite itself knows the small letters of ASCII only.
    Column("folded", Words),
    Index("ix_customers_worth", "value_minor", "customer_id"),
    Index("ix_customers_recent", "last_on", "customer_id"),
    Index("ix_customers_name", "folded", "customer_id"),
    Index("ix_customers_orders", "orders", "customer_id"),
)

situations = Table(
    "situations",
    metadata,
    # Follows from the record's own text, so a record that changes never rewrites what an older decision rested on.
    Column("record_id", Words, primary_key=True),
    Column("situation_id", Words, nullable=False),
    Column("record", Words, nullable=False),
)
decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Words, primary_key=True),
    Column("customer_id", Words, nullable=False),
    Column("day", Date, nullable=False),
    Column("moment", Words, nullable=False),
    Column("situation_id", Words, nullable=False),
    Column("record_id", Words, ForeignKey("situations.record_id"), nullable=False),
    Column("stage", Words),
    Column("action", Words, nullable=False),
    Column("gain_minor", Float, nullable=False),
    Column("gain_low", Float),
    Column("gain_high", Float),
    Column("propensity", Float, nullable=False),
    Column("policy", Words, nullable=False),
    Column("worth_minor", Float),
    Column("status", Words, nullable=False, server_default="proposed"),
    Column("decided_by", Words),
    Column("decided_at", UtcTime),
    Column("outcome_minor", BigInteger),
    Column("outcome_at", UtcTime),
    UniqueConstraint("customer_id", "day", "moment"),
    Index("ix_decisions_gain", "day", "gain_minor", "decision_id"),
    Index(
        "ix_decisions_acting",
        "day",
        "gain_minor",
        "decision_id",
        sqlite_where=text("action <> 'wait'"),
        postgresql_where=text("action <> 'wait'"),
    ),
)

turns = Table(
    "turns",
    metadata,
    Column("turn_id", Words, primary_key=True),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("report", Words, nullable=False),
)
imports = Table(
    "imports",
    metadata,
    Column("import_id", Words, primary_key=True),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("report", Words, nullable=False),
)
rejects = Table(
    "rejects",
    metadata,
    Column("number", Seq, primary_key=True, autoincrement=True),
    # What the row was and where it stood: a file read twice has its rejects once.
    Column("key", Words, nullable=False, unique=True),
    Column("file", Words, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("reason", Words, nullable=False),
    Column("row", Words, nullable=False),
)
import_rejects = Table(
    "import_rejects",
    metadata,
    Column("import_id", Words, primary_key=True),
    Column("number", Seq, ForeignKey("rejects.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
)
leases = Table(
    "leases",
    metadata,
    Column("job", Words, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("until", UtcTime, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Words, primary_key=True),
    Column("email", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("password", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
invites = Table(
    "invites",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("role", Words, nullable=False),
    Column("email", Words),
    Column("expires_at", UtcTime, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user_id", Words, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("key_id", Words, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("scopes", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)
idempotency = Table(
    "idempotency",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("status", Integer),
    Column("body", LargeBinary),
)
