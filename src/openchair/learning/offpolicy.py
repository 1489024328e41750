"""What a policy would have brought, from the log of another one whose chances are known. Usable on any log.

Each row of a log is one decision: its reward, the chance (propensity) with which the logged action was chosen, and what
the policy to be judged would have done there. Every estimator is a mean over rows, exactly or in first order, so its
interval is that of a mean, in large samples. `n` of each estimate is the effective sample size of its weights (Kish,
1965): the number of rows that the judged policy has, as it were, been tried on. Where that is below `LEAST` the answer
is `Unknown`, because neither the value nor its interval means anything. Every estimator takes the keywords of `Shown`.

The formulas are those of Saito, Aihara, Matsutani & Narita (2021) and of the papers named.
"""

from math import ceil
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.sequential import half_width

LEAST = 10
"""Effective rows below which nothing is told."""

Array = NDArray[np.float64]


class Shown(TypedDict, total=False):
    """How the interval is made.

    alpha: in (0, 1), the chance that it leaves the truth out, .05 where it is not given. clusters: (n,) whole numbers
    from 0, whose the row is; rows of one customer are not taken to be independent. over: (n,) rewards to compare with,
    row by row: the answer is the difference from their mean, with the interval of the difference. tuned_for: the
    standard error at which an interval is to be tightest that may be looked at as often as one likes
    (core.sequential.half_width); left out, it is for one look.
    """

    alpha: float
    clusters: ArrayLike
    over: ArrayLike
    tuned_for: float


class ZeroPropensity(BadInput):
    """A row of the log could not have happened: the chance of what was chosen is 0."""

    def __init__(self, row: int) -> None:
        super().__init__(
            f"propensity of row {row}",
            value=0.0,
            bound="must be above 0",
            remedy="Log the chance with which the action was really chosen, or leave out rows where it is not known.",
        )
        self.row = row


def ips(rewards: ArrayLike, logged: ArrayLike, target: ArrayLike, **shown: Unpack[Shown]) -> Number:
    """Value of a policy from another policy's log by inverse propensity scores: unbiased, and noisy.

    rewards: (n,) in any unit. logged: (n,) chance of the action taken under the policy that took it, in (0, 1]. target:
    (n,) its chance under the policy judged, in [0, 1]. Raises ZeroPropensity naming the first row where `logged` is 0,
    BadInput. Horvitz & Thompson (1952).

    >>> ips([1.0, 0.0] * 10, [0.5] * 20, [0.5] * 20).value
    0.5
    """
    reward, weight = _weighted(rewards, logged, target)
    return _told(weight * reward, weight, shown)


def snips(rewards: ArrayLike, logged: ArrayLike, target: ArrayLike, **shown: Unpack[Shown]) -> Number:
    """Value of a policy from another policy's log, self-normalised: a little biased, far less noisy.

    Takes and raises what `ips` does. Swaminathan & Joachims (2015); interval by the delta method.
    """
    reward, weight = _weighted(rewards, logged, target)
    return _told(_normalised(weight, reward), weight, shown)


def direct(
    expected: ArrayLike, policy: ArrayLike, situations: ArrayLike | None = None, **shown: Unpack[Shown]
) -> Number:
    """Value of a policy by a model of rewards alone (the direct method): as wrong as the model is.

    expected: (n, A) reward the model expects of each action. policy: (n, A) chances of the policy judged, rows sum to
    1. situations: (n,) where many rows of the log are alike: the row of `expected` and `policy`, then (k, A), that each
    has. The interval is over customers alone and does not know how wrong the model is. Raises BadInput.
    """
    model, chances = _modelled(expected, policy)
    base = (model * chances).sum(axis=1)[_rows(situations, len(model))]
    return _told(base, np.ones(len(base)), shown)


def doubly_robust(
    rewards: ArrayLike,
    logged: ArrayLike,
    actions: ArrayLike,
    policy: ArrayLike,
    expected: ArrayLike,
    situations: ArrayLike | None = None,
    **shown: Unpack[Shown],
) -> Number:
    """Value of a policy by a model of rewards, its errors corrected by inverse propensity scores.

    rewards, logged: as of `ips`. actions: (n,) column of the action taken, from 0 to A - 1. policy, expected,
    situations: as of `direct`; the model must not have seen the row's own reward (cross-fit it). Raises ZeroPropensity,
    BadInput. Dudik, Langford & Li (2011).
    """
    return _told(*doubly_robust_rows(rewards, logged, actions, policy, expected, situations), shown)


def doubly_robust_rows(
    rewards: ArrayLike,
    logged: ArrayLike,
    actions: ArrayLike,
    policy: ArrayLike,
    expected: ArrayLike,
    situations: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """What `doubly_robust` is the mean of, and the weights: (n,) each. Two policies are compared by `over` of one's."""
    base, error, weight = _corrected(rewards, logged, actions, policy, expected, situations)
    return base + weight * error, weight


def self_normalised_doubly_robust(
    rewards: ArrayLike,
    logged: ArrayLike,
    actions: ArrayLike,
    policy: ArrayLike,
    expected: ArrayLike,
    situations: ArrayLike | None = None,
    **shown: Unpack[Shown],
) -> Number:
    """`doubly_robust` with weights that are made to average 1. Takes and raises the same. Thomas & Brunskill (2016)."""
    base, error, weight = _corrected(rewards, logged, actions, policy, expected, situations)
    return _told(base + _normalised(weight, error), weight, shown)


def switch_doubly_robust(
    rewards: ArrayLike,
    logged: ArrayLike,
    actions: ArrayLike,
    policy: ArrayLike,
    expected: ArrayLike,
    situations: ArrayLike | None = None,
    *,
    largest: float,
    **shown: Unpack[Shown],
) -> Number:
    """`doubly_robust` where the weight is at most `largest`, the model alone elsewhere: some bias for less noise.

    Takes and raises the same. largest: > 0. Wang, Agarwal & Dudik (2017).
    """
    if not largest > 0:
        raise BadInput("largest", value=largest, bound="must be above 0", remedy="Give the largest weight to trust.")
    base, error, weight = _corrected(rewards, logged, actions, policy, expected, situations)
    kept = np.where(weight <= largest, weight, 0.0)
    return _told(base + kept * error, kept, shown)


def effective(weights: ArrayLike) -> float:
    """How many rows of equal weight tell as much as these. Kish (1965).

    >>> effective([1, 1, 1, 1]), effective([4, 0, 0, 0])
    (4.0, 1.0)
    """
    weight = np.asarray(weights, dtype=np.float64)
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def _told(rows: Array, weight: Array, shown: Shown) -> Number:
    """The mean of the rows with its interval."""
    alpha = shown.get("alpha", 0.05)
    if not 0 < alpha < 1:
        raise BadInput("alpha", value=alpha, bound="must lie in (0, 1)", remedy="Give 0.05, say.")
    if "over" in shown:
        rows = np.subtract(*_finite(1, rows=rows, over=shown["over"]))
    whose = None
    if "clusters" in shown:
        _finite(1, rows=rows, clusters=shown["clusters"])
        whose = _whole("clusters", shown["clusters"])
    n = effective(weight if whose is None else np.bincount(whose, weight))
    if n < LEAST:
        return too_little(n, len(rows))
    value = float(rows.mean())
    away = rows - value if whose is None else np.bincount(whose, rows - value)
    several = max(len(rows) if whose is None else len(np.unique(whose)), 2)
    error = float(np.sqrt((away**2).sum() * several / (several - 1))) / len(rows)
    if "tuned_for" in shown:
        half = float(half_width(error, tuned_for=shown["tuned_for"], alpha=alpha))
    else:
        half = float(-ndtri(alpha / 2)) * error
    return Estimate(value, value - half, value + half, n=n)


def too_little(n: float, rows: int) -> Unknown:
    """Fewer effective rows than LEAST, and how many more rows like these would do."""
    reason = "the log holds too little of what this policy would do"
    return Unknown(reason, needed=ceil(rows * (LEAST / n - 1)) if n else None)


def _normalised(weight: Array, what: Array) -> Array:
    """Rows whose mean is the weighted mean, and whose spread is its own in first order."""
    scale = float(weight.mean()) or 1.0
    value = float((weight * what).mean()) / scale
    return value + weight * (what - value) / scale


def _weighted(rewards: ArrayLike, logged: ArrayLike, target: ArrayLike) -> tuple[Array, Array]:
    """Rewards and weights, both (n,)."""
    reward, chance, wanted = _finite(1, rewards=rewards, logged=logged, target=target)
    if (zero := np.flatnonzero(chance == 0)).size:
        raise ZeroPropensity(int(zero[0]))
    _within("logged", chance)
    _within("target", wanted)
    return reward, wanted / chance


def _modelled(expected: ArrayLike, policy: ArrayLike) -> tuple[Array, Array]:
    """What the model expects and what the policy does, both (n, A)."""
    model, chances = _finite(2, expected=expected, policy=policy)
    _within("policy", chances)
    if (off := np.flatnonzero(np.abs(chances.sum(axis=1) - 1) > 1e-6)).size:
        total = float(chances[off[0]].sum())
        raise BadInput(
            f"policy, row {off[0]}", value=total, bound="must sum to 1", remedy="Give every action's chance."
        )
    return model, chances


def _corrected(
    rewards: ArrayLike,
    logged: ArrayLike,
    actions: ArrayLike,
    policy: ArrayLike,
    expected: ArrayLike,
    situations: ArrayLike | None,
) -> tuple[Array, Array, Array]:
    """The model's value of each row, its error in the action taken, and that action's weight: (n,) each."""
    model, chances = _modelled(expected, policy)
    (taken,) = _finite(1, actions=actions)
    rows, width = _rows(situations, len(model)), model.shape[1]
    if len(taken) != len(rows):
        raise BadInput("actions", value=taken.shape, bound=f"must be {len(rows)} rows", remedy="Give one a row.")
    if not ((taken >= 0) & (taken < width) & (taken == np.floor(taken))).all():
        bound = f"must be whole, from 0 to {width - 1}"
        raise BadInput("actions", value=actions, bound=bound, remedy="Give the column of the action in `policy`.")
    column = taken.astype(np.intp)
    reward, weight = _weighted(rewards, logged, chances[rows, column])
    return (model * chances).sum(axis=1)[rows], reward - model[rows, column], weight


def _rows(situations: ArrayLike | None, number: int) -> NDArray[np.intp]:
    """The row of policy and model that each row of the log has."""
    if situations is None:
        return np.arange(number)
    return _whole("situations", situations, number)


def _whole(name: str, given: ArrayLike, number: int | None = None) -> NDArray[np.intp]:
    """Whole numbers from 0, below `number` where there is one."""
    (found,) = _finite(1, **{name: given})
    if not ((found >= 0) & (found == np.floor(found)) & (found < (number or np.inf))).all():
        bound = f"must be whole, from 0 to {number - 1}" if number else "must be whole, from 0"
        raise BadInput(name, value=given, bound=bound, remedy="Give the place of each in order.")
    return found.astype(np.intp)


def _finite(dimensions: int, **given: ArrayLike) -> list[Array]:
    """Arrays of equal shape without anything that is not a number."""
    found: dict[str, Array] = {name: np.asarray(what, dtype=np.float64) for name, what in given.items()}
    shape = next(iter(found.values())).shape
    for name, what in found.items():
        if what.ndim != dimensions or what.shape != shape or what.size == 0:
            bound = f"must be {dimensions}-dimensional, not empty, and as long as what goes with it, {shape}"
            raise BadInput(name, value=what.shape, bound=bound, remedy="Give one row for each decision.")
        if (bad := np.argwhere(~np.isfinite(what))).size:
            value = float(what[tuple(bad[0])])
            raise BadInput(f"{name}, row {bad[0][0]}", value=value, bound="must be finite", remedy="Leave the row out.")
    return list(found.values())


def _within(name: str, chance: Array) -> None:
    """Chances lie in [0, 1], to rounding."""
    if (bad := np.argwhere((chance < 0) | (chance > 1 + 1e-9))).size:
        value = float(chance[tuple(bad[0])])
        raise BadInput(f"{name}, row {bad[0][0]}", value=value, bound="must lie in [0, 1]", remedy="Give its chance.")
