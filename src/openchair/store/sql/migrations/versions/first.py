"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "erased",
        sa.Column("hash", WORDS, nullable=False),
        sa.Column("erased_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_erased")),
    )
    op.create_table(
        "customers",
        sa.Column("customer_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("stage", WORDS, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("orders", sa.BigInteger(), nullable=True),
        sa.Column("spent_minor", sa.BigInteger(), nullable=True),
        sa.Column("gap_days", sa.Float(), nullable=True),
        sa.Column("value_minor", sa.Float(), nullable=True),
        sa.Column("value_low", sa.Float(), nullable=True),
        sa.Column("value_high", sa.Float(), nullable=True),
        sa.Column("p_alive", sa.Float(), nullable=True),
        sa.Column("expected_orders", sa.Float(), nullable=True),
        sa.Column("rules", sa.BigInteger(), nullable=True),
        sa.Column("food_safety", WORDS, nullable=True),
        sa.Column("consents", sa.BigInteger(), nullable=True),
        sa.Column("nps_score", sa.Float(), nullable=True),
        sa.Column("sent_friends", sa.BigInteger(), nullable=True),
        sa.Column("complained_on", sa.Date(), nullable=True),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("folded", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_name", "customers", ["folded", "customer_id"], unique=False)
    op.create_index("ix_customers_orders", "customers", ["orders", "customer_id"], unique=False)
    op.create_index("ix_customers_recent", "customers", ["last_on", "customer_id"], unique=False)
    op.create_index("ix_customers_worth", "customers", ["value_minor", "customer_id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "identities",
        sa.Column("identifier", WORDS, nullable=False),
        sa.Column("customer_id", WORDS, nullable=False),
        sa.Column("linked_at", TIME, nullable=False),
        sa.Column("because", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("identifier", name="pk_identities"),
    )
    op.create_index("ix_identities_customer_id", "identities", ["customer_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("import_id", WORDS, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("report", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("import_id", name="pk_imports"),
    )
    op.create_index("ix_imports_started_at", "imports", ["started_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_inbox"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invites",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("email", WORDS, nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_invites"),
    )
    op.create_table(
        "keys",
        sa.Column("key_id", WORDS, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("scopes", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_keys"),
        sa.UniqueConstraint("hash", name="uq_keys_hash"),
    )
    op.create_table(
        "leases",
        sa.Column("job", WORDS, nullable=False),
        sa.Column("owner", WORDS, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_leases"),
    )
    op.create_table(
        "messages",
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_messages"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_notes"),
    )
    op.create_table(
        "rejects",
        sa.Column("number", SEQ, autoincrement=True, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("file", WORDS, nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("row", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_rejects"),
        sa.UniqueConstraint("key", name="uq_rejects_key"),
    )
    op.create_table(
        "import_rejects",
        sa.Column("import_id", WORDS, nullable=False),
        sa.Column("number", SEQ, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["rejects.number"], name="fk_import_rejects_number", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_import_rejects"),
    )
    op.create_table(
        "situations",
        sa.Column("record_id", WORDS, nullable=False),
        sa.Column("situation_id", WORDS, nullable=False),
        sa.Column("record", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_situations"),
    )
    op.create_table(
        "turns",
        sa.Column("turn_id", WORDS, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("report", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turns"),
    )
    op.create_index("ix_turns_started_at", "turns", ["started_at"], unique=False)
    op.create_table(
        "users",
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("email", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("password", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "decisions",
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("customer_id", WORDS, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moment", WORDS, nullable=False),
        sa.Column("situation_id", WORDS, nullable=False),
        sa.Column("record_id", WORDS, nullable=False),
        sa.Column("stage", WORDS, nullable=True),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("gain_minor", sa.Float(), nullable=False),
        sa.Column("gain_low", sa.Float(), nullable=True),
        sa.Column("gain_high", sa.Float(), nullable=True),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("policy", WORDS, nullable=False),
        sa.Column("worth_minor", sa.Float(), nullable=True),
        sa.Column("status", WORDS, server_default="proposed", nullable=False),
        sa.Column("decided_by", WORDS, nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("outcome_minor", sa.BigInteger(), nullable=True),
        sa.Column("outcome_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["situations.record_id"], name="fk_decisions_record_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
        sa.UniqueConstraint("customer_id", "day", "moment", name="uq_decisions_customer_id_day_moment"),
    )
    op.create_index(
        "ix_decisions_acting",
        "decisions",
        ["day", "gain_minor", "decision_id"],
        unique=False,
        sqlite_where=sa.text("action <> 'wait'"),
        postgresql_where=sa.text("action <> 'wait'"),
    )
    op.create_index("ix_decisions_gain", "decisions", ["day", "gain_minor", "decision_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
