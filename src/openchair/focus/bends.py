"""Asymmetric effects: what only hurts when it is bad, and what only delights when it is good.

Penalty and reward as Brandt (1987) contrasts them, of the outcome less what the other drivers explain (component plus
residual; Larsen & McCleary, 1972), and over the distance between the levels, so that a straight effect has no bend.
"""

from typing import Literal

import numpy as np

from openchair.focus.importance import Array, slopes

LEVEL = 10
"""People that each of the levels bad, middling and good must have for an effect to be compared between them."""

FAINT = 1 / 3
"""Part of the stronger effect that the weaker must stay below, for the driver to work one way only: the middling
people lie on both sides of where an effect sets in."""

Shape = Literal["hurts when bad", "delights when good", "both ways", ""]
"""When a driver moves the outcome; empty where the intervals do not tell."""


def levels_of(rows: Array, weight: Array) -> Array:
    """Who is bad, middling and good at each driver: (3, p, n), 1 or 0, of those who answered; NaN-free."""
    x = rows[:, :-1]
    each = np.broadcast_to(weight[:, None], x.shape)
    low, high = np.nanquantile(x, [1 / 3, 2 / 3], axis=0, weights=each, method="inverted_cdf")
    # On a short scale a third of people may end in the middle of an answer: the lowest and highest answers count then.
    bad, good = (
        np.where((x < low).any(axis=0), x < low, x <= low),
        np.where((x > high).any(axis=0), x > high, x >= high),
    )
    found = np.stack([bad, ~(bad | good | np.isnan(x)), good & ~bad]).astype(np.float64)
    people = (found * weight[:, None]).sum(axis=1)
    found[:, :, (people < LEVEL).any(axis=0)] = 0.0
    return found.transpose(0, 2, 1)


def bends(filled: Array, levels: Array, weights: Array, raw: Array) -> Array:
    """What a unit of each driver is worth from bad to middling, and from middling to good: (d, 2, p).

    weights: (d, n) how often each person counts. raw: (d, p) regression slopes, in units of outcome and driver.
    """
    d, (_, p, n) = len(weights), levels.shape
    q = filled.shape[1]
    means = []
    for level in levels:
        sums = weights @ (level.T[:, :, None] * filled[:, None, :]).reshape(n, p * q)
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(sums.reshape(d, p, q) / (weights @ level.T)[:, :, None])
    where = np.stack(means)  # level, draw, driver whose level it is, column
    own = where[:, :, np.arange(p), np.arange(p)]
    left = where[..., -1] - (where[..., :-1] @ raw[None, :, :, None])[..., 0] + own * raw
    bent: Array = (np.diff(left, axis=0) / np.diff(own, axis=0)).transpose(1, 0, 2)
    return bent


def raw_slopes(covs: Array) -> Array:
    """Regression slopes in units of outcome and driver: (d, p)."""
    size = np.sqrt(np.diagonal(covs, axis1=1, axis2=2))
    return slopes(covs) * size[:, -1:] / size[:, :-1]


def shape_of(bend: Array, wide: Array, gap: float) -> Shape:
    """What the intervals tell of a driver's effect when bad and when good."""
    surely = abs(bend) > wide
    strong = int(np.argmax(abs(bend)))
    if surely[strong] and abs(bend[1] - bend[0]) > gap and abs(bend[1 - strong]) < FAINT * abs(bend[strong]):
        return "delights when good" if strong else "hurts when bad"
    return "both ways" if surely.all() else ""
