"""Rationing: how budgets and households enter what is decided for everyone, so that chances stay exact.

Households come first: who of each is up is known before anything is drawn. Then budgets get prices at which what is to
be expected under the chances fits them; what no plan within them could exceed is told by the linear program's bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from openchair.decisions import households
from openchair.decisions.budgets import Prices, owed, prices_of
from openchair.decisions.choice import Choice
from openchair.decisions.households import Households
from openchair.decisions.limits import days_since, rests
from openchair.decisions.plan import Budget, Plan, plan
from openchair.learning.arms import RANDOM, SINGLE
from openchair.learning.deciding import Held, Seen, weigh

Array = NDArray[np.float64]
SAMPLED = 20_000
"""Customers by whom prices are found where there are more of them in as many situations."""


@dataclass(frozen=True, slots=True)
class Rationed:
    """Who is decided for in which situation, the chances of each, and what they follow from.

    bound: what no plan within the budgets could be expected to exceed, in gain at each customer's own worth; where all
    fits, what everyone's best would bring. at_home: how many wait since another of their household is up.
    """

    seen: Seen
    choice: Choice
    prices: Prices
    bound: float
    at_home: int


def ration(seen: Seen, held: Held, budgets: Sequence[Budget], of: Households, ranks: Array) -> Rationed:
    """The chances of everyone, within budgets, one of a household at a time. ranks: (n,) the lot among equals."""
    seen, waiting = _one_at_home(seen, held, of, ranks)
    own = np.asarray(seen.columns["worth_minor"], dtype=np.float64)
    worth = np.where(np.isnan(own), seen.situations.value_minor[seen.inverse], own)
    gains = _gains(seen, held, worth)
    unbound = float(np.maximum(gains.max(axis=1, initial=0.0), 0.0).sum())
    if not budgets:
        prices = Prices(np.ones(1), np.zeros((1, len(held.actions))), {})
        return Rationed(seen, weigh(seen, held), prices, unbound, waiting)
    few, best = _sampled(seen, ranks), list[Plan]()
    # Those to compare with are decided for without a look at prices: they have what the others leave (see `behind`).
    weight = np.where(behind(few.situations.arm), 0, few.situations.weight)[:, None]

    def expected(cost: Array) -> tuple[float, Array]:
        chance = weigh(few, held, cost).probabilities[:, :-1]
        times = weight * chance
        return float((times * np.where(chance > 0, few.gains.mean, 0.0)).sum()), times.sum(axis=0)

    def start() -> Array:
        best.append(plan(gains, budgets, ranks))
        return best[-1].price

    prices = prices_of(budgets, expected, owed(held.actions), start)
    chances = prices.mixed(lambda cost: weigh(seen, held, cost))
    return Rationed(seen, chances, prices, best[-1].bound if best else unbound, waiting)


def behind(arm: NDArray[np.int8]) -> NDArray[np.bool_]:
    """(n,) who stands behind the others where a budget ends: whoever is decided for by chance, or alike, to compare."""
    return np.isin(arm, (RANDOM, SINGLE))


def _gains(seen: Seen, held: Held, worth: Array) -> Array:
    """(n, A) what each action is expected to bring at each customer's own worth, -inf where it is not possible."""
    each = held.each
    gains: Array = seen.share[seen.inverse] * worth[:, None]
    gains += each["flat"] - each["cost"]
    gains[seen.situations.codes[seen.inverse] != 0] = -np.inf
    return gains


def _one_at_home(seen: Seen, held: Held, of: Households, ranks: Array) -> tuple[Seen, int]:
    """Customers in situations in which one of each household is up; and how many wait for that."""
    if not len(of):
        return seen, 0
    open_ = seen.situations.codes == 0
    best = np.where(open_, seen.gains.mean, -np.inf).max(axis=1, initial=-np.inf)[seen.inverse[of.who]]
    up = households.up_of(of, best, best > 0, ranks[of.who])
    ideas, resting = rests(np.asarray(seen.columns["resting"])[of.who])
    named = [one.idea or one.id for one in held.actions]
    rest = np.array([[name in idea for name in named] for idea in ideas], dtype=np.bool_)[resting]
    since = np.nan_to_num(days_since(np.asarray(seen.columns["contacted_on"])[of.who], seen.day), nan=np.inf)
    spacing = np.array([one.spacing_days for one in held.actions], dtype=np.float64)
    heard = households.heard_at_home(of, rest, since, spacing)
    parted = households.apart(seen.situations, seen.inverse, of, up, heard, owed(held.actions))
    return seen.parted(*parted), int((~up & (best > 0)).sum())


def _sampled(seen: Seen, ranks: Array) -> Seen:
    """The same, by a sample of customers where there are very many situations, each standing for as many."""
    if len(seen.situations) <= SAMPLED:
        return seen
    some = np.argsort(ranks)[:SAMPLED]
    rows, counts = np.unique(seen.inverse[some], return_counts=True)
    fewer = {one.name: getattr(seen.situations, one.name)[rows] for one in fields(seen.situations)}
    fewer["weight"] = counts * (len(seen) / len(some))
    return seen.parted(replace(seen.situations, **fewer), rows, seen.inverse)
