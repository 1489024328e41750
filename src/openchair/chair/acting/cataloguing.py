"""Cataloguing: the actions there are, who changed them when and why, and what each change would be.

The newest version that somebody adopted is in force; before the first, what the home's file holds, or what comes with
Openchair. Every version is kept, so that an old decision can be explained by the catalogue it was taken from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from openchair.chair.actor import Actor
from openchair.chair.state import State
from openchair.chair.state.records import Choice
from openchair.core.errors import BadInput, NotAllowed, NotFound
from openchair.loyalty import actions
from openchair.loyalty.actions import Action
from openchair.loyalty.changes import Change, changes

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

KIND = "catalogue"
"""The kind of choices that versions are."""
SEEN = "catalogue seen"
"""The kind of choices that keep what decisions were chosen from, by fingerprint."""
LONGEST_WHY = 500
SHOWN = 20
"""Versions that are listed."""
MOST = 1 << 62
"""No number of a version is as large."""


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    """One version: who adopted it, when and why. Number 0 is what the shop began with."""

    number: int
    by: str
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The catalogue of one version, and the versions there are, the newest first.

    fingerprint: what records of decisions call it by.
    """

    version: CatalogueVersion
    fingerprint: str
    actions: tuple[Action, ...]
    versions: tuple[CatalogueVersion, ...]
    currency: str
    simulated: bool = False


BEGINNING = CatalogueVersion(0, "", None, "what the shop began with")


@dataclass(frozen=True, slots=True)
class Cataloguing:
    """The shop's actions, as data that people change."""

    chair: "Chair"

    @property
    def number(self) -> int:
        """The number of the version that is in force."""
        return self.chair.state.newest(KIND)

    def in_force(self) -> tuple[Action, ...]:
        """The actions to choose from; the same tuple as long as nobody adopts another version."""
        return self.of(self.number)

    def of(self, number: int) -> tuple[Action, ...]:
        """The actions of a version. Raises NotFound."""
        if not number:
            return self.chair.beginning
        kept = self.chair.adopted.get(number)
        if kept is None:
            body = self._choice(number).body
            kept = self.chair.adopted[number] = actions.of(msgspec.json.decode(body))
        return kept

    def remember(self) -> None:
        """Keep what is in force under the name that records of decisions call it by, unless it is kept.

        What a shop begins with changes with its home's file and with Openchair, and is nowhere else then.
        """
        found, state = self.in_force(), self.chair.state
        name = actions.fingerprint(found)
        if not state.newest(SEEN, name):
            body = msgspec.json.encode(found).decode()
            state.choose(SEEN, name, body, by="openchair", at=self.chair.clock(), why="chosen from")

    def named(self, name: str) -> tuple[Action, ...]:
        """What decisions were chosen from whose records call it so. Raises NotFound."""
        found = recalled(self.chair.state, name)
        if not found:
            bound, remedy = "is in no record", "Copy it from the record of a decision."
            raise NotFound("catalogue", value=name, bound=bound, remedy=remedy)
        return tuple(found.values())

    def view(self, number: int | None = None) -> CatalogueView:
        """The catalogue in force, or one of its versions. Raises NotFound."""
        listed = (*map(_version, self.chair.state.choices(KIND, limit=SHOWN)), BEGINNING)
        wanted = listed[0].number if number is None else number
        found = self.of(wanted)
        shown = next((one for one in listed if one.number == wanted), None) or _version(self._choice(wanted))
        name = actions.fingerprint(found)
        return CatalogueView(shown, name, found, listed, self.chair.currency, self.chair.simulated)

    def action(self, action_id: str) -> Action:
        """One of the actions in force. Raises NotFound."""
        found = next((one for one in self.in_force() if one.id == action_id), None)
        if found is None:
            bound, remedy = "is none of the catalogue", "See openchair catalogue."
            raise NotFound("action", value=action_id, bound=bound, remedy=remedy)
        return found

    def compare(self, proposed: Sequence[Action]) -> tuple[Change, ...]:
        """What would change if these were adopted; nothing is kept."""
        return changes(self.in_force(), proposed)

    def adopt(self, proposed: Sequence[Action], *, why: str, by: Actor, over: int | None = None) -> tuple[Change, ...]:
        """Put a catalogue in force, from the next decision on; gives what changed. Where nothing did, nothing is kept.

        over: the number of the version that was edited. Raises BadInput without a reason, NotAllowed; Conflict where
        somebody adopted another version meanwhile.
        """
        if by.role not in ("owner", "program"):
            raise NotAllowed("catalogue", value=by.name, bound="is for owners to change", remedy="Ask one of them.")
        words, number = " ".join(why.split()), self.number
        if not 1 <= len(words) <= LONGEST_WHY:
            bound = f"must have 1 to {LONGEST_WHY} characters"
            raise BadInput("reason", value=words[:40], bound=bound, remedy="Say in a few words why.")
        found = changes(self.of(number), proposed)
        if found or over not in (None, number):
            body, now = msgspec.json.encode(tuple(proposed)).decode(), self.chair.clock()
            before = number if over is None else over
            self.chair.state.choose(KIND, "", body, by=by.name, at=now, why=words, over=before)
            said = ", ".join(f"{one.what} {one.action}" for one in found[:10])
            self.chair.state.log(by.name, "changed the catalogue", None, f"{said}: {words}", now)
            self.remember()
        return found

    def put(self, row: Mapping[str, Any], *, why: str, by: Actor, over: int | None = None) -> tuple[Change, ...]:
        """Keep one action, new or changed, as plain values. Raises as `adopt` does, and BadInput naming the field."""
        (action,) = actions.of([dict(row)])
        others = [one for one in self.in_force() if one.id != action.id]
        return self.adopt(actions.sorted_by_id([*others, action]), why=why, by=by, over=over)

    def retire(self, action_id: str, *, why: str, by: Actor, over: int | None = None) -> tuple[Change, ...]:
        """Take one action out. Raises as `adopt` does, NotFound, and BadInput for the last one."""
        gone = self.action(action_id)
        others = tuple(one for one in self.in_force() if one is not gone)
        if not others:
            bound = "is the last one"
            raise BadInput("action", value=action_id, bound=bound, remedy="Write another one first.")
        return self.adopt(others, why=why, by=by, over=over)

    def restore(self, number: int, *, why: str = "", by: Actor) -> tuple[Change, ...]:
        """Put an older version, or 0, the beginning, in force again, as the newest. Raises NotFound, NotAllowed."""
        return self.adopt(self.of(number), why=why or f"version {number} again", by=by)

    def _choice(self, number: int) -> Choice:
        choice = self.chair.state.choice(KIND, number) if 0 < number < MOST else None
        if choice is None:
            what, bound = "version of the catalogue", "was never adopted"
            raise NotFound(what, value=number, bound=bound, remedy="Choose one that is listed.")
        return choice


def recalled(state: State, name: str) -> Mapping[str, Action]:
    """What decisions were chosen from whose records call it so, by id; nothing where it is not kept."""
    kept = state.choices(SEEN, name, limit=1)
    return _by_id(kept[0].body) if kept else {}


@lru_cache(maxsize=16)
def _by_id(body: str) -> Mapping[str, Action]:
    return {action.id: action for action in actions.of(msgspec.json.decode(body))}


def _version(choice: Choice) -> CatalogueVersion:
    return CatalogueVersion(choice.number, choice.by, choice.at, choice.why)
