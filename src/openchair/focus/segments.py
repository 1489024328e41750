"""Segments of customers: groups in which features go together, as many as come out again, or none.

Features are columns of codes over distinct cells, each cell with the customers it stands for, so nothing here depends
on how many customers there are. What goes together is found first: components of a factor analysis of mixed data
(Pages 2004), kept where they exceed what features that have nothing to do with each other would give (Horn 1965). In
these few components k-means is run on random halves; the number of segments is the one whose halves agree best, by
the adjusted Rand index (Hubert & Arabie 1985; Ben-Hur, Elisseeff & Guyon 2002). Customers who differ only by degrees
are no segments: groups must be much tighter than those that k-means makes of one Gaussian cloud (the index of Liu et
al. 2008), or of features that have nothing to do with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from openchair.core.estimate import Unknown
from openchair.core.words import plural

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST = 200
"""Customers below whom no segments are looked for."""
MOST_SEGMENTS, MOST_COMPONENTS = 6, 4
SAMPLE = 2_000
"""Customers that are drawn to see what goes together by chance: what shows only among more is too little to act on."""
HALF = 600
PAIRS, NULLS, CLOUDS = 6, 40, 3
AGREED = 0.8
"""Mean adjusted Rand index of halves below which segments do not come out again."""
HOPELESS = 0.4
"""A pair of halves that agree less ends the search."""
TIGHTER = 2.0
"""So many times less scatter is left within groups than within those of chance, else customers differ by degrees."""
SAME = 0.02
"""Agreements that differ by no more are alike, and the larger number of segments is told."""
STARTS, STEPS = 3, 20
TOLD, WORTH_TELLING = 3, 0.02
"""Features by which a segment is described, and the bits that each must tell."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing known of customers: `codes` (cells,) index `levels`, -1 where it is not known.

    ordered: levels go from little to much, and may be told as "at least" and "below".
    """

    name: str
    levels: tuple[str, ...]
    codes: Codes
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What sets a segment apart: the share that it is true of within, and among all other customers."""

    feature: str
    value: str
    share: float
    others: float


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Segments of all customers, the largest first. of: (cells,) the segment of each. agreement: of halves, to 1."""

    of: Codes
    marks: tuple[tuple[Mark, ...], ...]
    agreement: float

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.marks)


def segments(features: Sequence[Feature], weights: Floats, rng: np.random.Generator) -> Segmentation | Unknown:
    """Segments of the customers in cells, or why there are none.

    weights: (cells,) customers in each.
    """
    total = float(weights.sum())
    if total < FEWEST:
        return Unknown(f"{plural(int(total), 'customer', 'customers')} who bought", needed=int(FEWEST - total))
    parts = components(features, weights, rng)
    if not parts.shape[2]:
        return Unknown("nothing that is known of customers goes together, so there are no segments")
    found = [one for d in range(parts.shape[2]) if (one := _grouped(parts[:, :, : d + 1], weights, rng))]
    if not found:
        return Unknown("customers differ by degrees and fall into no groups that would come out again")
    _tighter, number, agreed, d = max(found)
    places = parts[:, :, :d].sum(0)
    of = nearest(places, kmeans(places, weights, number, rng))
    of = np.argsort(np.argsort(-np.bincount(of, weights, number), kind="stable"))[of]
    return Segmentation(of, tuple(apart(features, weights, of == k) for k in range(number)), agreed)


# --- what goes together ---------------------------------------------------------------------------------------------


def components(features: Sequence[Feature], weights: Floats, rng: np.random.Generator) -> Floats:
    """(features, cells, d) what each feature adds to principal coordinates that exceed those of unrelated features.

    d may be 0, and is at most MOST_COMPONENTS.
    """
    columns = [_columns(one, weights) for one in features]
    values, vectors = _spectrum(np.hstack(columns), weights)
    drawn = min(SAMPLE, int(weights.sum()))
    chance = np.zeros((NULLS, MOST_COMPONENTS))
    for null in chance:
        mixed = np.hstack([one[_draw(weights, drawn, rng)] for one in columns])
        found, _ = _spectrum(mixed - mixed.mean(0), np.ones(drawn))
        null[: len(found)] = found[:MOST_COMPONENTS]
    above = values[:MOST_COMPONENTS] > np.quantile(chance, 0.95, axis=0)[: len(values)]
    kept = vectors[:, : int(np.argmin(np.r_[above, False]))]
    ends = np.cumsum([one.shape[1] for one in columns])
    return np.array([one @ kept[end - one.shape[1] : end] for one, end in zip(columns, ends, strict=True)])


def _draw(weights: Floats, n: int, rng: np.random.Generator) -> Codes:
    return np.asarray(rng.choice(len(weights), n, p=weights / weights.sum()), dtype=np.int64)


def _columns(one: Feature, weights: Floats) -> Floats:
    """A feature as centred columns, the largest inertia of which is 1: normal scores, or scaled dummies.

    What is not known stands in the middle, so that not knowing brings nobody together.
    """
    known = one.codes >= 0
    counts = np.bincount(one.codes[known], weights[known], len(one.levels))
    total = counts.sum()
    if not total or counts.max() == total:
        return np.zeros((len(weights), 1))
    if one.ordered:
        middle = (np.cumsum(counts) - counts / 2) / total
        level = np.where(counts > 0, ndtri(np.clip(middle, 1e-12, 1 - 1e-12)), 0.0)
        level = level - (counts * level).sum() / total
        level = level / np.sqrt((counts * level**2).sum() / total)
        return np.where(known, level[one.codes], 0.0)[:, None]
    shares = np.maximum(counts / total, 1e-12)
    is_it = one.codes[:, None] == np.arange(len(shares))
    return np.asarray((is_it - shares * known[:, None]) / np.sqrt(shares))


def _spectrum(table: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues, greatest first, and eigenvectors of the weighted covariance of centred columns."""
    values, vectors = np.linalg.eigh((table * weights[:, None]).T @ table / weights.sum())
    return values[::-1], vectors[:, ::-1]


# --- groups ---------------------------------------------------------------------------------------------------------


def kmeans(places: Floats, weights: Floats, k: int, rng: np.random.Generator) -> Floats:
    """(k, d) centres of k groups of weighted places, the best of a few starts by k-means++ (Arthur, Vassilvitskii)."""
    best, least = places[:k], np.inf
    for _ in range(STARTS):
        centres = places[[rng.choice(len(places), p=weights / weights.sum())]]
        far = np.full(len(places), np.inf)
        while len(centres) < k:
            far = np.minimum(far, ((places - centres[-1]) ** 2).sum(1))
            chance = far * weights
            if not chance.sum():
                break
            centres = np.vstack([centres, places[rng.choice(len(places), p=chance / chance.sum())]])
        of = np.full(len(places), -1)
        for _step in range(STEPS):
            before, of = of, nearest(places, centres)
            if (before == of).all():
                break
            size = np.bincount(of, weights, len(centres))
            sums = np.column_stack([np.bincount(of, weights * column, len(centres)) for column in places.T])
            centres = np.where(size[:, None] > 0, sums / np.maximum(size, 1e-300)[:, None], centres)
        spread = scatter(places, weights, centres)
        if spread < least:
            best, least = centres, spread
    return best


def nearest(places: Floats, centres: Floats) -> Codes:
    """(n,) which centre each place is nearest to."""
    return np.asarray(((centres**2).sum(1) - 2 * places @ centres.T).argmin(1), dtype=np.int64)


def scatter(places: Floats, weights: Floats, centres: Floats) -> float:
    """The weighted sum of squared distances to the nearest centre."""
    return float((weights * ((places - centres[nearest(places, centres)]) ** 2).sum(1)).sum())


def agreement(places: Floats, weights: Floats, k: int, rng: np.random.Generator) -> float:
    """How well groups found in one random half are those found in another: the mean adjusted Rand index."""
    found = []
    half = min(HALF, int(weights.sum() / 2))
    for _ in range(PAIRS):
        pair = []
        for _side in range(2):
            drawn = rng.multinomial(half, weights / weights.sum()).astype(float)
            some = drawn > 0
            pair.append(nearest(places, kmeans(places[some], drawn[some], k, rng)))
        found.append(adjusted_rand(pair[0], pair[1], weights))
        if found[-1] < HOPELESS:
            break
    return float(np.mean(found))


def adjusted_rand(one: Codes, other: Codes, weights: Floats) -> float:
    """How far two groupings of weighted cells agree beyond chance, 1 where they are the same.

    >>> ones = np.ones(4)
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), ones)
    1.0
    >>> round(adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), ones), 2)
    -0.5
    """
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), weights)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    rows, columns, both = pairs(table.sum(1)), pairs(table.sum(0)), pairs(table)
    chance = rows * columns / pairs(np.array([weights.sum()]))
    most = (rows + columns) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def _grouped(parts: Floats, weights: Floats, rng: np.random.Generator) -> tuple[float, int, float, int] | None:
    """How much tighter the groups are than chance makes them, how many, how well halves agree, and d; or none.

    Groups of chance are those of one Gaussian cloud, and of features that have nothing to do with each other.
    parts: (features, cells, d).
    """
    places, d = parts.sum(0), parts.shape[2]
    agreed = {k: agreement(places, weights, k, rng) for k in range(2, MOST_SEGMENTS + 1)}
    drawn = min(SAMPLE, int(weights.sum()))
    sample = places[_draw(weights, drawn, rng)]
    clouds = [rng.normal(size=(drawn, d)) * sample.std(0) for _ in range(CLOUDS)]
    mixes = [np.sum([one[_draw(weights, drawn, rng)] for one in parts], axis=0) for _ in range(CLOUDS)]

    def left(places: Floats, k: int) -> float:
        ones = np.ones(len(places))
        whole = scatter(places, ones, places.mean(0, keepdims=True))
        return max(scatter(places, ones, kmeans(places, ones, k, rng)) / whole, 1e-9)

    def tighter(k: int) -> float:
        chance = (np.mean([left(one, k) for one in some]) for some in (clouds, mixes))
        return float(min(chance)) / left(sample, k)

    stable = {k: tight for k, mean in agreed.items() if mean >= AGREED and (tight := tighter(k)) >= TIGHTER}
    if not stable:
        return None
    best = max(agreed[k] for k in stable)
    number = max(k for k in stable if agreed[k] >= best - SAME)
    return stable[number], number, agreed[number], d


# --- in words -------------------------------------------------------------------------------------------------------


def apart(features: Sequence[Feature], weights: Floats, inside: NDArray[np.bool_]) -> tuple[Mark, ...]:
    """What is truer of a segment than of the others: the most telling of each feature, what is true of most first."""
    best: list[Mark] = []
    for one in features:
        known = one.codes >= 0
        p, q = (
            np.bincount(one.codes[known & some], weights[known & some], len(one.levels)) for some in (inside, ~inside)
        )
        if not p.sum() or not q.sum():
            continue
        p, q = p / p.sum(), q / q.sum()
        told = list(zip(one.levels, p, q, strict=True))
        if one.ordered:
            below = list(zip(one.levels[1:], np.cumsum(p)[:-1], np.cumsum(q)[:-1], strict=True))
            told = [(f"below {level}", *both) for level, *both in below]
            told += [(f"{level} or more", 1 - less, 1 - fewer) for level, less, fewer in below]
        found = [Mark(one.name, value, float(a), float(b)) for value, a, b in told if a > b]
        best += [max(found, key=_order)] if found else []
    return tuple(sorted((one for one in best if _telling(one) >= WORTH_TELLING), key=_order, reverse=True)[:TOLD])


def _order(one: Mark) -> tuple[bool, float]:
    return one.share >= 0.5, _telling(one)


def _telling(one: Mark) -> float:
    """How much it tells, in bits, of whether somebody is within, had both been as likely."""

    def surprise(a: float, middle: float) -> float:
        return 0.0 if a <= 0 else float(a * np.log2(a / middle))

    half = (one.share + one.others) / 2
    return sum(surprise(a, half) + surprise(1 - a, 1 - half) for a in (one.share, one.others)) / 2
