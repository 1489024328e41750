"""What of a situation is learned from: bands that anyone can name, and the numbers they stand for.

A situation has one code; customers alike in these bands have the same one. Codes are kept with each decision, so that
what came of it can be learned from by what was known then.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.dossier.stage import STAGES

NPS_GROUPS: tuple[str, ...] = ("unknown", "detractor", "passive", "promoter")
WORTHS = 15
"""Bands of worth, two to every tenfold (decisions.situation.value_band, taken in pairs)."""
ORDERED: tuple[int, ...] = (0, 4, 8, 16)
"""Lower edges of the bands of orders."""
HEARD: tuple[float, ...] = (0.0, 2.5)
"""Lower edges of the bands of attention that our contacts of late have taken, in units."""
SIZES = (len(STAGES), len(NPS_GROUPS), WORTHS, len(ORDERED), len(HEARD))
CODES = len(STAGES) * len(NPS_GROUPS) * WORTHS * len(ORDERED) * len(HEARD)

FEATURES: tuple[tuple[str, str], ...] = (
    ("always", "1"),
    *((stage, "1 at this stage of life with us, else 0") for stage in STAGES),
    ("detractor", "1 where their last score was 6 or less"),
    ("promoter", "1 where it was 9 or 10"),
    ("worth", "1 for a customer worth ten times as much as the shop's typical one, 0 for that one, and in proportion"),
    ("ordered", "0 for less than 4 orders, a half from 4, 1 from 8, one and a half from 16"),
    ("heard", "1 for a customer who has heard more than 2 units from us of late"),
)
"""d features: each one's name and what number it is."""


def code_of(
    stage: NDArray[Any], nps: NDArray[Any], value_band: NDArray[Any], orders: NDArray[Any], heard: NDArray[Any]
) -> NDArray[np.int64]:
    """(n,) codes. stage, nps: places in STAGES and NPS_GROUPS. value_band: as of situation.value_band. heard: units."""
    worth = np.minimum((np.asarray(value_band) + 1) // 2, WORTHS - 1)
    ordered = np.searchsorted(ORDERED, np.maximum(orders, 0), side="right") - 1
    parts = (stage, nps, worth, ordered, heard_band(heard))
    return np.ravel_multi_index(tuple(np.asarray(part, dtype=np.int64) for part in parts), SIZES).astype(np.int64)


def heard_band(units: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) place in HEARD; not known counts as nothing."""
    found = np.searchsorted(HEARD, np.nan_to_num(np.asarray(units, dtype=np.float64)), side="right") - 1
    return np.maximum(found, 0).astype(np.int64)


def named(code: int) -> dict[str, Any]:
    """What a code says beside stage and worth, in words; what is not known or nothing is left out.

    >>> named(int(code_of(*(np.array([one]) for one in (3, 1, 9, 5, 4.0)))[0]))
    {'last_score': 'detractor', 'orders': 4, 'heard': 2.5}
    """
    _, nps, _, ordered, heard = (int(part) for part in np.unravel_index(code, SIZES))
    told = {"last_score": NPS_GROUPS[nps], "orders": ORDERED[ordered], "heard": HEARD[heard]}
    return {name: one for (name, one), known in zip(told.items(), (nps, ordered, heard), strict=True) if known}


def worth_band(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the band of worth in a code."""
    return np.asarray(np.unravel_index(code, SIZES)[2], dtype=np.int64)


def matrix(code: NDArray[np.int64], typical: float) -> NDArray[np.float64]:
    """(n, d) the numbers of FEATURES. typical: the band of worth of the shop's typical customer."""
    stage, nps, worth, ordered, heard = np.unravel_index(code, SIZES)
    detractor, promoter = (nps == NPS_GROUPS.index(group) for group in ("detractor", "promoter"))
    stages = np.eye(len(STAGES))[stage]
    rest = (detractor, promoter, (worth - typical) / 2, ordered / 2, heard)
    return np.column_stack([np.ones(len(code)), stages, *rest]).astype(np.float64)
