"""Changes: what differs between two catalogues, action by action and field by field."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from openchair.loyalty.actions import Action


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an action; None where it is as by default."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """An action that came, went or became another; `fields` are those that changed."""

    action: str
    title: str
    what: Literal["added", "retired", "changed"]
    fields: tuple[FieldChange, ...] = ()


def changes(before: Iterable[Action], after: Iterable[Action]) -> tuple[Change, ...]:
    """What differs, by id.

    >>> from openchair.loyalty.actions import default
    >>> changes(default(), default()[1:])[0].what
    'retired'
    """
    old, new = ({action.id: action for action in some} for some in (before, after))
    return tuple(
        Change(id, new[id].title, "added")
        if id not in old
        else Change(id, old[id].title, "retired")
        if id not in new
        else Change(id, new[id].title, "changed", _fields(old[id], new[id]))
        for id in sorted(old | new)
        if old.get(id) != new.get(id)
    )


def _fields(before: Action, after: Action) -> tuple[FieldChange, ...]:
    """Fields of two actions that differ, those of texts, needs and contents each by its path."""
    old, new = (dict(_flat(msgspec.to_builtins(one))) for one in (before, after))
    differing = (field for field in dict.fromkeys((*old, *new)) if old.get(field) != new.get(field))
    return tuple(FieldChange(field, old.get(field), new.get(field)) for field in differing)


def _flat(value: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, list(value) if isinstance(value, tuple) else value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{path}.{key}" if path else key)
