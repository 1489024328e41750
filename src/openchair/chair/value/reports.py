"""What reports of value answer: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


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
