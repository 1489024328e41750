"""How much a customer spends at a purchase: the Gamma-Gamma model of Fader & Hardie (2013).

A customer's purchases differ as Gamma(p, nu), and customers differ in nu as Gamma(q, gamma), independent of how often
they buy. After n purchases of mean m, nu is Gamma(q + p n, gamma + n m).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from openchair.core.errors import BadInput, FitFailed
from openchair.value.cases import Array, counts, distinct, same_length, together, totals
from openchair.value.likelihood import Objective, maximise

_NAMES = ("p", "q", "gamma")


@dataclass(frozen=True, slots=True)
class Spend:
    """The spending model with its parameters, fitted by `fit` or made from parameters that are known.

    `gamma` is in the unit of the money it was fitted to; q is above 1, so that the mean over all customers is finite.
    `n` is the number of customers fitted to (sum of weights). `doubt` holds independent steps of one standard error on
    the logarithms of p, q - 1 and gamma; none where they are taken for known. Raises BadInput for parameters the model
    does not have.

    >>> shop = Spend({"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> round(float(shop.expected(x=0, mean_spend=0)), 2)
    35.22
    """

    params: Mapping[str, float]
    log_likelihood: float = float("nan")
    n: float = 0.0
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    doubt: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if set(self.params) != set(_NAMES):
            bound = f"must be {', '.join(_NAMES)}"
            raise BadInput("params", value=dict(self.params), bound=bound, remedy="Name each once.")
        for name, value in self.params.items():
            least = 1 if name == "q" else 0
            if not least < value < float("inf"):
                bound = f"must be a finite number above {least}"
                raise BadInput(name, value=value, bound=bound, remedy="Fit the model again.")

    def moved(self, steps: Array) -> "Spend":
        """The same model with other parameters: steps on the logarithms of p, q - 1 and gamma."""
        p, excess, gamma = np.exp(steps)
        q = 1.0 + (self.params["q"] - 1.0) * excess
        return Spend({"p": float(self.params["p"] * p), "q": float(q), "gamma": float(self.params["gamma"] * gamma)})

    def posterior(self, x: ArrayLike, mean_spend: ArrayLike) -> tuple[Array, Array]:
        """What is known of a customer's nu after x purchases of this mean: the shape and the rate of its Gamma."""
        number, mean = _usable(*together(x=counts("x", x), mean_spend=_money(mean_spend)))
        shape: Array = self.params["q"] + self.params["p"] * number
        return shape, self.params["gamma"] + number * mean

    def expected(self, x: ArrayLike, mean_spend: ArrayLike) -> Array:
        """The mean of a customer's purchases to come, after x purchases of this mean.

        It lies between the customer's own mean and that of all customers, which is the answer for one with x = 0 or a
        mean_spend of 0 or less. Raises BadInput for an x that is no whole number of 0 or more, and money that is NaN.
        """
        shape, rate = self.posterior(x, mean_spend)
        return (self.params["p"] * rate / (shape - 1))[()]


def fit(x: ArrayLike, mean_spend: ArrayLike, weights: ArrayLike | None = None) -> Spend:
    """The spending model under which these customers' means are most likely.

    x: (n,) number of purchases behind the mean, whole. mean_spend: (n,) money a purchase, in any one unit.
    weights: (n,) how many customers each row stands for, above 0; all 1 where None.
    Rows with x = 0 or a mean_spend of 0 or less say nothing of spending and are left out.
    Raises BadInput naming the first row out of these bounds, and FitFailed where no maximum is found: also where
    spending is so unequal that the mean of all customers is not finite (q <= 1).
    """
    number, mean = together(x=counts("x", x), mean_spend=_money(mean_spend))
    counted = same_length(weights, x=number, mean_spend=mean)
    used = (number > 0) & (mean > 0)
    (number, mean), inverse = distinct(number[used], mean[used])
    if len(number) < 2:
        remedy = "Wait until more customers have bought."
        raise FitFailed("spend", value=len(number), bound="at least 2 customers must differ in it", remedy=remedy)
    weight = totals(inverse, counted[used])
    n = float(weight.sum())
    typical = float(np.exp((weight * np.log(mean)).sum() / n))
    start = np.array([2.0, 2.0, typical])
    found = maximise("spend", ("p", "q - 1", "gamma"), _objective(number, mean, weight), start, n)
    p, excess, gamma = found.params.tolist()
    return Spend(
        params={"p": p, "q": 1.0 + excess, "gamma": gamma},
        log_likelihood=found.log_likelihood,
        n=n,
        standard_errors=dict(zip(_NAMES, found.standard_errors.tolist(), strict=True)),
        doubt=tuple(map(tuple, found.doubt.tolist())),
    )


def _objective(x: Array, mean: Array, weights: Array) -> Objective:
    """The weighted log-likelihood and its gradient as a function of (p, q - 1, gamma)."""
    n = float(weights.sum())
    numbers, number_of = np.unique(x, return_inverse=True)
    n_number = np.bincount(number_of, weights)
    total = x * mean
    log_total = float((weights * x * np.log(total)).sum())
    log_mean = float((weights * np.log(mean)).sum())

    def evaluate(params: Array) -> tuple[float, Array]:
        p, excess, gamma = params
        q = 1.0 + excess
        known = gamma + total
        log_known, share = weights * np.log(known), weights / known
        log_sum, log_each = float(log_known.sum()), float((x * log_known).sum())
        both = p * numbers + q
        value = (
            n_number @ (gammaln(both) - gammaln(p * numbers))
            + n * (q * np.log(gamma) - gammaln(q))
            + p * log_total
            - log_mean
            - p * log_each
            - q * log_sum
        )
        up = digamma(both)
        slope = np.array(
            [
                (n_number * numbers) @ (up - digamma(p * numbers)) + log_total - log_each,
                n_number @ up + n * (np.log(gamma) - digamma(q)) - log_sum,
                n * q / gamma - p * (x * share).sum() - q * share.sum(),
            ]
        )
        return float(value), slope

    return evaluate


def _usable(number: Array, mean: Array) -> tuple[Array, Array]:
    """The columns with nothing known where there is nothing to know from."""
    known = (number > 0) & (mean > 0)
    return np.where(known, number, 0.0), np.where(known, mean, 0.0)


def _money(values: ArrayLike) -> Array:
    """Money may be below 0 (refunds), but must be a finite number."""
    try:
        money = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as wrong:
        remedy = "Give a sequence of numbers."
        raise BadInput("mean_spend", value=values, bound="must be numbers", remedy=remedy) from wrong
    if not np.isfinite(money).all():
        row = int(np.argmin(np.isfinite(money).ravel()))
        bound, remedy = "must be a finite number", "Give 0 where there was no purchase."
        raise BadInput(f"mean_spend, row {row}", value=float(money.ravel()[row]), bound=bound, remedy=remedy)
    return money
