"""What a model of buying must be able to say."""

from typing import NamedTuple, Protocol

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
