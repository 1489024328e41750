"""What a made-up chair knows of learning: with all there is, and with nothing."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from openchair.chair.actor import Actor
from openchair.chair.learning.views import (
    ArmLift,
    CustomerFirst,
    Discounts,
    Judged,
    LearningReport,
    Look,
    PillarEvidence,
    Promoted,
    Wait,
    Week,
)
from openchair.core.errors import Conflict, NotAllowed
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.learning.arms import ABOUT, ARMS
from openchair.loyalty.pillars import PILLARS

ENDLESS = "a" * 180
BEGUN = date(2026, 7, 13)
NEVER = Unknown("an effect this small would take more than 10 years to tell from none")


def about(value: float, half: float, n: float = 400) -> Estimate:
    """An estimate that reaches as far up as down."""
    return Estimate(value, value - half, value + half, n=n)


def arm(name: str, lift: Number, share: Number, days: int | Unknown) -> ArmLift:
    return ArmLift(name, ABOUT[name], 240, 431, lift, share, 12.5, 61.0, days, 0.41)


def judged(name: str, better: Number, live: bool = True, by: str = "") -> Judged:
    worth = about(31.0, 9.0)
    return Judged(name, name, live, worth, worth, worth, worth, worth, better, 310.4, by)


LEARNING = LearningReport(
    currency="EUR", begun=BEGUN, to=date(2026, 11, 22), days=132, unit_days=28, customers=4_410, holdout=0.05,
    comparison=0.01, lift=about(94.0, 61.0), lift_share=about(0.041, 0.027), n=431, verdict="pays",
    discounts=Discounts(48_250.0, 0.113, 402, 0.061), customer_first=CustomerFirst(18_400.0, 21_950.0, 28),
    arms=(
        arm("holdout", about(94.0, 61.0), about(0.041, 0.027), 0),
        arm("single", about(55.0, 140.0), about(0.022, 0.056), 310),
        arm("random", about(-8.0, 141.0), about(-0.003, 0.056), NEVER),
        arm("impersonal", Unknown("too few customers in the smaller group", 12), Unknown("too few", 12), 41),
    ),
    looks=(
        Look(BEGUN + timedelta(days=7), Unknown("too few customers in the smaller group", 9), 41),
        *(
            Look(BEGUN + timedelta(days=7 * k), about(94.0 + 90 / k, 30 + 600 / k), 60 + 20 * k)
            for k in range(2, 19)
        ),
    ),
    waits=(Wait(0.02, NEVER), Wait(0.05, 96), Wait(0.1, 0), Wait(0.2, 0)),
    weeks=tuple(
        Week(BEGUN + timedelta(days=7 * k), 30_870, 900 + 10 * k, 0.5 + k / 60, 0.4 - k / 90, 0.06) for k in range(19)
    ),
    pillars=tuple(
        PillarEvidence(name, one.title, 210 * k, about(40.0 * k - 40, 35), about(900.0, 300),
                       {"slipping": about(100.0 * k, 80), "steady": about(50.0, 90)})
        for k, (name, one) in enumerate(PILLARS.items())
    ),
    explored=0.23, policy="usual", beliefs="hierarchical-1", promotion="by hand",
    drift=("service",),
    candidates=(
        judged(f"<b>{ENDLESS[:50]}", about(6.0, 4.0), by="ada"), judged("sharper", about(3.0, 2.5)),
        judged("bolder", about(1.0, 5.0)), judged("by chance", about(-14.0, 6.0), live=False),
        judged("rare", Unknown("the log holds too little of what this policy would do", 900)),
    ),
    logged=21_400,
    promoted=(Promoted("gentler: sharpness 0.25", "ada", datetime(2026, 9, 1, 9, tzinfo=UTC), "a <i>try</i>"),),
    simulated=True,
)  # fmt: skip
NO_LEARNING = LearningReport(
    "EUR", None, None, 0, 28, 0, 0.05, 0.01, Unknown("nothing was decided for anybody yet"),
    Unknown("nothing was decided for anybody yet"), 0, "unknown", None, None,
    unknown="nothing was decided for anybody yet",
)  # fmt: skip


@dataclass
class MadeUpLearning:
    """Answers as `chair.learning` does."""

    known: LearningReport = LEARNING

    def report(self) -> LearningReport:
        return self.known


@dataclass
class MadeUpPromoting:
    """Answers as `chair.promoting` does; remembers what went live."""

    live: list[tuple[str, str]] = field(default_factory=list)

    def promote(self, name: str, *, why: str, by: Actor) -> None:
        if by.role != "owner":
            raise NotAllowed("policy", value=by.name, bound="is for an owner to choose", remedy="Ask one.")
        if name == "bolder":
            raise Conflict("candidate", value=name, bound="is not proved to bring more than usual", remedy="Wait.")
        self.live.append((name, why))

    def go_back(self, *, why: str, by: Actor) -> None:
        self.live.pop()


def unsure(share: float) -> LearningReport:
    """The same shop, where the lift over the holdout is this share and half an interval of .06 about it."""
    lift = about(2_300 * share, 138.0)
    return replace(LEARNING, lift=lift, lift_share=about(share, 0.06), verdict="unknown",
                   arms=(arm("holdout", lift, about(share, 0.06), 212), *LEARNING.arms[1:]))  # fmt: skip


assert {one.arm for one in LEARNING.arms} == set(ARMS[1:])
