"""The pages people open, from Today to Audit, and the files they are drawn with."""

from collections.abc import Callable
from datetime import datetime

from starlette.routing import BaseRoute

from openchair.chair.chair import Chair
from openchair.core.settings import Settings
from openchair.server.pages.calls import calls_routes
from openchair.server.pages.cases import cases_routes
from openchair.server.pages.catalogue import catalogue_routes
from openchair.server.pages.customer import customer_routes
from openchair.server.pages.customers import customers_routes
from openchair.server.pages.focus import focus_routes
from openchair.server.pages.house import House, utc_now
from openchair.server.pages.imports import imports_routes
from openchair.server.pages.journey import journey_routes
from openchair.server.pages.learning import learning_routes
from openchair.server.pages.listening import listening_routes
from openchair.server.pages.merges import merges_routes
from openchair.server.pages.opportunities import opportunities_routes
from openchair.server.pages.plan import plan_routes
from openchair.server.pages.primary import primary_routes
from openchair.server.pages.render import error_page, render, static_route
from openchair.server.pages.reports import report_routes
from openchair.server.pages.surveys import surveys_routes
from openchair.server.pages.team import team_routes
from openchair.server.pages.today import today_routes

__all__ = ["error_page", "page_routes", "render", "static_route"]


def page_routes(chair: Chair, settings: Settings, clock: Callable[[], datetime] = utc_now) -> list[BaseRoute]:
    """Every page and /static. They expect request.state.user and .nonce from the middleware around them."""
    house = House(chair, settings, clock)
    return [
        *today_routes(house),
        *plan_routes(house),
        *catalogue_routes(house),
        *customers_routes(house),
        *customer_routes(house),
        *listening_routes(house),
        *report_routes(house),
        *primary_routes(house),
        *opportunities_routes(house),
        *focus_routes(house),
        *learning_routes(house),
        *journey_routes(house),
        *cases_routes(house),
        *calls_routes(house),
        *surveys_routes(house),
        *merges_routes(house),
        *team_routes(house),
        *imports_routes(house),
        static_route,
    ]
