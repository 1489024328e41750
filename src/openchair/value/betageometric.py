"""Buying at a steady rate until a purchase that is the last: BG/NBD and MBG/NBD.

A customer buys at a rate which differs between customers as Gamma(r, alpha), and is lost after a purchase with a
probability which differs as Beta(a, b). In BG/NBD only repeat purchases can be the last: Fader, Hardie & Lee (2005). In
MBG/NBD the first may be too: Batislam, Denizel & Filiztekin (2007). All else is shared: `chances` is how many
chances to be lost the first purchase brings, so a customer with x repeats has survived x + chances of them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln, hyp2f1, xlogy

from openchair.value.cases import Array
from openchair.value.likelihood import Objective

_NEAR = 1e-4  # how near a removable singularity a formula may be used
_LARGEST_POWER = 600.0  # exp of more would overflow before it cancels
_LARGEST_C = 1e4  # and a 2F1 multiplied by more loses too many digits
_BLOCK = 2**19  # numbers held at once while summing over counts of purchases
_TAIL = 1e-12  # relative size of what may be left of a sum


class Moments(NamedTuple):
    """Of a number of purchases Y in one outcome: P(Y > 0, outcome), E[Y; outcome] and E[Y^2; outcome]."""

    any: Array
    mean: Array
    square: Array


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """The mathematics of one model; every `params` is (r, alpha, a, b), all above 0."""

    chances: int
    names: tuple[str, ...] = ("r", "alpha", "a", "b")

    def start(self, x: Array, T: Array, weights: Array) -> Array:
        """Where a search for parameters begins: rates of half the customers' mean time, and mild loss."""
        return np.array([0.5, 0.5 * float(weights @ T) / float(weights.sum()) + 1e-9, 1.0, 3.0])

    def log_density(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The log-likelihood of each triple."""
        r, alpha, a, b = params
        survived = x + self.chances
        rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
        kept = betaln(a, b + survived) - betaln(a, b)
        density: Array = rate + kept + np.logaddexp(0.0, self._log_odds_lost(params, x, t_x, T))
        return density

    def objective(self, x: Array, t_x: Array, T: Array, weights: Array) -> Objective:
        """The weighted log-likelihood of distinct triples and its gradient, as a function of the parameters.

        Special functions are evaluated on the distinct x, logarithms on the distinct times; a row costs one
        exponential.
        """
        n = float(weights.sum())
        counts, count_of = np.unique(x, return_inverse=True)
        ends, end_of = np.unique(T, return_inverse=True)
        n_count = np.bincount(count_of, weights)
        n_end, x_end = np.bincount(end_of, weights), np.bincount(end_of, weights * x)
        survived = counts + self.chances
        risky = x + self.chances > 0  # rows which may have been lost at all
        w, count_of, end_of = weights[risky], count_of[risky], end_of[risky]
        lasts, last_of = np.unique(t_x[risky], return_inverse=True)

        def evaluate(params: Array) -> tuple[float, Array]:
            r, alpha, a, b = params
            before = b + np.maximum(survived, 1.0) - 1.0
            at_end, at_last = alpha + ends, alpha + lasts
            log_end, log_last = np.log(at_end), np.log(at_last)
            events = r * n_end + x_end
            gap = log_end[end_of] - log_last[last_of]
            rate = (r + counts)[count_of]
            log_odds = (np.log(a) - np.log(before))[count_of] + rate * gap
            small = np.exp(-np.abs(log_odds))
            lost = w * np.where(log_odds > 0, 1.0, small) / (1.0 + small)
            either = (w * (np.maximum(log_odds, 0.0) + np.log1p(small))).sum()
            value = (
                n_count @ (gammaln(r + counts) + gammaln(b + survived) - gammaln(a + b + survived))
                + n * (r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b))
                - events @ log_end
                + either
            )
            together = digamma(a + b + survived)
            slope = np.array(
                [
                    n_count @ digamma(r + counts)
                    + n * (np.log(alpha) - digamma(r))
                    - n_end @ log_end
                    + (lost * gap).sum(),
                    n * r / alpha
                    - events @ (1 / at_end)
                    - (lost * rate * ((1 / at_last)[last_of] - (1 / at_end)[end_of])).sum(),
                    n * digamma(a + b) - n_count @ together + lost.sum() / a,
                    n * (digamma(a + b) - digamma(b))
                    + n_count @ (digamma(b + survived) - together)
                    - (lost * (1 / before)[count_of]).sum(),
                ]
            )
            return float(value), slope

        return evaluate

    def p_alive(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The probability that the customer was not lost by T; in BG/NBD 1 where x is 0."""
        alive: Array = expit(-self._log_odds_lost(params, x, t_x, T))
        return alive

    def expected_alive(self, params: Array, t: Array, x: Array, T: Array) -> Array:
        """The mean number of purchases in the next t, given that the customer is alive at T."""
        r, alpha, a, b = params
        before = b + x + self.chances
        c = a + before - 1.0
        with np.errstate(all="ignore"):  # what overflows is summed below
            mean = np.asarray(self._mean(a, r + x, before, alpha + T, t))
        pole = np.minimum(np.abs(a - 1.0), np.minimum(np.abs(c), np.abs(c + 1.0))) < _NEAR
        power = np.minimum(r + x, np.abs(a - 1.0)) * np.log1p(t / (alpha + T))
        summed = pole | (power > _LARGEST_POWER) | (c > _LARGEST_C) | ~np.isfinite(mean)
        if summed.any():
            stays, lost = self.moments(params, *(values[summed] for values in np.broadcast_arrays(t, x, T)))
            mean[summed] = stays.mean + lost.mean
        return np.maximum(mean, 0.0)

    def expected_new(self, params: Array, t: Array) -> Array:
        """The mean number of repeat purchases in the first t of a new customer."""
        nothing = np.zeros_like(t)
        return self._kept(params, 0.0) * self.expected_alive(params, t, nothing, nothing)

    def probability(self, params: Array, n: Array, t: Array) -> Array:
        """The probability of n repeat purchases in the first t of a new customer."""
        r, alpha, a, b = params
        share = t / (alpha + t)
        ways = gammaln(r + n) - gammaln(r) - gammaln(n + 1)
        exactly = np.exp(ways + r * np.log1p(-share) + xlogy(n, share))
        survived = n + self.chances
        last = np.exp(betaln(a + 1, np.maximum(b + survived - 1, b)) - betaln(a, b))
        reached = np.where(n > 0, betainc(np.maximum(n, 1), r, share), 1.0)
        chance: Array = self._kept(params, n) * exactly + np.where(survived > 0, last * reached, 0.0)
        return chance

    def moments(self, params: Array, t: Array, x: Array, T: Array) -> tuple[Moments, Moments]:
        """Of the purchases Y in the next t of one alive at T: as one who stays, and as one lost by then. All are (n,).

        Y >= k needs k purchases of a steady buyer and k - 1 survivals, independent of each other:
        P(Y >= k) = B(a, b' + k - 1) / B(a, b') * P(NB >= k), and P(Y = k, stays) = B(a, b' + k) / B(a, b') * P(NB = k).
        E[Y] is the sum over k of P(Y >= k), and E[Y^2] that of (2k - 1) P(Y >= k).
        """
        r, alpha, a, b = params
        share = t / (alpha + T + t)
        total, stays = np.zeros((3, len(x))), np.zeros((3, len(x)))
        active = np.flatnonzero(share > 0)
        k, width = 1, 8
        while len(active):
            width = max(2, min(width, _BLOCK // len(active)))
            ks = np.arange(k, k + width + 1, dtype=np.float64)
            least = x[active].min()
            table = betaln(a, b + self.chances + np.arange(least, x[active].max() + k + width + 1))
            place = (x[active] - least).astype(np.intp)[:, None]
            kept = np.exp(table[place + np.arange(k - 1, k + width)] - table[place])
            bought = betainc(ks, (r + x[active])[:, None], share[active][:, None])
            at_least = (kept * bought)[:, :-1]
            exactly = kept[:, 1:] * (bought[:, :-1] - bought[:, 1:])
            ks = ks[:-1]
            if k == 1:
                total[0, active] = at_least[:, 0]
            total[1:, active] += [at_least.sum(axis=1), (at_least * (2 * ks - 1)).sum(axis=1)]
            stays[:, active] += [exactly.sum(axis=1), (exactly * ks).sum(axis=1), (exactly * ks**2).sum(axis=1)]
            final = at_least[:, -1]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(final > 0, final / at_least[:, -2], 0.0)
                left = 2 * ks[-1] * final / (1 - ratio) ** 2  # the tail falls at least as fast as this ratio
            active = active[~(left < _TAIL * total[2, active]) & (final > 0)]
            k, width = k + width, width * 2
        return Moments(*stays), Moments(*np.maximum(total - stays, 0.0))

    def _kept(self, params: Array, n: Array | float) -> Array:
        """The probability of surviving n repeat purchases."""
        _, _, a, b = params
        kept: Array = np.exp(betaln(a, b + n + self.chances) - betaln(a, b))
        return kept

    def _log_odds_lost(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The logarithm of the odds that the last purchase seen was the last of all."""
        r, alpha, a, b = params
        survived = x + self.chances
        odds = np.log(a) - np.log(np.maximum(b + survived - 1.0, b))
        return np.where(survived > 0, odds + (r + x) * np.log((alpha + T) / (alpha + t_x)), -np.inf)

    @staticmethod
    def _mean(a: Array, rate: Array, b: Array, time: Array, t: Array) -> Array:
        """The mean number of purchases of one alive, by whichever of Euler's two forms has the smaller powers.

        The published form multiplies a power that vanishes by a 2F1 that overflows once x is large; Euler's
        transformation moves the power out of the 2F1, of whose parameters then only one grows with x.
        """
        c = a + b - 1.0
        z, rest = t / (time + t), np.log1p(t / time)
        euler = np.exp(-(a - 1.0) * rest) * hyp2f1(c - rate, a - 1.0, c, z)
        published = np.exp(-rate * rest) * hyp2f1(rate, b, c, z)
        mean: Array = c / (a - 1.0) * (1.0 - np.where(np.abs(a - 1.0) <= rate, euler, published))
        return mean
