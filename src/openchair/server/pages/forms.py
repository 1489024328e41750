"""A field of a form, said once: by its kind it is drawn, read, and marked where what was sent is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, what it asks, how it is answered, words beside it, and the words to choose from.

    to: what the use case calls it, where that is another name. most: letters of a line, the highest of a whole number.
    needed: whether a browser sends it only when something stands in it.
    """

    path: str
    label: str
    kind: str = "line"
    about: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    to: str = ""
    most: int = 500
    needed: bool = False
