"""Routes of listening: how customers answer: NPS, CSAT and CES."""

from fastapi import APIRouter

from openchair.chair.chair import Chair
from openchair.server.api.frame import Door


def scores(chair: Chair, door: Door) -> APIRouter:
    """How customers answer: NPS, CSAT and CES."""
    return APIRouter()
