"""Surveys as customers see them: a page, a frame for other pages, a link in a mail. No account, no script needed."""

from starlette.routing import BaseRoute

from openchair.server.pages.house import House


def survey_routes(house: House) -> list[BaseRoute]:
    """/survey and all below it."""
    return []
