"""Which model of buying to believe: the one that best foretold what customers did next.

Each model is fitted to what was known some weeks ago, and judged by the likelihood of what the same customers have
done since: that of all their history over that of its first part. More parameters do not help there. A lead that is
within its standard error is no lead: of the models that are as good as the best, the first in the order of CANDIDATES
is taken, simple and well-known ones first (the one-standard-error rule of Breiman et al., 1984).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from openchair.core.errors import FitFailed
from openchair.value import spender
from openchair.value.cases import Array

CANDIDATES = ("bg/nbd", "mbg/nbd", "pareto/nbd")
YARDSTICK = "nbd"
"""Nobody is ever lost in it; it is told beside the others, and never chosen."""


@dataclass(frozen=True, slots=True)
class Split:
    """What some customers had done by a day, and have done by today; all (n,), times in one unit.

    x, t_x, T: repeat purchases, the last, and the time seen, as in `spender.fit`. log_gaps: the mean, over a row's
    customers, of the summed logarithms of the times between purchases. customers: how many each row stands for.
    """

    before: tuple[Array, Array, Array]
    now: tuple[Array, Array, Array]
    log_gaps_before: Array
    log_gaps: Array
    customers: Array


@dataclass(frozen=True, slots=True)
class Trial:
    """How well a model foretold: the log-likelihood of what came after, and how far that lies behind the best model's.

    `behind` is 0 for the best; `error` is the standard error of `behind`.
    """

    model: str
    log_likelihood: float
    behind: float
    error: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The model chosen, what was tried, best first, and the customers and purchases it was judged by."""

    model: str
    trials: tuple[Trial, ...]
    customers: float
    purchases: float

    def __str__(self) -> str:
        """Why, in a sentence or two.

        >>> best, other = Trial("mbg/nbd", -90.0, 0.0, 0.0), Trial("bg/nbd", -99.0, 9.0, 2.0)
        >>> print(Choice("mbg/nbd", (best, other), 1200, 340))
        MBG/NBD foretold best what 1,200 customers did next (340 purchases); the next is BG/NBD, 9.0 behind in \
log-likelihood (standard error 2.0).
        """
        whom = f"{self.customers:,.0f} customers did next ({self.purchases:,.0f} purchases)"
        best, *others = self.trials
        name = self.model.upper()
        if best.model != self.model:
            own = next(trial for trial in others if trial.model == self.model)
            return (
                f"{name} foretold what {whom} as well as {best.model.upper()}: {own.behind:.1f} behind in"
                f" log-likelihood, which is within the standard error of {own.error:.1f}. It is the simpler one."
            )
        if not others:
            return f"{name} alone could be fitted to what {whom}."
        return (
            f"{name} foretold best what {whom}; the next is {others[0].model.upper()}, {others[0].behind:.1f} behind"
            f" in log-likelihood (standard error {others[0].error:.1f})."
        )


def choose(split: Split) -> Choice | None:
    """The model to believe, or None where none can be fitted to what was known before."""
    tried = {model: density for model in CANDIDATES if (density := _foretold(model, split)) is not None}
    if not tried:
        return None
    weights = split.customers
    tried |= dict(_regular(tried, split))
    totals = {model: float(weights @ density) for model, density in tried.items()}
    best = max(totals, key=lambda model: totals[model])
    if (density := _foretold(YARDSTICK, split)) is not None:
        tried[YARDSTICK] = density
    trials = [_trial(model, tried[best], density, weights) for model, density in tried.items()]
    chosen = next(trial for trial in trials if trial.behind <= trial.error and trial.model != YARDSTICK)
    return Choice(
        model=chosen.model,
        trials=tuple(sorted(trials, key=lambda trial: trial.behind)),
        customers=float(weights.sum()),
        purchases=float(weights @ (split.now[0] - split.before[0])),
    )


def _regular(tried: dict[str, Array], split: Split) -> Iterator[tuple[str, Array]]:
    """The better beta-geometric model with more and more phases, while that foretells better."""
    ahead = {model: float(split.customers @ tried[model]) for model in ("bg/nbd", "mbg/nbd") if model in tried}
    if not ahead:
        return
    base = max(ahead, key=lambda model: ahead[model])
    reached = ahead[base]
    for k in range(2, spender.MOST_PHASES + 1):
        density = _foretold(f"{base}-{k}", split)
        if density is None:
            return
        yield f"{base}-{k}", density
        total = float(split.customers @ density)
        if total <= reached:
            return
        reached = total


def _foretold(model: str, split: Split) -> Array | None:
    """(n,) the log-likelihood of what a row's customers did after, given what they had done before."""
    try:
        fitted = spender.fit(*split.before, split.customers, model, split.log_gaps_before)
    except FitFailed:
        return None
    after: Array = fitted.log_density(*split.now, split.log_gaps)
    return after - fitted.log_density(*split.before, split.log_gaps_before)


def _trial(model: str, best: Array, density: Array, weights: Array) -> Trial:
    lead = best - density
    n = weights.sum()
    behind = float(weights @ lead)
    error = float(np.sqrt(max(float(weights @ (lead - behind / n) ** 2), 0.0)))
    return Trial(model, float(weights @ density), behind, error)
