"""How many friends a customer will bring, and what that is worth: a count model shared over all customers.

Each customer brings friends at a steady rate of their own; rates are Gamma over customers, so that who has been here a
week and brought nobody is near the average, and who has been here for years and brought nobody is below it. The number
brought is then negative binomial with the time as exposure, and so is the number still to come (Ehrenberg 1959;
Schmittlein, Bemmaor & Morrison 1985). Groups of customers have a level of their own, drawn towards that of all.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaincinv, gammaln

from openchair.core.errors import BadInput, FitFailed
from openchair.core.estimate import Unknown
from openchair.value.cases import column, counts, refuse, together
from openchair.value.likelihood import maximise
from openchair.value.senders.newcomers import Anyway, Year
from openchair.value.senders.referrals import PASSED_ON

Floats = NDArray[np.float64]

DAYS_A_YEAR = 365.0
FEWEST_BROUGHT = 20
"""Friends brought in all the shop, below which a rate of bringing rests on too little to be told."""
LATELY_DAYS = 91
"""The last days, which say how much faster or slower friends come now than they did on average."""
OWN_LEVEL = 10.0
"""Friends expected of a group, at which its own level weighs as much as that of all."""
MOST_PASSED = 0.9
"""Bound of what one generation of friends passes on, so that a shop that doubles each year does not count for ever."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The model: rates a year are Gamma with this shape and mean x level; levels: of each group, 1 being all's.

    mean_error: the relative standard error of the mean. n: customers. brought: friends they brought. pace: how many
    times that rate friends come at now, and from now on.
    """

    shape: float
    mean: float
    levels: tuple[float, ...]
    mean_error: float
    log_likelihood: float
    n: float
    brought: float
    pace: float = 1.0

    def ahead(
        self, brought: ArrayLike, years: ArrayLike, group: ArrayLike, horizon: float = 1.0
    ) -> tuple[Floats, Floats]:
        """Shape and mean of the negative binomial of friends to come, for each customer.

        brought: (n,) friends so far. years: (n,) how long they have been here. group: (n,) places in levels.
        """
        x, T = together(brought=counts("brought", brought), years=column("years", years))
        level = self.mean * np.array(self.levels)[np.asarray(group, dtype=np.int64)]
        shape = self.shape + x
        return shape, shape * level * self.pace * horizon / (self.shape + level * T)


def fit(brought: ArrayLike, years: ArrayLike, group: ArrayLike, groups: int, weights: ArrayLike) -> Sending | Unknown:
    """The rate of bringing friends, over customers and groups; Unknown below FEWEST_BROUGHT friends.

    weights: (n,) customers each row stands for. Raises BadInput for a count that is none, or no time.
    """
    x, T, weight = together(
        brought=counts("brought", brought), years=column("years", years), weights=column("weights", weights)
    )
    refuse("years", T, T <= 0, "must be above 0", "Count a customer's first day as one.")
    place = np.asarray(group, dtype=np.int64)
    if len(place) and not (place.min() >= 0 and place.max() < groups):
        raise BadInput("group", value=int(place.max()), bound=f"0 to {groups - 1}", remedy="Name a group there is.")
    total = float((weight * x).sum())
    if total < FEWEST_BROUGHT:
        return Unknown(f"{total:g} customers were brought by others", needed=int(FEWEST_BROUGHT - total))
    mean = total / float((weight * T).sum())
    seen, due = (np.bincount(place, weight * part, minlength=groups) for part in (x, mean * T))
    levels = (seen + OWN_LEVEL) / (due + OWN_LEVEL)
    time, n = T * levels[place], float(weight.sum())

    def objective(params: Floats) -> tuple[float, Floats]:
        r, m = params
        whole = r + m * time
        log = gammaln(r + x) - gammaln(r) + r * np.log(r / whole) + x * np.log(m * time / whole)
        of_r = digamma(r + x) - digamma(r) + np.log(r / whole) + 1 - (r + x) / whole
        of_m = x / m - (r + x) * time / whole
        return float(weight @ log), np.array([weight @ of_r, weight @ of_m])

    try:
        found = maximise("sending", ("shape", "mean"), objective, np.array([0.5, mean]), n)
    except FitFailed as failure:
        return Unknown(str(failure))
    (shape, rate), error = found.params, float(found.standard_errors[1])
    return Sending(
        shape=float(shape),
        mean=float(rate),
        levels=tuple(levels.tolist()),
        mean_error=min(error / float(rate), 1.0),
        log_likelihood=found.log_likelihood,
        n=n,
        brought=total,
    )


def lately(found: Sending, friends: float, years: ArrayLike, group: ArrayLike, weights: ArrayLike) -> Sending:
    """The model at today's pace: a shop that grew fast among few has fewer newcomers a head than it had.

    friends: brought in the last LATELY_DAYS. years, group, weights: as in fit. The pace is that over what was to be
    expected, drawn towards 1 as if OWN_LEVEL had come as expected.
    """
    level = found.mean * np.array(found.levels)[np.asarray(group, dtype=np.int64)]
    years_of_late = np.minimum(column("years", years), LATELY_DAYS / DAYS_A_YEAR)
    expected = float((column("weights", weights) * level * years_of_late).sum())
    error = float(np.hypot(found.mean_error, (friends + OWN_LEVEL) ** -0.5))
    return replace(found, pace=(friends + OWN_LEVEL) / (expected + OWN_LEVEL), mean_error=min(error, 1.0))


@dataclass(frozen=True, slots=True)
class Friend:
    """What one friend to come counts for, minor units: mean, mean square, and the relative error all have in common."""

    mean: float
    square: float
    error: float


def friend(
    sending: Sending,
    year: Year,
    anyway: Anyway,
    acquisition_minor: float,
    *,
    margin: float = 1.0,
    yearly_rate: float = 0.1,
) -> Friend:
    """The worth of a friend who will join within the year, at today's money.

    margin: the share of what a friend pays that stays with the shop. yearly_rate: of discount. Who would not have come
    otherwise counts with their first year, and with what their own friends bring: PASSED_ON of it, a year later. Who
    would have come anyway counts with acquisition_minor, what winning them costs (0: not known).
    """
    due = 1.0 - anyway.share.value
    mean, spread, error = (margin * money for money in (year.mean, year.spread, year.error))
    own = due * mean + anyway.share.value * acquisition_minor
    later = min(due * PASSED_ON * sending.mean * sending.pace / (1 + yearly_rate), MOST_PASSED)
    today = (1 + yearly_rate) ** -0.5 / (
        1 - later
    )  # friends come all through the year, half a year from now on average
    square = due * (mean**2 + spread**2) + anyway.share.value * acquisition_minor**2
    shared = np.hypot((mean - acquisition_minor) * anyway.shared, due * error)
    return Friend(own * today, square * today**2, float(np.hypot(shared / max(own, 1e-9), sending.mean_error)))


def value(shape: Floats, mean: Floats, one: Friend, confidence: float) -> tuple[Floats, Floats, Floats]:
    """What the friends to come are worth: value, low and high for each customer.

    shape, mean: of the negative binomial. The chance that nobody comes is exact; given that somebody does, the sum is
    taken to be Gamma with its own mean and variance. low and high are widened to contain the value, as in `horizon`.
    """
    expected = mean * one.mean
    ratio = one.square / one.mean**2 if one.mean > 1e-9 else 1.0
    relative = ratio / mean + 1 / shape + one.error**2  # the variance of the sum over its squared mean
    nobody = np.exp(-shape * np.log1p(mean / shape))
    some = np.maximum(-np.expm1(-shape * np.log1p(mean / shape)), 1e-300)
    given = np.maximum((relative + 1) * some - 1, 1e-9)  # the same, given that somebody comes
    low, high = (
        gammaincinv(1 / given, np.clip((level - nobody) / some, 0.0, 1.0)) * given * expected / some
        for level in ((1 - confidence) / 2, (1 + confidence) / 2)
    )
    return expected, np.minimum(low, expected), np.maximum(high, expected)


def explain(sending: Sending | Unknown, year: Year | Unknown, anyway: Anyway) -> dict[str, Any]:
    """What was learned, as the turn's record keeps it."""
    if isinstance(sending, Unknown):
        return {"unknown": str(sending)}
    if isinstance(year, Unknown):
        return {"unknown": str(year)}
    return {
        "model": "nbd",
        "params": {"shape": sending.shape, "mean_a_year": sending.mean},
        "levels": list(sending.levels),
        "pace": sending.pace,
        "log_likelihood": sending.log_likelihood,
        "customers": sending.n,
        "brought": sending.brought,
        "first_year_minor": year.mean,
        "first_year_months_seen": year.seen_months,
        "anyway": {"share": anyway.share.value, "low": anyway.share.low, "high": anyway.share.high, "how": anyway.how},
    }
