"""Planning: the day's plan, what there is to spend on it, and persons' answers: to one, a selection, or all at once."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from openchair.chair.acting.planned import BudgetUse, Group, OfAction, PlanReport
from openchair.chair.actor import Actor
from openchair.chair.state.records import UNDONE
from openchair.chair.views import Decision, TurnReport
from openchair.chair.wheel import clear, limits
from openchair.chair.wheel.clear import UNDO, Settled
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate
from openchair.decisions import budgets
from openchair.decisions.budgets import TITLES, Span
from openchair.loyalty.actions import Action
from openchair.loyalty.pillars import PILLARS

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

MOST = 50_000
"""Decisions that are answered at once at most; the rest with the next answer."""
EXAMPLES, SHOWN = 3, 100
"""Decisions of an action that are shown beside it, and by themselves."""
LONGEST = 500
"""Characters of a reason."""
NOT_NOW = (
    "it does not suit this customer",
    "the moment is wrong",
    "there is no time for it today",
    "it is done another way",
)
"""Reasons to dismiss that are offered; any other can be given in words."""
THE_PLAN = "the plan"
"""Who approves what needs nobody's yes."""
_GAIN = ("gain_minor", "gain_low", "gain_high")


@dataclass(frozen=True, slots=True)
class Planning:
    """The plan of the last turn's day, and what persons make of it."""

    chair: "Chair"

    def report(self, examples: bool = True) -> PlanReport:
        """The plan as it stands: by action, the budgets, what is put off and why."""
        chair, last = self.chair, self._last
        allowed, choice = limits.chosen(chair.state), chair.state.chosen(limits.BUDGETS).get("")
        day = last.day if last else chair.moment().day
        rows = chair.state.tallies(day).to_pylist() if last else []
        told = last.models.get("plan", {}) if last else {}
        stands, _ = limits.standings(chair.state, chair.catalogue, day)
        proposed = Counter[tuple[str, str]]()
        why: dict[str, Counter[str]] = {"deferred": Counter(), "dismissed": Counter()}
        for row in rows:
            if row["status"] == "proposed":
                proposed[row["action"], row["channel"]] += row["n"]
            if row["status"] in why:
                why[row["status"]][row["why"] or "no reason was given"] += row["n"]
        return PlanReport(
            currency=chair.currency,
            simulated=chair.simulated,
            day=day,
            as_of=last.as_of if last else None,
            groups=self._groups(rows, last, examples),
            budgets=tuple(
                BudgetUse(
                    name=one.name,
                    title=one.title,
                    span=one.span,
                    limit=one.limit,
                    used=one.used,
                    proposed=_taken(one.name, proposed, chair.catalogue),
                    worth_minor=told.get("worth", {}).get(one.name),
                )
                for one in stands
            ),
            allowed=allowed,
            set_by=choice.by if choice else "",
            set_at=choice.at if choice else None,
            deferred=dict(why["deferred"].most_common()),
            dismissed=dict(why["dismissed"].most_common()),
            gain_minor=told.get("gain_minor"),
            bound_minor=told.get("bound_minor"),
            at_home=told.get("at_home", 0),
        )

    def of(self, action: str, *, shown: int = SHOWN) -> OfAction:
        """What is planned of one action, so many of either kind at most. Raises NotFound."""
        chair, last = self.chair, self._last
        rows = [row for row in chair.state.tallies(last.day).to_pylist() if row["action"] == action] if last else []
        if last is None or not rows:
            raise NotFound("action", value=action, bound="is not in the plan", remedy="Look at the plan of today.")

        def some(*statuses: str) -> tuple[Decision, ...]:
            found = chair.state.planned(day=last.day, statuses=statuses, action=action, limit=shown)
            return tuple(map(chair.decision, found["decision_id"].to_pylist()))

        answered = [row["status"] for row in rows if row["status"] != "proposed"]
        return OfAction(self._groups(rows, last, False)[0], some("proposed"), some(*answered) if answered else ())

    def allow(
        self, given: Mapping[str, Mapping[str, float | None]], *, by: Actor, why: str = "", over: int | None = None
    ) -> PlanReport:
        """Say what there is in a day and a week, by names of budgets.TITLES; what is left out has no limit.

        It holds for approvals at once, and for what is decided from the next turn on. Money in minor units. over: the
        number of the choice that it was made from. Raises BadInput for what cannot be, NotAllowed for whoever is no
        owner (or a program of theirs), Conflict where others set them in the meantime.
        """
        if by.role not in ("owner", "program"):
            raise NotAllowed("budgets", value=by.name, bound="are for an owner to set", remedy="Ask one of them.")
        chair, now = self.chair, self.chair.clock()
        day = self._last.day if self._last else chair.moment().day
        anything = {name: budgets.Allowed(day=budgets.MOST, week=budgets.MOST) for name in TITLES}
        stands, _ = limits.standings(chair.state, chair.catalogue, day, anything)
        used: dict[tuple[str, Span], float] = {(one.name, one.span): one.used for one in stands}
        body = msgspec.json.encode(budgets.read(given, used)).decode()
        chair.state.choose(limits.BUDGETS, "", body, by=by.name, at=now, why=why[:LONGEST], over=over)
        chair.state.log(by.name, "set budgets", None, f"{body}: {why}"[:LONGEST], now)
        return self.report()

    def approve(
        self, *, by: Actor, action: str = "", decisions: Sequence[str] | None = None, everything: bool = False
    ) -> Settled:
        """Approve these decisions, all that wait of an action, or everything that waits.

        Each is judged again: what does not fit their attention or the budgets is put off, what must not be done is not.
        Raises BadInput where it is not said which, NotFound for an unknown decision or action.
        """
        return self._settled("approved", by, "", action, decisions, everything)

    def dismiss(
        self,
        *,
        by: Actor,
        why: str,
        action: str = "",
        decisions: Sequence[str] | None = None,
        everything: bool = False,
    ) -> Settled:
        """Let these decisions be, and say why; the next turn looks at all of them again. Raises as `approve` does."""
        words = " ".join(why.split())
        if not 1 <= len(words) <= LONGEST:
            bound = f"must have 1 to {LONGEST} characters"
            raise BadInput("reason", value=why, bound=bound, remedy=f"Say why, such as: {NOT_NOW[0]}.")
        return self._settled("dismissed", by, words, action, decisions, everything)

    def undo(self, *, by: Actor, decisions: Sequence[str], why: str = "") -> Settled:
        """Take answers back: what was dismissed, and what was approved as long as its action can be undone."""
        return self._settled(UNDO, by, why[:LONGEST] or "taken back", "", decisions, False)

    def done(self, *, by: Actor, decisions: Sequence[str]) -> Settled:
        """Say of what was approved, and nothing carries out, that it was done by hand."""
        return self._settled("sent", by, "", "", decisions, False)

    def begin(self) -> Settled | None:
        """Approve what needs nobody's yes, as far as budgets and the guard let it; a step after every turn of today.

        Nothing goes out by itself for a day that has passed.
        """
        free = [action.id for action in self.chair.catalogue if not action.approve]
        last = self._last
        if not free or last is None or last.day != self.chair.moment().day:
            return None
        rows = [
            row
            for action in free
            for row in self.chair.state.planned(
                day=last.day, statuses=("proposed",), action=action, limit=MOST
            ).to_pylist()
        ]
        return clear.settle(self.chair, rows, "approved", by=THE_PLAN)[0] if rows else None

    @property
    def _last(self) -> TurnReport | None:
        return next(iter(self.chair.state.turns(1)), None)

    def _settled(
        self, status: str, by: Actor, why: str, action: str, decisions: Sequence[str] | None, everything: bool
    ) -> Settled:
        chair, last = self.chair, self._last
        if by.role == "customer":
            raise NotAllowed("plan", value=by.name, bound="is for the team to answer", remedy="Ask them.")
        if sum((bool(action), decisions is not None, everything)) != 1:
            bound, remedy = "must be some decisions, one action, or everything", "Say which of the three."
            raise BadInput("what is answered", value=action or decisions, bound=bound, remedy=remedy)
        if decisions is not None:
            unique = list(dict.fromkeys(decisions))
            if not 1 <= len(unique) <= MOST:
                bound = f"must be 1 to {MOST:,}"
                raise BadInput("decisions", value=len(unique), bound=bound, remedy="Answer the rest after these.")
            rows = clear.rows_of(chair, unique)
        else:
            if last is None:
                raise Conflict("plan", bound="no turn was made yet", remedy="Turn the wheel first.")
            if action and all(one.id != action for one in chair.catalogue):
                raise NotFound("action", value=action, bound="is not in the catalogue", remedy="See openchair plan.")
            asked = chair.state.planned(day=last.day, statuses=("proposed",), action=action, limit=MOST)
            rows = asked.to_pylist()
        settled, _ = clear.settle(chair, rows, status, by=by.name, why=why)
        what = f"{settled.marked} of {settled.asked} {status}{f', {action}' if action else ''}"
        chair.state.log(by.name, "answered the plan", None, f"{what}: {why}" if why else what, chair.clock())
        return settled

    def _groups(self, rows: Sequence[Mapping[str, Any]], last: TurnReport | None, examples: bool) -> tuple[Group, ...]:
        """By action, those that wait first, by what they are expected to bring."""
        by: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            by[row["action"]].append(row)
        known = {action.id: action for action in self.chair.catalogue}
        groups = [self._group(name, known.get(name), parts, last, examples) for name, parts in by.items()]
        return tuple(sorted(groups, key=lambda one: (not one.proposed, -one.gain.value, one.action)))

    def _group(
        self,
        name: str,
        action: Action | None,
        rows: Sequence[Mapping[str, Any]],
        last: TurnReport | None,
        examples: bool,
    ) -> Group:
        times = Counter[str]()
        for row in rows:
            times[row["status"]] += row["n"]
        planned = [row for row in rows if row["status"] == "proposed" or row["status"] not in UNDONE]
        n = sum(row["n"] for row in planned)
        value, low, high = (float(sum(row[part] for row in planned)) for part in _GAIN)
        shown: tuple[Decision, ...] = ()
        if examples and times["proposed"] and last:
            first = self.chair.state.planned(day=last.day, statuses=("proposed",), action=name, limit=EXAMPLES)
            shown = tuple(map(self.chair.decision, first["decision_id"].to_pylist()))
        return Group(
            action=name,
            title=action.title if action else name,
            pillar=PILLARS[action.pillar].title if action else "",
            channels=tuple(sorted({row["channel"] for row in rows})),
            needs_approval=action.approve if action else True,
            undo_hours=action.undo_hours if action else 0,
            proposed=times["proposed"],
            approved=times["approved"],
            gone=sum(k for status, k in times.items() if status not in (*UNDONE, "approved")),
            deferred=times["deferred"],
            dismissed=times["dismissed"] + times["vetoed"] + times["failed"],
            gain=Estimate(value, low, high, n=0),
            cost_minor=n * action.cost_minor if action else 0,
            hours=n * action.minutes / 60 if action else 0.0,
            tried=value < 0 and not (action and action.owed),
            examples=shown,
        )


def _taken(name: str, proposed: Mapping[tuple[str, str], int], actions: Sequence[Action]) -> float:
    """What all proposals together would take of a budget, or of an action's capacity."""
    known = {action.id: action for action in actions}
    some = [(known[action], channel, n) for (action, channel), n in proposed.items() if action in known]
    if name not in TITLES:
        return float(sum(n for action, _, n in some if action.id == name))
    uses = budgets.uses_of(name, [action for action, _, _ in some], [channel for _, channel, _ in some])
    return float(sum(each * n for each, (_, _, n) in zip(uses.tolist(), some, strict=True)))
