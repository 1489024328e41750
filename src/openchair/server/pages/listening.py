"""Listening: the score with its interval, what customers speak of, need and hope for, and who waits for an answer."""

from starlette.routing import BaseRoute

from openchair.server.pages.house import House


def listening_routes(house: House) -> list[BaseRoute]:
    """The page, and the forms on it."""
    return []
