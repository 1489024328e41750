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
HEARD: tuple[float, ...] = (0.0, 0.5, 3.5)
"""Lower edges of the bands of attention that our contacts of late have taken, in units."""
SIZES = (len(STAGES), len(NPS_GROUPS), WORTHS, len(HEARD))
CODES = len(STAGES) * len(NPS_GROUPS) * WORTHS * len(HEARD)

APART = 0.5
"""How much less what is of a band is expected to differ than what is of an action: the number that "yes" stands for."""
FEATURES: tuple[tuple[str, str], ...] = (
    ("always", "1"),
    *((stage, f"{APART} at this stage of life with us") for stage in STAGES),
    ("detractor", f"{APART} where their last score was 6 or less"),
    ("promoter", f"{APART} where it was 9 or 10"),
    ("worth", f"{APART} for a customer worth ten times as much as the shop's typical one, less in proportion"),
    ("heard", f"{APART} for a customer who has heard more than 3 units from us of late, less in proportion"),
)
"""d features: each one's name and what number it is."""


def code_of(stage: NDArray[Any], nps: NDArray[Any], value_band: NDArray[Any], heard: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) codes. stage, nps: places in STAGES and NPS_GROUPS. value_band: as of situation.value_band. heard: units."""
    parts = (stage, nps, np.minimum((np.asarray(value_band) + 1) // 2, WORTHS - 1), heard_band(heard))
    return np.ravel_multi_index(tuple(np.asarray(part, dtype=np.int64) for part in parts), SIZES).astype(np.int64)


def heard_band(units: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) place in HEARD; not known counts as nothing."""
    found = np.searchsorted(HEARD, np.nan_to_num(np.asarray(units, dtype=np.float64)), side="right") - 1
    return np.maximum(found, 0).astype(np.int64)


def named(code: int) -> dict[str, Any]:
    """What a code says beside stage and worth, in words; what is not known or nothing is left out.

    >>> named(int(code_of(*(np.array([one]) for one in (3, 1, 9, 4.0)))[0]))
    {'last_score': 'detractor', 'heard': 3.5}
    """
    _, nps, _, heard = (int(part) for part in np.unravel_index(code, SIZES))
    return ({"last_score": NPS_GROUPS[nps]} if nps else {}) | ({"heard": HEARD[heard]} if heard else {})


def worth_band(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the band of worth in a code."""
    return np.asarray(np.unravel_index(code, SIZES)[2], dtype=np.int64)


def matrix(code: NDArray[np.int64], typical: float) -> NDArray[np.float64]:
    """(n, d) the numbers of FEATURES. typical: the band of worth of the shop's typical customer."""
    stage, nps, worth, heard = np.unravel_index(code, SIZES)
    x = np.zeros((len(code), len(FEATURES)))
    x[:, 0] = 1.0
    x[np.arange(len(code)), 1 + stage] = APART
    after = 1 + len(STAGES)
    x[:, after] = APART * (nps == NPS_GROUPS.index("detractor"))
    x[:, after + 1] = APART * (nps == NPS_GROUPS.index("promoter"))
    x[:, after + 2] = APART * (worth - typical) / 2
    x[:, after + 3] = APART * heard / (len(HEARD) - 1)
    return x
