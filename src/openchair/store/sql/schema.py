"""Every table of the state, once, for SQLite and PostgreSQL. Migrations make it so; a test holds the two together.

Times are UTC and aware on both. Money is integer minor units where it is counted, float where it is estimated.
"""

from typing import Any

import sqlalchemy as sa

from openchair.chair.ports import CUSTOMER_COLUMNS, INDEXED_KINDS
from openchair.facts import kinds
from openchair.store.sql.columns import NAMES, OF_ARROW, Seq, described

metadata = sa.MetaData(naming_convention=NAMES)


def _table(name: str, columns: str, *more: Any, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *described(columns), *more, **options)


notes = _table("notes", "key! value")
leases = _table("leases", "job! owner until:time")

inbox = _table("inbox", "seq:seq! key source received_at:time body:bytes", sqlite_autoincrement=True)
# md5 of source and key: what was once acknowledged is known for ever, in 16 bytes.
messages = sa.Table(
    "messages", metadata, sa.Column("hash", sa.LargeBinary(16), primary_key=True), sqlite_with_rowid=False
)

# base_id for good by exact identifiers; customer_id is the least base id among those that are merged.
identities = _table("identities", "identifier! base_id+ customer_id+ linked_at:time because")
# evidence: JSON, what each record says, field by field, with the weight of evidence.
merges = _table(
    "merges",
    "merge_id! left_id+ right_id+ kind because probability:float? evidence status found_at:time decided_at:time? "
    "decided_by why",
    sa.Index("ix_merges_found", "status", "found_at", "merge_id"),
)
# Hashes taken over from another home come with its salt.
erased = _table("erased", "hash! salt erased_at:time")
_shown = sa.text("merged_into IS NULL")
customers = sa.Table(
    "customers",
    metadata,
    *(sa.Column(name, OF_ARROW[kind], primary_key=name == "customer_id") for name, kind in CUSTOMER_COLUMNS.items()),
    # The customer that this one is now part of; its row is hidden until it is its own again. The name in small letters,
    # for search and order; SQLite itself knows the small letters of ASCII only.
    *described("merged_into? folded?"),
    sa.Index("ix_customers_worth", "value_minor", "customer_id"),
    sa.Index("ix_customers_recent", "last_on", "customer_id"),
    sa.Index("ix_customers_name", "folded", "customer_id"),
    sa.Index("ix_customers_orders", "orders", "customer_id"),
    sa.Index("ix_customers_consents", "consents", sqlite_where=_shown, postgresql_where=_shown),
)


def _indexed(kind: str) -> sa.Table:
    """The facts of a kind that are about somebody, lying together by whom they are about."""
    by = ("identifier", "fact_id")
    columns = (
        sa.Column(f.name, OF_ARROW[f.type], nullable=f.nullable and f.name not in by) for f in kinds.schema(kind)
    )
    return sa.Table(f"facts_{kind}", metadata, *columns, sa.PrimaryKeyConstraint(*by), sqlite_with_rowid=False)


indexed = {kind: _indexed(kind) for kind in INDEXED_KINDS}
sa.Index("ix_facts_ties_other", indexed["ties"].c.other)
low = sa.text(
    "(metric = 'nps' AND score >= 0 AND score <= 6 OR metric IN ('csat', 'ces') AND score >= 1 AND score <= 2)"
)
"""Answers of someone unhappy: an NPS detractor, or the two lowest steps of CSAT and CES. In these words its index."""
sa.Index("ix_facts_answers_low", indexed["answers"].c.happened_at, sqlite_where=low, postgresql_where=low)
_consents = sa.text("name >= 'consent.' AND name < 'consent/'")
_newest = indexed["traits"].c.happened_at
sa.Index("ix_facts_traits_consents", _newest, sqlite_where=_consents, postgresql_where=_consents)
indexed_files = _table("indexed_files", "kind! file!")

# record_id follows from the record's own text: a record that changes never rewrites what a decision rested on.
situations = _table("situations", "record_id! situation_id record:packed")
_acting = sa.text("action <> 'wait'")
# why: why it was put off, dismissed or taken back.
decisions = _table(
    "decisions",
    "decision_id! customer_id day:day moment situation_id record_id stage? action gain_minor:float gain_low:float? "
    "gain_high:float? propensity:float policy worth_minor:float? arm=learned channel='' features:big=0 "
    "window_days:int=28 expected_minor:float? status=proposed decided_by? decided_at:time? why='' outcome_minor:big? "
    "outcome_at:time?",
    sa.ForeignKeyConstraint(["record_id"], ["situations.record_id"]),
    sa.UniqueConstraint("customer_id", "day", "moment"),
    sa.Index("ix_decisions_gain", "day", "gain_minor", "decision_id"),
    sa.Index("ix_decisions_acting", "day", "gain_minor", "decision_id", sqlite_where=_acting, postgresql_where=_acting),
)
# What a person decided about the shop. body: JSON. over: how many of its kind and subject were before it: of
# two who change the same at once, one is first.
choices = _table(
    "choices", "number:seq! kind subject body by at:time why over:big", sa.UniqueConstraint("kind", "subject", "over")
)

turns = _table("turns", "turn_id! started_at:time+ report")
imports = _table("imports", "import_id! started_at:time+ report")
# key: what the row was and where it stood: a file read twice has its rejects once.
rejects = _table("rejects", "number:seq! key file line:big reason row", sa.UniqueConstraint("key"))
import_rejects = sa.Table(
    "import_rejects",
    metadata,
    *described("import_id!"),
    sa.Column(
        "number", Seq, sa.ForeignKey("rejects.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
)
# owner, due_at: whose it is and until when it should be answered; a case has both.
reviews = _table(
    "reviews",
    "review_id! kind subject customer_id?+ text opened_at:time opened_by verdict decided_by decided_at:time? why "
    "owner='' due_at:time?",
    sa.Index("ix_reviews_opened", "verdict", "opened_at", "review_id"),
)
seats = _table(
    "seats",
    "seat_id! customer_id+ language created_at:time created_by expires_at:time opened_at:time? session_hash:bytes? "
    "revoked_at:time? code_hash:bytes? code_tries:int code_sent_at:time?",
)
audit = _table(
    "audit",
    "number:seq! happened_at:time who act customer_id? detail",
    sa.Index("ix_audit_customer_id_number", "customer_id", "number"),
    sa.Index("ix_audit_who_number", "who", "number"),
)
# status: draft, live or closed. definition: JSON, listening.asking.survey.Survey.
surveys = _table("surveys", "survey_id! version:int status definition changed_at:time changed_by")
# chair.state.records.Message
outbox = _table(
    "outbox",
    "message_id! kind subject customer_id+ channel address language made_at:time due_at:time status tries:int why "
    "sent_at:time? answered_at:time?",
    sa.Index("ix_outbox_due", "status", "due_at", "message_id"),
    sa.Index("ix_outbox_subject", "subject", "made_at", "message_id"),
)
models = _table("models", "name! made_at:time body:bytes")
# told: JSON, names and telling words by language. named_by: the person who named it, so that no turn names it anew.
themes = _table("themes", "theme_id! name told centroid:bytes born_on:day named_by")
# A sentence of something said, by where in the fact's text it begins and ends; empty identifier: nobody's. closeness:
# cosine with the theme's centre. reading: want, need, aspiration, pain, praise or other; surety: how sure; read_by:
# who says so, model or a person's name. sentiment: -1 to 1.
readings = _table(
    "readings",
    "identifier fact_id place:int kind happened_at:time channel begins:int ends:int language theme_id? "
    "closeness:float? reading surety:float read_by sentiment:float",
    sa.PrimaryKeyConstraint("identifier", "fact_id", "place"),
    sa.Index("ix_readings_theme", "theme_id", "happened_at"),
    sa.Index("ix_readings_fact", "fact_id", "place"),
    sqlite_with_rowid=False,
)
# week: its Monday; leader: who is to call; questions: JSON; status: empty, reached, not reached or skipped.
calls = _table(
    "calls",
    "call_id! week:day leader place:int customer_id+ reason because questions status done_at:time?",
    sa.Index("ix_calls_week", "week", "leader", "place"),
)

users = _table("users", "user_id! email name role password created_at:time", sa.UniqueConstraint("email"))
invites = _table("invites", "hash:hash! role email? expires_at:time")
sessions = _table(
    "sessions",
    "hash:hash! user_id+ created_at:time expires_at:time",
    sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], ondelete="CASCADE"),
)
keys = _table(
    "keys",
    "key_id! hash:hash name scopes created_at:time last_used_at:time? revoked_at:time?",
    sa.UniqueConstraint("hash"),
)
idempotency = _table("idempotency", "hash:hash! fingerprint:hash created_at:time+ status:int? body:bytes?")
