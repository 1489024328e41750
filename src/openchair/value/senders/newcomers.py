"""Those who join: what they bring in their first year, and whether who was brought would have come anyway.

A friend who would not have come otherwise (type one) counts with what they bring; one who would have come anyway
(type two) only with what winning them would have cost (Kumar, Petersen & Leone 2007, 2010). Nobody sees which is which.
Where invitations were drawn by lot to be sent or kept back, the lot tells the share. Where none were, the share cannot
be known: every share is held to be equally likely beforehand, and only *who* is the more likely to have come anyway is
learned, from how much they look, on joining, like those who came unbidden.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.special import betaincinv, expit

from openchair.core.estimate import Estimate, Unknown

Floats = NDArray[np.float64]

MONTHS = 12
"""Into which the first year is cut, so that who has been here for half of it counts for the half they were here."""
FEWEST_NEWCOMERS = 30
"""Below this those who were brought are taken for as valuable as all who joined."""
FEWEST_DRAWN = 10
"""Friends who came, invited by lot, below which the lot has not told enough."""
USUAL_SPREAD = 2.0
"""Standard deviation over mean of a first year's spend, while too few years were seen to measure it."""
SIGNS = ("band", "weekend")
"""What is known of everybody on the day they join: the size of the first basket, and whether it was a weekend."""

_RIDGE = 1.0
_GRID = (np.arange(200) + 0.5) / 200


def joiners(days: ir.Table, stats: ir.Table, came: ir.Table) -> ir.Table:
    """One row a customer with an order: customer_id, `referred`, SIGNS, and `months` of their first year gone by.

    days: worth.purchase_days(..). stats: worth.count(..). came: referrals.brought(..). band: half e-folds of what was
    sold on the first day, in minor units.
    """
    some = stats.filter(stats.orders >= 1).select("customer_id", "first_on", "age_days")
    who = some.left_join(came.select(customer_id="referred", brought=ibis.literal(True)), "customer_id")
    first = days.select("customer_id", "sold_minor", first_on="day")
    rows = who.drop("customer_id_right").inner_join(first, ["customer_id", "first_on"])
    return rows.select(
        "customer_id",
        "first_on",
        referred=rows.brought.fill_null(False),
        band=(ibis.greatest(rows.sold_minor, 1).cast("float64").ln() * 2).floor().cast("int64"),
        weekend=(rows.first_on.day_of_week.index() >= 5).cast("int64"),
        months=ibis.least(rows.age_days * MONTHS // 365, MONTHS).cast("int64"),
    )


def likeness(joined: ir.Table) -> ir.Table:
    """How many joined with the same SIGNS, brought or not: SIGNS, referred, customers."""
    return joined.group_by(*SIGNS, "referred").agg(customers=_.count().cast("int64"))


def first_year(days: ir.Table, joined: ir.Table) -> ir.Table:
    """What newcomers spent in each month of their first year that is wholly past: referred, months, month, and sums.

    `month` is from 0; -1 stands for the whole of the months gone by, with how many `customers` and `squares`, the sum
    of the squares of what each spent in them.
    """
    spent = days.inner_join(joined, "customer_id")
    month = (spent.day.delta(spent.first_on, unit="day").cast("int64") * MONTHS // 365).cast("int64")
    kept = spent.mutate(month=month).filter(_.month < _.months)
    each = kept.group_by("customer_id", "referred", "months").agg(spent=_.spent_minor.sum().cast("float64"))
    whole = each.group_by("referred", "months").agg(
        spent=_.spent.sum(), squares=(_.spent * _.spent).sum(), customers=_.count().cast("int64")
    )
    by_month = kept.group_by("referred", "months", "month").agg(spent=_.spent_minor.sum().cast("float64"))
    one = whole.mutate(month=ibis.literal(-1, "int64")).select(
        "referred", "months", "month", "spent", "squares", "customers"
    )
    none = by_month.mutate(squares=ibis.literal(0.0), customers=ibis.literal(0, "int64"))
    return ibis.union(one, none.select(one.columns)).order_by("referred", "months", "month")


@dataclass(frozen=True, slots=True)
class Year:
    """What a newcomer brings in the first year, minor units: mean, its standard error, and the spread among them."""

    mean: float
    error: float
    spread: float
    n: int
    seen_months: int


def year(sums: Mapping[str, NDArray[Any]]) -> Year | Unknown:
    """The first year of those who were brought, or of all who joined while they are few. sums: first_year(..).

    Each month's mean is over those whose month is wholly past, so that who joined last year is not taken for someone
    who stopped. Months that nobody has reached yet count for nothing.
    """
    brought = sums["referred"].astype(np.bool_)
    enough = int(sums["customers"][brought].sum()) >= FEWEST_NEWCOMERS
    rows = {name: column[brought] if enough else column for name, column in sums.items()}
    months, month, people = rows["months"], rows["month"], rows["customers"]
    reached = np.array([people[months > m].sum() for m in range(MONTHS)])
    if not reached[0]:
        return Unknown("nobody has been here for a month", needed=1)
    seen = int((reached > 0).sum())
    means = [rows["spent"][month == m].sum() / reached[m] for m in range(seen)]
    mean = max(float(np.sum(means)), 0.0)
    longest = max((m for m in range(1, MONTHS + 1) if people[months == m].sum() >= FEWEST_NEWCOMERS), default=0)
    ratio = USUAL_SPREAD
    if longest:
        one = (months == longest) & (month == -1)
        n, total = people[one].sum(), rows["spent"][one].sum()
        ratio = np.sqrt(max(n * rows["squares"][one].sum() / total**2 - 1, 0.0)) if total > 0 else USUAL_SPREAD
    spread = float(ratio) * mean
    return Year(mean, spread / float(np.sqrt(reached[:seen].mean())), spread, int(reached[0]), seen)


@dataclass(frozen=True, slots=True)
class Anyway:
    """How likely who was brought would have come anyway: the share of all, and what moves the chance of one.

    how: "lot" or "likeness". shared: the standard deviation of the share, an error that all have in common.
    weights: of a constant and SIGNS, on the log-odds.
    """

    share: Estimate
    shared: float
    how: str
    weights: tuple[float, ...]

    def chance(self, signs: Mapping[str, NDArray[Any]]) -> Floats:
        """(n,) the chance that each would have come anyway. signs: SIGNS, (n,) each; nan where not known."""
        x = _design(signs)
        found: Floats = expit(np.where(np.isfinite(x), x, 0.0) @ np.array(self.weights))
        return found


def lot(sent: int, sent_came: int, kept: int, kept_came: int) -> tuple[Floats, float, float]:
    """The share of invited friends who would have come anyway, from a lot: its distribution, mean and deviation.

    sent, kept: invitations drawn to be sent, to be kept back; how many of each came. The rates have flat priors; the
    share is the ratio of the second to the first, at most 1.
    """
    with_ = betaincinv(1 + sent_came, 1 + sent - sent_came, _GRID)
    without = betaincinv(1 + kept_came, 1 + kept - kept_came, _GRID)
    share = np.minimum(without[:, None] / with_[None, :], 1.0).ravel()
    return share, float(share.mean()), float(share.std())


def anyway(cells: Mapping[str, NDArray[Any]], drawn: tuple[int, int, int, int], confidence: float) -> Anyway:
    """Who among those brought would have come anyway. cells: likeness(..). drawn: the arguments of `lot`.

    A logistic regression of how they came on SIGNS, both kinds weighing alike, says who looks like those who came
    unbidden; its constant is set so that the mean over those who were brought is the share.
    """
    referred, people = cells["referred"].astype(np.bool_), cells["customers"].astype(np.float64)
    by_lot = drawn[1] >= FEWEST_DRAWN and drawn[2] >= FEWEST_DRAWN
    if by_lot:
        spread, mean, shared = lot(*drawn)
    else:
        spread, mean, shared = _GRID, 0.5, float(1 / np.sqrt(12))
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = (float(q) for q in np.quantile(spread, tails))
    share = Estimate(mean, min(low, mean), max(high, mean), n=drawn[0] + drawn[2] if by_lot else 0)
    weights = _logistic(_design(cells), ~referred, people) if 0 < referred.sum() < len(referred) else np.zeros(3)
    ours = _design(cells)[referred] @ weights
    weights[0] += _shift(ours, people[referred], mean) if referred.any() else np.log(mean / (1 - mean))
    return Anyway(share, shared, "lot" if by_lot else "likeness", tuple(weights.tolist()))


def _design(signs: Mapping[str, NDArray[Any]]) -> Floats:
    band, weekend = (np.asarray(signs[name], dtype=np.float64) for name in SIGNS)
    # Half e-folds about 16: e^8 is thirty of a currency with cents. The scale only keeps the ridge gentle.
    return np.column_stack([np.ones(len(band)), (band - 16) / 4, weekend])


def _logistic(x: Floats, unbidden: NDArray[np.bool_], people: Floats) -> Floats:
    """Weights of a logistic regression, both kinds weighing as much as the rarer does; a ridge of one on the signs."""
    rarer = min(people[unbidden].sum(), people[~unbidden].sum())
    weight = people * np.where(unbidden, rarer / people[unbidden].sum(), rarer / people[~unbidden].sum())
    weights, ridge = np.zeros(x.shape[1]), np.diag([1e-6, _RIDGE, _RIDGE])
    for _step in range(25):
        p = expit(x @ weights)
        slope = x.T @ (weight * (unbidden - p)) - ridge @ weights
        weights = weights + np.linalg.solve((x.T * (weight * p * (1 - p) + 1e-12)) @ x + ridge, slope)
    return weights


def _shift(logits: Floats, people: Floats, mean: float) -> float:
    """What to add to the log-odds so that their mean chance is `mean`, by halving."""
    low, high = -40.0, 40.0
    for _step in range(60):
        middle = (low + high) / 2
        under = np.average(expit(logits + middle), weights=people) < mean
        low, high = (middle, high) if under else (low, middle)
    return (low + high) / 2
