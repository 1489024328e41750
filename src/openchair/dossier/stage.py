"""Where customers are in their life with the shop, by their own rhythm and not by a fixed number of days.

The measure is silence in units of the customer's own gap between orders, and how seldom they were ever silent so long:
whoever buys like clockwork slips early, whoever buys in bursts late. Few orders say little of a rhythm, so a gap is
shrunk towards the shop's typical one, which counts as much as two gaps of the customer's own.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc

from openchair.core.errors import BadInput
from openchair.core.words import ago

STAGES: tuple[str, ...] = ("prospect", "new", "growing", "steady", "slipping", "lapsed", "returning")
PROSPECT, NEW, GROWING, STEADY, SLIPPING, LAPSED, RETURNING = range(7)

SLIPPING_GAPS = 1.6
"""Gaps of silence from which a customer slips, if at most SLIPPING_CHANCE of their gaps are longer."""
SLIPPING_CHANCE = 0.05
LAPSED_GAPS = 4.0
"""Gaps of silence from which a customer has lapsed: a buyer at random, as often, would be as silent 1 time in 50."""
LAPSED_CHANCE = 0.005
"""And at most so many of their gaps are longer."""
GONE_P_ALIVE = 0.2
"""Below this chance of still being a customer, one who slips has lapsed."""
SHOP_GAPS = 2.0
"""How many gaps of a customer's own the shop's typical gap counts for."""
RHYTHM_ORDERS = 3
"""Orders from which a person may speak of a rhythm: one gap is none."""
TYPICAL_GAP_DAYS = 60.0
"""The shop's gap while no customer has come twice."""

_MONTHS: tuple[str, ...] = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def own_gap(orders: ArrayLike, gap_days: ArrayLike, shop_gap_days: float) -> NDArray[np.float64]:
    """(n,) days between orders that each customer's rhythm is taken to be: their own, shrunk towards the shop's.

    >>> own_gap([1, 3], [float("nan"), 10.0], 30.0).tolist()
    [30.0, 20.0]
    """
    shop = _shop_gap(shop_gap_days)
    gaps = np.maximum(np.asarray(orders, dtype=np.float64) - 1, 0)
    own = np.asarray(gap_days, dtype=np.float64)
    gaps = np.where(np.isfinite(own) & (own >= 0), gaps, 0)
    shrunk: NDArray[np.float64] = (SHOP_GAPS * shop + gaps * np.where(gaps > 0, own, 0)) / (SHOP_GAPS + gaps)
    return shrunk


def stages(
    orders: ArrayLike,
    days_since: ArrayLike,
    gap_days: ArrayLike,
    shop_gap_days: float,
    *,
    p_alive: ArrayLike | None = None,
    first_half_orders: ArrayLike | None = None,
    last_gap_days: ArrayLike | None = None,
    gap_sd_days: ArrayLike | None = None,
) -> NDArray[np.int8]:
    """(n,) the stage of each customer, an index into STAGES.

    orders: (n,) whole. days_since: (n,) days since the last order, any number where there is none. gap_days: (n,) their
    mean days between orders, NaN below two orders. shop_gap_days: the typical gap in the shop; NaN while there is none.
    p_alive: (n,) chance of still being a customer. first_half_orders: (n,) orders in the first half of the time since
    the first. last_gap_days: (n,) days between the last two orders, NaN below two. gap_sd_days: (n,) the standard
    deviation of their gaps; left out, only the number of gaps counts. NaN anywhere is "not known".

    - prospect: no order yet. new: one order, not long ago. growing: two or three, or clearly more of late than before.
    - steady: in rhythm. slipping: silent for more than 1.6 of their own gaps, and as seldom before as 1 time in 20.
      lapsed: for more than 4, and 1 time in 200, or slipping and probably gone. returning: in rhythm again after a gap
      in which they had lapsed.

    >>> [STAGES[i] for i in stages([0, 1, 12, 12, 12], [0, 5, 10, 34, 200], [0, 0, 19, 19, 19], 19.0)]
    ['prospect', 'new', 'steady', 'slipping', 'lapsed']
    """
    number = np.asarray(orders, dtype=np.float64)
    since, gap = np.asarray(days_since, dtype=np.float64), np.asarray(gap_days, dtype=np.float64)
    n = len(number)
    for name, column in (("days_since", since), ("gap_days", gap)):
        if column.shape != number.shape:
            bound, remedy = f"must have one number for each of {n} customers", "Give columns of one length."
            raise BadInput(name, value=column.shape, bound=bound, remedy=remedy)
    alive = _column(p_alive, n)
    silence = np.nan_to_num(since) / own_gap(number, gap, shop_gap_days)
    rarely = _longer(silence, number, own_gap(number, gap, shop_gap_days), _column(gap_sd_days, n))
    gone = (silence > LAPSED_GAPS) & (rarely <= LAPSED_CHANCE)
    slips = (silence > SLIPPING_GAPS) & (rarely <= SLIPPING_CHANCE)
    gone |= slips & (alive < GONE_P_ALIVE)
    stage = np.full(n, STEADY, dtype=np.int8)
    first = _column(first_half_orders, n)
    second = number - first
    stage[(number <= 3) | ((second > 1.5 * first) & (second - first >= np.sqrt(number)))] = GROWING
    stage[_came_back(number, gap, _column(last_gap_days, n), shop_gap_days)] = RETURNING
    stage[number == 1] = NEW
    stage[slips] = SLIPPING
    stage[gone] = LAPSED
    stage[number <= 0] = PROSPECT
    return stage


def _longer(
    silence: NDArray[np.float64], orders: NDArray[np.float64], gap: NDArray[np.float64], sd: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How many of a customer's gaps are longer than this silence (in gaps): gaps are gamma, as regular as theirs were.

    Regularity is shrunk towards that of a buyer at random, as the gap is towards the shop's. 0 where it is not known.
    """
    seen = np.where(np.isfinite(sd), np.maximum(orders - 1, 0), 0)
    variance = (seen * np.nan_to_num(sd) ** 2 + SHOP_GAPS * gap**2) / (seen + SHOP_GAPS)
    shape = gap**2 / variance
    return np.where(np.isfinite(sd), gammaincc(shape, shape * silence), 0.0)


def _came_back(
    orders: NDArray[np.float64], gap: NDArray[np.float64], last_gap: NDArray[np.float64], shop_gap_days: float
) -> NDArray[np.bool_]:
    """Whether the last gap was so long, by the rhythm before it, that the customer had lapsed in it."""
    before = np.where(orders > 2, (gap * (orders - 1) - last_gap) / np.maximum(orders - 2, 1), np.nan)
    return np.asarray(last_gap > LAPSED_GAPS * own_gap(orders - 1, before, shop_gap_days), dtype=np.bool_)


def headline(
    stage: str,
    *,
    first_on: date | None,
    days_since: int | None,
    gap_days: float | None,
    orders: int,
    sent_friends: int = 0,
    unusual: Sequence[str] = (),
) -> str:
    """Who this is in two or three sentences, saying only what is known.

    >>> headline("slipping", first_on=date(2024, 3, 9), days_since=34, gap_days=19.2, orders=12)
    'Slipping, with us since March 2024. Buys every 19 days; it has been 34.'
    >>> headline("prospect", first_on=None, days_since=None, gap_days=None, orders=0)
    'Prospect, no order yet.'
    """
    since = f", with us since {_MONTHS[first_on.month - 1]} {first_on.year}" if first_on else ""
    said = [f"{stage.capitalize()}{since}." if orders else f"{stage.capitalize()}, no order yet."]
    if orders == 1 and days_since is not None:
        said.append(f"One order, {ago(days_since)}.")
    elif orders == 2 and days_since is not None:
        said.append(f"Two orders, the last {ago(days_since)}.")
    elif orders >= RHYTHM_ORDERS and days_since is not None and gap_days is not None:
        said.append(f"Buys {every(gap_days)}; it has been {days_since}.")
    if sent_friends:
        said.append(f"Sent {sent_friends} {'friend' if sent_friends == 1 else 'friends'}.")
    return " ".join((*said, *unusual))


def days(number: float) -> str:
    """A number of days in words.

    >>> days(1.2), days(19.4)
    ('1 day', '19 days')
    """
    whole = round(number)
    return "1 day" if whole == 1 else f"{whole} days"


def every(gap_days: float) -> str:
    """A rhythm in words.

    >>> every(19.2), every(1.0)
    ('every 19 days', 'every day')
    """
    return "every day" if round(gap_days) <= 1 else f"every {days(gap_days)}"


def _shop_gap(shop_gap_days: float) -> float:
    if np.isnan(shop_gap_days):
        return TYPICAL_GAP_DAYS
    if not 0 < shop_gap_days < np.inf:
        remedy = "Give the median gap in the shop, or NaN while there is none."
        raise BadInput(
            "shop_gap_days", value=shop_gap_days, bound="must be a finite number above 0 days", remedy=remedy
        )
    return shop_gap_days


def _column(values: ArrayLike | None, n: int) -> NDArray[np.float64]:
    return np.full(n, np.nan) if values is None else np.asarray(values, dtype=np.float64)
