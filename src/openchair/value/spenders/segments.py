"""A model of buying for each segment of a shop, however small: each leans on the whole shop as far as it must.

The logarithms of a segment's parameters are taken to differ from the shop's as Normal(0, spread): segments of few
customers stay near the shop, those of many go where their customers are. How much segments differ is not chosen but
learned from all of them: the spread of the highest marginal likelihood (empirical Bayes; Laplace's approximation).
That is how what is known of customers beside their purchases, a country or a first product, enters their value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from openchair.value import spender
from openchair.value.cases import same_length
from openchair.value.spender import Prior, Spender

SPREADS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""E-folds by which segments may differ; with the least of them they are all the shop."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The shop's model, each segment's, and how far the logarithms of segments' parameters spread about the shop's."""

    shop: Spender
    segments: Mapping[str, Spender]
    spread: float


def fit(
    segment: ArrayLike,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None = None,
    model: str = "bg/nbd",
) -> Segments:
    """The buying models of a shop's segments.

    segment: (n,) names. The rest is as in `spender.fit`, and so is what is raised; a segment in which nobody came back
    has the shop's model, a little less of buying.
    """
    of = np.asarray(segment)
    repeats, last, seen = (np.asarray(values, dtype=np.float64) for values in (x, t_x, T))
    counted = same_length(weights, x=repeats, segment=of)
    shop = spender.fit(repeats, last, seen, counted, model)
    rows = {str(name): of == name for name in np.unique(of)}

    def fits(spread: float) -> dict[str, Spender]:
        prior = Prior(shop, spread)
        return {
            name: spender.fit(repeats[some], last[some], seen[some], counted[some], model, prior=prior)
            for name, some in rows.items()
        }

    tried = {spread: fits(spread) for spread in SPREADS}
    spread = max(SPREADS, key=lambda s: sum(_marginal(shop, found, s) for found in tried[s].values()))
    return Segments(shop, tried[spread], spread)


def _marginal(shop: Spender, found: Spender, spread: float) -> float:
    """The logarithm of a segment's likelihood with its parameters integrated out, but for a constant."""
    volume = float(np.linalg.slogdet(np.array(found.doubt))[1])
    k = len(found.params)
    return found.log_likelihood + Prior(shop, spread).of(found.values) + volume - k * float(np.log(spread))
