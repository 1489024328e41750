"""Routes of listening: cases of the unhappy, and calls to make."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.listening.views import Call, Case
from openchair.server.api.frame import After, Asked, Body, Door, Limit, Page, answer, problems
from openchair.server.door.keyring import Caller

Leader = Annotated[str, Query(max_length=200, description="Whose list: the e-mail they sign in with; empty: all.")]
Notes = Annotated[str, Field(description="At most 20,000 characters.")]


class Own(Body):
    """Whose a case is from now on."""

    owner: str = Field(description="A name; empty: anybody's.")


class Close(Body):
    """What was done for somebody unhappy."""

    verdict: str = Field(max_length=40, description="fixed, explained, not reached or no answer wanted.")
    done: str = Field("", description="What was done, in at most 2,000 characters.")
    channel: str = Field("call", max_length=40, description="How they were reached: call, e-mail, letter, ...")
    words: Notes = ""


class Noted(Body):
    """What became of a call."""

    status: str = Field(max_length=40, description="reached, not reached or skipped.")
    words: Notes = ""
    leader: str = Field("", description="Who called, for a call on no list; empty: whoever asks.")


def cases(chair: Chair, door: Door) -> APIRouter:
    """Scope cases."""
    router = APIRouter()
    reads, acts = door.reads("cases"), door.asks("cases")

    @router.get("/cases", tags=["cases"], response_model=Page[Case], dependencies=[reads])
    def listed(
        status: Literal["open", "closed"] = "open",
        owner: Annotated[str | None, Query(max_length=200, description="Only theirs; empty: nobody's.")] = None,
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Cases of the unhappy: open ones by when they are due, closed ones newest first."""
        found, more = chair.cases.cases(closed=status == "closed", owner=owner, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    @router.get("/cases/{case_id}", tags=["cases"], response_model=Case)
    def one(case_id: str, caller: Annotated[Caller, reads]) -> Response:
        """One case: the words, what would put it right, and what else they answered until it was closed."""
        return answer(chair.cases.case(case_id, by=caller.actor))

    @router.post("/cases/{case_id}/owner", tags=["cases"], response_model=Case, responses=problems(409))
    def own(case_id: str, body: Own, asked: Annotated[Asked, acts]) -> Response:
        """Give a case to somebody, or to nobody."""
        return asked.once(body, lambda: chair.cases.own(case_id, body.owner, by=asked.by))

    @router.post("/cases/{case_id}/close", tags=["cases"], response_model=Case, responses=problems(409))
    def close(case_id: str, body: Close, asked: Annotated[Asked, acts]) -> Response:
        """Close a case with what was done; what they said to it is kept as their own words."""
        return asked.once(body, lambda: chair.cases.close(case_id, by=asked.by, **body.model_dump()))

    @router.get("/calls", tags=["cases"], response_model=list[Call])
    def calls(
        caller: Annotated[Caller, reads],
        week: Annotated[date | None, Query(description="Any day of it; left out: this week.")] = None,
        leader: Leader = "",
    ) -> Response:
        """A week's calls: those done, and those waiting who may be called now."""
        return answer(chair.calls.list(by=caller.actor, week=week, leader=leader))

    @router.post("/calls/{which:path}/note", tags=["cases"], response_model=Call, responses=problems(409))
    def note(which: str, body: Noted, asked: Annotated[Asked, acts]) -> Response:
        """What became of a call, by its id; or of one on no list, by whatever the customer is known by."""
        return asked.once(body, lambda: chair.calls.note(which, by=asked.by, **body.model_dump()))

    return router
