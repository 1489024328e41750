"""Rows as frozen records: what a column says under the name of a field goes into that field."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


def filled(made: Callable[..., T], row: Mapping[str, Any], **own: Any) -> T:
    """A record of the columns of a row that are fields of its own, and of what is given by name, which goes first.

    >>> from openchair.core.clock import Moment
    >>> filled(Moment, {"now": 1, "other": 2}, zone=3)
    Moment(now=1, zone=3)
    """
    return made(**{name: row[name] for name in _names(made) if name in row and name not in own}, **own)


@lru_cache(maxsize=256)
def _names(made: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(made))
