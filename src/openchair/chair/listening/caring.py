"""Cases: someone unhappy is owed an answer, by somebody, until a time; it closes with what was done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Cases:
    """Closing the loop with those who are unhappy."""

    chair: "Chair"
