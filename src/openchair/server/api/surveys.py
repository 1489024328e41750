"""Routes of listening: what is asked, whom, and what comes back."""

from fastapi import APIRouter

from openchair.chair.chair import Chair
from openchair.server.api.frame import Door


def surveys(chair: Chair, door: Door) -> APIRouter:
    """What is asked, whom, and what comes back."""
    return APIRouter()
