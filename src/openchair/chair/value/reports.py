"""What reports of value answer: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from openchair.core.estimate import Number
from openchair.value.calibration import Tenth
from openchair.value.spenders.choosing import Trial


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of change in minor units, and how many customers it is about."""

    name: str
    minor: int
    customers: int


@dataclass(frozen=True, slots=True)
class GrowthPart:
    """The change of some customers: those of a stage, a fifth by worth, a trait; `causes` in the report's order."""

    name: str
    before_minor: int
    after_minor: int
    causes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NextLever:
    """Something the shop could move. `stake_minor` is the money it is about, `step_minor` a tenth of that."""

    name: str
    existing: bool
    """Whether it is about customers we have; those come first."""
    stake_minor: int
    step_minor: int
    customers: int
    evidence: str
    """What was counted, as a sentence."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """Facts that could not be counted, and why."""

    reason: str
    facts: int


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The change of revenue from one period to the next, equally long one, by cause; `causes` add up to it exactly.

    Revenue is what customers paid for goods, less what they got back for returns, without tax and shipping.
    """

    currency: str
    before_from: date | None
    since: date | None
    """The first day of the later period; days are None while `unknown` says why."""
    to: date | None
    """The last day of the later period."""
    days: int
    """Length of either period."""
    before_minor: int | None
    after_minor: int | None
    causes: tuple[Cause, ...]
    customers: Mapping[str, int]
    """By what became of them: new, referred, returned, lost, stayed, gave back."""
    levers: tuple[NextLever, ...]
    """What could be moved, the next first: customers we have before those we do not."""
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]
    """What to keep in mind while reading."""
    by: str = ""
    parts: tuple[GrowthPart, ...] = ()
    """They add up to the whole, cause by cause."""
    unknown: str = ""
    """Why there is no answer."""
    needed: int | None = None
    """So many more days of history would do."""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class CampaignEffect:
    """What one wave of a campaign brought in four weeks, minor units in all, and how that is known."""

    campaign: str
    began_on: date
    method: str
    """holdout: against whom a lot kept from it. matched: against untouched ones who bought alike. bounds: neither."""
    customers: int
    compared: int
    left_out: int
    """Reached customers without anybody like them."""
    after_minor: int
    """What those reached spent in these weeks."""
    brought: Number


@dataclass(frozen=True, slots=True)
class Maturity:
    """Where a shop stands in one respect, 1.0 to 3.0, by a convention of the house; None while it is not known."""

    name: str
    """price, programme, influence, listening or relationship."""
    value: float | None
    share: float | None
    """What was counted."""
    evidence: str
    """It in words, or why it is not known."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How much of a shop's loyalty is bought, whether it was worth it, and where the shop stands from 1.0 to 3.0."""

    currency: str
    since: date | None
    """The first day looked at; days and sums are None while `unknown` says why."""
    to: date | None
    days: int
    customers: int | None
    sold_minor: int | None
    rewarded_minor: int | None
    """Sold with a discount, a coupon or a reward."""
    given_minor: int | None
    """What was taken off."""
    rewarded_share: float | None
    brought: Number
    """What the campaigns brought together, minor units, of the waves that can be held against anybody."""
    bounds_minor: tuple[int, int] | None
    """What rewards can have brought where nothing more is known: from nothing to all that was bought with them."""
    campaigns: tuple[CampaignEffect, ...]
    sensitivity: Number
    """By how many percent sales of an item differ where its price is one percent higher."""
    unrewarded: Number
    """Spending a day without a contact behind them, as a share of that in the four weeks after one."""
    regulars: int | None
    """Customers with enough orders to be told apart."""
    reliant: int | None
    """Of the regulars, those who buy with rewards only; loyal to the programme."""
    free: int | None
    """Of the regulars, those who hardly ever do; loyal to the brand."""
    same: float | None
    """The chance that a customer was sent what another was; None where too few were contacted."""
    evenness: float | None
    """Entropy of contacts over customers as a share of its largest."""
    scores: tuple[Maturity, ...]
    overall: float | None
    """The mean of the scores that are known."""
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]
    unknown: str = ""
    needed: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Valued:
    """A customer in the plane of spending and sending."""

    customer_id: str
    name: str
    spender: Number
    sender: Number
    worth: Number
    quadrant: str
    """The likeliest: champion, affluent, advocate or miser; empty where nothing is known of sending."""
    chance: float
    """Of that."""
    even: str
    """Of what it is near even whether it is more than the middle customer's: spending, sending, both; else empty."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers who spend and send alike: how many, and their mean values in minor units."""

    customers: int
    spender_minor: float
    sender_minor: float


@dataclass(frozen=True, slots=True)
class QuadrantShare:
    """A quadrant: how many customers most likely belong to it, and how many can be expected to, chances added up."""

    name: str
    likeliest: int
    expected: Number
    chance: float | None
    """The mean chance that one of the likeliest belongs to it."""
    worth_minor: float
    """What the likeliest are worth together."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Whose worth changed since an earlier turn."""

    customer_id: str
    name: str
    before_minor: float
    worth: Number
    last_on: date | None


@dataclass(frozen=True, slots=True)
class SegmentModel:
    """A segment's own model of buying, and why it is believed."""

    name: str
    customers: float
    model: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The shop's subscriptions, of which the running ones are in spender value."""

    subscriptions: float
    running: int
    left_out: tuple[Excluded, ...]
    """Running ones in nobody's value, and why."""


@dataclass(frozen=True, slots=True)
class ValueReport:
    """What customers are worth as spenders and as senders, who they are, and whether what was foretold came."""

    currency: str
    day: date | None
    """Of the turn that scored them; None while `unknown` says why there is nothing."""
    customers: int
    """Customers with a spender value."""
    totals: Mapping[str, Number]
    """Spender value of all at each horizon, minor units."""
    sender_total_minor: float | None
    """Friends yet to come over 12 months, of all."""
    margin: float
    yearly_rate: float
    middle: Mapping[str, float | None]
    """The middle customer's spender and sender value, at which quadrants are cut."""
    quadrants: tuple[QuadrantShare, ...]
    cells: tuple[Cell, ...]
    """Everybody, in a grid even in square roots."""
    top: tuple[Valued, ...]
    """Those worth most."""
    turning: tuple[Valued, ...]
    """Those worth most of whom it is near even on which side of a middle they are."""
    since: date | None
    """The earlier turn that movers are held against; None where there is none."""
    risen: tuple[Mover, ...]
    fallen: tuple[Mover, ...]
    model: str
    chosen: str
    """Why this model of buying, in words."""
    segmented: str
    """Whether segments have models of their own, and why; empty where none were asked for."""
    tried: tuple[Trial, ...]
    """Models of buying, and how far each lies behind the best."""
    calibration: tuple[Tenth, ...]
    """By tenths of customers, least foretold first: purchases foretold and come, a customer, in the days held out."""
    unknown: str = ""
    needed: int | None = None
    simulated: bool = False
    segments: tuple[SegmentModel, ...] = ()
    """Each segment's own model, where that pays."""
    subscriptions: Subscriptions | None = None
    """None while the shop has too few to tell how long they last."""
