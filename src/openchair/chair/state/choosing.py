"""What the use cases need of the state to keep what a person decided about the shop: nothing is ever overwritten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided of a subject, as JSON; the newest of a kind and subject holds, the others are its past.

    number: from 1, by kind and subject.

    >>> from datetime import UTC, datetime
    >>> Choice(1, "target", "", '{"language": "en"}', "ada", datetime(2026, 7, 1, tzinfo=UTC), "who we opened for").by
    'ada'
    """

    number: int
    kind: str
    subject: str
    body: str
    by: str
    at: datetime
    why: str


class Choosing(Protocol):
    """Choices of persons: the target, the primary customer, a driver's place, a sheet's wording."""

    def choose(
        self, kind: str, subject: str, body: str, *, by: str, at: datetime, why: str = "", over: int | None = None
    ) -> Choice:
        """Keep a choice. over: the number of the one that it was made from, 0 for none. Raises Conflict where another
        came in the meantime, and then nothing is kept."""
        ...

    def chosen(self, kind: str) -> dict[str, Choice]:
        """The choices of a kind that hold, by subject."""
        ...

    def choices(self, kind: str, subject: str = "", limit: int | None = None) -> list[Choice]:
        """All choices of a subject, or the newest of them, the newest first."""
        ...

    def choice(self, kind: str, number: int, subject: str = "") -> Choice | None:
        """One choice of a subject, by its number."""
        ...

    def newest(self, kind: str, subject: str = "") -> int:
        """The number of the choice of a subject that holds, 0 where there is none."""
        ...
