"""Surveys: made, sent to those from whom most is learned, answered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Surveys:
    """What a shop asks its customers."""

    chair: "Chair"
