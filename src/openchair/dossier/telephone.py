"""Telephone numbers in one form, so that two spellings of one number are one identifier."""

import re
from functools import lru_cache

import phonenumbers

NAMES = ("phone", "mobile", "telephone", "phone_number")
"""Traits that hold a telephone number."""
E164 = r"^\+[1-9][0-9]{6,14}$"
"""What is in that form already (ITU-T E.164) is taken as it is."""
_PLAUSIBLE = re.compile(r"[0-9]")


@lru_cache(maxsize=1 << 16)
def e164(said: str, country: str) -> str | None:
    """A number as E.164, or None for what is none. country: where a number without a prefix is from; empty: nowhere.

    >>> e164("020 7946 0018", "GB"), e164("0044 20 7946 0018", "GB"), e164("020 7946 0018", "")
    ('+442079460018', '+442079460018', None)
    """
    if not _PLAUSIBLE.search(said):
        return None
    text = "+" + said.strip()[2:] if said.strip().startswith("00") else said
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    # Whether a prefix is in use changes with time; how long a number is, hardly ever.
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
