"""How far word spreads among customers who know each other, and with whom to begin within a budget.

Independent cascade (Kempe, Kleinberg & Tardos 2003): whoever was moved tells each whom they know once, and moves them
with the tie's chance. A *reverse-reachable set* holds everybody who, in one play of chance, would have moved one
customer drawn at random; the share of sets that seeds touch, times the customers, is the seeds' expected spread (Borgs
et al. 2014). Seeds are chosen greedily on one half of the sets and judged on the other, until the bound on what any
seeds could reach shows them good enough (OPIM-C: Tang, Tang, Xiao & Yuan 2018; cf. IMM: Tang, Shi & Xiao 2015).

Ties say who may have heard, not why somebody came: friends are alike, and what looks like word may be likeness.
"""

from dataclasses import dataclass
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate
from openchair.value.cases import column, refuse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GREEDY = 1 - 1 / np.e
"""What greedy choice is sure of, where all cost the same."""
FEWEST_SETS, STEADY_SETS = 256, 1 << 15
"""Sets of each half to begin with: the guarantee may need few, the choice among near equals is steadier with more."""
BATCH_PAIRS = 1 << 21
"""Customers in the sets that are drawn together; memory, not the result, follows from it."""


def edges(ties: ir.Table, came: ir.Table) -> ir.Table:
    """Who may tell whom, each pair once in either direction: teller, hearer, strength in (0, 1].

    ties: customer_id, other_id, strength. came: referrals.brought(..), each of full strength from who brought to who
    was brought. Of several between two customers the strongest counts; nobody tells themselves.
    """
    strength = ties.strength.fill_null(1.0)
    parts = (
        ties.select(teller="customer_id", hearer="other_id", strength=strength),
        ties.select(teller="other_id", hearer="customer_id", strength=strength),
        came.select(teller="referrer", hearer="referred", strength=ibis.literal(1.0)),
    )
    every = ibis.union(*parts)
    some = every.filter(every.teller != every.hearer, every.strength > 0)
    return some.group_by("teller", "hearer").agg(strength=some.strength.max())


@dataclass(frozen=True, slots=True)
class Graph:
    """Who may move whom, of n customers: those who tell customer v are tellers[begins[v]:begins[v + 1]], and so chance.

    tellers: (m,) places. chance: (m,) in [0, 1]. begins: (n + 1,).
    """

    tellers: Ints
    chance: Floats
    begins: Ints

    def __len__(self) -> int:
        return len(self.begins) - 1


def graph(n: int, teller: ArrayLike, hearer: ArrayLike, chance: ArrayLike) -> Graph:
    """A graph from its ties. teller, hearer: (m,) places below n. chance: (m,) in [0, 1]. Raises BadInput."""
    one, other = (np.asarray(ends, dtype=np.int64) for ends in (teller, hearer))
    p = column("chance", chance)
    refuse("chance", p, p > 1, "must be in [0, 1]", "Give the chance that word moves the other.")
    for name, ends in (("teller", one), ("hearer", other)):
        refuse(
            name, ends.astype(np.float64), (ends < 0) | (ends >= n), f"must be a place below {n}", "Number them anew."
        )
    order = np.argsort(other, kind="stable")
    begins = np.concatenate([[0], np.cumsum(np.bincount(other, minlength=n))])
    return Graph(one[order], p[order], begins.astype(np.int64))


def by_strength(n: int, teller: ArrayLike, hearer: ArrayLike, strength: ArrayLike, moved: float = 1.0) -> Graph:
    """The weighted cascade: each one's ties share one chance to be moved, by their strength (Kempe et al. 2003).

    strength: (m,) above 0. moved: in [0, 1], the chance to be moved of somebody whom all have told who know them, to
    the first order; where nothing is known of it, spreads are to be compared and not to be believed.
    """
    s, heard = column("strength", strength), np.asarray(hearer, dtype=np.int64)
    refuse("strength", s, s <= 0, "must be above 0", "Leave ties of no strength out.")
    return graph(n, teller, hearer, moved * s / np.bincount(heard, s, minlength=n)[heard])


class Sets(NamedTuple):
    """Reverse-reachable sets: members[begins[i]:begins[i + 1]] are those of set i."""

    members: Ints
    begins: Ints

    def __len__(self) -> int:
        return len(self.begins) - 1


def reverse_sets(of: Graph, number: int, rng: np.random.Generator) -> Sets:
    """So many reverse-reachable sets, each from a customer drawn at random. All grow together, step by step."""
    n, sets, size = len(of), [], 4.0
    left = number
    while left:
        batch = int(np.clip(BATCH_PAIRS / size, 64, left))
        keys = _grown(of, batch, rng)
        sets.append((keys % n, np.bincount(keys // n, minlength=batch)))
        size, left = max(len(keys) / batch, 1.0), left - batch
    sizes = np.concatenate([count for _members, count in sets])
    return Sets(np.concatenate([m for m, _count in sets]), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def _grown(of: Graph, batch: int, rng: np.random.Generator) -> Ints:
    """Sorted keys, set x n + member, of a batch of sets."""
    n = len(of)
    front = np.arange(batch, dtype=np.int64) * n + rng.integers(0, n, batch)
    seen = [front]
    known = front
    while len(front):
        member = front % n
        first, degree = of.begins[member], np.diff(of.begins)[member]
        tie = _ranges(first, degree)
        passed = rng.random(len(tie)) < of.chance[tie]
        reached = np.unique((np.repeat(front - member, degree))[passed] + of.tellers[tie[passed]])
        place = np.minimum(np.searchsorted(known, reached), len(known) - 1)
        front = reached[known[place] != reached]
        seen.append(front)
        known = np.sort(np.concatenate([known, front]), kind="stable")
    return known


def _ranges(first: Ints, length: Ints) -> Ints:
    """first[0], first[0] + 1, .. of each length, one after the other."""
    ends = np.cumsum(length)
    every: Ints = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - length), length)
    return every


@dataclass(frozen=True, slots=True)
class Seeds:
    """Whom to begin with: places in the order chosen, their expected spread (customers moved, themselves included).

    guarantee: the spread is at least this share of what any seeds within the budget could reach, but for a chance of
    `doubt`. sets: how many reverse-reachable sets it took, both halves.
    """

    places: Ints
    spread: Estimate
    guarantee: float
    sets: int


def spread(of: Sets, n: int, places: ArrayLike, z: float = 1.2816) -> Estimate:
    """The expected spread of seeds, from sets they were not chosen on. z: 1.2816 for an interval of eight in ten."""
    number, chosen = len(of), np.zeros(n, dtype=np.bool_)
    chosen[np.asarray(places, dtype=np.int64)] = True
    hit = float(np.logical_or.reduceat(chosen[of.members], of.begins[:-1]).sum())
    # Wilson's interval: it keeps its promise also where nearly no set is touched, or nearly all are.
    share, z2 = hit / number, z * z
    middle, reach = share + z2 / (2 * number), z * np.sqrt(share * (1 - share) / number + z2 / (4 * number**2))
    low, high = (middle - reach) / (1 + z2 / number), (middle + reach) / (1 + z2 / number)
    return Estimate(n * share, n * float(min(low, share)), n * float(max(high, share)), n=number)


def seeds(
    of: Graph,
    budget: float,
    rng: np.random.Generator,
    cost: ArrayLike | None = None,
    *,
    slack: float = 0.1,
    doubt: float = 0.01,
) -> Seeds:
    """With whom to begin, within a budget.

    cost: (n,) above 0 of beginning with each; 1 where None, and the budget is their number. slack: the epsilon of the
    guarantee 1 - 1/e - epsilon, kept where all cost the same; where costs differ the guarantee reached is given. doubt:
    the chance that it does not hold. Raises BadInput for a budget that nobody fits, and out of these bounds.
    """
    n = len(of)
    price = np.ones(n) if cost is None else np.broadcast_to(column("cost", cost), n)
    refuse("cost", price, price <= 0, "must be above 0", "Say what it costs to begin with each.")
    if not n or not price.min() <= budget < np.inf:
        least = f"must be {price.min():g} or more" if n else "there is nobody to begin with"
        raise BadInput("budget", value=budget, bound=least, remedy="Raise the budget, or ask of more customers.")
    most = min(int(budget / price.min()), n)
    choices = gammaln(n + 1) - gammaln(most + 1) - gammaln(n - most + 1)
    sure = np.log(6 / doubt)
    limit = 2 * n * (GREEDY * np.sqrt(sure) + np.sqrt(GREEDY * (choices + sure))) ** 2 / (slack**2 * most)
    size = len(reverse_sets(of, FEWEST_SETS, rng).members) / FEWEST_SETS
    number = max(int(limit * slack**2 * most / n), int(np.clip(BATCH_PAIRS / size, FEWEST_SETS, STEADY_SETS)))
    rounds = max(int(np.ceil(np.log2(limit / number))), 1)
    tail = np.log(3 * rounds / doubt)
    judged, chosen = (reverse_sets(of, number, rng) for _half in range(2))
    for left in range(rounds, -1, -1):
        places, bound = _cover(chosen, n, price, budget)
        reached = spread(judged, n, places)
        least = (np.sqrt(reached.value * len(judged) / n + 2 * tail / 9) - np.sqrt(tail / 2)) ** 2 - tail / 18
        most_ = (np.sqrt(bound + tail / 2) + np.sqrt(tail / 2)) ** 2
        guarantee = float(max(least, 0.0) / len(judged) / (most_ / len(chosen)))
        if guarantee >= GREEDY - slack or not left:
            break
        judged, chosen = (_joined(half, reverse_sets(of, len(half), rng)) for half in (judged, chosen))
    return Seeds(places, reached, min(guarantee, 1.0), len(judged) + len(chosen))


def _joined(one: Sets, other: Sets) -> Sets:
    begins = np.concatenate([one.begins, other.begins[1:] + one.begins[-1]])
    return Sets(np.concatenate([one.members, other.members]), begins)


def _cover(of: Sets, n: int, price: Floats, budget: float) -> tuple[Ints, float]:
    """Places that touch many sets within a budget, by gain for its cost, and a bound on the sets any could touch.

    What is touched, and the best that a fraction of a customer may still add, bound the optimum after any choice; it is
    asked after the 1st, 2nd, 4th and so on, and after the last.
    """
    gain = np.bincount(of.members, minlength=n)
    order = np.argsort(of.members, kind="stable")
    owner = np.repeat(np.arange(len(of)), np.diff(of.begins))[order]
    begins = np.concatenate([[0], np.cumsum(gain)])
    touched, left, bound = np.zeros(len(of), dtype=np.bool_), budget, np.inf
    places: list[int] = []
    covered = 0
    best_alone = int(np.argmax(np.where(price <= budget, gain, -1)))
    alone = int(gain[best_alone])
    while True:
        if not len(places) & (len(places) - 1):
            bound = min(bound, covered + _fraction(gain, price, budget))
        ratio = np.where(price <= left, gain / price, 0.0)
        best = int(np.argmax(ratio))
        if not ratio[best] > 0:
            break
        places.append(best)
        left -= price[best]
        mine = owner[begins[best] : begins[best + 1]]
        mine = mine[~touched[mine]]
        touched[mine] = True
        covered += len(mine)
        members = of.members[_ranges(of.begins[mine], np.diff(of.begins)[mine])]
        gain = gain - np.bincount(members, minlength=n)
    bound = min(bound, covered + _fraction(gain, price, budget))
    if alone > covered:  # one dear customer may reach more than many cheap ones (Khuller, Moss & Naor 1999)
        return np.array([best_alone]), bound
    return np.array(places, dtype=np.int64), bound


def _fraction(gain: Ints, price: Floats, budget: float) -> float:
    """The most that a budget adds, were gains to add up and customers to be had in parts."""
    some = np.flatnonzero(gain)
    order = some[np.argsort(-gain[some] / price[some])]
    spent = np.cumsum(price[order])
    whole = int(np.searchsorted(spent, budget, side="right"))
    total = float(gain[order[:whole]].sum())
    if whole < len(order):
        total += float(gain[order[whole]] * (budget - (spent[whole - 1] if whole else 0.0)) / price[order[whole]])
    return total
