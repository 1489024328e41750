"""Commands that hear: themes, needs, and what a sentence is."""

from collections.abc import Callable

COMMANDS: dict[str, Callable[..., None]] = {}
