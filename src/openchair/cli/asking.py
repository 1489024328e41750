"""Commands that ask: surveys, and what goes out."""

from collections.abc import Callable

COMMANDS: dict[str, Callable[..., None]] = {}
