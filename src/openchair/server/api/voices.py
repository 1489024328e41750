"""Routes of listening: what customers say in their own words."""

from fastapi import APIRouter

from openchair.chair.chair import Chair
from openchair.server.api.frame import Door


def voices(chair: Chair, door: Door) -> APIRouter:
    """What customers say in their own words."""
    return APIRouter()
