"""Surveys: made and edited, seen as customers see them, sent."""

from starlette.routing import BaseRoute

from openchair.server.pages.house import House


def surveys_routes(house: House) -> list[BaseRoute]:
    """The page, and the forms on it."""
    return []
