"""A plan, made up: names that are long, actions of every kind, budgets used up and not, and things to do by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from openchair.chair.acting.planned import BudgetUse, Group, OfAction, PlanReport
from openchair.chair.acting.views import Dead, ToDo
from openchair.chair.actor import Actor
from openchair.chair.views import Decision
from openchair.chair.wheel.clear import Settled
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate
from openchair.decisions.budgets import Allowed

DAY, AT = date(2026, 11, 22), datetime(2026, 11, 22, 5, 30, tzinfo=UTC)


def group(number: int, **changed: Any) -> Group:
    base = Group(
        action=f"made-up-{number}",
        title=f"A made-up thing to do, number {number}",
        pillar="Customer service",
        channels=("call", "letter"),
        needs_approval=True,
        undo_hours=0,
        proposed=12,
        approved=3,
        gone=2,
        deferred=4,
        dismissed=1,
        gain=Estimate(148_000.0, -50_000.0, 346_000.0, n=0),
        cost_minor=8_600,
        hours=4.3,
    )
    return replace(base, **changed)


def plan(examples: tuple[Decision, ...]) -> PlanReport:
    long = "Unterstützungsangebote" * 3
    return PlanReport(
        currency="EUR",
        simulated=True,
        day=DAY,
        as_of=AT,
        groups=(
            group(1, examples=examples),
            group(2, title=long[:80], needs_approval=False, proposed=9_950, channels=("e-mail",), undo_hours=12),
            group(3, proposed=0, approved=0, gone=0, gain=Estimate(0.0, 0.0, 0.0, n=0)),
            group(4, proposed=0, gain=Estimate(-900.0, -4_000.0, 2_200.0, n=0), tried=True),
        ),
        budgets=(
            BudgetUse("money", "money", "day", 50_000.0, 49_000.0, 12_000.0, 1.9),
            BudgetUse("hours", "hours", "week", 20.0, 4.25, 3.0, None),
            BudgetUse("call", "calls", "day", 0.0, 0.0, 0.0, None),
            BudgetUse("made-up-1", f"“{long}”", "day", 40.0, 40.0, 1.0, 310.0),
            BudgetUse("made-up-3", "“not looked at”", "day", 40.0, 0.0, 0.0, None),
        ),
        allowed={"money": Allowed(day=50_000.0), "hours": Allowed(week=20.0), "call": Allowed(day=0.0)},
        set_by="owner@example.org",
        set_at=AT,
        deferred={"today's budget of calls was used": 45, "not enough of their attention is left": 7},
        dismissed={"<b>she</b> is on holiday": 2},
        gain_minor=1_100_000.0,
        bound_minor=1_350_000.0,
        at_home=6,
    )


@dataclass
class MadeUpPlanning:
    """Answers as chair.planning does, and remembers what it was told."""

    view: PlanReport
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def report(self, examples: bool = True) -> PlanReport:
        return self.view

    def of(self, action: str, *, shown: int) -> OfAction:
        found = next((one for one in self.view.groups if one.action == action), None)
        if found is None:
            raise NotFound("action", value=action, bound="is not in the plan", remedy="Look at the plan of today.")
        said = ("approved", "dismissed", "deferred")
        pairs = zip(found.examples, said, strict=False)
        answered = (replace(one, decision_id=f"e{one.decision_id}", status=was, why="why so") for one, was in pairs)
        return OfAction(found, found.examples, tuple(answered))

    def allow(self, given: Mapping[str, Any], *, by: Actor, why: str = "") -> PlanReport:
        if by.role != "owner":
            raise NotAllowed("budgets", value=by.name, bound="are for an owner to set", remedy="Ask one of them.")
        if given.get("hours", {}).get("week") == 1:
            bound = "must not be less than was used already, 4.25"
            raise BadInput("budget of hours for a week", value=1, bound=bound, remedy="Give 4.25 or more.")
        self.said.append(("allow", dict(given), why, by.name))
        return self.view

    def approve(self, **said: Any) -> Settled:
        return self._settled("approved", **said)

    def dismiss(self, **said: Any) -> Settled:
        return self._settled("dismissed", **said)

    def undo(self, **said: Any) -> Settled:
        return self._settled("proposed", **said)

    def done(self, **said: Any) -> Settled:
        return self._settled("sent", **said)

    def _settled(
        self, status: str, *, by: Actor, decisions: Sequence[str] | None = None, action: str = "", **more: Any
    ) -> Settled:
        if decisions == ["d0004"]:
            raise Conflict("plan", value=1, bound="is being approved by others", remedy="Try again in a moment.")
        self.said.append((status, decisions, action, more.get("everything", False), more.get("why", ""), by.name))
        return Settled(status, 9_950, {"today's budget of calls was used": 3}, {"must not be done: no calls": 47})


@dataclass
class MadeUpDelivering:
    """What is to be done by hand."""

    decisions: tuple[Decision, ...]

    def by_hand(self, *, limit: int) -> tuple[ToDo, ...]:
        return tuple(ToDo(f"{n:016x}", "call", AT, one) for n, one in enumerate(self.decisions))

    def failed(self, *, limit: int) -> tuple[Dead, ...]:
        """What was given up."""
        about = ("decision", "d1", "c1", "e-mail", 10, "550 <b>no</b> such user", AT, None)
        return (Dead("f" * 16, *about, customer="Ada <b>Lovelace</b>", what="A word before it runs out"),)
