"""A page for any report: what it tells, drawn; a page with forms extends report.html and adds them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openchair.chair.reports import REPORTS, Report
from openchair.core.errors import BadInput, OpenchairError
from openchair.server.pages.house import House
from openchair.server.pages.render import render

PAGES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "value": ("/value", {}),
    "growth": ("/growth", {"by": "stage"}),
    "audit": ("/loyalty", {}),
}
"""Reports with a page of their own that has no forms: its address, and what is asked where nothing is."""


def told(
    request: Request,
    house: House,
    report: Report,
    usual: Mapping[str, str] | None = None,
    template: str = "report.html",
    problem: OpenchairError | None = None,
    **more: Any,
) -> Response:
    """A report as a page, by what its address asks; what cannot be asked is said, and the usual is shown.

    usual: options where the address names none. problem: of a form that was sent. more: what the template needs
    besides `told`, `view`, `report`, `problem`, `day` and `zone`.
    """
    given = {name: request.query_params[name] for name in report.takes if name in request.query_params}
    try:
        view = house.chair.shelf.read(house.chair, report, report.asked({**(usual or {}), **given}))
    except BadInput as wrong:
        view, problem = house.chair.shelf.read(house.chair, report, report.asked(usual or {})), problem or wrong
    return render(
        request,
        template,
        problem.status if problem else 200,
        told=report.tell(view),
        view=view,
        report=report,
        problem=problem,
        day=house.day,
        zone=house.zone,
        **more,
    )


def page_of(house: House, report: Report, path: str, usual: Mapping[str, str] | None = None) -> Route:
    """The page of a report that needs no form."""
    return Route(path, partial(told, house=house, report=report, usual=usual), name=report.name)


def report_routes(house: House) -> list[Route]:
    """The pages of PAGES."""
    return [page_of(house, REPORTS[name], path, usual) for name, (path, usual) in PAGES.items()]
