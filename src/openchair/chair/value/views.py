"""What is shown of customers' value: plain, frozen records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quadrants:
    """The chance, in [0, 1], of belonging to each: spends and sends above the shop's middle, only one, or neither."""

    champion: float
    affluent: float
    """Spends more than the middle customer and brings fewer friends."""
    advocate: float
    """Brings more friends than the middle customer and spends less."""
    miser: float
