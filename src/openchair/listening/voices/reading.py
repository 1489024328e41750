"""What a sentence is: a want, a need, an aspiration, a pain, praise, or none of these.

Cues give the first guess; the theme's company and the rating that came with it shift it; a head on the embedder's
directions, shrunk towards saying nothing, learns what persons corrected.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from openchair.core.estimate import Estimate
from openchair.listening.voices import stems
from openchair.listening.voices.embedding import Vectors

READINGS = ("want", "need", "aspiration", "pain", "praise", "other")
WISHES = ("want", "need", "aspiration")
Floats = NDArray[np.float64]

_BASE = np.array([-0.4, 0.0, 0.3, 0.0, 0.0, 1.3])
"""Where nothing is said; an aspiration's words are rarer, so they count for more."""
_CUE = 2.2
_FELT = 1.2
"""How far a sentiment of 1 moves praise and pain."""
RATED = 0.4
"""How far a message's best rating moves praise and pain in each of its sentences, which may be of something else."""
_COMPANY = 0.8
"""How much of the log ratio between a theme's readings and everyone's counts for each of its sentences."""
SHRINK = 2.0
"""Precision of the head's weights before any correction: a dozen alike are needed to turn a sure cue around."""


def guess(texts: Sequence[str], sentiment: Floats) -> Floats:
    """(n, 6) log weights of READINGS by cues and by sentiment, (n,) -1 to 1."""
    cues = stems.patterns("cues")
    hits = stems.has(texts, {name: cues[name] for name in READINGS[:-1]})
    weights = _BASE + np.hstack([_CUE * hits, np.zeros((len(texts), 1))])
    return felt(np.asarray(weights, dtype=np.float64), _FELT * sentiment)


def felt(weights: Floats, how: Floats) -> Floats:
    """Weights with praise made likelier and pain less by `how`, (n,), below 0 the other way round."""
    moved = weights.copy()
    moved[:, READINGS.index("praise")] += how
    moved[:, READINGS.index("pain")] -= how
    return moved


def in_company(weights: Floats, themes: NDArray[np.int64], mix: Floats) -> Floats:
    """Each sentence moved towards what its theme is said with. mix: (k, 6) chances summed by theme. themes: -1 none."""
    if not len(mix):
        return weights
    own = (mix + 2 * _shares(mix.sum(0))) / (mix.sum(1, keepdims=True) + 2)
    shift = _COMPANY * np.log(own / _shares(mix.sum(0)))
    return weights + np.where(themes[:, None] >= 0, shift[themes], 0)


def _shares(sums: Floats) -> Floats:
    return np.asarray((sums + 1) / (sums + 1).sum(), dtype=np.float64)


def chances(weights: Floats) -> Floats:
    """(n, 6) that sum to 1."""
    raised = np.exp(weights - weights.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True), dtype=np.float64)


def learned(vectors: Vectors, weights: Floats, said: NDArray[np.int64]) -> Floats:
    """(d, 6) what to add to the weights for each direction, from sentences that a person read.

    vectors: (n, d). weights: (n, 6) what was guessed of them. said: (n,) place in READINGS. Multinomial logistic
    regression with the guess as offset and a normal prior of precision SHRINK around 0.
    """
    from scipy.optimize import minimize

    n, d = vectors.shape
    if n == 0:
        return np.zeros((d, len(READINGS)))
    # A person's word on a sentence is worth more than the vector's every direction: work in the span of what was read.
    span, _ = np.linalg.qr(vectors.T.astype(np.float64))
    seen = vectors @ span
    truth = np.eye(len(READINGS))[said]

    def loss(flat: Floats) -> tuple[float, Floats]:
        head = flat.reshape(seen.shape[1], -1)
        p = chances(weights + seen @ head)
        gradient = seen.T @ (p - truth) + head / _PRIOR
        return float(-np.log((p * truth).sum(1) + 1e-12).sum() + (head**2).sum() / (2 * _PRIOR)), gradient.ravel()

    start = np.zeros(seen.shape[1] * len(READINGS))
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x.reshape(seen.shape[1], -1)
    return np.asarray(span @ found, dtype=np.float64)


_PRIOR = 10.0 / SHRINK


def lift(both: float, one: float, other: float, everyone: float, *, confidence: float = 0.95) -> Estimate | None:
    """How many times as often those who speak of one thing speak of another as the rest do, with a log interval.

    Counts of customers: of both, of the one, of the other, of all. Half a customer is added to each cell (Haldane), so
    small counts give wide intervals. None where nobody speaks of one of them.

    >>> round(lift(30, 40, 60, 400).value, 1)
    8.8
    """
    if min(one, other) <= 0 or one >= everyone:
        return None
    a, b = both + 0.5, one - both + 0.5
    c, d = other - both + 0.5, everyone - one - other + both + 0.5
    if c <= 0 or d <= 0:
        return None
    ratio = (a / (a + b)) / (c / (c + d))
    spread = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(max(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), 0))
    return Estimate(ratio, ratio * float(np.exp(-spread)), ratio * float(np.exp(spread)), n=both)
