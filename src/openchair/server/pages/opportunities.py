"""Opportunities: the report, and for each its working-backwards page: to edit, to go back to, to take away."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.actor import Actor
from openchair.chair.focus.opportunities import telling
from openchair.chair.focus.opportunities.seeking import CAPABILITIES, LONGEST
from openchair.chair.markdown import markdown
from openchair.chair.reports import REPORTS
from openchair.core.errors import BadInput, OpenchairError
from openchair.focus.opportunities import FIELDS
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import render
from openchair.server.pages.reports import told

PATH = telling.PATH


def opportunities_routes(house: House) -> list[Route]:
    """The pages and their forms."""
    chair, report = house.chair, REPORTS["opportunities"]

    def page(request: Request) -> Response:
        return told(request, house, report)

    def sheet(request: Request, problem: OpenchairError | None = None, typed: FormData | None = None) -> Response:
        number = request.query_params.get("version", "")
        view = chair.opportunities.sheet(request.path_params["key"], int(number) if number.isdecimal() else 0)
        return render(
            request,
            "sheet.html",
            problem.status if problem else 200,
            told=telling.sheet(view, chair.currency),
            view=view,
            report=report,
            problem=problem,
            typed=typed or {},
            fields=FIELDS,
            capabilities=CAPABILITIES,
            longest=LONGEST,
            day=house.day,
            zone=house.zone,
        )

    def taken(request: Request) -> Response:
        view = chair.opportunities.sheet(request.path_params["key"])
        told_as = markdown(telling.sheet(view, chair.currency))
        name = f'attachment; filename="{view.key}.md"'
        return PlainTextResponse(told_as, headers={"Content-Disposition": name}, media_type="text/markdown")

    async def sent(request: Request, do: Callable[[str, FormData, Actor], object]) -> Response:
        by, key = actor(request), request.path_params["key"]
        form = await request.form(max_files=0, max_fields=20)
        try:
            await run_in_threadpool(do, key, form, by)
        except OpenchairError as wrong:
            return await run_in_threadpool(sheet, request, wrong, form)
        return RedirectResponse(f"{PATH}/{key}", 303)

    def write(key: str, form: FormData, by: Actor) -> object:
        written = {name: str(form[name]) for name in (*FIELDS, "quote") if name in form}
        return chair.opportunities.write(key, written, over=_number(form, "over"), why=str(form.get("why", "")), by=by)

    def restore(key: str, form: FormData, by: Actor) -> object:
        return chair.opportunities.restore(key, _number(form, "version"), by=by)

    def capable(key: str, form: FormData, by: Actor) -> object:
        said = {name: str(form.get(name, "")) for name in ("capability", "what", "why")}
        return chair.opportunities.capable(key, **said, by=by)

    def posts(do: Callable[[str, FormData, Actor], object]) -> Callable[[Request], object]:
        async def post(request: Request) -> Response:
            return await sent(request, do)

        return post

    return [
        Route(PATH, page, name="opportunities"),
        Route(f"{PATH}/{{key}}", sheet, name="sheet"),
        Route(f"{PATH}/{{key}}/sheet.md", taken, name="sheet as Markdown"),
        Route(f"{PATH}/{{key}}/write", posts(write), methods=["POST"]),
        Route(f"{PATH}/{{key}}/restore", posts(restore), methods=["POST"]),
        Route(f"{PATH}/{{key}}/capability", posts(capable), methods=["POST"]),
    ]


def _number(form: FormData, name: str) -> int:
    text = str(form.get(name, ""))
    if not (text.isdecimal() and len(text) < 10):
        raise BadInput(name, value=text[:20], bound="is no version", remedy="Open the page again.")
    return int(text)
