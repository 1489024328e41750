"""Which side of a market moves first: weekly counts of two sides, held against each other at every lag.

Counts are put on a scale of equal noise (Anscombe 1948) and differenced, so that two sides that merely both grow do not
seem to lead each other (Granger & Newbold 1974). The highest correlation over all lags is held against those of the one
side with blocks of the other in random order, which looks at all lags at once; intervals are by blocks of weeks drawn
again (Kuensch 1989). That one side moves first does not say that it makes the other follow: both may follow a third.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from openchair.core.estimate import Estimate, Unknown
from openchair.core.words import plural
from openchair.listening.nps import quantile

Floats = NDArray[np.float64]

CAVEAT = "Who moves first is not yet who makes the other move: both may follow a season, a price or a campaign."
FEWEST_WEEKS = 78
FEWEST_COUNTED = 50
"""What must have been counted of each side in all."""
MOST_LAG = 13
"""Weeks by which one side may be behind the other."""
DRAWS = 499


@dataclass(frozen=True, slots=True)
class Lead:
    """How two sides move. weeks: how long the second is behind the first, below 0 where it is ahead of it; its interval
    holds all lags that chance would hardly give and that are not clearly weaker.

    strength: the correlation of weekly changes at that lag. found: whether chance alone would hardly give it. apart:
    whether they are clearly less close in the same week.
    """

    weeks: Estimate
    strength: Estimate
    found: bool
    apart: bool

    @property
    def first(self) -> int:
        """1 where the first side moves first, -1 where the second does, 0 where neither surely does."""
        surely = self.found and self.apart and not self.weeks.low <= 0 <= self.weeks.high
        return surely * (1 if self.weeks.value > 0 else -1)


def lead(
    first: Floats, second: Floats, rng: np.random.Generator, *, alpha: float = 0.05, confidence: float = 0.95
) -> Lead | Unknown:
    """Whether the second side follows the first, by how many weeks, and how closely; or why that cannot be said.

    first, second: (n,) counts of the same weeks in order. alpha: the chance of finding what is not there.
    """
    n, counted = len(first), min(first.sum(), second.sum())
    if n < FEWEST_WEEKS:
        return Unknown(f"a history of {plural(n, 'week', 'weeks')}", needed=FEWEST_WEEKS - n)
    if counted < FEWEST_COUNTED:
        return Unknown(f"{counted:g} were counted of one side", needed=ceil(FEWEST_COUNTED - counted))
    x, y = (np.diff(2 * np.sqrt(one + 3 / 8)) for one in (first, second))
    x, y = x - x.mean(), y - y.mean()
    if not x.any() or not y.any():
        return Unknown("one side is the same every week")
    lags = np.arange(-MOST_LAG, MOST_LAG + 1)
    length = ceil(2 * len(x) ** (1 / 3))
    shuffled = np.array([y[_blocks(len(y), length, rng)] for _ in range(DRAWS)])
    chance = np.array([_products(x, one, lags).mean(0).max() for one in shuffled])
    products = _products(x, y, lags)
    strength = products.mean(0)
    best = int(strength.argmax())
    drawn = np.array([products[_blocks(len(x), length, rng)].mean(0) for _ in range(DRAWS)])
    behind = drawn[:, [best]] - drawn
    limit = max(float(np.quantile(chance, 1 - alpha)), 0.0)
    clearly = strength[best] - strength > quantile(confidence) * behind.std(0)
    rivals = lags[~clearly & ((strength > limit) | (strength == strength[best]))]
    tails = np.quantile(drawn[:, best], ((1 - confidence) / 2, (1 + confidence) / 2))
    value = float(strength[best])
    return Lead(
        Estimate(float(lags[best]), float(rivals[0]), float(rivals[-1]), n=n),
        Estimate(value, min(float(tails[0]), value), max(float(tails[1]), value), n=n),
        value > limit,
        bool(clearly[MOST_LAG]),
    )


def _products(x: Floats, y: Floats, lags: NDArray[np.int64]) -> Floats:
    """(n, lags) x of each week by y so many weeks later, whose means are correlations; 0 beyond the ends."""
    padded = np.pad(y, MOST_LAG)
    later = padded[np.arange(len(x))[:, None] + MOST_LAG + lags]
    return np.asarray(x[:, None] * later / np.sqrt((x**2).mean() * (y**2).mean()))


def _blocks(n: int, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """n places, in blocks that follow one another (round the end), drawn with replacement."""
    begins = rng.integers(0, n, ceil(n / length))
    return np.asarray((begins[:, None] + np.arange(length)).ravel()[:n] % n)
