"""Budgets: what there is of money, hours and contacts in a day and a week, what is left, and the prices it lasts at.

A price says what one more unit of a budget would bring. Each action's gain counts less what it takes at these prices,
so what is scarce goes where it brings most, while the chances stay exact. What chance draws beyond a budget waits by
lot.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from openchair.core.errors import BadInput
from openchair.decisions.choice import Choice
from openchair.decisions.plan import ROUNDING, Budget
from openchair.loyalty.actions import Action

Array = NDArray[np.float64]
Span = Literal["day", "week"]
SPANS: tuple[Span, ...] = get_args(Span)
TITLES: Mapping[str, str] = {
    "money": "money", "hours": "hours", "discounts": "money for discounts", "e-mail": "e-mails", "letter": "letters",
    "parcel": "things in parcels", "call": "calls", "message": "messages", "person": "visits",
    "webhook": "contacts by webhook",
}  # fmt: skip
"""What a budget can be of: money and discounts in minor units, the team's hours, contacts by each channel."""
CHANNELS = tuple(TITLES)[3:]
MOST = 1e12
HALVINGS = 24
"""Times that prices are halved, or raised, at first."""
ROUNDS = 30
"""Times that prices are looked for anew at most."""
STEPS = (1.0, 0.5, 2.0)
"""What is tried of the prices that follow from what is known so far."""
CLOSE = 1e-4
"""The share of the gain below which better prices are looked for no more, and a hundredth of it that counts."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What there is of something in a day and in a week, from Monday on; None for no limit."""

    day: float | None = None
    week: float | None = None


Budgets = Mapping[str, Allowed]
"""By the names of TITLES; what is not named has no limit."""


class Done(NamedTuple):
    """How often an action was approved on a channel, today or on another day since Monday."""

    action: str
    channel: str
    today: bool
    times: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit: of what, in a day or a week, how much, and how much of it is used.

    uses: (A,) what each action takes.
    """

    name: str
    title: str
    span: Span
    limit: float
    used: float
    uses: Array

    @property
    def left(self) -> float:
        """What is left of it."""
        return max(0.0, self.limit - self.used)

    @property
    def reason(self) -> str:
        """Why something waits that would exceed it.

        >>> Standing("hours", "hours", "day", 4.0, 4.0, np.zeros(1)).reason
        "today's budget of hours was used"
        """
        return f"{'today' if self.span == 'day' else 'this week'}'s budget of {self.title} was used"


def read(given: Mapping[str, Mapping[str, float | None]], used: Mapping[tuple[str, Span], float]) -> dict[str, Allowed]:
    """Budgets as somebody gave them. used: what was used already, by name and span.

    Raises BadInput for what is no budget, a limit that is no number of 0 or more, one below what was used already, and
    a day's above its week's.

    >>> read({"hours": {"day": 4, "week": None}}, {})
    {'hours': Allowed(day=4.0, week=None)}
    """
    found = {}
    for name, spans in given.items():
        if name not in TITLES:
            raise BadInput("budget", value=name, bound=f"one of {', '.join(TITLES)}", remedy="Name one of these.")
        limits: dict[str, float | None] = {}
        for span, limit in spans.items():
            what = f"budget of {TITLES[name]} for a {span}"
            if span not in SPANS:
                raise BadInput(what, value=span, bound="must be for a day or a week", remedy="Say which.")
            if limit is None:
                continue
            if not (isinstance(limit, int | float) and 0 <= limit <= MOST):  # NaN is neither
                bound = f"must be a number from 0 to {MOST:,.0f}"
                raise BadInput(what, value=limit, bound=bound, remedy="Leave it empty for no limit.")
            already = used.get((name, span), 0.0)
            if limit < already * (1 - ROUNDING):
                bound = f"must not be less than was used already, {already:g}"
                raise BadInput(what, value=limit, bound=bound, remedy=f"Give {already:g} or more, or wait till then.")
            limits[span] = float(limit)
        day, week = limits.get("day"), limits.get("week")
        if day is not None and week is not None and day > week:
            what, bound = f"budget of {TITLES[name]} for a day", f"is more than the {week:g} of its week"
            raise BadInput(what, value=day, bound=bound, remedy="Give the week as much, or the day less.")
        if limits:
            found[name] = Allowed(**limits)
    return found


def uses_of(name: str, actions: Sequence[Action], channels: Sequence[str] = ()) -> Array:
    """(n,) what each of n actions takes of a budget. channels: those they go by; left out, those they prefer."""
    taken: Mapping[str, Callable[[Action], float]] = {
        "money": lambda one: one.cost_minor,
        "hours": lambda one: one.minutes / 60,
        "discounts": lambda one: one.cost_minor * one.is_discount,
    }
    if name in taken:
        return np.array([taken[name](one) for one in actions], dtype=np.float64)
    by = channels or [one.channel for one in actions]
    return np.array([name == channel for channel in by], dtype=np.float64)


def owed(actions: Sequence[Action]) -> NDArray[np.bool_]:
    """(A,) what is owed to customers, and so comes before all else."""
    return np.array([one.owed for one in actions], dtype=np.bool_)


def standings(budgets: Budgets, actions: Sequence[Action], done: Iterable[Done]) -> tuple[Standing, ...]:
    """How all that is limited stands: budgets of a day and a week, and what each action has capacity for."""
    named = {one.id: one for one in actions}
    counted = [one for one in done if one.action in named]
    took = [named[one.action] for one in counted]
    times = np.array([one.times for one in counted], dtype=np.float64)
    today = np.array([one.today for one in counted], dtype=np.bool_)

    def used(each: Array, span: Span) -> float:
        return float((each * times)[today if span == "day" else slice(None)].sum())

    found = []
    for name, allowed in budgets.items():
        uses, spent = uses_of(name, actions), uses_of(name, took, [one.channel for one in counted])
        for span in SPANS:
            limit = getattr(allowed, span)
            if limit is not None:
                found.append(Standing(name, TITLES[name], span, limit, used(spent, span), uses))
    for place, one in enumerate(actions):
        if one.capacity is not None:
            within: Span = "day" if one.capacity_days == 1 else "week"
            own = np.array([other.id == one.id for other in took], dtype=np.float64)
            uses = (np.arange(len(actions)) == place).astype(np.float64)
            found.append(Standing(one.id, f"“{one.title}”", within, one.capacity, used(own, within), uses))
    return tuple(found)


def tightest(stands: Sequence[Standing]) -> list[Budget]:
    """What is left of each thing that is limited, by its day or its week, whichever leaves less."""
    least: dict[str, Standing] = {}
    for one in stands:
        if one.name not in least or one.left < least[one.name].left:
            least[one.name] = one
    return [Budget(name, one.left, one.uses.tolist()) for name, one in least.items()]


@dataclass(frozen=True, slots=True)
class Prices:
    """What actions cost, as budgets are scarce: lists of prices, and how often each is the one that chances follow.

    share: (j,) they sum to 1. cost: (j, A) in the unit of gains; infinite for what alone is more than is left.
    worth: what one more unit of each budget would bring, by name.
    """

    share: Array
    cost: Array
    worth: Mapping[str, float]

    def mixed(self, choose: Callable[[Array], Choice]) -> Choice:
        """The chances that follow: those at each list of prices, as often as it is. choose: of (A,) costs."""
        chosen = [choose(cost) for cost in self.cost]
        if len(chosen) == 1:
            return chosen[0]
        chance = np.add.reduce([share * one.probabilities for share, one in zip(self.share, chosen, strict=True)])
        codes = np.where(chance[:, :-1] > 0, 0, chosen[int(self.share.argmax())].codes).astype(np.int16)
        return Choice(chance, codes)


def cost_of(budgets: Sequence[Budget], prices: Array, free: NDArray[np.bool_]) -> Array:
    """(A,) what actions cost at prices of budgets: nothing what is owed (`free`), infinite what alone is too much.

    >>> cost_of([Budget("hours", 1, [0.5, 2, 0.5])], np.array([100.0]), np.array([False, False, True])).tolist()
    [50.0, inf, 0.0]
    """
    uses, limits = np.array([one.uses for one in budgets]), np.array([one.limit for one in budgets])
    beyond = (uses > limits[:, None] * (1 + ROUNDING)).any(axis=0)
    with np.errstate(invalid="ignore"):  # an infinite price of what is not used
        paid = np.where(uses > 0, prices[:, None] * uses, 0.0).sum(axis=0)
    cost: Array = np.where(beyond, np.inf, np.where(free, 0.0, paid))
    return cost


def prices_of(
    budgets: Sequence[Budget],
    expected: Callable[[Array], tuple[float, Array]],
    free: NDArray[np.bool_],
    start: Callable[[], Array] | None = None,
) -> Prices:
    """Prices at which what is to be expected under the chances fits every budget, and brings as much as is found.

    expected: of (A,) costs the gain, and the (A,) times that each action is to be expected under the chances that
    follow. free: (A,) what is owed, and so costs nothing. start: gives (B,) prices to begin from, where any are needed.
    Lists of prices are columns of a small linear program (Dantzig & Wolfe, 1960): it says how often each is to be used,
    and what the budgets are worth then, which are the next prices to be tried. What is owed may exceed a budget; then
    the lot keeps it within.
    """
    uses, limits = np.array([one.uses for one in budgets]), np.array([one.limit for one in budgets])
    costs: list[Array] = []
    gains: list[float] = []
    used: list[Array] = []

    def tried(prices: Array) -> Array:
        cost = cost_of(budgets, prices, free)
        known = next((place for place, before in enumerate(costs) if np.array_equal(cost, before)), -1)
        if known < 0:
            gain, times = expected(cost)
            costs.append(cost)
            gains.append(gain)
            used.append(uses @ times)
        return used[known]

    none = np.zeros(len(budgets))
    tried(none)
    if (used[0] <= limits * (1 + ROUNDING)).all():
        return Prices(np.ones(1), np.array(costs), {})
    tried(np.full(len(budgets), np.inf))
    limits, unit = np.maximum(limits, used[-1]), max(map(abs, gains)) or 1.0
    scale = np.where(limits > 0, limits, 1.0)
    low, high = _bracketed(limits, tried, start() if start else none, unit)
    for place in np.flatnonzero(high > low):
        # One budget a step too cheap, and all others as they fit: what a mixture needs where many are alike.
        tried(np.where(np.arange(len(budgets)) == place, low, high))
    best, price, share = -np.inf, none, np.ones(1)
    for _ in range(ROUNDS):
        found = linprog(
            -np.array(gains) / unit,
            A_ub=np.array(used).T / scale[:, None],
            b_ub=limits / scale,
            A_eq=np.ones((1, len(gains))),
            b_eq=[1.0],
            bounds=(0, None),
        )
        if not found.success:
            break  # HiGHS gave up on rounding: what was found so far stands
        share, price = found.x, -found.ineqlin.marginals * unit / scale
        # Chances are spread over more than the best, so what they use falls short of the dual's: steps to both sides.
        before = len(costs)
        for step in STEPS:
            tried(price * step)
        if len(costs) == before or -found.fun <= best + CLOSE:
            break
        best = -found.fun
    share = np.append(share, np.zeros(len(costs) - len(share)))
    kept = np.flatnonzero(share > CLOSE / 100)
    worth = {one.name: float(value) for one, value in zip(budgets, price, strict=True) if value > 0}
    return Prices(share[kept] / share[kept].sum(), np.array(costs)[kept], worth)


def _bracketed(limits: Array, use: Callable[[Array], Array], start: Array, unit: float) -> tuple[Array, Array]:
    """(B,) prices at which each budget is just exceeded, and just fits, all looked for at once by halving."""
    low, high, prices = np.zeros(len(limits)), np.full(len(limits), np.inf), start.astype(np.float64)
    least = unit * CLOSE / 1e3
    for _ in range(HALVINGS):
        over = use(prices) > limits * (1 + ROUNDING)
        low, high = np.where(over, np.maximum(low, prices), low), np.where(over, high, np.minimum(high, prices))
        high = np.where(high < low, np.inf, high)  # others moved: what fitted does no more
        raised = np.where(np.isinf(high), np.maximum(4 * prices, least), (low + high) / 2)
        prices = np.where((low == 0) & ~np.isinf(high), np.where(high <= least, 0.0, high / 4), raised)
    return low, np.where(np.isinf(high), prices, high)


def lot(
    action: NDArray[np.int64],
    stands: Sequence[Standing],
    ranks: Array,
    first: NDArray[np.bool_],
    taken: Callable[[Standing], Array] | None = None,
) -> NDArray[np.int64]:
    """(n,) who has to wait since a budget was used: -1 for nobody, else its place in `stands`.

    action: (n,) what was drawn, A for nothing. ranks: (n,) the lot, which knows nothing of gains. first: (n,) who comes
    before all others, for it is owed to them. taken: (n,) what each takes of a budget, where that is not the same for
    everyone with an action, as by the channel that was chosen. Whoever stands where a budget ends waits, and so do all
    behind them who would need it: what is kept never exceeds any budget.
    """
    waits = np.full(len(action), -1, dtype=np.int64)
    order = np.lexsort((ranks, ~first))
    for place, one in enumerate(stands):
        each = taken(one) if taken else np.append(one.uses, 0.0)[action]
        needed = np.where(waits[order] < 0, each[order], 0.0)
        beyond = (needed > 0) & (needed.cumsum() > one.left * (1 + ROUNDING))
        waits[order[beyond]] = place
    return waits
