"""In the moment: the next best action for whoever stands at the till or on a page, while they wait.

What deciding rests on is held in memory, and made anew after a turn and after whatever a person chooses. All who ask at
the same time are answered together: one look at the state, one decision for all, one commit. Nothing is answered before
it is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from openchair.chair import tell
from openchair.chair.state import State
from openchair.chair.state.records import Faced
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
from openchair.loyalty.actions import MOMENTS, WAIT, Action, by_id

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
            return self._decide(asks, at or self.chair.moment())

    def _decide(self, asks: Sequence[Ask], moment: Moment) -> list[Decision | OpenchairError]:
        chair = self.chair
        faced = _faced(chair.state, asks, moment.day, chair.settings.country)
        shop = self._shop(faced.stands)
        wrong: list[OpenchairError | None] = [_fault(ask, shop) for ask in asks]
        ids, anew = [], dict[tuple[Any, ...], dict[str, int]]()
        for place, (ask, who) in enumerate(zip(asks, faced.found, strict=True)):
            ids.append(choose.decision_id_of(who or "", moment, ask.moment))
            before, row = faced.decided.get(ids[-1]), faced.rows.get(who or "")
            if wrong[place] is not None:
                continue
            if who is None:
                wrong[place] = _unknown(ask, "no identifier is like that", _SEARCH)
            elif before is None and row is None:
                wrong[place] = _unknown(ask, "no turn has seen them yet", "Turn the wheel first.")
            elif row is not None and (before is None or not _holds(before, row, ask, moment, shop)):
                anew.setdefault((ask.moment, ask.channel, ask.candidates), {})[ids[-1]] = place
        kept = dict(faced.decided)
        for group in anew.values():
            places = list(group.values())
            rows = [faced.rows[str(faced.found[place])] for place in places]
            kept |= _taken(shop, asks[places[0]], list(group), rows, moment, faced.decided)
        told = {
            key: tell.decision(shop, kept[key[0]], None if key[1] else SHOWN)
            for key in {(ids[n], ask.everything) for n, ask in enumerate(asks) if wrong[n] is None}
        }
        return [wrong[n] or told[ids[n], ask.everything] for n, ask in enumerate(asks)]

    def _shop(self, stands: object) -> Shop:
        """The shop as it stands."""
        chair, mind = self.chair, self.chair.mind
        whole = (stands, chair.settings, chair.beginning, chair.state)
        if mind.shop is None or whole != mind.stands:
            catalogue = chair.catalogue
            held = choose.held_of(chair.state, catalogue, chair.settings)
            mind.shop = Shop(chair.state, chair.settings, catalogue, chair.currency, chair.simulated, held)
            mind.stands = whole
        return mind.shop


def _faced(state: State, asks: Sequence[Ask], day: date, country: str) -> Faced:
    """What is known of those who wait; a telephone number may be written in any way, as for Chair.find."""
    names, moments = [ask.customer.strip() for ask in asks], [ask.moment for ask in asks]
    faced = state.faced(names, day, moments)
    lost = [name for name, who in zip(names, faced.found, strict=True) if who is None]
    calls = {name: f"phone:{number}" for name in lost if (number := e164(name, country))}
    return state.faced([calls.get(name, name) for name in names], day, moments) if calls else faced


def _fault(ask: Ask, shop: Shop) -> OpenchairError | None:
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
    if lost := [one for one in ask.candidates if one not in by_id(shop.catalogue)]:
        few = ", ".join(one[:60] for one in lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
        return UnknownActions(
            "candidates", bound=f"not in the catalogue: {few}", remedy="Name actions of the catalogue."
        )
    return None


def _unknown(ask: Ask, bound: str, remedy: str) -> NotFound:
    return NotFound("customer", value=ask.customer, bound=bound, remedy=remedy)


def _holds(before: Mapping[str, Any], row: Mapping[str, Any], ask: Ask, moment: Moment, shop: Shop) -> bool:
    """Whether what was decided before is what is asked for, and the guard has nothing against it by now."""
    if before["status"] != "proposed" or before["action"] == WAIT:
        return True
    action = by_id(shop.catalogue).get(before["action"])
    if action is None or (ask.candidates is not None and action.id not in ask.candidates):
        return False
    if ask.channel not in ("", before["channel"]):
        return False
    thing = guard.thing_of(action, before["channel"])
    return guard.cleared(row, "plan", [thing], moment=moment, settings=shop.settings)[0][0] == "clear"


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


def _taken(
    shop: Shop,
    ask: Ask,
    decision_ids: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    moment: Moment,
    before: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Decisions for customers of whom the same is asked, as a turn would take them, kept in one commit; by id."""
    way = shop.narrowed(ask)
    held, names = way.held, ("customer_id", *LOOKED_AT)
    seen = look({name: _column(name, [row[name] for row in rows]) for name in names}, held, moment.day, ask.moment)
    if way.closed.any():
        codes = seen.situations.codes
        codes = np.where(way.closed & (codes == 0), np.int16(NOT_ASKED), codes)
        seen = replace(seen, situations=replace(seen.situations, codes=codes))
    found = draw(seen, chances_of(seen, held), held)
    texts = found.records(held)
    ids = choose.situation_ids(texts, held, moment, ask.moment)
    records = [digest(*pair) for pair in zip(ids, texts, strict=True)]
    situations = [
        dict(zip(("record_id", "situation_id", "record"), each, strict=True))
        for each in zip(records, ids, texts, strict=True)
    ]
    columns = choose.drawn(found, held, ids)
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    decisions: list[dict[str, Any]] = []
    for decision_id, row, where, each in zip(decision_ids, rows, seen.inverse.tolist(), values, strict=True):
        known = {name: None if value != value else value for name, value in zip(columns, each, strict=True)}
        whose = {"decision_id": decision_id, "customer_id": row["customer_id"], "stage": row["stage"]}
        decisions.append(known | whose | {"record_id": records[where], "day": moment.day, "moment": ask.moment})
    others = shop.state.keep(situations, decisions, [one for one in decision_ids if one in before])
    return {
        one["decision_id"]: {**row, **_NEW, **one, "record": texts[where]}
        for one, row, where in zip(decisions, rows, seen.inverse.tolist(), strict=True)
    } | others


_NEW: Mapping[str, Any] = {
    "status": "proposed", "decided_by": None, "decided_at": None, "why": "", "outcome_minor": None, "outcome_at": None,
}  # fmt: skip
"""What a decision is as soon as it is kept."""
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("value_minor", "worth_minor", "nps_score", "attention_budget", "attention_spent"), "float64"),
    **dict.fromkeys(("orders", "spent_minor", "rules", "consents", "sent_friends"), "int64"),
    **dict.fromkeys(("complained_on", "contacted_on"), "datetime64[D]"),
    "customer_id": "U",
}


def _column(name: str, values: list[Any]) -> NDArray[Any]:
    """A column as choose.columns_of gives it."""
    return np.array(values, dtype=_KINDS.get(name, "O"))
