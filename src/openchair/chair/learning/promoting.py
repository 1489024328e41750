"""Promoting: another way of choosing goes live once the log proves that it brings more; a person can go back."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from openchair.chair.actor import Actor
from openchair.chair.learning.judgement import Judgement
from openchair.chair.learning.living import (
    CANDIDATE,
    POLICY,
    TAKEN_BACK,
    candidate_of,
    live_policy,
    policy_of,
    promoted,
    proposed,
)
from openchair.chair.learning.views import Judged, Promoted, Proposed
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate
from openchair.core.money import show
from openchair.learning.candidates import USUAL, Policy, Rules

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

RULE = "the rule"
"""Who promotes where the setting `promote` says so."""
LONGEST_WHY = 1_000
MOST_PROPOSED = 20


@dataclass(frozen=True, slots=True)
class Promoting:
    """Which way of choosing is live, and which may be."""

    chair: "Chair"

    def live(self) -> Policy:
        """The policy by which decisions are taken."""
        return live_policy(self.chair.state)

    def promoted(self) -> tuple[Promoted, ...]:
        """What went live, the newest first."""
        return promoted(self.chair.state)

    def judged(self) -> tuple[Judged, ...]:
        """Every other way of choosing, judged by the log; the best first, nothing where too little is settled."""
        return Judgement.of(self.chair).candidates()

    def propose(self, body: str | bytes, *, by: Actor) -> Proposed:
        """A candidate from JSON, to be judged by the log from now on: a policy's numbers, or a table of chances.

        `{"name": "bold", "hope": 2, "sharpness": 1, "floor": 0.05, "personal": true}`, or `{"name": "calls", "rules":
        [{"when": {"stage": "slipping"}, "chances": {"call": 0.5}}]}`. Raises BadInput, NotAllowed.
        """
        _owner(by)
        try:
            candidate = candidate_of(body)
        except msgspec.MsgspecError as wrong:
            bound = f"is no policy and no table of chances: {wrong}"
            raise BadInput("candidate", value=str(body)[:80], bound=bound, remedy="See docs/learning.md.") from None
        held = proposed(self.chair.state)
        if candidate.name not in held and len(held) >= MOST_PROPOSED:
            bound = f"there are {MOST_PROPOSED} already"
            raise BadInput("candidates", value=candidate.name, bound=bound, remedy="Take one back.")
        self._keep(CANDIDATE, candidate.name, msgspec.json.encode(candidate).decode(), "", by.name)
        return _proposed(candidate)

    def take_back(self, name: str, *, by: Actor) -> Proposed:
        """A proposed candidate is judged no more. Raises NotFound, NotAllowed."""
        _owner(by)
        theirs = proposed(self.chair.state).get(name)
        if theirs is None:
            raise NotFound("candidate", value=name, bound="was not proposed", remedy="Look at the list.")
        self._keep(CANDIDATE, name, TAKEN_BACK, "", by.name)
        return _proposed(theirs[0])

    def promote(self, name: str, *, why: str = "", by: Actor) -> Promoted:
        """Let a candidate go live from the next decision on, where the log proves that it brings more.

        Raises NotFound; BadInput for what cannot go live; Conflict where its lower bound does not beat the present one.
        """
        _owner(by, why)
        judgement = Judgement.of(self.chair)
        candidate, judged = judgement.candidate(name)
        if candidate is None:
            raise NotFound("candidate", value=name, bound="is not judged here", remedy="Propose it first.")
        if not isinstance(candidate, Policy):
            bound = "is a table of chances, which can be judged and not go live"
            raise BadInput("candidate", value=name, bound=bound, remedy="Propose a policy's numbers.")
        if judged is None or not beats(judged):
            bound = f"is not proved to bring more than {self.live().version}: {said(judged, self.chair.currency)}"
            remedy = "Wait until its lower bound is above nothing."
            raise Conflict("candidate", value=name, bound=bound, remedy=remedy)
        return self._live(candidate, f"{why.strip()} ({said(judged, self.chair.currency)})".lstrip(), by.name)

    def go_back(self, *, why: str = "", by: Actor) -> Promoted:
        """The policy that was live before is again; nothing needs to be proved for it. Raises NotFound, NotAllowed."""
        _owner(by, why)
        past = self.chair.state.choices(POLICY)
        if not past:
            raise NotFound("policy", value=self.live().version, bound="is the first there was", remedy="Keep it.")
        before = policy_of(past[1].body) if len(past) > 1 else USUAL
        return self._live(before, why.strip() or "gone back", by.name)

    def by_rule(self, at: datetime) -> Promoted | None:
        """Where the setting says so: the candidate whose lower bound beats the present one's by most goes live."""
        if self.chair.settings.promote != "by rule":
            return None
        judgement = Judgement.of(self.chair)
        best = next((one for one in judgement.candidates() if one.can_go_live and beats(one)), None)
        candidate, _judged = judgement.candidate(best.name) if best else (None, None)
        if best is None or not isinstance(candidate, Policy):
            return None
        return self._live(candidate, said(best, self.chair.currency), RULE, at)

    def _live(self, policy: Policy, why: str, by: str, at: datetime | None = None) -> Promoted:
        self._keep(POLICY, "", msgspec.json.encode(policy).decode(), why, by, at)
        return self.promoted()[0]

    def _keep(self, kind: str, subject: str, body: str, why: str, by: str, at: datetime | None = None) -> None:
        now = at or self.chair.clock()
        self.chair.state.log(by, f"chose the {kind}", None, body, now)
        self.chair.state.choose(kind, subject, body, by=by, at=now, why=why)


def beats(one: Judged) -> bool:
    """Whether a candidate is proved to bring more than the policy that is live."""
    return isinstance(one.better, Estimate) and one.better.low > 0


def said(one: Judged | None, currency: str) -> str:
    """What the log says of a candidate beside the present one."""
    if one is None:
        return "too little is settled to judge by"
    if not isinstance(one.better, Estimate):
        return str(one.better)
    value, low, high = (show(x, currency, cents=True) for x in (one.better.value, one.better.low, one.better.high))
    return f"{value} more a decision, between {low} and {high}"


def _proposed(one: Policy | Rules) -> Proposed:
    return Proposed(one.name, one.version, isinstance(one, Policy))


def _owner(by: Actor, why: str = "") -> None:
    if by.role in ("customer", "staff"):
        raise NotAllowed("policy", value=by.name, bound="is for an owner to choose", remedy="Ask one.")
    if len(why) > LONGEST_WHY:
        bound = f"has at most {LONGEST_WHY:,} characters"
        raise BadInput("reason", value=f"{len(why):,} characters", bound=bound, remedy="Give a shorter one.")
