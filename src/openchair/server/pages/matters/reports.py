"""Reports of what matters, each an entry: its path, and the forms by which a person answers to it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from openchair.chair.focus.customer.naming import called
from openchair.chair.focus.customer.primary import CONDITIONS, conditions_of
from openchair.chair.focus.customer.views import PrimaryReport
from openchair.chair.journey import telling
from openchair.chair.journey.reading import LEFT_OUT
from openchair.chair.learning.promoting import LONGEST_WHY, beats, said
from openchair.chair.learning.views import LearningReport
from openchair.chair.reports import REPORTS
from openchair.journey.cutting import MOMENTS
from openchair.server.pages.forms import Field
from openchair.server.pages.page import Form, Page, Visit
from openchair.server.pages.report import page_of

MOST_LOST = 200
"""Customers lost at a step that its page lists."""
_BECAUSE = Field("why", "Why", most=2000)
_MOMENTS = {**{moment: moment for moment in MOMENTS}, LEFT_OUT: "left out of journeys"}


def _segments(at: Visit, view: PrimaryReport) -> Mapping[str, Any]:
    """Whom one may confirm: the segments, and whoever is confirmed already."""
    names = [one.name for one in view.segments]
    best, confirmed = view.recommendation.name if view.recommendation else "", view.confirmed
    first = [confirmed.name] if confirmed and confirmed.name not in names else []
    target = view.target.conditions if view.target else {}
    return {
        "most": CONDITIONS,
        "choices": {"name": {name: called(name) for name in (*first, *names)}},
        "values": {
            "confirm": {"recommended": best, "name": confirmed.name if confirmed else best},
            "target": {"conditions": ", ".join(f"{name} = {value}" for name, value in target.items())},
        },
    }


def _better(at: Visit, view: LearningReport) -> Mapping[str, Any]:
    """The ways of choosing that are proved to bring more."""
    proved = [one for one in view.candidates if one.can_go_live and beats(one)]
    return {"choices": {"name": {one.name: f"{one.version}: {said(one, at.chair.currency)}" for one in proved}}}


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
                conditions_of(at.said("conditions")), why=at.said("why"), by=at.by),
                fields=(Field("conditions", "Conditions", needed=True, most=2000), _BECAUSE)),
            Form("confirm", lambda at: at.chair.primary.confirm(**at.values, by=at.by), fields=(
                Field("recommended", "", "hidden"), Field("name", "Primary customer", "choice"), _BECAUSE)),
        ),
        around=_segments,
    ),
    page_of(
        REPORTS["learning"],
        "/learning",
        "learning.html",
        (
            Form("promote", lambda at: at.chair.promoting.promote(**at.values, by=at.by), fields=(
                Field("name", "Way of choosing", "choice"), Field("why", "Why", most=LONGEST_WHY))),
            Form("back", lambda at: at.chair.promoting.go_back(why=at.said("why"), by=at.by)),
        ),
        around=_better,
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
        around=lambda at, view: {"moments": _MOMENTS},
    ),
    Page(f"{telling.PATH}/lost", _lost),
)  # fmt: skip
