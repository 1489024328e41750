"""The plan: who gets what today where money, hours, contacts and capacity are short of what could be done.

A multiple-choice knapsack: each customer (or household) gets one action or nothing, and everyone together stays within
every budget. Budgets get prices (the Lagrangian dual; Fisher, 1981): at given prices each customer's best action is
found alone, which is one pass of NumPy, and what all would use says how the prices must move. Prices are found by
cutting planes within a trust region, on a few customers first, then on more, then on all. What the last prices leave
open is mixed in the shares the cutting planes give (Dantzig & Wolfe, 1960), cut back to what fits, and filled up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from openchair.core.errors import BadInput

Array = NDArray[np.float64]
_ROWS = 1 << 15
FIRST = 4_000
"""Households that prices are first looked for among; each time after that, 16 times as many."""
ROUNDS = 300
"""Times that prices are moved at most, and plans filled up."""
CLOSE = 1e-6
"""The share of the bound by which prices may fall short of the best ones."""
NEAR = 1e-5
"""The gap at which a plan is no longer filled up."""
ROUNDING = 1e-9
"""The share of a budget that is not told from the budget itself."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What there is of something today, and how much of it each action takes.

    limit: 0 or more; infinite where there is no limit. uses: (A,) finite, 0 or more; for a capacity, 1 for its action
    and 0 for the others.
    """

    name: str
    limit: float
    uses: Sequence[float]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets what. action: (N,) columns of the gains, A for nothing. gain: what it is expected to bring in all.

    bound: what no plan within these budgets can exceed, the value of the linear program in which customers may be
    shared between actions. used, price: (B,) what the plan takes of each budget, and what one more unit would add.
    """

    action: NDArray[np.int64]
    gain: float
    bound: float
    used: Array
    price: Array

    @property
    def gap(self) -> float:
        """The share of the bound that the plan does not reach: the best plan lies in between."""
        return max(0.0, 1 - self.gain / self.bound) if self.bound > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Problem:
    """Customers in an order that chance gives, members of a household side by side.

    gains: (n, A + 1), the last column is nothing. home: (n,) household, counted from 0. starts: where each begins.
    uses: (B, A + 1) and share: both as parts of a whole day's budgets; share is 1 but for a sample.
    """

    gains: Array
    home: NDArray[np.int64]
    starts: NDArray[np.int64]
    uses: Array
    share: float

    def first(self, homes: int) -> "_Problem":
        """The same with only so many households, and as large a part of the budgets."""
        end = self.starts[homes] if homes < len(self.starts) else len(self.home)
        part = self.share * homes / len(self.starts)
        return _Problem(self.gains[:end], self.home[:end], self.starts[:homes], self.uses, part)

    def taken(self, action: NDArray[np.int64]) -> Array:
        """(B,) what actions take of each budget."""
        taken: Array = self.uses @ np.bincount(action, minlength=self.uses.shape[1])
        return taken

    def answer(self, prices: Array) -> tuple[float, Array, NDArray[np.int64]]:
        """The dual's value at some prices, its slope, and what each customer would get at them."""
        net = prices @ self.uses
        best, action = np.empty(len(self.gains)), np.empty(len(self.gains), dtype=np.int64)
        for start in range(0, len(best), _ROWS):
            rows = slice(start, start + _ROWS)
            after = self.gains[rows] - net
            action[rows] = after.argmax(axis=1)
            best[rows] = np.take_along_axis(after, action[rows, None], axis=1)[:, 0]
        top = np.maximum.reduceat(best, self.starts)
        if len(self.starts) < len(best):
            leads = np.flatnonzero((best == top[self.home]) & (best > 0))
            _homes, first = np.unique(self.home[leads], return_index=True)
            idle = np.ones(len(best), dtype=np.bool_)
            idle[leads[first]] = False
            action[idle] = len(net) - 1
        value = float(self.share * prices.sum() + top.sum())
        return value, self.share - self.taken(action), action


def plan(gains: Array, budgets: Sequence[Budget], ranks: Array, households: NDArray[np.int64] | None = None) -> Plan:
    """The best plan that is found within all budgets, and how far at most it is from the best there is.

    gains: (N, A) what each action is expected to bring with each customer, -inf where it is not permitted. ranks: (N,)
    a number of its own for each customer that follows from who it is (core.ids.uniforms), so that the order they come
    in changes nothing and equals are told apart. households: (N,) where given, of those with the same number one at
    most gets anything. What is expected to bring nothing or less, or alone exceeds a budget, is never taken.
    Budgets are kept to one part in a thousand million. Raises BadInput for gains that are NaN or infinite, for a limit
    that is negative or NaN, and uses that are negative, not finite or of another number than the actions.

    >>> one = plan(np.array([[5.0, 9.0], [4.0, 7.0]]), [Budget("hours", 3, [1, 2])], np.array([0.1, 0.2]))
    >>> one.action.tolist(), one.gain, round(one.bound, 6)
    ([1, 0], 13.0, 13.0)
    """
    problem, order, binding = _posed(gains, budgets, ranks, households)
    nothing, none = problem.uses.shape[1] - 1, np.zeros(len(budgets))
    if not (problem.gains > 0).any():
        return Plan(np.full(len(order), nothing), 0.0, 0.0, none, none)
    prices, bound, mixed = _priced(problem)
    net = prices @ problem.uses
    _trim(problem, mixed, net)
    gain = _fill(problem, mixed, net, bound)
    action = np.empty_like(mixed)
    action[order] = mixed
    counts = np.bincount(mixed, minlength=nothing + 1)[:-1]
    price = none.copy()
    price[binding] = prices / np.array([budgets[place].limit for place in binding])
    return Plan(action, gain, max(bound, gain), np.array([np.array(one.uses) @ counts for one in budgets]), price)


def _posed(
    gains: Array, budgets: Sequence[Budget], ranks: Array, households: NDArray[np.int64] | None
) -> tuple[_Problem, NDArray[np.int64], list[int]]:
    """What is to be solved, the order its customers are in, and which budgets may bind."""
    n, number = gains.shape
    if not (gains < np.inf).all():
        row, column = np.argwhere(~(gains < np.inf))[0]
        bound, remedy = "must be a number, or -inf where not permitted", "Rule the action out, or mend its prior."
        what = f"gain of action {column} with customer {row}"
        raise BadInput(what, value=float(gains[row, column]), bound=bound, remedy=remedy)
    barred = np.zeros(number, dtype=np.bool_)
    for one in budgets:
        uses = np.array(one.uses, dtype=np.float64)
        if not one.limit >= 0:
            bound, remedy = "must be 0 or more", "Give what there is of it, or leave it out for no limit."
            raise BadInput(f"budget {one.name}", value=one.limit, bound=bound, remedy=remedy)
        if uses.shape != (number,) or not ((uses >= 0) & (uses < np.inf)).all():
            bound, remedy = f"must be {number} finite numbers of 0 or more", "Give one for each action."
            raise BadInput(f"what actions use of {one.name}", value=uses.tolist(), bound=bound, remedy=remedy)
        barred |= uses > one.limit
    binding = [place for place, one in enumerate(budgets) if 0 < one.limit < np.inf]
    parts = np.zeros((len(binding), number + 1))
    for row, place in enumerate(binding):
        parts[row, :-1] = np.where(barred, 0, budgets[place].uses) / budgets[place].limit
    member = np.arange(n) if households is None else np.unique(households, return_inverse=True)[1].reshape(-1)
    eldest = np.full(n, np.inf)
    np.minimum.at(eldest, member, ranks)
    order = np.lexsort((ranks, member, eldest[member]))
    begins = np.diff(member[order], prepend=-1) != 0
    own = np.zeros((n, number + 1))
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        own[rows, :-1] = np.where(barred, -np.inf, gains[order[rows]])
    posed = _Problem(own, begins.cumsum() - 1, np.flatnonzero(begins), parts, 1.0)
    return posed, order, binding


def _priced(problem: _Problem) -> tuple[Array, float, NDArray[np.int64]]:
    """Prices of whole budgets, the bound they prove, and what customers get at them, mixed where they leave it open."""
    homes = len(problem.starts)
    sizes = [homes]
    while sizes[0] > 4 * FIRST:
        sizes.insert(0, max(FIRST, sizes[0] // 16))
    prices = np.zeros(len(problem.uses))
    reach = float(np.maximum(problem.gains.max(axis=1), 0).sum()) / max(1, len(prices))
    for size in sizes:
        prices, bound, mixed = _descend(problem.first(size), prices, reach)
        reach = float(prices.max(initial=0.0)) / np.sqrt(size) or reach
    return prices, bound, mixed


def _descend(problem: _Problem, centre: Array, reach: float) -> tuple[Array, float, NDArray[np.int64]]:
    """Prices whose dual is within CLOSE of the least, looked for around `centre`, at first no further than `reach`."""
    best, slope, action = problem.answer(centre)
    slopes, heights, answers = [slope], [best - slope @ centre], [action]
    weights, unit = np.ones(1), best or 1.0
    for _ in range(ROUNDS):
        low, high = np.maximum(centre - reach, 0) / unit, (centre + reach) / unit
        box = [*zip(low, high, strict=True), (None, None)]
        rows = np.column_stack([slopes, -np.ones(len(slopes))])
        found = linprog([*np.zeros(len(centre)), 1.0], A_ub=rows, b_ub=-np.array(heights) / unit, bounds=box)
        if not found.success:
            break  # HiGHS gave up on rounding: what was found so far stands, and its gap is told
        weights = -found.ineqlin.marginals
        there = found.x[:-1] * unit
        on_edge = bool(((np.abs(there - centre) >= reach * (1 - 1e-9)) & (there > 0)).any())
        foreseen = best - found.fun * unit
        if foreseen <= CLOSE * best:
            if not on_edge:
                break
            reach *= 4
            continue
        value, slope, action = problem.answer(there)
        slopes.append(slope)
        heights.append(value - slope @ there)
        answers.append(action)
        if best - value >= 0.1 * foreseen:
            best, centre, reach = value, there, reach * (2 if on_edge else 1)
        elif value - best > foreseen:
            reach /= 2
    shares = np.append(weights, np.zeros(len(answers) - len(weights))).clip(0)
    edges = shares.cumsum() / shares.sum()
    place = np.modf(np.arange(len(problem.starts)) * ((5**0.5 - 1) / 2))[0]  # even, however many are looked at
    drawn = np.minimum(np.searchsorted(edges, place, side="right"), len(edges) - 1)[problem.home]
    mixed = answers[0].copy()
    for which in np.flatnonzero(shares[1:]) + 1:
        mixed = np.where(drawn == which, answers[which], mixed)
    return centre, best, mixed


def _trim(problem: _Problem, action: NDArray[np.int64], net: Array) -> None:
    """Until all fits: whoever loses least, at these prices, for what it frees gets something lighter, or nothing."""
    uses = problem.uses
    lighter = np.logical_and.reduce(uses[:, None, :] <= uses[:, :, None], axis=0)
    while (over := problem.taken(action) - 1).max(initial=0.0) > ROUNDING:
        scarce = over.argmax()
        rows = np.flatnonzero(uses[scarce, action] > 0)
        now = action[rows]
        after = problem.gains[rows] - net
        held = np.take_along_axis(after, now[:, None], axis=1)[:, 0]
        after[~(lighter & (uses[scarce] < uses[scarce][:, None]))[now]] = -np.inf
        other = after.argmax(axis=1)
        loss = held - np.take_along_axis(after, other[:, None], axis=1)[:, 0]
        frees = uses[scarce, now] - uses[scarce, other]
        first = np.argsort(loss / frees, kind="stable")
        first = first[: np.searchsorted(frees[first].cumsum(), over[scarce] - ROUNDING) + 1]
        action[rows[first]] = other[first]


def _fill(problem: _Problem, action: NDArray[np.int64], net: Array, bound: float) -> float:
    """Give what is left to whoever gains by it, most at these prices first; gives what the plan brings in the end."""
    uses, nothing = problem.uses, problem.uses.shape[1] - 1
    each = np.arange(len(action))
    for _ in range(ROUNDS):
        gain = float(problem.gains[each, action].sum())
        spare = 1 - problem.taken(action) + ROUNDING
        more = uses[:, None, :] - uses[:, :, None]
        fits = np.logical_and.reduce(more <= spare[:, None, None], axis=0)
        acting = np.bincount(problem.home, action < nothing) > 0
        open_ = (action < nothing) | ~acting[problem.home]
        if bound - gain <= NEAR * bound or not fits[action[open_]].any():
            break
        better, other = np.full(len(action), -np.inf), action.copy()
        for start in range(0, len(action), _ROWS):
            rows = slice(start, start + _ROWS)
            now, own = action[rows], problem.gains[rows]
            held = np.take_along_axis(own, now[:, None], axis=1)
            after = np.where(fits[now] & (own > held) & open_[rows, None], own - net, -np.inf)
            other[rows] = after.argmax(axis=1)
            better[rows] = np.take_along_axis(after, other[rows, None], axis=1)[:, 0] - held[:, 0] + net[now]
        may = np.flatnonzero(better > -np.inf)
        may = may[np.argsort(-better[may], kind="stable")]
        _homes, first = np.unique(problem.home[may], return_index=True)
        may = may[np.sort(first)]
        within = (more[:, action[may], other[may]].cumsum(axis=1) <= spare[:, None]).all(axis=0)
        may = may[: len(may) if within.all() else within.argmin()]
        if not len(may):
            break
        action[may] = other[may]
    return gain
