"""Reports of what matters, each an entry: its path, and the forms by which a person answers to it."""

from starlette.responses import Response

from openchair.chair.focus.customer.primary import CONDITIONS, conditions_of
from openchair.chair.journey import telling
from openchair.chair.journey.reading import LEFT_OUT
from openchair.chair.learning.promoting import LONGEST_WHY, beats, said
from openchair.chair.reports import REPORTS
from openchair.journey.cutting import MOMENTS
from openchair.server.pages.page import Form, Page, Visit
from openchair.server.pages.report import page_of

MOST_LOST = 200
"""Customers lost at a step that its page lists."""
_MOMENTS = {**{moment: moment for moment in MOMENTS}, LEFT_OUT: "left out of journeys"}


def _lost(at: Visit) -> Response:
    step, chair = at.asked("step"), at.chair
    listed = telling.lost(step, chair.journey.lost(step, limit=MOST_LOST), chair.currency, chair.simulated)
    return at.draw("report.html", told=listed, report=REPORTS["journey"])


PAGES = (
    page_of(REPORTS["value"], "/value"),
    page_of(REPORTS["growth"], "/growth", usual={"by": "stage"}),
    page_of(REPORTS["audit"], "/loyalty"),
    page_of(
        REPORTS["primary"],
        "/primary",
        "primary.html",
        (
            Form("target", lambda at: at.chair.primary.declare(
                conditions_of(at.said("conditions")), why=at.said("why"), by=at.by)),
            Form("confirm", lambda at: at.chair.primary.confirm(**at.some("name", "recommended", "why"), by=at.by)),
        ),
        around=lambda at: {"most": CONDITIONS},
    ),
    page_of(
        REPORTS["learning"],
        "/learning",
        "learning.html",
        (
            Form("promote", lambda at: at.chair.promoting.promote(at.said("name"), why=at.said("why"), by=at.by)),
            Form("back", lambda at: at.chair.promoting.go_back(why=at.said("why"), by=at.by)),
        ),
        around=lambda at: {
            "longest": LONGEST_WHY,
            "proved": lambda view: [one for one in view.candidates if one.can_go_live and beats(one)],
            "brings": lambda one: said(one, at.chair.currency),
        },
    ),
    page_of(
        REPORTS["journey"],
        telling.PATH,
        "journey.html",
        (
            Form("moments", lambda at: at.chair.journey.place(
                at.said("step"), at.said("moment"), by=at.by, why=at.said("why")), "#moments"),
            Form("tackled", lambda at: at.chair.journey.tackle(at.said("step"), at.said("what"), by=at.by), "#tackled"),
        ),
        around=lambda at: {"moments": _MOMENTS},
    ),
    Page(f"{telling.PATH}/lost", _lost),
)  # fmt: skip
