"""Weights that make those who answered look like all customers in what is known of both: raking.

Raking (iterative proportional fitting; Deming & Stephan, 1940) finds weights whose shares agree with everyone's in each
trait. It corrects for who answers only as far as these traits explain it, and costs precision: the effective sample
size says how much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openchair.core.errors import BadInput, FitFailed

Floats = NDArray[np.float64]
MOST = 5.0
"""A weight is cut to so many times the average one: a single answer must not speak for a crowd."""
ROUNDS = 1_000
CLOSE = 1e-9
FEWEST_IN_GROUP = 10
"""Answers that a group of a trait needs to be told apart; smaller ones are joined."""
LEAST_SHARE = 0.02
"""And the share of customers that it needs."""
KNOWN = 0.7
"""A trait is used where it is known of so great a share of customers, and of those who answered."""
MOST_GROUPS = 12
LEFT = 0.6
"""A trait is left out where weighting on it, too, would leave answers worth less than this share of their number."""
OTHERS = "others"


def kish(weights: ArrayLike, counts: ArrayLike | None = None) -> float:
    """How many equal answers weighted ones are worth (Kish, 1965). weights: (n,) >= 0; counts: (n,) answers of each.

    >>> kish([1, 1, 1, 1]), round(kish([4, 1, 1, 1]), 2)
    (4.0, 2.58)
    """
    weight = np.asarray(weights, dtype=np.float64)
    count = np.ones_like(weight) if counts is None else np.asarray(counts, dtype=np.float64)
    squares = float((count * weight**2).sum())
    return float((count * weight).sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights of cells, of mean 1 over the answers in them."""

    weights: Floats
    effective_n: float
    trimmed: float
    """The share of answers whose weight was cut to MOST."""
    off_by: float
    """The greatest difference that is left between a weighted share and the wanted one: 0 but for cutting."""


def rake(
    cells: ArrayLike, counts: ArrayLike, shares: Sequence[ArrayLike], *, names: Sequence[str] = (), most: float = MOST
) -> Raked:
    """Weights with which the answers have the wanted shares in every trait.

    cells: (cells, traits) the group of each trait, 0 .. groups - 1, of each distinct combination. counts: (cells,)
    answers in it, >= 0: one without is weighted as its groups are. shares: for each trait (groups,) the wanted shares,
    >= 0; their sum is set to 1. names: of the traits, for errors. most: weights are cut to so many times the average;
    `numpy.inf` cuts none. Raises BadInput for a group that nobody answered in though customers have it (join it with
    another) and for unlike lengths; FitFailed where the traits contradict each other.

    >>> rake([[0], [1]], [80, 20], [[0.5, 0.5]]).weights.tolist()
    [0.625, 2.5]
    """
    group, count = np.asarray(cells, dtype=np.int64), np.asarray(counts, dtype=np.float64)
    wanted = [np.asarray(share, dtype=np.float64) / np.sum(share) for share in shares]
    if group.shape != (len(count), len(wanted)):
        raise BadInput("cells", value=group.shape, bound="a row a count, a column a trait", remedy="Give one of each.")
    if not most > 1:
        raise BadInput("most", value=most, bound="must be above 1, the average weight", remedy="Give 5, say.")
    for place, share in enumerate(wanted):
        answered = np.bincount(group[:, place], count, len(share))
        if (empty := np.flatnonzero((answered == 0) & (share > 0))).size:
            name = names[place] if names else f"trait {place}"
            raise BadInput(
                f"group {empty[0]} of {name}",
                value=0,
                bound=f"nobody answered there, and {share[empty[0]]:.1%} of customers are in it",
                remedy="Join it with another group.",
            )
    total = count.sum()
    weight = _fit(group, count, wanted, np.ones_like(count))
    heavy = np.zeros(len(count), dtype=bool)
    # What is cut goes to the others, who may then be too heavy: each round cuts more cells, so it ends.
    while (over := (weight > most * (1 + CLOSE)) & ~heavy).any():
        heavy |= over
        rest = total - most * count[heavy].sum()
        weight = np.where(heavy, most, weight * rest / (weight * count)[~heavy].sum())
    off = max(
        np.abs(np.bincount(group[:, k], weight * count, len(share)) / total - share).max()
        for k, share in enumerate(wanted)
    )
    return Raked(weight, kish(weight, count), float(count[heavy].sum() / total), float(off))


def _fit(group: NDArray[np.int64], count: Floats, wanted: Sequence[Floats], weight: Floats) -> Floats:
    total = count.sum()
    for _ in range(ROUNDS):
        off = 0.0
        for place, share in enumerate(wanted):
            has = np.bincount(group[:, place], weight * count, len(share))
            off = max(off, float(np.abs(has / total - share).max()))
            weight = weight * np.divide(share * total, has, out=np.zeros_like(share), where=has > 0)[group[:, place]]
        if off < CLOSE:
            return weight
        if weight.max() > total * ROUNDS:
            break
    raise FitFailed(
        "raking",
        value=ROUNDS,
        bound="rounds did not bring the traits' shares together, for answers lack whole combinations",
        remedy="Leave a trait out.",
    )


@dataclass(frozen=True, slots=True)
class Margin:
    """A trait to weight on: `place` of a group by its value, and everyone's shares of the groups."""

    name: str
    place: Mapping[str, int]
    shares: tuple[float, ...]

    def group(self, value: str | None) -> int:
        """The group of a value; what is rare or not known is with the others, the last."""
        return self.place.get(value or "", len(self.shares) - 1)


def margin(name: str, customers: Mapping[str | None, int], answered: Mapping[str | None, int]) -> Margin | None:
    """How to weight on a trait, or None where it cannot be done honestly.

    customers, answered: how many of all customers, and of those who answered, have each value; None: not known. A trait
    is used where it is known of most in both. A value has a group of its own where enough customers have it and enough
    of them answered; the others, and those of whom it is not known, are one group together, which is joined to the
    smallest where it is too small itself.

    >>> margin("language", {"en": 700, "ur": 290, None: 10}, {"en": 90, "ur": 19, None: 1}).place
    {'en': 0, 'ur': 1}
    >>> margin("language", {"en": 500, None: 500}, {"en": 90, "ur": 9})
    """
    everyone, everybody = sum(customers.values()), sum(answered.values())
    if not everyone or not everybody:
        return None
    if customers.get(None, 0) > (1 - KNOWN) * everyone or answered.get(None, 0) > (1 - KNOWN) * everybody:
        return None

    def enough(of: int, spoke: int) -> bool:
        return of >= LEAST_SHARE * everyone and spoke >= FEWEST_IN_GROUP

    own = {v: n for v, n in customers.items() if v is not None and enough(n, answered.get(v, 0))}
    kept = sorted(own, key=lambda value: (own[value], value))[-MOST_GROUPS:]
    sizes = [own[value] for value in kept]
    place = {value: place for place, value in enumerate(kept)}
    left = everyone - sum(sizes)
    if left and enough(left, everybody - sum(answered.get(value, 0) for value in kept)):
        sizes.append(left)
    elif kept:
        # The others stand with the smallest group that is told apart: it becomes the last.
        kept = [*kept[1:], kept[0]]
        place = {value: place for place, value in enumerate(kept)}
        sizes = [own[value] for value in kept]
        sizes[-1] += left
    return Margin(name, place, tuple(size / everyone for size in sizes)) if len(sizes) > 1 else None
