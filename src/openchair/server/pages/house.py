"""What every page is made with: the chair, the settings, the time it is, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.core.clock import Moment, zone
from openchair.core.settings import Settings
from openchair.server.door.keyring import actor_of


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


def actor(request: Request) -> Actor:
    """Who is signed in, as facts and the audit log remember them."""
    user = getattr(request.state, "user", None)
    return actor_of(user) if user else Actor("someone on this machine", "staff")
