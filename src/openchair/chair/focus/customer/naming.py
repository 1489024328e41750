"""Kinds of customers as people speak of them: a segment's name is a key of traits and values, and is said in words."""

from collections.abc import Mapping

from babel import Locale

from openchair.core.words import tongue

_SAID: Mapping[str, str] = {
    "language": "who speak {}",
    **dict.fromkeys(("city", "town", "country", "region", "state", "district", "suburb"), "in {}"),
    "stage": "who are {}",
    "first product": "who first bought {}",
    "first kind of product": "who began with {}",
    "mostly buys": "who mostly buy {}",
    "first order reduced: yes": "whose first order was reduced",
    "first order reduced: no": "whose first order was at full price",
    "came": "who came {}",
    "needs": "who need “{}”",
    "wants": "who want “{}”",
    "hopes for": "who hope for “{}”",
    "praised": "who praised “{}”",
    "complained of": "who complained of “{}”",
    "orders": "with {} orders",
    "an order": "who spend {} an order",
    "weeks of silence": "silent for {} weeks",
    "orders with a discount": "with a discount on {} of their orders",
}
"""By the name of what is known, or by it and its value: how it is said of those of whom it is true."""

_OFTEN = "customers, often those"


def phrase(name: str, value: str) -> str:
    """What is known of some customers, to be said behind their name.

    >>> phrase("language", "ur"), phrase("country", "PK"), phrase("orders", "below 4"), phrase("loves", "tea")
    ('who speak Urdu', 'in Pakistan', 'with less than 4 orders', 'whose loves is tea')
    """
    if name == "language":
        value = tongue(value)
    elif name == "country":
        value = Locale("en").territories.get(value.upper(), value)
    said = _SAID.get(f"{name}: {value}") or _SAID.get(name) or f"whose {name.replace('_', ' ')} is {{}}"
    return said.replace("{}", value.replace("below ", "less than "))


def called(segment: str) -> str:
    """A segment by its name; what is no key of traits stays as it is.

    >>> called("language: en; city: Karachi"), called("often language: ur"), called("all buyers")
    ('customers in Karachi who speak English', 'customers, often those who speak Urdu', 'all buyers')
    >>> called("language: en; mostly buys: tea")
    'customers who speak English and mostly buy tea'
    """
    marks = [one.partition(": ") for one in segment.removeprefix("often ").split("; ")]
    if not all(value for _name, _colon, value in marks):
        return segment
    said = [phrase(name, value) for name, _colon, value in marks]
    where = [one for one in said if not one.startswith("who")]
    do, have = ([one for one in said if one.startswith(start)] for start in ("who ", "whose "))
    who = " and ".join([*do[:1], *(one.removeprefix("who ") for one in do[1:]), *have])
    return " ".join(filter(None, (_OFTEN if segment.startswith("often ") else "customers", *where, who)))
