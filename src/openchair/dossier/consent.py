"""Consent: a yes and a no per purpose and channel, as bits of one integer.

Unknown is no for what needs opting in (marketing by e-mail, message or call; profiling; research; automatic orders) and
yes for what needs none until the customer says no (service; a letter; something in the parcel). A no wins over a yes.
"""

import re

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
)
"""Bit 2i of a customer's consents is a yes to SLOTS[i], bit 2i + 1 a no. New slots go to the end."""
NEEDS_OPT_IN: frozenset[tuple[str, str]] = frozenset(
    slot for slot in SLOTS if slot[0] not in ("service",) and slot[1] not in ("letter", "parcel")
)

_YES = {"yes", "true", "1", "y", "t", "on", "subscribed", "granted", "accepted", "given", "ok", "opted in", "opt in"}
_YES |= {"single opt in", "confirmed opt in"}
_NO = {"no", "false", "0", "n", "f", "off", "unsubscribed", "denied", "refused", "withdrawn", "revoked", "cleaned"}
_NO |= {"opted out", "opt out", "not subscribed"}
_CHANNELS = {"email": "e-mail", "e-mail": "e-mail", "sms": "message", "text": "message", "message": "message"}
_CHANNELS |= {"messages": "message", "whatsapp": "message", "call": "call", "calls": "call", "phone": "call"}
_CHANNELS |= {"letter": "letter", "post": "letter", "mail": "letter", "parcel": "parcel", "any": "any"}
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
    return _slot(name) is not None


def consents_of(name: str, value: str) -> int:
    """The bits that one trait sets; 0 for a word that is neither yes nor no. Read the latest value of each name.

    >>> consents_of("consent.email.marketing", "subscribed") == yes("marketing", "e-mail")
    True
    """
    slot, said = _slot(name), re.sub(r"[_\-\s]+", " ", value.strip().casefold())
    if slot is None or said not in _YES | _NO:
        return 0
    return yes(*slot) if said in _YES else no(*slot)


def allowed(consents: NDArray[np.int64], purpose: str, channel: str) -> NDArray[np.bool_]:
    """(k,) whether each customer may be reached so. Channels without a slot (a person, a webhook) need no consent.

    >>> allowed(np.array([0, yes("marketing", "e-mail")]), "marketing", "e-mail").tolist()
    [False, True]
    >>> allowed(np.array([0, no("marketing", "letter")]), "marketing", "letter").tolist()
    [True, False]
    """
    slot = (purpose, channel)
    if slot not in SLOTS:
        return np.ones(len(consents), dtype=np.bool_)
    said_no = (consents & no(*slot)) != 0
    agreed = (consents & yes(*slot)) != 0 if slot in NEEDS_OPT_IN else np.True_
    return np.asarray(~said_no & agreed, dtype=np.bool_)


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


def _slot(name: str) -> tuple[str, str] | None:
    """The purpose and channel a trait's name speaks of."""
    head, *rest = name.strip().casefold().replace(" ", "_").split(".")
    if head != "consent" or not 1 <= len(rest) <= 2:
        return None
    purposes = [_PURPOSES[word] for word in rest if word in _PURPOSES]
    channels = [_CHANNELS[word] for word in rest if word in _CHANNELS] or ["any"]
    slot = (purposes[0], channels[0]) if len(purposes) == 1 else None
    return slot if slot in SLOTS else None
