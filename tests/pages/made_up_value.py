"""What a made-up chair knows of value: growth with every cause, with few, and none."""

from dataclasses import dataclass, replace
from datetime import date

from openchair.chair.value.reports import Cause, Excluded, GrowthPart, GrowthReport, NextLever
from openchair.core.errors import BadInput
from openchair.value.growth import COMPONENTS

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
