"""Whom to ask: so many of each part of the customers that the score's interval shrinks fastest for each contact.

A score over all customers is the mean of its parts' scores, each weighted by its share of the customers. A part's own
score is a Dirichlet posterior over the answers so far, its response a Beta one; both lean on what all parts say
together while they have little of their own. What is minimised is the variance of the whole (Neyman 1934), with the
answers that a contact brings in place of contacts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate
from openchair.core.ids import uniforms

LENT_ANSWERS = 4.0
"""Of so many answers, shared as all parts' are, each part is taken to have had already; that many it is lent."""
LENT_ASKED = 20.0
"""Likewise, so many people who were asked and answered as often as all do."""
FIRST_RATE, FIRST_ASKED = 0.2, 5.0
"""The share taken to answer before anybody was asked, and how many people it counts as."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parts:
    """k parts of the customers, each an element of every array.

    customers: how many there are. eligible: how many of them may be asked. answers: (k, c) answers so far by what they
    count for in the score. asked, answered: how many were asked, and how many of those answered.
    """

    customers: Ints
    eligible: Ints
    answers: Ints
    asked: Ints
    answered: Ints

    def __len__(self) -> int:
        return len(self.customers)


@dataclass(frozen=True, slots=True)
class Allocation:
    """How many of each part to ask (k,), and the score with its interval before and after they were asked.

    `after` counts on as many answers as the parts' response makes likely, in `after.n`; its value is that of `before`.
    """

    ask: Ints
    before: Estimate
    after: Estimate


def allocate(parts: Parts, values: Sequence[float], budget: int, *, confidence: float = 0.95) -> Allocation:
    """Whom to ask, at most `budget` people (>= 0), for the narrowest interval of the score.

    values: (c,) what each kind of answer counts for, such as (100, 0, -100) for promoters, passives and detractors; the
    score lies between the least and the greatest. confidence in (0, 1). The gains of the contacts of a part fall one
    after the other, so taking the greatest of all is exact (Fox 1966). Raises BadInput for a budget below 0, and for
    parts without a single customer.
    """
    if budget < 0:
        raise BadInput("budget", value=budget, bound="must be at least 0", remedy="Say how many to ask at most.")
    if not parts.customers.sum():
        raise BadInput("parts", value=len(parts), bound="have no customer", remedy="Turn the wheel first.")
    share = parts.customers / parts.customers.sum()
    mean, variance, weight = _scores(parts.answers, np.asarray(values, dtype=np.float64))
    rate = response(parts.asked, parts.answered)
    ask = most_telling(share**2 * variance, weight, rate, parts.eligible, budget)
    centre = float(share @ mean)

    def told(more: Floats) -> Estimate:
        spread = sqrt(float((share**2 * variance / (weight + more)).sum()))
        half = NormalDist().inv_cdf(0.5 + confidence / 2) * spread
        low, high = max(min(values), centre - half), min(max(values), centre + half)
        return Estimate(centre, min(low, centre), max(high, centre), n=float(parts.answers.sum() + more.sum()))

    return Allocation(ask, told(np.zeros(len(parts))), told(rate * ask))


def response(asked: Ints, answered: Ints) -> Floats:
    """(k,) the share of each part that answers, drawn towards the share of all (beta-binomial); in (0, 1).

    >>> response(np.array([0, 1000]), np.array([0, 100])).round(3).tolist()
    [0.1, 0.1]
    """
    every = (answered.sum() + FIRST_RATE * FIRST_ASKED) / (asked.sum() + FIRST_ASKED)
    return np.asarray((answered + every * LENT_ASKED) / (asked + LENT_ASKED), dtype=np.float64)


def _scores(answers: Ints, values: Floats) -> tuple[Floats, Floats, Floats]:
    """(k,) each part's mean score, the variance of one answer, and how many answers that mean is worth."""
    every = answers.sum(axis=0) + 1.0
    prior = LENT_ANSWERS * every / every.sum()
    alpha = answers + prior
    total = alpha.sum(axis=1)
    mean = alpha @ values / total
    spread = alpha @ values**2 / total - mean**2
    # The posterior variance of the mean is spread / (total + 1): that of one answer, on average, over total.
    return mean, spread * total / (total + 1), total


def most_telling(scale: Floats, weight: Floats, rate: Floats, most: Ints, budget: int) -> Ints:
    """(k,) integers m <= most, together at most `budget`, that make the sum of scale / (weight + rate m) least.

    scale >= 0, weight > 0, rate > 0, most >= 0. No more than can be asked are; equal gains go to the earlier part.
    """
    counts = np.minimum(most, budget)
    part = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    before = weight[part] + rate[part] * nth
    gain = scale[part] * rate[part] / (before * (before + rate[part]))
    best = np.argsort(-gain, kind="stable")[:budget]
    return np.bincount(part[best], minlength=len(counts)).astype(np.int64)


def drawn(ids: NDArray[np.str_], part: Ints, ask: Ints, *salt: str) -> NDArray[np.int64]:
    """Places of those to ask: `ask[p]` of each part p, by a chance that follows from customer and salt; sorted.

    ids: (n,) hexadecimal digests (core.ids.uniforms). part: (n,) which part each is of.
    """
    order = np.lexsort((uniforms(ids, *salt), part))
    placed = part[order]
    begins = np.searchsorted(placed, np.arange(len(ask)))
    rank = np.arange(len(placed)) - begins[placed]
    return np.sort(order[rank < ask[placed]])
