"""Answers are found by whom they are of; what is asked and sent, what was heard and by which models, whom to call, what
persons decided about the shop."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from openchair.store.sql.columns import NAMES, described

revision = "0003"
down_revision = "0002"

MADE = sa.MetaData(naming_convention=NAMES)
LOW = sa.text(
    "(metric = 'nps' AND score >= 0 AND score <= 6 OR metric IN ('csat', 'ces') AND score >= 1 AND score <= 2)"
)
ADDED = {
    "reviews": "owner='' due_at:time?",
    "customers": "sender_minor:float? sender_low:float? sender_high:float? brought_minor:float? brought_low:float? "
    "brought_high:float? worth_minor:float? worth_low:float? worth_high:float? segment? subscribed? "
    "rewarded_share:float? household?",
    "decisions": "arm=learned channel='' features:big=0 window_days:int=28 expected_minor:float? why=''",
}


def _table(name: str, columns: str, *more: Any, **options: Any) -> None:
    sa.Table(name, MADE, *described(columns), *more, **options)


_table(
    "facts_answers",
    "fact_id source received_at:time happened_at:time identifier properties? survey_id metric question? score:float? "
    "text? language? decision_id?",
    sa.PrimaryKeyConstraint("identifier", "fact_id"),
    sa.Index("ix_facts_answers_low", "happened_at", sqlite_where=LOW, postgresql_where=LOW),
    sqlite_with_rowid=False,
)
_table("surveys", "survey_id! version:int status definition changed_at:time changed_by")
_table(
    "outbox",
    "message_id! kind subject customer_id+ channel address language made_at:time due_at:time status tries:int why "
    "sent_at:time? answered_at:time?",
    sa.Index("ix_outbox_due", "status", "due_at", "message_id"),
    sa.Index("ix_outbox_subject", "subject", "made_at", "message_id"),
)
_table(
    "calls",
    "call_id! week:day leader place:int customer_id+ reason because questions status done_at:time?",
    sa.Index("ix_calls_week", "week", "leader", "place"),
)
_table("models", "name! made_at:time body:bytes")
_table("themes", "theme_id! name told centroid:bytes born_on:day named_by")
_table(
    "readings",
    "identifier fact_id place:int kind happened_at:time channel begins:int ends:int language theme_id? "
    "closeness:float? reading surety:float read_by sentiment:float",
    sa.PrimaryKeyConstraint("identifier", "fact_id", "place"),
    sa.Index("ix_readings_theme", "theme_id", "happened_at"),
    sa.Index("ix_readings_fact", "fact_id", "place"),
    sqlite_with_rowid=False,
)
_table(
    "choices", "number:seq! kind subject body by at:time why over:big", sa.UniqueConstraint("kind", "subject", "over")
)


def upgrade() -> None:
    """Nothing counts as indexed of answers, and nothing as heard, so the next reading indexes and hears all."""
    for name, columns in ADDED.items():
        for column in described(columns):
            op.add_column(name, column)
    op.execute("UPDATE customers SET household = customer_id")
    # Until the next turn worth is what was known: spender value.
    op.execute("UPDATE customers SET worth_minor = value_minor, worth_low = value_low, worth_high = value_high")
    MADE.create_all(op.get_bind())
