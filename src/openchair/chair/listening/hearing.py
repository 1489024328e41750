"""Voices: what customers say in their own words, heard sentence by sentence and gathered into themes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Voices:
    """What a shop's customers say."""

    chair: "Chair"
