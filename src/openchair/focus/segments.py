"""Segments of customers: groups in which features go together, as many as come out again, or none.

Features are columns of codes over distinct cells, each cell with the customers it stands for, so nothing here depends
on how many customers there are. What goes together is found first: components of a factor analysis of mixed data
(Pages 2004), kept where they exceed what features that have nothing to do with each other would give (Horn 1965). In
these few components k-means is run on random halves; the number of segments is the one whose halves agree best, by
the adjusted Rand index (Hubert & Arabie 1985; Ben-Hur, Elisseeff & Guyon 2002). Customers who differ only by degrees
are no segments: groups must be much tighter than k-means makes of one Gaussian cloud of the same shape, the index of
Liu et al. (2008).
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
MOST_SEGMENTS, MOST_COMPONENTS = 8, 4
SAMPLE = 2_000
"""Customers that are drawn to see what goes together by chance: what shows only among more is too little to act on."""
HALF = 1_000
PAIRS, NULLS, CLOUDS = 10, 40, 5
AGREED = 0.8
"""Mean adjusted Rand index of halves below which segments do not come out again."""
TIGHTER = 2.0
"""So many times less scatter is left within groups than within those of one cloud, else customers differ by degrees."""
SAME = 0.02
"""Agreements that differ by no more are alike, and the larger number of segments is told."""
RARE = 0.02
"""Values of fewer are one value, `other`."""
STARTS, STEPS = 4, 30
TOLD = 3
"""Features by which a segment is described."""


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
    places = components(features, weights, rng)
    if not places.shape[1]:
        return Unknown("nothing that is known of customers goes together, so there are no segments")
    agreed = {k: agreement(places, weights, k, rng) for k in range(2, MOST_SEGMENTS + 1)}
    tighter = _tighter(places, weights, [k for k, mean in agreed.items() if mean >= AGREED], rng)
    if not tighter:
        return Unknown("customers differ by degrees and fall into no groups that would come out again")
    best = max(agreed[k] for k in tighter)
    number = max(k for k in tighter if agreed[k] >= best - SAME)
    of = nearest(places, kmeans(places, weights, number, rng))
    sizes = np.bincount(of, weights, number)
    order = np.argsort(-sizes, kind="stable")
    of = np.argsort(order)[of]
    return Segmentation(of, tuple(apart(features, weights, of == k) for k in range(number)), agreed[number])


# --- what goes together ---------------------------------------------------------------------------------------------


def components(features: Sequence[Feature], weights: Floats, rng: np.random.Generator) -> Floats:
    """(cells, d) principal coordinates that exceed those of unrelated features; d may be 0, at most MOST_COMPONENTS."""
    table = np.column_stack([_columns(one, weights) for one in features])
    values, vectors = _spectrum(table, weights)
    drawn = min(SAMPLE, int(weights.sum()))
    chance = np.zeros((NULLS, MOST_COMPONENTS))
    for null in chance:
        mixed = [
            Feature(one.name, one.levels, rng.choice(one.codes, drawn, p=weights / weights.sum()), one.ordered)
            for one in features
        ]
        ones = np.ones(drawn)
        found, _ = _spectrum(np.column_stack([_columns(one, ones) for one in mixed]), ones)
        null[: len(found)] = found[:MOST_COMPONENTS]
    above = values[:MOST_COMPONENTS] > np.quantile(chance, 0.95, axis=0)[: len(values)]
    kept = int(np.argmin(np.r_[above, False]))
    return np.asarray(table @ vectors[:, :kept])


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
    often = counts >= RARE * total
    group = np.where(often, np.cumsum(often) - 1, often.sum())
    shares = np.bincount(group, counts) / total
    is_it = (group[one.codes][:, None] == np.arange(len(shares))) & known[:, None]
    return np.asarray((is_it - shares * known[:, None]) / np.sqrt(np.maximum(shares, 1e-12)))


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


def _tighter(places: Floats, weights: Floats, numbers: Sequence[int], rng: np.random.Generator) -> list[int]:
    """The numbers of groups that leave so much less scatter than as many groups of one Gaussian cloud would."""
    drawn = rng.multinomial(min(SAMPLE, int(weights.sum())), weights / weights.sum()).astype(float)
    cloud, drawn = places[drawn > 0], drawn[drawn > 0]
    off = cloud - (cloud * drawn[:, None]).sum(0) / drawn.sum()
    wide = np.sqrt((off**2 * drawn[:, None]).sum(0) / drawn.sum())
    ones = np.ones(int(drawn.sum()))

    def left(places: Floats, weights: Floats, k: int) -> float:
        spread = scatter(places, weights, kmeans(places, weights, k, rng))
        return spread / scatter(places, weights, (places * weights[:, None]).sum(0, keepdims=True) / weights.sum())

    clouds = [rng.normal(size=(len(ones), len(wide))) * wide for _ in range(CLOUDS)]
    return [
        k for k in numbers if float(np.mean([left(one, ones, k) for one in clouds])) >= TIGHTER * left(off, drawn, k)
    ]


# --- in words -------------------------------------------------------------------------------------------------------


def apart(features: Sequence[Feature], weights: Floats, inside: NDArray[np.bool_]) -> tuple[Mark, ...]:
    """What is true of most within and of fewer of the others: of each feature the most telling, the best first."""
    found = []
    for one in features:
        known = one.codes >= 0
        within, without = (
            np.bincount(one.codes[known & some], weights[known & some], len(one.levels)) for some in (inside, ~inside)
        )
        if not within.sum() or not without.sum():
            continue
        p, q = within / within.sum(), without / without.sum()
        told = list(zip(one.levels, p, q, strict=True))
        if one.ordered:
            below_p, below_q = np.cumsum(p)[:-1], np.cumsum(q)[:-1]
            told += [(f"below {level}", *both) for level, *both in zip(one.levels[1:], below_p, below_q, strict=True)]
            told += [
                (f"{level} or more", 1 - a, 1 - b) for level, a, b in zip(one.levels[1:], below_p, below_q, strict=True)
            ]
        found += [
            (_telling(a, b), Mark(one.name, value, float(a), float(b))) for value, a, b in told if a > b and a >= 0.5
        ]
    best: dict[str, tuple[float, Mark]] = {}
    for telling, mark in found:
        if telling > best.get(mark.feature, (0.02, mark))[0]:
            best[mark.feature] = telling, mark
    return tuple(mark for _telling, mark in sorted(best.values(), key=lambda pair: -pair[0])[:TOLD])


def _telling(p: float, q: float) -> float:
    """How much it tells of a customer, who is within or not as a coin falls, that this is true: in bits."""
    middle = (p + q) / 2

    def surprise(a: float, m: float) -> float:
        return 0.0 if a <= 0 else float(a * np.log2(a / m))

    return sum(surprise(a, middle) + surprise(1 - a, 1 - middle) for a in (p, q)) / 2
