"""How the loop closes: how long the unhappy wait, and how they answer afterwards.

A case that is still open is not left out and not counted as closed: it has taken at least so long (it is censored).
"""

from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.core.words import plural
from openchair.listening.nps import quantile

FEWEST = 10
"""Cases, or answers afterwards, below which no figure is given."""


def too_few(n: int, one: str, many: str) -> Unknown | None:
    """Why so few make no figure; None where there are enough."""
    return Unknown(plural(n, one, many), needed=FEWEST - n) if n < FEWEST else None


def median_time(hours: ArrayLike, closed: ArrayLike, *, confidence: float = 0.95) -> Estimate | Unknown:
    """Median of times of which some are only known to be at least so long, in the unit they come in.

    hours: (n,) >= 0, until a case was closed, or until now. closed: (n,) whether it was. The median of Kaplan & Meier
    (1958), with the interval of Brookmeyer & Crowley (1982) on the scale log(-log S), which keeps its promise in small
    samples. Unknown below FEWEST cases, and while too many are open for either end of the interval.
    Raises BadInput for a time below 0 or columns of two lengths.

    >>> median_time(range(1, 21), [True] * 20)
    Estimate(value=10.0, low=5.0, high=15.0, n=20)
    >>> print(median_time(range(1, 21), [True] * 2 + [False] * 18))
    not enough data yet: half of the cases are not closed yet
    """
    times, ended = np.asarray(hours, dtype=np.float64), np.asarray(closed, dtype=np.bool_)
    if times.shape != ended.shape or not (times >= 0).all():
        raise BadInput("hours", value=str(times), bound="0 or more, one for each case", remedy="Give one row a case.")
    n = len(times)
    if few := too_few(n, "case", "cases"):
        return few
    z, still, spread = quantile(confidence), 1.0, 0.0
    value = low = high = None
    for time in np.unique(times[ended]):
        waiting, done = float((times >= time).sum()), float((ended & (times == time)).sum())
        still *= 1 - done / waiting
        if still <= 0.5 and value is None:
            value = float(time)
        if still <= 0:
            low, high = float(time) if low is None else low, float(time)
            break
        spread += done / (waiting * (waiting - done))
        # Greenwood's variance of log(-log S); the bounds of S at this time are S ** exp(+-z sd).
        factor = exp(z * sqrt(spread) / abs(log(still)))
        if low is None and still**factor <= 0.5:
            low = float(time)
        if still ** (1 / factor) <= 0.5:
            high = float(time)
            break
    if value is None or low is None or high is None:
        return Unknown("half of the cases are not closed yet" if value is None else "too many cases are still open")
    return Estimate(value, min(low, value), high, n=n)


def mean_change(before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95) -> Estimate | Unknown:
    """Mean of how much later answers are above earlier ones, with its t interval. (n,) each; Unknown below FEWEST.

    >>> mean_change([2] * 10, [6, 8] * 5)
    Estimate(value=5.0, low=4.245..., high=5.754..., n=10)
    """
    change = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    n = len(change)
    if few := too_few(n, "answer after a case was closed", "answers after a case was closed"):
        return few
    mean = float(change.mean())
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * float(change.std(ddof=1)) / sqrt(n)
    return Estimate(mean, mean - half, mean + half, n=n)
