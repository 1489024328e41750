"""Outcomes: what came of decisions, day by day, as the sums that effects are learned from.

A customer's days are parted into *stretches*: one begins with each decision that is looked at, and lasts until the next
or until nothing that was done bears on it any more. So each day counts once, nothing has to be over to be learned from,
and what is decided again each day has no more weight than what is decided once. On a stretch bears every action whose
window is not over, by the share of its effect that is to come in those days (`came`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from openchair.decisions import features
from openchair.learning.hierarchical import Sums, sums_of

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
USUAL_DAYS = 28.0
"""The days that a base counts once for."""
WORTHS_APART = (0.2, 5.0)
"""How far worth may have moved since an action that still bears, for it to be believed."""
LEAST_PART = 0.1
"""The variance of what comes in from someone worth nothing, as a part of that of a mean customer."""
D = len(features.FEATURES)


@dataclass(frozen=True, slots=True)
class Log:
    """m decisions that are looked at, each an element of every array, sorted by customer and day (`log_of`).

    customer: numbers from 0 on. day: whole days. action: places among those that are learned of, -1 for waiting.
    features: codes. worth_minor: > 0. daily_minor: margin expected anyway a day. window_days: > 0.
    """

    customer: Ints
    day: Ints
    action: Ints
    features: Ints
    worth_minor: Array
    daily_minor: Array
    window_days: Ints

    def __len__(self) -> int:
        return len(self.day)

    def part(self, rows: NDArray[np.bool_] | Ints) -> "Log":
        """Some of them."""
        return Log(*(getattr(self, one.name)[rows] for one in fields(self)))


def log_of(log: Log) -> Log:
    """The same in order, without those of whom it is not known what they are worth or were expected to bring."""
    known = log.part(np.isfinite(log.daily_minor) & (log.worth_minor > 0))
    return known.part(np.lexsort((known.action < 0, known.day, known.customer)))


def came(since: Ints | Array, window_days: Ints) -> Array:
    """The share of an effect that has come so many days after: slowly at first, most in the second quarter, then less.

    >>> came(np.array([0, 7, 14, 28, 40]), np.array([28] * 5)).round(2).tolist()
    [0.0, 0.29, 0.65, 1.0, 1.0]
    """
    passed = 4.0 * np.clip(since / window_days, 0.0, 1.0)
    return np.asarray((1 - (1 + passed) * np.exp(-passed)) / (1 - 5 * np.exp(-4.0)))


def ends(log: Log, until: int) -> Ints:
    """(m,) the day before which each stretch ends: that of the next decision, or when no window is open any more.

    until: days before it have passed. A stretch that has not begun ends when it begins.
    """
    over = np.where(log.action >= 0, log.day + log.window_days, log.day)
    # What was done before may last longer than what was done last: the latest end so far, for each customer apart.
    room = int(over.max(initial=0)) - int(over.min(initial=0)) + 1
    latest = np.maximum.accumulate(over + log.customer * room) - log.customer * room
    latest = np.maximum(latest, np.where(log.action >= 0, 0, log.day + log.window_days))
    following = np.append(log.day[1:], until)
    last = np.append(log.customer[1:] != log.customer[:-1], True)
    end = np.minimum(latest, np.where(last, until, following))
    return np.maximum(np.minimum(end, until), log.day)


@dataclass(frozen=True, slots=True)
class Rows:
    """Stretches as rows to learn from: x (r, D), z (r, P + 1), y (r,) and n (A,) as of hierarchical.sums_of; and `of`,
    (r,) which of the log's decisions each begins with."""

    x: sparse.csr_array
    z: Array
    y: Array
    n: Array
    of: Ints

    def sums(self, log: Log, customers: int) -> Sums:
        """Their sums."""
        return sums_of(customers, log.customer[self.of], self.x, self.z, self.y, self.n)


def rows_of(
    log: Log,
    end: Ints | Array,
    brought: Array,
    pillar: Ints,
    *,
    typical: float,
    flat_minor: Array,
    money: bool = True,
    periods: Sequence[int] = (),
    weight: Array | None = None,
) -> Rows:
    """The rows to learn from.

    end: (m,) from `ends`. brought: (m,) margin in each stretch in minor units or, where `money` is False, points of the
    customer's own good. pillar: (A,) of each action. flat_minor: (A,) what each is taken to add whatever a customer is
    worth. periods: days on which a time of its own begins, in each of which everybody may bring more or less than was
    expected. weight: (m,) by how much each counts, 1 by default.

    With money, the variance of what comes is taken to grow with days and with worth, some of it whatever that is, so
    rows are scaled by the root: a stretch of a mean customer over USUAL_DAYS counts about once.
    """
    days = (end - log.day).astype(np.float64)
    took = np.flatnonzero(days > 0)
    part = days[took] / USUAL_DAYS
    worth = log.worth_minor[took] if money else np.ones(len(took))
    middle = float(worth.mean()) if len(worth) else 1.0
    spread = np.sqrt(middle * (worth + LEAST_PART * middle) * part)
    scale = worth / spread * (1.0 if weight is None else np.sqrt(weight[took]))
    number, pillars = len(pillar), int(pillar.max(initial=-1)) + 1
    x = features.matrix(log.features, typical)
    width = number * D + D + len(periods)
    z = np.zeros((len(took), pillars + 1))
    n = np.zeros(number)
    flat = np.zeros(len(took))
    entries: list[tuple[Ints, Ints, Array]] = []
    row, at, back = np.arange(len(took)), took.copy(), 0
    while len(row):
        now = took[row]
        acts = log.action[at]
        weighs = came(end[now] - log.day[at], log.window_days[at]) - came(
            log.day[now] - log.day[at], log.window_days[at]
        )
        bears = (acts >= 0) & (weighs > 0)
        one, what, which, share = row[bears], at[bears], acts[bears], weighs[bears]
        np.add.at(n, which, share)
        np.add.at(flat, one, share * flat_minor[which])
        if money:
            share = share * np.clip(log.worth_minor[what] / log.worth_minor[took[one]], *WORTHS_APART)
        share = share * scale[one]
        np.add.at(z, (one, pillar[which]), share)
        filled, feature = np.nonzero(x[what])
        entries.append((one[filled], which[filled] * D + feature, share[filled] * x[what[filled], feature]))
        # One decision further back: while it is the same customer's and some window may still be open.
        back += 1
        earlier = took[row] - back
        kept = (earlier >= 0) & (log.customer[earlier] == log.customer[took[row]])
        kept &= log.day[took[row]] - log.day[earlier] < int(log.window_days.max(initial=0))
        row, at = row[kept], earlier[kept]
    base = part * scale
    filled, feature = np.nonzero(x[took])
    entries.append((filled, number * D + feature, base[filled] * x[took[filled], feature]))
    if len(periods):
        when = np.searchsorted(np.asarray(periods), log.day[took], side="right") - 1
        dated = np.flatnonzero(when >= 0)
        entries.append((dated, number * D + D + when[dated], base[dated]))
    z[:, pillars] = base
    rows, columns, values = (np.concatenate(each) for each in zip(*entries, strict=True))
    wide = sparse.csr_array((values, (rows, columns)), shape=(len(took), width))
    left = brought[took] - (log.daily_minor[took] * days[took] + flat if money else 0.0)
    return Rows(wide, z, left / worth * scale, n, took)


def weighed(log: Log, until: int, half_life_days: float) -> Array:
    """(m,) how much what began on a day counts, where half of it is forgotten in so many days; infinite: nothing is."""
    return np.asarray(0.5 ** ((until - log.day) / half_life_days))


def only(log: Log, customers: Ints) -> Log:
    """The decisions of some customers, who are numbered anew in their order."""
    place = np.searchsorted(customers, log.customer)
    mine = customers[np.minimum(place, len(customers) - 1)] == log.customer if len(customers) else place < 0
    return replace(log.part(mine), customer=place[mine])
