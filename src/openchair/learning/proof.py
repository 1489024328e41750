"""Does deciding pay? The lift of customers decided for over a standing random holdout, valid however often one looks.

What customers brought since the lot was drawn is held against what they had brought before. Only sums by group and day
are needed. What they brought before explains part of what they brought after; taking that part out (CUPED; Deng, Xu,
Kohavi & Walker, 2013) leaves the lift where it is and makes its interval narrower. The interval is an asymptotic
confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, 2024): with chance alpha at most it leaves the truth
out at any look at all.

`lift` and `sequence` take customers who each count once, on the day their outcome is in. `course` takes lots that are
drawn anew, with what each customer brought so far: a customer is one case in each lot however long it lasts, and the
lots are independent draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.sequential import boundary

LEAST = 50
"""Customers in the smaller group before the first look: below, the variance of what people spend is not known."""

TUNED_FOR = 500.0
"""Effective customers at which the interval is tightest; about as many as are in a holdout of that size."""

FOREVER_DAYS = 3_650
"""What would take longer than this is told as not to be known."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """One group by day, (days,) each or any shape that ends in days: all that a lift needs of it.

    n: customers whose outcome came in. after, before: sums of what they brought since, and before, the decision.
    afters, befores, both: sums of the squares and of the product.
    """

    n: Array
    after: Array
    before: Array
    afters: Array
    befores: Array
    both: Array

    @staticmethod
    def of(after: ArrayLike, before: ArrayLike) -> "Sums":
        """Those of customers one by one, (customers,) each, as one day."""
        y, x = np.asarray(after, dtype=np.float64), np.asarray(before, dtype=np.float64)
        if y.shape != x.shape:
            raise BadInput("before", value=x.shape, bound=f"must be {y.shape}", remedy="Give both of every customer.")
        return Sums(*(np.array([total]) for total in (y.size, y.sum(), x.sum(), y @ y, x @ x, x @ y)))


@dataclass(frozen=True, slots=True)
class Lift:
    """How much more a customer brought who was decided for than one of the holdout, at the last day.

    effect: per customer, in the unit of the outcome; its n is effective customers. detectable: the smallest effect
    that would be told from none today. days_more: days at the present pace until the present effect is told from none,
    0 when it is. explained: share of the variance that what was brought before took out, in [0, 1].
    """

    effect: Number
    detectable: float | None
    days_more: int | Unknown
    explained: float | None


def lift(treated: Sums, holdout: Sums, *, tuned_for: float = TUNED_FOR, alpha: float = 0.05) -> Lift:
    """The lift at the last of the days, `Unknown` before there are `LEAST` customers in either group.

    treated, holdout: (days,), chosen by lot in the same proportion on all days. tuned_for, alpha: as of `sequence`; set
    them before the first look. Raises BadInput.
    """
    effect, half, n, explained = (float(many[-1]) for many in _looks(treated, holdout, tuned_for, alpha))
    days, smaller = treated.n.shape[-1], int(min(treated.n.sum(), holdout.n.sum()))
    return _told(effect, half, n, explained, days, smaller, tuned_for, alpha)


def _told(
    effect: float, half: float, n: float, explained: float, days: int, smaller: int, tuned_for: float, alpha: float
) -> Lift:
    if smaller < LEAST:
        too_few = Unknown("too few customers in the smaller group", needed=LEAST - smaller)
        return Lift(effect=too_few, detectable=None, days_more=too_few, explained=None)
    return Lift(
        effect=Estimate(effect, effect - half, effect + half, n=n),
        detectable=half,
        days_more=_days_more(effect, half, n, days, tuned_for, alpha),
        explained=explained,
    )


def sequence(
    treated: Sums, holdout: Sums, *, tuned_for: float = TUNED_FOR, alpha: float = 0.05
) -> tuple[Array, Array, Array]:
    """The lift with its low and high at the end of each day, in the shape of the sums; NaN before `LEAST` customers.

    tuned_for: effective customers, > 0, at which the interval is tightest. alpha: in (0, 1), the chance that the truth
    is outside on any day. Raises BadInput.
    """
    effect, half, *_ = _looks(treated, holdout, tuned_for, alpha)
    early = np.minimum(treated.n.cumsum(axis=-1), holdout.n.cumsum(axis=-1)) < LEAST
    effect, half = (np.where(early, np.nan, what) for what in (effect, half))
    return effect, effect - half, effect + half


@dataclass(frozen=True, slots=True)
class Lot:
    """Customers of two arms from the day a lot was drawn on, or they came, until it is drawn anew: (looks,) each.

    treated, holdout: what a look adds to the sums of what each customer brought so far, so that their running total is
    that of everybody's totals: `n` counts a customer once, `afters` grows by the square of a new total less that of the
    old. before: of a unit of time. time: units of time that a customer has been counted for, on average, at the look.
    """

    treated: Sums
    holdout: Sums
    time: Array


@dataclass(frozen=True, slots=True)
class Course:
    """How the lift went over all lots so far, (looks,) each: per customer and unit of time.

    effect, half: NaN before there are `LEAST` customers in either arm. base: what they bring without. n: effective
    customers, of the spread of what is brought in a unit of time. smaller: customers in the smaller arm so far, each
    counted once a lot. level: what the treated bring, known from the first look on.
    """

    effect: Array
    half: Array
    base: Array
    n: Array
    smaller: Array
    explained: Array
    spread: float
    level: float
    tuned_for: float
    alpha: float

    def told(self, days: int) -> Lift:
        """The lift at the last look, `days` (1 or more) after the first lot was drawn."""
        effect, half, n, explained = (float(many[-1]) for many in (self.effect, self.half, self.n, self.explained))
        return _told(effect, half, n, explained, days, int(self.smaller[-1]), self.tuned_for, self.alpha)

    def days_until(self, effect: float, days: int) -> int | Unknown:
        """Days from now until an effect this large would be told from none, at the pace so far; 0: it would be today.

        effect: per customer and unit of time, > 0. days: since the first lot was drawn, 1 or more.
        """
        n, smaller = float(self.n[-1]), float(self.smaller[-1])
        if not (n > 0 and smaller > 0):
            return Unknown("nothing was bought yet by those decided for and those left alone")
        ahead = 1 + np.arange(FOREVER_DAYS + 1) / days
        half = self.spread * boundary(n * ahead, tuned_for=self.tuned_for, alpha=self.alpha) / (n * ahead)
        told = np.flatnonzero((half < effect) & (smaller * ahead >= LEAST))
        return int(told[0]) if told.size else _too_long()


def course(lots: Sequence[Lot], *, tuned_for: float | None = None, alpha: float = 0.05) -> Course:
    """The lift over all lots, the oldest first, at every look.

    Each lot's lift has its own slope and variance and counts by its information, the inverse of its squared standard
    error, which adds up over lots since they are drawn independently. The longer customers are counted the better their
    rate is known, so information grows within a lot too; it is the time of the boundary (Jennison & Turnbull, 1997), in
    units of one customer's spread before the first lot. tuned_for, alpha: as of `sequence`; where it is not said, it is
    tuned for as many effective customers as there were at the first look, about what a lot tells. Raises BadInput.
    """
    if not lots:
        raise BadInput("lots", value=0, bound="must be 1 or more", remedy="Draw a lot first.")
    looks = [_lot(lot) for lot in lots]
    tuned_for = tuned_for or next((one.drawn for one in looks if one.drawn > 0), TUNED_FOR)
    spread = next((one.spread for one in looks if one.spread > 0), 0.0)
    parts, known, lifted, brought, counted = [], 0.0, 0.0, 0.0, np.zeros(2)
    for one in looks:
        total = known + one.information
        safe = np.where(total > 0, total, np.nan)
        effect = (lifted + one.information * one.effect) / safe
        base = (brought + one.information * one.treated) / safe - effect
        smaller = (counted[:, None] + one.n).min(axis=0)
        parts.append(np.stack([effect, base, total, smaller, one.explained]))
        known, counted = float(total[-1]), counted + one.n[:, -1]
        lifted += float(one.information[-1] * one.effect[-1])
        brought += float(one.information[-1] * one.treated[-1])
    effect, base, information, smaller, explained = np.concatenate(parts, axis=1)
    n = information * spread**2
    half = spread * boundary(n, tuned_for=tuned_for, alpha=alpha) / np.where(n > 0, n, np.nan)
    effect, half, base = (np.where(smaller < LEAST, np.nan, what) for what in (effect, half, base))
    level = brought / known if known > 0 else 0.0
    return Course(effect, half, base, n, smaller, explained, spread, level, tuned_for, alpha)


@dataclass(frozen=True, slots=True)
class _Looks:
    """One lot by look: its lift a unit of time, its information, what the treated bring; n: (2, looks).

    drawn: effective customers at the first look at both arms, 0 where there was none.
    """

    effect: Array
    information: Array
    treated: Array
    n: Array
    explained: Array
    spread: float
    drawn: float


def _lot(lot: Lot) -> _Looks:
    _check(lot.treated, lot.holdout)
    many, few = _moments(lot.treated), _moments(lot.holdout)
    time = np.where(lot.time > 0, lot.time, np.nan)
    effect, variance, explained = _adjusted(many, few)
    both = (many.n > 0) & (few.n > 0) & (variance > 0) & (lot.time > 0)
    information = np.divide(time**2, variance, out=np.zeros_like(variance), where=both)
    freedom = max(float(many.freedom[-1] + few.freedom[-1]), 1.0)
    before = float(many.freedom[-1] * many.xx[-1] + few.freedom[-1] * few.xx[-1]) / freedom
    n = many.n * few.n / np.maximum(many.n + few.n, 1)
    after = float(n[-1] / information[-1]) if information[-1] > 0 else 0.0  # where nobody had bought before
    return _Looks(
        effect=np.where(both, effect / time, 0.0),
        information=information,
        treated=np.where(both, many.y / time, 0.0),
        n=np.stack([many.n, few.n]),
        explained=explained,
        spread=float(np.sqrt(before or after)),
        drawn=float(n[np.argmax(n > 0)]),
    )


def _looks(treated: Sums, holdout: Sums, tuned_for: float, alpha: float) -> tuple[Array, Array, Array, Array]:
    """Effect, half its interval, effective customers and share explained, by day."""
    _check(treated, holdout)
    many, few = _moments(treated), _moments(holdout)
    effect, left, explained = _adjusted(many, few)
    n = many.n * few.n / np.maximum(many.n + few.n, 1)
    # In units of one effective customer's spread, so that what it is tuned for does not depend on the data.
    spread = np.sqrt(left * n)
    half = spread * boundary(n, tuned_for=tuned_for, alpha=alpha) / np.where(n > 0, n, np.nan)
    return effect, half, n, explained


def _check(treated: Sums, holdout: Sums) -> None:
    for name, group in (("treated", treated), ("holdout", holdout)):
        for one in fields(Sums):
            sums = getattr(group, one.name)
            if sums.shape != treated.n.shape or not sums.size or not np.isfinite(sums).all():
                bound = f"must be finite and of shape {treated.n.shape}, with a day at least"
                raise BadInput(f"{name}.{one.name}", value=sums, bound=bound, remedy="Give one sum a day.")


def _adjusted(many: "_Moments", few: "_Moments") -> tuple[Array, Array, Array]:
    """The difference less what was before explains of it, its variance, and the share explained."""
    # One slope for both groups: any is right, as the lot makes what was before equal; the pooled one is steadiest.
    varied = many.freedom * many.xx + few.freedom * few.xx
    shared = many.freedom * many.xy + few.freedom * few.xy
    slope = np.divide(shared, varied, out=np.zeros_like(shared), where=varied > 0)
    effect = many.y - few.y - slope * (many.x - few.x)
    plain, left = (_variance(many, few, by) for by in (np.zeros_like(slope), slope))
    explained = np.clip(1 - np.divide(left, plain, out=np.ones_like(left), where=plain > 0), 0, 1)
    return effect, left, explained


def _variance(many: "_Moments", few: "_Moments", slope: Array) -> Array:
    """That of the difference of means, of what `slope` times what was before leaves.

    Whoever spends most is seldom in a small holdout, which then looks poor and sure of it at once: false alarms. So a
    group's variance is never taken to be less than that of both together.
    """
    own = [np.maximum(m.yy - 2 * slope * m.xy + slope**2 * m.xx, 0) for m in (many, few)]
    freedom = np.maximum(many.freedom + few.freedom, 1)
    together = (many.freedom * own[0] + few.freedom * own[1]) / freedom
    found = [np.maximum(one, together) / np.maximum(m.n, 1) for one, m in zip(own, (many, few), strict=True)]
    return np.asarray(found[0] + found[1])


@dataclass(frozen=True, slots=True)
class _Moments:
    """Means and (co)variances so far, by day."""

    n: Array
    y: Array
    x: Array
    yy: Array
    xx: Array
    xy: Array

    @property
    def freedom(self) -> Array:
        return np.maximum(self.n - 1, 0)


def _moments(group: Sums) -> _Moments:
    n, after, before, afters, befores, both = (getattr(group, one.name).cumsum(axis=-1) for one in fields(Sums))
    count, free = np.maximum(n, 1), np.maximum(n - 1, 1)
    y, x = after / count, before / count
    return _Moments(
        n=n,
        y=y,
        x=x,
        yy=np.maximum(afters - count * y * y, 0) / free,
        xx=np.maximum(befores - count * x * x, 0) / free,
        xy=(both - count * x * y) / free,
    )


def _days_more(effect: float, half: float, n: float, days: int, tuned_for: float, alpha: float) -> int | Unknown:
    """Days until the interval leaves 0 out, if effect, spread and customers a day stay as they are."""
    if abs(effect) > half:
        return 0
    later = n * (1 + np.arange(1, FOREVER_DAYS + 1) / days)
    now = float(boundary(n, tuned_for=tuned_for, alpha=alpha)) / n
    width = half / now * boundary(later, tuned_for=tuned_for, alpha=alpha) / later
    told = np.flatnonzero(width < abs(effect))
    return int(told[0]) + 1 if told.size else _too_long()


def _too_long() -> Unknown:
    return Unknown(f"an effect this small would take more than {FOREVER_DAYS // 365} years to tell from none")
