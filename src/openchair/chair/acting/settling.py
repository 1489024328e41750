"""Settling: what is particular to each kind of message, and keeping what became of one, with the contact that it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from openchair.chair.acting import carrying
from openchair.chair.acting.carrying import DECISION, Outgoing, Undone
from openchair.chair.intake import own
from openchair.chair.listening.asking import lettering
from openchair.chair.ports import Envelope
from openchair.chair.state.records import Message
from openchair.core.errors import NotFound
from openchair.core.ids import digest

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

MOST_WHY = 500
"""Characters of a reason that are kept."""
_ID = re.compile(r"[0-9a-f]{16}")


class Kind(NamedTuple):
    """What is particular to a kind of message."""

    ready: Callable[["Chair", Message, str], Outgoing | Undone]
    """A message as it goes out to a customer now, or why it goes no more."""
    about: Callable[["Chair", Message], dict[str, Any]]
    """What a contact by it is about: action, and of a decision decision_id and pillar."""
    purpose: Callable[["Chair", Message], str]
    """What whoever leaves by its letter has had enough of."""


KINDS: Mapping[str, Kind] = {
    "survey": Kind(lettering.ready, lettering.about, lettering.purpose),
    DECISION: Kind(carrying.ready, carrying.about, carrying.purpose),
}


def found(chair: "Chair", message_id: str) -> Message:
    """A message by its id, as it stands here or in a header. Raises NotFound."""
    bare = message_id.removeprefix("msg_")
    message = chair.state.message(bare) if _ID.fullmatch(bare) else None
    if message is None:
        remedy = "Give the message_id that came with it."
        raise NotFound("message", value=message_id, bound="none has that id", remedy=remedy)
    return message


def contact(
    chair: "Chair", message: Message, status: str, at: datetime, told: Mapping[str, str] = MappingProxyType({})
) -> Envelope:
    """The fact of what became of a message; the same message and status is the same fact."""
    said = {"message": message.message_id, **{name: word for name, word in told.items() if word}}
    row = {
        **KINDS[message.kind].about(chair, message),
        "identifier": own.named(chair.state.known_by([message.customer_id])[message.customer_id]),
        "channel": message.channel,
        "status": status,
        "properties": msgspec.json.encode(said).decode(),
    }
    return own.envelope("contacts", digest(status, message.message_id), at, row)


def kept(
    chair: "Chair", message: Message, events: Sequence[Envelope] = (), became: str = "", *, anyhow: bool = False
) -> Message:
    """Keep what became of a message, with the contacts that it is, and the status that its decision took.

    anyhow: also where it waits no more.
    """
    facts = {"contacts": own.table("contacts", *events)} if events else {}
    try:
        chair.state.settle_message(message, events, facts, became=became, anyhow=anyhow)
    except NotFound as erased:  # in the meantime; the message itself is gone with all else about them
        return replace(message, status="dropped", why=str(erased))
    return message


def ended(chair: "Chair", message: Message, status: str, became: str, why: str) -> Message:
    """Keep that a message goes no more (dropped), or did not get through (failed), and why.

    became: the status that its decision takes; of a decision it is a fact, too.
    """
    events = []
    if message.kind == DECISION and chair.state.known_by([message.customer_id]):
        events = [contact(chair, message, became, chair.clock(), {"why": why})]
    return kept(chair, replace(message, status=status, why=why), events, became)
