"""Journey: the report, the moments that its steps belong to, what was done about a pain point, and who was lost."""

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.journey import telling
from openchair.chair.journey.reading import LEFT_OUT
from openchair.chair.reports import REPORTS
from openchair.core.errors import OpenchairError
from openchair.journey.cutting import MOMENTS
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import render
from openchair.server.pages.reports import told

PATH = telling.PATH
MOST = 200
"""Customers lost at a step that its page lists."""


def journey_routes(house: House) -> list[Route]:
    """The page, the list of those lost at a step, and the two forms."""
    chair, report = house.chair, REPORTS["journey"]

    def page(request: Request, problem: OpenchairError | None = None) -> Response:
        moments = {**dict(zip(MOMENTS, MOMENTS, strict=True)), LEFT_OUT: "left out of journeys"}
        return told(request, house, report, template="journey.html", problem=problem, moments=moments)

    def lost(request: Request) -> Response:
        step = request.query_params.get("step", "")
        listed = telling.lost(step, chair.journey.lost(step, limit=MOST), chair.currency, chair.simulated)
        return render(
            request, "report.html", told=listed, report=report, problem=None, day=house.day, zone=house.zone
        )  # fmt: skip

    async def act(request: Request, do: Callable[[Mapping[str, str]], None], to: str) -> Response:
        form = await request.form()
        said = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            await run_in_threadpool(do, said)
        except OpenchairError as wrong:
            return await run_in_threadpool(page, request, wrong)
        return RedirectResponse(PATH + to, 303)

    async def place(request: Request) -> Response:
        by = actor(request)

        def do(said: Mapping[str, str]) -> None:
            chair.journey.place(said.get("step", ""), said.get("moment", ""), by=by, why=said.get("why", ""))

        return await act(request, do, "#moments")

    async def tackle(request: Request) -> Response:
        by = actor(request)
        return await act(
            request, lambda said: chair.journey.tackle(said.get("step", ""), said.get("what", ""), by=by), "#tackled"
        )

    return [
        Route(PATH, page, name="journey"),
        Route(f"{PATH}/lost", lost, name="lost"),
        Route(f"{PATH}/moments", place, methods=["POST"]),
        Route(f"{PATH}/tackled", tackle, methods=["POST"]),
    ]
