"""Commands that call: cases and calls."""

from collections.abc import Callable

COMMANDS: dict[str, Callable[..., None]] = {}
