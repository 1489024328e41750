"""Deciding: from what is held to be true to one decision a customer, with exact chances. No I/O, nothing learned here.

Guard -> lot -> distinct situations -> gains -> customer first -> discounts last -> prices -> chances -> draw. What does
not differ between two customers is worked out once for both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from openchair.core.ids import uniforms
from openchair.decisions import choice, features, guard, situation
from openchair.decisions.budgets import Prices
from openchair.decisions.choice import Choice, Gains
from openchair.decisions.reasons import BUDGET, COSTS_MORE, HARMS, HELD_BACK, NOT_THE_ONE
from openchair.decisions.record import texts_of
from openchair.decisions.situation import Situations
from openchair.learning.arms import HOLDOUT, IMPERSONAL, LEARNED, RANDOM, SINGLE, Shares, arms_of
from openchair.learning.candidates import Policy
from openchair.learning.effects import Effects, Leanings
from openchair.learning.hierarchical import hoped
from openchair.loyalty.actions import WAIT, Action
from openchair.loyalty.pillars import PILLAR_IDS

Array = NDArray[np.float64]
DAILY = "daily"
"""The occasion of the decisions that a turn takes for everyone."""
LOOKED_AT = (
    "stage", "orders", "spent_minor", "value_minor", "worth_minor", "rules", "food_safety", "consents", "nps_score",
    "sent_friends", "complained_on", "contacted_on", "attention_budget", "attention_spent", "resting", "household",
)  # fmt: skip
"""Columns of a customer's row that are looked at, beside customer_id; household may be left out."""
FELT = 0.1
"""Points of satisfaction of 0 to 10 that count as harm; less is felt by nobody."""
EXPECTED_BYTES = 64 * 1024 * 1024
"""What may be remembered of the effects of actions, by features."""


@dataclass(frozen=True)
class Held:
    """All that deciding rests on: made once a turn, kept in memory between turns.

    worth, good: effects on a customer's worth, as a share of it, and on their own good, in points of satisfaction.
    typical: the shop's typical band of worth (features.worth_band). x, worth_minor: (d,) the mean customer's features
    and worth, by which `impersonal` decides. weights: (A,) how many times each gain counts, () for once. single: the
    place of the one action that is best for all; None: of those who are decided for. outcomes: behind it all. version:
    of the beliefs. prices: those that the last plan found budgets to have, where anything was scarce.
    """

    actions: tuple[Action, ...]
    worth: Effects
    good: Effects
    leanings: Leanings
    typical: float
    x: Array
    worth_minor: float
    outcomes: float
    version: str
    weights: Sequence[float] = ()
    single: int | None = None
    policy: Policy = field(default_factory=Policy)
    shares: Shares = field(default_factory=Shares)
    confidence: float = 0.8
    exploration: float = 0.05
    customer_first: float = 0.8
    outcome_days: int = 28
    seed: int = 1
    prices: Prices | None = None

    @cached_property
    def each(self) -> Mapping[str, Array]:
        """(A,) of each action: what it adds whatever a customer is worth, what it costs, how long it is looked at."""
        rows = [(one.flat_minor, one.cost_minor, one.window_days or self.outcome_days) for one in self.actions]
        flat, cost, window = np.array(rows, dtype=np.float64).reshape(-1, 3).T
        return {"flat": flat, "cost": cost, "window": window}

    @cached_property
    def _expected(self) -> dict[int, Array]:
        return {}

    def expected(self, codes: NDArray[np.int64]) -> Array:
        """(3, k, A) in situations of which features are known, by their codes: the effect on worth, its standard
        deviation, and the chance that their own good is less by what is felt.

        Customers by the million have but a few hundred codes between them, so each is worked out once.
        """
        if not len(codes):
            return np.zeros((3, 0, len(self.actions)))
        known, some = self._expected, np.unique(codes)
        lost = [code for code in some.tolist() if code not in known]
        if (len(known) + len(lost)) * 3 * self.worth.mean[:, 0].nbytes > EXPECTED_BYTES:
            known.clear()
            lost = some.tolist()
        if lost:
            x = features.matrix(np.array(lost, dtype=np.int64), self.typical)
            good, good_sd = self.good.at(x)
            harm = ndtr((-FELT - good) / np.maximum(good_sd, 1e-9))
            known.update(zip(lost, np.stack([*self.worth.at(x), harm], axis=1), strict=True))
        each = np.stack([known[code] for code in some.tolist()], axis=1)
        return np.asarray(each[:, np.searchsorted(some, codes)])

    @cached_property
    def names(self) -> NDArray[np.str_]:
        """(A + 1,) what the places of `action` stand for."""
        return np.array(named(self.actions))

    @cached_property
    def channels(self) -> NDArray[np.str_]:
        """(A + 1, most) the channels of each action in order, empty where there are no more, and for waiting."""
        most = max((len(one.channels) for one in self.actions), default=1)
        return np.array([[*one.channels, *[""] * (most - len(one.channels))] for one in self.actions] + [[""] * most])

    @cached_property
    def pillar(self) -> NDArray[np.int64]:
        """(A,) the pillar of each action, a place in PILLAR_IDS."""
        return np.array([PILLAR_IDS.index(one.pillar) for one in self.actions], dtype=np.int64)

    @cached_property
    def of_pillar(self) -> NDArray[np.float32]:
        """(A, P) 1 where an action is of a pillar."""
        return np.eye(len(PILLAR_IDS), dtype=np.float32)[self.pillar]

    @cached_property
    def essential(self) -> NDArray[np.bool_]:
        """(A,) what is never withheld."""
        return np.array([one.essential for one in self.actions], dtype=np.bool_)

    @cached_property
    def discounts(self) -> NDArray[np.bool_]:
        """(A,) what is a discount."""
        return np.array([one.is_discount for one in self.actions], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Seen:
    """n customers as they are looked at on a day and occasion: k situations, what is to be gained in each, what is out.

    columns: by name, (n,). inverse: (n,) each one's situation. circumstance: (n,) and channel: (c, A) by which channel
    an action would reach them. arm: (n,) places in ARMS. share, share_sd: (k, A) of worth. harms: (k, A) what is out
    for that alone. single: the action that is best for all. The codes of the situations are all that is out.
    """

    columns: Mapping[str, Any]
    day: date
    occasion: str
    situations: Situations
    inverse: NDArray[np.int64]
    circumstance: NDArray[np.int64]
    channel: NDArray[np.int8]
    arm: NDArray[np.int8]
    share: Array
    share_sd: Array
    gains: Gains
    harms: NDArray[np.bool_]
    single: int

    def __len__(self) -> int:
        return len(self.inverse)

    def parted(self, situations: Situations, before: NDArray[np.int64], inverse: NDArray[np.int64]) -> "Seen":
        """The same customers in finer situations; before: (k,) of which of those so far each is made."""
        gains = replace(self.gains, mean=self.gains.mean[before], sd=self.gains.sd[before], n=self.gains.n[before])
        return replace(
            self,
            situations=situations,
            inverse=inverse,
            gains=gains,
            share=self.share[before],
            share_sd=self.share_sd[before],
            harms=self.harms[before],
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for n customers. action: (n,) places in the catalogue, A for waiting. propensity: (n,) its exact
    chance. gain, gain_sd: (n,) at each one's own worth. expected: (n,) margin expected anyway in window_days: (n,), NaN
    where no model could say. forgone_minor: what ruling out harm costs in expected gain, all in all."""

    seen: Seen
    choice: Choice
    action: NDArray[np.int64]
    propensity: Array
    gain: Array
    gain_sd: Array
    window_days: NDArray[np.int64]
    expected: Array
    forgone_minor: float

    @property
    def features(self) -> NDArray[np.int64]:
        """(n,) codes of what is learned from (decisions.features)."""
        return self.seen.situations.features[self.seen.inverse]

    def channels(self, held: Held) -> NDArray[np.str_]:
        """(n,) the channel that each goes by, empty for waiting."""
        reached = np.column_stack([self.seen.channel, np.zeros(len(self.seen.channel), dtype=np.int8)])
        return np.asarray(held.channels[self.action, reached[self.seen.circumstance, self.action]])

    def records(self, held: Held) -> list[str]:
        """The record of each situation, as decisions.record reads it."""
        return texts_of(self.seen.situations, held.actions, self.seen.gains, self.choice, held.weights)


Plan = Callable[[Seen, Held], tuple[Seen, Choice]]
"""How budgets and households enter: who is looked at, perhaps in finer situations (Seen.parted), and their chances,
made with `weigh` at the prices of budgets."""


def decide(
    columns: Mapping[str, Any], held: Held, day: date, occasion: str = DAILY, plan: Plan | None = None
) -> Chosen:
    """One decision for each of n customers. columns: customer_id and LOOKED_AT, (n,) each.

    The same columns, beliefs, day and occasion give the same decisions, whoever else is decided for: a plan and the one
    best action aside, which are of everyone. Raises BadInput for an occasion that is no moment, and as situations do.
    """
    seen = look(columns, held, day, occasion)
    if plan:
        return draw(*plan(seen, held), held)
    return draw(seen, chances_of(seen, held), held)


def chances_of(seen: Seen, held: Held) -> Choice:
    """The chances in each situation, at the prices that the last plan found for budgets."""
    return held.prices.mixed(lambda cost: weigh(seen, held, cost)) if held.prices else weigh(seen, held)


def look(columns: Mapping[str, Any], held: Held, day: date, occasion: str = DAILY) -> Seen:
    """Customers in their situations, with what each action is expected to bring in each."""
    found, circumstance = situation.circumstances_of(columns, day)
    reached = guard.reached(found, held.actions, occasion)
    who = columns["customer_id"]
    arm = arms_of(columns.get("household", who), day, held.shares, (str(held.seed),))
    situations, inverse = situation.situations_of(
        found, circumstance, reached.codes, arm, _leaning(held, who, arm, reached.codes, circumstance)
    )
    mean, sd, harm = held.expected(situations.features)
    mean = mean + held.leanings.step * situations.leaning[:, held.pillar]
    alike = situations.arm == IMPERSONAL
    value = np.where(alike, held.worth_minor, situations.value_minor)[:, None]
    if alike.any():
        mean[alike], sd[alike] = (part[0] for part in held.worth.at(held.x[None]))
    each = held.each
    gains = Gains(
        mean=mean * value + each["flat"] - each["cost"],
        sd=np.hypot(sd * value, each["flat"]),
        n=np.broadcast_to(held.worth.n, mean.shape),
        confidence=held.confidence,
    )
    harms = (harm > held.customer_first) & (situations.codes == 0)
    single = _best_for_all(held, situations, gains, harms)
    codes = np.where(harms, np.int16(HARMS), situations.codes)
    for lot, apart, code in (
        (HOLDOUT, ~held.essential, HELD_BACK),
        (SINGLE, ~held.essential & (np.arange(len(held.actions)) != single), NOT_THE_ONE),
    ):
        codes = np.where((situations.arm == lot)[:, None] & apart & (codes == 0), np.int16(code), codes)
    situations = replace(situations, codes=codes)
    return Seen(
        columns, day, occasion, situations, inverse, circumstance, reached.channel, arm, mean, sd, gains, harms, single
    )


def weigh(seen: Seen, held: Held, cost: Array | None = None) -> Choice:
    """The chances in each situation. cost: (A,) what each action takes at the prices of budgets, none by default."""
    return _weighed(seen, held, seen.situations.codes, np.zeros(len(held.actions)) if cost is None else cost)


def draw(seen: Seen, chances: Choice, held: Held) -> Chosen:
    """What chance makes of the chances; it follows from customer, day, occasion and seed."""
    salt = (str(held.seed), seen.day.isoformat(), seen.occasion, choice.POLICY)
    u = uniforms(np.asarray(seen.columns["customer_id"]).astype("U"), *salt)
    action, propensity = choice.draw(chances.probabilities, seen.inverse, u)
    worth = np.asarray(seen.columns["worth_minor"], dtype=np.float64)
    own = np.where(np.isnan(worth), seen.situations.value_minor[seen.inverse], worth)
    each = {name: np.append(of, 0.0)[action] for name, of in held.each.items()}
    place = np.minimum(action, len(held.actions) - 1)
    acts = action < len(held.actions)
    share, sd = (np.where(acts, part[seen.inverse, place], 0.0) for part in (seen.share, seen.share_sd))
    window = np.where(acts, each["window"], held.outcome_days).astype(np.int64)
    value = np.asarray(seen.columns.get("value_minor", worth), dtype=np.float64)
    return Chosen(
        seen=seen,
        choice=chances,
        action=action,
        propensity=propensity,
        gain=share * own + each["flat"] - each["cost"],
        gain_sd=np.hypot(sd * own, each["flat"]),
        window_days=window,
        expected=value * window / 365,
        forgone_minor=_forgone(seen, held, chances),
    )


def _leaning(
    held: Held,
    who: NDArray[np.str_],
    arm: NDArray[np.int8],
    codes: NDArray[np.int16],
    circumstance: NDArray[np.int64],
) -> NDArray[np.int8]:
    """(n, P) leanings where they could matter: to a pillar of which something is possible, for whom persons count."""
    if not held.policy.personal:
        return np.zeros((len(arm), len(PILLAR_IDS)), dtype=np.int8)
    open_ = (codes == 0).astype(np.float32) @ held.of_pillar > 0
    return np.asarray(held.leanings.of(who) * (open_[circumstance] & (arm == LEARNED)[:, None]), dtype=np.int8)


def _best_for_all(held: Held, situations: Situations, gains: Gains, harms: NDArray[np.bool_]) -> int:
    """The action that would bring most, were it done with everyone for whom it is possible."""
    if held.single is not None:
        return held.single
    possible = (situations.codes == 0) & ~harms
    return int((situations.weight @ np.where(possible, gains.mean, 0.0)).argmax()) if len(held.actions) else 0


def _weighed(seen: Seen, held: Held, codes: NDArray[np.int16], cost: Array) -> Choice:
    policy, gains = held.policy, seen.gains
    hope, sharpness = hoped(gains, held.outcomes, hope=policy.hope, sharper=policy.sharpness)
    counted, before = hope.mean - cost, codes
    codes = np.where((codes == 0) & (gains.mean + policy.hope * gains.sd < 0), np.int16(COSTS_MORE), codes)
    codes = np.where((codes == 0) & (counted < 0), np.int16(BUDGET), codes)
    chosen = choice.choose(
        replace(hope, mean=counted),
        codes,
        discounts=held.discounts,
        weights=held.weights,
        sharpness=sharpness,
        floor=held.exploration if policy.floor is None else policy.floor,
    )
    chances, codes = chosen.probabilities.copy(), chosen.codes.copy()
    random, single = (seen.situations.arm == lot for lot in (RANDOM, SINGLE))
    if random.any():
        open_ = np.column_stack([(before[random] == 0) & np.isfinite(cost), np.ones(random.sum(), dtype=np.bool_)])
        chances[random] = open_ / open_.sum(axis=1, keepdims=True)
        codes[random] = np.where(open_[:, :-1], 0, np.where(before[random] == 0, BUDGET, before[random]))
    if single.any():
        one = np.where((before[single, seen.single] == 0) & np.isfinite(cost[seen.single]), seen.single, -1)
        chances[single] = 0.0
        chances[np.flatnonzero(single), one] = 1.0
        codes[single, seen.single] = np.where(one >= 0, 0, codes[single, seen.single])
    return Choice(chances, codes)


def _forgone(seen: Seen, held: Held, chances: Choice) -> float:
    """Expected gain that is given up so as not to harm, over all customers, as if there were no budgets."""
    if not seen.harms.any():
        return 0.0
    ruled = seen.situations.codes
    lifted = np.where(ruled == HARMS, np.int16(0), ruled)
    none = np.zeros(len(held.actions))
    free, kept = (_weighed(seen, held, codes, none).probabilities[:, :-1] for codes in (lifted, ruled))
    return float(seen.situations.weight @ ((free - kept) * seen.gains.mean).sum(axis=1))


def named(actions: Sequence[Action]) -> list[str]:
    """What the places of `action` stand for: the ids of the catalogue, and waiting."""
    return [*(one.id for one in actions), WAIT]
