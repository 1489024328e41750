"""Cases: who is unhappy, what they said, what would put it right, and what was done."""

from starlette.routing import BaseRoute

from openchair.server.pages.house import House


def cases_routes(house: House) -> list[BaseRoute]:
    """The page, and the forms on it."""
    return []
