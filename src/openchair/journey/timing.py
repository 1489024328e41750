"""How long until the next step, where some have not gone on yet: life tables from counts, and shares with intervals."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from openchair.core.estimate import Estimate, Number, Unknown
from openchair.journey.cutting import DAY_S, EDGES_S

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
FEWEST = 30
"""Needs below which nothing is said of a step."""
WITHIN = {"a minute": 60, "ten minutes": 600, "an hour": 3_600, "a day": DAY_S, "a week": 7 * DAY_S,
          "a month": 28 * DAY_S, "a quarter": 90 * DAY_S}  # fmt: skip
"""Times that a report names, among EDGES_S."""
BINS = len(EDGES_S) + 1
_DAYS = np.array([0.0, *EDGES_S]) / DAY_S


def share(part: float, whole: float, fewest: int = FEWEST) -> Number:
    """A share in [0, 1] with Jeffreys' interval (Brown, Cai & DasGupta, 2001), or Unknown below `fewest`.

    >>> found = share(20, 100)
    >>> round(found.low, 3), round(found.high, 3)
    (0.131, 0.286)
    """
    if whole < fewest:
        return Unknown(f"{whole:.0f} needs", needed=int(fewest - whole))
    part, whole = float(part), float(whole)
    ends = betaincinv(part + 0.5, whole - part + 0.5, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(part / whole, min(float(ends[0]), part / whole), max(float(ends[1]), part / whole), n=whole)


def mean(total: float, squares: float, n: float, fewest: int = FEWEST) -> Number:
    """A mean with its interval from sums, or Unknown below `fewest`."""
    if n < fewest:
        return Unknown(f"{n:.0f} needs", needed=int(fewest - n))
    return around(total / n, variance(total, squares, n), n)


def variance(total: float, squares: float, n: float) -> float:
    """Of a mean, from sums."""
    return max(squares / n - (total / n) ** 2, 0.0) / max(n - 1, 1)


def around(value: float, variance: float, n: float) -> Estimate:
    """A value with its normal interval."""
    value, half = float(value), float(ndtri((1 + CONFIDENCE) / 2)) * sqrt(variance)
    return Estimate(value, value - half, value + half, n=float(n))


def went_on(moved: ArrayLike, left: ArrayLike) -> tuple[Floats, Floats]:
    """Share that has gone on by the end of each bin, and its variance, by life table (Cutler & Ederer, 1958).

    moved, left: (BINS,) how many went on, and how many were last seen still there, after so long. Who is last seen in a
    bin was at risk for half of it. The variance is Greenwood's (1926). Whoever never goes on stays at risk as long as
    seen, so the shares need not reach 1.

    >>> shares, _ = went_on([0, 50] + [0] * 41, [0, 0, 20] + [0] * 39 + [30])
    >>> round(float(shares[1]), 3), round(float(shares[-1]), 3)
    (0.5, 0.5)
    """
    events, censored = np.asarray(moved, dtype=float), np.asarray(left, dtype=float)
    risk = np.cumsum((events + censored)[::-1])[::-1] - censored / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        hazard = np.where(risk > 0, events / np.maximum(risk, 1e-9), 0.0).clip(0, 1)
        terms = np.nan_to_num(hazard / (risk - events), posinf=0.0, nan=0.0)
    stays = np.cumprod(1 - hazard)
    return 1 - stays, stays**2 * np.cumsum(terms.clip(0))


def settled(moved: Floats, lost: Floats, waiting: Floats) -> tuple[float, float]:
    """Of those still waiting, the share that will be lost in the end, and how much each tells of what is lost.

    moved, lost, waiting: (BINS,) how many went on, were lost, or may yet do either, after so long. What is not known of
    the waiting is shared out as it was among those who waited as long (Efron's redistribution to the right, 1967); the
    second is the share of those who ever go on that had gone by then: 0 for whoever just came.

    >>> never, tells = settled(np.array([0, 70.0]), np.array([0, 0, 30.0]), np.array([10.0]))
    >>> round(never, 3), tells
    (0.3, 0.0)
    """
    every = np.zeros((3, BINS))
    for row, values in zip(every, (moved, lost, waiting), strict=True):
        row[: len(values)] = values
    if not every[2].sum():
        return 0.0, 0.0
    stays = 1 - went_on(every[0], every[1] + every[2])[0]
    here = (np.append(1.0, stays[:-1]) + stays) / 2
    share = every[2] / every[2].sum()
    never = float(share @ np.where(here > 0, stays[-1] / np.maximum(here, 1e-12), 1.0))
    gone = float(share @ (1 - here) / (1 - stays[-1])) if stays[-1] < 1 else 1.0
    return min(never, 1.0), min(gone, 1.0)


def quantile_days(gone: Floats, level: float) -> float | None:
    """Days by which a share `level` has gone on, None where fewer ever do; within a bin as if evenly."""
    if not gone[-1] >= level:
        return None
    k = int(np.argmax(gone >= level))
    before = gone[k - 1] if k else 0.0
    last = _DAYS[min(k + 1, len(_DAYS) - 1)]
    return float(_DAYS[k] + (last - _DAYS[k]) * (level - before) / max(gone[k] - before, 1e-12))


def within(gone: Floats) -> tuple[float, ...]:
    """Shares that had gone on within each of WITHIN, from `went_on`."""
    return tuple(float(gone[EDGES_S.index(edge)]) for edge in WITHIN.values())


def tabled(rows: Sequence[Mapping[str, Any]]) -> tuple[Floats, Floats]:
    """moved, left by bin from rows of counting.ways(..) of one step."""
    moved, left = np.zeros(BINS), np.zeros(BINS)
    for row in rows:
        (left if row["end"] else moved)[row["bin"]] += row["n"]
    return moved, left


def median_days(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """The median days of those who went on, from rows with bin and n."""
    counts = np.zeros(BINS)
    for row in rows:
        counts[row["bin"]] += row["n"]
    return quantile_days(np.cumsum(counts) / counts.sum(), 0.5) if counts.sum() else None
