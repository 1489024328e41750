"""Importance of drivers: how the explained variance of an outcome is shared among all that explain it together.

A correlation or covariance matrix is all that is needed. LMG is the growth of R2 by a driver averaged over all orders
of entering (Lindeman, Merenda & Gold, 1980), which is Shapley's value (1953); Johnson's relative weights (2000) come
near it by way of the closest orthogonal variables. Every function takes a batch of matrices: (..., p + 1, p + 1), the
outcome last, and gives (..., p).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openchair.core.errors import BadInput

Array = NDArray[np.float64]

EXACT = 20
"""Drivers up to which all subsets are looked at; twice the work with each."""
MOST = 200
_NOTHING = 1e-10
"""Share of a driver's variance that others leave; with less it is the others' sum and adds nothing."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """LMG from some orders of entering only: value (p,) and its standard error (p,), over `orders` orders."""

    value: Array
    error: Array
    orders: int


def lmg(matrix: ArrayLike) -> Array:
    """Each driver's share in R2, exact; they add up to R2. To EXACT drivers. Raises BadInput.

    Two drivers that are one share what they explain:

    >>> lmg([[1, 1, 0.6], [1, 1, 0.6], [0.6, 0.6, 1]]).round(6).tolist()
    [0.18, 0.18]
    """
    cov = _correlations(matrix)
    p = cov.shape[-1] - 1
    if p > EXACT:
        raise BadInput("drivers", value=p, bound=f"at most {EXACT} for exact LMG", remedy="Take lmg_sampled.")
    explained = subsets(cov)
    size = _sizes(p)
    enter = np.array([1 / (p * math.comb(p - 1, k)) for k in range(p)] + [0.0])
    # A subset with the driver counts as "after", one without it as "before"; both from one sum over all subsets.
    before = explained @ enter[size]
    explained *= enter[size] + enter[size - 1]
    shares = [explained.reshape(*cov.shape[:-2], -1, 2, 2**k)[..., 1, :].sum((-1, -2)) for k in range(p)]
    found: Array = np.stack(shares, -1) - before[..., None]
    return found


def subsets(matrix: ArrayLike) -> Array:
    """R2 of each of 2^p subsets of the drivers, (..., 2^p): bit k of the place says whether driver k is in.

    Drivers are decided one by one, the last first, and swept out of what remains; so a subset costs no more than a few
    numbers, since all that agree on the first decisions share their work.
    """
    rest = _correlations(matrix)[..., None, :, :]
    p = rest.shape[-1] - 1
    order = [*range(p - 1, -1, -1), p]
    rest = rest[..., order, :][..., order]
    for _ in range(p):
        pivot, column, out = rest[..., 0, 0], rest[..., 1:, 0], rest[..., 1:, 1:]
        held = np.where(pivot > _NOTHING, pivot, np.inf)
        within = out - (column / held[..., None])[..., None] * column[..., None, :]
        rest = np.stack([out, within], -3).reshape(*out.shape[:-3], -1, *out.shape[-2:])
    return 1 - rest[..., 0, 0]


def lmg_sampled(matrix: ArrayLike, orders: int, rng: np.random.Generator) -> Sampled:
    """LMG of up to MOST drivers from `orders` orders of entering, each with its reverse. Raises BadInput.

    The reverse of an order errs the other way, so pairs are far closer to the mean than two orders drawn apart
    (antithetic sampling; Castro, Gomez & Tejada, 2009, for Shapley's value by sampling).
    """
    cov = _correlations(matrix)
    p = cov.shape[-1] - 1
    if not 1 <= p <= MOST or orders < 4:
        raise BadInput("drivers, orders", value=(p, orders), bound=f"1 to {MOST}, 4 or more", remedy="Give others.")
    half = rng.permuted(np.tile(np.arange(p), (orders // 2, 1)), axis=1)
    pairs = (entering(cov, half) + entering(cov, half[:, ::-1])) / 2
    return Sampled(pairs.mean(-2), pairs.std(-2, ddof=1) / math.sqrt(len(half)), 2 * len(half))


def entering(matrix: Array, orders: NDArray[np.int64]) -> Array:
    """What each driver adds to R2 where it stands in each order: (..., m, p). orders: (m, p)."""
    p = orders.shape[1]
    place = np.hstack([orders, np.full((len(orders), 1), p)])
    added = np.empty((*matrix.shape[:-2], *orders.shape))
    ridge = np.diag([_NOTHING] * p + [1.0])  # so that the outcome is never explained beyond its own variance
    for k, one in enumerate(place):
        found = np.linalg.cholesky(matrix[..., one, :][..., one] + ridge)[..., p, :p] ** 2
        added[..., k, one[:p]] = found
    return added


def johnson(matrix: ArrayLike) -> Array:
    """Relative weights (Johnson, 2000); they add up to R2.

    >>> johnson([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]).sum().round(6).item()
    0.36
    """
    cov = _correlations(matrix)
    values, vectors = np.linalg.eigh(cov[..., :-1, :-1])
    root = np.sqrt(np.maximum(values, 0.0))
    inverse = np.where(values > _NOTHING, 1 / np.where(root > 0, root, 1.0), 0.0)
    back = np.swapaxes(vectors, -1, -2)
    nearest = (vectors * root[..., None, :]) @ back
    slopes = (vectors * inverse[..., None, :]) @ (back @ cov[..., :-1, -1:])
    weights: Array = (nearest**2 @ slopes**2)[..., 0]
    return weights


def first(matrix: ArrayLike) -> Array:
    """R2 of each driver alone: the squared correlation."""
    return _correlations(matrix)[..., :-1, -1] ** 2


def last(matrix: ArrayLike) -> Array:
    """What each driver adds to all the others: 0 where it is their sum."""
    cov = _correlations(matrix)
    p = cov.shape[-1] - 1
    whole = _explained(cov)
    without = [_explained(np.delete(np.delete(cov, k, -1), k, -2)) for k in range(p)]
    return whole[..., None] - np.stack(without, -1)


def slopes(matrix: ArrayLike) -> Array:
    """Standardised regression slopes; of drivers that are one, equal ones."""
    cov = _correlations(matrix)
    known = np.linalg.pinv(cov[..., :-1, :-1], rcond=_NOTHING, hermitian=True)
    found: Array = (known @ cov[..., :-1, -1:])[..., 0]
    return found


def _explained(cov: Array) -> Array:
    """R2 of all drivers."""
    found: Array = (slopes(cov) * cov[..., :-1, -1]).sum(-1) if cov.shape[-1] > 1 else np.zeros(cov.shape[:-2])
    return found


def _correlations(matrix: ArrayLike) -> Array:
    """The matrix with a diagonal of ones; a driver that never varies goes with nothing. Raises BadInput."""
    cov = np.asarray(matrix, np.float64)
    square = cov.ndim >= 2 and cov.shape[-1] == cov.shape[-2] >= 2
    if not square or not np.isfinite(cov).all() or not np.allclose(cov, np.swapaxes(cov, -1, -2), rtol=1e-8):
        bound = "a symmetric matrix of finite numbers, the outcome last"
        raise BadInput("covariance", value=cov.shape, bound=bound, remedy="Give one of p + 1 rows and columns.")
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    if not (variance[..., -1] > 0).all():
        raise BadInput("outcome", value=0.0, bound="must vary", remedy="Give answers that differ.")
    scale = np.where(variance > 0, 1 / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
    return cov * scale[..., None] * scale[..., None, :]


def _sizes(p: int) -> NDArray[np.int64]:
    """How many drivers are in each of 2^p subsets."""
    size = np.zeros(1, np.int64)
    for _ in range(p):
        size = np.concatenate([size, size + 1])
    return size
