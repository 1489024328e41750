"""Routes of focus: who places a driver on the map, puts it back, and says what there is to spend."""

from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.focus.drivers.figures import FocusReport
from openchair.server.api.frame import Asked, Body, Door, problems

Reason = Annotated[str, Field(max_length=500, description="Why; it is kept with who and when.")]


class Move(Body):
    """Where a driver belongs; what is left out stays as it was."""

    place: Literal["excel", "keep", "mediocre", "stop"]
    why: Reason
    pillars: tuple[str, ...] | None = Field(None, description="Whose actions serve it.", max_length=5)
    cost: int | None = Field(None, ge=1, le=5, description="What a step better would cost, 1 (little) to 5.")
    hours: float | None = Field(None, ge=0, description="What it takes in a week now.")
    money_minor: float | None = Field(None, ge=0)


class Spend(Body):
    """What there is to spend in a week over all drivers; left out, it is what is spent now."""

    hours: float | None = Field(None, ge=0)
    money_minor: float | None = Field(None, ge=0)
    contacts: float | None = Field(None, ge=0)
    why: Reason = ""


def focus(chair: Chair, door: Door) -> APIRouter:
    """The focus map. Scope value."""
    router = APIRouter()
    writer = door.asks("value")

    @router.post("/focus/drivers/{name:path}/place", tags=["focus"], response_model=FocusReport)
    def move(name: str, body: Move, asked: Annotated[Asked, writer]) -> Response:
        """Place a driver, with a reason; decisions follow from the next on."""
        return asked.once(body, lambda: chair.focus.move(name, by=asked.by, **body.model_dump()))

    @router.post("/focus/drivers/{name:path}/undo", tags=["focus"], response_model=FocusReport, responses=problems(409))
    def undo(name: str, asked: Annotated[Asked, writer]) -> Response:
        """Put back what was said of a driver before the last change."""
        return asked.once(None, lambda: chair.focus.undo(name, by=asked.by))

    @router.post("/focus/effort", tags=["focus"], response_model=FocusReport)
    def spend(body: Spend, asked: Annotated[Asked, writer]) -> Response:
        """Say what there is to spend in a week."""
        return asked.once(body, lambda: chair.focus.spend(by=asked.by, **body.model_dump()))

    return router
