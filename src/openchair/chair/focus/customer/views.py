"""What the report *Primary customer* answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from openchair.core.estimate import Number


@dataclass(frozen=True, slots=True)
class Side:
    """A side of the market: how it is known, how many there are, and how many came in the two periods."""

    name: str
    because: str
    """The trait, or what facts name, from which it is known."""
    people: int
    buyers: int
    new_after: int
    new_before: int


@dataclass(frozen=True, slots=True)
class Leading:
    """Which of two sides moves first, by weekly newcomers or by weekly activity."""

    first: str
    second: str
    by: str
    weeks: Number
    """How long the second is behind the first; below 0 where it is ahead."""
    strength: Number
    """The correlation of weekly changes at that lag."""
    verdict: str


@dataclass(frozen=True, slots=True)
class SetApart:
    """Something that is true of `share` of a segment and of `others` of all other buyers."""

    feature: str
    value: str
    share: float
    others: float


@dataclass(frozen=True, slots=True)
class Segment:
    """Buyers who are alike. Money in minor units; the two periods are those of the report."""

    name: str
    customers: int
    share: float
    apart: tuple[SetApart, ...]
    worth: Number
    """What they are worth together over 12 months."""
    worth_share: float | None
    revenue_minor: int
    revenue_share: float
    moved: Number
    """How much their revenue changed from the period before."""
    new_after: int
    new_before: int
    came_back: Number
    """The share who bought again within 90 days of their first purchase."""
    alike: float
    """So many customers of equal revenue the later revenue hangs on."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the shop says it is for, held against who buys."""

    conditions: Mapping[str, str]
    declared_by: str
    declared_at: datetime
    why: str
    share: Number
    """Of the buyers of whom it is known, those who are meant."""
    lift: Number
    """How much more often they came back than the other buyers."""
    revenue_share: float | None


@dataclass(frozen=True, slots=True)
class Pick:
    """Something known of buyers, and how much more often those of whom it is true came back than the others."""

    name: str
    value: str
    customers: int
    share: float
    lift: Number
    sure: bool
    """Whether it stands when all that was looked at is counted: of such, 1 in 20 is expected to be chance."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The one to serve first, by what they are worth, with what that rests on."""

    name: str
    sure: bool
    """Whether they are surely worth more than the next."""
    value: str
    growth: str
    dependency: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whom a person chose as the primary customer."""

    name: str
    by: str
    at: datetime
    why: str
    recommended: str
    """What was recommended when it was chosen."""


@dataclass(frozen=True, slots=True)
class PrimaryReport:
    """Who picks this shop, and which one customer to serve first."""

    currency: str
    since: date | None
    """The first day of the later of two periods of `days`; None while `unknown` says why."""
    to: date | None
    days: int
    buyers: int
    sides: tuple[Side, ...]
    leading: tuple[Leading, ...]
    caveat: str
    segments: tuple[Segment, ...]
    """The largest first; where there are none, all buyers as one."""
    no_segments: str
    """Why buyers fall into no segments; empty where they do."""
    agreement: float | None
    """How well segments found in one random half of the buyers are those of another, to 1."""
    target: Target | None
    came_back: Number
    picks: tuple[Pick, ...]
    looked_at: int
    """So many things known of buyers were held against coming back."""
    recommendation: Recommendation | None
    confirmed: Confirmed | None
    changed: str
    """What speaks by now for another than was confirmed; empty where nothing does."""
    excluded: tuple[tuple[str, int], ...]
    unknown: str = ""
    needed: int | None = None
    simulated: bool = False
