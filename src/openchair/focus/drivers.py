"""Drivers: what an outcome goes with, in what order, how surely, and what only hurts or only delights.

Importance is LMG (openchair.focus.importance), a driver's share in the variance that all explain together. It says what
goes with the outcome, not what causes it: only an experiment proves that (`Driver.proven`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus import missing
from openchair.focus.bends import LEVEL, Shape, bends, levels_of, raw_slopes, shape_of
from openchair.focus.importance import (
    EXACT,
    MOST,
    Array,
    entering,
    first,
    johnson,
    last,
    lmg,
    lmg_sampled,
    slopes,
    subsets,
)

__all__ = [
    "Driver",
    "Drivers",
    "Shape",
    "entering",
    "find",
    "first",
    "johnson",
    "last",
    "lmg",
    "lmg_sampled",
    "subsets",
]

CAVEAT = "Drivers go with the outcome; that they cause it is proven only where an experiment has tested it."
FEWEST = 30
"""Answers below which nothing is said, also of one driver, and of two drivers together."""
LARGEST = 50_000_000
"""People x columns x columns, and draws x people, that are held at once."""
QUICK = 12
"""Drivers up to which every draw looks at all subsets; beyond, at ORDERS orders of entering, the same in all draws."""
ORDERS = 40


@dataclass(frozen=True, slots=True)
class Driver:
    """What is known of one driver. Intervals of `importance` and `rank` are at the confidence asked, those of
    `goes_with`, `hurts` and `delights` such that all drivers' hold together at it."""

    name: str
    importance: Estimate
    """Its share in R2 (LMG), 0..1."""
    rank: Estimate
    """Its place by importance, 1 the first."""
    important: bool
    """Whether it explains more than the best of as many drivers that do nothing would by chance, and its interval is
    above what one such driver would."""
    goes_with: Estimate
    """Its correlation with the outcome."""
    slope: float
    """Standardised regression slope, given all the others."""
    johnson: float
    first: float
    last: float
    hurts: Number
    """What one unit of the driver is worth where it is bad (its lowest third), in units of the outcome."""
    delights: Number
    """The same where it is good, its highest third."""
    shape: Shape
    answered: int
    mean: float
    stated: float | None = None
    """How important people say it is."""
    proven: bool = False
    """Whether an experiment has shown that it causes the outcome; nothing has yet."""
    error: float = 0.0
    """Standard error of the importance from sampling; 0 where all subsets were looked at."""

    @property
    def sign(self) -> int:
        """1 or -1 where it is known which way it goes with the outcome, else 0."""
        known = not self.goes_with.low <= 0 <= self.goes_with.high
        return int(math.copysign(1, self.goes_with.value)) if known else 0


@dataclass(frozen=True, slots=True)
class Drivers:
    """Drivers of an outcome, the most important first. `chance`: what the best of as many drivers that do nothing
    would explain in one of twenty samples. `left`: drivers of which nothing can be said, and why."""

    outcome: str
    n: int
    r2: Estimate
    chance: float
    drivers: tuple[Driver, ...]
    left: Mapping[str, Unknown]
    agreement: float | None = None
    """Rank correlation of stated and derived importance, over drivers that have both."""
    caveat: str = CAVEAT


def find(
    answers: ArrayLike,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    outcome: str = "outcome",
    counts: ArrayLike | None = None,
    stated: Mapping[str, float] | None = None,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Drivers | Unknown:
    """The drivers of an outcome, from people's answers.

    answers: (n, p + 1), a row a person or a kind of answer, NaN where missing, the outcome last; rows without an
    outcome say nothing here. names: (p,), of 1 to MOST drivers. counts: (n,) people who answered just so, 1 each where
    left out. Intervals are from `draws` bootstrap draws of people. Unknown for fewer than FEWEST people. Raises
    BadInput, FitFailed.
    """
    rows, weight = _checked(answers, names, counts, draws, confidence)
    heard = ~np.isnan(rows[:, -1])
    rows, weight = rows[heard], weight[heard]
    n = int(weight.sum())
    if n < FEWEST:
        return Unknown(f"{n} answers", needed=FEWEST - n)
    if len(np.unique(rows[:, -1])) < 2:
        return Unknown("all answers are the same")
    kept, left = _kept(rows, names, weight)
    if not kept:
        return Unknown("no driver has enough answers that differ", needed=FEWEST)
    rows, names = rows[:, [*kept, len(names)]], [names[k] for k in kept]
    return _found(rows, weight, names, left, rng, outcome, dict(stated or {}), draws, confidence)


def _found(
    rows: Array, weight: Array, names: Sequence[str], left: Mapping[str, Unknown], rng: np.random.Generator,
    outcome: str, stated: Mapping[str, float], draws: int, confidence: float,
) -> Drivers:  # fmt: skip
    p, n = len(names), int(weight.sum())
    fitted = missing.moments(rows, weight)
    cov = fitted.covariance
    orders = rng.permuted(np.tile(np.arange(p), (ORDERS // 2, 1)), axis=1)
    orders = np.vstack([orders, orders[:, ::-1]])
    sampled = None if p <= EXACT else lmg_sampled(cov, 2_000, rng)
    value = lmg(cov) if sampled is None else sampled.value
    again = rng.multinomial(n, weight / n, size=draws)
    level = levels_of(rows, weight)
    shares, pulls, raw = (np.empty((draws, p)) for _ in range(3))
    for part, _, covs in fitted.draws(again):
        shares[part] = _shares(covs, orders)
        pulls[part] = _pulls(covs)
        raw[part] = raw_slopes(covs)
    if p > QUICK:
        # Errors of the few orders are the same in every draw and in the whole: they fall out of the difference.
        shares += value - _shares(cov[None], orders)[0]
    bend = bends(fitted.filled, level, weight[None], raw_slopes(cov[None]))[0]
    bent = bends(fitted.filled, level, again.astype(np.float64), raw)
    bent = np.where(np.isfinite(bent), bent, bend)  # a draw may hold nobody of a level
    answered = ((~np.isnan(rows)) * weight[:, None]).sum(axis=0)
    chance = _by_chance(cov, answered[:-1], orders, rng)
    tail = (1 - confidence) / 2
    low, high = np.quantile(shares, [tail, 1 - tail], axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    # R2 grows by chance with each driver, once in the sample and again in every draw.
    together, r2 = shares.sum(axis=1), float(value.sum())
    least_r2, most_r2 = (np.quantile(together, [tail, 1 - tail]) - 2 * (together.mean() - r2)).tolist()
    ranks = _ranks(shares)
    place = _ranks(value[None])[0].tolist()
    above, below = np.quantile(ranks, [tail, 1 - tail], axis=0).round().tolist()
    half = float(ndtri(1 - tail / p))
    pull, spread = _pulls(cov[None])[0], half * pulls.std(axis=0)
    wide, gap = half * bent.std(axis=0), half * (bent[:, 1] - bent[:, 0]).std(axis=0)
    slope, relative, alone, least = slopes(cov), johnson(cov), first(cov), last(cov)

    def effect(k: int, side: int) -> Number:
        if not np.isfinite(bend[side, k]):
            return Unknown("too few are bad, middling or good at it", needed=LEVEL)
        middle, half_width = float(bend[side, k]), float(wide[side, k])
        return Estimate(middle, middle - half_width, middle + half_width, float(answered[k]))

    found = [
        Driver(
            name=name,
            importance=Estimate(float(value[k]), float(low[k]), float(high[k]), n),
            rank=Estimate(place[k], min(above[k], place[k]), max(below[k], place[k]), n),
            important=bool(value[k] > chance[0] and low[k] > chance[1]),
            goes_with=Estimate(float(pull[k]), float(pull[k] - spread[k]), float(pull[k] + spread[k]), n),
            slope=float(slope[k]),
            johnson=float(relative[k]),
            first=float(alone[k]),
            last=float(least[k]),
            hurts=effect(k, 0),
            delights=effect(k, 1),
            shape=shape_of(bend[:, k], wide[:, k], float(gap[k])),
            answered=int(answered[k]),
            mean=float(fitted.mean[k]),
            stated=stated.get(name),
            error=0.0 if sampled is None else float(sampled.error[k]),
        )
        for k, name in enumerate(names)
    ]
    both = [(one.stated, one.importance.value) for one in found if one.stated is not None]
    return Drivers(
        outcome,
        n,
        Estimate(r2, max(min(least_r2, r2), 0.0), max(most_r2, r2), n),
        float(chance[0]),
        tuple(sorted(found, key=lambda one: (-one.importance.value, one.name))),
        left,
        _agreement(np.array(both)) if len(both) > 2 else None,
    )


def _checked(
    answers: ArrayLike, names: Sequence[str], counts: ArrayLike | None, draws: int, confidence: float
) -> tuple[Array, Array]:
    """Answers and how many gave them. Raises BadInput."""
    rows = np.asarray(answers, np.float64)
    p = len(names)
    if rows.ndim != 2 or rows.shape[1] != p + 1 or not 1 <= p <= MOST or np.isinf(rows).any():
        bound = f"finite or missing, a column for each of 1 to {MOST} drivers and the outcome last"
        raise BadInput("answers", value=rows.shape, bound=bound, remedy="Name each driver.")
    if len(set(names)) != p:
        raise BadInput("names", value=sorted(names)[:5], bound="must differ", remedy="Name each driver once.")
    if rows.size * (p + 1) > LARGEST:
        bound = f"people x columns x columns at most {LARGEST:,}"
        raise BadInput("answers", value=rows.shape, bound=bound, remedy="Draw some people at random, or fewer drivers.")
    weight = np.ones(len(rows)) if counts is None else np.asarray(counts, np.float64)
    if weight.shape != (len(rows),) or not (weight >= 0).all() or (weight % 1 != 0).any():
        raise BadInput("counts", value=weight.shape, bound="a whole number for each row", remedy="Count people.")
    if draws * len(rows) > LARGEST:
        bound = f"draws x people at most {LARGEST:,}"
        raise BadInput("draws", value=draws, bound=bound, remedy="Make fewer, or count equal people once.")
    if not 50 <= draws <= 100_000 or not 0.5 <= confidence < 1:
        bound = "50 to 100,000 draws, confidence .5 to below 1"
        raise BadInput("draws, confidence", value=(draws, confidence), bound=bound, remedy="Give 1,000 and .95.")
    if p + 1 > missing.MOST_MISSING and np.isnan(rows[:, :-1]).any():
        bound = f"at most {missing.MOST_MISSING - 1} drivers where answers are missing"
        raise BadInput("drivers", value=p, bound=bound, remedy="Name fewer.")
    some = weight > 0
    return rows[some], weight[some]


def _kept(rows: Array, names: Sequence[str], weight: Array) -> tuple[list[int], dict[str, Unknown]]:
    """Drivers with enough answers, also together with every other; why the others are left."""
    x = rows[:, :-1]
    seen = ~np.isnan(x)
    together = (seen * weight[:, None]).T @ seen
    kept: list[int] = []
    left: dict[str, Unknown] = {}
    for k in np.argsort(-np.diagonal(together), kind="stable").tolist():
        alone = int(together[k, k])
        pair = int(min((together[k, other] for other in kept), default=alone))
        if alone < FEWEST:
            left[names[k]] = Unknown(f"{alone} answers", needed=FEWEST - alone)
        elif pair < FEWEST:
            left[names[k]] = Unknown(f"{pair} answers together with another driver", needed=FEWEST - pair)
        elif np.nanmin(x[:, k]) == np.nanmax(x[:, k]):
            left[names[k]] = Unknown("all answers are the same")
        else:
            kept.append(k)
    return sorted(kept), left


def _shares(covs: Array, orders: NDArray[np.int64]) -> Array:
    """LMG in each draw, (d, p): exact for few drivers, else from the orders."""
    p = covs.shape[-1] - 1
    if p <= QUICK:
        return lmg(covs)
    size = 1 / np.sqrt(np.diagonal(covs, axis1=1, axis2=2))
    found: Array = entering(covs * size[:, :, None] * size[:, None, :], orders).mean(axis=1)
    return found


def _pulls(covs: Array) -> Array:
    size = np.sqrt(np.maximum(np.diagonal(covs, axis1=1, axis2=2), 1e-300))
    pulls: Array = covs[:, :-1, -1] / (size[:, :-1] * size[:, -1:])
    return pulls


def _by_chance(cov: Array, answered: Array, orders: NDArray[np.int64], rng: np.random.Generator) -> tuple[float, float]:
    """What drivers that do nothing explain: the best of all in one of twenty samples, and one of them on average.

    Their correlations with the outcome are then normal about 0, with the drivers' own correlations, over the people who
    answered each.
    """
    size = np.sqrt(np.diagonal(cov))
    own = (cov / np.outer(size, size))[:-1, :-1]
    values, vectors = np.linalg.eigh(own)
    noise = rng.normal(size=(400, len(own))) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T / np.sqrt(answered)
    explained = []
    for some in np.array_split(noise, 400 // missing.CHUNK):
        null = np.zeros((len(some), *cov.shape))
        null[:, :-1, :-1], null[:, -1, -1] = own, 1.0
        null[:, -1, :-1] = null[:, :-1, -1] = some
        # The sampled R2 is that of orders of any kind: with few orders the best of all comes out no lower.
        explained.append(_shares(null, orders))
    all_of = np.vstack(explained)
    return float(np.quantile(all_of.max(axis=1), 0.95)), float(all_of.mean())


def _ranks(shares: Array) -> Array:
    """Places by importance in each draw, 1 the first; equal ones in the order of their names."""
    return np.argsort(np.argsort(-shares, axis=1, kind="stable"), axis=1).astype(np.float64) + 1


def _agreement(pairs: Array) -> float | None:
    """Spearman's rank correlation of two columns."""
    ranks = np.array([[((c < v).sum() + (c <= v).sum() + 1) / 2 for v in c] for c in pairs.T])
    return None if (ranks.std(axis=1) == 0).any() else float(np.corrcoef(ranks)[0, 1])
