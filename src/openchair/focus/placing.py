"""The focus map: what to be excellent at, to keep, to leave mediocre on purpose, to stop; and the effort that follows.

Importance by performance (Martilla & James, 1977), with two more: the evidence, since a place is only given away where
the interval says so, and what it would cost, since the few things to be excellent at are where effort moves most.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, get_args

import msgspec
import numpy as np
from msgspec import Meta

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number

Place = Literal["excel", "keep", "mediocre", "stop"]
PLACES: tuple[Place, ...] = get_args(Place)
TITLES: Mapping[str, str] = {
    "excel": "Excel", "keep": "Keep", "mediocre": "Mediocre on purpose", "stop": "Stop",
}  # fmt: skip
EFFORT: Mapping[str, float] = {"excel": 1.0, "keep": 0.4, "mediocre": 0.1, "stop": 0.0}
"""Effort that a driver gets at each place, for the importance it has: conventions of the house."""
COUNTS: Mapping[str, float] = {"excel": 1.5, "keep": 1.0, "mediocre": 0.6, "stop": 0.3}
"""How many times an action's gain counts that serves a driver at each place."""
MOST_EXCEL = 3
"""Being excellent at more is being excellent at nothing."""
GOOD = 0.75
"""Performance from which a driver is good: there is little room to be better."""
MIDDLE_COST = 3

Effort = Annotated[float, Meta(ge=0, le=1e12)]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person said of a driver: its place, empty for the one that follows from the figures; which pillars serve
    it, None for the guess; what a step better would cost, 1 (little) to 5; hours and money spent on it in a week."""

    place: Literal["", "excel", "keep", "mediocre", "stop"] = ""
    pillars: tuple[str, ...] | None = None
    cost: Annotated[int, Meta(ge=1, le=5)] = MIDDLE_COST
    hours: Effort = 0.0
    money_minor: Effort = 0.0


class Totals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What there is to spend in a week over all drivers; None where nobody has said."""

    hours: Effort | None = None
    money_minor: Effort | None = None
    contacts: Effort | None = None


Told = TypeVar("Told", Said, Totals)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a driver. share: its part in what is explained, 0..1. performance: 0..1."""

    name: str
    share: Number
    important: bool
    performance: Number
    cost: int = MIDDLE_COST


def suggested(evidence: Sequence[Evidence]) -> dict[str, tuple[Place, str]]:
    """The place that follows from the figures, and why, by name.

    | importance | performance | place |
    | --- | --- | --- |
    | surely some, and an even share or more | room to be better | excel, for the MOST_EXCEL that effort moves most |
    | the same | good, or others come first | keep |
    | not sure | any | keep |
    | surely less than an even share | not good | mediocre on purpose |
    | the same | good | stop: more is spent than it brings |
    """
    even = 1 / max(len(evidence), 1)
    sure = {e.name for e in evidence if e.important and isinstance(e.share, Estimate) and e.share.value >= even}
    room = {e.name: 1.0 - e.performance.value for e in evidence if isinstance(e.performance, Estimate)}
    wanting = [e for e in evidence if e.name in sure and room.get(e.name, 1.0) > 1 - GOOD]
    wanting.sort(key=lambda e: (-_value(e.share) * room.get(e.name, 0.5) / e.cost, e.name))
    excel = {e.name for e in wanting[:MOST_EXCEL]}
    found: dict[str, tuple[Place, str]] = {}
    for e in evidence:
        good = room.get(e.name, 1.0) <= 1 - GOOD
        if not isinstance(e.share, Estimate):
            found[e.name] = "keep", "nothing is known of it yet"
        elif e.name in excel:
            found[e.name] = "excel", "matters for sure, and there is room to be better"
        elif e.name in sure:
            found[e.name] = "keep", "matters for sure, and is good" if good else "matters, and others come first"
        elif e.share.high < even:
            less = "matters less than others, for sure"
            found[e.name] = ("stop", f"{less}, and is good: spend no more") if good else ("mediocre", less)
        else:
            found[e.name] = "keep", "how much it matters is not known well enough to give it away"
    return found


def budget(places: Mapping[str, str], evidence: Sequence[Evidence]) -> dict[str, float]:
    """Each driver's share in all effort, by place and importance; they add up to 1, or are all 0 where all stop.

    >>> known = [Evidence(name, Estimate(0.5, 0.4, 0.6, 90), True, Estimate(0.5, 0.4, 0.6, 90)) for name in "ab"]
    >>> budget({"a": "excel", "b": "stop"}, known)
    {'a': 1.0, 'b': 0.0}
    """
    even = 1 / max(len(evidence), 1)
    raw = {
        e.name: EFFORT[places[e.name]] * (_value(e.share) if isinstance(e.share, Estimate) else even) for e in evidence
    }
    total = sum(raw.values())
    return {name: part / total if total else 0.0 for name, part in raw.items()}


def parts(total: float, shares: Mapping[str, float]) -> dict[str, int]:
    """A whole number of units by shares that add up to 1, to the unit: what is left over goes to the largest rests.

    >>> parts(10, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    {'a': 4, 'b': 3, 'c': 3}
    """
    exact = np.array([total * share for share in shares.values()])
    whole = np.floor(exact + 1e-9)
    order = np.argsort(-(exact - whole), kind="stable")[: round(min(total, exact.sum()) - whole.sum())]
    whole[order] += 1
    return dict(zip(shares, whole.astype(int).tolist(), strict=True))


def weights(places: Mapping[str, tuple[str, Sequence[str]]]) -> dict[str, float]:
    """How many times the gain of a pillar's actions counts: as the highest place asks of all drivers that it serves.

    places: by driver, the place a person gave it, and the pillars that serve it.

    >>> weights({"delivery": ("excel", ("service", "plus")), "variety": ("stop", ("plus", "products"))})
    {'service': 1.5, 'plus': 1.5, 'products': 0.3}
    """
    held: dict[str, list[float]] = {}
    for place, pillars in places.values():
        for pillar in pillars:
            held.setdefault(pillar, []).append(COUNTS[place])
    return {pillar: max(counts) for pillar, counts in held.items()}


_WORDS: Mapping[str, tuple[str, ...]] = {
    "service": (
        "help",
        "support",
        "service",
        "staff",
        "deliver",
        "late",
        "wait",
        "complain",
        "repl",
        "answer",
        "return",
    ),
    "products": (
        "quality",
        "taste",
        "choice",
        "variety",
        "product",
        "fresh",
        "range",
        "size",
        "fit",
        "broken",
        "damage",
    ),
    "plus": ("price", "discount", "cost", "value", "cheap", "easy", "ease", "change", "order", "pay", "app", "website"),
    "experiences": ("surprise", "fun", "event", "feel", "pack", "gift", "visit", "look"),
    "community": ("friend", "community", "people", "share", "together", "member"),
}


def guessed(title: str) -> tuple[str, ...]:
    """The pillars whose actions serve a driver, by the words it is called by; none where no word tells.

    >>> guessed("How happy are you with delivery?"), guessed("How easy is it to change your box?"), guessed("Blue")
    (('service',), ('plus',), ())
    """
    words = re.findall(r"[a-z]+", title.lower())
    return tuple(pillar for pillar, telling in _WORDS.items() if any(word.startswith(telling) for word in words))


def read(kind: type[Told], body: object) -> Told:
    """What a person said, from JSON text or from what JSON holds. Raises BadInput."""
    try:
        return msgspec.json.decode(body, type=kind) if isinstance(body, str) else msgspec.convert(body, kind)
    except msgspec.DecodeError as wrong:
        message, _, where = str(wrong).partition(" - at ")
        field = where.strip("`$. ") or "driver"
        remedy = "Give a place, a cost of 1 to 5, hours and money a week."
        raise BadInput(field, value=None, bound=message[:1].lower() + message[1:], remedy=remedy) from None


def _value(number: Number) -> float:
    return number.value if isinstance(number, Estimate) else 0.0
