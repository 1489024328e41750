"""What of a situation is learned from: bands that anyone can name, and the numbers they stand for.

A situation has one code; customers alike in these bands have the same one. Codes are kept with each decision, so that
what came of it can be learned from by what was known then.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.dossier.stage import STAGES

NPS_GROUPS: tuple[str, ...] = ("unknown", "detractor", "passive", "promoter")
SCORES: tuple[str, ...] = ("unknown", "0 to 6", "7", "8", "9", "10")
"""Bands of the last score."""
GROUP_OF_SCORE: tuple[int, ...] = (0, 1, 2, 2, 3, 3)
"""The place in NPS_GROUPS of each."""
WORTHS = 29
"""Bands of worth, four to every tenfold (decisions.situation.value_band)."""
ORDERED: tuple[int, ...] = (0, 2, 4, 8, 16, 32)
"""Lower edges of the bands of orders, each twice the one before."""
HEARD: tuple[float, ...] = (0.0, 2.5)
"""Lower edges of the bands of attention that our contacts of late have taken, in units."""
SIZES = (len(STAGES), len(SCORES), WORTHS, len(ORDERED), len(HEARD))
CODES = len(STAGES) * len(SCORES) * WORTHS * len(ORDERED) * len(HEARD)

FEATURES: tuple[tuple[str, str], ...] = (
    ("always", "1"),
    *((stage, "1 at this stage of life with us, else 0") for stage in STAGES),
    ("scored", "1 where they ever said how likely they are to recommend us"),
    ("score", "points of their last score above 8, or below, down to 6; 0 where there is none"),
    ("worth", "0 for the shop's typical customer, 2 for one worth ten times as much, and in proportion"),
    ("ordered", "0 from 8 orders, 1 more each time that doubles, 1 less each time it halves"),
    ("heard", "1 for a customer who has heard more than 2 units from us of late"),
)
"""d features: each one's name and what number it is."""


def code_of(
    stage: NDArray[Any], score: NDArray[Any], value_band: NDArray[Any], orders: NDArray[Any], heard: NDArray[Any]
) -> NDArray[np.int64]:
    """(n,) codes. stage, score: places in STAGES and SCORES. value_band: as of situation.value_band. heard: units."""
    worth = np.minimum(np.asarray(value_band), WORTHS - 1)
    ordered = np.searchsorted(ORDERED, np.maximum(orders, 0), side="right") - 1
    parts = (stage, score, worth, ordered, heard_band(heard))
    return np.ravel_multi_index(tuple(np.asarray(part, dtype=np.int64) for part in parts), SIZES).astype(np.int64)


def score_band(score: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) places in SCORES of scores of 0 to 10; NaN is "not known"."""
    told = np.asarray(score, dtype=np.float64)
    return np.where(np.isnan(told), 0, 1 + sum((told > edge).astype(np.int64) for edge in (6, 7, 8, 9)))


def heard_band(units: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) place in HEARD; not known counts as nothing."""
    found = np.searchsorted(HEARD, np.nan_to_num(np.asarray(units, dtype=np.float64)), side="right") - 1
    return np.maximum(found, 0).astype(np.int64)


def named(code: int) -> dict[str, Any]:
    """What a code says beside stage and worth, in words; what is not known or nothing is left out.

    >>> named(int(code_of(*(np.array([one]) for one in (3, 1, 9, 5, 4.0)))[0]))
    {'last_score': '0 to 6', 'orders': 4, 'heard': 2.5}
    """
    _, score, _, ordered, heard = (int(part) for part in np.unravel_index(code, SIZES))
    told = {"last_score": SCORES[score], "orders": ORDERED[ordered], "heard": HEARD[heard]}
    return {name: one for (name, one), known in zip(told.items(), (score, ordered, heard), strict=True) if known}


def worth_band(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the band of worth in a code."""
    return np.asarray(np.unravel_index(code, SIZES)[2], dtype=np.int64)


def matrix(code: NDArray[np.int64], typical: float) -> NDArray[np.float64]:
    """(n, d) the numbers of FEATURES. typical: the band of worth of the shop's typical customer."""
    stage, score, worth, ordered, heard = np.unravel_index(code, SIZES)
    stages = np.eye(len(STAGES))[stage]
    scored = score > 0
    rest = (scored, np.where(scored, score - SCORES.index("8"), 0.0), (worth - typical) / 2, ordered - 3.0, heard)
    return np.column_stack([np.ones(len(code)), stages, *rest]).astype(np.float64)
