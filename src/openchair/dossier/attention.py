"""Attention: how much a customer may be addressed, over every kind of contact.

There is one budget for ATTENTION_DAYS days. A contact weighs by its channel, once, whatever becomes of it; offers,
nudges, surveys, reminders and service all count. The customer can turn the budget down, and ask for quiet hours.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from openchair.core.clock import Moment, zone
from openchair.core.clock import quiet_hours as quiet_hours
from openchair.core.errors import BadInput
from openchair.core.settings import Settings
from openchair.dossier.consent import CHANNELS

if TYPE_CHECKING:
    from openchair.dossier.standing import Standing

ATTENTION_DAYS = 28
"""The budget is for so many days, the present one included."""
WEIGHTS: Mapping[str, float] = {
    "webhook": 0.0, "parcel": 0.5, "e-mail": 1.0, "letter": 1.0, "message": 1.5, "person": 2.0, "call": 3.0,
}  # fmt: skip
"""Units of attention that a contact takes; what comes with a parcel they await takes little, a call most."""
UNNAMED = 1.0
"""Units of a contact on a channel that nobody named."""
DISTURBING = frozenset({"call", "message", "e-mail", "person"})
"""Channels that reach a customer at once, and so must keep quiet hours."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer's wish means: the share of the budget that is left, and purposes they refuse with it."""

    share: float
    refuses: tuple[str, ...] = ()


WISHES: Mapping[str, Wish] = {
    "normal": Wish(1.0),
    "less": Wish(0.5),
    "important": Wish(0.5, ("marketing", "research")),
    "nothing": Wish(0.0, ("marketing", "research")),
}
"""What a customer may ask for, the most first. Answers to what they said, and what they ordered, reach them also with
`nothing`."""


def quieter(wish: str, other: str) -> bool:
    """Whether a wish asks for less than another; an empty one is none.

    >>> quieter("nothing", "less"), quieter("", "less"), quieter("less", "")
    (True, False, True)
    """
    order = list(WISHES)
    return bool(wish) and order.index(wish) > order.index(other or "normal")


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a customer may be addressed: units in ATTENTION_DAYS days, each contact weighing by its channel."""

    budget: float
    spent: float
    wish: str
    """What the customer asked for: normal, less, important or nothing."""
    quiet: str
    """Hours in which nothing may disturb them, as 21-8."""
    timezone: str
    contacts: int
    """Contacts counted."""

    @property
    def left(self) -> float:
        """Units that are left."""
        return max(self.budget - self.spent, 0.0)


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact that reached the customer, or is on its way: what it was, how, and on which day."""

    action: str
    channel: str | None
    day: date


def of(asked: "Standing", contacts: Sequence[Mapping[str, Any]], *, moment: Moment, settings: Settings) -> Attention:
    """What is left of a customer's attention. contacts: their facts of that kind."""
    recent = [one for one in contacts_of(contacts, moment.zone) if _counts(one.day, moment.day)]
    return Attention(
        budget=settings.attention_budget * WISHES[asked.wish].share,
        spent=spent(recent, moment.day),
        wish=asked.wish,
        quiet=asked.quiet or "{}-{}".format(*quiet_hours(settings.quiet_hours)),
        timezone=asked.timezone or settings.timezone,
        contacts=len(recent),
    )


# --- contacts -------------------------------------------------------------------------------------------------------

BEGUN = ("approved", "sent")
REACHED = ("delivered", "opened", "clicked", "answered")
"""Statuses of ours, and those that show that it arrived. A contact counts if it arrived, if the latest word on it is
that it was approved, or if it was sent and the latest word is not that it failed."""


def contacts_of(rows: Iterable[Mapping[str, Any]], where: ZoneInfo) -> tuple[Contact, ...]:
    """The contacts in facts of that kind, in order of their day; `chair.wheel.know` counts the same in the engine.

    Facts are of one contact if they name one decision, else from one `sent` of an action to the next. Its day is the
    latest on which it was approved or sent, in the shop's time zone.
    """
    grouped: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    sent: dict[str, int] = {}
    for row in sorted(rows, key=itemgetter("happened_at", "fact_id")):
        if row["decision_id"] is not None:
            grouped.setdefault((row["decision_id"], -1), []).append(row)
            continue
        number = sent[row["action"]] = sent.get(row["action"], 0) + (row["status"] == "sent")
        grouped.setdefault((row["action"], number), []).append(row)
    found = [_contact(facts, where) for facts in grouped.values()]
    return tuple(sorted((one for one in found if one), key=lambda one: (one.day, one.action)))


def _contact(facts: Sequence[Mapping[str, Any]], where: ZoneInfo) -> Contact | None:
    statuses, newest = {fact["status"] for fact in facts}, facts[-1]["status"]
    if not (statuses & set(REACHED) or newest == "approved" or ("sent" in statuses and newest != "failed")):
        return None
    begun = [fact["happened_at"] for fact in facts if fact["status"] in BEGUN]
    at = max(begun or [fact["happened_at"] for fact in facts])
    channels = [fact["channel"] for fact in facts if fact["channel"] is not None]
    return Contact(max(fact["action"] for fact in facts), max(channels, default=None), at.astimezone(where).date())


def weight_of(channel: str | None) -> float:
    """Units that a contact on this channel takes, by whatever name it goes.

    >>> weight_of("SMS"), weight_of("call"), weight_of(None)
    (1.5, 3.0, 1.0)
    """
    name = (channel or "").strip().casefold()
    return WEIGHTS.get(CHANNELS.get(name, name), UNNAMED)


def spent(contacts: Iterable[Contact], day: date) -> float:
    """Units that these contacts take of the budget on a day."""
    return sum((weight_of(one.channel) for one in contacts if _counts(one.day, day)), 0.0)


def fits(budget: float, contacts: Iterable[Contact], units: float, day: date) -> bool:
    """Whether a contact that takes so many units would fit on a day."""
    return spent(contacts, day) + units <= budget


def first_fit(budget: float, contacts: Sequence[Contact], units: float, day: date) -> date | None:
    """The first day from `day` on that it would fit, if nothing else happened; None where it never would."""
    days = [day, *sorted(one.day + timedelta(days=ATTENTION_DAYS) for one in contacts)]
    return next((one for one in days if one >= day and fits(budget, contacts, units, one)), None)


def _counts(contact: date, day: date) -> bool:
    return day - timedelta(days=ATTENTION_DAYS) < contact


# --- quiet hours ----------------------------------------------------------------------------------------------------


def own_quiet(quiet: str, timezone: str) -> str:
    """A customer's own quiet hours and time zone as one text, as their row keeps it.

    >>> own_quiet("21-8", "Asia/Karachi"), own_quiet("", "Asia/Karachi"), own_quiet("22-7", "")
    ('21-8 Asia/Karachi', 'Asia/Karachi', '22-7')
    """
    return f"{quiet} {timezone}".strip()


def quiet_at(now: datetime, own: str, hours: str, where: ZoneInfo) -> datetime | None:
    """Until when it is quiet for a customer; None where it is not.

    own: what `own_quiet` made of their words. hours, where: the shop's, for what they did not say.

    >>> quiet_at(datetime(2026, 1, 1, 17, tzinfo=UTC), "Asia/Karachi", "21-8", ZoneInfo("UTC")).isoformat()
    '2026-01-02T03:00:00+00:00'
    """
    for word in own.split():
        if word[0].isdigit():
            hours = word
        else:
            where = ZoneInfo(word)
    begin, end = quiet_hours(hours)
    local = now.astimezone(where)
    if (begin <= local.hour < end) if begin <= end else not end <= local.hour < begin:
        ends = local.date() + timedelta(days=local.hour >= end)
        return datetime.combine(ends, time(end), where).astimezone(UTC)
    return None


def read(name: str, value: str) -> str | None:
    """What a trait asks for, in the form it is kept in: a wish, quiet hours, a time zone; None for nothing sensible.

    >>> read("attention", "Less"), read("quiet hours", "22:00-7:00"), read("timezone", "Mars/North")
    ('less', '22-7', None)
    """
    try:
        return _READ[name](value.strip())
    except BadInput:
        return None


def _wish(value: str) -> str:
    if value.casefold() not in WISHES:
        raise BadInput("attention", value=value, bound=f"one of {', '.join(WISHES)}", remedy="Choose one of these.")
    return value.casefold()


_READ: Mapping[str, Callable[[str], str]] = {
    "attention": _wish,
    "quiet hours": lambda value: "{}-{}".format(*quiet_hours(value)),
    "timezone": lambda value: zone(value).key,
}
ASKING = frozenset(_READ)
"""Names of the traits that ask for attention or for quiet, as dossier.words.normal gives them."""
