"""Customers can be one and be taken apart again; what was said is found by whom it is about; who asked, looked, sat."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Until now every customer was its own base; nothing counts as indexed, so the next reading indexes all."""
    op.add_column("identities", sa.Column("base_id", WORDS))
    op.execute("UPDATE identities SET base_id = customer_id")
    with op.batch_alter_table("identities") as identities:
        identities.alter_column("base_id", existing_type=WORDS, nullable=False)
    op.create_index("ix_identities_base_id", "identities", ["base_id"])
    op.add_column("erased", sa.Column("salt", WORDS))
    op.execute("UPDATE erased SET salt = (SELECT value FROM notes WHERE key = 'erasure_salt')")
    op.execute("DELETE FROM notes WHERE key = 'erasure_salt'")
    with op.batch_alter_table("erased") as erased:
        erased.alter_column("salt", existing_type=WORDS, nullable=False)
    for name in ("attention_budget", "attention_spent"):
        op.add_column("customers", sa.Column(name, sa.Float()))
    for name in ("resting", "quiet", "merged_into"):
        op.add_column("customers", sa.Column(name, WORDS))
    shown = sa.text("merged_into IS NULL")
    op.create_index("ix_customers_consents", "customers", ["consents"], sqlite_where=shown, postgresql_where=shown)
    _people()
    _facts()
    _team()


def _people() -> None:
    op.create_table(
        "merges",
        sa.Column("merge_id", WORDS, nullable=False),
        sa.Column("left_id", WORDS, nullable=False),
        sa.Column("right_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("because", WORDS, nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("evidence", WORDS, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by", WORDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name="pk_merges"),
    )
    op.create_index("ix_merges_left_id", "merges", ["left_id"])
    op.create_index("ix_merges_right_id", "merges", ["right_id"])
    op.create_index("ix_merges_found", "merges", ["status", "found_at", "merge_id"])
    op.create_table(
        "seats",
        sa.Column("seat_id", WORDS, nullable=False),
        sa.Column("customer_id", WORDS, nullable=False),
        sa.Column("language", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", WORDS, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("opened_at", TIME),
        sa.Column("session_hash", sa.LargeBinary()),
        sa.Column("revoked_at", TIME),
        sa.Column("code_hash", sa.LargeBinary()),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("code_sent_at", TIME),
        sa.PrimaryKeyConstraint("seat_id", name="pk_seats"),
    )
    op.create_index("ix_seats_customer_id", "seats", ["customer_id"])


def _facts() -> None:
    own: dict[str, list[sa.Column[Any]]] = {
        "traits": [
            sa.Column("name", WORDS, nullable=False),
            sa.Column("value", WORDS, nullable=False),
            sa.Column("said_by", WORDS, nullable=False),
            sa.Column("confidence", sa.Float(), nullable=False),
        ],
        "contacts": [
            sa.Column("action", WORDS, nullable=False),
            sa.Column("status", WORDS, nullable=False),
            *(sa.Column(name, WORDS) for name in ("decision_id", "pillar", "channel", "campaign")),
        ],
        "ties": [
            sa.Column("other", WORDS, nullable=False),
            sa.Column("relation", WORDS, nullable=False),
            sa.Column("strength", sa.Float()),
        ],
    }
    for kind, columns in own.items():
        op.create_table(
            f"facts_{kind}",
            sa.Column("fact_id", WORDS, nullable=False),
            sa.Column("source", WORDS, nullable=False),
            sa.Column("received_at", TIME, nullable=False),
            sa.Column("happened_at", TIME, nullable=False),
            sa.Column("identifier", WORDS, nullable=False),
            sa.Column("properties", WORDS),
            *columns,
            sa.PrimaryKeyConstraint("identifier", "fact_id", name=f"pk_facts_{kind}"),
            sqlite_with_rowid=False,
        )
    op.create_index("ix_facts_ties_other", "facts_ties", ["other"])
    consents = sa.text("name >= 'consent.' AND name < 'consent/'")
    op.create_index(
        "ix_facts_traits_consents",
        "facts_traits",
        ["happened_at"],
        sqlite_where=consents,
        postgresql_where=consents,
    )
    op.create_table(
        "indexed_files",
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("file", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("kind", "file", name="pk_indexed_files"),
    )


def _team() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("customer_id", WORDS),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("opened_by", WORDS, nullable=False),
        sa.Column("verdict", WORDS, nullable=False),
        sa.Column("decided_by", WORDS, nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("why", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_customer_id", "reviews", ["customer_id"])
    op.create_index("ix_reviews_opened", "reviews", ["verdict", "opened_at", "review_id"])
    op.create_table(
        "audit",
        sa.Column("number", SEQ, autoincrement=True, nullable=False),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("who", WORDS, nullable=False),
        sa.Column("act", WORDS, nullable=False),
        sa.Column("customer_id", WORDS),
        sa.Column("detail", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_customer_id_number", "audit", ["customer_id", "number"])
    op.create_index("ix_audit_who_number", "audit", ["who", "number"])
