"""Limits: what the shop's budgets and capacities leave of a day and a week, and what fits into them no more."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from openchair.chair.state import State
from openchair.core.ids import uniforms
from openchair.core.settings import Settings
from openchair.decisions import budgets
from openchair.decisions.budgets import Allowed, Done, Standing
from openchair.decisions.reasons import HOUSEHOLD, REASONS
from openchair.loyalty.actions import Action

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

AT_HOME = ("family", "company")
"""Ties by which customers are of one household."""
BUDGETS = "budgets"
"""The kind of choice (chair.state.records) that holds them."""
Seen = tuple[date, date, int]
"""Days from and to, and how many decisions of them were approved: what standings rest on."""


def chosen(state: State) -> dict[str, Allowed]:
    """The budgets that hold; none where nobody set any."""
    choice = state.chosen(BUDGETS).get("")
    return msgspec.json.decode(choice.body, type=dict[str, Allowed]) if choice else {}


def monday(day: date) -> date:
    """The first day of a day's week.

    >>> monday(date(2026, 7, 1)).isoformat()
    '2026-06-29'
    """
    return day - timedelta(days=day.weekday())


def standings(
    state: State, actions: Sequence[Action], day: date, given: Mapping[str, Allowed] | None = None
) -> tuple[tuple[Standing, ...], Seen]:
    """How budgets and capacities stand on a day, and what this rests on. given: others than those that hold."""
    rows = state.done(monday(day), day).to_pylist()
    done = [Done(row["action"], row["channel"], bool(row["today"]), row["times"]) for row in rows]
    seen = (monday(day), day, sum(one.times for one in done))
    return budgets.standings(chosen(state) if given is None else given, actions, done), seen


def ranks(customer_ids: Sequence[str], settings: Settings, day: date) -> NDArray[np.float64]:
    """(n,) the lot by which customers wait on a day where a budget was used; it knows nothing of gains."""
    return uniforms(np.array(customer_ids, dtype="U"), str(settings.seed), day.isoformat(), "lot")


def waiting(
    action: NDArray[np.int64],
    channel: Sequence[str],
    customer_ids: Sequence[str],
    actions: Sequence[Action],
    stands: Sequence[Standing],
    settings: Settings,
    day: date,
    last: NDArray[np.bool_] | None = None,
) -> list[str]:
    """(n,) why each decision has to wait, since a budget was used; empty where it need not.

    action: (n,) places in actions, A for nothing. channel: (n,) what each goes out by. last: (n,) who stands behind
    the others.
    """
    first = np.append(budgets.owed(actions), False)[action]
    by = np.array(channel, dtype="U")

    def taken(one: Standing) -> NDArray[np.float64]:
        by_it = (by == one.name) & (action < len(actions))
        each: NDArray[np.float64] = np.append(one.uses, 0.0)[action]
        return by_it.astype(np.float64) if one.name in budgets.CHANNELS else each

    order = ranks(customer_ids, settings, day) + (0 if last is None else last)
    places = budgets.lot(action, stands, order, first, taken)
    reasons = [*(one.reason for one in stands), ""]  # -1 is nobody's
    return [reasons[place] for place in places.tolist()]


def beyond(chair: "Chair", rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], Seen | None]:
    """Why each of these decisions has to wait if all of them are approved, and what this rests on: another of their
    household was acted on that day, or a budget would be exceeded."""
    day = max(row["day"] for row in rows)
    stands, seen = standings(chair.state, chair.catalogue, day)
    channel, who = ([row[name] for row in rows] for name in ("channel", "customer_id"))
    places = {action.id: place for place, action in enumerate(chair.catalogue)}
    action = np.array([places[row["action"]] for row in rows], dtype=np.int64)
    others = chair.state.acted_at_home(who, day, AT_HOME)
    beside = np.isin(np.array(who), sorted(others)) & ~budgets.owed(chair.catalogue)[action]
    left = np.where(beside, len(places), action)
    waits = waiting(left, channel, who, chair.catalogue, stands, chair.settings, day)
    return [REASONS[HOUSEHOLD] if one else why for one, why in zip(beside.tolist(), waits, strict=True)], seen
