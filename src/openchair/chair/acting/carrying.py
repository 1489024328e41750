"""Carrying: an approved decision as a message of the outbox, and as the letter that leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from openchair.chair.acting.addressing import addresses
from openchair.chair.intake import own
from openchair.chair.listening.asking.surveys import SECRET
from openchair.chair.ports import Letter
from openchair.chair.sealing import Seals
from openchair.chair.state.records import Message
from openchair.chair.views import Decision
from openchair.core.ids import digest
from openchair.decisions import guard
from openchair.loyalty.actions import Action
from openchair.loyalty.wording import worded

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DECISION = "decision"
KEPT_DAYS = 14
"""A decision that did not leave for so long is dropped: the day that it was right for is long past."""
POST = ("parcel", "letter")
"""Channels that lead to where they live."""
_TOLD = ("name", "address", "postcode", "city", "country")
TEAM = ("person", "call", "parcel", "letter")
"""Channels on which somebody does it by hand, and is told who, what and why."""
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "No more messages like this",
        "You get this because you are a customer of {shop}.",
        "You get this because you are a customer of {shop} and agreed to hear from us.",
    ),
    "ur": (
        "مجھے ایسے مزید پیغام نہ بھیجیں",
        "یہ پیغام آپ کو اس لیے ملا ہے کہ آپ {shop} کے گاہک ہیں۔",
        "یہ پیغام آپ کو اس لیے ملا ہے کہ آپ {shop} کے گاہک ہیں اور آپ نے ہم سے پیغام لینے کی اجازت دی ہے۔",
    ),
    "th": (
        "ไม่ต้องส่งข้อความแบบนี้อีก",
        "คุณได้รับข้อความนี้เพราะคุณเป็นลูกค้าของ {shop}",
        "คุณได้รับข้อความนี้เพราะคุณเป็นลูกค้าของ {shop} และยินยอมให้เราติดต่อ",
    ),
}
"""By language: how to leave, why they get it, and why where they agreed to it."""


class Outgoing(NamedTuple):
    """A message made ready: the way it takes, what the guard judges, and the letter."""

    way: str
    thing: guard.Thing
    letter: Letter
    decision_id: str | None = None
    """The decision that it carries out: its own contacts are not held against it."""


@dataclass(frozen=True, slots=True)
class Undone:
    """Why a message goes no more."""

    why: str


def messages_of(chair: "Chair", rows: Sequence[Mapping[str, Any]]) -> dict[str, Message]:
    """The messages that carry approved decisions out, by decision, once they can be taken back no more.

    rows: decisions, as of state.planning.PLAN_COLUMNS. Their ids follow from the decisions, so that one approved again
    after it was taken back leaves once.
    """
    now, hours = chair.clock(), {action.id: action.undo_hours for action in chair.catalogue}
    said = chair.state.told([row["customer_id"] for row in rows], ("language", "locale")).to_pylist()
    spoken = {(row["customer_id"], row["name"]): row["value"] for row in said}
    made = {}
    for row in rows:
        one, who = row["decision_id"], row["customer_id"]
        named = (digest(DECISION, one)[:16], DECISION, one, row["decided_for"], row["channel"], "")
        language = spoken.get((who, "language")) or spoken.get((who, "locale"), "")
        due = now + timedelta(hours=hours.get(row["action"], 0))
        made[one] = Message(*named, language, now, due, "waiting")
    return made


def ready(chair: "Chair", message: Message, customer_id: str) -> Outgoing | Undone:
    """A decision as it goes out now, or why it goes no more."""
    decision = chair.decision(message.subject)
    action, settings = _action(chair, decision), chair.settings
    if action is None:
        return Undone("the action is in the catalogue no more")
    if message.made_at + timedelta(days=KEPT_DAYS) < chair.clock():
        return Undone(f"it waited for more than {KEPT_DAYS} days")
    told = {row["name"]: row["value"] for row in chair.state.told([customer_id], _TOLD).to_pylist()}
    name, by_mail = told.get("name", ""), message.channel == "e-mail"
    words = worded(action, message.language, name, settings.name, channel=message.channel)
    address = addresses(chair.state, [customer_id]).get(customer_id, "") if by_mail else ""
    if by_mail and not (address and words.body):
        return Undone("no e-mail address is known to be theirs" if words.body else "the action has no words for it")
    leave, because, agreed = _WORDS.get(words.language, _WORDS["en"])
    by_hand = message.channel in TEAM
    letter = Letter(
        message_id=message.message_id,
        kind=DECISION,
        subject=decision.decision_id,
        to=address or own.named(chair.state.known_by([message.customer_id])[message.customer_id]),
        language=words.language or "en",
        title=words.subject or words.title,
        text=words.body,
        leave=(leave, f"{settings.address}/leave/{token_of(chair, message)}"),
        footer=(because if action.purpose == "service" else agreed).format(shop=settings.name),
        channel=message.channel,
        action=action.id,
        task=action.title,
        name=name,
        address=", ".join(told[part] for part in _TOLD[1:] if part in told) if message.channel in POST else "",
        why=decision.reasons if by_hand else (),
        page=f"{settings.address}/customers/{customer_id}" if by_hand else "",
    )
    return Outgoing("decision", guard.thing_of(action, message.channel), letter, decision.decision_id)


def about(chair: "Chair", message: Message) -> dict[str, Any]:
    """What a contact by a decision's message is about."""
    decision = chair.decision(message.subject)
    action = _action(chair, decision)
    pillar = action.pillar if action else None
    return {"action": decision.action, "decision_id": decision.decision_id, "pillar": pillar}


def purpose(chair: "Chair", message: Message) -> str:
    """What whoever leaves by a decision's letter has had enough of."""
    action = _action(chair, chair.decision(message.subject))
    return action.purpose if action else "marketing"


def token_of(chair: "Chair", message: Message) -> str:
    """The token by which the customer of a message is known who wants no more like it; it opens for ever."""
    return Seals(chair.state, SECRET).token(message.message_id, message.made_at)


def _action(chair: "Chair", decision: Decision) -> Action | None:
    return next((one for one in chair.catalogue if one.id == decision.action), None)
