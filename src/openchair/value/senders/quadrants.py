"""Champions, affluents, advocates, misers: who spends and who sends more than the shop's middle customer.

Kumar, Petersen & Leone (2007) cut a shop's customers at the median of either value. Which side of it somebody will be
on is not sure, so each belongs to all four with a chance.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

QUADRANTS = ("champion", "affluent", "advocate", "miser")


def above(value: ArrayLike, low: ArrayLike, high: ArrayLike, cut: float, confidence: float) -> Floats:
    """(n,) the chance of being above `cut`. low, high: the interval of `confidence`.

    Each arm of the interval is half a normal distribution of its own width, as intervals of money are longer upwards.
    """
    middle = np.asarray(value, dtype=np.float64)
    off = middle - cut
    arm = np.where(off > 0, middle - np.asarray(low), np.asarray(high) - middle) / ndtri((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # an arm may be next to nothing
        chance: Floats = np.where(arm > 0, ndtr(off / arm), (off > 0).astype(np.float64))
    return chance


def membership(spends: ArrayLike, sends: ArrayLike) -> Floats:
    """(n, 4) the chance of each of QUADRANTS, adding up to 1. spends, sends: (n,) chances of being above the middle."""
    more, brings = np.asarray(spends, dtype=np.float64), np.asarray(sends, dtype=np.float64)
    return np.stack([more * brings, more * (1 - brings), (1 - more) * brings, (1 - more) * (1 - brings)], axis=-1)
