"""What a made-up chair knows of drivers: the real use case over a state that is kept in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from openchair.chair.focus.drivers.figures import DriverFigures, OutcomeFigures, packed
from openchair.chair.focus.drivers.mapping import Focusing
from openchair.chair.state.records import Choice
from openchair.core.estimate import Estimate, Unknown
from openchair.focus.drivers import Driver

THEN = datetime(2026, 11, 22, 4, tzinfo=UTC)
ODD = "<b>" + "long " * 12 + "ترسیل؟"
SHARES = {
    "How happy are you with delivery?": (0.30, 0.6, True), "How happy are you with help?": (0.2, 0.9, True), ODD:
    (0.12, 0.4, True), "Choice of snacks": (0.02, 0.5, False), "Gift wrapping": (0.01, 0.95, False),
}  # fmt: skip
FEW = Unknown("too few are bad, middling or good at it", needed=10)


def around(value: float, by: float) -> Estimate:
    return Estimate(value, value - by, value + by, n=400)


def driver(name: str, place: int, share: float, important: bool) -> Driver:
    return Driver(
        f"survey:{place}", around(share, share / 5), Estimate(place, max(place - 1, 1), place + 1, n=400), important,
        around(share, share / 2), share, share, share, share, around(0.4, 0.2) if place < 3 else FEW, FEW,
        "hurts when bad" if place == 1 else "", 400, 3.4, stated=4.5 if place < 4 else None, proven=place == 2,
    )  # fmt: skip


NPS = OutcomeFigures(
    "nps", "Net Promoter Score", 412, Estimate(0.65, 0.58, 0.71, n=412), 0.02,
    tuple(
        DriverFigures(f"survey:{k}", name, driver(name, k, share, important), around(done, 0.04))
        for k, (name, (share, done, important)) in enumerate(SHARES.items(), 1)
    ),
    {"late": "not enough data yet: 6 spoke of it, 24 more needed"}, 0.8,
)  # fmt: skip
NOTHING = OutcomeFigures("retention", "Coming back", 12, Unknown("12 customers of whom it is known", 18), 0.0, ())


@dataclass
class MadeUpState:
    """Choices in a list, and what the last turn found."""

    body: bytes | None = packed((NPS, NOTHING), THEN, {"service": {"contacts": 40.0, "money_minor": 9_000.0}})
    kept: list[Choice] = field(default_factory=list)

    def model(self, name: str) -> bytes | None:
        return self.body

    def choose(self, kind: str, subject: str, body: str, **more: Any) -> Choice:
        self.kept.insert(
            0, Choice(len(self.kept) + 1, kind, subject, body, more["by"], more["at"], more.get("why", ""))
        )
        return self.kept[0]

    def chosen(self, kind: str) -> dict[str, Choice]:
        return {one.subject: one for one in reversed(self.kept) if one.kind == kind}

    def choices(self, kind: str, subject: str = "") -> list[Choice]:
        return [one for one in self.kept if (one.kind, one.subject) == (kind, subject)]

    def log(self, *said: object) -> None:
        pass


@dataclass
class MadeUpHome:
    """As much of a chair as the use case asks for."""

    state: MadeUpState = field(default_factory=MadeUpState)
    currency: str = "EUR"
    simulated: bool = True

    def clock(self) -> datetime:
        return THEN


def made_up_focus() -> Focusing:
    return Focusing(MadeUpHome())  # type: ignore[arg-type]
