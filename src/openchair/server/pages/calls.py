"""Calls: whom to ring this week, what to ask, and what was learned."""

from starlette.routing import BaseRoute

from openchair.server.pages.house import House


def calls_routes(house: House) -> list[BaseRoute]:
    """The page, and the forms on it."""
    return []
