"""Households: of a family or a company one member at most is acted on in a day, and nobody hears an idea twice at home.

Who is up is settled before the draw, from what is known: whoever would gain most, and the lot among equals. So
everyone's chances stay exact: those of the others are to wait, for all but what is owed to them.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from openchair.decisions.reasons import HOUSEHOLD, HOUSEHOLD_IDEA
from openchair.decisions.situation import Situations

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Households:
    """Those who live or work together. who: (m,) rows of customers, side by side. home: (m,) of which household."""

    who: NDArray[np.int64]
    home: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.home[-1]) + 1 if len(self.home) else 0


def households_of(n: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> Households:
    """The households of n customers that ties join, also over others. left, right: (t,) rows of the ends of each tie.

    >>> found = households_of(5, np.array([0, 4]), np.array([4, 2]))
    >>> found.who.tolist(), found.home.tolist()
    ([0, 2, 4], [0, 0, 0])
    """
    who, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not len(who):
        return Households(who.astype(np.int64), who.astype(np.int64))
    one, other = np.split(ends.reshape(-1), 2)
    ties = coo_array((np.ones(len(one)), (one, other)), shape=(len(who), len(who)))
    home = connected_components(ties, directed=False)[1].astype(np.int64)
    order = np.argsort(home, kind="stable")
    return Households(who[order].astype(np.int64), home[order])


def up_of(of: Households, best: Array, able: Mask, ranks: Array) -> Mask:
    """(m,) who of each household is up: of those able to be acted on the one with the best gain, by lot among equals.

    best, ranks: (m,) the best gain of each member, and the lot. able: (m,) whether anything could be done for them.
    """
    order = np.lexsort((ranks, -best, ~able, of.home))
    up = np.zeros(len(of.home), dtype=np.bool_)
    up[order[np.diff(of.home[order], prepend=-1) != 0]] = True
    return up


def heard_at_home(of: Households, rests: Mask, days_contact: Array, spacing_days: Array) -> Mask:
    """(m, A) whether someone of the household had an action's idea so lately that it is not yet for another of them.

    rests: (m, A) whether the idea rests for each member. days_contact: (m,) since the last contact with them.
    spacing_days: (A,) days that the action keeps from another.
    """
    if not len(of.home):
        return rests
    lately = rests & (days_contact[:, None] < np.maximum(spacing_days, 1))
    heard: Mask = np.logical_or.reduceat(lately, np.flatnonzero(np.diff(of.home, prepend=-1)))[of.home]
    return heard


def apart(
    situations: Situations, inverse: NDArray[np.int64], of: Households, up: Mask, heard: Mask, owed: Mask
) -> tuple[Situations, NDArray[np.int64], NDArray[np.int64]]:
    """Situations in which whoever is not up waits for all but what is owed, and nobody hears an idea twice at home.

    up: (m,), heard: (m, A), owed: (A,). Gives the situations, (k,) of which of those before each is made, and (n,) the
    situation of each customer.
    """
    barred = np.column_stack([~up, heard & ~owed])
    kinds, kind = np.unique(barred, axis=0, return_inverse=True)
    if not kinds.any():
        return situations, np.arange(len(situations)), inverse
    kinds, kind = np.vstack([np.zeros_like(kinds[:1]), kinds]), kind.reshape(-1) + 1
    key = inverse * len(kinds)
    key[of.who] += np.where(kinds[kind].any(axis=1), kind, 0)
    keys, where = np.unique(key, return_inverse=True)
    before, variant = np.divmod(keys, len(kinds))
    codes = situations.codes[before]
    for code, mask in (
        (HOUSEHOLD, kinds[variant, :1] & ~owed),
        (HOUSEHOLD_IDEA, kinds[variant, 1:]),
    ):
        codes = np.where((codes == 0) & mask, np.int16(code), codes)
    same = {one.name: getattr(situations, one.name)[before] for one in fields(situations)}
    made = same | {"codes": codes, "weight": np.bincount(where, minlength=len(keys))}
    return Situations(**made), before, where.reshape(-1)
