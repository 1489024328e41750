"""Growth: why revenue changed, as a waterfall, and what to move next."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.value.reports import Cause, GrowthReport
from openchair.chair.value.telling import CAUSES
from openchair.core.clock import day_of
from openchair.core.errors import BadInput
from openchair.server.pages.bars import Scale
from openchair.server.pages.house import House
from openchair.server.pages.render import render
from openchair.server.pages.words import money

PARTS = ("stage", "worth")
"""By what growth may be taken apart on the page; the API and the command line take any trait."""
LEVERS = {
    "retention": "Keep those who are about to leave",
    "frequency": "Be worth a visit more often",
    "basket": "Help them find more in one visit",
    "reactivation": "Win back those who left",
    "referral": "Help customers bring friends",
    "acquisition": "Find new customers",
}
"""What each lever asks of the shop, in words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall, in units of the drawing: from where the bar before ended to where this one does."""

    name: str
    minor: int
    customers: int
    start: float
    length: float
    end: float

    @property
    def way(self) -> str:
        """up, down or level."""
        return "up" if self.minor > 0 else "down" if self.minor < 0 else "level"


@dataclass(frozen=True, slots=True)
class Fall:
    """A waterfall: what was before stands at `zero`, and each cause moves it on."""

    steps: tuple[Step, ...]
    zero: float
    total: Step


def fall_of(causes: Sequence[Cause]) -> Fall:
    """The drawing of causes one after another, on a scale that holds every level on the way.

    >>> fall = fall_of([Cause("acquisition", 300, 3), Cause("retention", -100, 1)])
    >>> fall.zero, [(one.start, one.length, one.end, one.way) for one in (*fall.steps, fall.total)]
    (7.0, [(7.0, 146.0, 153.0, 'up'), (104.3, 48.7, 104.3, 'down'), (7.0, 97.3, 104.3, 'up')])
    """
    levels = [0]
    for one in causes:
        levels.append(levels[-1] + one.minor)
    scale = Scale(float(min(levels)), float(max(levels)))

    def step(name: str, begun: int, ended: int, customers: int) -> Step:
        start, end = scale.x(begun), scale.x(ended)
        return Step(name, ended - begun, customers, min(start, end), round(abs(end - start), 1), end)

    steps = tuple(
        step(CAUSES[one.name], begun, ended, one.customers)
        for one, begun, ended in zip(causes, levels, levels[1:], strict=False)
    )
    return Fall(steps, scale.x(0), step("together", 0, levels[-1], 0))


def headline(report: GrowthReport) -> str:
    """The question that the page answers."""
    if report.before_minor is None or report.after_minor is None:
        return "Is revenue growing?"
    change = report.after_minor - report.before_minor
    if not change:
        return "What moves revenue?"
    return f"Why did revenue {'rise' if change > 0 else 'fall'} by {money(abs(change), report.currency)}?"


def growth_routes(house: House) -> list[BaseRoute]:
    """The page."""
    chair = house.chair

    def page(request: Request) -> Response:
        asked, problem = request.query_params, None
        by = asked.get("by", PARTS[0])
        try:
            since, to = (day_of(asked[name]) if asked.get(name) else None for name in ("from", "to"))
            report = chair.growth.report(since=since, to=to, by=by if by in PARTS else PARTS[0])
        except BadInput as wrong:
            report, problem = chair.growth.report(by=PARTS[0]), wrong
        return render(
            request,
            "growth.html",
            200 if problem is None else problem.status,
            headline=headline(report),
            report=report,
            problem=problem,
            fall=fall_of(report.causes),
            causes=CAUSES,
            levers=LEVERS,
            by_all=PARTS,
            day=house.day,
            simulated=chair.simulated,
        )

    return [Route("/growth", page, name="growth")]
