"""The lot: who is decided for as learned, who is left alone on purpose, and who is treated in ways to compare with.

Whoever is drawn by lot differs from the others by chance alone, so what they bring differs by what was decided for
them, and by chance. The lot is drawn anew each quarter, so that nobody is left alone for ever, and stays as it is
within one, so that what is done to a customer can be compared over weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import BadInput
from openchair.core.ids import uniforms

ARMS = ("learned", "holdout", "single", "random", "impersonal")
"""learned: what is believed best for this customer. holdout: nothing but what is essential. single: the one action that
is best for all, where it is permitted. random: anything permitted, with equal chances. impersonal: by what is believed
of everybody alike. An arm is its place here wherever there are many."""

LEARNED, HOLDOUT, SINGLE, RANDOM, IMPERSONAL = range(len(ARMS))

ABOUT = dict(
    zip(
        ARMS,
        (
            "chosen for each customer by what was learned",
            "left alone on purpose, but for essential service",
            "the one best action for all",
            "anything permitted, by chance",
            "chosen without looking at the person",
        ),
        strict=True,
    )
)
"""Each arm in words."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of customers, in [0, 1): those of the holdout, and of each of the three arms to compare with.

    >>> Shares(holdout=0.05, comparison=0.01).each.round(2).tolist()
    [0.92, 0.05, 0.01, 0.01, 0.01]
    """

    holdout: float = 0.05
    comparison: float = 0.01

    def __post_init__(self) -> None:
        if not (self.holdout >= 0 and self.comparison >= 0 and self.holdout + 3 * self.comparison < 1):
            raise BadInput(
                "shares of the lot",
                value=(self.holdout, self.comparison),
                bound="must be 0 or more, and leave somebody to decide for: holdout + 3 x comparison below 1",
                remedy="Set holdout to 0.05 and comparison to 0.01, say.",
            )

    @property
    def each(self) -> NDArray[np.float64]:
        """The share of each of ARMS; they sum to 1."""
        few = [self.comparison] * 3
        return np.array([1 - self.holdout - sum(few), self.holdout, *few])


def quarter(day: date) -> str:
    """The quarter of a day: as long as a lot holds.

    >>> quarter(date(2026, 7, 1))
    '2026 Q3'
    """
    return f"{day.year} Q{(day.month + 2) // 3}"


def quarters(first: date, last: date) -> list[tuple[date, date]]:
    """The quarters that a stretch of days touches, each as its first day and that of the next.

    >>> [(str(a), str(b)) for a, b in quarters(date(2026, 9, 30), date(2026, 10, 2))]
    [('2026-07-01', '2026-10-01'), ('2026-10-01', '2027-01-01')]
    """
    begun = range(4 * first.year + (first.month - 1) // 3, 4 * last.year + (last.month - 1) // 3 + 2)
    starts = [date(k // 4, 3 * (k % 4) + 1, 1) for k in begun]
    return list(pairwise(starts))


def arms_of(customer_ids: NDArray[np.str_], day: date, shares: Shares, salt: Sequence[str]) -> NDArray[np.int8]:
    """The arm of each customer on a day: (n,) places in ARMS.

    customer_ids: (n,) as of core.ids.uniforms; who is to share an arm, as a household does, is given one id. salt: what
    the lot of this shop follows from. The same id has the same arm all through a quarter. Where shares are changed
    within one, only as many change their arm as must.
    """
    u = uniforms(customer_ids, "arm", quarter(day), *salt)
    few = shares.comparison
    # The holdout from below and the others from above, so that neither moves when the other's share does.
    order = np.array([HOLDOUT, LEARNED, IMPERSONAL, RANDOM, SINGLE], dtype=np.int8)
    edges = np.array([shares.holdout, 1 - 3 * few, 1 - 2 * few, 1 - few])
    arms: NDArray[np.int8] = order[np.searchsorted(edges, u, side="right")]
    return arms
