"""Routes of listening: cases of the unhappy, and calls to make."""

from fastapi import APIRouter

from openchair.chair.chair import Chair
from openchair.server.api.frame import Door


def cases(chair: Chair, door: Door) -> APIRouter:
    """Cases of the unhappy, and calls to make."""
    return APIRouter()
