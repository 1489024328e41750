"""What a made-up chair knows of journeys: with all there is, and with nothing."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from openchair.chair.journey.views import (
    Delight,
    Example,
    JourneyReport,
    Mapped,
    Pain,
    PathFigures,
    Round,
    StepFigures,
    Tackled,
    WayFigures,
)
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown

THEN = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENDLESS = "<i>" + "a" * 120
SOON = (0.1, 0.3, 0.5, 0.6, 0.8, 0.9, 0.9)
FEW = Unknown("12 needs", needed=18)
MOMENTS = {
    "Product Viewed": "recognise", ENDLESS: "recognise", "Product Added": "request", "Proof Requested": "request",
    "Order Completed": "request", "Box Delivered": "respond", "آرڈر ملا": "respond", "Review Written": "repeat",
}  # fmt: skip


def share(value: float, n: float = 900) -> Estimate:
    return Estimate(value, value - 0.02, value + 0.02, n=n)


def figures(step: str, moment: str, place: int) -> StepFigures:
    many = 2_400 - 280 * place
    return StepFigures(
        step, moment, many, many + 90, 40, share(0.1) if place < 6 else FEW, FEW if place in (0, 4) else share(0.03),
        "Product Added", (0.001, 0.3 * place, None), SOON, share(0.9), 0.4, 0.1, 0.2, Estimate(5.1, 4.8, 5.4, n=80),
        Estimate(-0.2, -0.3, -0.1, n=90), Estimate(4_100, 3_900, 4_300, n=800), 0.2,
    )  # fmt: skip


PAIN = Pain(
    "Proof Requested", "request", "Product Added", 1_560, share(0.23), Estimate(10_600, 9_200, 12_100, n=430),
    Estimate(3_800_000, 3_100_000, 4_500_000, n=1_560), 0.97, "Take a field, a choice or a page out of it.",
    (Example("c0001", THEN, "Why do you ask <b>me</b>?"), Example("c0002", THEN, "")),
    Tackled("Bilal", date(2026, 10, 1), "asked for no proof below € 100", share(0.3), share(0.2), share(-0.1)),
)  # fmt: skip
JOURNEY = JourneyReport(
    currency="EUR", since=date(2025, 11, 21), to=date(2026, 11, 21), steps=23_841, customers=2_008, needs=9_299,
    met=share(0.964), visit_hours=4.0, need_days=42.0, value_days=90,
    figures=tuple(figures(step, moment, k) for k, (step, moment) in enumerate(MOMENTS.items())),
    ways=tuple(
        WayFigures(one, other, 2_000 - 230 * k, 0.02)
        for k, (one, other) in enumerate(zip(list(MOMENTS), list(MOMENTS)[1:], strict=False))
    ),
    paths=(
        PathFigures(("Product Viewed", "Product Added"), 900, share(0.8), FEW, (), 0.4, 0.1, 0.0, 3_900.0),
        PathFigures(("Product Viewed", ENDLESS), 400, share(0.4), share(0.4), ("Product Viewed",), None, 1.1, 0.1, 0.0),
    ),
    pains=(PAIN, Pain(ENDLESS, "recognise", "", 90, share(0.1), FEW, FEW, 0.03, "Show sooner what is there.")),
    delights=(Delight("Box Delivered", "respond", "quick", 310, Estimate(2_900, 1_600, 4_100, n=900), 0.0004),),
    rounds=tuple(Round(n, Estimate(9 / n, 8 / n, 10 / n, n=80), share(1 / n), share(0.1 * n)) for n in (1, 2, 3)),
    mapping=tuple(
        Mapped(step, moment, *(("Bilal", THEN) if step == "Product Added" else ("place", None)), 2_000)
        for step, moment in MOMENTS.items()
    ),
    left_out={"robots": 1_000_000}, robots=(("c0009", 1_000_000),),
    notes=("What follows a step need not come of it.",), simulated=True,
)  # fmt: skip
NO_JOURNEY = JourneyReport(
    "EUR", None, None, 0, 0, 0, FEW, None, None, 0, (), (), (), (), (), (), (), {}, (), (),
    unknown="nobody took a step yet",
)  # fmt: skip


@dataclass
class MadeUpJourney:
    """Answers as `chair.journey` does, and remembers what it was told."""

    known: JourneyReport = JOURNEY
    told: list[tuple[str, ...]] = field(default_factory=list)

    def report(self, *, as_of: str = "") -> JourneyReport:
        return self.known

    def lost(self, step: str, *, limit: int = 50) -> tuple[Example, ...]:
        if step not in MOMENTS:
            raise BadInput("step", value=step, bound="is no step that customers took", remedy="Name one of the report.")
        return PAIN.examples

    def place(self, step: str, moment: str, *, by: Any, why: str = "") -> None:
        if moment == "sideways":
            raise BadInput("moment", value=moment, bound="one of four", remedy="Choose one of these.")
        self.told.append((step, moment, by.name))

    def tackle(self, step: str, what: str, *, by: Any) -> None:
        self.told.append((step, what, by.name))
