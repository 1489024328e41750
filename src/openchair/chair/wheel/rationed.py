"""Rationed: what a turn plans within budgets, one of each household; what it puts off, and the prices it leaves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.chair.state import State
from openchair.chair.state.records import Mark
from openchair.chair.wheel import limits
from openchair.core.clock import Moment
from openchair.core.settings import Settings
from openchair.decisions.budgets import Prices, Standing, tightest
from openchair.decisions.choice import Choice
from openchair.decisions.households import Households, households_of
from openchair.learning.arms import ARMS
from openchair.learning.deciding import Held, Seen, named
from openchair.learning.rationing import Rationed, behind, ration
from openchair.loyalty.actions import Action

PRICES = "prices"
"""The name under which the state keeps what the last turn found that budgets are worth."""


class _Kept(msgspec.Struct, frozen=True):
    """Prices as they are kept: cost by action, None for infinite."""

    share: list[float]
    cost: dict[str, list[float | None]]
    worth: dict[str, float]


@dataclass(frozen=True, slots=True)
class Laid:
    """What a day's plan is laid within: limits as they stand, and ties of households. made: what came of it."""

    state: State
    settings: Settings
    moment: Moment
    actions: tuple[Action, ...]
    stands: tuple[Standing, ...]
    made: list[Rationed] = field(default_factory=list)

    def plan(self, seen: Seen, held: Held) -> tuple[Seen, Choice]:
        """The chances of everyone within it (learning.deciding.Plan)."""
        who = pa.array(np.asarray(seen.columns["customer_id"]).astype(object), pa.string())
        ranks = limits.ranks(who.to_pylist(), self.settings, self.moment.day)
        one = ration(seen, held, tightest(self.stands), self._households(who), ranks)
        self.made.append(one)
        return one.seen, one.choice

    def put_off(self, decisions: pa.Table) -> list[Mark]:
        """What chance drew beyond what was to be expected, and does not fit. decisions: DECISION_COLUMNS."""
        if not self.stands:
            return []
        places = pc.index_in(decisions["action"], value_set=pa.array(named(self.actions))).to_numpy().astype(np.int64)
        channel, who = (decisions[name].to_pylist() for name in ("channel", "customer_id"))
        about = (self.actions, self.stands, self.settings, self.moment.day)
        arm = pc.index_in(decisions["arm"], value_set=pa.array(ARMS)).to_numpy().astype(np.int8)
        reasons = limits.waiting(places, channel, who, *about, behind(arm))
        ids = decisions["decision_id"].to_pylist()
        return [Mark(one, "proposed", "deferred", why) for one, why in zip(ids, reasons, strict=True) if why]

    def told(self, decisions: pa.Table, put_off: Sequence[Mark]) -> dict[str, Any]:
        """What a turn says of its plan."""
        one = self.made[-1]
        gone = pa.array([mark.decision_id for mark in put_off], pa.string())
        kept = decisions.filter(pc.invert(pc.is_in(decisions["decision_id"], value_set=gone)))
        return {
            "gain_minor": float(pc.sum(kept["gain_minor"]).as_py() or 0.0),
            "bound_minor": one.bound,
            "worth": dict(one.prices.worth),
            "put_off": dict(Counter(mark.why for mark in put_off)),
            "at_home": one.at_home,
        }

    def keep(self, put_off: Sequence[Mark], at: datetime) -> None:
        """Let what does not fit wait, and the prices hold for what is decided until the next turn."""
        prices = self.made[-1].prices
        rows = zip([one.id for one in self.actions], prices.cost.T.tolist(), strict=True)
        cost = {name: [None if one == np.inf else one for one in costs] for name, costs in rows}
        body = msgspec.json.encode(_Kept(prices.share.tolist(), cost, dict(prices.worth)))
        self.state.put_models({PRICES: body}, at)
        if put_off:
            self.state.mark(put_off, {}, by="", at=at)

    def _households(self, who: pa.Array) -> Households:
        pairs = self.state.relatives(limits.AT_HOME)
        ends = [pc.index_in(pairs[end], value_set=who).combine_chunks() for end in pairs.column_names]
        known = pc.and_(*(end.is_valid() for end in ends)).to_numpy(zero_copy_only=False)
        left, right = (end.fill_null(0).to_numpy().astype(np.int64)[known] for end in ends)
        return households_of(len(who), left, right)


def lay(state: State, actions: Sequence[Action], settings: Settings, moment: Moment) -> Laid:
    """What the plan of a moment's day is laid within."""
    stands, _ = limits.standings(state, actions, moment.day)
    return Laid(state, settings, moment, tuple(actions), stands)


def remembered(state: State, actions: Sequence[Action]) -> Prices | None:
    """The prices that the last turn left; None where nothing was scarce. What is new in the catalogue costs nothing."""
    body = state.model(PRICES)
    kept = msgspec.json.decode(body, type=_Kept) if body else None
    if kept is None or not any(cost != 0 for costs in kept.cost.values() for cost in costs):
        return None
    free: Mapping[str, list[float | None]] = kept.cost
    none: list[float | None] = [0.0] * len(kept.share)
    cost = [[np.inf if one is None else one for one in free.get(action.id, none)] for action in actions]
    return Prices(np.array(kept.share), np.array(cost, dtype=np.float64).T.reshape(len(kept.share), -1), kept.worth)
