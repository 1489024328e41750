"""Which model of buying to believe: the one that best foretold what customers did next.

Each model is fitted to what was known some weeks ago, and judged by the likelihood of what the same customers have
done since: that of all their history over that of its first part. More parameters do not help there. A lead that is
within its standard error is no lead: of the models that are as good as the best, the first in the order of CANDIDATES
is taken, simple and well-known ones first (the one-standard-error rule of Breiman et al., 1984).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import FitFailed
from openchair.value import spender
from openchair.value.calibration import Tenth, tenths
from openchair.value.cases import Array
from openchair.value.spender import Spender

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

    def of(self, some: NDArray[np.bool_]) -> "Split":
        """Some of the rows."""
        x, t_x, T = (values[some] for values in self.before)
        x_now, t_x_now, T_now = (values[some] for values in self.now)
        rest = (values[some] for values in (self.log_gaps_before, self.log_gaps, self.customers))
        return Split((x, t_x, T), (x_now, t_x_now, T_now), *rest)


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
    """The model chosen, what was tried, best first, and the customers and purchases it was judged by.

    `calibration` holds the purchases that the model foretold of the days held out beside those that came.
    """

    model: str
    trials: tuple[Trial, ...]
    customers: float
    purchases: float
    calibration: tuple[Tenth, ...] = ()

    def __str__(self) -> str:
        """Why, in a sentence or two.

        >>> best, other = Trial("mbg/nbd", -90.0, 0.0, 0.0), Trial("bg/nbd", -99.0, 9.0, 2.0)
        >>> print(Choice("mbg/nbd", (best, other), 1200, 340))
        MBG/NBD foretold best what 1,200 customers did next (340 purchases); the next is BG/NBD, 9.0 behind in \
log-likelihood (standard error 2.0).
        """
        whom = f"{self.customers:,.0f} customers did next ({self.purchases:,.0f} purchases)"
        best, *others = (trial for trial in self.trials if trial.model != YARDSTICK)
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
    fits = {model: found for model in CANDIDATES if (found := _fit(model, split)) is not None}
    if not fits:
        return None
    fits |= _regular(fits, split)
    densities = {model: foretold_by(found, split) for model, found in fits.items()}
    weights = split.customers
    best = max(densities, key=lambda model: float(weights @ densities[model]))
    trials = [_trial(model, densities[best], density, weights) for model, density in densities.items()]
    chosen = next(trial.model for trial in trials if trial.behind <= trial.error)
    if (steady := _fit(YARDSTICK, split)) is not None:
        trials.append(_trial(YARDSTICK, densities[best], foretold_by(steady, split), weights))
    came = split.now[0] - split.before[0]
    foretold = fits[chosen].expected(split.now[2] - split.before[2], *split.before)
    return Choice(
        model=chosen,
        trials=tuple(sorted(trials, key=lambda trial: trial.behind)),
        customers=float(weights.sum()),
        purchases=float(weights @ came),
        calibration=tenths(foretold, came, weights),
    )


def foretold_by(fit: Spender, split: Split) -> Array:
    """(n,) the log-likelihood of what a row's customers did after, given what they had done before."""
    after: Array = fit.log_density(*split.now, split.log_gaps)
    return after - fit.log_density(*split.before, split.log_gaps_before)


def _regular(fits: Mapping[str, Spender], split: Split) -> dict[str, Spender]:
    """The better beta-geometric model with more and more phases, while that foretells better."""
    ahead = {m: _total(fits[m], split) for m in ("bg/nbd", "mbg/nbd") if m in fits}
    found: dict[str, Spender] = {}
    if not ahead:
        return found
    base = max(ahead, key=lambda model: ahead[model])
    reached = ahead[base]
    for k in range(2, spender.MOST_PHASES + 1):
        fit = _fit(f"{base}-{k}", split)
        if fit is None:
            break
        found[fit.model] = fit
        total = _total(fit, split)
        if total <= reached:
            break
        reached = total
    return found


def _fit(model: str, split: Split) -> Spender | None:
    """The model as it could have been fitted before; None where it could not."""
    try:
        return spender.fit(*split.before, split.customers, model, split.log_gaps_before)
    except FitFailed:
        return None


def _total(fit: Spender, split: Split) -> float:
    return float(split.customers @ foretold_by(fit, split))


def _trial(model: str, best: Array, density: Array, weights: Array) -> Trial:
    lead = best - density
    behind = float(weights @ lead)
    error = float(np.sqrt(weights @ (lead - behind / weights.sum()) ** 2))
    return Trial(model, float(weights @ density), behind, error)
