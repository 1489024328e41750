"""What every page is made with: the chair, the settings, the time it is, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request

from openchair.chair.chair import Chair
from openchair.core.clock import Moment, zone
from openchair.core.settings import Settings


def utc_now() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """What every page is made with."""

    chair: Chair
    settings: Settings
    clock: Callable[[], datetime]

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return zone(self.settings.timezone)

    @property
    def uploads(self) -> Path:
        """Where uploaded files wait to be confirmed."""
        return self.chair.home / "uploads"

    @property
    def moment(self) -> Moment:
        """Now, as the shop sees it."""
        return Moment(self.clock(), self.zone)

    @property
    def day(self) -> date:
        """The shop's day."""
        return self.moment.day


def person(request: Request) -> str:
    """Who is signed in, as decisions remember it."""
    user = getattr(request.state, "user", None)
    return user.email if user else "someone on this machine"
