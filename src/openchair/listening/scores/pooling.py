"""Scores of small groups, each drawn towards all the others as far as the groups' own answers say they are alike.

Shares of a group's answers are taken to come from one Dirichlet distribution over groups, whose concentration follows
from how much more the groups differ than chance would make them (Dirichlet-multinomial likelihood).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.nps import FEWEST, quantile

FEWEST_GROUPS = 3
"""Groups below which nothing can be learned of how much groups differ."""
_SHRINKAGE = (np.arange(60) + 0.5) / 60


def pooled(
    counts: ArrayLike, points: ArrayLike = (100.0, 0.0, -100.0), *, confidence: float = 0.95
) -> list[Estimate | Unknown]:
    """The mean points of an answer in each group, with an interval that allows for the little each has to go by.

    counts: (groups, kinds) answers by kind, >= 0, or weights worth as many equal answers. points: (kinds,) what an
    answer of a kind counts for; by default promoters, passives and detractors. Under Dirichlet parameters a, of sum a0,
    the mean is sum(points a) / a0 and its variance (sum(points^2 a) / a0 - mean^2) / (a0 + 1). Both are averaged over
    concentrations by their likelihood, under a prior on the share that the average group is drawn towards the others
    (Christiansen & Morris, 1997; theirs is uniform, ours falls evenly to nothing at 1, and its intervals cover better),
    so groups that do not differ at all do no harm; what is not known
    of the common mean is in the variance too (Kass & Steffey, 1989). Unknown for a group without answers, and for all
    where there are fewer than three with any or ten answers together. Raises BadInput.

    >>> small, large, other = pooled([[3, 0, 0], [60, 20, 20], [25, 15, 10]])
    >>> 35 < small.value < 60 and small.high - small.low > large.high - large.low
    True
    """
    seen, worth = np.asarray(counts, dtype=np.float64), np.asarray(points, dtype=np.float64)
    if seen.ndim != 2 or seen.shape[1:] != worth.shape or not (seen >= 0).all():
        raise BadInput(
            "counts", value=seen.tolist(), bound="groups by kinds, 0 or more", remedy="Give a column for each point."
        )
    n = seen.sum(axis=1)
    spoken = n > 0
    if spoken.sum() < FEWEST_GROUPS or n.sum() < FEWEST:
        needed = max(1, int(np.ceil(FEWEST - n.sum())))
        return [Unknown(f"{of:.3g} answers, and too few in other groups", needed=needed) for of in n]
    value, variance = _posterior(seen[spoken], worth)
    half = quantile(confidence) * np.sqrt(variance)
    low, high = np.maximum(worth.min(), value - half), np.minimum(worth.max(), value + half)
    known = iter(zip(value.tolist(), low.tolist(), high.tolist(), n[spoken].tolist(), strict=True))
    return [Estimate(*next(known)) if has else Unknown("no answers", needed=1) for has in spoken]


def concentration(counts: ArrayLike) -> float:
    """How many answers the other groups are worth to each: the concentration's likeliest value on a grid.

    counts: as in `pooled`, at least one group with answers.

    >>> alike, apart = concentration([[50, 30, 20]] * 9), concentration([[9, 0, 1], [1, 0, 9], [5, 5, 0]])
    >>> alike > 100 > 10 > apart
    True
    """
    seen = np.asarray(counts, dtype=np.float64)
    seen = seen[seen.sum(axis=1) > 0]
    grid = _concentrations(seen)
    return float(grid[np.argmax([_likelihood(seen, a0 * _centre(seen, a0)[0]) for a0 in grid])])


def _posterior(seen: NDArray[np.float64], worth: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Mean and variance of every group's points, over the grid of concentrations."""
    n, grid = seen.sum(axis=1), _concentrations(seen)
    centres = [_centre(seen, a0) for a0 in grid]
    # The common shares are integrated out (Laplace), else groups would look more alike than they are.
    free = (len(worth) - 1) / 2
    told = [
        _likelihood(seen, a0 * centre) - free * np.log(size) for a0, (centre, size) in zip(grid, centres, strict=True)
    ]
    chance = (1 - _SHRINKAGE) * np.exp(np.array(told) - max(told))
    chance /= chance.sum()
    means, variances = [], []
    for a0, (centre, size) in zip(grid, centres, strict=True):
        shares = (seen + a0 * centre) / (n + a0)[:, None]
        mean = shares @ worth
        drawn = a0 / (n + a0)
        of_centre = (centre @ worth**2 - (centre @ worth) ** 2) / size
        means.append(mean)
        variances.append((shares @ worth**2 - mean**2) / (n + a0 + 1) + drawn**2 * of_centre)
    value = chance @ np.array(means)
    return value, chance @ np.array(variances) + chance @ (np.array(means) - value) ** 2


def _concentrations(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Concentrations at which the average group is drawn by equally spaced shares towards the others."""
    typical = seen.sum() / len(seen)
    return np.asarray(typical * _SHRINKAGE / (1 - _SHRINKAGE))


def _centre(seen: NDArray[np.float64], a0: float) -> tuple[NDArray[np.float64], float]:
    """The common shares, each group weighted by what it tells of them, and how many answers that is worth.

    Half an answer of each kind is added, so that none has no chance at all.
    """
    n = seen.sum(axis=1)
    told = (a0 + 1) / (a0 + n)
    total = (seen * told[:, None]).sum(axis=0) + 0.5
    return total / total.sum(), float(total.sum())


def _likelihood(seen: NDArray[np.float64], alpha: NDArray[np.float64]) -> float:
    """Log-likelihood of all groups' counts under a Dirichlet-multinomial, but for what does not depend on alpha."""
    n, a0 = seen.sum(axis=1), alpha.sum()
    of_kinds = gammaln(seen + alpha) - gammaln(alpha)
    return float((gammaln(a0) - gammaln(n + a0)).sum() + of_kinds.sum())
