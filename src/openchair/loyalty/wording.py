"""Wording: what a customer reads of an action, in their language, with their name and the shop's filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from openchair.loyalty.actions import Action
from openchair.loyalty.contradictions import PLACEHOLDERS

NAMELESS: Mapping[str, str] = {"en": "customer", "ur": "عزیز گاہک", "th": "ลูกค้า"}
"""What stands for the name of somebody whose name is not known."""
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Wording:
    """What goes out: plain text, empty where the action holds no words. Whoever renders it escapes it."""

    channel: str
    language: str
    title: str
    subject: str
    body: str


def worded(action: Action, language: str, name: str, shop: str, *, channel: str = "") -> Wording:
    """An action as a customer reads it by a channel (empty: the one it prefers).

    language: as they gave it; th-TH is th. Where the action is not written in it, English is taken, else the first
    language that it is written in. Names are data: what looks like a placeholder in them stays as it is, and lines
    in them are joined, so that no name adds a header to a mail.
    """
    asked = re.split("[-_]", language, maxsplit=1)[0].lower()
    spoken = next((one for one in (asked, "en", *action.texts) if one in action.texts), "")
    names = {"name": _line(name) or NAMELESS.get(spoken, NAMELESS["en"]), "shop": _line(shop)}
    text = action.texts.get(spoken)
    title, subject, body = (
        PLACEHOLDERS.sub(lambda found: names[found[1]], part)
        for part in ((text.title, text.subject, text.body) if text else ("", "", ""))
    )
    road = channel or action.channel
    return Wording(road, spoken, title or action.title, "" if road == "message" else subject, body)


def _line(name: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", name).split())[:LONGEST_NAME]
