"""What the report of focus answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus.drivers import CAVEAT, Driver


@dataclass(frozen=True, slots=True)
class DriverFigures:
    """A driver of one outcome: what it is called, all that is known of it, and how well the shop does at it, 0..1."""

    name: str
    title: str
    driver: Driver
    performance: Number


@dataclass(frozen=True, slots=True)
class OutcomeFigures:
    """What moves one outcome, the most important first; `r2` says why where nothing can be said."""

    outcome: str
    title: str
    n: int
    r2: Number
    chance: float
    """What the best of as many drivers that do nothing would explain in one of twenty samples."""
    drivers: tuple[DriverFigures, ...]
    left: Mapping[str, str] = field(default_factory=dict)
    """Drivers of which nothing can be said, and why."""
    agreement: float | None = None
    """Rank correlation of stated and derived importance."""
    primary: str = ""
    """The primary customer, where only they were looked at; empty: everybody."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Effort in a week: hours, money in minor units, contacts with customers; None where nobody has said."""

    hours: float | None
    money_minor: float | None
    contacts: float | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A driver on the focus map."""

    name: str
    title: str
    place: str
    """excel, keep, mediocre or stop."""
    suggested: str
    """The place that follows from the figures, and `because` why."""
    because: str
    share: Number
    """Its part in what is explained, 0..1."""
    rank: Estimate
    performance: Number
    shape: str
    stated: float | None
    """How important people say it is, on the scale they were asked on."""
    proven: bool
    cost: int
    """What a step better would cost, 1 to 5."""
    pillars: tuple[str, ...]
    """Whose actions serve it: guessed by its words until a person says."""
    moved_by: str
    """Who put it there; empty for the suggested place."""
    moved_at: datetime | None
    why: str
    wanted_share: float
    """Of all effort."""
    wanted: Effort
    now: Effort
    undoable: bool = False


@dataclass(frozen=True, slots=True)
class FocusReport:
    """What customers care about, what the shop means to be excellent at, and the effort that follows from it."""

    currency: str
    as_of: datetime | None
    """The moment of the turn that found the drivers; None before the first."""
    outcome: str
    """The outcome that the map is for."""
    primary: str
    """Whom it is for: the primary customer, where one is confirmed and enough of them have answered."""
    outcomes: tuple[OutcomeFigures, ...]
    map: tuple[Placed, ...]
    totals: Effort
    weights: Mapping[str, float]
    """How many times the gain of each pillar's actions counts in a decision; 1 where a pillar is not named."""
    misspent: tuple[str, ...]
    """What is spent now on what it should be mediocre at, in sentences."""
    watched: tuple[str, ...]
    """What the daily report watches: the drivers to excel at."""
    notes: tuple[str, ...] = ()
    caveat: str = CAVEAT
    unknown: str = ""
    simulated: bool = False


_NUMBERS = ("importance", "rank", "goes_with", "hurts", "delights")


def packed(outcomes: tuple[OutcomeFigures, ...], at: datetime, spent: Mapping[str, Mapping[str, float]]) -> bytes:
    """What a turn found, as bytes that `unpacked` reads back. spent: contacts and money_minor a week, by pillar."""
    return msgspec.json.encode({"at": at, "outcomes": [asdict(one) for one in outcomes], "spent": spent})


def unpacked(body: bytes) -> tuple[datetime, tuple[OutcomeFigures, ...], Mapping[str, Mapping[str, float]]]:
    """What `packed` made bytes of."""
    kept = msgspec.json.decode(body)
    outcomes = tuple(
        OutcomeFigures(**one | {"r2": _number(one["r2"]), "drivers": tuple(_driver(each) for each in one["drivers"])})
        for one in kept["outcomes"]
    )
    return datetime.fromisoformat(kept["at"]), outcomes, kept["spent"]


def _driver(row: dict[str, Any]) -> DriverFigures:
    known = row["driver"] | {name: _number(row["driver"][name]) for name in _NUMBERS}
    return DriverFigures(row["name"], row["title"], Driver(**known), _number(row["performance"]))


def _number(row: dict[str, Any]) -> Number:
    return Unknown(**row) if "reason" in row else Estimate(**row)
