"""The kinds of fact: what may be said about a customer, column by column.

Every kind is a struct; its Arrow schema, its checks and the page docs/facts.md follow from it. Times are UTC,
`happened_at` because `at` is reserved in SQL. Money is integer minor units. `properties` keeps, as JSON text,
whatever came along that has no column of its own. `identifier` is kind:value as it came (core.ids).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import pyarrow as pa
from msgspec import Meta

from openchair.core.errors import BadInput

Id = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=20_000)]
Word = Annotated[str, Meta(min_length=1, max_length=300)]
Time = Annotated[datetime, Meta(tz=True)]
Minor = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Share = Annotated[float, Meta(ge=0, le=1)]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What every fact carries: its own id, where it came from, when it happened and when we heard of it."""

    fact_id: Id
    source: Word
    received_at: Time
    happened_at: Time
    identifier: Id | None = None
    properties: Text | None = None


class Purchase(Fact, frozen=True, kw_only=True):
    """One order line, or one return of it; `amount_minor` is what was paid for the line, negative for a return."""

    order_id: Id
    item_id: Id | None = None
    item_name: Text | None = None
    category: Word | None = None
    quantity: Annotated[float, Meta(ge=-1e9, le=1e9)] = 1.0
    amount_minor: Minor
    discount_minor: Annotated[int, Meta(ge=0, le=10**15)] = 0
    currency: Currency
    is_return: bool = False
    coupon: Word | None = None
    country: Word | None = None


class Step(Fact, frozen=True, kw_only=True):
    """A step of a customer's journey: a page seen, a basket filled, a box received."""

    name: Word
    moment: Literal["recognise", "request", "respond", "repeat"] | None = None
    session_id: Word | None = None
    item_id: Id | None = None
    order_id: Id | None = None


class Answer(Fact, frozen=True, kw_only=True):
    """An answer to a survey question; `score` on the metric's own scale (NPS 0 to 10)."""

    survey_id: Word
    metric: Literal["nps", "csat", "ces", "own"]
    question: Text | None = None
    score: Annotated[float, Meta(ge=-100, le=100)] | None = None
    text: Text | None = None
    language: Word | None = None
    decision_id: Id | None = None


class Voice(Fact, frozen=True, kw_only=True):
    """Something a customer said in their own words: a review, a ticket, a chat, a call."""

    channel: Literal["review", "ticket", "chat", "call", "social"]
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]
    language: Word | None = None
    rating: Annotated[float, Meta(ge=0, le=10)] | None = None
    item_id: Id | None = None
    conversation_id: Word | None = None


class Referral(Fact, frozen=True, kw_only=True):
    """`identifier` told `invitee`: invited, joined or bought."""

    invitee: Id
    status: Literal["invited", "joined", "bought"]
    code: Word | None = None


class Tie(Fact, frozen=True, kw_only=True):
    """Two customers who know each other or belong together."""

    other: Id
    relation: Literal["friend", "family", "company", "trust"]
    strength: Share | None = None


class Contact(Fact, frozen=True, kw_only=True):
    """What we did, and what became of it: one fact per status."""

    action: Word
    status: Literal[
        "approved", "dismissed", "deferred", "sent", "delivered", "opened", "clicked", "answered", "vetoed", "failed"
    ]
    decision_id: Id | None = None
    pillar: Word | None = None
    channel: Word | None = None
    campaign: Word | None = None


class Trait(Fact, frozen=True, kw_only=True):
    """Something true of a customer: name, value (text; lists as JSON), and who said so.

    The names in LINKS say that two identifiers are one person; the names in core rules (allergies, diet, never) bind.
    """

    name: Word
    value: Text
    said_by: Literal["customer", "owner", "staff", "shop", "inferred"] = "shop"
    confidence: Share = 1.0


class Event(Fact, frozen=True, kw_only=True):
    """Anything else that happened, kept until a room learns to read it."""

    name: Word


KINDS: dict[str, type[Fact]] = {
    "purchases": Purchase,
    "steps": Step,
    "answers": Answer,
    "voices": Voice,
    "referrals": Referral,
    "ties": Tie,
    "contacts": Contact,
    "traits": Trait,
    "events": Event,
}

# A trait of this name holds another identifier of the same customer, of the kind on the right.
LINKS = {"user_id": "id", "email": "email", "anonymous_id": "anon", "alias": "id"}

_ARROW = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in _ARROW:
        return _ARROW[hint]
    if get_origin(hint) is Literal:
        return pa.string()
    return _arrow_type(next(a for a in get_args(hint) if a is not type(None)))


def schema(kind: str) -> pa.Schema:
    """The Arrow schema of a kind of fact: its columns in order, nullable where the struct allows None."""
    return pa.schema(
        [pa.field(f.name, _arrow_type(f.type), nullable=f.default is None) for f in msgspec.structs.fields(KINDS[kind])]
    )


def check(kind: str, row: Mapping[str, object]) -> Fact:
    """The typed fact in `row`, or BadInput saying which column, what it held and what is allowed.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> check("events", {"fact_id": "1", "source": "shop", "received_at": now, "happened_at": now, "name": "Hi"}).name
    'Hi'
    """
    if kind not in KINDS:
        raise BadInput("kind of fact", value=kind, bound=f"one of {', '.join(KINDS)}", remedy="Name one of these.")
    try:
        return msgspec.convert(row, KINDS[kind], strict=True)
    except msgspec.ValidationError as wrong:
        column = str(wrong).partition("`$.")[2].rstrip("`")
        raise BadInput(
            f"{kind} {column}".strip(),
            value=row.get(column),
            bound=str(wrong).partition(" - at")[0],
            remedy="Correct it and send it again.",
        ) from None
