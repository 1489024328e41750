"""The first page of the day: what to do, best first, and what a person says to it."""

from starlette.responses import Response

from openchair.chair.daily import Today, became, waits
from openchair.chair.reports import REPORTS
from openchair.chair.views import Lens
from openchair.server.pages.drawing import words
from openchair.server.pages.drawing.bars import Scale, scale_of
from openchair.server.pages.drawing.words import SETTLED
from openchair.server.pages.page import Form, Page, Visit
from openchair.server.pages.render import back, partial

SCALES = {"points": Scale(-100.0, 100.0, 320.0, 6.0), "share": Scale(0.0, 1.0, 320.0, 6.0)}


def headline(today: Today, imported: bool) -> str:
    """The one sentence the day begins with."""
    if today.as_of is None:
        return "Ready for the first turn" if imported else "The chair is still empty"
    if not today.decisions:
        return "Nobody needs a word today"
    open_ones = sum(1 for decision in today.decisions if decision.status not in SETTLED)
    if not open_ones:
        return "Everyone on today’s list has been seen to"
    return words.counted(open_ones, "person is worth a word today", "people are worth a word today")


def lens_marks(lens: Lens) -> tuple[float, float, float, float] | None:
    """Zero, low end, value and high end on a line as long as the unit is (-100 to 100, 0 to 1); None without ends."""
    if lens.unit not in SCALES or lens.value is None or lens.low is None or lens.high is None:
        return None
    x = SCALES[lens.unit].x
    return x(0.0), x(lens.low), x(lens.value), x(lens.high)


def _today(at: Visit) -> Response:
    today = at.chair.today()
    imported = today.as_of is not None or bool(at.chair.imports())
    return at.draw(
        "today.html", today=today, headline=headline(today, imported), imported=imported,
        arrived=words.arrived(today.arrived), long_day=words.long_day(at.house.day),
        stale=today.as_of is not None and today.day < at.house.day,
        scale=scale_of(decision.gain for decision in today.decisions), lens_marks=lens_marks, waits=waits,
        went=became(today.table), home=at.chair.home, currency=today.currency, simulated=today.simulated,
    )  # fmt: skip


def _lift(at: Visit) -> Response:
    """Whether deciding pays, in a sentence, counted after the page is there."""
    report = REPORTS["learning"]
    view = at.chair.shelf.read(at.chair, report, report.asked({}))
    return at.draw("_lift.html", said="" if view.unknown else report.tell(view).headline)


def _verdict(status: str) -> Form:
    """What a person says to a decision: alone where scripts run, else back to its row."""

    def do(at: Visit) -> Response:
        decision_id = at.key("decision_id")
        marked = at.chair.mark(decision_id, status, at.by.name)
        if not partial(at.request):
            return back(at.request, f"{at.said('back')}#decision-{decision_id}")
        return at.draw("_said.html", decision=marked, here=at.said("back"), moved=True)

    return Form(f"/decisions/{{decision_id}}/{status}", do, raises=True)


PAGES = (
    Page("/", _today, tuple(_verdict(status) for status in ("approved", "dismissed", "proposed"))),
    Page("/lift", _lift),
)
