"""What the seat's page shows, made from what the chair tells: the parts in their order, each thing by its own words."""

from collections.abc import Mapping
from typing import Any

from openchair.chair.people.seating import SeatView
from openchair.chair.seats import Seat
from openchair.core.settings import Settings
from openchair.server.seat import texts
from openchair.server.tongue import NAMES, Tongue

PARTS: Mapping[str, str] = {
    "rules": "What must never happen",
    "known": "What we know about you",
    "agreed": "What you agree to",
    "often": "How often we may turn to you",
    "decided": "What we decided about you",
    "friends": "Friends you send us",
    "data": "Everything, to take or to erase",
}
"""The page's parts: their anchors and headings, as the template has them."""

ZONES = (
    "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Chicago",
    "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
    "America/Sao_Paulo", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Karachi",
    "Asia/Kathmandu", "Asia/Kolkata", "Asia/Riyadh", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores",
    "Australia/Perth", "Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Istanbul", "Europe/London",
    "Europe/Moscow", "Pacific/Auckland", "Pacific/Honolulu",
)  # fmt: skip
"""One place for most of the clocks people live by; the shop's and the customer's own are always offered too."""


def around(settings: Settings, tongue: Tongue) -> dict[str, Any]:
    """What every template of the seat is given."""
    return {
        "_": tongue,
        "shop": settings.name,
        "tongues": NAMES,
        "statuses": texts.STATUSES,
        "open_statuses": texts.OPEN_STATUSES,
        "sentence": lambda text, params: tongue(text, **params),
    }


def page_of(view: SeatView, seat: Seat, settings: Settings, tongue: Tongue) -> dict[str, Any]:
    """What the page itself is given besides."""
    dossier = view.dossier
    whole_first = sorted(dossier.consents, key=lambda c: c.channel != "any")
    told = {purpose: [c for c in whole_first if c.purpose == purpose] for purpose in texts.PURPOSES}
    own = dossier.attention.timezone or settings.timezone
    hours = dossier.attention.quiet.split("-")
    return {
        "dossier": dossier,
        "seat": seat,
        "decided": view.decided,
        "more": view.more,
        "parts": PARTS.items(),
        "traits": [(_called(trait.name, tongue), trait) for trait in dossier.traits],
        "consents": [(purpose, slots) for purpose, slots in told.items() if slots],
        "quiet": [int(hour) for hour in hours] if len(hours) == 2 else [None, None],
        "zones": sorted(((key, tongue.place(key)) for key in {*ZONES, own}), key=lambda zone: zone[1]),
        "zone": own,
        "terms": texts.TERMS,
        "vocabulary": texts.VOCABULARY,
        "purposes": texts.PURPOSES,
        "wordings": texts.WORDINGS,
        "wishes": texts.WISHES,
        "speakers": texts.SPEAKERS,
        "tell_us": texts.TELL_US,
        "trait_texts": texts.TRAITS,
        "done_texts": texts.DONE,
    }


def _called(name: str, tongue: Tongue) -> str:
    """A trait's name as it is shown."""
    plain = name.replace("_", " ").strip()
    return tongue(texts.TRAITS[plain.casefold()]) if plain.casefold() in texts.TRAITS else plain[:1].upper() + plain[1:]
