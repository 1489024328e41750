"""A room of the chair: a use case, made over the chair whenever it is asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Room(Generic[T]):
    """An attribute of Chair that gives `make(chair)`."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make

    def __get__(self, chair: object, kind: type) -> T:
        return self.make(chair)
