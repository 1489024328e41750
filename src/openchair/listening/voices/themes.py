"""Themes: sentences that point the same way, gathered; and which theme is which when they are gathered anew.

Average linkage over cosine distances of a sample, cut where the parts are least like each other for how alike they are
within (the simplified silhouette of Hruschka et al. 2004); then each sentence joins the nearest centre within a radius.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.listening.voices.embedding import Vectors, unit

SAMPLE = 4_000
"""Distinct sentences that themes are found among: what is said most, then as they come."""
HEIGHTS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""Mean distances at which the tree may be cut."""
MOST = 60
"""Themes of one gathering; a longer list is read by nobody. What is left over waits."""
FEWEST = 3
"""Times that a theme must have been spoken of, with a share SMALLEST of all that is said."""
SMALLEST = 0.0005
FURTHEST = 0.05
"""The radius leaves out this share of a gathering's own sentences, the furthest from their centres."""
WIDE, NARROW = 0.35, 0.65
"""Bounds of the radius, as cosines."""
ROUNDS = 3
HEIR = 0.3
"""A gathered cluster takes the id of an old theme with which it shares this much of either's sentences (Jaccard)."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Centres of themes, (k, d) unit rows, the heaviest first; within which cosine a sentence is of one."""

    centres: Vectors
    radius: float

    def nearest(self, vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(n,) place of the theme that each row belongs to, -1 for none, and its cosine with the nearest centre."""
        if not len(self.centres):
            return np.full(len(vectors), -1), np.zeros(len(vectors))
        alike = vectors @ self.centres.T
        place = alike.argmax(1)
        close = alike[np.arange(len(vectors)), place].astype(np.float64)
        return np.where(close >= self.radius, place, -1), close


def gather(vectors: Vectors, weights: NDArray[np.floating[Any]], *, fewest: int = FEWEST) -> Gathered:
    """Themes among distinct sentences. vectors: (n, d) unit rows. weights: (n,) how often each was said.

    The same rows in the same order give the same themes; no more than MOST, each said at least `fewest` times.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    order = np.argsort(-weights, kind="stable")
    order = order[np.linalg.norm(vectors[order], axis=1) > 0.5][:SAMPLE]
    some, weight = vectors[order], weights[order]
    least = max(fewest, SMALLEST * weight.sum())
    if len(some) < 2:
        return Gathered(some[: int(weight.sum() >= least)], NARROW)
    tree = linkage(some, "average", "cosine")
    tree[:, 2] = np.maximum.accumulate(np.maximum(tree[:, 2], 0))
    cuts = [fcluster(tree, height, "distance") - 1 for height in HEIGHTS]
    labels: NDArray[np.int64] = max(cuts, key=lambda cut: _silhouette(some, weight, cut))
    heavy = np.bincount(labels, weight)
    chosen = np.argsort(-heavy, kind="stable")[:MOST]
    chosen = chosen[heavy[chosen] >= least]
    centres = _centres(some, weight, labels, int(labels.max()) + 1)[chosen]
    if not len(centres):
        return Gathered(centres, NARROW)
    own = np.isin(labels, chosen)
    close = (some @ centres.T).max(1)[own]
    radius = float(np.clip(_quantile(close, weight[own], FURTHEST), WIDE, NARROW))
    found = Gathered(centres, radius)
    for _ in range(ROUNDS):
        place, _close = found.nearest(some)
        here = place >= 0
        moved = _centres(some[here], weight[here], place[here], len(centres))
        found = Gathered(np.where(np.linalg.norm(moved, axis=1, keepdims=True) > 0, moved, centres), radius)
    return found


def heirs(
    old: Sequence[str | None], new: NDArray[np.int64], weights: NDArray[np.floating[Any]], clusters: int
) -> list[str]:
    """For each new cluster the id of the old theme that it goes on, or "": one heir a theme, by greatest overlap.

    old: (n,) the theme id each sentence had, "" for none, None where it was not said yet: what is new says nothing of
    who goes on. new: (n,) its cluster now, -1 for none. Kuhn (1955).
    """
    from scipy.optimize import linear_sum_assignment

    told = np.array([one is not None for one in old], dtype=bool)
    old, new, weights = [one for one in old if one is not None], new[told], weights[told]
    ids = sorted({one for one in old if one})
    if not ids or not clusters:
        return [""] * clusters
    row = np.array([ids.index(one) if one else -1 for one in old])
    both = (row >= 0) & (new >= 0)
    shared = np.zeros((len(ids), clusters))
    np.add.at(shared, (row[both], new[both]), weights[both])
    theirs = np.bincount(row[row >= 0], weights[row >= 0], len(ids)).astype(float)
    either = theirs[:, None] + np.bincount(new[new >= 0], weights[new >= 0], clusters) - shared
    alike = shared / np.maximum(either, 1e-12)
    found = [""] * clusters
    for theme, cluster in zip(*linear_sum_assignment(-alike), strict=True):
        if alike[theme, cluster] >= HEIR:
            found[cluster] = ids[theme]
    return found


def _centres(vectors: Vectors, weights: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], k: int) -> Vectors:
    from scipy import sparse

    n = len(labels)
    member = sparse.csr_matrix((np.sqrt(weights), (labels, np.arange(n))), shape=(k, n))
    return unit(member @ vectors)


def _silhouette(vectors: Vectors, weights: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    """Mean of (b - a) / max(a, b), a the distance to one's own centre and b to the next; 0 for who stands alone."""
    k = int(labels.max()) + 1
    if k < 2:
        return 0.0
    far = np.asarray(1 - vectors @ _centres(vectors, weights, labels, k).T, dtype=np.float64)
    rows = np.arange(len(labels))
    own = np.maximum(far[rows, labels], 1e-9)
    far[rows, labels] = np.inf
    other = np.maximum(far.min(1), 1e-9)
    score = np.where(np.bincount(labels)[labels] > 1, (other - own) / np.maximum(own, other), 0)
    return float(np.average(score, weights=np.sqrt(weights)))


def _quantile(values: NDArray[np.floating[Any]], weights: NDArray[np.floating[Any]], share: float) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), share * weights.sum())])
