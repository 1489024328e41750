"""A page for any report: what it tells, drawn; a page with forms extends report.html and adds them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from openchair.chair.reports import Report
from openchair.core.errors import BadInput
from openchair.server.pages.page import Form, Page, Visit


def told(
    at: Visit, report: Report, usual: Mapping[str, str] | None = None, template: str = "report.html",
    around: Callable[[Visit, Any], Mapping[str, Any]] = lambda at, view: {}, **more: Any,
) -> Response:  # fmt: skip
    """A report as a page, by what its address asks; what cannot be asked is said, and the usual is shown.

    usual: options where the address names none. around, more: what the template needs besides.
    """
    shelf, asked = at.chair.shelf, at.request.query_params
    given = {name: asked[name] for name in report.takes if name in asked}
    try:
        view = shelf.read(at.chair, report, report.asked({**(usual or {}), **given}))
    except BadInput as wrong:
        view, at = shelf.read(at.chair, report, report.asked(usual or {})), replace(at, problem=at.problem or wrong)
    return at.draw(template, told=report.tell(view), view=view, report=report, **around(at, view), **more)


def page_of(
    report: Report,
    path: str,
    template: str = "report.html",
    forms: tuple[Form, ...] = (),
    *,
    usual: Mapping[str, str] | None = None,
    around: Callable[[Visit, Any], Mapping[str, Any]] = lambda at, view: {},
) -> Page:
    """The page of a report, with the forms that its template shows and what that needs besides."""
    return Page(path, lambda at: told(at, report, usual, template, around), forms)
