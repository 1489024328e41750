"""Routes of opportunities: the sheet that works backwards from one, to read and to write."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.focus.opportunities.views import SheetView
from openchair.server.api.frame import Asked, Body, Door, answer, problems

Part = Annotated[str | None, Field(max_length=20_000, description="Left out: as it was.")]


class Write(Body):
    """The next version of a sheet."""

    over: int = Field(ge=0, description="The version that was edited; 0: the draft.")
    headline: Part = None
    announcement: Part = None
    questions: Part = None
    must_be_true: Part = None
    first_test: Part = None
    quote: str | None = Field(None, max_length=400, description="A customer's sentence, as its fact and place.")
    why: str = Field("", max_length=2_000)


class Capability(Body):
    """Whether the shop has what it takes."""

    capability: Literal["held", "lacking", ""] = Field(description="Empty: as the catalogue has it.")
    what: str = Field("", max_length=300)
    why: str = Field("", max_length=2_000)


def opportunities(chair: Chair, door: Door) -> APIRouter:
    """Scope listening."""
    router = APIRouter()
    writer = door.asks("listening")

    @router.get(
        "/opportunities/{key}", tags=["focus"], response_model=SheetView, dependencies=[door.reads("listening")]
    )
    def sheet(key: str, version: Annotated[int, Query(ge=0, description="0: the newest, or a draft.")] = 0) -> Response:
        """The working-backwards page of an opportunity, with every version that was kept and what is known now."""
        return answer(chair.opportunities.sheet(key, version))

    @router.put("/opportunities/{key}", tags=["focus"], response_model=SheetView, responses=problems(409))
    def write(key: str, body: Write, asked: Annotated[Asked, writer]) -> Response:
        """Keep a new version; 409 where somebody kept another meanwhile."""
        said = body.model_dump(exclude={"over", "why"}, exclude_none=True)
        return asked.once(body, lambda: chair.opportunities.write(key, said, over=body.over, why=body.why, by=asked.by))

    @router.post("/opportunities/{key}/capability", tags=["focus"], response_model=SheetView)
    def capable(key: str, body: Capability, asked: Annotated[Asked, writer]) -> Response:
        """Say whether the shop holds what meets a need."""
        return asked.once(body, lambda: chair.opportunities.capable(key, **body.model_dump(), by=asked.by))

    return router
