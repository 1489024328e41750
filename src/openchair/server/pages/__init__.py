"""The pages people open, from Today to Audit, and the files they are drawn with."""

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute

from openchair.chair.chair import Chair
from openchair.core.settings import Settings
from openchair.server.pages.at_table import calls, cases, plan, reviews, today
from openchair.server.pages.customers import everyone, listening, sheet, surveys
from openchair.server.pages.house import House, utc_now
from openchair.server.pages.matters import focus, opportunities, reports
from openchair.server.pages.render import error_page, render, static_route
from openchair.server.pages.shop import catalogue, imports, records

__all__ = ["PAGES", "error_page", "page_routes", "render", "static_route"]

_ROOMS = (
    (today, plan, calls, cases, reviews),
    (everyone, sheet, listening, surveys),
    (reports, focus, opportunities),
    (catalogue, imports, records),
)
PAGES = tuple(page for room in _ROOMS for one in room for page in one.PAGES)
"""Every page there is. Where two paths may mean the same, the first does."""


def page_routes(chair: Chair, settings: Settings, clock: Callable[[], datetime] = utc_now) -> list[BaseRoute]:
    """Every page and /static. They expect request.state.user and .nonce from the middleware around them."""
    house = House(chair, settings, clock)
    return [*(route for page in PAGES for route in page.routes(house)), static_route]
