"""Merging: customers that are one, by exact identifiers, by likeness or by somebody's word; and taking it back."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from openchair.chair.actor import Actor
from openchair.chair.lease import HEAVY, held
from openchair.chair.people import resolving
from openchair.chair.people.identifying import merge_id, question, review_of
from openchair.chair.ports import Progress
from openchair.chair.views import Merge, ResolveReport, Review
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.dossier import identity
from openchair.dossier.grouping import ways_between

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

VERDICTS = {"merge": ("merge", "apart"), "identifier": ("seen",), "decision": ("upheld", "changed"),
            "proposal": ("take", "leave")}  # fmt: skip
"""What may be answered to each kind of review."""


@dataclass(frozen=True, slots=True)
class Merging:
    """Who is who, and the questions that only a person can answer."""

    chair: "Chair"

    def resolve(self, *, progress: Progress = lambda step: None) -> ResolveReport:
        """Look for people who share no identifier: merge the sure, ask about the likely. Raises Conflict at work."""
        chair = self.chair
        with held(chair.state, HEAVY, chair.clock), closing(chair.engine()) as engine:
            chair.sync()
            progress("resolve")
            merges, reviews, report = resolving.find(chair.state, engine, chair.moment(), chair.settings, chair.timer)
            chair.state.put_merges(merges)
            chair.state.open_reviews(reviews)
            self._stand([merge for merge in merges if merge.status == "merged"])
        return report

    def merge(self, left: str, right: str, *, by: Actor, why: str = "") -> Merge:
        """Say that two customers are one. Raises NotFound, BadInput for one with themselves, Conflict if refused."""
        _of_the_team(by)
        one, other = sorted((self.chair.find(left), self.chair.find(right)))
        identity.checked(one, other, self.chair.state.merge_graph())
        now = self.chair.clock()
        merge = Merge(
            merge_id(one, other), one, other, "person", f"{by.name} says so", None, (), "merged", now, now, by.name, why
        )
        return self._decide(merge, by, "merged")

    def unmerge(self, who: str, *, by: Actor, why: str = "") -> tuple[Merge, ...]:
        """Take back a merge by its id, or all of a customer; they are kept apart from then on. Raises NotFound.

        Only those kept apart are given; who was one with both is asked about (`apart`).
        """
        one = self.chair.state.merge(who)
        if one is not None:
            return (self.apart(who, by=by, why=why),)
        customer_id = self.chair.find(who)
        found, _ = self.chair.state.merges(status="merged", customer_id=customer_id, limit=1000)
        if not found:
            raise NotFound("merge", value=who, bound="was merged with nobody", remedy="See the page Merges.")
        return tuple(self.apart(merge.merge_id, by=by, why=why) for merge in found)

    def join(self, merge_id: str, *, by: Actor, why: str = "") -> Merge:
        """Say that two customers who were asked about, or kept apart, are one. Raises NotFound, Conflict if refused."""
        merge, now = self._merge(merge_id), self.chair.clock()
        graph = self.chair.state.merge_graph()
        others = graph.filter(pc.not_equal(graph["merge_id"], merge_id))
        identity.checked(merge.left_id, merge.right_id, others)
        return self._decide(replace(merge, status="merged", decided_at=now, decided_by=by.name, why=why), by, "merged")

    def apart(self, merge_id: str, *, by: Actor, why: str = "") -> Merge:
        """Keep two customers apart, whether they were merged or asked about. Raises NotFound.

        Where they would still be one by way of others, a person is asked anew with whom each of those belongs.
        """
        now = self.chair.clock()

        def told(merge_id: str, status: str) -> Merge:
            return replace(self._merge(merge_id), status=status, decided_at=now, decided_by=by.name, why=why)

        merge = told(merge_id, "apart")
        graph = self.chair.state.merge_graph()
        graph = graph.filter(pc.and_(pc.equal(graph["status"], "merged"), pc.not_equal(graph["merge_id"], merge_id)))
        rows = dict(zip(identity.known_pairs(graph), graph["merge_id"].to_pylist(), strict=True))
        ways = ways_between(rows, merge.left_id, merge.right_id)
        doubtful = [told(rows[pair], "asked") for pair in ways]
        return self._decide(merge, by, "kept apart", doubtful)

    def merges(
        self, status: str = "", customer: str = "", limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Merge, ...], bool]:
        """Merges, newest first, of a status (merged, asked, apart) or a customer, and whether more follow."""
        customer_id = self.chair.find(customer) if customer else ""
        found, more = self.chair.state.merges(status=status, customer_id=customer_id, limit=limit, after=after)
        return tuple(found), more

    def reviews(
        self, kind: str = "", waiting: bool = True, limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Review, ...], bool]:
        """Questions to the team, and whether more follow."""
        found, more = self.chair.state.reviews(kind=kind, waiting=waiting, limit=limit, after=after)
        return tuple(found), more

    def settle(self, review_id: str, verdict: str, *, by: Actor, why: str = "") -> Review:
        """Answer a question; a merge is then done or kept apart. Raises NotFound, BadInput, Conflict when answered."""
        review = self.chair.state.review(review_id)
        if review is None:
            raise NotFound("review", value=review_id, bound="was never asked", remedy="List reviews to find it.")
        allowed = VERDICTS.get(review.kind, ())
        if verdict not in allowed:
            bound = f"one of {', '.join(allowed)}" if allowed else f"a {review.kind} is not answered here"
            raise BadInput("verdict", value=verdict, bound=bound, remedy="Choose one of these, or close the case.")
        if review.verdict:
            raise Conflict("review", value=review.verdict, bound="is answered already", remedy="Undo that instead.")
        now = self.chair.clock()
        if review.kind == "merge":
            (self.join if verdict == "merge" else self.apart)(review.subject, by=by, why=why)
        if (review.kind, verdict) == ("proposal", "take"):
            self.chair.voices.take(review, by=by)
        self.chair.state.settle(review_id, verdict, by.name, now, why)
        self.chair.state.log(by.name, f"answered {review.kind}: {verdict}", review.customer_id, why, now)
        return replace(review, verdict=verdict, decided_by=by.name, decided_at=now, why=why)

    def _merge(self, merge_id: str) -> Merge:
        merge = self.chair.state.merge(merge_id)
        if merge is None:
            raise NotFound("merge", value=merge_id, bound="is not here", remedy="List merges to find it.")
        return merge

    def _decide(self, merge: Merge, by: Actor, act: str, doubtful: Sequence[Merge] = ()) -> Merge:
        """Keep what was decided of two, and that others are in doubt by it."""
        _of_the_team(by)
        state, moment = self.chair.state, self.chair.moment()
        state.put_merges([merge, *doubtful])
        state.settle(review_of(merge.merge_id), "merge" if act == "merged" else "apart", by.name, moment.now, merge.why)
        state.open_reviews([replace(question(one, moment), opened_by=by.name) for one in doubtful], again=True)
        self._stand([merge, *doubtful])
        for one, done in ((merge, act), *((one, "asked again") for one in doubtful)):
            for customer_id in (one.left_id, one.right_id):
                state.log(by.name, done, customer_id, f"{one.merge_id} {one.why}".strip(), self._now())
        return merge

    def _stand(self, merges: list[Merge]) -> None:
        """Let what was said to either of two records bind for both, or again for each alone."""
        both = sorted({self.chair.state.find(base) or base for m in merges for base in (m.left_id, m.right_id)})
        self.chair.restand(both)

    def _now(self) -> datetime:
        return self.chair.clock()


def _of_the_team(by: Actor) -> None:
    if by.role == "customer":
        raise NotAllowed("merge", value=by.name, bound="is for the team to decide", remedy="Ask them.")
