"""Loyalty: is it bought or earned? The audit from 1.0 to 3.0 with its evidence."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.value.reports import AuditReport
from openchair.server.pages.bars import Scale, scale_of
from openchair.server.pages.house import House
from openchair.server.pages.render import render

RESPECTS = {
    "price": "Do they come for the price?",
    "programme": "Do they need a reward to come?",
    "influence": "Do they bring others?",
    "listening": "Do we hear them?",
    "relationship": "Does each get what suits them?",
}
"""Each score as the question that it answers."""
METHODS = {
    "holdout": "against whom a lot kept from it",
    "matched": "against untouched customers who bought alike",
    "bounds": "nobody to hold it against",
}
SHOWN = 12
"""Waves of campaigns on the page; the report has more."""


def headline(report: AuditReport) -> str:
    """The one question, and as far as it is known the answer."""
    if report.overall is None:
        return "Is loyalty bought or earned?"
    stands = "bought" if report.overall < 1.67 else "earned" if report.overall > 2.33 else "partly earned"
    return f"Is loyalty bought or earned? So far {stands}: {report.overall:.1f} of 3.0"


def loyalty_routes(house: House) -> list[BaseRoute]:
    """The page."""
    chair = house.chair

    def page(request: Request) -> Response:
        report = chair.loyalty.report()
        return render(
            request,
            "loyalty.html",
            headline=headline(report),
            report=report,
            respects=RESPECTS,
            methods=METHODS,
            campaigns=report.campaigns[:SHOWN],
            scale=scale_of(one.brought for one in report.campaigns),
            ends=Scale(1.0, 3.0),
            day=house.day,
            simulated=chair.simulated,
        )

    return [Route("/loyalty", page, name="loyalty")]
