"""Intervals that may be looked at every day: confidence sequences, which hold at all times together.

An interval made for one look, looked at daily, sooner or later leaves the truth out; one of these does so at any time
at all with chance `alpha` at most. Howard, Ramdas, McAuliffe & Sekhon (2021) for the boundary; Waudby-Smith, Arbour,
Sinha, Kennedy & Ramdas (2024) for means of anything with a variance, in large samples.
"""

from collections.abc import Callable
from math import inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaln, gammainc, gammaln, log_ndtr, zeta

from openchair.core.errors import BadInput


def mixing(tuned_for: float, alpha: float = 0.05, *, sides: int = 2) -> float:
    """The variance added (rho) that makes the boundary tightest where the variance is `tuned_for` (> 0).

    Howard et al. (2021), section 3.2. alpha in (0, 1), below 1/2 for one side. Raises BadInput.

    >>> round(mixing(100), 5)
    12.60056
    """
    _above_zero("tuned_for", tuned_for)
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

    def mixed(reached: float, whole: float) -> float:
        return float(0.5 * log(4 * rho / whole) + reached**2 / (2 * whole) + log_ndtr(reached / sqrt(whole)))

    return _crossing(mixed, total, alpha)


def heavy_boundary(variance: ArrayLike, *, scale: float, tuned_for: float, alpha: float = 0.05) -> NDArray[np.float64]:
    """What a sum stays below at all times, but for chance alpha, whose steps have a heavy right tail, as revenue has.

    variance: any shape, >= 0. scale: > 0, of the tail: no heavier than that of an exponential with this mean. The
    gamma-exponential mixture of Howard et al. (2021), proposition 9, exact for such steps less their mean. Raises
    BadInput.

    >>> round(float(heavy_boundary(100, scale=2, tuned_for=100)), 5)
    33.02017
    """
    rho, square = mixing(tuned_for, alpha, sides=1), _above_zero("scale", scale) ** 2
    start = rho / square

    def mixed(reached: float, whole: float) -> float:
        shape, rate = whole / square, (scale * reached + whole) / square
        return float(_log_gamma(shape, rate) - _log_gamma(start, start) + rate - start)

    return _crossing(mixed, np.asarray(variance, dtype=np.float64) + rho, alpha)


def stitched(variance: ArrayLike, *, least: float, scale: float = 0.0, alpha: float = 0.05) -> NDArray[np.float64]:
    """What a sum stays below at all times, tuned for no time in particular: it grows as the law of iterated logarithm.

    variance: any shape, >= 0. least: > 0, the variance before which the boundary no longer narrows. scale: of the right
    tail (sub-gamma), 0 for none. Raises BadInput. Polynomial stitching, theorem 1 of Howard et al. (2021).

    >>> round(float(stitched(100, least=10, scale=3)), 5)
    64.48755
    """
    power, ratio = 1.4, 2.0
    spent = np.maximum(np.asarray(variance, dtype=np.float64), _above_zero("least", least))
    surprise = power * np.log(np.log(ratio * spent / least)) + log(zeta(power) / (alpha * log(ratio) ** power))
    tail = (sqrt(ratio) + 1) / 2 * scale * surprise
    return np.asarray(np.sqrt((ratio**0.25 + ratio**-0.25) ** 2 / 2 * spent * surprise + tail**2) + tail)


def bounded_boundary(
    variance: ArrayLike, *, below: float, above: float, tuned_for: float, alpha: float = 0.05
) -> NDArray[np.float64]:
    """What a sum of steps that lie between -below and above, both > 0, stays below at all times, but for chance alpha.

    variance: any shape, > 0, `below * above` a step. Chance alpha is that of leaving it on either side. The two-sided
    beta-binomial mixture of Howard et al. (2021), proposition 7, exact for steps at the ends. Raises BadInput.

    >>> round(float(bounded_boundary(100, below=0.2, above=0.8, tuned_for=100)), 4)
    31.4308
    """
    mixed = _beta_binomial(_above_zero("below", below), _above_zero("above", above), tuned_for, alpha)
    return _crossing(mixed, np.asarray(variance, dtype=np.float64), alpha, lambda whole: whole / below)


def rate_sequence(
    successes: ArrayLike, n: ArrayLike, *, tuned_for_n: float, alpha: float = 0.05
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high of a share that may be looked at after every case, exact however few there are.

    successes: (looks,) from 0 to n. n: (looks,) cases so far, > 0. tuned_for_n: how many cases it is to be tightest
    at. Raises BadInput. Howard et al. (2021), from the beta-binomial mixture.

    >>> low, high = rate_sequence(700, 1_000, tuned_for_n=100)
    >>> round(float(low), 6), round(float(high), 6)
    (0.65163, 0.74595)
    """

    def ends(hits: float, cases: float) -> tuple[float, float]:
        seen = hits / cases

        def over(share: float) -> float:
            spread = share * (1 - share)
            mixed = _beta_binomial(share, 1 - share, spread * tuned_for_n, alpha)
            return mixed((seen - share) * cases, spread * cases) + log(alpha)

        def end(edge: float) -> float:
            # A share as small as one likes may still fit a single success, as the mixture is tuned to the share.
            inner = min(max(seen, TINY), 1 - TINY)
            return float(brentq(over, edge, inner)) if edge != inner and over(edge) > 0 else round(edge)

        return end(TINY), end(1 - TINY)

    hits, cases = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if not ((hits >= 0) & (hits <= cases) & (cases > 0)).all():
        raise BadInput("successes", value=successes, bound="must lie from 0 to n", remedy="Count both alike.")
    low, high = np.vectorize(ends, otypes=[np.float64, np.float64])(hits, cases)
    return np.asarray(low), np.asarray(high)


TINY = 1e-12
"""A share that is told as 0."""

Mixed = Callable[[float, float], float]
"""Logarithm of a mixture at a sum and its variance."""


def _beta_binomial(below: float, above: float, tuned_for: float, alpha: float) -> Mixed:
    product, whole = below * above, below + above
    prior = max(mixing(tuned_for, alpha) - product, 1e-3 * product)
    start = betaln(prior / (below * whole), prior / (above * whole))

    def mixed(reached: float, variance: float) -> float:
        down, up = (variance - below * reached) / (below * whole), (variance + above * reached) / (above * whole)
        seen = betaln(prior / (below * whole) + down, prior / (above * whole) + up) - start
        return float(variance / product * log(whole) - up * log(below) - down * log(above) + seen)

    return mixed


def _above_zero(what: str, given: float) -> float:
    if not 0 < given < inf:
        raise BadInput(what, value=given, bound="must be above 0 and finite", remedy="Give what you expect.")
    return given


def _log_gamma(shape: float, rate: float) -> float:
    """Logarithm of the integral over [0, 1] of x^(shape - 1) exp(-rate x)."""
    return float(gammaln(shape) + log(gammainc(shape, rate)) - shape * log(rate))


def _crossing(
    mixed: Mixed, variance: NDArray[np.float64], alpha: float, most: Callable[[float], float] | None = None
) -> NDArray[np.float64]:
    """Where the mixture, which grows with the sum, reaches 1/alpha; `most`, if not even the largest sum does."""

    def at(whole: float) -> float:
        def over(reached: float) -> float:
            return mixed(reached, whole) + log(alpha)

        top = most(whole) if most else max(sqrt(whole), whole)
        if most and over(top) <= 0:
            return top
        while over(top) < 0:
            top *= 2
        return float(brentq(over, 0.0, top, xtol=1e-12))

    return np.asarray(np.vectorize(at, otypes=[np.float64])(variance))


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
