"""The choice: chances by inverse-gap weighting, exact, and the draw that follows from them.

Foster & Rakhlin (2020), "Beyond UCB" (SquareCB): the further an action's expected gain lies below the best, the smaller
its chance, and none that is permitted ever gets none. Gaps are in units of the best gain in the situation, so that a
shop which counts in yen explores as much as one which counts in euros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import BadInput
from openchair.decisions.reasons import COSTS_MORE, LAST_RESORT

POLICY = "inverse-gap-1"
"""The name and version of this way of choosing, kept with every decision."""
SHARPNESS = 40.0
"""The learning rate of SquareCB: an action expected to bring half of the best gets about 1 chance in 20 or 30."""
FLOOR = 0.02
"""The share of all chances that is spread evenly over whatever is permitted, waiting included."""
_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Gains:
    """What each action is expected to bring in each situation over 12 months after its cost, minor units.

    mean, sd, n: (k, A). n is how many outcomes the belief rests on, 0 where it is still the catalogue's prior.
    confidence: the share of the normal belief that an interval holds.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.float64]
    confidence: float = 0.8

    @property
    def low(self) -> NDArray[np.float64]:
        """(k, A) lower end of the interval."""
        return self.mean - self.z * self.sd

    @property
    def high(self) -> NDArray[np.float64]:
        """(k, A) upper end of the interval."""
        return self.mean + self.z * self.sd

    @property
    def z(self) -> float:
        """Standard deviations from the mean to an end of the interval."""
        return NormalDist().inv_cdf(0.5 + self.confidence / 2)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chances of each action and, in the last column, of waiting; and why what has none was ruled out.

    probabilities: (k, A + 1), each row sums to 1. codes: (k, A) into reasons.REASONS, 0 for a candidate.
    """

    probabilities: NDArray[np.float64]
    codes: NDArray[np.int16]


def choose(
    gains: Gains,
    codes: NDArray[np.int16],
    *,
    discounts: Sequence[bool] | NDArray[np.bool_] = (),
    weights: Sequence[float] = (),
    sharpness: float = SHARPNESS,
    floor: float = FLOOR,
) -> Choice:
    """The chances in each of k situations, from the gains and from what the guard permits.

    codes: (k, A) from guard.permitted. discounts: which of the A actions are one; none by default. weights: how
    many times the gain of each counts, above 0, in what is more likely; 1 each by default. An action whose
    expected gain is below 0 is ruled out here: it would cost more than it brings, and so is never more likely than
    waiting. So is a discount where anything else is expected to bring something. Waiting gains 0 and is always a
    candidate. Each of the K candidates of a situation has a chance of at least floor / K. Raises BadInput for a
    sharpness below 0, a floor outside [0, 1], and a permitted action whose gain is not finite.

    >>> few = Gains(np.array([[50.0, 100.0, 80.0]]), np.ones((1, 3)), np.zeros((1, 3)))
    >>> chosen = choose(few, np.array([[0, 0, 3]], dtype=np.int16), sharpness=10.0, floor=0.0)
    >>> chosen.probabilities.round(4).tolist()
    [[0.125, 0.7981, 0.0, 0.0769]]
    """
    if not 0 <= floor <= 1:
        raise BadInput("floor", value=floor, bound="must be from 0 to 1", remedy="Leave it at 0.02.")
    if not 0 <= sharpness < np.inf:
        bound = "must be a finite number of 0 or more"
        raise BadInput("sharpness", value=sharpness, bound=bound, remedy="Leave it at 40.")
    if not np.isfinite(gains.mean[codes == 0]).all():
        row, column = np.argwhere(~np.isfinite(gains.mean) & (codes == 0))[0]
        bound, remedy = "must be a finite number", "Rule the action out, or mend its prior."
        what = f"gain of action {column} in situation {row}"
        raise BadInput(what, value=float(gains.mean[row, column]), bound=bound, remedy=remedy)
    ruled = np.where((codes == 0) & (gains.mean < 0), np.int16(COSTS_MORE), codes)
    bought = np.array(discounts, dtype=np.bool_) if len(discounts) else np.zeros(ruled.shape[1], dtype=np.bool_)
    served = ((ruled == 0) & (gains.mean > 0) & ~bought).any(axis=1, keepdims=True)
    ruled = np.where((ruled == 0) & bought & served, np.int16(LAST_RESORT), ruled)
    k, number = ruled.shape
    counted = gains.mean * np.array(weights) if len(weights) else gains.mean
    chances = np.empty((k, number + 1))
    for start in range(0, k, _ROWS):
        rows = slice(start, start + _ROWS)
        chances[rows] = _inverse_gap(counted[rows], ruled[rows] == 0, sharpness, floor)
    return Choice(probabilities=chances, codes=ruled)


def _inverse_gap(
    mean: NDArray[np.float64], open_: NDArray[np.bool_], sharpness: float, floor: float
) -> NDArray[np.float64]:
    """The chances in some rows; the last column is waiting."""
    gain = np.zeros((mean.shape[0], mean.shape[1] + 1))
    gain[:, :-1] = np.where(open_, mean, -np.inf)
    candidate = np.isfinite(gain)
    best = gain.max(axis=1, keepdims=True)
    candidates = candidate.sum(axis=1, keepdims=True)
    leads = candidate & (gain == best)
    gap = np.where(candidate, best - gain, 0.0) / np.where(best > 0, best, 1.0)
    chance = np.where(candidate & ~leads, 1.0 / (candidates + sharpness * gap), 0.0)
    chance = (1.0 - floor) * chance + floor / candidates * (candidate & ~leads)
    rest = 1.0 - chance.sum(axis=1, keepdims=True)
    shared: NDArray[np.float64] = np.where(leads, rest / leads.sum(axis=1, keepdims=True), chance)
    return shared


def draw(
    probabilities: NDArray[np.float64], inverse: NDArray[np.int64], u: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What is chosen for each of n customers, and the chance it had.

    probabilities: (k, A + 1) from `choose`. inverse: (n,) each customer's situation. u: (n,) in [0, 1), a number that
    follows from the customer and the day (core.ids.uniforms). Gives (n,) columns, A is waiting, and (n,) propensities.

    >>> action, propensity = draw(np.array([[0.25, 0.0, 0.75]]), np.zeros(3, np.int64), np.array([0.0, 0.2499, 0.25]))
    >>> action.tolist(), propensity.tolist()
    ([0, 0, 2], [0.25, 0.25, 0.75])
    """
    edges = probabilities.cumsum(axis=1)
    # Rounding may leave the last edge below 1: from the last column that has a chance on, nothing lies beyond.
    last = probabilities.shape[1] - 1 - np.argmax(probabilities[:, ::-1] > 0, axis=1)
    edges[np.arange(probabilities.shape[1]) >= last[:, None]] = np.inf
    if len(inverse) < edges.shape[1]:
        action = (u[:, None] >= edges[inverse, :-1]).sum(axis=1)
    else:
        action = np.zeros(len(inverse), dtype=np.int64)
        for edge in np.ascontiguousarray(edges.T[:-1]):
            action += u >= edge[inverse]
    return action, probabilities[inverse, action]
