"""Opportunities: the report, and for each its working-backwards page: to edit, to go back to, to take away."""

from starlette.responses import PlainTextResponse, Response

from openchair.chair.focus.opportunities import telling
from openchair.chair.focus.opportunities.seeking import CAPABILITIES, LONGEST
from openchair.chair.markdown import markdown
from openchair.chair.reports import REPORTS
from openchair.core.errors import BadInput
from openchair.focus.opportunities import FIELDS
from openchair.server.pages.page import Form, Page, Visit, version_of
from openchair.server.pages.report import page_of

PATH = telling.PATH


def _sheet(at: Visit) -> Response:
    view = at.chair.opportunities.sheet(at.key("key"), version_of(at.asked("version")) or 0)
    told, report = telling.sheet(view, at.chair.currency), REPORTS["opportunities"]
    words = {"fields": FIELDS, "capabilities": CAPABILITIES, "longest": LONGEST}
    return at.draw("sheet.html", told=told, view=view, report=report, **words)


def _taken(at: Visit) -> Response:
    view = at.chair.opportunities.sheet(at.key("key"))
    name = f'attachment; filename="{view.key}.md"'
    told = markdown(telling.sheet(view, at.chair.currency))
    return PlainTextResponse(told, headers={"Content-Disposition": name}, media_type="text/markdown")


def _version(at: Visit, name: str) -> int:
    number = version_of(at.said(name))
    if number is None:
        raise BadInput(name, value=at.said(name)[:20], bound="is no version", remedy="Open the page again.")
    return number


def _write(at: Visit) -> object:
    written = {name: text for name, text in at.typed.items() if name in (*FIELDS, "quote")}
    over = _version(at, "over")
    return at.chair.opportunities.write(at.key("key"), written, over=over, why=at.said("why"), by=at.by)


PAGES = (
    page_of(REPORTS["opportunities"], PATH),
    Page(
        f"{PATH}/{{key}}",
        _sheet,
        (
            Form("write", _write),
            Form("restore", lambda at: at.chair.opportunities.restore(
                at.key("key"), _version(at, "version"), by=at.by)),
            Form("capability", lambda at: at.chair.opportunities.capable(
                at.key("key"), **at.some("capability", "what", "why"), by=at.by)),
        ),
    ),
    Page(f"{PATH}/{{key}}/sheet.md", _taken),
)  # fmt: skip
