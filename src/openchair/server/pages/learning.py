"""Learning: whether deciding pays, and the forms by which an owner lets another way of choosing go live."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.learning.promoting import LONGEST_WHY, beats, said
from openchair.chair.reports import REPORTS
from openchair.core.errors import OpenchairError
from openchair.server.pages.house import House, actor
from openchair.server.pages.reports import told

PATH = "/learning"


def learning_routes(house: House) -> list[Route]:
    """The page and its forms."""
    chair, report = house.chair, REPORTS["learning"]

    def page(request: Request, problem: OpenchairError | None = None) -> Response:
        may = actor(request).role == "owner"
        return told(
            request,
            house,
            report,
            template="learning.html",
            problem=problem,
            may=may,
            longest=LONGEST_WHY,
            proved=lambda view: [one for one in view.candidates if one.can_go_live and beats(one)],
            brings=lambda one: said(one, chair.currency),
        )

    async def sent(request: Request) -> Response:
        by = actor(request)
        form = await request.form(max_files=0, max_fields=5)
        name, why = (str(form.get(field, "")) for field in ("name", "why"))
        try:
            if request.url.path.endswith("/promote"):
                await run_in_threadpool(chair.promoting.promote, name, why=why, by=by)
            else:
                await run_in_threadpool(chair.promoting.go_back, why=why, by=by)
        except OpenchairError as wrong:
            return await run_in_threadpool(page, request, wrong)
        return RedirectResponse(PATH, 303)

    return [
        Route(PATH, page, name="learning"),
        Route(f"{PATH}/promote", sent, methods=["POST"]),
        Route(f"{PATH}/back", sent, methods=["POST"]),
    ]
