"""What a made-up chair knows of the primary customer and of opportunities: odd names, long ones, and the unknown."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from openchair.chair.focus.customer.views import (
    Confirmed,
    Leading,
    Pick,
    PrimaryReport,
    Recommendation,
    Segment,
    SetApart,
    Side,
    Target,
)
from openchair.chair.focus.opportunities.views import OpportunitiesReport, Opportunity, SheetView, Version
from openchair.chair.listening.views import Quote
from openchair.core.estimate import Estimate, Unknown
from openchair.focus.opportunities import Sheet

THEN = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENDLESS = "<b>" + "a" * 140
URDU = "ایسا ڈبہ جو تب آئے جب کوئی گھر پر ہو"
SHARE, MONEY = Estimate(0.62, 0.58, 0.66, n=900), Estimate(1_234_500, 1_100_000, 1_400_000, n=700)
FEW = Unknown("12 were counted of one side", needed=38)


def segment(name: str, customers: int) -> Segment:
    apart = (SetApart("language", URDU, 0.91, 0.2), SetApart("orders", "4 or more", 0.7, 0.3))
    moved = Estimate(-40_000, -90_000, 12_000, n=customers)
    return Segment(name, customers, 0.4, apart, MONEY, 0.5, 900_000, 0.5, moved, 40, 60, SHARE, 212.4)


PRIMARY = PrimaryReport(
    currency="EUR", since=date(2025, 11, 22), to=date(2026, 11, 21), days=365, buyers=1_700,
    sides=(Side("member", "the trait side", 1_700, 1_700, 300, 200), Side(ENDLESS, "the trait side", 25, 0, 4, 9)),
    leading=(Leading("member", ENDLESS, "newcomers", FEW, FEW, "not known yet"),
             Leading("member", ENDLESS, "activity", Estimate(8, 7, 9, n=150), SHARE, "member first, 8 weeks later")),
    caveat="Who moves first is not yet who makes the other move.",
    segments=(segment("language: ur; city: Karachi", 1_000), segment(ENDLESS, 700)), no_segments="", agreement=0.97,
    target=Target({"language": "en", "stage": "steady"}, "Ada", THEN, "we <i>know</i>", SHARE, SHARE, 0.4),
    came_back=SHARE,
    picks=(Pick("needs", URDU, 41, 0.8, Estimate(1.4, 1.2, 1.7, n=300), True),
           Pick("first product", ENDLESS, 90, 0.7, Estimate(1.2, 1.1, 1.3, n=900), True)),
    looked_at=85,
    recommendation=Recommendation(ENDLESS, False, "Worth € 12,345.", "Grew.", "62% of revenue hangs on them."),
    confirmed=Confirmed("Offices", "Ada", THEN, "we know them", "Offices"),
    changed="Since it was confirmed the figures have come to speak for another.", excluded=(("no rate", 3),),
    simulated=True,
)  # fmt: skip
QUOTE = Quote(
    "f1", 0, "voices", "c0002", "نادیہ رحمان", THEN, "review", "ur", "", URDU, "", "need", 0.9, "model", 0.1, "t1"
)
OPPORTUNITIES = tuple(
    Opportunity(
        f"need-{k}", "need", name, 40, score, score, score, "heard", MONEY, able, "labels", by, (), (QUOTE,), False
    )
    for k, (name, score, able, by) in enumerate(
        ((URDU, Estimate(7.0, 5.0, 9.0, n=40), "held", "Ada"), (ENDLESS, FEW, "perhaps", ""), ("x", FEW, "lacking", ""))
    )
)
SHEET = SheetView(
    "need-0", URDU, 2, Sheet(ENDLESS, "From today.", "Who?\nForty.", "It costs less.", "", "f1 0"), QUOTE,
    (Version(2, "Ada", THEN, "plainer"), Version(1, "نادیہ رحمان", THEN, "")), OPPORTUNITIES[0], True,
)  # fmt: skip


@dataclass
class MadeUpPrimary:
    """What a shop knows of its primary customer."""

    kept: list[dict[str, Any]] = field(default_factory=list)

    def report(self) -> PrimaryReport:
        return PRIMARY

    def declare(self, conditions: dict[str, str], **said: Any) -> None:
        self.kept.append(conditions)


@dataclass
class MadeUpOpportunities:
    """What a shop's customers need, and one sheet in two versions."""

    def report(self, days: int = 365) -> OpportunitiesReport:
        return OpportunitiesReport("EUR", THEN, days, 700, OPPORTUNITIES, simulated=True)

    def sheet(self, key: str, number: int = 0) -> SheetView:
        return SHEET
