"""Buying by subscription: the shifted-beta-geometric model of Fader & Hardie (2007).

Where a customer says when they stop, nothing about being lost needs guessing: at the end of each period they renew or
not. Each has a chance of not renewing, which differs between customers as Beta(alpha, beta) and does not change. So
those who have stayed longer are ever more likely to stay, though nobody's mind has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma

from openchair.core.errors import BadInput, FitFailed
from openchair.value.cases import Array, column, counts, distinct, same_length, together, totals
from openchair.value.likelihood import Maximum, maximise

_NAMES = ("alpha", "beta")
_FARTHEST = 10_000  # periods after which a discounted renewal is worth nothing


@dataclass(frozen=True, slots=True)
class Contract:
    """The model with its parameters, fitted by `fit` or known. Raises BadInput for parameters that are not its own.

    `n` is the number of subscriptions; `doubt` as of `spender.Spender`.

    >>> regular = Contract({"alpha": 0.704, "beta": 1.182})
    >>> [round(float(share), 2) for share in regular.kept([1, 2, 7])]
    [0.63, 0.47, 0.24]
    """

    params: Mapping[str, float]
    log_likelihood: float = float("nan")
    n: float = 0.0
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    doubt: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        wrong = set(self.params) != set(_NAMES) or not all(0 < v < float("inf") for v in self.params.values())
        if wrong:
            bound = "must be alpha and beta, each a finite number above 0"
            raise BadInput("params", value=dict(self.params), bound=bound, remedy="Fit the model again.")

    def moved(self, steps: Array) -> "Contract":
        """The same model with other parameters: steps on their logarithms."""
        return Contract({name: float(self.params[name] * np.exp(s)) for name, s in zip(_NAMES, steps, strict=True)})

    def kept(self, periods: ArrayLike, renewed: ArrayLike = 0) -> Array:
        """The probability, in [0, 1], of so many renewals more by one who has renewed `renewed` times and stays."""
        ahead, behind = together(periods=counts("periods", periods), renewed=counts("renewed", renewed))
        alpha, beta = (self.params[name] for name in _NAMES)
        share: Array = np.exp(betaln(alpha, beta + behind + ahead) - betaln(alpha, beta + behind))
        return share[()]

    def renewals(self, renewed: ArrayLike, periods: int | None = None, rate: float = 0.0) -> Array:
        """The mean number of renewals to come of one who has renewed `renewed` times and stays, discounted.

        periods: how many ends of a period count, all where None. rate: of discount a period, above 0 where `periods`
        is None. Fader & Hardie (2010) call it the discounted expected residual lifetime. Raises BadInput otherwise.
        """
        if rate < 0 or (periods is None and rate <= 0):
            remedy = "Give a rate a period, such as 0.01 for a month."
            raise BadInput("rate", value=rate, bound="must be above 0 for a lifetime, and never below", remedy=remedy)
        (behind,) = together(renewed=counts("renewed", renewed))
        last = min(periods or _FARTHEST, _FARTHEST, int(np.ceil(40.0 / np.log1p(rate))) if rate else _FARTHEST)
        ks = np.arange(1, last + 1)
        worth: Array = (self.kept(ks, behind[..., None]) * (1.0 + rate) ** -ks).sum(axis=-1)
        return worth[()]


def fit(renewed: ArrayLike, ended: ArrayLike, weights: ArrayLike | None = None) -> Contract:
    """The model under which these subscriptions are most likely.

    renewed: (n,) how often each was renewed, whole. ended: (n,) 1 where it was not renewed then, 0 where it still
    runs. weights: (n,) how many subscriptions each row stands for. Raises BadInput naming the first row out of bounds,
    FitFailed where none ended or none was renewed: then nothing tells how customers differ.
    """
    behind, over = together(renewed=counts("renewed", renewed), ended=column("ended", ended))
    counted = same_length(weights, renewed=behind, ended=over)
    (behind, over), inverse = distinct(behind, (over > 0).astype(np.float64))
    weight = totals(inverse, counted)
    n = float(weight.sum())
    if not over.any() or not behind.any():
        bound, remedy = "some must have ended and some renewed", "Wait for the next end of a period."
        raise FitFailed(f"subscriptions of {n:g}", value=float(weight @ over), bound=bound, remedy=remedy)

    def objective(params: Array) -> tuple[float, Array]:
        alpha, beta = params
        value = betaln(alpha + over, beta + behind) - betaln(alpha, beta)
        both = digamma(alpha + beta + over + behind) - digamma(alpha + beta)
        slopes = digamma(alpha + over) - digamma(alpha) - both, digamma(beta + behind) - digamma(beta) - both
        return float(weight @ value), np.array([weight @ slope for slope in slopes])

    found: Maximum = maximise("subscriptions", _NAMES, objective, np.array([1.0, 1.0]), n)
    return Contract(
        params=dict(zip(_NAMES, found.params.tolist(), strict=True)),
        log_likelihood=found.log_likelihood,
        n=n,
        standard_errors=dict(zip(_NAMES, found.standard_errors.tolist(), strict=True)),
        doubt=tuple(map(tuple, found.doubt.tolist())),
    )
