"""Attention: how much a customer may be addressed, over every kind of contact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a customer may be addressed: units in ATTENTION_DAYS days, each contact weighing by its channel."""

    budget: float
    spent: float
    wish: str
    """What the customer asked for: normal, less, important or nothing."""
    quiet: str
    """Hours in which nothing may disturb them, as 21-8."""
    timezone: str
    contacts: int
    """Contacts counted."""

    @property
    def left(self) -> float:
        """Units that are left."""
        return max(self.budget - self.spent, 0.0)
