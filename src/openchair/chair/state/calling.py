"""What the use cases need of the state to call: lists of the week, and cases by whose they are."""

from typing import Protocol


class Calling(Protocol):
    """Calls to make, and cases."""
