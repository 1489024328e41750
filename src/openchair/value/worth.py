"""What a customer is worth as a spender over the next 12 months: counted from purchases, thought out per distinct case.

The model every turn runs: `count` says what to count, `fit` learns from the distinct cases, `score` gives each case its
figures, `explain` says in sentences what was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import FitFailed
from openchair.core.estimate import Unknown
from openchair.value import horizon, spend, spender

DAYS_A_WEEK = 7.0
HORIZON_WEEKS = 365 / DAYS_A_WEEK
FEWEST_REPEATERS = 30
"""Customers who came back; below this the four parameters of a buying model rest on too little to be told."""

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """How often customers of this shop buy (weeks) and what they spend each time (minor units)."""

    spender: spender.Spender
    spend: spend.Spend


def purchase_days(purchases: ir.Table) -> ir.Table:
    """One row a customer and business day: `spent_minor` net of returns, `sold_minor` without them.

    purchases: facts with `customer_id` and `day`. Orders of one day are one occasion (Fader, Hardie & Lee 2005).
    A return lowers what was spent; it is never an occasion to buy.
    """
    sold = ibis.ifelse(purchases.is_return, 0, purchases.amount_minor)
    return purchases.group_by("customer_id", "day").agg(
        spent_minor=purchases.amount_minor.sum().cast("int64"), sold_minor=sold.sum().cast("int64")
    )


def count(days: ir.Table, today: date) -> ir.Table:
    """Per customer: orders, first_on, last_on, recency_days, age_days, and what else a rhythm is known by.

    days: purchase_days(..). `orders` are days with an order; `recency_days` from first to last, `age_days` from first
    to `today` (at least 1): t_x and T of the buy-till-you-die models in days. `last_gap_days`: between the last two
    orders, 0 with fewer; `gap_squares`: the sum of squared gaps; `early_orders`: those in the first half of the age;
    `spent_minor`: net of returns. All are integers, so engines count alike.
    """
    bought = days.sold_minor > 0
    net = days.group_by("customer_id").agg(spent_minor=days.spent_minor.sum().cast("int64"))
    occasions = days.filter(bought)
    before = occasions.day.lag().over(group_by="customer_id", order_by="day")
    first = occasions.day.min().over(group_by="customer_id")
    since_first = occasions.day.delta(first, unit="day").cast("int64")
    age = ibis.literal(today).delta(first, unit="day").cast("int64")
    spaced = occasions.mutate(
        gap=occasions.day.delta(before, unit="day").cast("int64"), early=(2 * since_first < age).cast("int64")
    )
    stats = spaced.group_by("customer_id").agg(
        orders=spaced.count().cast("int64"),
        first_on=spaced.day.min(),
        last_on=spaced.day.max(),
        last_gap_days=spaced.gap.argmax(spaced.day).cast("int64").fill_null(0),
        gap_squares=(spaced.gap * spaced.gap).sum().cast("int64"),
        early_orders=spaced.early.sum().cast("int64"),
    )
    both = net.left_join(stats, "customer_id").drop("customer_id_right")
    return both.mutate(
        orders=both.orders.fill_null(0),
        last_gap_days=both.last_gap_days.fill_null(0),
        early_orders=both.early_orders.fill_null(0),
        gap_squares=both.gap_squares.fill_null(0),
        recency_days=both.last_on.delta(both.first_on, unit="day").cast("int64").fill_null(0),
        age_days=ibis.greatest(
            ibis.literal(today).delta(both.first_on, unit="day").cast("int64").fill_null(0), ibis.literal(1, "int64")
        ),
    )


def fit(cases: Mapping[str, NDArray[np.int64]]) -> Fitted | Unknown:
    """The shop's buying and spending models, or Unknown while too few customers came back.

    cases: columns orders, recency_days, age_days, spent_minor and `customers`, the number of equal cases.
    """
    orders, weight = cases["orders"], cases["customers"]
    came_back = int(weight[(orders >= 2) & (cases["spent_minor"] > 0)].sum())
    if came_back < FEWEST_REPEATERS:
        return Unknown(f"{came_back} customers came back", needed=FEWEST_REPEATERS - came_back)
    some = orders >= 1
    try:
        return Fitted(
            spender.fit(
                orders[some] - 1,
                cases["recency_days"][some] / DAYS_A_WEEK,
                cases["age_days"][some] / DAYS_A_WEEK,
                weight[some],
            ),
            spend.fit(orders[some], cases["spent_minor"][some] / orders[some], weight[some]),
        )
    except FitFailed as failure:
        return Unknown(str(failure))


def score(fitted: Fitted | Unknown, cases: Mapping[str, NDArray[np.int64]], confidence: float) -> dict[str, Column]:
    """Per case: value_minor, value_low, value_high, p_alive, expected_orders over 12 months; nan where unknown.

    Whoever got all their money back is worth little, not an unknown customer's mean: what they spent counts as next to
    nothing, so that a refund never raises a value.
    """
    names = ("value_minor", "value_low", "value_high", "p_alive", "expected_orders")
    scores = {name: np.full(len(cases["orders"]), np.nan) for name in names}
    some = cases["orders"] >= 1
    if isinstance(fitted, Unknown) or not some.any():
        return scores
    orders = cases["orders"][some]
    seen = horizon.predict(
        fitted.spender,
        fitted.spend,
        HORIZON_WEEKS,
        orders - 1,
        cases["recency_days"][some] / DAYS_A_WEEK,
        cases["age_days"][some] / DAYS_A_WEEK,
        np.maximum(cases["spent_minor"][some] / orders, 0.5),
        orders,
        confidence,
    )
    for name, values in zip(names, (seen.value, seen.low, seen.high, seen.p_alive, seen.purchases), strict=True):
        scores[name][some] = values
    return scores


def explain(fitted: Fitted | Unknown) -> dict[str, object]:
    """What was learned, as the turn's record keeps it: parameters, log-likelihood, or why there is none."""
    if isinstance(fitted, Unknown):
        return {"unknown": str(fitted)}
    return {
        "model": fitted.spender.model,
        "params": dict(fitted.spender.params),
        "log_likelihood": fitted.spender.log_likelihood,
        "customers": fitted.spender.n,
        "spend_params": dict(fitted.spend.params),
        "spend_log_likelihood": fitted.spend.log_likelihood,
    }
