"""Time as an argument: the moment a turn or a decision is made for. Nothing here reads the clock."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from openchair.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant (`now`, aware, UTC) as a shop in time zone `zone` sees it. Only facts before `now` count."""

    now: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.now.utcoffset() != timedelta(0):
            raise ValueError(f"a moment is in UTC; got {self.now!r}")

    @property
    def day(self) -> date:
        """The shop's own business day."""
        return self.now.astimezone(self.zone).date()


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as Asia/Karachi."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            "time zone", value=name, bound="an IANA name", remedy="Write UTC, Europe/London or Asia/Karachi."
        ) from None


def moment_of(text: str, where: ZoneInfo) -> Moment:
    """The moment a person means by a date (its first instant in the shop's zone) or by an ISO 8601 time.

    >>> moment_of("2011-12-10", ZoneInfo("Europe/London")).now.isoformat()
    '2011-12-10T00:00:00+00:00'
    """
    try:
        if len(text) <= 10:
            local = datetime.combine(date.fromisoformat(text), time(), where)
        else:
            local = datetime.fromisoformat(text)
            local = local if local.tzinfo else local.replace(tzinfo=where)
    except ValueError:
        raise BadInput(
            "as-of time", value=text, bound="a date or an ISO 8601 time", remedy="Write 2011-12-10 or 2011-12-10T09:00."
        ) from None
    return Moment(local.astimezone(UTC), where)


def day_of(text: str) -> date:
    """The day a person means by an ISO 8601 date. Raises BadInput.

    >>> day_of("2026-07-01")
    datetime.date(2026, 7, 1)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("date", value=text, bound="an ISO 8601 date", remedy="Write 2026-07-01.") from None


def quiet_hours(text: str) -> tuple[int, int]:
    """The whole hours from and until which it is to be quiet; equal where it never is. Raises BadInput.

    >>> quiet_hours("21-8"), quiet_hours("22:00 - 07:00"), quiet_hours("off")
    ((21, 8), (22, 7), (0, 0))
    """
    found = re.fullmatch(r"(\d{1,2})(?::00)?\s*[-–]\s*(\d{1,2})(?::00)?", text.strip())
    hours = (int(found[1]), int(found[2])) if found else (0, 0) if text.strip() == "off" else (25, 25)
    if max(hours) > 24:
        raise BadInput("quiet hours", value=text, bound="two whole hours, or off", remedy="Write 21-8.")
    return hours[0] % 24, hours[1] % 24
