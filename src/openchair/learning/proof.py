"""Does deciding pay? The lift of customers decided for over a standing random holdout, valid however often one looks.

A customer counts once, on the day their outcome is in: what they brought afterwards, and what they had brought before,
when nothing had been decided for either group. Only sums by group and day are needed. What they brought before explains
part of what they brought after; taking that part out (CUPED; Deng, Xu, Kohavi & Walker, 2013) leaves the lift where it
is and makes its interval narrower. The interval is an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha,
Kennedy & Ramdas, 2024): with chance alpha at most it leaves the truth out at any look at all.
"""

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


def _looks(treated: Sums, holdout: Sums, tuned_for: float, alpha: float) -> tuple[Array, Array, Array, Array]:
    """Effect, half its interval, effective customers and share explained, by day."""
    for name, group in (("treated", treated), ("holdout", holdout)):
        for one in fields(Sums):
            sums = getattr(group, one.name)
            if sums.shape != treated.n.shape or not sums.size or not np.isfinite(sums).all():
                bound = f"must be finite and of shape {treated.n.shape}, with a day at least"
                raise BadInput(f"{name}.{one.name}", value=sums, bound=bound, remedy="Give one sum a day.")
    many, few = _moments(treated), _moments(holdout)
    # One slope for both groups: any is right, as the lot makes what was before equal; the pooled one is steadiest.
    varied = many.freedom * many.xx + few.freedom * few.xx
    shared = many.freedom * many.xy + few.freedom * few.xy
    slope = np.divide(shared, varied, out=np.zeros_like(shared), where=varied > 0)
    effect = many.y - few.y - slope * (many.x - few.x)
    plain, left = (_variance(many, few, by) for by in (np.zeros_like(slope), slope))
    n = many.n * few.n / np.maximum(many.n + few.n, 1)
    # In units of one effective customer's spread, so that what it is tuned for does not depend on the data.
    spread = np.sqrt(left * n)
    half = spread * boundary(n, tuned_for=tuned_for, alpha=alpha) / np.where(n > 0, n, np.nan)
    explained = np.clip(1 - np.divide(left, plain, out=np.ones_like(left), where=plain > 0), 0, 1)
    return effect, half, n, explained


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
    if not told.size:
        return Unknown(f"an effect this small would take more than {FOREVER_DAYS // 365} years to tell from none")
    return int(told[0]) + 1
