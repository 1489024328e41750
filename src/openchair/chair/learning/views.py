"""What the report of learning answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from openchair.core.estimate import Number, Unknown


@dataclass(frozen=True, slots=True)
class ArmLift:
    """What customers decided for as learned bring more than those of another arm, per customer in 28 days."""

    arm: str
    about: str
    customers: int
    """In it now."""
    n: int
    """Customers of the smaller of the two so far, each counted once a quarter."""
    lift: Number
    """In minor units, after what was done for either cost; its interval may be looked at as often as one likes."""
    share: Number
    """The same as a share of what customers of that arm bring."""
    cost_minor: float
    """What was done cost so much more a customer in 28 days."""
    detectable_minor: float | None
    """The smallest lift that would be told from none now."""
    days_more: int | Unknown
    """Days until the present lift would be told from none, at the present pace; 0: it is."""
    explained: float | None
    """The share of the variance that what they bought before took out."""


@dataclass(frozen=True, slots=True)
class Look:
    """The lift over the holdout as it stood at the end of a week."""

    day: date
    lift: Number
    n: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Days from now until a lift of this share of what customers bring would be told from none; 0: it would be now."""

    share: float
    days: int | Unknown


@dataclass(frozen=True, slots=True)
class Week:
    """What was decided in a week in the arm `learned`.

    same: share of the decisions to do something that were for the most common action. discounts: the share of
    discounts among them. done: the share that was carried out.
    """

    begins: date
    decided: int
    acting: int
    done: float | None
    same: float | None
    discounts: float | None


@dataclass(frozen=True, slots=True)
class PillarEvidence:
    """What came of a pillar's actions, in minor units a decision, held against waiting where both were possible.

    decisions: settled ones to do something of that pillar. effect: within the days that an outcome is counted for.
    believed: what is believed now that its best possible action brings in 12 months, the mean over the customers of the
    last turn for whom one was possible; by_stage: the same by where they are in their life with the shop.
    """

    pillar: str
    title: str
    decisions: int
    effect: Number
    believed: Number
    by_stage: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Discounts:
    """What was spent on discounts, by all arms together since the first lot; shares of all that was spent and done."""

    spent_minor: float
    spent_share: float | None
    done: int
    done_share: float | None


@dataclass(frozen=True, slots=True)
class CustomerFirst:
    """What it cost to leave out what would harm customers' own good: expected gain over 12 months, by turn."""

    last_minor: float
    mean_minor: float
    turns: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A way of choosing, judged by the log of decisions; minor units a decision.

    ips, snips, direct, doubly_robust, switch: what it would have brought, each with an interval for one look. better:
    how much more than the present one, decision by decision, with an interval for as many looks as one likes.
    effective: customers on whom it has, as it were, been tried.
    """

    name: str
    version: str
    can_go_live: bool
    """Whether it is a policy of parameters, and not one to compare with."""
    ips: Number
    snips: Number
    direct: Number
    doubly_robust: Number
    switch: Number
    better: Number
    effective: float
    proposed_by: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A candidate that somebody proposed, or took back."""

    name: str
    version: str
    can_go_live: bool


@dataclass(frozen=True, slots=True)
class Promoted:
    """A policy that went live: who said so, when and why."""

    version: str
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LearningReport:
    """Whether deciding pays, for whom, and by what."""

    currency: str
    begun: date | None
    """The day the first lot was drawn; None while `unknown` says why there is none."""
    to: date | None
    """The day up to which purchases count, itself not."""
    days: int
    unit_days: int
    customers: int
    """Decided for as learned now."""
    holdout: float
    comparison: float
    """Shares as the settings say."""
    lift: Number
    """Over the holdout: see ArmLift."""
    lift_share: Number
    n: int
    verdict: str
    """pays, costs, nothing (it is less than it would have to be), or unknown."""
    discounts: Discounts | None
    customer_first: CustomerFirst | None
    arms: tuple[ArmLift, ...] = ()
    """The holdout first, then those to compare with."""
    looks: tuple[Look, ...] = ()
    waits: tuple[Wait, ...] = ()
    weeks: tuple[Week, ...] = ()
    pillars: tuple[PillarEvidence, ...] = ()
    explored: float | None = None
    """The chance, on average, that a choice was not the one expected to be best; None where nothing is settled yet."""
    policy: str = ""
    beliefs: str = ""
    """Versions of the policy that is live and of what it rests on."""
    promotion: str = ""
    """by hand or by rule."""
    drift: tuple[str, ...] = ()
    """Pillars whose actions brought other than was expected of late, as the last turn saw it."""
    candidates: tuple[Judged, ...] = ()
    logged: int = 0
    """Settled decisions that candidates are judged by."""
    promoted: tuple[Promoted, ...] = ()
    unknown: str = ""
    simulated: bool = False
