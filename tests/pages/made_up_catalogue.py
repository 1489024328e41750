"""A made-up catalogue: the one that comes with Openchair and an odd action, with versions kept in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from openchair.chair.acting.cataloguing import Cataloguing
from openchair.chair.state.records import Choice
from openchair.core.errors import Conflict
from openchair.loyalty.actions import Text, default, sorted_by_id

THEN = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENDLESS = "<b>" + "a" * 70
ODD = replace(
    default()[0],
    id="odd",
    title=ENDLESS,
    want="ایسا ڈبہ جو تب آئے جب کوئی گھر پر ہو <i>",
    moments=(),
    cost_minor=123_456_789,
    capacity=1_000_000,
    texts={
        "ur": Text("ڈبہ", "ڈبہ <b>", "السلام علیکم {name}،\nڈبہ\n"),
        "fr": Text("Une boîte", "Une boîte", "Bonjour"),
    },
)


@dataclass
class Kept:
    """Choices in memory, as the state keeps them."""

    those: list[Choice] = field(default_factory=list)

    def choose(
        self, kind: str, subject: str, body: str, *, by: str, at: datetime, why: str = "", over: int | None = None
    ) -> Choice:
        if over not in (None, self.newest(kind)):
            raise Conflict(kind, value=over, bound="is not the newest", remedy="Look at what changed first.")
        self.those.append(Choice(len(self.those) + 1, kind, subject, body, by, at, why))
        return self.those[-1]

    def choices(self, kind: str, subject: str = "", limit: int | None = None) -> list[Choice]:
        return self.those[::-1][:limit]

    def choice(self, kind: str, number: int) -> Choice | None:
        return next((one for one in self.those if one.number == number), None)

    def newest(self, kind: str, subject: str = "") -> int:
        return len(self.those)

    def log(self, *said: Any) -> None:
        pass


def made_up_catalogue() -> Cataloguing:
    """The use case as it is, over a state in memory."""
    beginning = sorted_by_id([*default(), ODD])
    chair: Any = SimpleNamespace(
        state=Kept(), beginning=beginning, adopted={}, currency="EUR", simulated=True, clock=lambda: THEN
    )
    return Cataloguing(chair)
