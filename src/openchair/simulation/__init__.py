"""The sample shop: a snack-box market with known truth, for demos and for tests of what the other rooms learn."""

from openchair.simulation.cards import simulate_people
from openchair.simulation.shop import Summary, simulate

__all__ = ["Summary", "simulate", "simulate_people"]
