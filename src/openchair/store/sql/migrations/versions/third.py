"""Answers are found by whom they are of; what is asked and sent, what was heard and by which models, whom to call, what
persons decided about the shop."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, WORDS, nullable=False) for name in names]


def upgrade() -> None:
    """Nothing counts as indexed of answers, and nothing as heard, so the next reading indexes and hears all."""
    op.add_column("reviews", sa.Column("owner", WORDS, nullable=False, server_default=""))
    op.add_column("reviews", sa.Column("due_at", TIME))
    for figure in ("sender", "brought", "worth"):
        for part in ("minor", "low", "high"):
            op.add_column("customers", sa.Column(f"{figure}_{part}", sa.Float()))
    for name in ("segment", "subscribed", "household"):
        op.add_column("customers", sa.Column(name, WORDS))
    op.add_column("customers", sa.Column("rewarded_share", sa.Float()))
    op.add_column("decisions", sa.Column("arm", WORDS, nullable=False, server_default="learned"))
    op.add_column("decisions", sa.Column("channel", WORDS, nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("features", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("decisions", sa.Column("window_days", sa.Integer(), nullable=False, server_default="28"))
    op.add_column("decisions", sa.Column("expected_minor", sa.Float()))
    op.add_column("decisions", sa.Column("why", WORDS, nullable=False, server_default=""))
    op.execute("UPDATE customers SET household = customer_id")
    # Until the next turn worth is what was known: spender value.
    op.execute("UPDATE customers SET worth_minor = value_minor, worth_low = value_low, worth_high = value_high")
    op.create_table(
        "facts_answers",
        sa.Column("fact_id", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("identifier", WORDS, nullable=False),
        sa.Column("properties", WORDS),
        *_words("survey_id", "metric"),
        sa.Column("question", WORDS),
        sa.Column("score", sa.Float()),
        *(sa.Column(name, WORDS) for name in ("text", "language", "decision_id")),
        sa.PrimaryKeyConstraint("identifier", "fact_id", name="pk_facts_answers"),
        sqlite_with_rowid=False,
    )
    low = sa.text(
        "(metric = 'nps' AND score >= 0 AND score <= 6 OR metric IN ('csat', 'ces') AND score >= 1 AND score <= 2)"
    )
    op.create_index("ix_facts_answers_low", "facts_answers", ["happened_at"], sqlite_where=low, postgresql_where=low)
    _asking()
    _hearing()
    _choosing()


def _asking() -> None:
    op.create_table(
        "surveys",
        *_words("survey_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_words("status", "definition"),
        sa.Column("changed_at", TIME, nullable=False),
        *_words("changed_by"),
        sa.PrimaryKeyConstraint("survey_id", name="pk_surveys"),
    )
    op.create_table(
        "outbox",
        *_words("message_id", "kind", "subject", "customer_id", "channel", "address", "language"),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        *_words("status"),
        sa.Column("tries", sa.Integer(), nullable=False),
        *_words("why"),
        sa.Column("sent_at", TIME),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("message_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_customer_id", "outbox", ["customer_id"])
    op.create_index("ix_outbox_due", "outbox", ["status", "due_at", "message_id"])
    op.create_index("ix_outbox_subject", "outbox", ["subject", "made_at", "message_id"])
    op.create_table(
        "calls",
        *_words("call_id"),
        sa.Column("week", sa.Date(), nullable=False),
        *_words("leader"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("customer_id", "reason", "because", "questions", "status"),
        sa.Column("done_at", TIME),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_customer_id", "calls", ["customer_id"])
    op.create_index("ix_calls_week", "calls", ["week", "leader", "place"])


def _hearing() -> None:
    op.create_table(
        "models",
        *_words("name"),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_models"),
    )
    op.create_table(
        "themes",
        *_words("theme_id", "name", "told"),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        *_words("named_by"),
        sa.PrimaryKeyConstraint("theme_id", name="pk_themes"),
    )
    op.create_table(
        "readings",
        *_words("identifier", "fact_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("kind"),
        sa.Column("happened_at", TIME, nullable=False),
        *_words("channel"),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        *_words("language"),
        sa.Column("theme_id", WORDS),
        sa.Column("closeness", sa.Float()),
        *_words("reading"),
        sa.Column("surety", sa.Float(), nullable=False),
        *_words("read_by"),
        sa.Column("sentiment", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "fact_id", "place", name="pk_readings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_readings_theme", "readings", ["theme_id", "happened_at"])
    op.create_index("ix_readings_fact", "readings", ["fact_id", "place"])


def _choosing() -> None:
    op.create_table(
        "choices",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        *_words("kind", "subject", "body", "by"),
        sa.Column("at", TIME, nullable=False),
        *_words("why"),
        sa.Column("over", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_choices"),
        sa.UniqueConstraint("kind", "subject", "over", name="uq_choices_kind_subject_over"),
    )
