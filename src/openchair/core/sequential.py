"""Intervals that may be looked at every day: confidence sequences, which hold at all times together.

An interval made for one look, looked at daily, sooner or later leaves the truth out; one of these does so at any time
at all with chance `alpha` at most. Howard, Ramdas, McAuliffe & Sekhon (2021) for the boundary; Waudby-Smith, Arbour,
Sinha, Kennedy & Ramdas (2024) for means of anything with a variance, in large samples.
"""

from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr

from openchair.core.errors import BadInput


def mixing(tuned_for: float, alpha: float = 0.05, *, sides: int = 2) -> float:
    """The variance added (rho) that makes the boundary tightest where the variance is `tuned_for` (> 0).

    Howard et al. (2021), section 3.2. alpha in (0, 1), below 1/2 for one side. Raises BadInput.

    >>> round(mixing(100), 5)
    12.60056
    """
    if not tuned_for > 0:
        raise BadInput("tuned_for", value=tuned_for, bound="must be above 0", remedy="Give a variance you expect.")
    if not 0 < alpha * (3 - sides) < 1:
        raise BadInput("alpha", value=alpha, bound="must lie in (0, 1)", remedy="Give 0.05, say.")
    surprise = -2 * log(alpha * (3 - sides))
    return tuned_for / (surprise + log(1 + surprise))


def boundary(variance: ArrayLike, *, tuned_for: float, alpha: float = 0.05, sides: int = 2) -> NDArray[np.float64]:
    """What a sum of mean zero with this variance so far stays within at all times, but for chance alpha.

    variance: any shape, >= 0, the sum's own (intrinsic time). Two sides: |sum| stays below; one: the sum does. The
    normal mixture of Howard et al. (2021), exact for normal and sub-Gaussian steps.

    >>> round(float(boundary(100, tuned_for=100)), 5)
    30.35209
    """
    rho = mixing(tuned_for, alpha, sides=sides)
    total = np.asarray(variance, dtype=np.float64) + rho
    if sides == 2:
        return np.asarray(np.sqrt(total * np.log(total / (rho * alpha * alpha))))
    return np.asarray(np.vectorize(lambda whole: _one_sided(whole, rho, alpha), otypes=[np.float64])(total))


def _one_sided(total: float, rho: float, alpha: float) -> float:
    """Where the mixture over positive means reaches 1/alpha; it grows with the sum."""

    def over(reached: float) -> float:
        mixed = 0.5 * log(4 * rho / total) + reached * reached / (2 * total) + log_ndtr(reached / sqrt(total))
        return float(mixed + log(alpha))

    return float(brentq(over, 0.0, 2 * sqrt(total * (log(total / rho) + 2 * log(1 / alpha) + 2))))


def half_width(standard_error: ArrayLike, *, tuned_for: float, alpha: float = 0.05) -> NDArray[np.float64]:
    """Half the interval around an estimate with this standard error that holds at all looks together.

    standard_error: any shape, >= 0; infinite gives infinite. tuned_for: the standard error at which it is to be
    tightest. The estimate must be one whose error at a later look differs from the present by independent steps, as of
    a mean, or of its difference from another that no longer changes: multiplied by its information (1 / squared
    standard error) it is then a Brownian motion at that time (Jennison & Turnbull, 1997). Raises BadInput.
    """
    spread = np.asarray(standard_error, dtype=np.float64)
    information = np.divide(1.0, spread**2, out=np.full_like(spread, np.inf), where=spread > 0)
    reached = boundary(information, tuned_for=tuned_for**-2 if tuned_for > 0 else tuned_for, alpha=alpha)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.where(np.isinf(information), 0.0, reached / information)
    return np.asarray(width)


def steadied(
    n: ArrayLike, mean: ArrayLike, variance: ArrayLike, bounds: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """n, mean and variance with three imaginary answers: 3/4 at either end of the scale, the rest in the middle.

    What Rocks (2016) does to the Net Promoter Score, for anything between `bounds`. Without them a mean near an end,
    whose variance is not seen until somebody differs, leaves its interval far too often.

    >>> n, mean, variance = steadied(20, 100.0, 0.0, (-100, 100))
    >>> float(n), round(float(mean), 1), round(float(variance))
    (23.0, 87.0, 1786)
    """
    low, high = bounds
    middle, imagined = (low + high) / 2, 3 * (high - low) ** 2 / 8
    count, centre, spread = (np.asarray(x, dtype=np.float64) for x in (n, mean, variance))
    total = count + 3
    moved = (count * centre + 3 * middle) / total
    squares = count * (spread + (centre - moved) ** 2) + imagined + 3 * (middle - moved) ** 2
    return total, moved, squares / total


def mean_sequence(
    n: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    *,
    tuned_for_n: float,
    alpha: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high of a mean that may be looked at after every observation, in large samples.

    n: (looks,) observations so far, > 0. mean, variance: (looks,) of those. tuned_for_n: how many observations the
    sequence is to be tightest at. bounds: of the scale, where it has any: the sequence then holds from ten observations
    on (`steadied`); without, begin to look when the variance is known well.

    >>> low, high = mean_sequence([100, 400], [0.3, 0.3], [0.61, 0.61], tuned_for_n=100)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.06, 0.18], [0.54, 0.42])
    """
    count, centre, spread = (np.asarray(x, dtype=np.float64) for x in (n, mean, variance))
    if bounds is not None:
        count, centre, spread = steadied(count, centre, spread, bounds)
    half = np.sqrt(spread) * boundary(count, tuned_for=tuned_for_n, alpha=alpha) / count
    return centre - half, centre + half
