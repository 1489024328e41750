"""Scores: how customers answer, as numbers with their intervals, over time and by part."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Scores:
    """NPS, CSAT and CES of a shop."""

    chair: "Chair"
