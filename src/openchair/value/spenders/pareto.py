"""Buying at a steady rate, with or without an end that no purchase gives away: Pareto/NBD and NBD.

A customer buys at a rate which differs between customers as Gamma(r, alpha). In the NBD (Ehrenberg, 1959) nobody is
ever lost, which makes it a yardstick. In Pareto/NBD a customer is lost at a rate which differs as Gamma(s, beta),
whether or not they buy: Schmittlein, Morrison & Colombo (1987). Its likelihood is published with 2F1, which overflows
for many purchases and has no simple slope; here the integral behind it, over the time at which a customer was lost, is
summed by Gauss and Legendre's rule on a logarithmic scale, which is exact to rounding and has the slope for free.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import digamma, expit, gammaln, xlogy

from openchair.value.cases import Array
from openchair.value.likelihood import Objective
from openchair.value.spenders.model import Moments, over_rates

_NODES = 24  # of a likelihood, which a search evaluates often
_FINE_NODES = 44  # of moments, which have a wider range of times in them
_rule = cache(np.polynomial.legendre.leggauss)
_ROWS = 2**13  # integrated at once: their nodes fit into a processor's cache
_FADED = 45.0  # e-folds after which an integrand is nothing


@dataclass(frozen=True, slots=True)
class Steady:
    """The mathematics of the NBD; `params` are (r, alpha)."""

    names: tuple[str, ...] = ("r", "alpha")
    phases: int = 1

    def start(self, x: Array, T: Array, weights: Array) -> Array:
        """Where a search for parameters begins: rates of half the customers' mean time."""
        return np.array([0.5, 0.5 * float(weights @ T) / float(weights.sum()) + 1e-9])

    def log_density(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The log-likelihood of each triple."""
        density: Array = _bought(params[0], params[1], x) - (params[0] + x) * np.log(params[1] + T)
        return density

    def objective(self, x: Array, t_x: Array, T: Array, weights: Array) -> Objective:
        """The weighted log-likelihood and its gradient, as a function of the parameters."""

        def evaluate(params: Array) -> tuple[float, Array]:
            r, alpha = params
            log_end = np.log(alpha + T)
            by_r = digamma(r + x) - digamma(r) + np.log(alpha) - log_end
            by_alpha = r / alpha - (r + x) / (alpha + T)
            return float(weights @ self.log_density(params, x, t_x, T)), np.array([weights @ by_r, weights @ by_alpha])

        return evaluate

    def p_alive(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """1: nobody is lost."""
        return np.ones_like(T)

    def expected_alive(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The mean number of purchases in the next t."""
        mean: Array = (params[0] + x) / (params[1] + T) * t
        return mean

    def expected_new(self, params: Array, t: Array) -> Array:
        """The mean number of repeat purchases in the first t of a new customer."""
        mean: Array = params[0] / params[1] * t
        return mean

    def probability(self, params: Array, n: Array, t: Array) -> Array:
        """The probability of n repeat purchases in the first t of a new customer."""
        return _negative_binomial(params[0], params[1], n, t)

    def moments(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> tuple[Moments, Moments]:
        """Of the purchases Y in the next t: as one who stays, and as one lost, whom there is none of. All are (n,)."""
        nothing = np.zeros_like(t)
        return _of_who_stays(params[0] + x, params[1] + T, t), Moments(nothing, nothing, nothing)

    def for_life(self, params: Array, d: float, x: Array, t_x: Array, T: Array) -> Array:
        """The discounted mean number of all purchases to come."""
        mean: Array = (params[0] + x) / (params[1] + T) / d
        return mean


@dataclass(frozen=True, slots=True)
class Pareto:
    """The mathematics of Pareto/NBD; `params` are (r, alpha, s, beta)."""

    names: tuple[str, ...] = ("r", "alpha", "s", "beta")
    phases: int = 1

    def start(self, x: Array, T: Array, weights: Array) -> Array:
        """Where a search for parameters begins: rates of half the customers' mean time, and mild loss."""
        rates = Steady().start(x, T, weights)
        return np.array([*rates, 0.5, rates[1]])

    def log_density(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The log-likelihood of each triple."""
        r, alpha, s, beta = params
        alive, lost = self._log_outcomes(params, x, t_x, T)
        density: Array = _bought(r, alpha, x) + s * np.log(beta) + np.logaddexp(alive, lost)
        return density

    def objective(self, x: Array, t_x: Array, T: Array, weights: Array) -> Objective:
        """The weighted log-likelihood and its gradient, as a function of the parameters."""
        n = float(weights.sum())
        counts, count_of = np.unique(x, return_inverse=True)
        n_count = np.bincount(count_of, weights)

        def evaluate(params: Array) -> tuple[float, Array]:
            r, alpha, s, beta = params
            value = n_count @ _bought(r, alpha, counts) + n * s * np.log(beta)
            slope = np.array(
                [
                    n_count @ digamma(r + counts) + n * (np.log(alpha) - digamma(r)),
                    n * r / alpha,
                    n * np.log(beta),
                    n * s / beta,
                ]
            )
            for begin in range(0, len(x), _ROWS):
                rows = slice(begin, begin + _ROWS)
                more, by = _outcomes(params, x[rows], t_x[rows], T[rows])
                value += weights[rows] @ more
                slope += by @ weights[rows]
            return float(value), slope

        return evaluate

    def p_alive(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The probability that the customer was not lost by T."""
        alive, lost = self._log_outcomes(params, x, t_x, T)
        chance: Array = expit(alive - lost)
        return chance

    def expected_alive(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The mean number of purchases in the next t, given that the customer is alive at T."""
        r, alpha, s, beta = params
        later = np.log1p(t / (beta + T))
        power = (s - 1.0) * later
        small = np.abs(power) < 1e-8
        share = np.where(small, 1.0 - power / 2.0, -np.expm1(-power) / np.where(small, 1.0, power))
        mean: Array = (r + x) / (alpha + T) * (beta + T) * later * share
        return mean

    def expected_new(self, params: Array, t: Array) -> Array:
        """The mean number of repeat purchases in the first t of a new customer."""
        nothing = np.zeros_like(t)
        return self.expected_alive(params, t, nothing, nothing, nothing)

    def probability(self, params: Array, n: Array, t: Array) -> Array:
        """The probability of n repeat purchases in the first t of a new customer."""
        r, alpha, s, beta = params
        lived, chance = _lifetimes(s, beta, t, np.full_like(t, beta))
        while_lost = (chance * _negative_binomial(r, alpha, n[..., None], lived)).sum(axis=-1)
        stays = np.exp(-s * np.log1p(t / beta))
        result: Array = stays * _negative_binomial(r, alpha, n, t) + while_lost
        return result

    def for_life(self, params: Array, d: float, x: Array, t_x: Array, T: Array) -> Array:
        """The discounted mean number of all purchases to come of one alive at T: for rates l and m, l / (m + d)."""
        r, alpha, s, beta = params
        mean: Array = (r + x) / (alpha + T) * over_rates(np.full_like(T, s), beta + T, d, lambda m: 1.0 / (m + d))
        return mean

    def moments(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> tuple[Moments, Moments]:
        """Of the purchases Y in the next t of one alive at T: as one who stays, and as one lost by then. All are (n,).

        Who stays buys as in the NBD; who is lost after a time buys so until then.
        """
        r, alpha, s, beta = params
        rate, time, left = r + x, alpha + T, beta + T
        stays = np.exp(-s * np.log1p(t / left))
        bought = np.empty((3, len(t)))
        for begin in range(0, len(t), _ROWS):
            rows = slice(begin, begin + _ROWS)
            near = 1.0 / (rate[rows] / time[rows] + (s + 1.0) / left[rows])
            lived, chance = _lifetimes(s, left[rows], t[rows], near)
            until = _of_who_stays(rate[rows, None], time[rows, None], lived)
            bought[:, rows] = [(chance * moment).sum(axis=1) for moment in until]
        return Moments(*(stays * moment for moment in _of_who_stays(rate, time, t))), Moments(*bought)

    def _log_outcomes(self, params: Array, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
        """The logarithms of what the customer's being alive and being lost at T add to the likelihood."""
        r, alpha, s, beta = params
        repeats, last, end = (values.ravel() for values in np.broadcast_arrays(x, t_x, T))
        lost = np.empty(len(end))
        for begin in range(0, len(end), _ROWS):
            rows = slice(begin, begin + _ROWS)
            logs, _ = _when_lost(params, repeats[rows], last[rows], end[rows])
            lost[rows] = _log_sum(logs)[0]
        return -(r + x) * np.log(alpha + T) - s * np.log(beta + T), lost.reshape(np.shape(T))


def _outcomes(params: Array, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    """The logarithm of the sum of both outcomes, (n,), and its slopes by the parameters, (4, n)."""
    r, alpha, s, beta = params
    logs, lost_at = _when_lost(params, x, t_x, T)
    lost, shares = _log_sum(logs)
    log_rate, log_loss = np.log(alpha + T), np.log(beta + T)
    alive = -(r + x) * log_rate - s * log_loss
    either = np.logaddexp(alive, lost)
    of_alive, of_lost = np.exp(alive - either), np.exp(lost - either)
    at_rate, at_loss = alpha + lost_at, beta + lost_at
    log_at_rate, log_at_loss, by_rate, by_loss = (
        (shares * values).sum(axis=1) for values in (np.log(at_rate), np.log(at_loss), 1.0 / at_rate, 1.0 / at_loss)
    )
    by = np.array(
        [
            -of_alive * log_rate - of_lost * log_at_rate,
            -(r + x) * (of_alive / (alpha + T) + of_lost * by_rate),
            -of_alive * log_loss + of_lost * (1.0 / s - log_at_loss),
            -of_alive * s / (beta + T) - of_lost * (s + 1.0) * by_loss,
        ]
    )
    return either, by


def _when_lost(params: Array, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    """For times at which a customer may have been lost, (n, nodes): the logarithm of the likelihood's part, when."""
    r, alpha, s, beta = params
    near = 1.0 / ((r + x) / (alpha + t_x) + (s + 1.0) / (beta + t_x))
    since, log_width = _spread(T - t_x, near, r + x)
    at = t_x[:, None] + since
    logs = np.log(s) + log_width - (r + x)[:, None] * np.log(alpha + at) - (s + 1.0) * np.log(beta + at)
    return logs, at


def _spread(length: Array, near: Array, power: Array, nodes: int = _NODES) -> tuple[Array, Array]:
    """Nodes in [0, length], (n, nodes), and the logarithms of their widths, evenly on log(1 + time / near).

    near: (n,) the time over which an integrand falls by e at first; power: with which it falls at least later, so that
    what lies beyond is left out.
    """
    reach = np.log1p(length / near)
    far = np.log1p((power + 2.0) * np.expm1(np.minimum(_FADED / (power + 2.0), 700.0)))
    reach = np.minimum(reach, far)
    places, shares = _rule(nodes)
    at = reach[:, None] * (places + 1.0) / 2.0
    with np.errstate(divide="ignore"):
        return near[:, None] * np.expm1(at), np.log(near * reach / 2.0)[:, None] + at + np.log(shares)


def _lifetimes(s: float, left: Array | float, t: Array, near: Array) -> tuple[Array, Array]:
    """Times below t after which one is lost who is alive now, (.., nodes), and their chances."""
    flat = np.atleast_1d(t).ravel()
    lived, log_width = _spread(flat, np.broadcast_to(near, np.shape(t)).ravel(), np.zeros_like(flat), _FINE_NODES)
    rate = np.broadcast_to(left, np.shape(t)).ravel()[:, None]
    chance = np.exp(np.log(s) - np.log(rate) - (s + 1.0) * np.log1p(lived / rate) + log_width)
    shape = (*np.shape(t), _FINE_NODES)
    return lived.reshape(shape), chance.reshape(shape)


def _log_sum(logs: Array) -> tuple[Array, Array]:
    """The logarithm of the sum over nodes, (n,), and each node's share of it, (n, nodes)."""
    most = logs.max(axis=1, keepdims=True)
    most = np.where(np.isfinite(most), most, 0.0)
    sizes = np.exp(logs - most)
    total = sizes.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return (most + np.log(total))[:, 0], sizes / np.where(total > 0, total, 1.0)


def _bought(r: float, alpha: float, x: Array) -> Array:
    """The part of a log-likelihood that follows from x alone."""
    part: Array = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    return part


def _negative_binomial(r: float, alpha: float, n: Array, t: Array) -> Array:
    """The probability of n purchases of a steady buyer in t."""
    share = t / (alpha + t)
    chance: Array = np.exp(gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * np.log1p(-share) + xlogy(n, share))
    return chance


def _of_who_stays(rate: Array, time: Array, t: Array) -> Moments:
    """Of the purchases in t of one whose rate is Gamma(rate, time)."""
    mean = rate / time * t
    return Moments(-np.expm1(-rate * np.log1p(t / time)), mean, mean + mean * (rate + 1.0) / time * t)
