"""Which moment a step belongs to, guessed from what its sender said, its name, or where in journeys it occurs.

A person's word goes before every guess. A guess is shown with what it rests on, to be corrected.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openchair.facts.track import MOMENTS as KNOWN
from openchair.facts.track import plain
from openchair.journey.cutting import MOMENTS, MOST_CODES, Code, Codes

ORDER, RETURN = "Order Completed", "Order Returned"
VOICES = {
    "ticket": "Ticket Written", "chat": "Chat Written", "call": "Call Held", "review": "Review Written",
    "social": "Post Written",
}  # fmt: skip
"""What a voice of a channel is called as a step."""
ASKING = re.compile(r"^(?!.*(ended|received|closed|solved|answered)).*\b(call held|chat|ticket|support|help|complain)")
"""What a sender calls it when customers ask for help, and what it calls our part of that."""
CONTACTS = ("opened", "clicked", "answered")
"""What a customer does about something we sent, and so is a step."""
PROMPT = "Our "
"""What its name begins with, before the channel: `Our e-mail opened`."""
_OURS = {
    ORDER: "request", RETURN: "respond", VOICES["ticket"]: "respond", VOICES["chat"]: "respond",
    VOICES["call"]: "respond", VOICES["review"]: "repeat", VOICES["social"]: "repeat",
}  # fmt: skip
_TELLING = {
    "respond": "deliver ship dispatch fulfil arriv receiv unbox opened install onboard activat support help ticket "
               "chat refund return cancel resolv repair pickup",
    "repeat": "renew repeat reorder again subscri loyal point reward referr review rated rating share skip anniversary",
    "request": "cart basket checkout pay order coupon add remov sign register account trial quote book reserv wishlist "
               "change denied refus select configur request apply submit appli",
    "recognise": "view search visit land brows page ad promot newsletter email open click list filter read watch "
                 "campaign impression home discover",
}  # fmt: skip
"""Beginnings of words that tell a moment; of several moments the one listed first has it."""
CENTRES = (0.125, 0.375, 0.625, 0.875)
"""Where in a journey the four moments lie, as a share of its steps, when nothing is known of any."""
OTHER = "Other steps"


@dataclass(frozen=True, slots=True)
class Seen:
    """A name as it was counted: how often, what senders said its moment is (the most frequent), where in journeys."""

    name: str
    times: int
    said: str | None = None
    place: float | None = None
    """Mean share of a customer's steps that came before it, in [0, 1]; None where that was not looked at."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The moment of a step and what it was guessed from: sender, name or place."""

    name: str
    moment: str
    because: str
    times: int


def by_name(name: str) -> str | None:
    """The moment that a name tells, or None.

    >>> by_name("Checkout Started"), by_name("Parcel delivered late"), by_name("8")
    ('request', 'respond', None)
    """
    known = _OURS.get(name) or KNOWN.get(plain(name))
    if known:
        return known
    words = re.findall(r"[^\W\d_]+", plain(name))
    told = (m for m, stems in _TELLING.items() if any(w.startswith(s) for w in words for s in stems.split()))
    return next(told, None)


def guess(seen: Sequence[Seen]) -> list[Guess]:
    """The moment of every name, in the order given. What neither sender nor name tells is placed nearest to what does.

    >>> [g.moment for g in guess([Seen("1", 9, place=0.1), Seen("2", 9, place=0.4), Seen("3", 5, place=0.95)])]
    ['recognise', 'request', 'repeat']
    """
    told = {s.name: (s.said, "sender") if s.said else (by_name(s.name), "name") for s in seen}
    centres = list(CENTRES)
    for k, moment in enumerate(MOMENTS):
        among = [(s.place, s.times) for s in seen if told[s.name][0] == moment and s.place is not None]
        if among:
            centres[k] = sum(p * n for p, n in among) / sum(n for _p, n in among)
    found = []
    for s in seen:
        known, because = told[s.name]
        place = 0.5 if s.place is None else s.place
        nearest = MOMENTS[min(range(len(MOMENTS)), key=lambda k: abs(centres[k] - place))]
        found.append(Guess(s.name, known or nearest, because if known else "place", s.times))
    return found


def codes(
    moments: Mapping[str, str], times: Mapping[str, int], *, ordered: bool, told: bool
) -> tuple[Codes, list[int]]:
    """The steps told apart, and of each name in `moments` (name -> moment, none left out) its code.

    The commonest names have a code of their own; the rest of a moment share one, OTHER. ordered: whether there are
    orders. told: whether any moment is known otherwise than from its place; else only the last moment meets a need.
    """
    common = sorted(moments, key=lambda name: (-times[name], name))
    own = set(common if len(common) <= MOST_CODES else common[: MOST_CODES - len(MOMENTS)])
    names = {name: name if name in own else f"{OTHER}: {moments[name]}" for name in moments}
    helping = {name for name in names if moments[name] == "respond" and ASKING.search(plain(name))}
    prompted = {name for name in names if name.startswith(PROMPT) and name.endswith(CONTACTS)}
    lanes = {names[name]: MOMENTS.index(moments[name]) for name in moments}
    total: dict[str, int] = {}
    for name, of in names.items():
        total[of] = total.get(of, 0) + times[name]
    order = sorted(lanes, key=lambda name: (lanes[name], name == ORDER, -total[name], name))
    steps = tuple(
        Code(name, lanes[name], name == ORDER and ordered, name in helping, name in prompted) for name in order
    )
    where = {name: k for k, name in enumerate(order)}
    return Codes(steps, met_lane=2 if told else 3), [where[names[name]] for name in moments]
