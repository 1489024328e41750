"""Journeys as an absorbing Markov chain: from step to step until the need is met or the customer is lost."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def reaching(follows: Floats, met: Floats) -> Floats:
    """The chance, from each step, of the need being met: (I - Q)^-1 r.

    follows: (k, k) chances of one unmet step following another. met: (k,) of the need being met next. What is left of 1
    is lost. Kemeny & Snell (1960). A step nobody leaves is never met.

    >>> reaching(np.array([[0, 0.5], [0, 0]]), np.array([0.2, 0.6])).round(2).tolist()
    [0.5, 0.6]
    """
    return np.asarray(np.linalg.solve(np.eye(len(met)) - follows, met), dtype=np.float64).clip(0, 1)


def removal(
    begins: Floats, counts: Floats, meets: Sequence[int], lost: Floats, *, smallest: float = 1.0
) -> list[float | None]:
    """Of needs that are met, the share that would not be were everybody lost who comes to a step; None where unseen.

    begins: (k,) needs that begin with each step. counts: (k, k) how often each follows another. meets: steps by which a
    need is met; they absorb, and themselves have no removal effect. lost: (k,) needs lost at each step. Anderl, Becker,
    Wangenheim & Schumann (2016).

    >>> begins, counts = np.array([10.0, 0, 0]), np.array([[0, 6.0, 2], [0, 0, 3], [0, 0, 0]])
    >>> [x if x is None else round(x, 2) for x in removal(begins, counts, [2], np.array([2.0, 3, 0]))]
    [1.0, 0.6, None]
    """
    k, absorbing = len(begins), sorted(meets)
    inner = [j for j in range(k) if j not in meets]
    out = counts[inner].sum(axis=1) + lost[inner]
    follows = counts[np.ix_(inner, inner)] / np.maximum(out, 1e-9)[:, None]
    met = counts[np.ix_(inner, absorbing)].sum(axis=1) / np.maximum(out, 1e-9)
    np.fill_diagonal(follows, np.minimum(np.diag(follows), 1 - 1e-9))
    first, at_once = begins[inner], begins[absorbing].sum()

    def success(without: int | None) -> float:
        keep = np.ones(len(inner)) if without is None else (np.arange(len(inner)) != without).astype(float)
        reach = reaching(follows * keep[None, :] * keep[:, None], met * keep)
        return float((first * keep) @ reach + at_once)

    whole = success(None)
    effects: list[float | None] = [None] * k
    for place, j in enumerate(inner):
        if whole > 0 and out[place] >= smallest:
            effects[j] = max(0.0, 1 - success(place) / whole)
    return effects
