"""Answers that are missing: means and covariances from all people, whatever each of them left out.

Maximum likelihood under a joint normal distribution by EM (Dempster, Laird & Rubin, 1977; Little & Rubin, 2002, 11.2).
Nobody is dropped; it holds where an answer is missing by chance, also by a chance that follows from what was answered
(MAR). A bootstrap draw moves the estimate by one Newton step from the fit on all people: the step that EM would take on
the drawn people, carried to its end by EM's own rate of convergence (Meng & Rubin, 1991). Without missing answers that
step is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import FitFailed

Array = NDArray[np.float64]

STEPS, TOLERANCE = 2_000, 1e-6
PRIOR = 1.0
"""People who would have answered everything, of whom nothing is known but how answers vary: they keep a pair of
questions that hardly anybody answered both from being told to go together."""
MOST_MISSING = 40
"""Columns up to which draws are made where answers are missing."""
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean (q,) and covariance (q, q) of all columns, and `filled` (n, q): the answers, and what is expected of those
    that are missing."""

    mean: Array
    covariance: Array
    filled: Array
    counts: Array
    _spread: Array
    _carry: Array | None

    def draws(self, counts: NDArray[np.int64]) -> Iterator[tuple[slice, Array, Array]]:
        """Moments of people drawn again. counts: (draws, n), how often each was drawn. Gives a slice of draws with its
        means (d, q) and covariances (d, q, q), CHUNK at a time."""
        q = len(self.mean)
        up = np.triu_indices(q)
        centred = self.filled - self.mean
        rows = np.hstack([centred, centred[:, up[0]] * centred[:, up[1]] + self._spread])
        stands = self.counts @ rows / self.counts.sum()
        for start in range(0, len(counts), CHUNK):
            part = slice(start, start + CHUNK)
            weights = counts[part].astype(np.float64)
            step = weights @ rows / weights.sum(axis=1, keepdims=True) - stands
            if self._carry is not None:
                step = step @ self._carry
            mean = step[:, :q]
            moved = np.zeros((len(step), q, q))
            moved[:, up[0], up[1]] = moved[:, up[1], up[0]] = step[:, q:]
            moved += self.covariance - mean[:, :, None] * mean[:, None, :]
            yield part, self.mean + mean, _possible(moved)


def moments(answers: Array, counts: Array) -> Moments:
    """The moments of answers. answers: (n, q), NaN where missing. counts: (n,) people who answered just so.

    Raises FitFailed where EM does not settle.
    """
    q = answers.shape[1]
    patterns = _patterns(answers, counts)
    seen = ~np.isnan(answers)
    n = np.maximum((seen * counts[:, None]).sum(axis=0), 1.0)
    shift = (np.where(seen, answers, 0.0) * counts[:, None]).sum(axis=0) / n
    scale = np.sqrt((np.where(seen, answers - shift, 0.0) ** 2 * counts[:, None]).sum(axis=0) / n)
    scale = np.where(scale > 0, scale, 1.0)
    whole = bool(seen.all())
    standard = [(rows, on, (values - shift[on]) / scale[on], w) for rows, on, values, w in patterns]
    prior = 0.0 if whole else PRIOR
    mean, covariance = np.zeros(q), np.eye(q)
    for _ in range(1 if whole else STEPS):
        new, spread = (part[0] for part in _step(standard, mean[None], covariance[None], prior))
        moved = max(np.abs(new - mean).max(), np.abs(spread - covariance).max())
        mean, covariance = new, spread
        if moved < TOLERANCE:
            break
    else:
        if not whole:
            bound = f"EM did not settle in {STEPS:,} steps"
            raise FitFailed("missing answers", bound=bound, remedy="Leave the driver out that fewest answered.")
    filled, spread_of = _expected(standard, mean, covariance, len(answers))
    carry = None
    if not whole and q <= MOST_MISSING:
        try:
            carry = np.linalg.inv(_rate(standard, mean, covariance, prior)).T
        except np.linalg.LinAlgError:
            bound = "the answers do not tell how all drivers go together"
            raise FitFailed(
                "missing answers", bound=bound, remedy="Leave the driver out that fewest answered."
            ) from None
    up = np.triu_indices(q)
    sizes = np.concatenate([scale, scale[up[0]] * scale[up[1]]])
    return Moments(
        mean * scale + shift,
        covariance * np.outer(scale, scale),
        filled * scale + shift,
        counts,
        spread_of * sizes[q:],
        None if carry is None else carry * sizes / sizes[:, None],
    )


Pattern = tuple[NDArray[np.int64], NDArray[np.int64], Array, Array]
"""Which rows, which columns they have, those values, and the people in each row."""


def _patterns(answers: Array, counts: Array) -> list[Pattern]:
    """Rows with the same columns missing, together."""
    kinds, place = np.unique(~np.isnan(answers), axis=0, return_inverse=True)
    found = []
    for k, kind in enumerate(kinds):
        rows, on = np.flatnonzero(place.ravel() == k), np.flatnonzero(kind)
        found.append((rows, on, answers[np.ix_(rows, on)], counts[rows]))
    return found


def _regression(on: NDArray[np.int64], covariance: Array) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The columns that are off, their slopes on those that are on, and what is left of their covariance."""
    off = np.setdiff1d(np.arange(covariance.shape[-1]), on)
    among, across = covariance[..., on[:, None], on], covariance[..., on[:, None], off]
    slope = np.linalg.solve(among + 1e-9 * np.eye(len(on)), across)
    left = covariance[..., off[:, None], off] - np.swapaxes(across, -1, -2) @ slope
    return off, slope, left


def _step(patterns: list[Pattern], mean: Array, covariance: Array, prior: float) -> tuple[Array, Array]:
    """One step of EM from each of b estimates: mean (b, q), covariance (b, q, q)."""
    b, q = mean.shape
    people = sum(float(w.sum()) for *_, w in patterns)
    total, squares = np.zeros((b, q)), np.zeros((b, q, q))
    for _, on, values, w in patterns:
        off, slope, left = _regression(on, covariance)
        n, sums, products = w.sum(), w @ values, (values * w[:, None]).T @ values
        # Everything expected is linear in what was answered: columns = base + answers @ lift.
        lift = np.zeros((b, len(on), q))
        lift[:, np.arange(len(on)), on] = 1.0
        lift[:, :, off] = slope
        base = np.zeros((b, q))
        base[:, off] = mean[:, off] - (mean[:, None, on] @ slope)[:, 0]
        linear = sums @ lift
        total += linear + n * base
        cross = linear[:, :, None] * base[:, None, :]
        squares += np.swapaxes(lift, 1, 2) @ products @ lift + cross + np.swapaxes(cross, 1, 2)
        squares += n * base[:, :, None] * base[:, None, :]
        squares[:, off[:, None], off] += n * left
    new = total / people
    spread = squares - people * new[:, :, None] * new[:, None, :] + prior * np.eye(q)
    return new, spread / (people + prior)


def _expected(patterns: list[Pattern], mean: Array, covariance: Array, n: int) -> tuple[Array, Array]:
    """Answers with the missing ones as expected, and what is unknown of each person's products, upper triangle."""
    q = len(mean)
    up = np.triu_indices(q)
    filled, spread = np.empty((n, q)), np.zeros((n, len(up[0])))
    for rows, on, values, _ in patterns:
        off, slope, left = _regression(on, covariance)
        filled[np.ix_(rows, on)] = values
        filled[np.ix_(rows, off)] = mean[off] + (values - mean[on]) @ slope
        unknown = np.zeros((q, q))
        unknown[np.ix_(off, off)] = left
        spread[rows] = unknown[up]
    return filled, spread


def _rate(patterns: list[Pattern], mean: Array, covariance: Array, prior: float, by: float = 1e-5) -> Array:
    """I - J, where J is how a step of EM answers to a small move of where it starts from: in means, then products."""
    q = len(mean)
    up = np.triu_indices(q)
    m = q + len(up[0])
    # The last start is not moved: what the others are held against.
    means, moves = np.zeros((m + 1, q)), np.zeros((m + 1, q, q))
    means[np.arange(q), np.arange(q)] = by
    moves[np.arange(q, m), up[0], up[1]] = moves[np.arange(q, m), up[1], up[0]] = by
    to, spread = _step(patterns, mean + means, covariance + moves, prior)
    ended = np.hstack([to, spread[:, up[0], up[1]]])
    rate: Array = np.eye(m) - (ended[:-1] - ended[-1]).T / by
    return rate


def _possible(covariance: Array) -> Array:
    """The nearest matrices that can be covariances: a draw's step may lead just outside."""
    values, vectors = np.linalg.eigh(covariance)
    if (values[:, 0] > 0).all():
        return covariance
    floor = np.maximum(values, 1e-12 * values[:, -1:])
    mended: Array = (vectors * floor[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return mended
