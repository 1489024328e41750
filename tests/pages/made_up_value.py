"""What a made-up chair knows of value: growth and the loyalty audit, with all there is, and with nothing."""

from dataclasses import dataclass, replace
from datetime import date

from openchair.chair.value.reports import (
    AuditReport,
    CampaignEffect,
    Cause,
    Cell,
    Excluded,
    GrowthPart,
    GrowthReport,
    Maturity,
    Mover,
    NextLever,
    QuadrantShare,
    Valued,
    ValueReport,
)
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.value.calibration import Tenth
from openchair.value.growth import COMPONENTS
from openchair.value.spenders.choosing import Trial

MOVED = (5_129_275, 1_718_372, 45_568, -1_870_250, 351_995, -5_879, 29_306, 201, -79_099)
ENDLESS = "a" * 180
GROWTH = GrowthReport(
    currency="EUR", before_from=date(2024, 11, 24), since=date(2025, 11, 23), to=date(2026, 11, 21), days=364,
    before_minor=3_927_484, after_minor=3_927_484 + sum(MOVED),
    causes=tuple(Cause(name, minor, 10 * k) for k, (name, minor) in enumerate(zip(COMPONENTS, MOVED, strict=True))),
    customers={"new": 386, "referred": 108, "returned": 11, "lost": 140, "stayed": 162},
    levers=(
        NextLever("retention", True, 1_870_250, 187_025, 140, "140 customers of 302 did not buy again; € 18,702."),
        NextLever("frequency", True, 515_500, 51_550, 162, "Of 162 customers who stayed, some spent € 5,155 less."),
        NextLever("acquisition", False, 5_129_275, 512_928, 386, "386 customers were new and spent € 51,293."),
    ),
    excluded=(Excluded("not in EUR, and there is no rate for it", 12), Excluded("a quantity of 0 or less", 1)),
    notes=("The two periods are of different seasons, and part of the change may be the season's.",),
    by="stage",
    parts=(GrowthPart("steady", 3_000_000, 7_000_000, MOVED), GrowthPart(f"<b>{ENDLESS}", 927_484, 0, MOVED)),
    simulated=True,
)  # fmt: skip
NO_GROWTH = GrowthReport(
    "EUR", None, None, None, 0, None, None, (), {}, (), (), (), unknown="the history has 1 day", needed=13
)


@dataclass
class MadeUpGrowth:
    """Answers as `chair.growth` does."""

    known: GrowthReport = GROWTH

    def report(self, *, since: date | None = None, to: date | None = None, by: str = "") -> GrowthReport:
        if since is not None and to is not None and since > to:
            raise BadInput("from", value=str(since), bound=f"must be up to {to}", remedy="Give a day before it.")
        return replace(self.known, by=by)


SPRING = CampaignEffect(
    "18", date(2026, 8, 3), "matched", 1_133, 1_235, 60, 25_819_473, Estimate(513_200.0, -570_300.0, 1_596_800.0, 2_300)
)
AUDIT = AuditReport(
    currency="EUR", since=date(2025, 11, 23), to=date(2026, 11, 22), days=365, customers=2_469, sold_minor=458_726_716,
    rewarded_minor=233_779_421, given_minor=79_456_306, rewarded_share=0.51,
    brought=Estimate(3_041_200.0, 571_600.0, 5_510_800.0, 19_000), bounds_minor=(0, 233_779_421),
    campaigns=(
        SPRING,
        replace(SPRING, campaign=f"<b>{ENDLESS}", method="holdout", brought=Estimate(-518_000.0, -894_200.0, -9e4, 90)),
        replace(SPRING, campaign="few", method="bounds", compared=2, brought=Unknown("2 customers", needed=28)),
    ),
    sensitivity=Estimate(-1.24, -1.3, -1.18, 2_000), unrewarded=Estimate(1.01, 0.99, 1.02, 1_546), regulars=2_402,
    reliant=25, free=33, same=0.43, evenness=0.97,
    scores=(
        Maturity("price", 1.5, 0.51, "51% of revenue was bought with a discount, a coupon or a reward"),
        Maturity("programme", 2.9, 0.01, "1% of customers with three orders or more buy with rewards only"),
        Maturity("influence", None, None, "no referral is known"),
        Maturity("listening", 1.0, 0.0, "0% of customers said something in these days"),
        Maturity("relationship", 2.2, 0.43, "two customers were sent the same with a chance of 43%"),
    ),
    overall=1.9, excluded=(Excluded("a quantity of 0 or less", 49),),
    notes=("The campaigns were sent to chosen customers, not by lot.",), simulated=True,
)  # fmt: skip
LACKING = Unknown("nothing was sold yet", needed=28)
NO_AUDIT = AuditReport(
    "EUR", None, None, 0, None, None, None, None, None, LACKING, None, (), LACKING, LACKING, None, None, None, None,
    None, (), None, (), (), unknown="nothing was sold yet", needed=28,
)  # fmt: skip


@dataclass
class MadeUpLoyalty:
    """Answers as `chair.loyalty` does."""

    known: AuditReport = AUDIT

    def report(self) -> AuditReport:
        return self.known


def someone(k: int, quadrant: str, name: str = "") -> Valued:
    """A customer of the made-up plane."""
    figures = (Estimate(9e4 / k, 2e4 / k, 2e5 / k, n=9), Estimate(2_500.0, 0.0, 4_900.0, n=1))
    worth = Estimate(9e4 / k + 2_500, 2e4 / k, 2e5 / k + 4_900, n=9)
    return Valued(f"c000{k}", name or f"Customer {k}", *figures, worth, quadrant, 0.5 + k / 100, "sending")


VALUE = ValueReport(
    currency="EUR", day=date(2026, 11, 22), customers=1_983,
    totals={
        "12 months": Estimate(14_759_100.0, 13_770_000.0, 15_818_000.0, n=1_983),
        "36 months": Estimate(26_216_000.0, 23_987_000.0, 28_653_000.0, n=1_983),
        "lifetime": Unknown("no discount is set"),
    },
    sender_total_minor=5_199_434.0, margin=0.4, yearly_rate=0.1, middle={"spender": 3_000.0, "sender": 2_300.0},
    quadrants=tuple(
        QuadrantShare(name, n, Estimate(n + 10.0, n - 5.0, n + 30.0, n=1_983), 0.6 if n else None, 1e5 * n)
        for name, n in (("champion", 647), ("affluent", 690), ("advocate", 0), ("miser", 646))
    ),
    cells=tuple(Cell(900 // (k * k), 800.0 * k * k, 1_000.0 + 150 * (k * 5 % 11)) for k in range(1, 13)),
    top=(someone(1, "affluent"), someone(2, "champion", f"<b>{ENDLESS}")), turning=(someone(3, "champion"),),
    since=date(2026, 10, 21),
    risen=(Mover("c0001", "Rising", 3e4, Estimate(9e4, 2e4, 2e5, n=9), date(2026, 11, 20)),),
    fallen=(Mover("c0002", f"<b>{ENDLESS}", 9e4, Estimate(3e4, 1e4, 5e4, n=9), None),),
    model="bg/nbd", chosen="BG/NBD foretold best what 1,632 customers did next.", segmented="",
    tried=(Trial("bg/nbd", -3501.4, 0.0, 0.0), Trial("mbg/nbd", -3546.5, 45.1, 8.8)),
    calibration=tuple(
        Tenth(0.03 * k * k, Estimate(0.031 * k * k, 0.02 * k * k, 0.04 * k * k, n=163)) for k in range(10)
    ),
    simulated=True,
)  # fmt: skip
NO_VALUE = ValueReport(
    "EUR", None, 0, {}, None, 1.0, 0.1, {}, (), (), (), (), None, (), (), "", "", "", (), (),
    "the wheel has not turned yet",
)  # fmt: skip


@dataclass
class MadeUpWorth:
    """Answers as `chair.worth` does."""

    known: ValueReport = VALUE

    def report(self) -> ValueReport:
        return self.known
