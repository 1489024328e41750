"""Consent: a yes and a no per purpose and channel, as bits of one integer.

Unknown is no for what needs opting in (marketing by e-mail, message or call; profiling; research; automatic orders) and
yes for what needs none until the customer says no (service; a letter; something in the parcel). A no wins over a yes. A
yes is given channel by channel; a no may be given to all channels of a purpose at once.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

SLOTS: tuple[tuple[str, str], ...] = (
    ("marketing", "e-mail"),
    ("marketing", "message"),
    ("marketing", "call"),
    ("marketing", "letter"),
    ("marketing", "parcel"),
    ("service", "e-mail"),
    ("service", "message"),
    ("service", "call"),
    ("service", "letter"),
    ("service", "parcel"),
    ("research", "e-mail"),
    ("research", "message"),
    ("research", "call"),
    ("profiling", "any"),
    ("automatic orders", "any"),
    ("marketing", "any"),
    ("service", "any"),
    ("research", "any"),
)
"""Bit 2i of a customer's consents is a yes to SLOTS[i], bit 2i + 1 a no. New slots go to the end."""
NEEDS_OPT_IN: frozenset[tuple[str, str]] = frozenset(
    slot
    for slot in SLOTS
    if slot[0] != "service" and slot[1] not in ("letter", "parcel") and slot != ("marketing", "any")
)
PURPOSES: tuple[str, ...] = tuple(dict.fromkeys(purpose for purpose, _ in SLOTS))

_YES = {"yes", "true", "1", "y", "t", "on", "subscribed", "granted", "accepted", "given", "ok", "opted in", "opt in"}
_YES |= {"single opt in", "confirmed opt in"}
_NO = {"no", "false", "0", "n", "f", "off", "unsubscribed", "denied", "refused", "withdrawn", "revoked", "cleaned"}
_NO |= {"opted out", "opt out", "not subscribed"}
CHANNELS = {"email": "e-mail", "e-mail": "e-mail", "sms": "message", "text": "message", "message": "message"}
CHANNELS |= {"messages": "message", "whatsapp": "message", "call": "call", "calls": "call", "phone": "call"}
CHANNELS |= {"letter": "letter", "post": "letter", "mail": "letter", "parcel": "parcel", "any": "any"}
"""What people call a channel, and which it is."""
_PURPOSES = {"marketing": "marketing", "service": "service", "research": "research", "surveys": "research"}
_PURPOSES |= {"profiling": "profiling", "automatic_orders": "automatic orders", "automatic": "automatic orders"}


def yes(purpose: str, channel: str = "any") -> int:
    """The bit of a yes."""
    return 1 << 2 * SLOTS.index((purpose, channel))


def no(purpose: str, channel: str = "any") -> int:
    """The bit of a no."""
    return 2 << 2 * SLOTS.index((purpose, channel))


def binds(name: str) -> bool:
    """Whether a trait's name is about consent: `consent.<channel>.<purpose>`, in either order, or `consent.<purpose>`.

    >>> binds("consent.email.marketing"), binds("consent.profiling"), binds("consents to be called Bob")
    (True, True, False)
    """
    return slot_of(name) is not None


@lru_cache(maxsize=4096)
def slot_of(name: str) -> tuple[str, str] | None:
    """The purpose and channel a trait's name speaks of.

    >>> slot_of("consent.email.marketing"), slot_of("consent.marketing"), slot_of("newsletter")
    (('marketing', 'e-mail'), ('marketing', 'any'), None)
    """
    head, *rest = name.strip().casefold().replace(" ", "_").split(".")
    if head != "consent" or not 1 <= len(rest) <= 2:
        return None
    purposes = [_PURPOSES[word] for word in rest if word in _PURPOSES]
    channels = [CHANNELS[word] for word in rest if word in CHANNELS]
    if len(purposes) != 1 or len(channels) != len(rest) - 1:
        return None
    slot = (purposes[0], *(channels or ["any"]))
    return slot if slot in SLOTS else None


Answer = Literal["yes", "no"]


def answer_of(value: str) -> Answer | None:
    """What a word says; None for one that is neither yes nor no.

    >>> answer_of("Subscribed"), answer_of("opted-out"), answer_of("perhaps")
    ('yes', 'no', None)
    """
    said = re.sub(r"[_\-\s]+", " ", value.strip().casefold())
    return "yes" if said in _YES else "no" if said in _NO else None


class Terms(NamedTuple):
    """What consents must hold: every bit of `agreed`, and none of `refused`."""

    agreed: int
    refused: int


@lru_cache(maxsize=1024)
def terms(purpose: str, channel: str) -> Terms:
    """What a customer must have said to be reached so: a yes where that needs opting in, and no no.

    A channel without a slot (a person, a webhook) is judged by what holds for the purpose on any channel.
    """
    slots = [slot for slot in ((purpose, channel), (purpose, "any")) if slot in SLOTS]
    agreed = yes(*slots[0]) if slots and slots[0] in NEEDS_OPT_IN else 0
    return Terms(agreed, sum({no(*slot) for slot in slots}))


def allows(consents: int, purpose: str, channel: str) -> bool:
    """Whether a customer with these bits may be reached so."""
    agreed, refused = terms(purpose, channel)
    return not consents & refused and consents & agreed == agreed


def allowed(consents: NDArray[np.int64], purpose: str, channel: str) -> NDArray[np.bool_]:
    """(k,) whether each customer may be reached so.

    >>> allowed(np.array([0, yes("marketing", "e-mail")]), "marketing", "e-mail").tolist()
    [False, True]
    >>> allowed(np.array([0, no("marketing", "letter"), no("marketing")]), "marketing", "letter").tolist()
    [True, False, False]
    """
    agreed, refused = terms(purpose, channel)
    return np.asarray(((consents & refused) == 0) & ((consents & agreed) == agreed), dtype=np.bool_)


def shown(consents: int) -> tuple[str, ...]:
    """What they said, as a person reads it.

    >>> shown(yes("marketing", "e-mail") | no("marketing", "call") | yes("profiling"))
    ('marketing by e-mail: yes', 'marketing by call: no', 'profiling: yes')
    """
    said = []
    for purpose, channel in SLOTS:
        if consents & (yes(purpose, channel) | no(purpose, channel)):
            answer = "no" if consents & no(purpose, channel) else "yes"
            said.append(f"{purpose}{'' if channel == 'any' else f' by {channel}'}: {answer}")
    return tuple(said)
