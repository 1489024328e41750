"""What reports of value answer: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from openchair.core.estimate import Number


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
