"""Routes of learning: candidates for the way of choosing, proposed, let go live, and taken back."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.learning.views import Promoted, Proposed
from openchair.server.api.frame import Asked, Body, Door, problems

Reason = Annotated[str, Field(max_length=1_000, description="Why; it is kept with who and when.")]


class Rule(Body):
    """In situations whose fields are all as `when` says, these chances by action; the rest is for waiting."""

    when: dict[str, Any] = Field(max_length=20)
    chances: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(max_length=1_000)


class Candidate(Body):
    """A policy's numbers; or `rules`, a table of chances, which can be judged and not go live."""

    name: str = Field(min_length=1, max_length=60)
    hope: float = Field(1.0, ge=0, le=5, description="Standard deviations above what is expected to weigh actions by.")
    sharpness: float = Field(1.0, ge=0, le=100, description="Times as sharp as usual.")
    floor: float | None = Field(None, ge=0.01, le=0.5, description="Share of chances spread over what is permitted.")
    personal: bool = Field(True, description="Whether what a customer's own outcomes say counts.")
    rules: list[Rule] | None = Field(None, max_length=1_000)

    def written(self) -> bytes:
        """As the chair reads it."""
        kept = {"name", "rules"} if self.rules is not None else {"name", "hope", "sharpness", "floor", "personal"}
        return msgspec.json.encode(self.model_dump(include=kept))


class Because(Body):
    """A reason."""

    why: Reason = ""


def learning(chair: Chair, door: Door) -> APIRouter:
    """Candidates and what is live. Scope value; the report itself is GET /reports/learning."""
    router = APIRouter(tags=["learning"])
    writer = door.asks("value")

    @router.post("/learning/candidates", response_model=Proposed)
    def propose(body: Candidate, asked: Annotated[Asked, writer]) -> Response:
        """Propose a candidate, to be judged by the log from now on."""
        return asked.once(body, lambda: chair.promoting.propose(body.written(), by=asked.by))

    @router.post("/learning/candidates/{name}/take-back", response_model=Proposed)
    def take_back(name: str, asked: Annotated[Asked, writer]) -> Response:
        """A proposed candidate is judged no more."""
        return asked.once(None, lambda: chair.promoting.take_back(name, by=asked.by))

    @router.post("/learning/candidates/{name}/promote", response_model=Promoted, responses=problems(409))
    def promote(name: str, body: Because, asked: Annotated[Asked, writer]) -> Response:
        """Let a candidate go live, where the log proves that it brings more."""
        return asked.once(body, lambda: chair.promoting.promote(name, by=asked.by, why=body.why))

    @router.post("/learning/back", response_model=Promoted)
    def back(body: Because, asked: Annotated[Asked, writer]) -> Response:
        """The policy that was live before is again."""
        return asked.once(body, lambda: chair.promoting.go_back(by=asked.by, why=body.why))

    return router
