"""Primary customer: the report, the form that says whom the shop is for, and the one that confirms whom to serve."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.actor import Actor
from openchair.chair.focus.customer.primary import CONDITIONS, conditions_of
from openchair.chair.reports import REPORTS
from openchair.core.errors import OpenchairError
from openchair.server.pages.house import House, actor
from openchair.server.pages.reports import told

PATH = "/primary"


def primary_routes(house: House) -> list[Route]:
    """The page and its forms."""
    chair, report = house.chair, REPORTS["primary"]

    def page(request: Request, problem: OpenchairError | None = None) -> Response:
        may = actor(request).role == "owner"
        return told(request, house, report, template="primary.html", problem=problem, may=may, most=CONDITIONS)

    async def sent(request: Request, do: Callable[[FormData, Actor], object]) -> Response:
        by = actor(request)
        form = await request.form(max_files=0, max_fields=10)
        try:
            await run_in_threadpool(do, form, by)
        except OpenchairError as wrong:
            return await run_in_threadpool(page, request, wrong)
        return RedirectResponse(PATH, 303)

    async def declared(request: Request) -> Response:
        return await sent(
            request,
            lambda form, by: chair.primary.declare(
                conditions_of(str(form.get("conditions", ""))), why=str(form.get("why", "")), by=by
            ),
        )

    async def confirmed(request: Request) -> Response:
        def confirm(form: FormData, by: Actor) -> object:
            said = {name: str(form.get(name, "")) for name in ("name", "recommended", "why")}
            return chair.primary.confirm(**said, by=by)

        return await sent(request, confirm)

    return [
        Route(PATH, page, name="primary"),
        Route(f"{PATH}/target", declared, methods=["POST"]),
        Route(f"{PATH}/confirm", confirmed, methods=["POST"]),
    ]
