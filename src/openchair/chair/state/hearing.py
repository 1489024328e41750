"""What the use cases need of the state to hear: sentences as they were read, themes, what models learned."""

from typing import Protocol


class Hearing(Protocol):
    """Readings, themes and models."""
