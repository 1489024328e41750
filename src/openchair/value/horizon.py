"""What a customer will spend over a horizon: the predictive distribution, without random numbers.

The number of purchases Y is the buying model's. Given Y and nu, the customer's spend is Gamma(p Y, nu), and nu is
Gamma(q', gamma') after what was seen of their spending: the spend is gamma' G / V with G ~ Gamma(p Y), V ~ Gamma(q').
Means are exact. For the interval G is taken to be one Gamma for customers who stay and one for those lost on the way,
each with the exact chance, mean and variance of its kind. That leaves the exact chance of no purchase and the exact
uncertainty of nu: the spend is then a mixture of two scaled beta primes, whose quantiles exist however small q' is,
also where the variance of the spend is infinite (q' <= 2).

What is foretold with fitted parameters is as uncertain as they are. Moving them a standard error one way tells how the
mean's logarithm moves; over all ways, which are independent, the squares of that add up to its variance (Laplace's
approximation and the delta method), and the interval is widened by it, as independent errors are, on a logarithmic
scale. Parameters that are given as known have no such part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, betaln, ndtri

from openchair.core.errors import BadInput
from openchair.value.cases import Array, column, counts, distinct, together, triples
from openchair.value.spend import Spend
from openchair.value.spender import Spender
from openchair.value.spenders.contract import Contract
from openchair.value.spenders.model import Moments

_TINY = float(np.finfo(np.float64).tiny)
_NOISE = 1e-12  # an outcome less likely than this is rounding, and weighs nothing
_LOOKED_AT = 256  # customers of all kinds, by which to tell whether the parameters' doubt matters
_NO_DOUBT = 0.01  # of a mean: what a large shop's parameters leave, which widens no interval to speak of
_LONGEST_STEP = 0.5  # e-folds of a parameter
_EXACT = 1e-9  # how near its level the probability at a quantile must be


_Fitted = TypeVar("_Fitted", Spender, Spend, Contract)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Predictions for (n,) customers over a horizon; money in the unit the spending model was fitted to.

    value: the mean of what they will spend. low, high: a predictive interval with low <= value <= high.
    p_alive: in [0, 1]. purchases: the mean number. p_none: the chance that nothing is bought.
    """

    value: Array
    low: Array
    high: Array
    p_alive: Array
    purchases: Array
    p_none: Array


def predict(
    spender: Spender,
    spend: Spend,
    t: float,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    mean_spend: ArrayLike,
    n_spend: ArrayLike,
    confidence: float = 0.8,
) -> Horizon:
    """What each customer will spend in the next t after T.

    t: the horizon, 0 or more, in the unit of the triples (x, t_x, T), as in `spender.fit`; times in whole days keep the
    distinct triples few and the prediction cheap. mean_spend: (n,) money a purchase, over n_spend purchases; where
    either is 0 or less nothing is known and the mean of all customers serves. confidence: in (0, 1), the chance that
    the spend lies within [low, high], cut alike on both sides; higher for who may well buy nothing, as no spend is
    below 0. The interval of one who most likely buys nothing would be [0, 0], below a mean that a few rich cases raise:
    low and high are widened to contain the value. Raises BadInput out of these bounds.
    """
    if not 0 < confidence < 1:
        remedy = "Give 0.8 for four cases in five."
        raise BadInput("confidence", value=confidence, bound="must be in (0, 1)", remedy=remedy)
    ahead = column("t", t)
    if ahead.ndim:
        raise BadInput("t", value=ahead.shape, bound="must be one number", remedy="Predict one horizon at a time.")
    repeats, last, seen = triples(x, t_x, T)
    shape, rate = spend.posterior(n_spend, mean_spend)
    joined = together(
        x=repeats,
        t_x=last,
        T=seen,
        spend_shape=shape,
        spend_rate=rate,
        n=counts("n_spend", n_spend),
        money=np.asarray(mean_spend, np.float64),
    )
    repeats, last, seen, shape, rate, *spending = (np.atleast_1d(values) for values in joined)
    history = (repeats, last, seen)
    (repeats, seen, last, of_shape), inverse = distinct(repeats, seen, last, shape)
    p_alive = spender.p_alive(repeats, last, seen)
    stays, lost = _purchases(spender, float(ahead), repeats, last, seen)
    p_none = 1.0 - p_alive * (stays.any + lost.any)
    cut = (1.0 - confidence) / 2.0
    low, high = (_unit_quantile(spend.params["p"], of_shape, stays, lost, p_none, level) for level in (cut, 1.0 - cut))
    purchases = (p_alive * (stays.mean + lost.mean))[inverse]
    value = purchases * spend.params["p"] * rate / (shape - 1.0)
    doubt = _doubt(spender, spend, float(ahead), history, spending) * float(ndtri(1.0 - cut))
    low, high = np.minimum(rate * low[inverse], value), np.maximum(rate * high[inverse], value)
    return Horizon(
        value=value,
        low=widened(low, value, doubt, -1.0),
        high=widened(high, value, doubt, 1.0),
        p_alive=p_alive[inverse],
        purchases=purchases,
        p_none=p_none[inverse],
    )


def widened(edge: Array, value: Array, doubt: Array, side: float) -> Array:
    """An edge of an interval with another independent error, on a logarithmic scale; no spend stays no spend."""
    some = (edge > 0) & (value > 0)
    off = np.log(np.where(some, edge, 1.0) / np.where(some, value, 1.0))
    wider: Array = np.where(some, value * np.exp(side * np.hypot(off, doubt)), edge)
    return wider


def _doubt(spender: Spender, spend: Spend, t: float, history: Sequence[Array], spending: Sequence[Array]) -> Array:
    """The standard error of the logarithm of each customer's mean, (n,); 0 where it is small for a few of all kinds."""

    def errors(triples: Sequence[Array], money: Sequence[Array]) -> Array:
        rows, inverse = distinct(*triples)
        buying = doubt_of(spender, lambda model: model.expected(t, *rows))[inverse]
        return np.hypot(buying, doubt_of(spend, lambda model: model.expected(*money)))

    some = np.linspace(0, len(history[0]) - 1, _LOOKED_AT).astype(np.intp)[: len(history[0])]
    few = errors(*([values[some] for values in columns] for columns in (history, spending)))
    return errors(history, spending) if few.max(initial=0.0) > _NO_DOUBT else np.zeros_like(history[0])


def doubt_of(fitted: _Fitted, mean: Callable[[_Fitted], Array]) -> Array:
    """The standard error of the logarithm of a mean: how it moves with each step of the parameters' doubt, in all."""
    centre = np.log(np.maximum(mean(fitted), _TINY))
    variance = np.zeros_like(centre)
    for step in np.array(fitted.doubt):
        share = min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), _TINY))
        variance += ((np.log(np.maximum(mean(fitted.moved(step * share)), _TINY)) - centre) / share) ** 2
    error: Array = np.sqrt(variance)
    return error


def _purchases(spender: Spender, t: float, x: Array, t_x: Array, T: Array) -> tuple[Moments, Moments]:
    """The moments of purchases to come, computed once for each distinct (x, T), and t_x where that matters."""
    since = t_x if spender.mathematics.phases > 1 else np.zeros_like(T)
    (counts, lasts, ends), inverse = distinct(x, since, T)
    ahead = np.full(len(counts), t)
    stays, lost = spender.mathematics.moments(spender.values, ahead, counts, lasts, ends)
    return Moments(*(moment[inverse] for moment in stays)), Moments(*(moment[inverse] for moment in lost))


def _unit_quantile(p: float, shape: Array, stays: Moments, lost: Moments, p_none: Array, level: float) -> Array:
    """The quantile of G / V, which is the spend where gamma' is 1."""
    quantile = np.zeros_like(p_none)
    some = p_none < level
    q, wanted = shape[some], (level - p_none[some]) / (1.0 - p_none[some])
    kinds = [Moments(*(moment[some] for moment in kind)) for kind in (stays, lost)]
    any_ = kinds[0].any + kinds[1].any
    weights = [kind.any / any_ for kind in kinds]
    gammas = [_matched(p, kind) for kind in kinds]
    one_shape, one_scale = _matched(p, Moments(*(a + b for a, b in zip(*kinds, strict=True))))
    share = betaincinv(one_shape, q, wanted)
    logs = np.log(np.maximum(one_scale * share / np.maximum(1.0 - share, _TINY), _TINY))
    floor, roof = np.full_like(logs, -np.inf), np.full_like(logs, np.inf)
    active = np.arange(len(logs))
    for _ in range(100):  # Newton's steps on the logarithm, from the quantile of one Gamma, within what is known
        reached, density = -wanted[active], np.zeros(len(active))
        for weight, (kind_shape, scale) in zip(weights, gammas, strict=True):
            under, slope = _beta_prime(logs[active], kind_shape[active], q[active], scale[active])
            reached, density = reached + weight[active] * under, density + weight[active] * slope
        off = np.abs(reached) > _EXACT
        active, reached, density = active[off], reached[off], density[off]
        if not len(active):
            break
        floor[active] = np.where(reached < 0, logs[active], floor[active])
        roof[active] = np.where(reached > 0, logs[active], roof[active])
        step = logs[active] - np.clip(reached / np.maximum(density, _TINY), -1.0, 1.0)
        stuck = (step <= floor[active]) | (step >= roof[active])
        step[stuck] = ((floor[active] + roof[active]) / 2.0)[stuck]
        logs[active] = step
    quantile[some] = np.exp(logs)
    return quantile


def _matched(p: float, purchases: Moments) -> tuple[Array, Array]:
    """Shape and scale of the Gamma with the mean and variance of G = Gamma(p Y), given Y > 0 and the outcome."""
    known = purchases.any > _NOISE
    any_ = np.where(known, purchases.any, 1.0)
    mean = np.where(known, np.maximum(p * purchases.mean / any_, p), p)
    variance = np.where(known, (p * p * purchases.square + p * purchases.mean) / any_ - mean**2, p)
    variance = np.maximum(variance, mean)  # what one purchase varies by; rounding may fall below it
    return mean**2 / variance, variance / mean


def _beta_prime(logs: Array, a: Array, q: Array, scale: Array) -> tuple[Array, Array]:
    """The distribution function of a scaled beta prime and its derivative, on the logarithm of the value."""
    ratio = np.exp(logs) / scale
    share = ratio / (1.0 + ratio)
    density = np.exp(a * np.log(share) - q * np.log1p(ratio) - betaln(a, q))
    return betainc(a, q, share), density
