"""Buying until a purchase that is the last: BG/NBD and MBG/NBD, and both for regular buyers.

A customer buys at a rate which differs between customers as Gamma(r, alpha), and is lost after a purchase with a
probability which differs as Beta(a, b). In BG/NBD only repeat purchases can be the last: Fader, Hardie & Lee (2005). In
MBG/NBD the first may be too: Batislam, Denizel & Filiztekin (2007). All else is shared: `chances` is how many
chances to be lost the first purchase brings, so a customer with x repeats has survived x + chances of them.

Regular buyers (Platzer & Reutterer, 2016) pass through `phases` between two purchases, each exponential at their rate:
with more phases the time between purchases varies less, and who is late is lost the sooner. Of one alive at T it is
not known how many phases of the present one have passed: each number has a chance, given which all is as with one
phase. So means and moments are exact, where the paper's are approximations. The gaps between purchases enter the
likelihood as a sum of logarithms that no parameter touches, which `spender.fit` adds: distinct triples are enough.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import betainc, betaincinv, betaln, digamma, expit, gammaln, hyp2f1, log_expit

from openchair.value.cases import Array, distinct
from openchair.value.likelihood import Objective
from openchair.value.spenders.model import Moments, over_rates

_NEAR = 1e-4  # how near a removable singularity a formula may be used
_LARGEST_POWER = 600.0  # exp of more would overflow before it cancels
_LARGEST_C = 1e4  # and a 2F1 multiplied by more loses too many digits
_BLOCK = 2**19  # numbers held at once while summing over counts of purchases
_EDGE = 1e-16  # chance of what is beyond the end of an integral
_LONG = 48  # nodes, half of them, and e-folds below which an integrand is even
_TAIL = 1e-12  # relative size of what may be left of a sum


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """The mathematics of one model; every `params` is (r, alpha, a, b), all above 0."""

    chances: int
    phases: int = 1
    names: tuple[str, ...] = ("r", "alpha", "a", "b")

    def start(self, x: Array, T: Array, weights: Array) -> Array:
        """Where a search for parameters begins: rates of half the customers' mean time, and mild loss."""
        time = 0.5 * float(weights @ T) / float(weights.sum()) + 1e-9
        return np.array([0.5, time / self.phases, 1.0, 3.0])

    def log_density(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The log-likelihood of each triple."""
        r, alpha, a, b = params
        shape = r + self.phases * x
        rate = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(alpha + T)
        kept = betaln(a, b + x + self.chances) - betaln(a, b)
        log_phases = np.log(self._phases(params, x, t_x, T).sum(axis=0))
        density: Array = rate + kept + np.logaddexp(log_phases, self._log_odds_lost(params, x, t_x, T))
        return density

    def objective(self, x: Array, t_x: Array, T: Array, weights: Array) -> Objective:
        """The weighted log-likelihood of distinct triples and its gradient, as a function of the parameters.

        Special functions are evaluated on the distinct x, logarithms on the distinct times; a row costs one
        exponential.
        """
        n = float(weights.sum())
        counts, count_of = np.unique(x, return_inverse=True)
        ends, end_of = np.unique(T, return_inverse=True)
        lasts, last_of = np.unique(t_x, return_inverse=True)
        passed = self.phases * counts
        n_count = np.bincount(count_of, weights)
        n_end, x_end = np.bincount(end_of, weights), np.bincount(end_of, weights * passed[count_of])
        survived = counts + self.chances

        def evaluate(params: Array) -> tuple[float, Array]:
            r, alpha, a, b = params
            before = b + np.maximum(survived, 1.0) - 1.0
            at_end, at_last = alpha + ends, alpha + lasts
            log_end, log_last = np.log(at_end), np.log(at_last)
            events = r * n_end + x_end
            gap = log_end[end_of] - log_last[last_of]
            rate = (r + passed)[count_of]
            log_odds = np.where(survived > 0, np.log(a) - np.log(before), -np.inf)[count_of] + rate * gap
            between, by_rate, by_alpha = 0.0, 0.0, 0.0
            if self.phases > 1:
                log_phases, by_r, mean = self._between(rate, (T - t_x) / at_end[end_of])
                log_odds = log_odds - log_phases
                between = float(weights @ log_phases)
            small = np.exp(-np.abs(log_odds))
            lost = weights * np.where(log_odds > 0, 1.0, small) / (1.0 + small)
            if self.phases > 1:
                alive = weights - lost
                by_rate, by_alpha = float(alive @ by_r), -float(alive @ (mean / at_end[end_of]))
            value = (
                between
                + n_count @ (gammaln(r + passed) + gammaln(b + survived) - gammaln(a + b + survived))
                + n * (r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b))
                - events @ log_end
                + (weights * (np.maximum(log_odds, 0.0) + np.log1p(small))).sum()
            )
            together = digamma(a + b + survived)
            slope = np.array(
                [
                    n_count @ digamma(r + passed)
                    + n * (np.log(alpha) - digamma(r))
                    - n_end @ log_end
                    + (lost * gap).sum()
                    + by_rate,
                    n * r / alpha
                    - events @ (1 / at_end)
                    - (lost * rate * ((1 / at_last)[last_of] - (1 / at_end)[end_of])).sum()
                    + by_alpha,
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
        log_phases = np.log(self._phases(params, x, t_x, T).sum(axis=0))
        alive: Array = expit(log_phases - self._log_odds_lost(params, x, t_x, T))
        return alive

    def expected_alive(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The mean number of purchases in the next t, given that the customer is alive at T."""
        if self.phases > 1:
            stays, lost = self.moments(params, *np.broadcast_arrays(t, x, t_x, T))
            return stays.mean + lost.mean
        r, alpha, a, b = params
        before = b + x + self.chances
        c = a + before - 1.0
        with np.errstate(all="ignore"):  # what overflows is summed below
            mean = np.asarray(self._mean(a, r + x, before, alpha + T, t))
        pole = np.minimum(np.abs(a - 1.0), np.minimum(np.abs(c), np.abs(c + 1.0))) < _NEAR
        power = np.minimum(r + x, np.abs(a - 1.0)) * np.log1p(t / (alpha + T))
        summed = pole | (power > _LARGEST_POWER) | (c > _LARGEST_C) | ~np.isfinite(mean)
        if summed.any():
            stays, lost = self.moments(params, *(values[summed] for values in np.broadcast_arrays(t, x, t_x, T)))
            mean[summed] = stays.mean + lost.mean
        return np.maximum(mean, 0.0)

    def expected_new(self, params: Array, t: Array) -> Array:
        """The mean number of repeat purchases in the first t of a new customer."""
        ahead = np.atleast_1d(t)
        nothing = np.zeros_like(ahead)
        mean = self._kept(params, 0.0) * self.expected_alive(params, ahead, nothing, nothing, nothing)
        return mean.reshape(np.shape(t))

    def probability(self, params: Array, n: Array, t: Array) -> Array:
        """The probability of n repeat purchases in the first t of a new customer."""
        r, alpha, a, b = params
        share = t / (alpha + t)
        reached, beyond = (
            np.where(k > 0, betainc(np.maximum(self.phases * k, 1.0), r, share), 1.0) for k in (n, n + 1.0)
        )
        survived = n + self.chances
        last = np.exp(betaln(a + 1, np.maximum(b + survived - 1, b)) - betaln(a, b))
        chance: Array = self._kept(params, n) * (reached - beyond) + np.where(survived > 0, last * reached, 0.0)
        return chance

    def moments(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> tuple[Moments, Moments]:
        """Of the purchases Y in the next t of one alive at T: one who stays, and one lost by then. All are (n,)."""
        passed = self._phases(params, x, t_x, T)
        chance = passed / passed.sum(axis=0)
        j = np.arange(float(self.phases))[:, None]
        rows, inverse = distinct(*(values.ravel() for values in np.broadcast_arrays(t, x, T, j)))
        ahead, repeats, seen, phase = rows
        outcomes = self._sums(params, ahead, repeats, seen, phase)
        place = inverse.reshape(chance.shape)
        stays, lost = (Moments(*((chance * moment[place]).sum(axis=0) for moment in of)) for of in outcomes)
        return stays, lost

    def for_life(self, params: Array, d: float, x: Array, t_x: Array, T: Array) -> Array:
        """The discounted mean number of all purchases to come of one alive at T.

        At the rate l a phase is worth z = l / (l + d) of the one before it, and of n phases to a purchase, j passed, k
        purchases are reached with B(a, b' + k - 1) / B(a, b'): over all k that is z^(n - j) 2F1(1, b'; a + b'; z^n).
        """
        r, alpha, a, b = params
        survived = b + x + self.chances
        passed = self._phases(params, x, t_x, T)

        def worth(phases: int, rate: Array) -> Array:
            z: Array = rate / (rate + d)
            return z**phases * _kept_for_life(a, survived, z**self.phases)

        each = [
            over_rates(r + self.phases * x + j, alpha + T, d, partial(worth, self.phases - j))
            for j in range(self.phases)
        ]
        mean: Array = (passed * np.array(each)).sum(axis=0) / passed.sum(axis=0)
        return mean

    def _sums(self, params: Array, t: Array, x: Array, T: Array, passed: Array) -> tuple[Moments, Moments]:
        """The moments of those who have `passed` some phases since their last purchase.

        Y >= k needs `phases` k - passed phases of a steady buyer and k - 1 survivals, independent of each other:
        P(Y >= k) = B(a, b' + k - 1) / B(a, b') * P(NB >= phases k - passed), and P(Y = k, stays) = B(a, b' + k) /
        B(a, b') * P(NB reaches k and not k + 1). E[Y] is the sum over k of P(Y >= k), and E[Y^2] that of
        (2k - 1) P(Y >= k).
        """
        r, alpha, a, b = params
        share = t / (alpha + T + t)
        shape = r + self.phases * x + passed
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
            needed = self.phases * ks - passed[active][:, None]
            bought = betainc(needed, shape[active][:, None], share[active][:, None])
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

    def _phases(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """How likely each number of phases since the last purchase is, as (phases, ...) weights; the first is 1."""
        share = (T - t_x) / (params[1] + T)
        weights = [np.ones_like(share + x)]
        for j in range(1, self.phases):
            weights.append(weights[-1] * share * (params[0] + self.phases * x + j - 1.0) / j)
        return np.array(weights)

    def _between(self, shape: Array, share: Array) -> tuple[Array, Array, Array]:
        """The logarithm of the sum of those weights, its slope by r, and the mean number of phases passed."""
        weight, harmonic = np.ones_like(share), np.zeros_like(share)
        total, by_r, mean = weight, harmonic, harmonic
        for j in range(1, self.phases):
            weight = weight * share * (shape + j - 1.0) / j
            harmonic = harmonic + 1.0 / (shape + j - 1.0)
            total, by_r, mean = total + weight, by_r + weight * harmonic, mean + weight * j
        return np.log(total), by_r / total, mean / total

    def _kept(self, params: Array, n: Array | float) -> Array:
        """The probability of surviving n repeat purchases."""
        _, _, a, b = params
        kept: Array = np.exp(betaln(a, b + n + self.chances) - betaln(a, b))
        return kept

    def _log_odds_lost(self, params: Array, x: Array, t_x: Array, T: Array) -> Array:
        """The logarithm of the odds that the last purchase seen was the last of all, against no phase passed since."""
        r, alpha, a, b = params
        survived = x + self.chances
        odds = np.log(a) - np.log(np.maximum(b + survived - 1.0, b))
        return np.where(survived > 0, odds + (r + self.phases * x) * np.log((alpha + T) / (alpha + t_x)), -np.inf)

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


def _kept_for_life(a: float, b: Array, z: Array) -> Array:
    """2F1(1, b; a + b; z), the sum over k of B(a, b + k) / B(a, b) z^k. b: (n,). z: (nodes, n) in [0, 1).

    Where that is lost, for large b and z near 1, it is the mean of 1 / (1 - z + z q) over the chance q of being lost,
    Beta(a, b), by the trapezoid rule over the logarithm of its odds.
    """
    a = a + _NEAR**2 if abs(a - round(a)) < _NEAR**2 else a  # of whole a it is lost for small b, too
    with np.errstate(all="ignore"):
        kept: Array = np.asarray(hyp2f1(1.0, b, a + b, z))
    lost = ~np.isfinite(kept)
    if not lost.any():
        return kept
    many, beyond = np.broadcast_to(b, z.shape)[lost], 1.0 - z[lost]
    with np.errstate(divide="ignore"):
        least = np.maximum(np.log(betaincinv(a, many, _EDGE)), np.log(beyond) - _LONG)
    most = -np.log(betaincinv(many, a, _EDGE)) + np.log1p(-betaincinv(many, a, _EDGE))
    logs = np.linspace(np.where(least < most, least, most - 1.0), most, 2 * _LONG)
    chance = expit(logs)
    density = np.exp(a * log_expit(logs) + many * log_expit(-logs) - betaln(a, many))
    values = 1.0 / (beyond + z[lost] * chance)
    tail = betainc(a, many, chance[0]) * values[0]
    kept[lost] = np.trapezoid(density * values, logs, axis=0) + tail
    return kept
