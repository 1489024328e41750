"""The plan of a day as it is shown: by action, with what is used and left, and what waits; told in blocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from openchair.chair.views import Decision
from openchair.core.blocks import Block, Cell, Column, Empty, Figure, Sentence, Table, Told, Unit
from openchair.core.estimate import Estimate
from openchair.core.figures import written
from openchair.core.words import plural
from openchair.decisions.budgets import TITLES, Allowed
from openchair.decisions.reasons import HOUSEHOLD, REASONS

PATH = "/plan"
UNITS: Mapping[str, Unit] = {"money": "money", "discounts": "money", "hours": "number"}
"""Units of budgets that are not counts."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is planned of one action on a day, and what became of it so far."""

    action: str
    title: str
    pillar: str
    channels: tuple[str, ...]
    needs_approval: bool
    undo_hours: int
    proposed: int
    """Waiting for somebody's yes."""
    approved: int
    """Approved, and on its way or to be done by hand."""
    gone: int
    """Left, or done."""
    deferred: int
    dismissed: int
    gain: Estimate
    """What all that was not put off or dismissed is expected to bring over 12 months, minor units, after its cost."""
    cost_minor: int
    hours: float
    tried: bool = False
    """Whether less is expected of it than it costs, so that it is tried, to learn."""
    examples: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class OfAction:
    """What is planned of one action, one by one, best first: what waits, and what was answered or put off."""

    group: Group
    waiting: tuple[Decision, ...]
    answered: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """A limit of a day or a week: what it is of, how much, what is used, and what is proposed beside."""

    name: str
    title: str
    span: str
    limit: float
    used: float
    proposed: float
    worth_minor: float | None
    """What one more unit would have brought at the last turn; None where it was not scarce."""

    @property
    def shown(self) -> bool:
        """Whether it is worth a look: it was set, or something of it is used or proposed."""
        return self.name in TITLES or bool(self.used or self.proposed)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """The plan of the last turn's day, as it stands now."""

    currency: str
    simulated: bool
    day: date
    as_of: datetime | None
    """The moment of the last turn; None before the first."""
    groups: tuple[Group, ...]
    budgets: tuple[BudgetUse, ...]
    allowed: Mapping[str, Allowed]
    """The budgets that were set, by name."""
    set_by: str
    set_at: datetime | None
    deferred: Mapping[str, int]
    """How many are put off, by reason; they are ranked again at the next turn."""
    dismissed: Mapping[str, int]
    """How many are not to be done today, by reason."""
    gain_minor: float | None
    """What the turn planned is expected to bring; None before the first turn that planned."""
    bound_minor: float | None
    """What no plan within these budgets could be expected to exceed."""
    at_home: int
    """Customers who wait since another of their household is up."""

    @property
    def proposed(self) -> int:
        """How many wait for somebody's yes."""
        return sum(group.proposed for group in self.groups)

    @property
    def gap(self) -> float | None:
        """The part of the bound that the plan does not reach: what trying costs, and what cannot be split."""
        if self.gain_minor is None or not self.bound_minor:
            return None
        return max(0.0, 1 - self.gain_minor / self.bound_minor)


def headline(view: PlanReport) -> str:
    """The one sentence of the plan."""
    if view.as_of is None:
        return "No day is planned yet"
    if view.proposed:
        return f"{plural(view.proposed, 'decision waits', 'decisions wait')} for a yes"
    return "Everything planned has its answer" if view.groups else "Nothing is planned: waiting is best for everyone"


def plan(view: PlanReport) -> Told:
    """The plan: what waits for a yes, by action; budgets, used and left; what is put off, and why."""
    if view.as_of is None:
        nothing = Empty("A turn plans the day", "Import orders, then turn the wheel.", "Import orders", "/imports")
        return Told("plan", headline(view), (nothing,), view.currency, view.simulated)
    return Told("plan", headline(view), (*_blocks(view),), view.currency, view.simulated)


def _blocks(view: PlanReport) -> Iterator[Block]:
    yield from summary(view)
    yield Table(
        "What is planned, by action",
        (
            Column("Action"), Column("Waiting", "count"), Column("Approved", "count"), Column("Done", "count"),
            Column("Put off", "count"), Column("Gain in 12 months", "money", drawn=True), Column("Cost", "money"),
        ),
        tuple(
            (one.title, one.proposed, one.approved, one.gone, one.deferred, one.gain, one.cost_minor)
            for one in view.groups
        ),
        note="The gain is that of all not put off or dismissed; its interval is as wide as if all were wrong alike.",
        empty="Today there is nothing to do.",
    )  # fmt: skip
    yield from limits(view)


def summary(view: PlanReport) -> Iterator[Block]:
    """What the plan brings, and how much any other could."""
    planned = [one for one in view.groups if one.proposed + one.approved + one.gone]
    if planned:
        value, low, high = (sum(getattr(one.gain, end) for one in planned) for end in ("value", "low", "high"))
        whole = Estimate(value, low, high, n=0)
        yield Figure("Expected gain, 12 months", whole, "money", "after what it costs")
        yield Figure("Cost", sum(one.cost_minor for one in planned), "money", "time included")
        yield Figure("The team’s hours", sum(one.hours for one in planned), "number")
    if view.gap is not None and view.bound_minor and any(one.worth_minor for one in view.budgets):
        yield Sentence(
            f"Within these budgets no plan could be expected to bring more than "
            f"{written(view.bound_minor, 'money', view.currency)} at the last turn; this one reached "
            f"{written(1 - view.gap, 'share', view.currency)} of it. The rest is what "
            f"trying costs, so that something is learned of everything.",
            "note",
        )


def limits(view: PlanReport) -> Iterator[Block]:
    """What is used of each budget, and what waits for another day."""
    yield Table(
        "Budgets",
        (Column("Budget"), Column("Of"), Column("Used"), Column("Proposed beside"), Column("Left"),
         Column("One more would bring", "money")),
        tuple(_limit(one, view.currency) for one in view.budgets if one.shown),
        note="What does not fit any more is put off when it is approved, and ranked again at the next turn.",
        empty="There is no limit yet. Actions have one by their capacity in the catalogue, days by budgets set below.",
    )  # fmt: skip
    reasons = [*((reason, n, "ranked again at the next turn") for reason, n in view.deferred.items()),
               *((reason, n, "not today") for reason, n in view.dismissed.items())]  # fmt: skip
    if view.at_home:
        reasons.append((REASONS[HOUSEHOLD], view.at_home, "ranked again at the next turn"))
    if reasons:
        columns = (Column("Why"), Column("Customers", "count"), Column("Then"))
        yield Table("What waits for another day", columns, tuple(reasons))


def _limit(one: BudgetUse, currency: str) -> tuple[Cell, ...]:
    def said(value: float) -> str:
        return written(value, UNITS.get(one.name, "count"), currency)

    name = f"{one.title[0].upper()}{one.title[1:]}, {'today' if one.span == 'day' else 'this week'}"
    left = max(0.0, one.limit - one.used)
    return name, said(one.limit), said(one.used), said(one.proposed), said(left), one.worth_minor


def became(marked: int, status: str, deferred: Mapping[str, int], refused: Mapping[str, int]) -> str:
    """What became of many answers at once, in one sentence.

    >>> became(9950, "approved", {}, {"must not be done: no calls": 50})
    '9,950 approved, 50 not: must not be done: no calls (50).'
    """
    verb = {"proposed": "taken back", "sent": "marked as done"}.get(status, status)
    parts = [f"{marked:,} {verb}"]
    for label, why in (("put off", deferred), ("not", refused)):
        if why:
            told = "; ".join(f"{reason} ({n:,})" for reason, n in sorted(why.items(), key=lambda one: -one[1]))
            parts.append(f"{sum(why.values()):,} {label}: {told}")
    return ", ".join(parts) + "."
