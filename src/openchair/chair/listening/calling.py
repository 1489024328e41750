"""Calls: whom each leader rings this week, what to ask, and what was learned."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Calls:
    """Lists of the week."""

    chair: "Chair"
