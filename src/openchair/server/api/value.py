"""Routes of value: how revenue grows, and how much of loyalty is bought."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from openchair.chair.chair import Chair
from openchair.chair.value.growing import BY
from openchair.chair.value.reports import AuditReport, GrowthReport
from openchair.server.api.frame import Door, answer


def value(chair: Chair, door: Door) -> APIRouter:
    """Growth of the revenue by its causes, and the loyalty audit."""
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

    @router.get("/loyalty", tags=["value"], response_model=AuditReport, dependencies=[door.reads("value")])
    def loyalty() -> Response:
        """The loyalty audit of the last year: what rewards bought and brought, and a score from 1.0 to 3.0."""
        return answer(chair.loyalty.report())

    return router
