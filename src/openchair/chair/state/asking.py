"""What the use cases need of the state to ask: surveys, and what waits to be sent to customers."""

from typing import Protocol


class Asking(Protocol):
    """Surveys and the outbox."""
