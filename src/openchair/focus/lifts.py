"""Who picks the shop: what those who came back have in common, each with how much more often they came back.

Counts of customers by what is known of them are compared one against all others of whom that is known: a ratio of
shares with its interval (Katz and others 1978, with half a customer added to each cell). As many are looked at, those
that are called sure are so few false ones that 1 in 20 of them is expected to be chance (Benjamini & Hochberg 1995).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from openchair.core.estimate import Estimate
from openchair.listening.nps import quantile

Floats = NDArray[np.float64]

FALSE = 0.05
"""The share of false ones that is expected among those called sure."""


@dataclass(frozen=True, slots=True)
class Lift:
    """Something known of customers, and how often those of whom it is true came back against the others.

    customers: of whom it is true. share: of them who came back. lift: that share over the others', 1 where alike.
    """

    name: str
    value: str
    customers: int
    share: float
    lift: Estimate
    sure: bool


def lifts(
    names: Sequence[tuple[str, str]], true: Floats, picked: Floats, known: Floats, known_picked: Floats,
    confidence: float = 0.95,
) -> tuple[Lift, ...]:  # fmt: skip
    """Lifts of some things, the sure ones first and among alike the strongest.

    names: what it is and its value. true, picked (n,): customers of whom it is true, and of them those who came back.
    known, known_picked (n,): the same of all of whom it is known whether it is true. Of all there are both kinds.
    """
    ratio, low, high, z = against(true, picked, known - true, known_picked - picked, confidence)
    sure = discoveries(2 * ndtr(-np.abs(z)), FALSE)
    found = [
        Lift(name, value, int(n), float(share), Estimate(float(r), float(lo), float(hi), n=float(of)), bool(yes))
        for (name, value), n, share, r, lo, hi, of, yes in zip(
            names, true, picked / true, ratio, low, high, known, sure, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda one: (not one.sure, -abs(np.log(one.lift.value)), one.name, one.value)))


def against(
    n: Floats, picked: Floats, others: Floats, others_picked: Floats, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats, Floats]:
    """The ratio of two shares, its interval, and how many standard errors its logarithm is from 0; arrays (n,).

    >>> [round(float(x), 2) for x in against(*map(np.array, (100.0, 40.0, 100.0, 20.0)))[:3]]
    [1.98, 1.26, 3.11]
    """
    log = np.log((picked + 0.5) / (n + 0.5)) - np.log((others_picked + 0.5) / (others + 0.5))
    error = np.sqrt(
        np.maximum(1 / (picked + 0.5) - 1 / (n + 0.5) + 1 / (others_picked + 0.5) - 1 / (others + 0.5), 1e-12)
    )
    half = quantile(confidence) * error
    return np.exp(log), np.exp(log - half), np.exp(log + half), log / error


def discoveries(p: Floats, false: float) -> NDArray[np.bool_]:
    """Which of many p-values may be called findings, where a share `false` of them may be chance.

    >>> discoveries(np.array([0.001, 0.9, 0.02, 0.5]), 0.05).tolist()
    [True, False, True, False]
    """
    order = np.argsort(p, kind="stable")
    within = np.flatnonzero(p[order] <= false * np.arange(1, len(p) + 1) / max(len(p), 1))
    found = np.zeros(len(p), dtype=bool)
    found[order[: within[-1] + 1 if len(within) else 0]] = True
    return found
