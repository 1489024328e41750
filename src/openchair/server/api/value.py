"""Routes of value: how revenue grows."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from openchair.chair.chair import Chair
from openchair.chair.value.growing import BY
from openchair.chair.value.reports import GrowthReport
from openchair.server.api.frame import Door, answer


def value(chair: Chair, door: Door) -> APIRouter:
    """Growth of the revenue by its causes."""
    router = APIRouter()

    @router.get("/growth", tags=["value"], response_model=GrowthReport, dependencies=[door.reads("value")])
    def growth(
        since: Annotated[
            date | None, Query(alias="from", description="The first day of the later period; left out: a year back.")
        ] = None,
        to: Annotated[date | None, Query(description="Its last day; left out: the last day with an order.")] = None,
        by: Annotated[str, Query(max_length=300, description=f"{', '.join(BY)}, or the name of a trait.")] = "",
    ) -> Response:
        """The change of revenue from the equally long period before, by cause, and what to move next."""
        return answer(chair.growth.report(since=since, to=to, by=by))

    return router
