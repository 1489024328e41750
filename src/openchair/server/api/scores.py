"""Routes of listening: how customers answer: NPS, CSAT and CES."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from openchair.chair.chair import Chair
from openchair.chair.listening.measuring import DAYS
from openchair.chair.listening.scoring import BY, MOST_DAYS
from openchair.chair.listening.views import ScoreReport
from openchair.server.api.frame import Door, answer


def scores(chair: Chair, door: Door) -> APIRouter:
    """How customers answer: NPS, CSAT and CES."""
    router = APIRouter()

    @router.get(
        "/scores/{metric}", tags=["listening"], response_model=ScoreReport, dependencies=[door.reads("listening")]
    )
    def report(
        metric: Literal["nps", "csat", "ces"],
        days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="The days whose answers count.")] = DAYS,
        by: Annotated[str, Query(max_length=300, description=f"{', '.join(BY)}, or the name of a trait.")] = "",
        since: Annotated[date | None, Query(description="A day after which the score may have changed.")] = None,
        as_of: Annotated[str, Query(max_length=40, description="A date or ISO 8601 time; empty: now.")] = "",
    ) -> Response:
        """A score with its interval, what it rests on, its trend by week and day, and its parts."""
        return answer(chair.scores.report(metric, days=days, by=by, since=since, as_of=as_of))

    return router
