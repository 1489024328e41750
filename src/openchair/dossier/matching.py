"""How likely a pattern of likeness is among records of one person: Fellegi and Sunter's chances, found untaught.

What strangers have in common (u) is counted on random pairs, less what of them is likely one person. What records of
one person have in common (m), and how many such pairs there are, is found by expectation and maximisation over all
pairs worth comparing, each pattern of likeness once. The prior is among all pairs there could be, so choosing which
to compare biases nothing: whether a pair was chosen follows from its pattern.
Fellegi & Sunter (1969), A theory for record linkage; Winkler (1988), Using the EM algorithm for weight computation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDS, EXACT = 500, 1e-6
MOST_AGAINST = 2.0**-8
"""No one field may make a match less likely than by this factor: any slip is possible."""
MOST_UNLIKE = 0.1
"""The share of matches that may be unlike in a field that hardly changes in a lifetime."""
TYPICAL = 0.9
"""How often, before anything is known, records of one person are taken to agree fully in a field."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """degrees: (k, fields) distinct patterns of likeness, -1 where one says nothing. counts: (k,) pairs of each."""

    degrees: NDArray[np.int64]
    counts: Array


@dataclass(frozen=True, slots=True)
class Chances:
    """prior: the chance that any two records are one person. m, u: for each field the chances of its degrees of
    likeness among matches and among strangers, the least first."""

    prior: float
    m: tuple[Array, ...]
    u: tuple[Array, ...]

    def odds(self, seen: Patterns) -> Array:
        """(k,) probability that pairs of each pattern are one person."""
        log_odds = np.full(len(seen.counts), np.log(self.prior) - np.log1p(-self.prior))
        for degrees, m, u in zip(seen.degrees.T, self.m, self.u, strict=True):
            log_odds += np.append(np.log(m / u), 0.0)[degrees]
        return probability(log_odds / np.log(2))


def fit(
    chosen: Patterns,
    strangers: Sequence[Patterns],
    sizes: Sequence[int],
    unlike: Sequence[int],
    prior: float,
    pairs: float,
) -> Chances:
    """The chances under which these counts of patterns are likeliest.

    chosen: the pairs worth comparing. strangers: for each field random pairs to count it on. sizes: for each field its
    degrees of likeness. unlike: how many of the least of them at most MOST_UNLIKE of the matches may show; else people
    of one town or family, of whom there are many more, would pass for one person. prior: to begin with. pairs: how
    many there could be.
    """
    fields = range(len(sizes))
    ones = [np.ones(len(seen.counts)) for seen in strangers]
    found = Chances(
        prior,
        tuple(np.append(np.full(size - 1, (1 - TYPICAL) / max(size - 1, 1)), TYPICAL) for size in sizes),
        tuple(_shares(strangers[i], i, ones[i], sizes[i], 0.5) for i in fields),
    )
    for _ in range(ROUNDS):
        likely = found.odds(chosen)
        now = Chances(
            float(np.clip(likely @ chosen.counts / pairs, 1e-300, 0.5)),
            tuple(
                _bounded(_shares(chosen, i, likely, sizes[i], 0.1 / sizes[i]), found.u[i], unlike[i]) for i in fields
            ),
            tuple(_shares(strangers[i], i, 1 - found.odds(strangers[i]), sizes[i], 0.5) for i in fields),
        )
        moved = max(np.abs(m - before).max() for m, before in zip(now.m, found.m, strict=True))
        steady = moved < EXACT and abs(now.prior / found.prior - 1) < EXACT
        found = now
        if steady:
            break
    return found


def _shares(seen: Patterns, field: int, weights: Array, size: int, lent: float) -> Array:
    """How weighted pairs spread over the degrees of a field; each is lent a little, so that none is impossible."""
    there = seen.degrees[:, field] >= 0
    counted = np.bincount(seen.degrees[there, field], (weights * seen.counts)[there], size) + lent
    shares: Array = counted / counted.sum()
    return shares


def _bounded(m: Array, u: Array, unlike: int) -> Array:
    m = np.maximum(m, u * MOST_AGAINST)
    far = m[:unlike].sum() / m.sum()
    if far > MOST_UNLIKE:
        m[:unlike] *= MOST_UNLIKE / far
        m[unlike:] *= (1 - MOST_UNLIKE) / (1 - far)
    bounded: Array = m / m.sum()
    return bounded


def prior_of(weights: Array, prior: float, pairs: float) -> float:
    """The prior at which as many matches are expected as it says, given each pair's weight (bits, at `prior`)."""
    bare = weights - bits(prior)
    for _ in range(ROUNDS):
        before = prior
        prior = float(np.clip(probability(bare + bits(prior)).sum() / pairs, 1e-300, 0.5))
        if abs(prior / before - 1) < EXACT:
            break
    return prior


def bits(chance: float) -> float:
    """A probability as weight.

    >>> bits(0.5), round(bits(0.8), 9)
    (0.0, 2.0)
    """
    return float(np.log2(chance) - np.log2(1 - chance))


def probability(weight: Array) -> Array:
    """The probability that a weight (bits, the prior included) means.

    >>> probability(np.array([0.0, 3.0])).round(3).tolist()
    [0.5, 0.889]
    """
    chance: Array = 1 / (1 + np.exp2(-weight))
    return chance
