"""The first page of the day: what to do, best first, and what a person says to it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.daily import Today, became, waits
from openchair.chair.reports import REPORTS
from openchair.chair.views import Lens
from openchair.core.errors import NotFound
from openchair.server.pages import words
from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import back, partial, render

# What a person may say to a decision, and what the page then says of it.
VERDICTS = ("approved", "dismissed", "proposed")
SETTLED = {
    "approved": "Approved",
    "dismissed": "Not now",
    "deferred": "Put off",
    "sent": "Sent",
    "delivered": "Delivered",
    "opened": "Opened",
    "clicked": "Followed",
    "answered": "Answered",
    "vetoed": "Vetoed by the customer",
    "failed": "Could not be sent",
}
WAIT = "wait"


def headline(today: Today, imported: bool) -> str:
    """The one sentence the day begins with."""
    if today.as_of is None:
        return "Ready for the first turn" if imported else "The chair is still empty"
    open_ones = sum(1 for decision in today.decisions if decision.status not in SETTLED)
    if not today.decisions:
        return "Nobody needs a word today"
    if not open_ones:
        return "Everyone on today’s list has been seen to"
    people = "person is" if open_ones == 1 else "people are"
    return f"{words.spelled(open_ones).capitalize()} {people} worth a word today"


def lens_marks(lens: Lens) -> tuple[float, float, float, float] | None:
    """Zero, low end, value and high end on a line as long as the unit is (-100 to 100, 0 to 1); None without ends."""
    if lens.unit not in _ENDS or lens.value is None or lens.low is None or lens.high is None:
        return None
    start, end = _ENDS[lens.unit]
    zero, low, value, high = (
        round(LENS_PAD + (at - start) / (end - start) * (LENS_WIDTH - 2 * LENS_PAD), 1)
        for at in (0.0, lens.low, lens.value, lens.high)
    )
    return zero, low, value, high


LENS_WIDTH, LENS_PAD = 320.0, 6.0
_ENDS = {"points": (-100.0, 100.0), "share": (0.0, 1.0)}


def today_routes(house: House) -> list[BaseRoute]:
    """The page, and the form behind Approve and Not now."""

    def page(request: Request) -> Response:
        today = house.chair.today()
        imported = today.as_of is not None or bool(house.chair.imports())
        return render(
            request,
            "today.html",
            today=today,
            headline=headline(today, imported),
            imported=imported,
            arrived=words.arrived(today.arrived),
            long_day=words.long_day(house.day),
            stale=today.as_of is not None and today.day < house.day,
            scale=scale_of(decision.gain for decision in today.decisions),
            lens_marks=lens_marks,
            currency=today.currency,
            simulated=today.simulated,
            day=house.day,
            zone=house.zone,
            settled=SETTLED,
            now=house.moment.now,
            waits=waits,
            went=became(today.table),
            here="/",
            home=house.chair.home,
        )

    async def verdict(request: Request) -> Response:
        decision_id, status = request.path_params["decision_id"], request.path_params["status"]
        if status not in VERDICTS:
            raise NotFound("answer to a decision", value=status, bound=f"one of {', '.join(VERDICTS)}")
        form = await request.form(max_files=0, max_fields=10)
        here = str(form.get("back", ""))
        marked = await run_in_threadpool(house.chair.mark, decision_id, status, actor(request).name)
        if not partial(request):
            return back(request, f"{here}#decision-{decision_id}")
        return render(
            request,
            "_said.html",
            decision=marked,
            settled=SETTLED,
            now=house.moment.now,
            here=here,
            moved=True,
        )

    def lift(request: Request) -> Response:
        """Whether deciding pays, in a sentence, counted after the page is there."""
        report = REPORTS["learning"]
        view = house.chair.shelf.read(house.chair, report, report.asked({}))
        return render(request, "_lift.html", said="" if view.unknown else report.tell(view).headline)

    return [
        Route("/", page, name="today"),
        Route("/lift", lift, name="lift"),
        Route("/decisions/{decision_id}/{status}", verdict, methods=["POST"]),
    ]
