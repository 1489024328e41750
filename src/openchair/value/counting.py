"""What to count of purchases: a customer's days with an order, and the integers every value model starts from."""

from datetime import date

import ibis
import ibis.expr.types as ir

DAYS_A_WEEK = 7.0
HORIZON_WEEKS = 365 / DAYS_A_WEEK


def purchase_days(purchases: ir.Table) -> ir.Table:
    """One row a customer and business day: `bought` (an order was placed), `spent_minor` net of returns, `sold_minor`.

    purchases: facts with `customer_id` and `day`. Several orders of one day are one occasion (Fader & Hardie 2005).
    A return lowers what was spent on its own day; it is never an occasion.
    """
    known = purchases.filter(purchases.customer_id.notnull())
    sold = ibis.ifelse(known.is_return, 0, known.amount_minor)
    return known.group_by("customer_id", "day").agg(
        spent_minor=known.amount_minor.sum().cast("int64"), sold_minor=sold.sum().cast("int64")
    )


def spender(days: ir.Table, today: date) -> ir.Table:
    """Per customer: `orders` (days with an order), `first_on`, `last_on`, `recency_days`, `age_days`, `spent_minor`.

    days: purchase_days(..). `recency_days` from first to last order, `age_days` from first order to `today` (at least
    1): x, t_x, T of the buy-till-you-die models in days. All are integers, so every engine counts the same.
    """
    bought = days.sold_minor > 0
    stats = days.group_by("customer_id").agg(
        orders=bought.cast("int64").sum(),
        first_on=days.day.min(where=bought),
        last_on=days.day.max(where=bought),
        spent_minor=days.spent_minor.sum().cast("int64"),
    )
    return stats.mutate(
        recency_days=stats.last_on.delta(stats.first_on, unit="day").fill_null(0).cast("int64"),
        age_days=ibis.greatest(ibis.literal(today).delta(stats.first_on, unit="day"), 1).fill_null(0).cast("int64"),
    )
