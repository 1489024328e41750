"""Routes of the primary customer: who says whom the shop is for, and whom it serves first."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.state.records import Choice
from openchair.server.api.frame import Asked, Body, Door

Why = Annotated[str, Field(max_length=2_000, description="Why; it is kept with who and when.")]


class Declare(Body):
    """Whom the shop is meant for."""

    conditions: dict[str, str] = Field(description="Traits, or `stage`, and the value each must have; 1 to 6.")
    why: Why = ""


class Confirm(Body):
    """Whom the shop serves first."""

    name: str = Field(min_length=1, max_length=300, description="A segment of the report, or anybody known better.")
    recommended: str = Field("", max_length=300, description="Whom the report recommended when it was read.")
    why: Why = ""


def primary(chair: Chair, door: Door) -> APIRouter:
    """Scope value. A key confirms for the owner who gave it."""
    router = APIRouter()
    writer = door.asks("value")

    @router.post("/primary/target", tags=["focus"], response_model=Choice)
    def declare(body: Declare, asked: Annotated[Asked, writer]) -> Response:
        """Say whom the shop is for; the report holds it against who really buys."""
        return asked.once(body, lambda: chair.primary.declare(body.conditions, why=body.why, by=asked.by))

    @router.post("/primary", tags=["focus"], response_model=Choice)
    def confirm(body: Confirm, asked: Annotated[Asked, writer]) -> Response:
        """Confirm whom the shop serves first."""
        return asked.once(body, lambda: chair.primary.confirm(**body.model_dump(), by=asked.by))

    return router
