"""Whether what was foretold came: customers in order of what was foretold of them, a tenth at a time."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate
from openchair.value.cases import column, same_length


@dataclass(frozen=True, slots=True)
class Tenth:
    """Customers of like foretold figures: the mean that was foretold, and the mean that came with its interval."""

    foretold: float
    came: Estimate


def tenths(
    foretold: ArrayLike,
    came: ArrayLike,
    weights: ArrayLike | None = None,
    groups: int = 10,
    confidence: float = 0.95,
) -> tuple[Tenth, ...]:
    """Least foretold first. A good model's foretold means lie in the intervals, and rise as what came does.

    foretold, came: (n,) figures of customers, >= 0. weights: (n,) how many customers a row stands for. Rows are never
    divided, so groups are as equal as rows allow, and there are fewer where rows are few. The intervals are normal.
    Raises BadInput naming the first row out of bounds.

    >>> [(one.foretold, one.came.value) for one in tenths([3, 1, 1, 3], [4, 0, 2, 2], groups=2)]
    [(1.0, 1.0), (3.0, 3.0)]
    """
    told, found = column("foretold", foretold), column("came", came)
    counted = same_length(weights, foretold=told, came=found)
    if not 0 < confidence < 1 or groups < 1:
        bound, remedy = "must be in (0, 1), with 1 group or more", "Give 0.95 and 10."
        raise BadInput("confidence and groups", value=(confidence, groups), bound=bound, remedy=remedy)
    order = np.argsort(told, kind="stable")
    told, found, counted = told[order], found[order], counted[order]
    place = np.cumsum(counted) - counted / 2.0
    group = np.minimum((place / counted.sum() * groups).astype(np.intp), groups - 1)
    n, of_told, of_came, of_squares = (
        np.bincount(group, counted * values, minlength=groups) for values in (np.ones_like(told), told, found, found**2)
    )
    z = float(ndtri(0.5 + confidence / 2.0))
    result = []
    for size, told_sum, came_sum, squares in zip(*(v.tolist() for v in (n, of_told, of_came, of_squares)), strict=True):
        if size:
            mean = came_sum / size
            half = z * sqrt(max(squares / size - mean**2, 0.0) / size)
            result.append(Tenth(told_sum / size, Estimate(mean, max(mean - half, 0.0), mean + half, size)))
    return tuple(result)
