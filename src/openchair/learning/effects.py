"""Effects: what actions are believed to do, and which customers pillars move otherwise than others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openchair.core.ids import uniforms
from openchair.loyalty.pillars import PILLAR_IDS

Array = NDArray[np.float64]
DIGITS = 9
"""Places to which an effect, a share of a customer's worth, is worked out."""
STEPS = 2
"""A customer's own leaning to a pillar counts in whole steps, so many in either direction."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What each of A actions is believed to do, per unit of each of d features.

    mean: (A, d). cov: (A, d, d). n: (A,) outcomes behind it.
    """

    mean: Array
    cov: Array
    n: Array

    def at(self, x: Array) -> tuple[Array, Array]:
        """(k, A) expected effect and its standard deviation in situations with features x: (k, d).

        To DIGITS places: a product of matrices rounds its last bits by how many rows it has, and a situation decides
        the same whoever else is looked at with it.
        """
        products = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
        variance = products @ self.cov.reshape(len(self.cov), -1).T
        sd: Array = np.sqrt(np.maximum(variance, 0.0))
        return np.round(x @ self.mean.T, DIGITS), sd.round(DIGITS)


@dataclass(frozen=True, slots=True)
class Leanings:
    """Customers whose outcomes say that pillars move them otherwise than others.

    ids: (m,) numbers that follow from customer ids (`key`), in order. steps: (m, P) by how many of `step` (a share
    of worth), as PILLAR_IDS.
    """

    ids: Array
    steps: NDArray[np.int8]
    step: float = 0.0

    @staticmethod
    def none() -> "Leanings":
        """Nobody is known to differ."""
        return Leanings(np.zeros(0), np.zeros((0, len(PILLAR_IDS)), dtype=np.int8))

    @staticmethod
    def key(customer_ids: NDArray[np.str_]) -> Array:
        """(n,) what customers are known by here: it tells nothing without the id, as of someone erased."""
        return uniforms(customer_ids, "leaning")

    def of(self, customer_ids: NDArray[np.str_]) -> NDArray[np.int8]:
        """(n, P) each customer's steps, 0 of whom nothing is known."""
        if not len(self.ids):
            return np.zeros((len(customer_ids), self.steps.shape[1]), dtype=np.int8)
        wanted = Leanings.key(customer_ids)
        place = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where((self.ids[place] == wanted)[:, None], self.steps[place], 0).astype(np.int8)
