"""What a model of buying must be able to say."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from scipy.special import gammainc, gammainccinv, gammaincinv, gammaln

from openchair.value.cases import Array
from openchair.value.likelihood import Objective


class Moments(NamedTuple):
    """Of a number of purchases Y in one outcome: P(Y > 0, outcome), E[Y; outcome] and E[Y^2; outcome]."""

    any: Array
    mean: Array
    square: Array


class Model(Protocol):
    """The mathematics of a buying model; `params` are in the order of `names`, all above 0.

    phases: of which the time between two purchases is the sum, each exponential (Platzer & Reutterer, 2016): 1 for who
    buys at random, more for who buys regularly.
    for_life: the mean number of purchases ever to come of one alive at T, each counted less by the rate d > 0 a unit of
    time: the discounted expected residual transactions of Fader, Hardie & Lee (2005).
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def phases(self) -> int: ...
    def start(self, x: Array, T: Array, weights: Array) -> Array: ...
    def log_density(self, params: Array, x: Array, t_x: Array, T: Array) -> Array: ...
    def objective(self, x: Array, t_x: Array, T: Array, weights: Array) -> Objective: ...
    def p_alive(self, params: Array, x: Array, t_x: Array, T: Array) -> Array: ...
    def expected_alive(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> Array: ...
    def expected_new(self, params: Array, t: Array) -> Array: ...
    def probability(self, params: Array, n: Array, t: Array) -> Array: ...
    def moments(self, params: Array, t: Array, x: Array, t_x: Array, T: Array) -> tuple[Moments, Moments]: ...
    def for_life(self, params: Array, d: float, x: Array, t_x: Array, T: Array) -> Array: ...


_LEAST = 1e-7  # of the scale: below it the function hardly changes
_NODES = 96
_EDGE = 1e-16  # chance of a rate beyond what is looked at


def over_rates(shape: Array, rate: Array, scale: float, of: Callable[[Array], Array]) -> Array:
    """The mean of a function of a rate that is Gamma(shape, rate). shape, rate: (n,); of: (nodes, n) -> (nodes, n).

    scale: the rate, above 0, about which the function changes. By the trapezoid rule over the rate's logarithm, which
    is exact to rounding where both ends fade.
    """
    most = np.log(gammainccinv(shape, _EDGE) / rate)
    with np.errstate(divide="ignore"):
        least = np.maximum(np.log(gammaincinv(shape, _EDGE) / rate), np.log(scale * _LEAST))
    logs = np.linspace(np.where(least < most, least, most - 1.0), most, _NODES)
    density = np.exp(shape * (logs + np.log(rate)) - rate * np.exp(logs) - gammaln(shape))
    values = of(np.exp(logs))
    mean: Array = np.trapezoid(density * values, logs, axis=0) + gammainc(shape, rate * np.exp(logs[0])) * values[0]
    return mean
