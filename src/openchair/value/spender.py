"""How often a customer will buy: buying models fitted by maximum likelihood to weighted triples (x, t_x, T).

A new model is a row of MODELS; everything here works for it unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from openchair.core.errors import BadInput, FitFailed
from openchair.value.cases import Array, column, counts, distinct, on_distinct, same_length, together, totals, triples
from openchair.value.likelihood import Objective, maximise
from openchair.value.spenders.betageometric import BetaGeometric
from openchair.value.spenders.model import Model
from openchair.value.spenders.pareto import Pareto, Steady

MOST_PHASES = 8

MODELS: Mapping[str, Model] = {
    "bg/nbd": BetaGeometric(chances=0),
    "mbg/nbd": BetaGeometric(chances=1),
    "pareto/nbd": Pareto(),
    "nbd": Steady(),
    **{f"bg/nbd-{k}": BetaGeometric(chances=0, phases=k) for k in range(2, MOST_PHASES + 1)},
    **{f"mbg/nbd-{k}": BetaGeometric(chances=1, phases=k) for k in range(2, MOST_PHASES + 1)},
}
"""bg/nbd-k and mbg/nbd-k are for buyers k times as regular as chance: k phases between two purchases."""


@dataclass(frozen=True, slots=True)
class Spender:
    """A buying model with its parameters, fitted by `fit` or made from parameters that are known.

    Times are in the unit the model was fitted in; results have the common shape of the arguments.
    `n` is the number of customers (sum of weights) and `log_likelihood` their weighted sum. `standard_errors` are
    infinite for a parameter the data do not determine. `doubt` holds independent steps of one standard error on the
    logarithms of the parameters (`likelihood.Maximum`); none where the parameters are taken for known. Raises BadInput
    for an unknown model and for parameters that are not the model's.

    >>> shop = Spender("bg/nbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259})
    >>> round(float(shop.expected(39, x=2, t_x=30.43, T=38.86)), 3)
    1.226
    """

    model: str
    params: Mapping[str, float]
    log_likelihood: float = float("nan")
    n: float = 0.0
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    doubt: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        names = _model(self.model).names
        if set(self.params) != set(names):
            bound = f"must be {', '.join(names)}"
            raise BadInput("params", value=dict(self.params), bound=bound, remedy="Name each once.")
        for name, value in self.params.items():
            if not 0 < value < float("inf"):
                bound = "must be a finite number above 0"
                raise BadInput(name, value=value, bound=bound, remedy="Fit the model again.")

    @property
    def mathematics(self) -> Model:
        return MODELS[self.model]

    @property
    def values(self) -> Array:
        """The parameters in the order the mathematics wants them."""
        return np.array([self.params[name] for name in self.mathematics.names])

    def moved(self, steps: Array) -> "Spender":
        """The same model with other parameters: steps on their logarithms."""
        values = (self.values * np.exp(steps)).tolist()
        return Spender(self.model, dict(zip(self.mathematics.names, values, strict=True)))

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """The probability, in [0, 1], that the customer still is one at T. Raises BadInput as `fit` does."""
        return self.mathematics.p_alive(self.values, *triples(x, t_x, T))[()]

    def expected(self, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """The mean number of purchases in the next t (>= 0) after T. Raises BadInput as `fit` does."""
        repeats, last, seen, ahead = together(**_named(x, t_x, T), t=column("t", t))
        alive = self.mathematics.p_alive(self.values, repeats, last, seen)
        since = (
            last if self.mathematics.phases > 1 else np.zeros_like(seen)
        )  # else only the present tells of what comes
        mean = on_distinct(
            lambda *case: self.mathematics.expected_alive(self.values, *case), ahead, repeats, since, seen
        )
        return (alive * mean)[()]

    def for_life(self, d: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """The mean number of purchases ever after T, each counted less by the rate d (> 0) a unit of time.

        Raises BadInput as `fit` does.
        """
        rows = triples(x, t_x, T)
        alive = self.mathematics.p_alive(self.values, *rows)
        return (alive * on_distinct(lambda *case: self.mathematics.for_life(self.values, d, *case), *rows))[()]

    def expected_new(self, t: ArrayLike) -> Array:
        """The mean number of repeat purchases in the first t (>= 0) of a new customer."""
        return on_distinct(lambda ahead: self.mathematics.expected_new(self.values, ahead), column("t", t))

    def probability(self, n: ArrayLike, t: ArrayLike) -> Array:
        """The probability of exactly n repeat purchases in the first t (>= 0) of a new customer."""
        number, ahead = together(n=counts("n", n), t=column("t", t))
        return self.mathematics.probability(self.values, number, ahead)[()]

    def log_density(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, log_gaps: ArrayLike = 0.0) -> Array:
        """The log-likelihood of each customer, for comparing models on customers neither was fitted to.

        log_gaps: as in `fit`.
        """
        repeats, last, seen = triples(x, t_x, T)
        density = self.mathematics.log_density(self.values, repeats, last, seen)
        return (density + _of_gaps(self.mathematics, repeats, log_gaps))[()]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of parameters before customers are seen: about those of `around`, by `spread` e-folds."""

    around: Spender
    spread: float

    def added(self, objective: Objective) -> Objective:
        """A log-likelihood and its gradient with the logarithm of this prior added."""
        centre = np.log(self.around.values)

        def evaluate(params: Array) -> tuple[float, Array]:
            value, slope = objective(params)
            off = (np.log(params) - centre) / self.spread
            return value + self.of(params), slope - off / self.spread / params

        return evaluate

    def of(self, params: Array) -> float:
        """The logarithm of this prior, but for a constant."""
        off = (np.log(params) - np.log(self.around.values)) / self.spread
        return -float(off @ off) / 2.0


def fit(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None = None,
    model: str = "bg/nbd",
    log_gaps: ArrayLike = 0.0,
    prior: Prior | None = None,
) -> Spender:
    """The buying model under which these customers are most likely.

    x: (n,) repeat purchases, whole numbers. t_x: (n,) time from the first purchase to the last, 0 where x is 0.
    T: (n,) time from the first purchase to the end of what was seen, t_x <= T; all times in one unit.
    weights: (n,) how many customers each row stands for, above 0; all 1 where None. model: a name in MODELS.
    log_gaps: (n,) the mean, over a row's customers, of the sum of the logarithms of the times between purchases. It
    changes no parameter, but the likelihood of models for regular buyers, which may not be compared without it.
    prior: what is believed beforehand; with one, the parameters are those of the highest posterior density.
    Raises BadInput naming the first row out of these bounds, and FitFailed where nobody came back or no maximum is
    found.
    Fader, Hardie & Lee (2005); Batislam, Denizel & Filiztekin (2007); Schmittlein, Morrison & Colombo
    (1987); Platzer & Reutterer (2016).
    """
    mathematics = _model(model)
    columns = _named(x, t_x, T)
    counted = same_length(weights, **columns)
    (repeats, last, seen), inverse = distinct(*columns.values())
    weight = totals(inverse, counted)
    gaps = float(
        weight
        @ _of_gaps(mathematics, repeats, totals(inverse, counted * np.asarray(log_gaps, dtype=np.float64)) / weight)
    )
    n = float(weight.sum())
    if prior is None and not repeats.any():
        remedy = "Wait until customers have bought again; until then no rate of buying can be known."
        raise FitFailed(f"{model} for {n:g} customers", value=0, bound="some must have bought again", remedy=remedy)
    objective = mathematics.objective(repeats, last, seen, weight)
    start = prior.around.values if prior else mathematics.start(repeats, seen, weight)
    found = maximise(model, mathematics.names, prior.added(objective) if prior else objective, start, n)
    of_prior = prior.of(found.params) if prior else 0.0
    return Spender(
        model=model,
        params=dict(zip(mathematics.names, found.params.tolist(), strict=True)),
        log_likelihood=found.log_likelihood - of_prior + gaps,
        n=n,
        standard_errors=dict(zip(mathematics.names, found.standard_errors.tolist(), strict=True)),
        doubt=tuple(map(tuple, found.doubt.tolist())),
    )


def _of_gaps(mathematics: Model, x: Array, log_gaps: ArrayLike) -> Array:
    """What the times between purchases add to a log-likelihood, whatever the parameters: nothing with one phase."""
    k = mathematics.phases
    part: Array = (k - 1) * np.asarray(log_gaps, dtype=np.float64) - x * gammaln(k)
    return part


def _named(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> dict[str, Array]:
    return dict(zip(("x", "t_x", "T"), triples(x, t_x, T), strict=True))


def _model(name: str) -> Model:
    if name not in MODELS:
        raise BadInput("model", value=name, bound=f"must be one of {', '.join(MODELS)}", remedy="Choose one of these.")
    return MODELS[name]
