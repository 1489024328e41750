"""Figures, dates and counts as a person says them. Pure: the day it is, is an argument."""

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo

from openchair.core.estimate import Estimate
from openchair.core.money import show
from openchair.core.words import count, listed, plural

# fmt: off
_SMALL = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# fmt: on

# What a person calls a fact, one and many, by kind; the most telling kinds first. Others are only counted.
_FACTS = {
    "purchases": ("order line", "order lines"),
    "answers": ("answer", "answers"),
    "voices": ("message", "messages"),
    "referrals": ("referral", "referrals"),
    "steps": ("step of a journey", "steps of journeys"),
}
_TOLD = 3
SETTLED = {
    "approved": "Approved",
    "dismissed": "Not now",
    "deferred": "Put off",
    "sent": "Sent",
    "delivered": "Delivered",
    "opened": "Opened",
    "clicked": "Followed",
    "answered": "Answered",
    "vetoed": "Vetoed by the customer",
    "failed": "Could not be sent",
}
"""What a page says of a decision that is no question any more, by its status."""


def spelled(n: int) -> str:
    """A count in words up to ninety-nine, in figures beyond.

    >>> spelled(14), spelled(42), spelled(1250)
    ('fourteen', 'forty-two', '1,250')
    """
    if not 0 <= n < 100:
        return count(n)
    if n < 20:
        return _SMALL[n]
    tens, ones = divmod(n, 10)
    return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")


def counted(n: int, one: str, many: str) -> str:
    """A sentence that begins with a count.

    >>> counted(1, "person waits", "people wait"), counted(14, "person waits", "people wait")
    ('One person waits', 'Fourteen people wait')
    """
    return f"{spelled(n).capitalize()} {one if n == 1 else many}"


def arrived(facts: Mapping[str, int]) -> str:
    """What came in, in words, what customers did and said first; empty when nothing did.

    >>> arrived({"purchases": 212, "answers": 1, "voices": 0})
    '212 order lines and 1 answer'
    >>> arrived({"traits": 7, "steps": 9, "purchases": 3, "voices": 2, "answers": 4})
    '3 order lines, 4 answers, 2 messages and 16 other facts'
    """
    telling = [kind for kind in _FACTS if facts.get(kind)][:_TOLD]
    rest = sum(facts.values()) - sum(facts[kind] for kind in telling)
    told = [plural(facts[kind], *_FACTS[kind]) for kind in telling]
    return listed([*told, *([plural(rest, "other fact", "other facts")] if rest else [])])


def day_words(day: date, today: date) -> str:
    """A day as people name it: today, yesterday, a weekday of the last six days, else day and month (and year).

    >>> today = date(2026, 11, 22)
    >>> [day_words(d, today) for d in (today, date(2026, 11, 21), date(2026, 11, 18), date(2026, 10, 19))]
    ['today', 'yesterday', 'Wednesday', '19 October']
    >>> day_words(date(2011, 12, 9), today)
    '9 December 2011'
    """
    ago = (today - day).days
    if ago in _NEAR:
        return _NEAR[ago]
    if 1 < ago < 7:
        return f"{day:%A}"
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


_NEAR = {0: "today", 1: "yesterday", -1: "tomorrow"}


def long_day(day: date) -> str:
    """A day in full, as a page is headed.

    >>> long_day(date(2026, 11, 22))
    'Sunday 22 November 2026'
    """
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def moment_words(at: datetime, today: date, zone: tzinfo) -> str:
    """An instant as the shop sees it: the day, and the time while it is near.

    >>> from datetime import UTC
    >>> moment_words(datetime(2026, 11, 22, 5, tzinfo=UTC), date(2026, 11, 22), UTC)
    'today at 05:00'
    """
    local = at.astimezone(zone)
    day = day_words(local.date(), today)
    return f"{day} at {local:%H:%M}" if abs((today - local.date()).days) <= 1 else day


def money(minor: float, currency: str, *, cents: bool = False) -> str:
    """An amount whose sign, currency and figures stay on one line.

    >>> money(4200, "EUR", cents=True) == "€\\u00a042.00"
    True
    """
    return show(minor, currency, cents=cents).replace(" ", "\u00a0")


def kept(text: str) -> str:
    """A sentence in which no amount breaks between its currency and its figures.

    >>> kept("a box, € 42.00") == "a box, €\\u00a042.00"
    True
    """
    return _AMOUNT.sub("\\1\u00a0", text)


_AMOUNT = re.compile(r"([€£$¥฿]|\b[A-Z]{3}|\bRs) (?=\d)")


def brief(reason: str) -> str:
    """The first clause of a reason, for a list that is scanned.

    >>> brief("Slipping, last order 25 days ago where 7 days is usual; no contact from us on record.")
    'Slipping, last order 25 days ago where 7 days is usual'
    """
    return re.split(r"[;:] ", reason, maxsplit=1)[0].rstrip(".")


def amount(minor: float, currency: str) -> str:
    """An amount without its currency, for the second figure of a pair.

    >>> amount(-123456, "EUR")
    '−1,235'
    """
    shown = show(minor, currency)
    return ("−" if shown.startswith("−") else "") + shown.rpartition(" ")[2]


def span(estimate: Estimate, currency: str) -> str:
    """The interval of an amount in words.

    >>> span(Estimate(18600.0, 6200.0, 31000.0, n=12), "EUR")
    '62 to 310'
    """
    return f"{amount(estimate.low, currency)} to {amount(estimate.high, currency)}"


def spent(hours: float) -> str:
    """Time of the team, in minutes up to two hours.

    >>> spent(0.1), spent(1 / 60), spent(12.25)
    ('6 minutes', '1 minute', '12 hours')
    """
    minutes = round(hours * 60)
    return plural(minutes, "minute", "minutes") if minutes < 120 else plural(round(hours), "hour", "hours")
