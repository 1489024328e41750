"""What the report of journeys answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from openchair.core.estimate import Number


@dataclass(frozen=True, slots=True)
class Mapped:
    """The name of a step, the moment it belongs to, and who says so."""

    step: str
    moment: str
    """recognise, request, respond or repeat; empty where it is left out of journeys."""
    said_by: str
    """A person's name; else what it was guessed from: sender, name or place."""
    said_at: datetime | None
    times: int


@dataclass(frozen=True, slots=True)
class StepFigures:
    """A step over all needs that reached it. Days are None where fewer than that share ever went on."""

    step: str
    moment: str
    entrants: int
    """Needs that reached it."""
    times: int
    lost: int
    """Needs that ended here, unmet, or met by one who never came back."""
    drop: Number
    """Share of entrants who were lost here."""
    excess: Number
    """How much more that is than at the best comparable step."""
    compared_with: str
    next_days: tuple[float | None, float | None, float | None]
    """Days by which a quarter, half and three quarters went on, those still under way counted as long as seen."""
    within: tuple[float, ...]
    """Shares that went on within a minute, ten, an hour, a day, a week, a month and a quarter, likewise."""
    moved: Number
    """Share that ever went on, likewise."""
    repeats: float
    """Times an entrant came again."""
    backtracks: float
    """Steps back to an earlier moment, per need that holds it."""
    contacts: float
    """Tickets, chats and calls, per need that holds it."""
    effort: Number
    """Mean of customers' own answers of how easy it was (CES), for needs that hold it."""
    mood: Number
    """Mean of what customers said, -1 to 1, in needs that hold it."""
    value: Number
    """Minor units that whoever goes on brings more, within the value's days, than whoever is lost here."""
    removal: float | None
    """Share of needs met that would not be if everybody who comes here were lost."""


@dataclass(frozen=True, slots=True)
class WayFigures:
    """How often one step follows another, and the median of the days between."""

    start: str
    end: str
    times: int
    days: float | None


@dataclass(frozen=True, slots=True)
class PathFigures:
    """Needs that began with the same steps."""

    steps: tuple[str, ...]
    needs: int
    met: Number
    behind: Number
    """How much smaller that share is than on the best path of the same length from the same first step."""
    compared_with: tuple[str, ...]
    days: float | None
    """Mean days from the first step to the need met."""
    repeats: float
    contacts: float
    spent: float
    """Mean minor units spent in it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A customer who was lost at a step, their own words of that time, and how they fared before."""

    customer_id: str
    lost_at: datetime
    words: str
    needs: int = 0
    met: int = 0
    contacts: int = 0
    """Times they asked for help."""
    first_days: float | None = None
    """How long their first round took, and below it the latest."""
    latest_days: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tackled:
    """What was done about a pain point, and the share lost before and since."""

    by: str
    on: date
    what: str
    before: Number
    since: Number
    change: Number


@dataclass(frozen=True, slots=True)
class Pain:
    """A step that loses more customers than the best comparable one; `stake` in minor units over the days seen."""

    step: str
    moment: str
    compared_with: str
    entrants: int
    excess: Number
    value: Number
    stake: Number
    p_worst: float
    """Chance, in [0, 1], that no other step's stake is higher."""
    action: str
    """What to try first."""
    examples: tuple[Example, ...] = ()
    tackled: Tackled | None = None


@dataclass(frozen=True, slots=True)
class Delight:
    """A step whose best goes with more worth later: `later` in minor units a customer, within the value days."""

    step: str
    moment: str
    how: str
    """quick, easy or glad."""
    customers: int
    later: Number
    p: float
    """Chance of a difference as large were there none, raised for how many were looked at (Holm)."""


@dataclass(frozen=True, slots=True)
class Round:
    """The n-th time customers went through the moments."""

    nth: int
    days: Number
    """Mean days from the first step to the need met."""
    ratio: Number
    """How long it took compared with the same customers' first time; 1 is as long."""
    accepted: Number
    """Share of the n-th thing offered to a customer that was clicked, answered or bought."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Customers whose latest step this is, and what they do next, by what others did after the same last steps."""

    step: str
    moment: str
    customers: int
    likely: str
    """The step that likeliest follows; empty where likeliest nothing does."""
    chance: Number
    """The chance of that."""
    lost: Number
    """The chance that nothing follows."""


@dataclass(frozen=True, slots=True)
class JourneyReport:
    """The journeys of a shop's customers, their pain points the worst first, and chances to delight."""

    currency: str
    since: date | None
    to: date | None
    """The last day looked at; days are None while `unknown` says why."""
    steps: int
    customers: int
    needs: int
    met: Number
    """Share of needs that are over and were met."""
    visit_hours: float | None
    """A longer silence begins a new visit."""
    need_days: float | None
    """A longer silence begins a new need, for the middle customer."""
    value_days: int
    figures: tuple[StepFigures, ...]
    ways: tuple[WayFigures, ...]
    paths: tuple[PathFigures, ...]
    pains: tuple[Pain, ...]
    delights: tuple[Delight, ...]
    rounds: tuple[Round, ...]
    mapping: tuple[Mapped, ...]
    left_out: Mapping[str, int]
    """Steps that were not counted, by reason: robots, nobody's, left out by a person."""
    robots: tuple[tuple[str, int], ...]
    """Customers who took more steps than a person can, with how many."""
    notes: tuple[str, ...]
    standing: tuple[Standing, ...] = ()
    """Where customers stand who are not lost yet, the most first."""
    unknown: str = ""
    """Why there is no answer."""
    simulated: bool = False
