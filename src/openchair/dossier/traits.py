"""Traits: what is known of one customer, who said it and when; the latest word of the source most to be trusted holds.

What a customer says of themselves goes before what the team noted, that before the shop's own records, and those before
what was inferred. A value said again changes nothing; an empty value takes back what its speaker said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from openchair.facts.kinds import LINKS

TRUST: tuple[str, ...] = ("inferred", "shop", "staff", "owner", "customer")
"""Who is believed: later in the row goes before earlier."""
NOTE = "note"
"""The trait that holds a note of the team; every one of them stays."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "likes": (
        "favourite", "favorite", "likes", "loves", "dislikes", "team", "food", "drink", "hobby", "hobbies", "interest",
        "music", "colour", "color", "size", "brand",
    ),
    "reach": ("language", "locale", "channel", "time", "timezone", "phone", "email", "address", "city", "country"),
    "life": (
        "child", "children", "kids", "partner", "spouse", "family", "pet", "dog", "cat", "birthday", "birth",
        "anniversary", "job", "occupation", "company", "household", "home", "age", "income", "marital",
    ),
}  # fmt: skip
"""Words in a trait's name that say where on a dossier it stands; what has none of them is `other`."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value that someone gave a trait at some time."""

    value: str
    said_by: str
    """customer, owner, staff, shop or inferred."""
    by: str
    """The person who wrote it down, when it was not the customer; empty where nobody signed."""
    source: str
    since: datetime
    confidence: float
    fact_id: str


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait: the value that holds, who said it, every value before, and whether sources disagree now."""

    name: str
    value: str
    said_by: str
    by: str
    source: str
    since: datetime
    confidence: float
    fact_id: str
    group: str
    """Where it stands on a dossier: likes, reach, life or other (dossier.traits)."""
    earlier: tuple[Said, ...] = ()
    """What it was before or what others say, newest first."""
    conflict: bool = False
    """Whether the latest word of another source differs."""


@dataclass(frozen=True, slots=True)
class Note:
    """What someone of the team wrote down about a customer."""

    text: str
    author: str
    since: datetime
    fact_id: str


def traits_of(
    rows: Sequence[Mapping[str, Any]], hidden: Sequence[str] = ()
) -> tuple[tuple[Trait, ...], tuple[Note, ...]]:
    """A customer's traits by name, and the team's notes, newest first.

    rows: facts of kind traits. Left out are identifiers (LINKS), what is told elsewhere (`hidden`: hard rules,
    consents), and traits that whoever said them took back.
    """
    spoken: dict[str, list[Said]] = {}
    notes: list[Note] = []
    for row in sorted(rows, key=lambda r: (r["happened_at"], r["fact_id"]), reverse=True):
        said = said_of(row)
        if row["name"] == NOTE:
            notes.append(Note(said.value, said.by or said.said_by, said.since, said.fact_id))
        elif row["name"] not in LINKS and row["name"] not in hidden:
            spoken.setdefault(row["name"], []).append(said)
    found = (_trait(name, said) for name, said in sorted(spoken.items()))
    return tuple(trait for trait in found if trait is not None), tuple(note for note in notes if note.text)


def said_of(row: Mapping[str, Any]) -> Said:
    """What a fact of kind traits says, and who says it."""
    by, since = signed(row).get("by", ""), row["happened_at"]
    return Said(plain(row["value"]), row["said_by"], by, row["source"], since, row["confidence"], row["fact_id"])


def signed(row: Mapping[str, Any]) -> dict[str, str]:
    """Who wrote a fact down, why, and in which words and language something was agreed to, as far as it is known."""
    try:
        properties = msgspec.json.decode(row["properties"] or "{}")
    except msgspec.DecodeError:
        return {}
    names = ("by", "why", "wording", "language")
    return {name: str(properties[name]) for name in names if isinstance(properties, dict) and properties.get(name)}


def _trait(name: str, newest_first: Sequence[Said]) -> Trait | None:
    """The trait that these values make; None where nothing of them holds any more."""
    latest: dict[str, Said] = {}
    for said in newest_first:
        latest.setdefault(said.said_by, said)
    # Whoever empties a trait speaks for all below them: a customer's removal silences the shop's record too.
    holding: list[Said] = []
    for speaker in reversed(TRUST):
        if speaker in latest and not latest[speaker].value.strip():
            holding += [
                said
                for said in latest.values()
                if said.value.strip()
                and said.since > latest[speaker].since
                and TRUST.index(said.said_by) < TRUST.index(speaker)
                and said not in holding
            ]
            break
        if speaker in latest:
            holding.append(latest[speaker])
    if not holding:
        return None
    now = holding[0]
    earlier = [said for said in newest_first if said is not now and said.value.strip() and said.value != now.value]
    once = {(said.value, said.said_by): said for said in reversed(earlier)}
    return Trait(
        name=name,
        value=now.value,
        said_by=now.said_by,
        by=now.by,
        source=now.source,
        since=now.since,
        confidence=now.confidence,
        fact_id=now.fact_id,
        group=group_of(name),
        earlier=tuple(sorted(once.values(), key=lambda said: (said.since, said.fact_id), reverse=True)),
        conflict=any(said.value != now.value for said in holding[1:]),
    )


def group_of(name: str) -> str:
    """Where on a dossier a trait stands.

    >>> group_of("favourite_team"), group_of("best time to call"), group_of("children"), group_of("vat number")
    ('likes', 'reach', 'life', 'other')
    """
    words = name.casefold().replace("_", " ").replace("-", " ").replace(".", " ").split()
    return next((group for group, telling in GROUPS.items() if any(word in telling for word in words)), "other")


def plain(value: str) -> str:
    """A trait's value as a person reads it: a JSON list becomes words with commas.

    >>> plain('["figs", "dates"]'), plain("2")
    ('figs, dates', '2')
    """
    if value.startswith("["):
        try:
            return ", ".join(str(v) for v in msgspec.json.decode(value))
        except (msgspec.DecodeError, TypeError):
            return value
    return value
