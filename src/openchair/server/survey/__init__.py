"""Surveys as customers see them: a page, a frame for other pages, a link in a mail. No account, no script needed."""

from openchair.server.survey.leaving import leaving_routes
from openchair.server.survey.routes import survey_routes

__all__ = ["leaving_routes", "survey_routes"]
