"""Routes of the team: consents over all customers, merges, reviews, the audit log."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.views import Audited, ConsentCount, Merge, ResolveReport, Review
from openchair.server.api.frame import After, Asked, Body, Door, Limit, Page, Someone, Why, answer, problems

Named = Annotated[str, Query(max_length=300, description="A customer id, or anything they are known by.")]


class Consents(Body):
    """What was agreed to, by purpose and channel, and the newest words about it."""

    counts: list[ConsentCount]
    recent: list[dict[str, Any]]


class Join(Body):
    """Two customers that are one."""

    left: Someone
    right: Someone
    why: Why = ""


class Because(Body):
    """A reason."""

    why: Why = ""


class Verdict(Body):
    """The answer to a review: merge or apart; seen; upheld or changed."""

    verdict: str = Field(min_length=1, max_length=40)
    why: Why = ""


def team(chair: Chair, door: Door) -> APIRouter:
    """Scopes consents, merges and audit."""
    router = APIRouter()
    reads, decides = door.reads("merges"), door.asks("merges")

    @router.get("/consents", tags=["consents"], response_model=Consents, dependencies=[door.reads("consents")])
    def consents() -> Response:
        """How many customers said yes, no or nothing, and what changed of late with source and wording."""
        counts, recent = chair.people.consents()
        return answer({"counts": counts, "recent": recent})

    @router.get("/merges", tags=["merges"], response_model=Page[Merge], dependencies=[reads])
    def merges(
        status: Literal["", "merged", "asked", "apart"] = "",
        customer: Named = "",
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Pairs of customers that are one, may be one or are kept apart, newest first, with the evidence."""
        found, more = chair.merging.merges(status=status, customer=customer, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    @router.post("/merges", tags=["merges"], response_model=Merge, status_code=201, responses=problems(409))
    def merge(body: Join, asked: Annotated[Asked, decides]) -> Response:
        """Say that two customers are one. Nothing is rewritten: it can be taken back exactly."""
        return asked.once(body, lambda: chair.merging.merge(body.left, body.right, by=asked.by, why=body.why), 201)

    @router.post("/merges/{merge_id}/unmerge", tags=["merges"], response_model=list[Merge])
    def unmerge(merge_id: str, body: Because, asked: Annotated[Asked, decides]) -> Response:
        """Take a merge back: both customers are again exactly what they were."""
        return asked.once(body, lambda: chair.merging.unmerge(merge_id, by=asked.by, why=body.why))

    @router.post("/merges/{merge_id}/apart", tags=["merges"], response_model=Merge)
    def apart(merge_id: str, body: Because, asked: Annotated[Asked, decides]) -> Response:
        """Say that these two are not one; they are not asked about again."""
        return asked.once(body, lambda: chair.merging.apart(merge_id, by=asked.by, why=body.why))

    @router.post("/resolve", tags=["merges"], response_model=ResolveReport, responses=problems(409))
    def resolve(asked: Annotated[Asked, decides]) -> Response:
        """Look for people who share no identifier: the sure are merged, the likely asked about. Takes minutes."""
        return asked.once(None, chair.merging.resolve)

    @router.get("/reviews", tags=["merges"], response_model=Page[Review], dependencies=[reads])
    def reviews(
        kind: Literal["", "merge", "identifier", "decision", "case", "proposal"] = "",
        waiting: Annotated[bool, Query(description="Only those nobody has answered yet.")] = True,
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Questions to the team, the oldest first while they wait."""
        found, more = chair.merging.reviews(kind=kind, waiting=waiting, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    @router.post("/reviews/{review_id}", tags=["merges"], response_model=Review, responses=problems(409))
    def settle(review_id: str, body: Verdict, asked: Annotated[Asked, decides]) -> Response:
        """Answer a question."""
        return asked.once(body, lambda: chair.merging.settle(review_id, body.verdict, by=asked.by, why=body.why))

    @router.get("/audit", tags=["audit"], response_model=Page[Audited], dependencies=[door.reads("audit")])
    def audit(
        customer: Named = "",
        who: Annotated[str, Query(max_length=300, description="Who looked or changed something.")] = "",
        limit: Limit = 50,
        starting_after: Annotated[int | None, Query(ge=0, description="The number of the last line before.")] = None,
    ) -> Response:
        """Who read or changed whose dossier, newest first."""
        found, more = chair.privacy.audit(customer=customer, who=who, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    return router
