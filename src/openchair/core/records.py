"""Rows as frozen records: what a column says under the name of a field goes into that field."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


def filled(made: Callable[..., T], row: Mapping[str, Any], **own: Any) -> T:
    """A record of the columns of a row that are fields of its own, and of what is given by name, which goes first.

    >>> from openchair.core.estimate import Estimate
    >>> filled(Estimate, {"value": 2.0, "low": 1.0, "other": "x"}, high=3.0, n=9.0)
    Estimate(value=2.0, low=1.0, high=3.0, n=9.0)
    """
    return made(**{name: row[name] for name in _names(made) if name in row and name not in own}, **own)


@lru_cache(maxsize=256)
def _names(made: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(made))
