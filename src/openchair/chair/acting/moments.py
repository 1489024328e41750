"""In the moment: the next best action for whoever stands at the till or on a page, while they wait.

What deciding rests on is held in memory, and made anew after a turn and after whatever a person chooses. All who ask at
the same time are answered together: one look at the state, one decision for all, one commit. Nothing is answered before
it is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from openchair.chair import tell
from openchair.chair.state import State
from openchair.chair.views import Decision
from openchair.chair.wheel import choose
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, NotFound, OpenchairError
from openchair.core.ids import digest
from openchair.core.settings import Settings
from openchair.decisions import guard
from openchair.decisions.reasons import NOT_ASKED
from openchair.dossier.rules import Channel
from openchair.dossier.telephone import e164
from openchair.learning.deciding import DAILY, LOOKED_AT, Held, chances_of, draw, look
from openchair.loyalty.actions import MOMENTS, WAIT, Action

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

CHANNELS: tuple[str, ...] = get_args(Channel)
MOST_CANDIDATES = 1_000
SHOWN = 50
"""Candidates, and actions ruled out, that an answer names; how many there are for each reason it always says."""
_WAYS = 64
"""Ways of asking (a channel, some candidates) that are remembered with what follows from them."""
_SEARCH = "Search on the Customers page, or turn first."


class UnknownActions(BadInput):
    """Some of the actions that were asked for are not in the catalogue."""

    status, code = 422, "unknown_actions"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: for whom, at which of MOMENTS; only by a channel, and only of some actions, where they are named.

    everything: whether the answer is to name each candidate and each action that was ruled out.
    """

    customer: str
    moment: str = DAILY
    channel: str = ""
    candidates: tuple[str, ...] | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is held, of what is asked for: actions go by the one channel, and those in `closed` (A,) are out."""

    held: Held
    closed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shop:
    """All that a decision rests on but the customer; what tells a decision reads it as it reads a chair."""

    state: State
    settings: Settings
    catalogue: tuple[Action, ...]
    currency: str
    simulated: bool
    held: Held
    ways: dict[tuple[str, tuple[str, ...] | None], Narrowed] = field(default_factory=dict)

    def narrowed(self, ask: Ask) -> Narrowed:
        """What is held, of what is asked for."""
        key = (ask.channel, ask.candidates)
        if key not in self.ways:
            if len(self.ways) >= _WAYS:
                self.ways.pop(next(iter(self.ways)))
            self.ways[key] = _narrowed(self.held, *key)
        return self.ways[key]


@dataclass(slots=True)
class Mind:
    """The shop as decisions for those who wait last saw it, and what it was made of."""

    lock: Any = field(default_factory=Lock)
    stands: object = None
    shop: Shop | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """Decisions for those who wait. Safe to use from several threads; one batch is decided at a time."""

    chair: "Chair"

    def decide_one(self, ask: Ask, at: Moment | None = None) -> Decision:
        """The decision of one. Raises what is wrong with it."""
        (said,) = self.decide([ask], at)
        if isinstance(said, OpenchairError):
            raise said
        return said

    def decide(self, asks: Sequence[Ask], at: Moment | None = None) -> list[Decision | OpenchairError]:
        """The decision of each, or why there is none: BadInput for what cannot be asked, NotFound for the unknown.

        A customer has one decision a day and moment. It stands as long as the guard permits it and it is among what is
        asked for; else it is taken anew.
        """
        with self.chair.mind.lock:
            return self._decide(asks, at or self.chair.moment(), self._shop())

    def _decide(self, asks: Sequence[Ask], moment: Moment, shop: Shop) -> list[Decision | OpenchairError]:
        known = {one.id for one in shop.catalogue}
        wrong: list[OpenchairError | None] = [_fault(ask, known) for ask in asks]
        found = _found(shop, [ask.customer for ask in asks])
        ids = [choose.decision_id_of(who or "", moment, ask.moment) for ask, who in zip(asks, found, strict=True)]
        kept = shop.state.decided(ids)
        rows = shop.state.rows_of(sorted({who for who in found if who}))
        row_of = {who: row for row, who in enumerate(rows["customer_id"].to_pylist())}
        anew: dict[tuple[Any, ...], dict[str, int]] = {}
        for place, (ask, who, decision_id) in enumerate(zip(asks, found, ids, strict=True)):
            before, row = kept.get(decision_id), row_of.get(who)
            if wrong[place] is not None:
                continue
            if who is None:
                wrong[place] = _unknown(ask, "no identifier is like that", _SEARCH)
            elif before is None and row is None:
                wrong[place] = _unknown(ask, "no turn has seen them yet", "Turn the wheel first.")
            elif row is not None and (before is None or not _holds(before, rows.slice(row, 1), ask, moment, shop)):
                anew.setdefault((ask.moment, ask.channel, ask.candidates), {})[decision_id] = place
        for (occasion, *_), group in anew.items():
            table = rows.take([row_of[found[place]] for place in group.values()])
            table = table.append_column("decision_id", pa.array(list(group), pa.string()))
            way = shop.narrowed(asks[next(iter(group.values()))])
            kept |= _keep(shop.state, _chosen(way, table, moment, occasion), table, moment, occasion, kept)
        told = {
            key: tell.decision(shop, kept[key[0]], None if key[1] else SHOWN)
            for key in {(ids[n], ask.everything) for n, ask in enumerate(asks) if wrong[n] is None}
        }
        return [wrong[n] or told[ids[n], ask.everything] for n, ask in enumerate(asks)]

    def _shop(self) -> Shop:
        """The shop as it stands."""
        chair, mind = self.chair, self.chair.mind
        stands = (chair.state.stands(), chair.settings, chair.beginning, chair.state)
        if mind.shop is None or stands != mind.stands:
            held = choose.held_of(chair.state, chair.catalogue, chair.settings)
            mind.shop = Shop(chair.state, chair.settings, chair.catalogue, chair.currency, chair.simulated, held)
            mind.stands = stands
        return mind.shop


def _fault(ask: Ask, known: set[str]) -> OpenchairError | None:
    """What is wrong with what is asked."""
    for what, word, words in (("moment", ask.moment, MOMENTS), ("channel", ask.channel or CHANNELS[0], CHANNELS)):
        if word not in words:
            bound = f"one of {', '.join(words)}"
            return BadInput(what, value=word[:60], bound=bound, remedy="Name one of these.")
    if ask.candidates is None:
        return None
    if not 1 <= len(ask.candidates) <= MOST_CANDIDATES:
        bound = f"1 to {MOST_CANDIDATES:,} ids of actions"
        return BadInput("candidates", value=len(ask.candidates), bound=bound, remedy="Leave them out for all actions.")
    if lost := [one for one in ask.candidates if one not in known]:
        few = ", ".join(one[:60] for one in lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
        return UnknownActions(
            "candidates", bound=f"not in the catalogue: {few}", remedy="Name actions of the catalogue."
        )
    return None


def _unknown(ask: Ask, bound: str, remedy: str) -> NotFound:
    return NotFound("customer", value=ask.customer, bound=bound, remedy=remedy)


def _found(shop: Shop, names: Sequence[str]) -> list[str | None]:
    """The customer behind each name, as Chair.find does."""
    found = shop.state.find_each([name.strip() for name in names])
    lost = [place for place, who in enumerate(found) if who is None]
    calls = {place: f"phone:{number}" for place in lost if (number := e164(names[place], shop.settings.country))}
    if calls:
        for place, who in zip(calls, shop.state.find_each(list(calls.values())), strict=True):
            found[place] = who
    return found


def _holds(before: Mapping[str, Any], row: pa.Table, ask: Ask, moment: Moment, shop: Shop) -> bool:
    """Whether what was decided before is what is asked for, and the guard has nothing against it by now."""
    if before["status"] != "proposed" or before["action"] == WAIT:
        return True
    action = next((one for one in shop.catalogue if one.id == before["action"]), None)
    if action is None or (ask.candidates is not None and action.id not in ask.candidates):
        return False
    if ask.channel not in ("", before["channel"]):
        return False
    (who,) = row.to_pylist()
    thing = guard.thing_of(action, before["channel"])
    return guard.cleared(who, "plan", [thing], moment=moment, settings=shop.settings)[0][0] == "clear"


def _narrowed(held: Held, channel: str, candidates: tuple[str, ...] | None) -> Narrowed:
    """What is held, narrowed to a channel and to some actions."""
    wanted = None if candidates is None else set(candidates)
    closed = np.array([wanted is not None and one.id not in wanted for one in held.actions], dtype=np.bool_)
    if not channel:
        return Narrowed(held, closed)
    by = [channel in one.channels for one in held.actions]
    actions = tuple(
        msgspec.structs.replace(one, channels=(channel,)) if goes else one
        for one, goes in zip(held.actions, by, strict=True)
    )
    return Narrowed(replace(held, actions=actions), closed | ~np.array(by, dtype=np.bool_))


def _chosen(way: Narrowed, table: pa.Table, moment: Moment, occasion: str) -> choose.Chosen:
    """As a turn would choose, of what is asked for."""
    seen = look(choose.columns_of(table.select(["customer_id", *LOOKED_AT])), way.held, moment.day, occasion)
    if way.closed.any():
        codes = seen.situations.codes
        codes = np.where(way.closed & (codes == 0), np.int16(NOT_ASKED), codes)
        seen = replace(seen, situations=replace(seen.situations, codes=codes))
    return choose.written(draw(seen, chances_of(seen, way.held), way.held), table, way.held, moment, occasion)


def _keep(
    state: State, chosen: choose.Chosen, table: pa.Table, moment: Moment, occasion: str, before: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Keep what was chosen, in one commit; gives it as it is kept."""
    situations = [
        {**one, "record_id": digest(one["situation_id"], one["record"])} for one in chosen.situations.to_pylist()
    ]
    record = {one["situation_id"]: one["record_id"] for one in situations}
    decisions = [
        {**one, "record_id": record[one["situation_id"]], "stage": stage}
        for one, stage in zip(chosen.decisions.to_pylist(), table["stage"].to_pylist(), strict=True)
    ]
    instead = [one["decision_id"] for one in decisions if one["decision_id"] in before]
    return state.keep(moment.day, occasion, situations, decisions, instead)
