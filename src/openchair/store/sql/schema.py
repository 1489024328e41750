"""Every table of the state, once, for SQLite and PostgreSQL. Migrations make it so; a test holds the two together.

Times are UTC and aware on both. Money is integer minor units where it is counted, float where it is estimated.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from openchair.chair.ports import CUSTOMER_COLUMNS, INDEXED_KINDS
from openchair.facts import kinds
from openchair.store.sql.columns import OF_ARROW, Packed, Seq, UtcTime, Words

_names = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=_names)

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
    # base_id for good by exact identifiers; customer_id is the least base id among those that are merged.
    Column("base_id", Words, nullable=False, index=True),
    Column("customer_id", Words, nullable=False, index=True),
    Column("linked_at", UtcTime, nullable=False),
    Column("because", Words, nullable=False),
)
merges = Table(
    "merges",
    metadata,
    Column("merge_id", Words, primary_key=True),
    Column("left_id", Words, nullable=False, index=True),
    Column("right_id", Words, nullable=False, index=True),
    Column("kind", Words, nullable=False),
    Column("because", Words, nullable=False),
    Column("probability", Float),
    # JSON: what each record says, field by field, with the weight of evidence.
    Column("evidence", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", Words, nullable=False),
    Column("why", Words, nullable=False),
    Index("ix_merges_found", "status", "found_at", "merge_id"),
)
erased = Table(
    "erased",
    metadata,
    Column("hash", Words, primary_key=True),
    # Hashes taken over from another home come with its salt.
    Column("salt", Words, nullable=False),
    Column("erased_at", UtcTime, nullable=False),
)
_shown = text("merged_into IS NULL")
customers = Table(
    "customers",
    metadata,
    *(Column(name, OF_ARROW[kind], primary_key=name == "customer_id") for name, kind in CUSTOMER_COLUMNS.items()),
    # The customer that this one is now part of; its row is hidden until it is its own again.
    Column("merged_into", Words),
    # The name in small letters, for search and order; SQLite itself knows the small letters of ASCII only.
    Column("folded", Words),
    Index("ix_customers_worth", "value_minor", "customer_id"),
    Index("ix_customers_recent", "last_on", "customer_id"),
    Index("ix_customers_name", "folded", "customer_id"),
    Index("ix_customers_orders", "orders", "customer_id"),
    Index("ix_customers_consents", "consents", sqlite_where=_shown, postgresql_where=_shown),
)


def _indexed(kind: str) -> Table:
    """The facts of a kind that are about somebody, lying together by whom they are about."""
    by = ("identifier", "fact_id")
    columns = (Column(f.name, OF_ARROW[f.type], nullable=f.nullable and f.name not in by) for f in kinds.schema(kind))
    return Table(f"facts_{kind}", metadata, *columns, PrimaryKeyConstraint(*by), sqlite_with_rowid=False)


indexed = {kind: _indexed(kind) for kind in INDEXED_KINDS}
Index("ix_facts_ties_other", indexed["ties"].c.other)
low = text("(metric = 'nps' AND score >= 0 AND score <= 6 OR metric IN ('csat', 'ces') AND score >= 1 AND score <= 2)")
"""Answers of someone unhappy: an NPS detractor, or the two lowest steps of CSAT and CES. In these words its index."""
Index("ix_facts_answers_low", indexed["answers"].c.happened_at, sqlite_where=low, postgresql_where=low)
_consents = text("name >= 'consent.' AND name < 'consent/'")
_newest = indexed["traits"].c.happened_at
Index("ix_facts_traits_consents", _newest, sqlite_where=_consents, postgresql_where=_consents)
indexed_files = Table(
    "indexed_files",
    metadata,
    Column("kind", Words, primary_key=True),
    Column("file", Words, primary_key=True),
)

situations = Table(
    "situations",
    metadata,
    # Follows from the record's own text, so a record that changes never rewrites what an older decision rested on.
    Column("record_id", Words, primary_key=True),
    Column("situation_id", Words, nullable=False),
    Column("record", Packed, nullable=False),
)
_acting = text("action <> 'wait'")
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
    Column("arm", Words, nullable=False, server_default="learned"),
    Column("channel", Words, nullable=False, server_default=""),
    Column("features", BigInteger, nullable=False, server_default="0"),
    Column("window_days", Integer, nullable=False, server_default="28"),
    Column("expected_minor", Float),
    Column("status", Words, nullable=False, server_default="proposed"),
    Column("decided_by", Words),
    Column("decided_at", UtcTime),
    Column("why", Words, nullable=False, server_default=""),  # why it was put off, dismissed or taken back
    Column("outcome_minor", BigInteger),
    Column("outcome_at", UtcTime),
    UniqueConstraint("customer_id", "day", "moment"),
    Index("ix_decisions_gain", "day", "gain_minor", "decision_id"),
    Index("ix_decisions_acting", "day", "gain_minor", "decision_id", sqlite_where=_acting, postgresql_where=_acting),
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
reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("customer_id", Words, index=True),
    Column("text", Words, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_by", Words, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("decided_by", Words, nullable=False),
    Column("decided_at", UtcTime),
    Column("why", Words, nullable=False),
    # Whose it is and until when it should be answered; a case has both.
    Column("owner", Words, nullable=False, server_default=""),
    Column("due_at", UtcTime),
    Index("ix_reviews_opened", "verdict", "opened_at", "review_id"),
)
seats = Table(
    "seats",
    metadata,
    Column("seat_id", Words, primary_key=True),
    Column("customer_id", Words, nullable=False, index=True),
    Column("language", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Words, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime),
    Column("session_hash", LargeBinary),
    Column("revoked_at", UtcTime),
    Column("code_hash", LargeBinary),
    Column("code_tries", Integer, nullable=False),
    Column("code_sent_at", UtcTime),
)
audit = Table(
    "audit",
    metadata,
    Column("number", Seq, primary_key=True, autoincrement=True),
    Column("happened_at", UtcTime, nullable=False),
    Column("who", Words, nullable=False),
    Column("act", Words, nullable=False),
    Column("customer_id", Words),
    Column("detail", Words, nullable=False),
    Index("ix_audit_customer_id_number", "customer_id", "number"),
    Index("ix_audit_who_number", "who", "number"),
)
surveys = Table(
    "surveys",
    metadata,
    Column("survey_id", Words, primary_key=True),
    Column("version", Integer, nullable=False),
    # draft, live or closed
    Column("status", Words, nullable=False),
    # JSON: listening.asking.survey.Survey
    Column("definition", Words, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", Words, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Words, primary_key=True),
    # What it is (survey) and which one.
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("customer_id", Words, nullable=False, index=True),
    Column("channel", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    # waiting, sent, given, failed, dropped
    Column("status", Words, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Words, nullable=False),
    Column("sent_at", UtcTime),
    Column("answered_at", UtcTime),
    Index("ix_outbox_due", "status", "due_at", "message_id"),
    Index("ix_outbox_subject", "subject", "made_at", "message_id"),
)
models = Table(
    "models",
    metadata,
    Column("name", Words, primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
themes = Table(
    "themes",
    metadata,
    Column("theme_id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    # JSON: names and telling words by language
    Column("told", Words, nullable=False),
    Column("centroid", LargeBinary, nullable=False),
    Column("born_on", Date, nullable=False),
    # The person who named it, so that no turn names it anew; empty while none has.
    Column("named_by", Words, nullable=False),
)
readings = Table(
    "readings",
    metadata,
    # A sentence of something said, by where in the fact's text it begins and ends; empty identifier: nobody's.
    Column("identifier", Words, nullable=False),
    Column("fact_id", Words, nullable=False),
    Column("place", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("happened_at", UtcTime, nullable=False),
    Column("channel", Words, nullable=False),
    Column("begins", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("language", Words, nullable=False),
    Column("theme_id", Words),
    # Cosine with the theme's centre.
    Column("closeness", Float),
    # want, need, aspiration, pain, praise or other; how sure; who says so: model, or a person's name.
    Column("reading", Words, nullable=False),
    Column("surety", Float, nullable=False),
    Column("read_by", Words, nullable=False),
    # -1 to 1
    Column("sentiment", Float, nullable=False),
    PrimaryKeyConstraint("identifier", "fact_id", "place"),
    Index("ix_readings_theme", "theme_id", "happened_at"),
    Index("ix_readings_fact", "fact_id", "place"),
    sqlite_with_rowid=False,
)
calls = Table(
    "calls",
    metadata,
    Column("call_id", Words, primary_key=True),
    # The Monday of its week, and who is to call.
    Column("week", Date, nullable=False),
    Column("leader", Words, nullable=False),
    Column("place", Integer, nullable=False),
    Column("customer_id", Words, nullable=False, index=True),
    Column("reason", Words, nullable=False),
    Column("because", Words, nullable=False),
    # JSON: the questions worth asking
    Column("questions", Words, nullable=False),
    # "", reached, not reached or skipped
    Column("status", Words, nullable=False),
    Column("done_at", UtcTime),
    Index("ix_calls_week", "week", "leader", "place"),
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
