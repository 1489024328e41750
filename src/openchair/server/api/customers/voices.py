"""Routes of listening: what customers say in their own words."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.listening.views import Heard, Theme
from openchair.chair.listening.voices.hearing import DAYS, LONGEST_NAME, MOST_DAYS
from openchair.server.api.frame import Asked, Body, Door, answer, problems

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="The last days that count.")]


class Name(Body):
    """What a theme is to be called."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class Correction(Body):
    """What a sentence is, or which theme it is of; at least one of both."""

    reading: Literal["", "want", "need", "aspiration", "pain", "praise", "other"] = ""
    theme_id: str = Field("", max_length=100)


def voices(chair: Chair, door: Door) -> APIRouter:
    """What customers say in their own words. Scope listening."""
    router = APIRouter()
    reader, writer = door.reads("listening"), door.asks("listening")

    @router.get("/themes", tags=["listening"], response_model=Heard, dependencies=[reader])
    def heard(days: Days = DAYS) -> Response:
        """Themes with share of customers, sentiment, trend, what is at stake and quotes; needs and aspirations."""
        return answer(chair.voices.heard(days))

    @router.get("/themes/{theme_id}", tags=["listening"], response_model=Theme, dependencies=[reader])
    def theme(theme_id: str, days: Days = DAYS) -> Response:
        """One theme, with more of its sentences."""
        return answer(chair.voices.theme(theme_id, days))

    @router.post("/themes/{theme_id}/name", tags=["listening"], response_model=Theme)
    def rename(theme_id: str, body: Name, asked: Annotated[Asked, writer]) -> Response:
        """Give a theme a name that no turn changes."""
        return asked.once(body, lambda: chair.voices.rename(theme_id, body.name, by=asked.by))

    @router.post("/readings/{fact_id}/{place}", tags=["listening"], status_code=204, responses=problems(403))
    def correct(
        fact_id: str,
        place: Annotated[int, Path(ge=0, description="Which sentence of the fact, from 0.")],
        body: Correction,
        asked: Annotated[Asked, writer],
    ) -> Response:
        """Say what a sentence is. It is kept, never overwritten, and learned from at the next turn."""
        return asked.once(
            body,
            lambda: chair.voices.correct(fact_id, place, reading=body.reading, theme_id=body.theme_id, by=asked.by),
        )

    return router
